//! `gridsim clear`: an order book at one price, pay as bid, and pair by pair.

use crate::Failure;
use crate::files::{print, read_text};
use serde_json::Value;
use sim_core::market::book_file::{BookError, MAX_BYTES, NamedBook};
use std::fmt::Write as _;
use std::path::PathBuf;

/// Trades that the table shows.
const SHOWN: usize = 20;

/// Arguments of `clear`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Order book (.json): orders of id, side, qty_wh, price_meur_kwh, seq.
    book: PathBuf,
    /// One JSON object with the keys of the reference books.
    #[arg(long)]
    json: bool,
}

/// Clears.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let text = read_text(&args.book, MAX_BYTES as u64)?;
    let file = args.book.display();
    let bad = |e: BookError| match e {
        BookError::Json { .. } => Failure::Input(format!("{file}:{e}")),
        e => Failure::Input(format!("{file}: {e}")),
    };
    let answer = NamedBook::parse(&text).and_then(|book| book.answer()).map_err(bad)?;
    print(&if args.json { format!("{answer}\n") } else { table(&answer) })
}

fn table(answer: &Value) -> String {
    let mut out = String::new();
    let u = &answer["uniform"];
    let p2p = &answer["discriminatory_p2p_midpoint"];
    // Writing to a String cannot fail.
    let _ = match u["price_mid_meur_kwh"].as_f64() {
        Some(price) => writeln!(
            out,
            "uniform price: {} Wh at {price} thousandths a kWh (any price from {} to {} clears)",
            u["volume_max_wh"], u["price_lo_meur_kwh"], u["price_hi_meur_kwh"]
        ),
        None => writeln!(out, "uniform price: nothing is traded, no bid reaches an ask"),
    };
    let _ = writeln!(out, "welfare: {} millionths", u["welfare_wh_meur"]);
    let pay = &answer["pay_as_bid"];
    let (pays, gets) = (&pay["buyers_pay_wh_meur"], &pay["sellers_get_wh_meur"]);
    let _ = writeln!(out, "pay as bid: buyers pay {pays}, sellers get {gets} millionths");
    let _ = writeln!(out, "bilateral: {} trades, {} millionths", p2p["n_trades"], p2p["turnover_wh_meur"]);
    let trades = p2p["trades"].as_array().map(Vec::as_slice).unwrap_or_default();
    for t in trades.iter().take(SHOWN) {
        let name = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        let _ = writeln!(out, "  {:<12} buys from {:<12} {:>9} Wh at {}", name(&t[0]), name(&t[1]), t[2], t[3]);
    }
    if trades.len() > SHOWN {
        let _ = writeln!(out, "  ... and {} more (--json lists all)", trades.len() - SHOWN);
    }
    out
}
