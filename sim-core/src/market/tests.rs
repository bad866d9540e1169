//! Tests of the market as a whole: against `refs/market`, properties of conservation, and how prices answer.

use super::*;
use crate::ids::ParticipantId;
use crate::quantity::{Money, Price, Wh};
use crate::time::{DAY_US, MINUTE_US, SimTime};

mod conservation;
mod mechanisms;
mod references;
mod response;
mod rules;
mod week;

const GRID: ParticipantId = ParticipantId(100);
const SLOT: u64 = DAY_US / 96;

fn levers() -> Levers {
    Levers { import_tariff: Price(320), feed_in_tariff: Price(80), ..Levers::default() }
}

fn market() -> Market {
    Market::new(MarketParameters::with_grid(GRID, 7), levers()).expect("good parameters")
}

/// Net export in Wh a slot, with a tenth of it as deviation.
fn household(n: u32, net: i64) -> Situation {
    let forecast = Forecast { import: Wh((-net).max(0)), export: Wh(net.max(0)), deviation: Wh(net.abs() / 10) };
    Situation {
        participant: ParticipantId(n),
        connected: true,
        place: 0,
        green: net > 0,
        forecast,
        storage: None,
        engine: None,
    }
}

fn battery(n: u32, energy: i64) -> Situation {
    let storage = StorageState {
        energy: Wh(energy),
        capacity: Wh(300_000),
        reserve: Wh(60_000),
        charge_limit: Wh(37_500),
        discharge_limit: Wh(37_500),
        charge_thousandths: 960,
        discharge_thousandths: 960,
        wear: Price(30),
    };
    Situation { storage: Some(storage), ..household(n, 0) }
}

fn engine(n: u32, marginal_cost: i64, available: i64) -> Situation {
    let engine = EngineState { marginal_cost: Price(marginal_cost), g_per_kwh: 505, available: Wh(available) };
    Situation { engine: Some(engine), ..household(n, 0) }
}
