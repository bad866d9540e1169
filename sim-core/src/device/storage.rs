//! What battery and flywheel share: energy behind a converter.
//!
//! ```text
//! discharge p > 0: dE = -p dt/eta        charge p < 0: dE = -p eta dt        p on the AC side
//! loss = -dE/dt - p                      so that energy is conserved: E1 = E0 - (p + loss) dt
//! ```

/// What one step did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Exchange {
    /// Energy inside afterwards, kWh.
    pub(super) energy_kwh: f64,
    /// Injection on the AC side, kW.
    pub(super) kw: f64,
    /// Conversion loss, kW.
    pub(super) loss_kw: f64,
}

/// Exchanges `setpoint_kw` for `dt_s` seconds within the rating and between empty and `capacity_kwh`.
pub(super) fn exchange(
    energy_kwh: f64,
    capacity_kwh: f64,
    rated_kw: f64,
    efficiency: f64,
    setpoint_kw: f64,
    dt_s: f64,
) -> Exchange {
    if dt_s <= 0.0 || !setpoint_kw.is_finite() {
        return Exchange { energy_kwh, kw: 0.0, loss_kw: 0.0 };
    }
    let hours = dt_s / 3_600.0;
    let out = most_discharge(energy_kwh, rated_kw, efficiency, dt_s);
    let into = most_charge(energy_kwh, capacity_kwh, rated_kw, efficiency, dt_s);
    let kw = setpoint_kw.clamp(-into, out);
    let inside_kw = if kw >= 0.0 { kw / efficiency } else { kw * efficiency };
    // The bounds are met up to a rounding, which is taken off here.
    let energy_kwh = (energy_kwh - inside_kw * hours).min(capacity_kwh).max(0.0);
    Exchange { energy_kwh, kw, loss_kw: inside_kw - kw }
}

/// Most it can give for `dt_s` seconds, kW on the AC side.
pub(super) fn most_discharge(energy_kwh: f64, rated_kw: f64, efficiency: f64, dt_s: f64) -> f64 {
    if dt_s <= 0.0 { 0.0 } else { (energy_kwh.max(0.0) * efficiency * 3_600.0 / dt_s).min(rated_kw).max(0.0) }
}

/// Most it can take for `dt_s` seconds, kW on the AC side, a positive number.
pub(super) fn most_charge(energy_kwh: f64, capacity_kwh: f64, rated_kw: f64, efficiency: f64, dt_s: f64) -> f64 {
    let room_kwh = (capacity_kwh - energy_kwh).max(0.0);
    if dt_s <= 0.0 { 0.0 } else { (room_kwh / efficiency * 3_600.0 / dt_s).min(rated_kw).max(0.0) }
}

/// State of charge, 0 to 1.
pub(super) fn soc(energy_kwh: f64, capacity_kwh: f64) -> f64 {
    if capacity_kwh > 0.0 { (energy_kwh / capacity_kwh).clamp(0.0, 1.0) } else { 0.0 }
}
