//! Units that hold an island's frequency, each on its own rating (per unit of `rated_kw`).
//!
//! With `df` the frequency deviation in per unit of nominal and `P_ref` the reference:
//! - **Forming** inverter, droop with a first-order power filter: `w = -m (P_f - P_ref)`, `T dP_f/dt = P - P_f`.
//!   Eliminating `P_f` gives a swing equation with `H = T / (2 m)` and damping `1/m`
//!   (D'Arco & Suul, IEEE Trans. Smart Grid 5(1), 2014). Beyond its power limits the droop part saturates and the
//!   frequency drifts on the inertia alone until someone sheds load.
//! - **Droop**, a fast converter: `T dP/dt = P_ref - df/R - P`.
//! - **Genset**, swing with TGOV1 (IEEE PES-TR1, 2013): valve `T1 dv/dt = P_ref - df/R - v` within limits,
//!   lead-lag `(1 + s T2)/(1 + s T3)`, minus `Dt df`.
//!
//! Assumptions: one frequency for the island (centre of inertia), voltage near nominal, no dead band.
//! Validated in [`super::island`] against closed forms and matrix exponentials.

use crate::ids::DeviceId;
use crate::scene::schema::{Battery, Flywheel, Genset};
use serde::{Deserialize, Serialize};

/// Lag of an engine's governor and fuel system, s (Kundur, Power System Stability and Control, 1994, section 9.1).
pub const GOVERNOR_S: f64 = 0.3;

/// How a unit answers the frequency; figures on its own rating.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Model {
    /// Grid-forming inverter: droop and power filter.
    Forming {
        /// Droop, per unit of frequency for rated power.
        droop_pu: f64,
        /// Time constant of the power filter, s.
        filter_s: f64,
    },
    /// Converter that follows its droop with a first-order lag.
    Droop {
        /// Droop, per unit of frequency for rated power.
        droop_pu: f64,
        /// Time constant of the response, s.
        response_s: f64,
    },
    /// Rotating machine with a governor.
    Genset {
        /// Inertia constant, s.
        inertia_s: f64,
        /// Droop, per unit of frequency for rated power.
        droop_pu: f64,
        /// Lag of the valve (`T1`), s.
        governor_s: f64,
        /// Lead of the turbine (`T2`), s.
        lead_s: f64,
        /// Lag of the turbine (`T3`), s; zero for an engine.
        lag_s: f64,
        /// Damping of the turbine (`Dt`), per unit of power for per unit of frequency.
        damping_pu: f64,
    },
}

/// A unit of an island with its rating and limits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnitSpec {
    /// Which device it is.
    pub device: DeviceId,
    /// Rating, kW: base of the model's figures.
    pub rated_kw: f64,
    /// How it answers.
    pub model: Model,
    /// Power at nominal frequency, kW (injection positive).
    pub reference_kw: f64,
    /// Least power, kW.
    pub min_kw: f64,
    /// Greatest power, kW.
    pub max_kw: f64,
    /// Its reference is moved by the secondary control.
    pub secondary: bool,
}

impl UnitSpec {
    /// A grid-forming battery; `None` where `battery` cannot form. Limits from its current limit.
    #[must_use]
    pub fn forming(device: DeviceId, battery: &Battery, reference_kw: f64) -> Option<Self> {
        let forming = battery.forming.as_ref()?;
        let max_kw = battery.kw * forming.current_limit_pu;
        Some(Self {
            device,
            rated_kw: battery.kw,
            model: Model::Forming { droop_pu: forming.droop_pu, filter_s: forming.filter_s },
            reference_kw,
            min_kw: -max_kw,
            max_kw,
            secondary: true,
        })
    }

    /// A running engine.
    #[must_use]
    pub fn genset(device: DeviceId, genset: &Genset, reference_kw: f64) -> Self {
        Self {
            device,
            rated_kw: genset.rated_kw,
            model: Model::Genset {
                inertia_s: genset.inertia_s,
                droop_pu: genset.droop_pu,
                governor_s: GOVERNOR_S,
                lead_s: 0.0,
                lag_s: 0.0,
                damping_pu: 0.0,
            },
            reference_kw,
            min_kw: 0.0,
            max_kw: genset.rated_kw,
            secondary: true,
        }
    }

    /// A flywheel: fast, and out of the secondary control because its energy lasts minutes.
    #[must_use]
    pub fn flywheel(device: DeviceId, flywheel: &Flywheel, reference_kw: f64) -> Self {
        Self {
            device,
            rated_kw: flywheel.kw,
            model: Model::Droop { droop_pu: flywheel.droop_pu, response_s: flywheel.response_s },
            reference_kw,
            min_kw: -flywheel.kw,
            max_kw: flywheel.kw,
            secondary: false,
        }
    }
}

/// A unit with its state; powers per unit of its rating.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Unit {
    pub(super) spec: UnitSpec,
    pub(super) reference_pu: f64,
    /// Valve (or converter power), and the lag of the turbine.
    pub(super) x: [f64; 2],
    /// Electrical power of the last step, kW.
    pub(super) power_kw: f64,
}

impl Unit {
    pub(super) fn new(spec: UnitSpec) -> Self {
        let reference_pu = spec.reference_kw / spec.rated_kw;
        Self { spec, reference_pu, x: [reference_pu; 2], power_kw: spec.reference_kw }
    }

    pub(super) fn limits_pu(&self) -> [f64; 2] {
        let (low, high) = (self.spec.min_kw / self.spec.rated_kw, self.spec.max_kw / self.spec.rated_kw);
        [low.min(high), high]
    }

    fn limit(&self, power_pu: f64) -> f64 {
        let [low, high] = self.limits_pu();
        power_pu.max(low).min(high)
    }

    /// Inertia constant on its rating, s.
    pub(super) fn inertia_s(&self) -> f64 {
        match self.spec.model {
            Model::Forming { droop_pu, filter_s } => filter_s / (2.0 * droop_pu),
            Model::Droop { .. } => 0.0,
            Model::Genset { inertia_s, .. } => inertia_s,
        }
    }

    /// Steady power for a per unit of frequency, per unit.
    pub(super) fn stiffness(&self) -> f64 {
        match self.spec.model {
            Model::Forming { droop_pu, .. } | Model::Droop { droop_pu, .. } | Model::Genset { droop_pu, .. } => {
                1.0 / droop_pu
            }
        }
    }

    /// Power that drives the island's inertia (without this unit's own inertial power), per unit, and `dx/dt`.
    pub(super) fn drive(&self, df: f64, x: [f64; 2]) -> (f64, [f64; 2]) {
        let target = self.limit(self.reference_pu - df * self.stiffness());
        match self.spec.model {
            Model::Forming { .. } => (target, [0.0; 2]),
            Model::Droop { response_s, .. } => (x[0], [(target - x[0]) / response_s, 0.0]),
            Model::Genset { governor_s, lead_s, lag_s, damping_pu, .. } => {
                let valve = (target - x[0]) / governor_s;
                if lag_s > 0.0 {
                    let turbine = x[1] + lead_s / lag_s * (x[0] - x[1]);
                    (turbine - damping_pu * df, [valve, (x[0] - x[1]) / lag_s])
                } else {
                    (x[0] - damping_pu * df, [valve, 0.0])
                }
            }
        }
    }
}
