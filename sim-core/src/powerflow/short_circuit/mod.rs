//! Short-circuit currents by IEC 60909-0:2016: the equivalent voltage source at the fault.
//!
//! # The method
//! All sources are short-circuited to the neutral, loads and the charging of lines are left out, and at the fault
//! alone stands the source `c Un / sqrt(3)`. The voltage factor `c` stands for all that is not known of the state before
//! the fault; it is 1.1 (maximum) and 1.0 (minimum) above 1 kV, and 1.05 or 1.10 and 0.95 or 0.90 below, by the
//! network's tolerance of 6 or 10 %. With `Z1` and `Z0` the impedances of the positive and zero sequence seen from the
//! fault and `Z2 = Z1`:
//!
//! | fault | current `I"k` |
//! |---|---|
//! | three-phase | `c Un / (sqrt(3) abs(Z1))` |
//! | two-phase | `c Un / (2 abs(Z1))` |
//! | phase to ground | `sqrt(3) c Un / abs(2 Z1 + Z0)` |
//! | two-phase to ground, lines | `c Un abs(Z0/Z1 - a) / abs(Z1 + 2 Z0)`, the other with `a^2`; the larger is told |
//! | two-phase to ground, earth | `sqrt(3) c Un / abs(Z1 + 2 Z0)` |
//!
//! # Impedances
//! - Feeder: `c Un^2 / S"k`, split by its `R/X`; `X0/X`, `R0/X0` for the zero sequence.
//! - Line: as given; in the minimum case the resistance as warm as at the end of the short circuit.
//! - Transformer: `vk Un^2 / Sr` at its rated ratio (taps stand in the middle), times `K_T` in the maximum case. With
//!   three windings a star of three, each pair with its own `K_T`.
//! - Synchronous machine: `(R + j X"d) K_G`; with its transformer a power station unit, both times `K_S` (`K_SO`
//!   without an on-load tap changer). A fault at the machine's terminals sees it with `K_G` and its transformer plain.
//! - Asynchronous machine: `Un^2 / (S I_LR/I_r)`; motors in the maximum case only.
//! - Converter: a current, `k` times its rated one, in the maximum case only; its part `abs(sum Z_bj I_j / Z_bb)` is
//!   added to the magnitude of the rest.
//!
//! # Peak current
//! `ip = sqrt(2) kappa I"k` with `kappa = 1.02 + 0.98 exp(-3 R/X)`, method c: `R/X = (f_c / f) R_c/X_c` from the network
//! at 20 Hz (24 Hz at 60 Hz); machines have their fictitious resistance there. Converters add `sqrt(2)` of their part.
//! `kappa` of the three-phase fault serves for all.
//!
//! # Power and limits
//! `S"k = sqrt(3) Un I"k` of the three-phase fault; of the others `Un I"k / sqrt(3)`, the power of one phase. No
//! breaking or thermal currents, no doubly-fed machines; a bus without a source has no current.
//!
//! # Source and validation
//! IEC 60909-0:2016 (clauses beside the formulas in `factors`). `tests`: the example of IEC TR 60909-4 with and without
//! machines, CIGRE's medium- and low-voltage networks, three buses by hand, and the three-phase engine at fault.
//!
//! # Reading order
//! `data`, `check`, `factors`, `sequence`, `positive`, `zero`, `fault`; `tables` reads a study from a file.

mod check;
mod data;
mod factors;
mod fault;
mod positive;
mod sequence;
pub mod tables;
#[cfg(test)]
mod tests;
mod zero;

pub use data::{
    Bus, Converter, End, Feeder, Impedance, Line, LvTolerance, Machine, Motor, Strength, Study, ThreeWinding,
    ThreeWindingZero, Transformer, TransformerZero, Unit, VectorGroup, Winding,
};

use crate::complex::Complex;

/// Which conductors touch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FaultType {
    /// All three phases.
    #[default]
    ThreePhase,
    /// Two phases.
    TwoPhase,
    /// One phase and earth.
    PhaseGround,
    /// Two phases and earth.
    TwoPhaseGround,
}

impl FaultType {
    /// Whether current returns through earth, so that data of the zero sequence are needed.
    #[must_use]
    pub fn needs_zero(self) -> bool {
        matches!(self, Self::PhaseGround | Self::TwoPhaseGround)
    }
}

/// Largest or smallest current.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Case {
    /// Largest: what equipment must withstand.
    #[default]
    Max,
    /// Smallest: what protection must still see.
    Min,
}

/// The currents of a fault at a bus; all 0 where nothing feeds it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BusFault {
    /// Initial symmetrical short-circuit current of the phase that carries most, kA.
    pub ikss_ka: f64,
    /// Initial short-circuit power, MVA.
    pub skss_mva: f64,
    /// Peak current, kA.
    pub ip_ka: f64,
    /// Current to earth, kA.
    pub earth_ka: f64,
    /// Peak factor.
    pub kappa: f64,
    /// Positive-sequence impedance seen from the bus, ohm.
    pub z1_ohm: Option<Complex>,
    /// Zero-sequence impedance seen from the bus, ohm; none where there is no way to earth or it was not asked for.
    pub z0_ohm: Option<Complex>,
}

/// Why a study has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StudyError {
    /// A feeder without its strength in this case.
    #[error("{name}: no short-circuit power for the {} case; give it there", if *case == Case::Max { "maximum" } else { "minimum" })]
    Strength {
        /// Its name.
        name: String,
        /// The case asked for.
        case: Case,
    },
    /// A line without its temperature.
    #[error(
        "{name}: the minimum case needs the temperature at the end of the short circuit (80 to 250 degrees Celsius)"
    )]
    Temperature {
        /// Its name.
        name: String,
    },
    /// Data of the zero sequence are missing.
    #[error("{name}: a fault to earth needs the data of the zero sequence; give them or ask for 3ph or 2ph")]
    ZeroSequence {
        /// The part's name.
        name: String,
    },
    /// An impedance is zero or no number.
    #[error(
        "{name}: its impedance in the {sequence} sequence is zero or no number; join the buses by a switch instead"
    )]
    Impedance {
        /// The part's name.
        name: String,
        /// Sequence.
        sequence: &'static str,
    },
    /// A part names a bus or a transformer that is not there.
    #[error("{name}: it is at a bus or transformer that is not there")]
    Place {
        /// The part's name.
        name: String,
    },
    /// Data so far from any network that the currents are no numbers.
    #[error("{bus}: its current is no number; look for a value of the wrong unit")]
    Number {
        /// The bus's name.
        bus: String,
    },
    /// Impedances cancel each other.
    #[error("the {sequence}-sequence network has no solution: reactances cancel each other; check negative ones")]
    Singular {
        /// Sequence.
        sequence: &'static str,
    },
}

impl Study {
    /// The currents of a fault at each bus, one at a time.
    ///
    /// # Errors
    /// The first part that lacks what the fault needs, or that names a bus or transformer that is not there.
    pub fn solve(&self, fault: FaultType, case: Case) -> Result<Vec<BusFault>, StudyError> {
        self.check()?;
        fault::solve(self, fault, case)
    }
}
