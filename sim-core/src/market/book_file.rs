//! Order books as JSON text, and what every mechanism makes of one: the document of `gridsim clear`.
//!
//! ```text
//! {"orders": [{"id": "b1", "side": "buy", "qty_wh": 1000, "price_meur_kwh": 150, "seq": 0}, ...]}
//! ```
//!
//! Quantities are whole Wh from 0 to 1 PWh, prices whole thousandths of the currency per kWh of either sign, `seq` the
//! order of arrival; ids and sequence numbers are unique. Other keys are passed over, so that an answer can be read
//! again. Money in the answer is Wh times thousandths per kWh: millionths of the currency. Only the middle price and
//! what is paid at it can be halves; both are exact in the decimal fraction printed, and a book whose sums are too large for
//! that is refused. Pairs are listed where they are at most 400, as in the references. A book may name its `format`, which
//! is 1.

use super::{Bilateral, Book, Clearing, MarketError, Order, PayAsBid, Side};
use super::{clear, clear_pay_as_bid, match_midpoint};
use crate::ids::ParticipantId;
use crate::quantity::{Price, Wh};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Longest text that is read, in bytes: some 600,000 orders.
pub const MAX_BYTES: usize = 64 << 20;
/// The format of a book.
const FORMAT: u64 = 1;
/// Most pairs that are listed.
const LISTED: usize = 400;
/// Largest quantity of an order in Wh.
const MAX_WH: i64 = 1_000_000_000_000_000;
/// Largest price of either sign, thousandths per kWh.
const MAX_PRICE: i64 = 1_000_000_000;

/// Why a text is no order book.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BookError {
    /// Not JSON, or a field is missing or of the wrong kind.
    #[error("{line}:{column}: {reason}; expected orders of id, side, qty_wh, price_meur_kwh and seq")]
    Json {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What is wrong.
        reason: String,
    },
    /// Made for another program.
    #[error("the book has format {found}, this program reads {FORMAT}: write it as `gridsim clear --help` says")]
    Format {
        /// Its format.
        found: u64,
    },
    /// A value out of its range.
    #[error("order {number} ({id}): {field} is {value}; expected a whole number from {least} to {most}")]
    Range {
        /// Place in the list, from 1.
        number: usize,
        /// Its id.
        id: String,
        /// Which field.
        field: &'static str,
        /// What it says.
        value: i64,
        /// The least that is taken.
        least: i64,
        /// The most that is taken.
        most: i64,
    },
    /// An id or a sequence number that an earlier order has.
    #[error("order {number} ({id}): an earlier order has the same {field}; give each its own")]
    Double {
        /// Place in the list, from 1.
        number: usize,
        /// Its id.
        id: String,
        /// `id` or `seq`.
        field: &'static str,
    },
    /// A sum that a number in the answer would not carry to the last half.
    #[error(
        "{field} would be {exact}, more than can be printed exactly; expected quantities and prices that make whole sums of \
         at most 64 bits, and halves below 2^52: use smaller quantities"
    )]
    Inexact {
        /// Which key of the answer.
        field: &'static str,
        /// The sum to the last digit.
        exact: String,
    },
    /// The sums of the book do not fit.
    #[error("{0}")]
    Market(#[from] MarketError),
}

/// A book and the names of its orders, both in the order of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedBook {
    /// The name of the book, where it has one.
    pub name: Option<String>,
    /// The orders; each its own participant.
    pub book: Book,
    /// Id of each order.
    pub ids: Vec<String>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with a list `orders`")]
struct Document {
    name: Option<String>,
    #[serde(alias = "version")]
    format: Option<u64>,
    orders: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(expecting = "an order")]
struct Entry {
    id: String,
    side: Way,
    qty_wh: i64,
    price_meur_kwh: i64,
    seq: u64,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Way {
    Buy,
    Sell,
}

impl NamedBook {
    /// Reads a book.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place.
    pub fn parse(text: &str) -> Result<Self, BookError> {
        let document: Document = serde_json::from_str(text).map_err(|e| {
            let all = e.to_string();
            let reason = all.rsplit_once(" at line ").map_or(all.as_str(), |(reason, _)| reason);
            let reason = reason.replace("expected i64", "expected a whole number of at most 64 bits");
            let reason = reason.replace("expected u64", "expected a whole number of at most 64 bits, 0 or more");
            BookError::Json { line: e.line(), column: e.column(), reason }
        })?;
        if let Some(found) = document.format.filter(|format| *format != FORMAT) {
            return Err(BookError::Format { found });
        }
        let (mut ids, mut sequences) = (BTreeSet::new(), BTreeSet::new());
        for (number, entry) in (1..).zip(&document.orders) {
            let id = || entry.id.clone();
            let range = |field, value: i64, least, most| match value {
                v if (least..=most).contains(&v) => Ok(()),
                value => Err(BookError::Range { number, id: id(), field, value, least, most }),
            };
            range("qty_wh", entry.qty_wh, 0, MAX_WH)?;
            range("price_meur_kwh", entry.price_meur_kwh, -MAX_PRICE, MAX_PRICE)?;
            if !ids.insert(entry.id.as_str()) {
                return Err(BookError::Double { number, id: id(), field: "id" });
            }
            if !sequences.insert(entry.seq) {
                return Err(BookError::Double { number, id: id(), field: "seq" });
            }
        }
        let orders = (0..).zip(&document.orders).map(|(n, e)| Order {
            participant: ParticipantId(n),
            side: if matches!(e.side, Way::Buy) { Side::Buy } else { Side::Sell },
            quantity: Wh(e.qty_wh),
            price: Price(e.price_meur_kwh),
            sequence: e.seq,
        });
        let book = Book::new(orders.collect())?;
        Ok(Self { name: document.name, book, ids: document.orders.into_iter().map(|e| e.id).collect() })
    }

    /// What each mechanism makes of the book.
    ///
    /// # Errors
    /// [`BookError::Market`] when a sum does not fit into 64 bits, [`BookError::Inexact`] when one cannot be printed exactly.
    pub fn answer(&self) -> Result<Value, BookError> {
        let clearing = clear(&self.book)?;
        let filled: BTreeMap<&str, i64> =
            clearing.fills.iter().map(|f| (self.ids[f.order].as_str(), f.quantity.0)).collect();
        let mut answer = Map::new();
        if let Some(name) = &self.name {
            answer.insert("name".into(), json!(name));
        }
        answer.insert("uniform".into(), uniform(&clearing)?);
        answer.insert("filled_price_time_priority".into(), json!(filled));
        answer.insert("pay_as_bid".into(), pay_as_bid(&clear_pay_as_bid(&self.book)?));
        answer.insert("discriminatory_p2p_midpoint".into(), self.midpoint(&match_midpoint(&self.book)?)?);
        Ok(Value::Object(answer))
    }

    fn midpoint(&self, outcome: &Bilateral) -> Result<Value, BookError> {
        let trade = |t: &super::BilateralTrade| {
            let price = half("price", i128::from(t.price_doubled));
            price.map(|price| json!([self.ids[t.buy], self.ids[t.sell], t.quantity.0, price]))
        };
        let listed = (outcome.trades.len() <= LISTED).then(|| outcome.trades.iter().map(trade).collect());
        let trades: Option<Vec<Value>> = listed.transpose()?;
        Ok(json!({
            "rule": "greedy best bid x best ask, price-time priority, trade price=(bid+ask)/2",
            "n_trades": outcome.trades.len(),
            "turnover_wh_meur": half("turnover_wh_meur", i128::from(outcome.turnover_doubled.0))?,
            "trades": trades,
        }))
    }
}

fn uniform(c: &Clearing) -> Result<Value, BookError> {
    let doubled = c.interval.map(|i| i128::from(i.low.0) + i128::from(i.high.0));
    let paid = doubled.map(|d| d * i128::from(c.volume.0));
    Ok(json!({
        "volume_max_wh": c.volume.0,
        "volume_min_wh_same_welfare": c.volume_min.0,
        "welfare_wh_meur": c.welfare.0,
        "welfare_eur": c.welfare.0 as f64 / 1e6,
        "price_lo_meur_kwh": c.interval.map(|i| i.low.0),
        "price_hi_meur_kwh": c.interval.map(|i| i.high.0),
        "price_mid_meur_kwh": doubled.map(|d| half("price_mid_meur_kwh", d)).transpose()?,
        "payments_at_mid_wh_meur": paid.map(|d| half("payments_at_mid_wh_meur", d)).transpose()?,
    }))
}

fn pay_as_bid(p: &PayAsBid) -> Value {
    json!({ "buyers_pay_wh_meur": p.buyers_pay.0, "sellers_get_wh_meur": p.sellers_get.0 })
}

/// Half of a whole number as JSON: whole where it is even, else with `.5`, which a float carries as long as the doubled
/// number is below 2^53.
fn half(field: &'static str, doubled: i128) -> Result<Value, BookError> {
    let whole = doubled / 2;
    match (doubled % 2 == 0, i64::try_from(whole)) {
        (true, Ok(whole)) => Ok(json!(whole)),
        (false, _) if doubled.unsigned_abs() < 1 << 53 => Ok(json!(doubled as f64 / 2.0)),
        (is_whole, _) => {
            let (sign, rest) = (if doubled < 0 { "-" } else { "" }, if is_whole { "" } else { ".5" });
            Err(BookError::Inexact { field, exact: format!("{sign}{}{rest}", whole.unsigned_abs()) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book(orders: &str) -> Result<NamedBook, BookError> {
        NamedBook::parse(&format!("{{\"orders\":[{orders}]}}"))
    }

    /// The middle of 140 and 141 is 140.5; 600 Wh at it are 84,300 millionths.
    #[test]
    fn halves_are_exact() {
        let read = book(
            r#"{"id":"b","side":"buy","qty_wh":600,"price_meur_kwh":141,"seq":0},
               {"id":"s","side":"sell","qty_wh":600,"price_meur_kwh":140,"seq":1}"#,
        );
        let answer = read.expect("a book").answer().expect("clears");
        assert_eq!(answer["uniform"]["price_mid_meur_kwh"], json!(140.5));
        assert_eq!(answer["uniform"]["payments_at_mid_wh_meur"], json!(84_300));
        assert_eq!(answer["discriminatory_p2p_midpoint"]["trades"], json!([["b", "s", 600, 140.5]]));
        assert_eq!(answer["filled_price_time_priority"], json!({"b": 600, "s": 600}));
    }

    /// The last half that a float carries, and the first that it does not; whole sums go on to 64 bits.
    #[test]
    fn what_cannot_be_printed_exactly_is_refused() {
        for (doubled, printed) in [
            ((1 << 53) - 1, "4503599627370495.5"),
            (1 - (1 << 53), "-4503599627370495.5"),
            (-1, "-0.5"),
            (2 * ((1 << 53) + 1), "9007199254740993"),
            (2 * i128::from(i64::MIN), "-9223372036854775808"),
        ] {
            assert_eq!(half("x", doubled).map(|v| v.to_string()).as_deref(), Ok(printed));
        }
        for (doubled, exact) in [
            ((1 << 53) + 1, "4503599627370496.5"),
            (-1 - (1 << 53), "-4503599627370496.5"),
            (1 << 64, "9223372036854775808"),
        ] {
            assert_eq!(half("x", doubled), Err(BookError::Inexact { field: "x", exact: exact.to_owned() }));
        }
    }

    #[test]
    fn bad_books_say_where_and_what() {
        let good = r#"{"id":"b","side":"buy","qty_wh":1,"price_meur_kwh":1,"seq":0}"#;
        let cases = [
            (good.replace("buy", "hold"), "unknown variant `hold`, expected `buy` or `sell`"),
            (
                good.replace(":1,\"seq", ":1.5,\"seq"),
                "1:65: invalid type: floating point `1.5`, expected a whole number",
            ),
            (good.replace(",\"seq\":0", ""), "missing field `seq`"),
            (
                good.replace("\"qty_wh\":1", "\"qty_wh\":-1"),
                "order 1 (b): qty_wh is -1; expected a whole number from 0",
            ),
            (format!("{good},{good}"), "order 2 (b): an earlier order has the same id"),
            (format!("{good},{}", good.replace("\"b\"", "\"c\"")), "order 2 (c): an earlier order has the same seq"),
            (good[..20].to_owned(), "1:"),
        ];
        for (text, message) in cases {
            let said = book(&text).expect_err(&text).to_string();
            assert!(said.contains(message), "{text}: {said}");
        }
    }
}
