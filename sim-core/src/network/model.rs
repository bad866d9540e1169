//! An electrical network in the form the solver takes: buses with nodes, linear elements with their primitive
//! admittance matrix, and the injections, generators and sources that are not linear.
//!
//! # Nodes
//! A bus has one to four nodes (conductors). Nodes of all buses are numbered through: node `k` of bus `b` is
//! `Network::first_node()[b] + k`. A terminal names, for each of its conductors, the position of the node within its
//! bus, or [`NODE_GROUND`].
//!
//! # Units
//! The model fixes no unit but asks that they fit: `current = admittance * voltage`, `power = voltage * conj(current)`.
//! A balanced network is kept per unit (one node a bus, `v_base = 1`, powers on `va_per_unit`); a network by phases in
//! volts, amperes and volt-amperes (`va_per_unit = 1`). [`Bus::kv`] is the nominal voltage to show, in kV.
//!
//! Injection into the network is positive; a load has a negative `s`.

use super::control::{Regulator, SwitchedBank, TappedTransformer};
use crate::complex::Complex;

/// The node of a conductor that is tied to earth.
pub const NODE_GROUND: u8 = u8::MAX;

/// Whether a network is given by one equivalent phase or by all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Representation {
    /// One node a bus, positive sequence, per unit.
    Balanced,
    /// Nodes are conductors, in volts.
    Phases,
}

/// A network with all its parts.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// Its name in the file.
    pub name: String,
    /// One phase or all.
    pub representation: Representation,
    /// Nominal frequency in Hz.
    pub frequency_hz: f64,
    /// Volt-amperes that a power of 1 stands for: base MVA times 1e6 if balanced, 1 by phases.
    pub va_per_unit: f64,
    /// Power, in the network's own unit, that the residual is stated on: 1 if balanced, the main transformer's or
    /// source's rating by phases.
    pub base_power: f64,
    /// Buses.
    pub buses: Vec<Bus>,
    /// Lines, transformers, capacitors, reactors: all that is linear.
    pub elements: Vec<Element>,
    /// Switches without impedance.
    pub joints: Vec<Joint>,
    /// Loads and generators of given power, one entry a pair of conductors.
    pub injections: Vec<Injection>,
    /// What the entries of `injections` belong to, by name.
    pub loads: Vec<Load>,
    /// Generators that hold their bus's voltage magnitude (balanced networks).
    pub generators: Vec<Generator>,
    /// Voltage sources.
    pub sources: Vec<Source>,
    /// Transformers whose inputs are known.
    pub transformers: Vec<TappedTransformer>,
    /// Controls of their taps.
    pub regulators: Vec<Regulator>,
    /// Capacitor banks that a control switches.
    pub switched_banks: Vec<SwitchedBank>,
    /// What the file held and the network does not.
    pub dropped: Vec<Dropped>,
}

/// A bus.
#[derive(Clone, Debug, PartialEq)]
pub struct Bus {
    /// Its name in the file.
    pub name: String,
    /// The file's numbers of its nodes (OpenDSS: `bus.1.2.3`), ascending; `[1]` if balanced.
    pub nodes: Vec<u8>,
    /// Base voltage of a node to earth, in the network's unit (1 if balanced).
    pub v_base: f64,
    /// Nominal voltage line to line in kV, 0 if the file does not say.
    pub kv: f64,
    /// Coordinates of the file.
    pub xy: Option<[f64; 2]>,
}

/// What a linear element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElementKind {
    /// Overhead line or cable.
    Line,
    /// Transformer, also one phase of a bank, and a regulator.
    Transformer,
    /// Capacitor bank.
    Capacitor,
    /// Reactor.
    Reactor,
    /// Bus shunt (conductance and susceptance).
    Shunt,
}

/// A linear element: `i = y v` over the nodes of all its terminals, in their order, currents positive into it.
#[derive(Clone, Debug, PartialEq)]
pub struct Element {
    /// Its name in the file, with its class where the format has one (`Line.650632`).
    pub name: String,
    /// What it is.
    pub kind: ElementKind,
    /// Its ends.
    pub terminals: Vec<Terminal>,
    /// Primitive admittance matrix, row by row; rows and columns run over the conductors of all terminals, those on
    /// [`NODE_GROUND`] included.
    pub y: Vec<Complex>,
    /// Takes part.
    pub in_service: bool,
    /// Largest continuous current in A (by phases) or apparent power in the network's unit (balanced); 0: not given.
    pub rating: f64,
    /// The inputs of its equations, for the inspector.
    pub inputs: Vec<Input>,
}

/// One end of an element: a bus and its nodes there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terminal {
    /// Its bus.
    pub bus: u32,
    /// Number of conductors.
    pub count: u8,
    /// Position of each conductor's node within the bus, or [`NODE_GROUND`].
    pub nodes: [u8; 4],
}

/// A named number an element's matrix was made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// The field's own symbol: `r1`, `x1`, `length`, `tap`, `%noloadloss`.
    pub name: &'static str,
    /// Its value.
    pub value: f64,
    /// Its unit, empty for a ratio.
    pub unit: &'static str,
}

/// A switch of all conductors between two buses with the same nodes; closed, it makes them one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joint {
    /// Its name.
    pub name: String,
    /// One bus.
    pub a: u32,
    /// The other.
    pub b: u32,
    /// Closed at the start.
    pub closed: bool,
}

/// How the power of an injection depends on its voltage `v = |u| / v_nominal`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum VoltageModel {
    /// `s`.
    Power,
    /// `s v`.
    Current,
    /// `s v^2`.
    Impedance,
    /// `p v^p_exponent`, `q v^q_exponent` (conservation voltage reduction).
    Exponents {
        /// Exponent of the active power.
        p: f64,
        /// Exponent of the reactive power.
        q: f64,
    },
    /// `p (pz v^2 + pi v + pp)`, `q (qz v^2 + qi v + qp)`; at `cut_off` (if above 0) it drops out within some
    /// thousandths of the voltage.
    Zip {
        /// Shares `[z, i, p]` of the active power.
        p: [f64; 3],
        /// Shares `[z, i, p]` of the reactive power.
        q: [f64; 3],
        /// Voltage at which half the load has dropped out, per unit.
        cut_off: f64,
    },
    /// `s w^order (v / w)^2` with `w = v` kept within the band: outside it is the impedance that continues it without a
    /// step. Its apparent power is at most `largest v`, the limit of an inverter's current, which fades at low voltage.
    Continued {
        /// 0: constant power, 1: constant current, 2: constant impedance.
        order: u8,
        /// Apparent power at nominal voltage of the largest current; infinite without a limit.
        largest: f64,
    },
}

/// A power between two conductors, or between one and earth.
///
/// Outside the band `[vmin_pu, vmax_pu]` it follows OpenDSS: above, the power at `vmax_pu` as a constant impedance
/// (`s (v / vmax)^2`, of a constant current `s v^2 / vmax`); between `vlow_pu` and `vmin_pu` a current whose magnitude is
/// linear in `v` from that of an admittance at `vlow_pu` to the one at `vmin_pu`; below `vlow_pu` a constant admittance.
/// A constant impedance has no band, the parts of a ZIP load each have theirs, and one with exponents is outside what a
/// constant power is; a continued one is what its name says. `vmin_pu = 0` and `vmax_pu = f64::INFINITY` switch the band off (balanced networks).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Injection {
    /// Index into [`Network::loads`].
    pub load: u32,
    /// Its bus.
    pub bus: u32,
    /// Position within the bus of the node where its current enters the network.
    pub plus: u8,
    /// The other node, or [`NODE_GROUND`].
    pub minus: u8,
    /// Power at nominal voltage, injection positive.
    pub s: Complex,
    /// Dependence on the voltage inside the band.
    pub model: VoltageModel,
    /// Nominal voltage between its two nodes.
    pub v_nominal: f64,
    /// Lower border of the band, per unit.
    pub vmin_pu: f64,
    /// Upper border of the band, per unit.
    pub vmax_pu: f64,
    /// Border below which the current is that of an admittance, per unit.
    pub vlow_pu: f64,
}

/// A load or generator of given power, by name.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    /// Its name in the file (`Load.671`, `gen 3`).
    pub name: String,
    /// Takes part.
    pub in_service: bool,
}

/// A generator that holds the magnitude of its bus's voltage (a PV bus).
#[derive(Clone, Debug, PartialEq)]
pub struct Generator {
    /// Its name.
    pub name: String,
    /// Its bus.
    pub bus: u32,
    /// Active power, injection positive.
    pub p: f64,
    /// Voltage magnitude it holds, per unit.
    pub v_set_pu: f64,
    /// Least reactive power; may be `-f64::INFINITY`.
    pub q_min: f64,
    /// Largest reactive power; may be `f64::INFINITY`.
    pub q_max: f64,
    /// Rated apparent power, for the rule that chooses an island's reference; 0: not given.
    pub rating: f64,
    /// Takes part.
    pub in_service: bool,
}

/// A voltage source: it can be the reference of an island.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// Its bus; its conductors are the bus's first nodes.
    pub bus: u32,
    /// Electromotive force of each conductor to earth, in the network's unit.
    pub emf: Vec<Complex>,
    /// Admittance behind which it stands, row by row; empty for an ideal source (the slack bus of a balanced network).
    pub y: Vec<Complex>,
    /// Takes part.
    pub in_service: bool,
}

/// Something of the file that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// File, as the user named it or as a `redirect` did.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// What was left out and why, in one sentence.
    pub what: String,
}

impl Network {
    /// A balanced network without parts, per unit on `base_va`; the residual is stated on the same power.
    #[must_use]
    pub fn balanced(name: &str, frequency_hz: f64, base_va: f64) -> Self {
        Self {
            name: name.to_owned(),
            representation: Representation::Balanced,
            frequency_hz,
            va_per_unit: base_va,
            base_power: 1.0,
            buses: Vec::new(),
            elements: Vec::new(),
            joints: Vec::new(),
            injections: Vec::new(),
            loads: Vec::new(),
            generators: Vec::new(),
            sources: Vec::new(),
            transformers: Vec::new(),
            regulators: Vec::new(),
            switched_banks: Vec::new(),
            dropped: Vec::new(),
        }
    }

    /// Adds a constant power at a balanced network's bus, injection positive.
    pub fn add_power(&mut self, bus: u32, name: String, s: Complex, in_service: bool) {
        self.injections.push(Injection {
            load: self.loads.len() as u32,
            bus,
            plus: 0,
            minus: NODE_GROUND,
            s,
            model: VoltageModel::Power,
            v_nominal: 1.0,
            vmin_pu: 0.0,
            vmax_pu: f64::INFINITY,
            vlow_pu: 0.0,
        });
        self.loads.push(Load { name, in_service });
    }

    /// The first node of each bus, numbered through; one more entry holds the number of nodes.
    #[must_use]
    pub fn first_node(&self) -> Vec<usize> {
        let mut out = Vec::with_capacity(self.buses.len() + 1);
        let mut next = 0;
        for bus in &self.buses {
            out.push(next);
            next += bus.nodes.len();
        }
        out.push(next);
        out
    }
}

impl Terminal {
    /// A terminal with the given nodes of a bus (at most four; more are cut off).
    #[must_use]
    pub fn new(bus: u32, nodes: &[u8]) -> Self {
        let mut out = Self { bus, count: nodes.len().min(4) as u8, nodes: [NODE_GROUND; 4] };
        for (slot, &node) in out.nodes.iter_mut().zip(nodes) {
            *slot = node;
        }
        out
    }

    /// Its conductors' nodes within the bus.
    #[must_use]
    pub fn conductors(&self) -> &[u8] {
        &self.nodes[..self.count as usize]
    }
}
