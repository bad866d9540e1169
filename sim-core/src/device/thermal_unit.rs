//! What fuel cell and engine share: start, least power, ramp, and fuel by Willans's line.
//!
//! ```text
//! off --order--> starting (start_s) --> running at min_kw .. rated_kw, |dp/dt| <= ramp --order off, at min--> off
//! fuel = rated/eta (w + (1 - w) p/rated)          fuel power, kW; w: share of the fuel that idling takes
//! ```

use serde::{Deserialize, Serialize};

/// Where a unit is between off and running.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Phase {
    /// At rest.
    Off,
    /// Ordered, not yet synchronised.
    Starting {
        /// Seconds until it is.
        left_s: f64,
    },
    /// Synchronised.
    Running,
}

/// Figures of a unit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Figures {
    pub(super) rated_kw: f64,
    pub(super) min_kw: f64,
    pub(super) ramp_kw_s: f64,
    pub(super) start_s: f64,
    pub(super) efficiency: f64,
    pub(super) idle_share: f64,
}

/// State of a unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Unit {
    pub(super) phase: Phase,
    pub(super) kw: f64,
}

impl Unit {
    pub(super) fn new() -> Self {
        Self { phase: Phase::Off, kw: 0.0 }
    }

    /// Moves towards `setpoint_kw` for `dt_s` seconds; above zero is an order to run, otherwise to stop.
    pub(super) fn step(&mut self, figures: &Figures, setpoint_kw: f64, dt_s: f64) -> f64 {
        let wanted = setpoint_kw.is_finite() && setpoint_kw > 0.0;
        let mut left_s = dt_s.max(0.0);
        if self.phase == Phase::Off && wanted {
            self.phase = Phase::Starting { left_s: figures.start_s };
        }
        if let Phase::Starting { left_s: until } = self.phase {
            if !wanted {
                self.phase = Phase::Off;
            } else if until > left_s {
                self.phase = Phase::Starting { left_s: until - left_s };
            } else {
                left_s -= until;
                self.phase = Phase::Running;
                self.kw = 0.0;
            }
        }
        if self.phase == Phase::Running {
            let target = if wanted { setpoint_kw.max(figures.min_kw).min(figures.rated_kw) } else { 0.0 };
            let reach = (figures.ramp_kw_s * left_s).max(0.0);
            self.kw += (target - self.kw).clamp(-reach, reach);
            if !wanted && self.kw <= figures.min_kw {
                self.phase = Phase::Off;
            }
        }
        if self.phase != Phase::Running {
            self.kw = 0.0;
        }
        self.kw
    }

    /// Takes what an island asks of its former, within 0 and the rating, at once; starts nothing.
    pub(super) fn follow(&mut self, figures: &Figures, kw: f64) -> f64 {
        self.kw = if self.phase == Phase::Running && kw.is_finite() { kw.min(figures.rated_kw).max(0.0) } else { 0.0 };
        self.kw
    }

    /// Fuel power at the present output, kW; zero unless running.
    pub(super) fn fuel_kw(&self, figures: &Figures) -> f64 {
        if self.phase != Phase::Running || figures.rated_kw <= 0.0 {
            return 0.0;
        }
        compute_fuel(figures, self.kw)
    }
}

/// Willans's line: fuel power for electrical power, kW.
pub(super) fn compute_fuel(figures: &Figures, kw: f64) -> f64 {
    let load = kw / figures.rated_kw;
    figures.rated_kw / figures.efficiency * (figures.idle_share + (1.0 - figures.idle_share) * load)
}

/// Electrical power a fuel power sustains, kW; zero where it is not enough to idle.
pub(super) fn compute_power_from_fuel(figures: &Figures, fuel_kw: f64) -> f64 {
    let share = fuel_kw * figures.efficiency / figures.rated_kw;
    (figures.rated_kw * (share - figures.idle_share) / (1.0 - figures.idle_share)).min(figures.rated_kw).max(0.0)
}
