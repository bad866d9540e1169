//! Figures within a step, and who has power.

use super::World;
use super::devices::Model;
use crate::event::EventKind;
use crate::ids::{BuildingId, Subject};
use crate::quantity::{Kwh, Wh};
use crate::scene::schema::{DeviceKind, Fuel};

/// A fault draws at least this, A, to count as fed.
const FED_A: f64 = 1.0;

impl World {
    /// After a power flow: faults that are fed or no longer, buildings that lost power or have it again.
    pub(super) fn follow_supply(&mut self) {
        self.follow_faults();
        self.follow_buildings();
        self.note_unsolved();
    }

    fn follow_faults(&mut self) {
        let now = self.state.now;
        for f in 0..self.state.network.faults.len() {
            let fault = &mut self.state.network.faults[f];
            let fed = fault.current_a > FED_A;
            let was = std::mem::replace(&mut fault.fed, fed);
            if fed && !was {
                fault.fed_since_us = now.0;
            }
            if was && !fed {
                let after_ms = now.0.saturating_sub(fault.fed_since_us) as f64 / 1e3;
                let (line, struck) = (fault.line, fault.event);
                let kind = EventKind::FaultCleared { after_ms };
                let cause = self.state.network.last_change.max(struck);
                self.state.journal.note_also(now, Subject::Line(line), kind, cause, vec![struck]);
                if let Some(outcome) = &mut self.state.outage.outcome {
                    outcome.cleared_ms.get_or_insert(after_ms);
                }
            }
        }
    }

    fn follow_buildings(&mut self) {
        let now = self.state.now;
        let (mut lost, mut back) = (Vec::new(), Vec::new());
        let mut longest = 0;
        for b in 0..self.scene.building_bus.len() {
            let live = self.state.flows.is_live(self.scene.building_bus[b]) && self.state.outage.shed[b].is_none();
            match self.state.outage.dark[b] {
                None if !live => lost.push(b),
                Some((since, _)) if live => {
                    longest = longest.max(now.since(since));
                    back.push(b);
                }
                _ => {}
            }
        }
        let customers = |list: &[usize]| list.iter().map(|b| self.scene.file.buildings[*b].customers).sum::<u32>();
        let cause = self.state.network.last_change;
        if !lost.is_empty() {
            let subject = self.common_subject(&lost);
            let kind = EventKind::CustomersOut { buildings: lost.len() as u32, customers: customers(&lost) };
            let shed: Vec<_> = lost.iter().filter_map(|b| self.state.outage.shed[*b]).collect();
            let cause = shed.iter().copied().max().unwrap_or(cause);
            let event = self.state.journal.note(now, subject, kind, cause);
            for b in lost {
                self.state.outage.dark[b] = Some((now, event));
            }
        }
        if !back.is_empty() {
            let subject = self.common_subject(&back);
            let out: Vec<_> = back.iter().filter_map(|b| self.state.outage.dark[*b].map(|d| d.1)).collect();
            let kind = EventKind::CustomersRestored {
                buildings: back.len() as u32,
                customers: customers(&back),
                after_s: longest as f64 / 1e6,
            };
            self.state.journal.note_also(now, subject, kind, cause, out);
            for b in back {
                self.state.outage.dark[b] = None;
            }
        }
    }

    /// One building stands for itself, several for the community.
    fn common_subject(&self, buildings: &[usize]) -> Subject {
        match buildings {
            [one] => Subject::Building(BuildingId::new(*one)),
            _ => Subject::Community,
        }
    }

    fn note_unsolved(&mut self) {
        let unsolved = self.state.flows.islands.iter().find(|i| !i.solved).copied();
        match (unsolved, self.state.network.unsolved) {
            (Some(island), None) => {
                let subject = island.former.map_or(Subject::Grid, Subject::Device);
                let kind = EventKind::Unsolved { mismatch_pu: island.mismatch_pu };
                let cause = self.disturbance_cause();
                self.state.network.unsolved = Some(self.state.journal.note(self.state.now, subject, kind, cause));
            }
            (None, Some(_)) => self.state.network.unsolved = None,
            _ => {}
        }
    }

    /// Energy, cost, carbon, reliability of a step.
    pub(super) fn run_metrics(&mut self, dt_s: f64) {
        self.count_energy(dt_s);
        self.count_help(dt_s);
        self.count_totals(dt_s);
        self.note_overloads();
        self.drain_accumulators(dt_s);
        self.count_outage(dt_s);
    }

    fn count_totals(&mut self, dt_s: f64) {
        let hours = dt_s / 3600.0;
        let (flows, t) = (&self.state.flows, &mut self.state.totals);
        for (d, device) in self.scene.file.devices.iter().enumerate() {
            let kwh = flows.device_kw[d] * hours;
            match &device.kind {
                DeviceKind::Solar(_) => t.solar_kwh += kwh,
                DeviceKind::Wind(_) => t.wind_kwh += kwh,
                DeviceKind::FuelCell(_) => t.fuel_cell_kwh += kwh,
                DeviceKind::Genset(g) => {
                    if g.fuel == Fuel::Gas {
                        t.gas_kwh += kwh;
                    } else {
                        t.diesel_kwh += kwh;
                    }
                    t.co2_kg += kwh * g.co2_g_per_kwh / 1e3;
                }
                DeviceKind::Battery(_) | DeviceKind::Flywheel(_) if kwh < 0.0 => t.storage_in_kwh -= kwh,
                DeviceKind::Battery(_) | DeviceKind::Flywheel(_) => t.storage_out_kwh += kwh,
                DeviceKind::EvCharger(_) => t.ev_kwh -= kwh,
                DeviceKind::Tie(_) if kwh < 0.0 => t.neighbour_out_kwh -= kwh,
                DeviceKind::Tie(_) => {
                    t.neighbour_in_kwh += kwh;
                    t.co2_kg += kwh * self.scene.file.upstream.co2_g_per_kwh / 1e3;
                }
            }
            if matches!(self.state.units[d].model, Model::Solar | Model::Wind(_)) {
                t.curtailed_kwh += (self.state.units[d].available_kw - flows.device_kw[d]).max(0.0) * hours;
            }
        }
        t.load_kwh += flows.load_kw.iter().sum::<f64>() * hours;
        t.loss_kwh += flows.loss_kw * hours;
        let grid = flows.grid_kw * hours;
        if grid > 0.0 {
            t.import_kwh += grid;
            t.co2_kg += grid * self.scene.file.upstream.co2_g_per_kwh / 1e3;
        } else {
            t.export_kwh -= grid;
        }
        t.max_kcl_residual_pu = t.max_kcl_residual_pu.max(flows.residual_pu);
    }

    /// Gateways on a dead bus live on their accumulators, and recharge slowly when power is back.
    fn drain_accumulators(&mut self, dt_s: f64) {
        for g in 0..self.scene.gateway_bus.len() {
            let full = self.scene.file.gateways[g].backup_h * 3600.0;
            let live = self.state.flows.is_live(self.scene.gateway_bus[g]);
            let left = &mut self.state.network.gateway_backup_s[g];
            *left = if live { (*left + dt_s).min(full) } else { (*left - dt_s).max(0.0) };
        }
    }

    fn count_outage(&mut self, dt_s: f64) {
        let (mut out, mut unserved) = (0, 0.0);
        for b in 0..self.state.outage.dark.len() {
            if self.state.outage.dark[b].is_some() {
                out += self.scene.file.buildings[b].customers;
                unserved += self.state.demand[b].0;
                self.state.outage.dark_min[b] += dt_s / 60.0;
            }
        }
        let minutes = f64::from(out) * dt_s / 60.0;
        let kwh = unserved * dt_s / 3600.0;
        let t = &mut self.state.totals;
        t.customer_minutes += minutes;
        t.ens_kwh += kwh;
        t.customers_out_max = t.customers_out_max.max(out);
        let cap = super::trading::price(self.scene.file.market.price_cap);
        let quiet = self.is_all_well(out);
        let now = self.state.now;
        let Some(outcome) = self.state.outage.outcome.as_mut().filter(|o| o.end.is_none()) else { return };
        outcome.customers_out_max = outcome.customers_out_max.max(out);
        outcome.customer_minutes += minutes;
        outcome.ens_kwh += kwh;
        let wh = Wh::from_kwh_carrying(Kwh(outcome.ens_kwh), &mut 0.0);
        outcome.cost = wh.compute_cost(cap).map_or(0, |m| m.0);
        if quiet {
            outcome.end = Some(now);
        }
    }

    /// Everyone has power, nothing is broken, nothing is under way.
    fn is_all_well(&self, customers_out: u32) -> bool {
        let network = &self.state.network;
        customers_out == 0
            && self.state.window.is_none()
            && network.grid_alive
            && network.faults.is_empty()
            && network.broken.is_empty()
            && self.state.units.iter().all(|u| u.failed.is_none())
            && network.gateway_failed.iter().all(Option::is_none)
            && !self.state.healer.is_busy()
            && self.pcc().is_none_or(|s| network.closed[s.index()])
    }
}
