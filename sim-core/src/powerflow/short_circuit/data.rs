//! What a short-circuit study is made of: plain data in engineers' units, out-of-service parts left out beforehand.
//!
//! Impedances in ohm unless a rating stands beside them; `vk`, `vkr` and `x''d` per unit of that rating. Data of the
//! zero sequence are optional and only asked for where a fault needs them.

use crate::complex::Complex;

/// A network as IEC 60909 sees it: nothing but impedances and what feeds a short circuit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Study {
    /// Nominal frequency, Hz; 0 stands for 50.
    pub frequency_hz: f64,
    /// Voltage tolerance of the low-voltage networks.
    pub lv_tolerance: LvTolerance,
    /// Impedance of the fault itself, ohm in each phase.
    pub fault_ohm: Complex,
    /// Buses.
    pub buses: Vec<Bus>,
    /// Networks that feed in.
    pub feeders: Vec<Feeder>,
    /// Lines and cables.
    pub lines: Vec<Line>,
    /// Transformers of two windings.
    pub transformers: Vec<Transformer>,
    /// Transformers of three windings.
    pub three_winding: Vec<ThreeWinding>,
    /// Impedances between buses.
    pub impedances: Vec<Impedance>,
    /// Synchronous machines.
    pub machines: Vec<Machine>,
    /// Asynchronous motors and generators.
    pub motors: Vec<Motor>,
    /// Units behind converters.
    pub converters: Vec<Converter>,
    /// Impedances from a bus to the neutral of the positive sequence, as admittance in MVA at nominal voltage.
    pub shunts: Vec<(usize, Complex)>,
    /// Pairs of buses that closed switches join.
    pub joints: Vec<[usize; 2]>,
}

/// Voltage tolerance of low-voltage networks: it decides the voltage factors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LvTolerance {
    /// 6 %: `c` is 1.05 and 0.95.
    Six,
    /// 10 %: `c` is 1.10 and 0.90.
    #[default]
    Ten,
}

/// A bus.
#[derive(Clone, Debug, PartialEq)]
pub struct Bus {
    /// Name for messages and results.
    pub name: String,
    /// Nominal voltage line to line, kV.
    pub kv: f64,
}

/// One end of a part: its bus, and whether a switch there is closed. A part with an open end still counts in the zero
/// sequence, where its capacitance or its earthed star point lies at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// Bus.
    pub bus: usize,
    /// Connected to it.
    pub closed: bool,
}

impl From<usize> for End {
    fn from(bus: usize) -> Self {
        Self { bus, closed: true }
    }
}

/// A network feeder: the grid beyond a bus.
#[derive(Clone, Debug, PartialEq)]
pub struct Feeder {
    /// Name for messages.
    pub name: String,
    /// Bus.
    pub bus: usize,
    /// Its strength at the largest short-circuit current.
    pub max: Option<Strength>,
    /// Its strength at the smallest.
    pub min: Option<Strength>,
}

/// How strong a feeder is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Strength {
    /// Initial short-circuit power `S"k`, MVA.
    pub mva: f64,
    /// `R/X` of its positive-sequence impedance.
    pub r_over_x: f64,
    /// `X0/X` and `R0/X0`.
    pub zero: Option<[f64; 2]>,
}

/// A line or cable.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Name for messages.
    pub name: String,
    /// One end.
    pub from: End,
    /// The other.
    pub to: End,
    /// Length, km.
    pub km: f64,
    /// Number of equal systems side by side.
    pub parallel: f64,
    /// Positive-sequence impedance at 20 degrees, ohm/km.
    pub z1: Complex,
    /// Zero-sequence impedance, ohm/km, and capacitance, nF/km.
    pub zero: Option<(Complex, f64)>,
    /// Conductor temperature at the end of the short circuit, degrees Celsius; asked for in the minimum case.
    pub end_temperature_c: Option<f64>,
}

/// A transformer of two windings.
#[derive(Clone, Debug, PartialEq)]
pub struct Transformer {
    /// Name for messages.
    pub name: String,
    /// High side.
    pub hv: End,
    /// Low side.
    pub lv: End,
    /// Rated power, MVA.
    pub mva: f64,
    /// Rated voltages of the main tap, kV line to line.
    pub kv: [f64; 2],
    /// Short-circuit voltage, per unit.
    pub vk: f64,
    /// Its resistive part, per unit.
    pub vkr: f64,
    /// Number of equal transformers side by side.
    pub parallel: f64,
    /// The transformer of a power station unit: corrected together with its machine by `K_S`, not by `K_T`.
    pub unit: bool,
    /// Zero sequence.
    pub zero: Option<TransformerZero>,
}

/// Zero sequence of a transformer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TransformerZero {
    /// Vector group.
    pub group: VectorGroup,
    /// Zero-sequence short-circuit voltage, per unit.
    pub vk: f64,
    /// Its resistive part, per unit.
    pub vkr: f64,
    /// Magnetising impedance of the zero sequence over its short-circuit impedance, and `R/X` of it. Only where one
    /// winding alone is earthed and no delta closes the path.
    pub magnetising: Option<[f64; 2]>,
    /// Share of the short-circuit impedance that lies at the high side.
    pub hv_share: f64,
    /// Impedance between the star point and earth, ohm.
    pub neutral_ohm: Complex,
}

/// Connection of the two windings, the high side first; `n` says that the star point is earthed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VectorGroup {
    /// No earthed star point.
    Isolated,
    /// Earthed star at the low side, delta at the high side; also with an earthed zigzag at the low side.
    Dyn,
    /// Earthed star at the high side, delta at the low side.
    Ynd,
    /// Earthed star at the low side, star at the high side.
    Yyn,
    /// Earthed star at the high side, star at the low side.
    Yny,
    /// Both stars earthed.
    Ynyn,
    /// Earthed zigzag at the high side, nothing earthed at the low side.
    Zn,
    /// Earthed zigzag at the high side, earthed star at the low side.
    Znyn,
}

/// A transformer of three windings, sides in the order high, middle, low.
#[derive(Clone, Debug, PartialEq)]
pub struct ThreeWinding {
    /// Name for messages.
    pub name: String,
    /// Sides.
    pub ends: [End; 3],
    /// Rated voltages, kV line to line.
    pub kv: [f64; 3],
    /// Rated powers, MVA.
    pub mva: [f64; 3],
    /// Short-circuit voltages of the pairs high-middle, middle-low, high-low, per unit of the pair's smaller rating.
    pub vk: [f64; 3],
    /// Their resistive parts.
    pub vkr: [f64; 3],
    /// Zero sequence.
    pub zero: Option<ThreeWindingZero>,
}

/// Zero sequence of a transformer of three windings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ThreeWindingZero {
    /// How the windings are connected.
    pub windings: [Winding; 3],
    /// Zero-sequence short-circuit voltages of the pairs.
    pub vk: [f64; 3],
    /// Their resistive parts.
    pub vkr: [f64; 3],
}

/// Connection of a winding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Winding {
    /// Delta: the zero sequence is short-circuited in it.
    Delta,
    /// Star, not earthed: the zero sequence ends there.
    Star,
    /// Earthed star: the zero sequence passes.
    Earthed,
}

/// An impedance between two buses, ohm at the voltage of the first.
#[derive(Clone, Debug, PartialEq)]
pub struct Impedance {
    /// Name for messages.
    pub name: String,
    /// One bus.
    pub from: usize,
    /// The other.
    pub to: usize,
    /// Positive sequence.
    pub z1: Complex,
    /// Zero sequence.
    pub z0: Option<Complex>,
}

/// A synchronous machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Machine {
    /// Name for messages.
    pub name: String,
    /// Bus.
    pub bus: usize,
    /// Rated power, MVA.
    pub mva: f64,
    /// Rated voltage, kV line to line.
    pub kv: f64,
    /// Subtransient reactance `x''d`, per unit.
    pub xd2: f64,
    /// Resistance of the stator, ohm.
    pub r_ohm: f64,
    /// Rated power factor.
    pub cos_phi: f64,
    /// How far its voltage is lastingly above the rated one, per unit.
    pub over_voltage: f64,
    /// Its transformer, if it is a power station unit.
    pub unit: Option<Unit>,
}

/// The transformer of a power station unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unit {
    /// Index into [`Study::transformers`].
    pub transformer: usize,
    /// Has an on-load tap changer.
    pub on_load: bool,
    /// Range of the off-load taps that are permanently used, per unit of voltage.
    pub tap_range: f64,
}

/// An asynchronous machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Motor {
    /// Name for messages.
    pub name: String,
    /// Bus.
    pub bus: usize,
    /// Rated apparent power, MVA.
    pub mva: f64,
    /// Rated voltage, kV line to line.
    pub kv: f64,
    /// Locked-rotor current over rated current.
    pub locked_rotor: f64,
    /// `R/X`.
    pub r_over_x: f64,
    /// Driven as a generator: it also counts in the minimum case.
    pub generator: bool,
}

/// A unit behind a converter: a current source, in the maximum case only.
#[derive(Clone, Debug, PartialEq)]
pub struct Converter {
    /// Name for messages.
    pub name: String,
    /// Bus.
    pub bus: usize,
    /// Rated power, MVA.
    pub mva: f64,
    /// Short-circuit current over rated current.
    pub k: f64,
}
