//! What grows while a world runs: events, series, blocks, keyframes. No part of the state.

use crate::event::Event;
use crate::ids::EventId;
use crate::scene::Scene;
use crate::time::SimTime;
use crate::world::World;

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
    /// Price in force, thousandths of the currency per kWh.
    Price,
    /// Frequency of the island with most buildings, Hz.
    Frequency,
    /// Net injection at a building's meter, kW.
    Building(u32),
    /// Injection of a device, kW.
    Device(u32),
    /// State of charge of a device, 0 to 1.
    Charge(u32),
    /// Loading of a line.
    Line(u32),
    /// Lowest phase voltage of a bus, per unit.
    Bus(u32),
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

/// Keeps what grows.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    events: Vec<Event>,
}

impl Recorder {
    /// Looks at a world after a step.
    pub fn observe(&mut self, _world: &World) {}

    /// All events so far, ascending.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Minutes of a channel in `[from, to)`.
    #[must_use]
    pub fn series(&self, _channel: Channel, _from: SimTime, _to: SimTime) -> Vec<Minute> {
        Vec::new()
    }

    /// The causes of an event back to the roots, most recent first: (event, depth).
    #[must_use]
    pub fn why(&self, _scene: &Scene, _event: EventId) -> Vec<(&Event, usize)> {
        Vec::new()
    }
}
