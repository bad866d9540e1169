//! Carbon within a step: each slot's meters go into the books, each hour is closed once its certificates stand.
//!
//! Certificates of an hour are issued, shared and claimed within minutes of its end; an hour is closed with what was claimed
//! for it when another hour has passed. What comes later is not counted (an outage of the chain), which makes a footprint
//! larger, never smaller. Losses that come out below zero by rounding are energy from nowhere without emissions.

use super::World;
use super::trading::grid_of;
use crate::ids::ParticipantId;
use crate::ledger::certificate::Facility;
use crate::market::carbon::{Behind, CarbonRow, CreditRules, Flow, Uses};
use crate::market::{Metered, Registers};
use crate::quantity::Wh;
use crate::scene::Participant;
use crate::scene::schema::DeviceKind;
use crate::time::HOUR_US;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Baseline: the grid's average mix in the same hour; sun and wind emit nothing; a tenth is kept back for doubts (an
/// assumption).
pub(super) const CREDITS: CreditRules = CreditRules { project_g_per_kwh: 0, buffer: 100 };
/// An hour is closed so many hours after its end.
const WAIT: u32 = 1;

impl World {
    /// Books the meters of the slot that ended, and closes hours whose certificates stand.
    pub(super) fn book_carbon(&mut self, ended: u64, metered: &[Metered], pcc: Registers, losses: Wh) {
        let slot_us = self.state.market.parameters().slot_us;
        let grid_g = self.state.market.parameters().grid_g_per_kwh;
        let flow = |m: &Metered| Flow {
            account: m.account,
            behind: self.behind(m.account),
            import: m.registers.import,
            export: m.registers.export,
        };
        let mut flows: Vec<Flow> = metered.iter().map(flow).collect();
        let grid = grid_of(&self.scene);
        let of_grid = Flow { account: grid, behind: Behind::Source(grid_g), import: pcc.export, export: pcc.import };
        let lost = Flow {
            account: ParticipantId(grid.0 + 1),
            behind: Behind::Source(0),
            import: losses.max(Wh::ZERO),
            export: Wh((-losses.0).max(0)),
        };
        flows.extend([of_grid, lost]);
        let hour = u32::try_from(ended.saturating_mul(slot_us) / HOUR_US).unwrap_or(u32::MAX);
        // Meters that balance settle; the same figures balance here.
        let _ = self.state.trading.carbon.process_slot(hour, &flows, grid_g);
        let now = u32::try_from(self.state.now.0 / HOUR_US).unwrap_or(u32::MAX);
        let due: Vec<u32> = self.state.trading.carbon.open_hours().filter(|h| h + WAIT < now).collect();
        for hour in due {
            let uses = self.uses_of(hour);
            if self.state.trading.carbon.process_hour(hour, &uses, grid_g, &CREDITS).is_err() {
                // Certificates speak for all of an hour in which something was burnt: then nobody's are counted.
                let _ = self.state.trading.carbon.process_hour(hour, &BTreeMap::new(), grid_g, &CREDITS);
            }
        }
    }

    /// Footprints for `summary.json`: of each building by both methods, kg, with its credits.
    #[must_use]
    pub fn footprints_json(&self) -> Value {
        let kg = |mg: i64| mg as f64 / 1e6;
        let row = |(b, building): (usize, &crate::scene::schema::Building)| {
            let r = self.state.trading.carbon.get(ParticipantId::new(b));
            json!({
                "name": building.name, "location_kg": kg(r.location_mg), "hours_location_kg": kg(r.hours_location_mg),
                "market_kg": kg(r.market_mg), "covered_kwh": r.covered.0 as f64 / 1e3,
                "credited_kwh": r.credited.0 as f64 / 1e3, "credit_kg": kg(r.credit.credit_mg),
            })
        };
        let rows: Vec<Value> = self.scene.file.buildings.iter().enumerate().map(row).collect();
        let sum = |part: fn(&CarbonRow) -> i64| {
            (0..self.scene.file.buildings.len())
                .map(|b| part(&self.state.trading.carbon.get(ParticipantId::new(b))))
                .sum()
        };
        json!({
            "location_kg": kg(sum(|r| r.location_mg)),
            "market_kg": kg(sum(|r| r.market_mg)),
            "credit_kg": kg(sum(|r| r.credit.credit_mg)),
            "buildings": rows,
        })
    }

    /// The certificates that were used for an hour, as the chain has them, never more than was taken.
    fn uses_of(&self, hour: u32) -> BTreeMap<ParticipantId, Uses> {
        let registry = self.state.ledger.get_state().get_certificates();
        let of = |p: usize| {
            let account = ParticipantId::new(p);
            let meter = registry.get_meter(hour, account.0);
            let stores = matches!(registry.get_facility(account.0), Some(Facility::Storage(_)));
            let covered = if stores { meter.stored } else { meter.claimed };
            (account, Uses { covered, credited: meter.credited })
        };
        (0..self.scene.participants.len()).map(of).collect()
    }

    /// What stands behind what a participant gives.
    fn behind(&self, account: ParticipantId) -> Behind {
        let Some(Participant::Device(d)) = self.scene.participants.get(account.index()) else {
            return Behind::Source(0);
        };
        match &self.scene.file.devices[d.index()].kind {
            DeviceKind::Genset(g) => Behind::Source(libm::round(g.co2_g_per_kwh) as i64),
            DeviceKind::Battery(b) => {
                Behind::Storage((libm::floor(b.efficiency * b.efficiency * 1e3) as u32).clamp(1, 1_000))
            }
            // No certificates cross the line: what comes over it counts like the grid's mix.
            DeviceKind::Tie(_) => Behind::Source(libm::round(self.scene.file.upstream.co2_g_per_kwh) as i64),
            _ => Behind::Source(0),
        }
    }
}
