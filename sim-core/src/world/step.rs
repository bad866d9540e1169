//! The step: from one boundary to the next, stage by stage.

use super::{Probe, Stage, World};
use crate::event::EventKind;
use crate::ids::{ParticipantId, Subject};
use crate::market::{Metered, Registers};
use crate::quantity::{Kwh, Wh};
use crate::recorder::{KEYFRAME_US, Recorder};
use crate::scene::Participant;
use crate::time::{DAY_US, MILLISECOND_US, MINUTE_US, SECOND_US, SimTime};

/// Length of a frame while a transient window is open.
const FRAME_US: u64 = 10 * MILLISECOND_US;

impl World {
    /// Advances to the next boundary, at most to `limit`: whole seconds, commands, frames while a window is open.
    pub fn step_until(&mut self, limit: SimTime, recorder: &mut Recorder, probe: &mut impl Probe) {
        self.obey(recorder);
        let begun = self.state.now;
        let to = self.next_boundary(limit);
        if to <= begun {
            return;
        }
        let dt_us = to.since(begun);
        let dt_s = dt_us as f64 / 1e6;
        let whole = to.0.is_multiple_of(SECOND_US);

        probe.enter(Stage::Weather);
        if whole {
            self.at(to, |w| w.follow_weather(1.0));
        }
        probe.enter(Stage::Market);
        if whole {
            self.at(to, Self::run_market);
            self.at(to, Self::run_neighbour);
        }
        probe.enter(Stage::Dispatch);
        if whole {
            self.at(to, Self::dispatch);
        }
        probe.enter(Stage::Devices);
        self.at(to, |w| w.drive_devices(dt_s));
        probe.enter(Stage::PowerFlow);
        if self.state.network.changed {
            self.solve(0.0);
            self.follow_supply();
        }
        probe.enter(Stage::Protection);
        if self.state.window.is_some() {
            self.run_frame(to);
        } else {
            self.state.now = to;
            self.solve(0.0);
            self.follow_supply();
            self.run_protection(dt_us);
        }
        probe.enter(Stage::PowerFlow);
        self.state.now = to;
        self.solve(dt_s);
        self.follow_supply();
        self.watch_window();
        probe.enter(Stage::Healing);
        self.run_healing();
        probe.enter(Stage::Ledger);
        self.run_ledger(recorder);
        probe.enter(Stage::Metrics);
        self.run_metrics(dt_s);
        self.finish_step(recorder, dt_s);
    }

    /// Runs a stage as of `to` without moving the clock for the stages after it.
    fn at(&mut self, to: SimTime, stage: impl FnOnce(&mut Self)) {
        let now = std::mem::replace(&mut self.state.now, to);
        stage(self);
        self.state.now = now;
    }

    /// Milliseconds up to `to`: protection sees each; the network is solved anew when it changed.
    fn run_frame(&mut self, to: SimTime) {
        while self.state.now < to {
            let next = SimTime(to.0.min(self.state.now.0 + MILLISECOND_US));
            let dt_us = next.since(self.state.now);
            self.state.now = next;
            self.run_protection(dt_us);
            if self.state.network.changed {
                self.solve(0.0);
                self.follow_supply();
            }
        }
    }

    fn next_boundary(&self, limit: SimTime) -> SimTime {
        let now = self.state.now;
        let period = if self.state.window.is_some() { FRAME_US } else { SECOND_US };
        let mut to = now.next_multiple(period).min(limit);
        if let Some(next) = self.state.plan.first() {
            to = to.min(next.at);
        }
        if let Some(reclosing) = self.state.protection.relays.next_reclosing() {
            to = to.min(reclosing.max(now + MILLISECOND_US));
        }
        to
    }

    /// The first instant: weather, a first power flow, the first clearing, the genesis.
    pub fn begin(&mut self, recorder: &mut Recorder) {
        if self.state.root.0 != 0 {
            return;
        }
        self.state.root = self.state.journal.root(self.state.now, Subject::Community, EventKind::SceneStarted);
        self.state.network.last_change = self.state.root;
        self.state.network.grid_event = self.state.root;
        recorder.keep_block(crate::ledger::chain_file::encode_genesis(self.state.ledger.get_genesis()));
        self.begin_mining();
        self.teach_market();
        self.begin_weather();
        self.solve(0.0);
        self.solve(0.0);
        self.open_trading();
        self.finish_step(recorder, 0.0);
    }

    /// Lets participants look back on a working day and a day of rest: their own meters under earlier weather.
    fn teach_market(&mut self) {
        let (slot_us, seed) = (self.state.market.parameters().slot_us, self.state.seed ^ EARLIER);
        let scene = self.scene.clone();
        let f = &scene.file;
        let Ok(mut weather) = crate::weather::Weather::new(&f.site, seed) else { return };
        let mut loads: Vec<_> =
            f.buildings.iter().enumerate().map(|(i, b)| crate::device::load::State::new(b, seed, i as u64)).collect();
        let mut units = self.state.units.clone();
        let mut energy = vec![0.0; self.scene.participants.len()];
        for minute in 0..DAY_US / MINUTE_US {
            let now = SimTime((minute + 1) * MINUTE_US);
            weather.step(now);
            let seen = weather.conditions();
            for (unit, device) in units.iter_mut().zip(&f.devices) {
                unit.look_at_weather(&device.kind, &seen, 60.0);
            }
            for (p, who) in self.scene.participants.iter().enumerate() {
                energy[p] += match who {
                    Participant::Building(b) => {
                        let roof = self.scene.building_devices[b.index()].iter();
                        roof.map(|d| units[d.index()].available_kw).sum::<f64>() - loads[b.index()].step(now, &seen).0
                    }
                    Participant::Device(d) => units[d.index()].available_kw,
                    Participant::Grid | Participant::Losses => 0.0,
                } / 60.0;
            }
            if now.0.is_multiple_of(slot_us) {
                self.teach_slot(now.0 / slot_us - 1, &mut energy);
            }
        }
    }

    fn teach_slot(&mut self, slot: u64, energy: &mut [f64]) {
        let metered: Vec<Metered> = energy
            .iter_mut()
            .enumerate()
            .map(|(p, kwh)| {
                let wh = Wh::from_kwh_carrying(Kwh(std::mem::take(kwh)), &mut 0.0);
                let registers = Registers { import: Wh((-wh.0).max(0)), export: Wh(wh.0.max(0)) };
                Metered { account: ParticipantId::new(p), registers }
            })
            .collect();
        let slots_per_day = DAY_US / self.state.market.parameters().slot_us;
        // The same figures for every day of the week: days of rest are learnt as they come.
        for day in 0..7 {
            self.state.market.record_metered(slot + day * slots_per_day, &metered);
        }
    }

    fn finish_step(&mut self, recorder: &mut Recorder, dt_s: f64) {
        recorder.keep_events(self.state.journal.drain());
        if dt_s > 0.0 {
            recorder.observe(self, dt_s);
        }
        if self.state.now.0.is_multiple_of(KEYFRAME_US) {
            self.keep_digest(recorder);
        }
    }

    /// A keyframe of this instant.
    pub(super) fn keep_digest(&self, recorder: &mut Recorder) {
        let state = if recorder.keeps_states() { self.save_state() } else { Vec::new() };
        recorder.keep_keyframe(self.state.now, self.compute_part_digests(), state);
    }
}

/// Sets the weather and habits of earlier days apart from those of the run.
const EARLIER: u64 = 0x005E_ED0F_0DA7;
