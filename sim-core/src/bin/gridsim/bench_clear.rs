//! `gridsim bench-clear`: what clearing an order book costs under every mechanism.

use crate::Failure;
use crate::clock::processor_seconds;
use crate::files::print;
use serde_json::json;
use sim_core::ids::ParticipantId;
use sim_core::market::{Book, Mechanism, Setting, Side, run_mechanism};
use sim_core::quantity::{Price, Wh};
use sim_core::rng::Stream;
use std::collections::BTreeMap;

/// Readings of the clock for each mechanism.
const READINGS: usize = 9;
/// What the grid asks.
const IMPORT: Price = Price(320);
/// What the grid pays.
const FEED_IN: Price = Price(80);
/// What the grid gives and takes at most: more than all others.
const GRID: Wh = Wh(100_000_000_000);

/// Arguments of `bench-clear`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Orders of the book, half to buy and half to sell.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(2..=1_000_000))]
    orders: u32,
    /// Seed of the book.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

/// Measures.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let book = draw_book(args)?;
    let parties = BTreeMap::new();
    let setting = Setting {
        grid: ParticipantId(args.orders),
        operator: ParticipantId(args.orders + 1),
        import: IMPORT,
        feed_in: FEED_IN,
        parties: &parties,
        seed: args.seed,
    };
    let mut lines = format!("{} orders, processor time in ms: least, median of {READINGS}\n", args.orders);
    let mut all = serde_json::Map::new();
    for mechanism in Mechanism::ALL {
        let mut ms = Vec::with_capacity(READINGS);
        let mut traded = Wh::ZERO;
        for _ in 0..READINGS {
            let start = processor_seconds();
            let outcome = run_mechanism(mechanism, &book, &setting, 0, None).map_err(|e| Failure::Other(e.into()))?;
            ms.push((processor_seconds() - start) * 1e3);
            traded = outcome.clearing.volume;
        }
        ms.sort_by(f64::total_cmp);
        let (least, median) = (ms[0], ms[READINGS / 2]);
        lines += &format!("{mechanism:<14?} {least:8.2} {median:8.2}   {} kWh traded\n", traded.0 / 1_000);
        all.insert(
            format!("{mechanism:?}"),
            json!({ "ms": { "min": least, "median": median }, "traded_wh": traded.0 }),
        );
    }
    print(&if args.json { format!("{}\n", json!({ "orders": args.orders, "mechanisms": all })) } else { lines })
}

/// Orders of up to 5 kWh from 50 to 299 thousandths a kWh, so that about half of them meet, and the grid at both tariffs.
fn draw_book(args: &Args) -> Result<Book, Failure> {
    let (mut dice, mut book) = (Stream::new(args.seed, "bench-clear", 0), Book::default());
    for who in 0..args.orders {
        let side = if who % 2 == 0 { Side::Buy } else { Side::Sell };
        let (quantity, price) = (Wh(1 + dice.below(5_000) as i64), Price(50 + dice.below(250) as i64));
        book.place(ParticipantId(who), side, quantity, price).map_err(|e| Failure::Other(e.into()))?;
    }
    for (side, price) in [(Side::Sell, IMPORT), (Side::Buy, FEED_IN)] {
        book.place(ParticipantId(args.orders), side, GRID, price).map_err(|e| Failure::Other(e.into()))?;
    }
    Ok(book)
}
