//! The simulation behind Gridtwin: a community microgrid and the energy blockchain that runs on it.
//!
//! It draws nothing and reads no clock, file, network or global: a [`World`](world::World) is made from a validated
//! [`Scene`](scene::Scene) and a seed, is changed by [`Command`](command::Command)s alone, and gives
//! [`Snapshot`](snapshot::Snapshot)s and [`Event`](event::Event)s. Same scene, seed and commands: the same bits.
//!
//! # What is modelled
//! | part | model | where |
//! |---|---|---|
//! | sun, clouds, wind, temperature | NREL SPA, Ineichen-Perez, stochastic clear-sky index, gusts | [`weather`] |
//! | devices | PVWatts with Perez, power curves, Willans lines, storage with losses, household events | [`device`] |
//! | network | unbalanced phasors, one to four conductors; Newton with the Jacobian kept; taps and banks; IEC 60909 | [`powerflow`] |
//! | other tools' networks | MATPOWER cases, OpenDSS scripts | `network::import` |
//! | dispatch | rules: renewables, storage, engines; positions on the grid | [`dispatch`] |
//! | frequency | swing and droop of whatever forms an island | [`dynamics`] |
//! | protection | definite-time relays in two groups, breaker failure, ride-through, shedding, synchronising | [`protection`] |
//! | healing | fault-passage indicators, isolation, restoration checked by power flow, crews | [`healing`] |
//! | market | five mechanisms on one book, losses and congestion by the direction of flow, shared storage, settlement | [`market`] |
//! | business | who owns a plant, and what it comes to over the years | [`business`] |
//! | chain | ed25519, RFC 6962 trees, five ways to agree over a lossy network, contracts, audit and proofs | [`ledger`] |
//!
//! # Units and signs
//! Power kW and kvar, energy kWh, voltage per unit of the bus's nominal value, current A, time an integer of
//! microseconds since midnight of the scene's first day. **Injection into the grid is positive, consumption negative**,
//! except where a name says demand or load. What is settled is an integer: Wh, thousandths of the currency per kWh,
//! millionths of the currency.
//!
//! # Reading order
//! [`scene::schema`] (what a scene says), [`world`] with its `step.rs` (what happens in a second), then the part that
//! interests you; [`journal`] and [`event`] (why), [`recorder`], [`replay`] and [`save`] (what is kept).

pub mod business;
pub mod command;
pub mod complex;
pub mod device;
pub mod digest;
pub mod dispatch;
pub mod dynamics;
pub mod event;
pub mod explain;
pub mod healing;
pub mod ids;
pub mod journal;
pub mod ledger;
pub mod market;
pub mod metrics;
pub mod network;
pub mod output;
pub mod powerflow;
pub mod protection;
pub mod quantity;
pub mod recorder;
pub mod replay;
pub mod rng;
pub mod save;
pub mod scene;
pub mod script;
pub mod snapshot;
mod spelling;
pub mod time;
pub mod weather;
pub mod world;
