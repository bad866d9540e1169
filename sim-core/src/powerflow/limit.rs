//! The current-limited source, and what blocks where nothing else lets an island settle.

use super::as_network::emf;
use super::circuit::Circuit;
use super::engine::by_island::{ByIsland, End, Ended, TOLERANCE_PU};
use super::error::SolveError;
use super::islands::Members;
use super::matrix::{Vector4, ZERO4};
use crate::complex::Complex;
use crate::network::Network;

/// Where no solution is found with them, inverters that see less than this block, per unit (VDE-AR-N 4110, 10.2.3: no
/// controlled current below 0.15).
const BLOCKING_PU: f64 = 0.15;
/// Trials of a current-limited source's voltage.
const LIMIT_TRIALS: u32 = 60;
/// How near the largest current must come to the limit, as a share of it.
const LIMIT_TOLERANCE: f64 = 1e-7;

/// How an island's voltages were found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settled {
    pub(super) iterations: u32,
    pub(super) worst_bus: usize,
    /// The share of its electromotive force that the reference keeps.
    pub(super) scale: f64,
    pub(super) error: Option<SolveError>,
}

/// An island that is to be settled.
pub(super) struct Trial<'a> {
    pub(super) circuit: &'a Circuit,
    pub(super) network: &'a Network,
    /// First node of each bus.
    pub(super) first: &'a [usize],
    pub(super) engine: &'a mut ByIsland,
    pub(super) members: &'a Members,
    pub(super) island: usize,
    /// Its reference.
    pub(super) source: usize,
}

impl Trial<'_> {
    /// Settles the island for the powers `s`; where there is no solution with them, some inverters' are set to zero.
    pub(super) fn settle(&mut self, s: &mut [Complex]) -> Settled {
        let settled = self.settle_within_limit();
        if settled.error.is_none() { settled } else { self.settle_blocked(s) }
    }

    /// The voltage at a conductor of a bus.
    pub(super) fn voltage(&self, bus: usize, conductor: usize) -> Complex {
        voltage(self.circuit, self.first, self.engine, bus, conductor)
    }

    /// The current of the reference into its bus; zero if it is ideal.
    pub(super) fn source_current(&self, scale: f64) -> Vector4 {
        let (source, bus) = (&self.network.sources[self.source], self.circuit.sources[self.source].bus);
        let mut drop = emf(self.circuit, self.source, scale);
        drop.iter_mut().enumerate().for_each(|(c, e)| *e -= self.voltage(bus, c));
        let mut out = ZERO4;
        for (i, row) in out.iter_mut().zip(source.y.chunks_exact(source.emf.len())) {
            *i = row.iter().zip(&drop).fold(Complex::ZERO, |sum, (y, u)| sum + *y * *u);
        }
        out
    }

    fn settle_at(&mut self, scale: f64) -> Settled {
        let n = self.network.sources[self.source].emf.len();
        self.engine.set_emf(self.source, &emf(self.circuit, self.source, scale)[..n]);
        let Ended { iterations, change_pu, bus, end } = self.engine.settle(self.island, self.members.weak);
        let mismatch_pu = change_pu.min(f64::MAX);
        let error = match end {
            End::Settled => None,
            End::Diverged => Some(SolveError::Diverged { iterations, mismatch_pu, tolerance_pu: TOLERANCE_PU }),
            End::Singular => Some(SolveError::Singular { bus }),
        };
        Settled { iterations, worst_bus: bus, scale, error }
    }

    /// Settles the island; if its reference would exceed its current limit, finds by regula falsi (Illinois) the share
    /// `k` of its electromotive force at which the largest phase current is the limit.
    fn settle_within_limit(&mut self) -> Settled {
        let mut settled = self.settle_at(1.0);
        let Some(limit_a) = self.circuit.sources[self.source].current_limit_a else { return settled };
        // The excess over the limit: -1 without a voltage, +1 or more where there is no solution.
        let excess = |trial: &Self, settled: &Settled| {
            let largest = || trial.source_current(settled.scale)[..3].iter().fold(0.0_f64, |m, i| m.max(i.norm()));
            if settled.error.is_some() { 1.0 } else { largest() / limit_a - 1.0 }
        };
        let mut high = (1.0, excess(self, &settled));
        if settled.error.is_none() && high.1 <= LIMIT_TOLERANCE {
            return settled;
        }
        let mut low = (0.0, -1.0);
        let mut iterations = settled.iterations;
        let mut side = 0;
        let mut smallest = if settled.error.is_none() { limit_a * (1.0 + high.1) } else { f64::MAX };
        for _ in 0..LIMIT_TRIALS {
            let secant = (low.0 * high.1 - high.0 * low.1) / (high.1 - low.1);
            let inside = secant > low.0 && secant < high.0;
            let k = if inside { secant } else { 0.5 * (low.0 + high.0) };
            if settled.error.is_some() {
                self.engine.start_cold(self.island);
            }
            settled = self.settle_at(k);
            iterations += settled.iterations;
            let f = excess(self, &settled);
            if settled.error.is_none() {
                smallest = smallest.min(limit_a * (1.0 + f));
                if f.abs() <= LIMIT_TOLERANCE {
                    return Settled { iterations, ..settled };
                }
            }
            if f > 0.0 {
                high = (k, f);
                low.1 *= if side == 1 { 0.5 } else { 1.0 };
                side = 1;
            } else {
                low = (k, f);
                high.1 *= if side == -1 { 0.5 } else { 1.0 };
                side = -1;
            }
        }
        let error = SolveError::CurrentLimit { source_index: self.source, limit_a, current_a: smallest };
        Settled { iterations, error: Some(error), scale: 1.0, ..settled }
    }

    /// Settles the island without the inverters that see almost no voltage: where a network is so weak that their
    /// currents alone set the angles they follow, there is no solution with them, and real ones block.
    fn settle_blocked(&mut self, s: &mut [Complex]) -> Settled {
        let (circuit, members) = (self.circuit, self.members);
        let inverters = || members.injections.iter().filter(|&&i| circuit.injections[i].current_limit_a.is_some());
        let asked: Vec<Complex> = inverters().map(|&i| s[i]).collect();
        inverters().for_each(|&i| self.feed(s, i, Complex::ZERO));
        self.engine.start_cold(self.island);
        let bare = self.settle_within_limit();
        if bare.error.is_some() {
            return bare;
        }
        for (&i, &asked) in inverters().zip(&asked) {
            let inverter = &circuit.injections[i];
            if self.voltage(inverter.bus, inverter.from.index()).norm() >= BLOCKING_PU * inverter.v_nominal {
                self.feed(s, i, asked);
            }
        }
        let settled = self.settle_within_limit();
        if settled.error.is_none() {
            return settled;
        }
        inverters().for_each(|&i| self.feed(s, i, Complex::ZERO));
        self.engine.start_cold(self.island);
        self.settle_within_limit()
    }

    fn feed(&mut self, powers: &mut [Complex], injection: usize, s: Complex) {
        powers[injection] = s;
        self.engine.set_power(injection, s);
    }
}

/// The engine's voltage at a conductor of a bus; zero where the bus has none.
pub(super) fn voltage(circuit: &Circuit, first: &[usize], engine: &ByIsland, bus: usize, conductor: usize) -> Complex {
    let own = circuit.buses[bus].conductors;
    if !own.has_index(conductor) {
        return Complex::ZERO;
    }
    engine.voltage(first[bus] + own.indices().take_while(|&c| c < conductor).count())
}
