//! What grows while a world runs: events, minute series, the chain, keyframes. No part of the state.
//!
//! Panels query it by range and by event index; `gridsim` writes it to files.

use crate::command::Timed;
use crate::digest::Hash;
use crate::event::Event;
use crate::ids::EventId;
use crate::ledger::certificate::CertificateEvent;
use crate::scene::Scene;
use crate::time::{MINUTE_US, SimTime};
use crate::world::World;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A keyframe of the world stands at every multiple of this.
pub const KEYFRAME_US: u64 = 5 * MINUTE_US;

/// What can be plotted over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    /// Solar, kW.
    Solar,
    /// Wind, kW.
    Wind,
    /// Fuel cell, kW.
    FuelCell,
    /// Gas set, kW.
    Gas,
    /// Diesel set, kW.
    Diesel,
    /// Storage, kW, discharge positive.
    Storage,
    /// Grid, kW, import positive.
    Grid,
    /// Consumption of buildings and cars, kW.
    Load,
    /// Losses, kW.
    Loss,
    /// Price in force, thousandths of the currency per kWh.
    Price,
    /// Frequency of the largest live island, Hz; 0 when all is dead.
    Frequency,
    /// Net injection at a building's meter, kW.
    Building(u32),
    /// Injection of a device, kW.
    Device(u32),
    /// State of charge of a device, 0 to 1; 0 for devices without one.
    Charge(u32),
    /// Loading of a line, share of its rating.
    Line(u32),
    /// Lowest phase voltage of a bus, per unit.
    Bus(u32),
}

/// The channels of the community as a whole, in the order in which worlds report them.
pub const COMMUNITY: [Channel; 11] = [
    Channel::Solar,
    Channel::Wind,
    Channel::FuelCell,
    Channel::Gas,
    Channel::Diesel,
    Channel::Storage,
    Channel::Grid,
    Channel::Load,
    Channel::Loss,
    Channel::Price,
    Channel::Frequency,
];

impl Channel {
    /// Its place in the list that [`World::observe`] fills.
    fn index(self, scene: &Scene) -> usize {
        let f = &scene.file;
        let (b, d, l) = (f.buildings.len(), f.devices.len(), f.lines.len());
        let n = COMMUNITY.len();
        match self {
            Self::Building(i) => n + i as usize,
            Self::Device(i) => n + b + i as usize,
            Self::Charge(i) => n + b + d + i as usize,
            Self::Line(i) => n + b + 2 * d + i as usize,
            Self::Bus(i) => n + b + 2 * d + l + i as usize,
            _ => COMMUNITY.iter().position(|c| *c == self).unwrap_or(0),
        }
    }
}

/// A minute of a channel.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Minute {
    /// Start of the minute.
    pub time: SimTime,
    /// Mean.
    pub mean: f32,
    /// Least.
    pub min: f32,
    /// Greatest.
    pub max: f32,
}

/// A digest of the world at an instant, and the world itself where it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Keyframe {
    /// When.
    pub time: SimTime,
    /// SHA-256 of each part of the state, in the order of [`World::compute_part_digests`].
    pub parts: Vec<Hash>,
    /// The state's canonical bytes; empty where the recorder keeps digests only.
    pub state: Vec<u8>,
}

/// Keeps what grows.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Recorder {
    /// Keep the bytes of keyframes, not only their digests.
    keep_states: bool,
    events: Vec<Event>,
    /// Lines of `chain.jsonl`, the genesis first.
    chain: Vec<String>,
    /// Lines of the neighbour's chain file.
    far_chain: Vec<String>,
    /// What happened to certificates, on the chain's order.
    certificates: Vec<(SimTime, CertificateEvent)>,
    keyframes: Vec<Keyframe>,
    commands: Vec<Timed>,
    /// Starts of the recorded minutes.
    minutes: Vec<SimTime>,
    /// Mean, least, greatest of each channel, minute after minute.
    values: Vec<[f32; 3]>,
    /// The minute under way: start, seconds seen, and per channel the integral, least and greatest.
    open: Option<(SimTime, f64)>,
    sums: Vec<[f64; 3]>,
    scratch: Vec<f64>,
}

impl Recorder {
    /// An empty recorder that also keeps the states of keyframes, for seeking and for saving after a crash.
    #[must_use]
    pub fn with_states() -> Self {
        Self { keep_states: true, ..Self::default() }
    }

    /// Looks at a world after a step of `dt_s` seconds.
    pub fn observe(&mut self, world: &World, dt_s: f64) {
        let minute = SimTime((world.now().0.saturating_sub(1)) / MINUTE_US * MINUTE_US);
        if self.open.is_some_and(|(start, _)| start != minute) {
            self.close_minute();
        }
        let mut values = std::mem::take(&mut self.scratch);
        values.clear();
        world.observe(&mut values);
        if self.open.is_none() {
            self.open = Some((minute, 0.0));
            self.sums.clear();
            self.sums.extend(values.iter().map(|v| [0.0, *v, *v]));
        }
        if let Some((_, seconds)) = &mut self.open {
            *seconds += dt_s;
        }
        for (sum, v) in self.sums.iter_mut().zip(&values) {
            sum[0] += v * dt_s;
            sum[1] = sum[1].min(*v);
            sum[2] = sum[2].max(*v);
        }
        self.scratch = values;
    }

    #[expect(clippy::cast_possible_truncation, reason = "plots and files need seven digits")]
    fn close_minute(&mut self) {
        let Some((start, seconds)) = self.open.take() else { return };
        self.minutes.push(start);
        let seconds = seconds.max(1e-9);
        self.values.extend(self.sums.iter().map(|s| [(s[0] / seconds) as f32, s[1] as f32, s[2] as f32]));
    }

    /// Keeps events.
    pub fn keep_events(&mut self, events: Vec<Event>) {
        self.events.extend(events);
    }

    /// Keeps a line of the chain.
    pub fn keep_block(&mut self, line: String) {
        self.chain.push(line);
    }

    /// Keeps a block of the neighbour's chain, as a line of its file.
    pub fn keep_far_block(&mut self, line: String) {
        self.far_chain.push(line);
    }

    /// Keeps what happened to a certificate.
    pub fn keep_certificate(&mut self, time: SimTime, event: CertificateEvent) {
        self.certificates.push((time, event));
    }

    /// Keeps a command that took effect.
    pub fn keep_command(&mut self, timed: Timed) {
        self.commands.push(timed);
    }

    /// Keeps a keyframe.
    pub fn keep_keyframe(&mut self, time: SimTime, parts: Vec<(&'static str, Hash)>, state: Vec<u8>) {
        let parts = parts.into_iter().map(|(_, p)| p).collect();
        self.keyframes.push(Keyframe { time, parts, state });
    }

    /// Keyframes are kept with their states.
    #[must_use]
    pub fn keeps_states(&self) -> bool {
        self.keep_states
    }

    /// The run is over: the minute under way counts as it stands.
    pub fn finish(&mut self) {
        self.close_minute();
    }

    /// All events so far, ascending.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// One event.
    #[must_use]
    pub fn event(&self, id: EventId) -> Option<&Event> {
        self.events.binary_search_by_key(&id, |e| e.id).ok().and_then(|i| self.events.get(i))
    }

    /// The chain so far, one block a line, the genesis first.
    #[must_use]
    pub fn chain(&self) -> &[String] {
        &self.chain
    }

    /// Lines of the neighbour's chain file, the genesis first; none without a neighbour.
    #[must_use]
    pub fn far_chain(&self) -> &[String] {
        &self.far_chain
    }

    /// What happened to certificates, oldest first.
    #[must_use]
    pub fn certificates(&self) -> &[(SimTime, CertificateEvent)] {
        &self.certificates
    }

    /// Commands that took effect, with their times.
    #[must_use]
    pub fn commands(&self) -> &[Timed] {
        &self.commands
    }

    /// Keyframes so far.
    #[must_use]
    pub fn keyframes(&self) -> &[Keyframe] {
        &self.keyframes
    }

    /// Starts of the minutes that are complete.
    #[must_use]
    pub fn minutes(&self) -> &[SimTime] {
        &self.minutes
    }

    /// Minutes of a channel in `[from, to)`.
    #[must_use]
    pub fn series(&self, scene: &Scene, channel: Channel, from: SimTime, to: SimTime) -> Vec<Minute> {
        let width = self.sums.len();
        let index = channel.index(scene);
        let first = self.minutes.partition_point(|t| *t < from);
        let last = self.minutes.partition_point(|t| *t < to);
        let minute = |i: usize| {
            let [mean, min, max] = *self.values.get(i * width + index)?;
            Some(Minute { time: self.minutes[i], mean, min, max })
        };
        (first..last).filter_map(minute).collect()
    }

    /// The causes of an event back to the roots: the event itself first, then each cause below what it caused, with
    /// its depth; an event that caused several of them stands once, where it is first met.
    #[must_use]
    pub fn why(&self, event: EventId) -> Vec<(&Event, usize)> {
        let (mut seen, mut out, mut stack) = (BTreeSet::new(), Vec::new(), vec![(event, 0)]);
        while let Some((id, depth)) = stack.pop() {
            let Some(event) = self.event(id).filter(|_| seen.insert(id)) else { continue };
            out.push((event, depth));
            stack.extend(event.also.iter().rev().map(|a| (*a, depth + 1)));
            stack.extend(event.cause.map(|c| (c, depth + 1)));
        }
        out
    }
}
