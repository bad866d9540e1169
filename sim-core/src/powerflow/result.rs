//! What a solution says: voltages, currents, powers, and one report an island.

use super::error::SolveError;
use super::matrix::{Conductors, Vector4, ZERO4};
use crate::complex::Complex;
use serde::{Deserialize, Serialize};

/// The state of the network after a solve; lists run parallel to the circuit's.
///
/// Never NaN. Dead buses and all parts of an island that has no solution read exactly zero.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// Voltage of each bus's conductors to earth in V.
    pub voltages: Vec<Vector4>,
    /// The island of each bus, an index into `islands`.
    pub island_of: Vec<usize>,
    /// Conductors of each bus that are reached from its reference; empty for a dead bus.
    pub live: Vec<Conductors>,
    /// Currents of each line, ends `from` and `to`.
    pub lines: Vec<Flow>,
    /// Currents of each transformer, ends `hv` and `lv`.
    pub transformers: Vec<Flow>,
    /// Current of each shunt out of its bus, A.
    pub shunts: Vec<Vector4>,
    /// What each source does.
    pub sources: Vec<SourceFlow>,
    /// Current of each joint from `a` to `b`.
    pub joints: Vec<JointFlow>,
    /// Current of each injection into the network at its `from` conductor, A.
    pub injection_currents: Vec<Complex>,
    /// Power each injection really delivers into the network, VA: not what was asked outside its voltage band, at its
    /// current limit, on a dead conductor, or for a generator behind a broken one.
    pub injection_powers: Vec<Complex>,
    /// One report an island.
    pub islands: Vec<IslandReport>,
}

/// Currents and powers of an element with two ends, positive into the element.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flow {
    /// Current into it at the first end, A.
    pub i_from: Vector4,
    /// Current into it at the second end, A.
    pub i_to: Vector4,
    /// Power into it at the first end by conductor, VA (voltage to earth).
    pub s_from: Vector4,
    /// Power into it at the second end by conductor, VA (voltage to earth).
    pub s_to: Vector4,
}

impl Flow {
    pub(super) const ZERO: Self = Self { i_from: ZERO4, i_to: ZERO4, s_from: ZERO4, s_to: ZERO4 };

    /// Power into it at the first end, VA.
    #[must_use]
    pub fn from_va(&self) -> Complex {
        sum(&self.s_from)
    }

    /// Power into it at the second end, VA.
    #[must_use]
    pub fn to_va(&self) -> Complex {
        sum(&self.s_to)
    }

    /// What it consumes, VA.
    #[must_use]
    pub fn loss_va(&self) -> Complex {
        self.from_va() + self.to_va()
    }

    /// The largest current of any conductor at either end, A.
    #[must_use]
    pub fn largest_a(&self) -> f64 {
        self.i_from.iter().chain(&self.i_to).fold(0.0, |m, i| m.max(i.norm()))
    }
}

/// What a source feeds in.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceFlow {
    /// True if it leads an island that is solved; otherwise it is idle and the rest is zero.
    pub leads: bool,
    /// Current into the bus by conductor, A.
    pub i: Vector4,
    /// Power into the bus, VA.
    pub s: Complex,
    /// True if its current limit holds down its voltage.
    pub limited: bool,
    /// The factor `k` on its electromotive force, in (0, 1].
    pub emf_scale: f64,
}

impl SourceFlow {
    pub(super) const IDLE: Self = Self { leads: false, i: ZERO4, s: Complex::ZERO, limited: false, emf_scale: 1.0 };
}

/// The current of a joint.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct JointFlow {
    /// Current from `a` to `b` by conductor, A; zero if open or dead.
    pub i: Vector4,
    /// True if it closes a loop of joints without impedance: how the current shares itself there is not determined,
    /// and the joints of the spanning tree are reported to carry it all, this one nothing.
    pub closes_loop: bool,
}

impl JointFlow {
    pub(super) const ZERO: Self = Self { i: ZERO4, closes_loop: false };
}

/// The state of an island.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum IslandState {
    /// No source in service: exactly 0 V.
    Dead,
    /// Not yet solved.
    Pending,
    /// Solved, Kirchhoff's law holds.
    Converged,
    /// No solution: shown as 0 V and 0 A, while the start vector keeps the last good voltages.
    Unsolved(SolveError),
}

/// How an island was solved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IslandReport {
    /// How it ended.
    pub state: IslandState,
    /// The source that leads it.
    pub reference: Option<usize>,
    /// Its buses, ascending.
    pub buses: Vec<usize>,
    /// Iterations over all trials of the source's voltage.
    pub iterations: u32,
    /// The bus with the largest change of voltage in the last iteration.
    pub worst_bus: Option<usize>,
    /// Largest current mismatch at any conductor times nominal voltage, over `max(1, largest power of a branch there)`,
    /// per unit of the circuit's base, computed from the elements and not from the factors.
    pub kcl_residual_pu: f64,
    /// What lines, transformers and shunts consume, VA.
    pub loss_va: Complex,
    /// What the reference feeds in, VA.
    pub source_va: Complex,
}

impl IslandReport {
    /// True if it is solved.
    #[must_use]
    pub fn is_converged(&self) -> bool {
        self.state == IslandState::Converged
    }
}

pub(super) fn sum(v: &Vector4) -> Complex {
    v[0] + v[1] + v[2] + v[3]
}

/// Power by conductor: `v i*`.
pub(super) fn powers(v: &Vector4, i: &Vector4) -> Vector4 {
    [v[0] * i[0].conj(), v[1] * i[1].conj(), v[2] * i[2].conj(), v[3] * i[3].conj()]
}
