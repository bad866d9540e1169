//! Figures since the start: energy by source, cost, carbon, and the reliability indices of IEEE 1366-2012.
//!
//! SAIDI = sum of customer minutes interrupted / customers served; ENS integrates what the dark buildings would take.

use serde::{Deserialize, Serialize};

/// Sums since the start of the scene. Energies kWh, times minutes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Totals {
    /// Sun.
    pub solar_kwh: f64,
    /// Wind.
    pub wind_kwh: f64,
    /// Fuel cell.
    pub fuel_cell_kwh: f64,
    /// Gas.
    pub gas_kwh: f64,
    /// Diesel.
    pub diesel_kwh: f64,
    /// Into storage.
    pub storage_in_kwh: f64,
    /// Out of storage.
    pub storage_out_kwh: f64,
    /// Buildings.
    pub load_kwh: f64,
    /// Cars.
    pub ev_kwh: f64,
    /// From the grid.
    pub import_kwh: f64,
    /// To the grid.
    pub export_kwh: f64,
    /// From the neighbour.
    pub neighbour_in_kwh: f64,
    /// To the neighbour.
    pub neighbour_out_kwh: f64,
    /// Network losses.
    pub loss_kwh: f64,
    /// Sun and wind not used.
    pub curtailed_kwh: f64,
    /// Energy not served.
    pub ens_kwh: f64,
    /// Carbon dioxide of imports and engines, kg.
    pub co2_kg: f64,
    /// Money that the community paid to the grid less what it got, and fuel, millionths.
    pub cost_money: i64,
    /// Customers.
    pub customers: u32,
    /// Customer minutes interrupted.
    pub customer_minutes: f64,
    /// Customers out at once, at most.
    pub customers_out_max: u32,
    /// Fills of all clearings.
    pub trades: u64,
    /// Slots settled.
    pub settled_slots: u64,
    /// Sum of all participants' imbalance, magnitudes, Wh.
    pub imbalance_wh: i64,
    /// Largest Kirchhoff residual of any solved island, per unit.
    pub max_kcl_residual_pu: f64,
}

impl Totals {
    /// Share of the consumption that was not imported, 0 to 1.
    #[must_use]
    pub fn self_sufficiency(&self) -> f64 {
        let used = self.load_kwh + self.ev_kwh + self.loss_kwh;
        if used > 0.0 { (1.0 - (self.import_kwh + self.neighbour_in_kwh) / used).clamp(0.0, 1.0) } else { 1.0 }
    }

    /// System average interruption duration, minutes per customer.
    #[must_use]
    pub fn saidi_min(&self) -> f64 {
        self.customer_minutes / f64::from(self.customers.max(1))
    }
}
