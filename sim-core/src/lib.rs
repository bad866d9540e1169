//! The simulation behind Gridtwin.

pub mod command;
pub mod device;
pub mod digest;
pub mod dispatch;
pub mod dynamics;
pub mod event;
pub mod healing;
pub mod ids;
pub mod journal;
pub mod ledger;
pub mod market;
pub mod metrics;
pub mod network;
pub mod powerflow;
pub mod protection;
pub mod quantity;
pub mod recorder;
pub mod rng;
pub mod scene;
pub mod snapshot;
pub mod time;
pub mod weather;
pub mod world;
