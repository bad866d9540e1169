//! Contracts that are part of the ledger, written in Rust behind the same interface as the texts.
//!
//! They go through the same `Run` and so pay the same for storage, payments and events and meet the same limits; what
//! they save is the interpreter. [`P2pSettlement`](Native::P2pSettlement) is line for line what
//! `assets/contracts/p2p-settlement.rhai` says; a test compares both on random calls.
//! [`Bridge`](Native::Bridge) has no text: checking signatures and packed bytes is nothing for the interpreter.

use super::bridge::process_bridge;
use super::receipt::FailureKind;
use super::run::{Halt, Run};
use super::store::INIT;
use super::value::{Scalar, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The native contracts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Native {
    /// Two neighbours trade energy of one slot, paid by what their meters count.
    P2pSettlement,
    /// A light client of another chain that pays here what was sent there.
    Bridge,
}

/// Longest time after a slot in which its readings can still come, in slots.
const PATIENCE: i64 = 8;
/// Most energy of an offer, in Wh.
const MAX_ENERGY: i64 = 1_000_000_000;
/// Highest price of an offer, in thousandths of the currency per kWh.
const MAX_PRICE: i64 = 1_000_000;

impl Native {
    /// Its name.
    #[must_use]
    pub fn get_name(self) -> &'static str {
        match self {
            Self::P2pSettlement => "p2p-settlement",
            Self::Bridge => "bridge",
        }
    }
    /// By its name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        [Self::P2pSettlement, Self::Bridge].into_iter().find(|n| n.get_name() == name)
    }
    pub(super) fn process_run(self, run: &mut Run, function: &str, args: &[Value]) -> Result<Option<Value>, Halt> {
        match self {
            Self::P2pSettlement => process_p2p(run, function, args),
            Self::Bridge => process_bridge(run, function, args),
        }
    }
}

fn process_p2p(run: &mut Run, function: &str, args: &[Value]) -> Result<Option<Value>, Halt> {
    match (function, args) {
        (INIT, []) => Ok(None),
        ("offer", [slot, energy, price]) => {
            process_offer(run, get_int(slot)?, get_int(energy)?, get_int(price)?).map(Some)
        }
        ("cancel", [id]) => process_cancel(run, get_int(id)?).map(|()| None),
        ("accept", [id]) => process_accept(run, get_int(id)?).map(|()| None),
        ("settle", [id]) => process_settle(run, get_int(id)?).map(Some),
        ("refund", [id]) => process_refund(run, get_int(id)?).map(|()| None),
        _ => {
            let message = format!("p2p-settlement has no function `{function}` with {} arguments", args.len());
            Err(Halt::new(FailureKind::Unknown, message))
        }
    }
}

struct Offer {
    seller: i64,
    buyer: i64,
    slot: i64,
    energy: i64,
    price: i64,
}

fn process_offer(run: &mut Run, slot: i64, energy: i64, price: i64) -> Result<Value, Halt> {
    require(run.get_setting().attached.0 == 0, "an offer takes no money")?;
    require(slot > get_slot(run), "the slot must not have begun")?;
    require(energy > 0 && energy <= MAX_ENERGY, "the energy must be from 1 to 1000000000 Wh")?;
    require(price > 0 && price <= MAX_PRICE, "the price must be from 1 to 1000000")?;
    let id = get_number(run, "next", 1)?;
    run.process_store("next", Some(id.saturating_add(1).into()))?;
    let seller = i64::from(run.get_setting().sender);
    store_offer(run, id, &Offer { seller, buyer: -1, slot, energy, price })?;
    emit(run, "Offered", [("id", id), ("seller", seller), ("slot", slot), ("energy", energy), ("price", price)])?;
    Ok(id.into())
}

fn process_cancel(run: &mut Run, id: i64) -> Result<(), Halt> {
    require(run.get_setting().attached.0 == 0, "cancelling takes no money")?;
    let offer = get_offer(run, id)?;
    require(i64::from(run.get_setting().sender) == offer.seller, "only the seller can cancel")?;
    require(offer.buyer < 0, "the offer is taken")?;
    run.process_store(&key(id), None)?;
    emit(run, "Cancelled", [("id", id)])
}

fn process_accept(run: &mut Run, id: i64) -> Result<(), Halt> {
    let mut offer = get_offer(run, id)?;
    let buyer = i64::from(run.get_setting().sender);
    require(offer.buyer < 0, "the offer is taken")?;
    require(buyer != offer.seller, "a seller cannot buy from himself")?;
    require(offer.slot > get_slot(run), "the slot has begun")?;
    let paid = run.get_setting().attached.0 == offer.energy.saturating_mul(offer.price);
    require(paid, "send exactly energy times price with the call")?;
    offer.buyer = buyer;
    store_offer(run, id, &offer)?;
    emit(run, "Accepted", [("id", id), ("buyer", buyer)])
}

fn process_settle(run: &mut Run, id: i64) -> Result<Value, Halt> {
    require(run.get_setting().attached.0 == 0, "settling takes no money")?;
    let offer = get_offer(run, id)?;
    require(offer.buyer >= 0, "nobody has taken the offer")?;
    require(offer.slot < get_slot(run), "the slot is not over")?;
    let given = run.get_reading(offer.seller, offer.slot)?;
    let taken = run.get_reading(offer.buyer, offer.slot)?;
    let (Some((_, given)), Some((taken, _))) = (given, taken) else {
        return Err(Halt::new(FailureKind::Refused, "a reading of the slot is missing"));
    };
    // What an earlier settlement counted cannot be sold or bought a second time.
    let sold_key = format!("sold/{}/{}", offer.seller, offer.slot);
    let bought_key = format!("bought/{}/{}", offer.buyer, offer.slot);
    let sold = get_number(run, &sold_key, 0)?;
    let bought = get_number(run, &bought_key, 0)?;
    let delivered = offer.energy.min(given.0.saturating_sub(sold)).min(taken.0.saturating_sub(bought)).max(0);
    run.process_store(&sold_key, Some(sold.saturating_add(delivered).into()))?;
    run.process_store(&bought_key, Some(bought.saturating_add(delivered).into()))?;
    run.process_store(&key(id), None)?;
    run.process_payment(offer.seller, delivered.saturating_mul(offer.price))?;
    run.process_payment(offer.buyer, offer.energy.saturating_sub(delivered).saturating_mul(offer.price))?;
    emit(run, "Settled", [("id", id), ("delivered", delivered), ("paid", delivered.saturating_mul(offer.price))])?;
    Ok(delivered.into())
}

fn process_refund(run: &mut Run, id: i64) -> Result<(), Halt> {
    require(run.get_setting().attached.0 == 0, "a refund takes no money")?;
    let offer = get_offer(run, id)?;
    require(i64::from(run.get_setting().sender) == offer.buyer, "only the buyer gets a refund")?;
    require(offer.slot.saturating_add(PATIENCE) < get_slot(run), "the readings may still come")?;
    let given = run.get_reading(offer.seller, offer.slot)?;
    let taken = run.get_reading(offer.buyer, offer.slot)?;
    require(given.is_none() || taken.is_none(), "both readings are there: settle")?;
    run.process_store(&key(id), None)?;
    run.process_payment(offer.buyer, offer.energy.saturating_mul(offer.price))?;
    emit(run, "Refunded", [("id", id)])
}

fn key(id: i64) -> String {
    format!("offer/{id}")
}

fn get_slot(run: &Run) -> i64 {
    i64::from(run.get_setting().host.get_slot())
}

fn get_offer(run: &mut Run, id: i64) -> Result<Offer, Halt> {
    match run.get_stored(&key(id))? {
        Some(Value::Record(fields)) => {
            let field = |name: &str| match fields.get(name) {
                Some(Scalar::Int(value)) => *value,
                _ => 0,
            };
            Ok(Offer {
                seller: field("seller"),
                buyer: field("buyer"),
                slot: field("slot"),
                energy: field("energy"),
                price: field("price"),
            })
        }
        _ => Err(Halt::new(FailureKind::Refused, "there is no such offer")),
    }
}

fn store_offer(run: &mut Run, id: i64, o: &Offer) -> Result<(), Halt> {
    let fields =
        record([("seller", o.seller), ("buyer", o.buyer), ("slot", o.slot), ("energy", o.energy), ("price", o.price)]);
    run.process_store(&key(id), Some(fields))
}

pub(super) fn get_number(run: &mut Run, key: &str, otherwise: i64) -> Result<i64, Halt> {
    Ok(run.get_stored(key)?.and_then(|v| get_int(&v).ok()).unwrap_or(otherwise))
}

pub(super) fn get_int(value: &Value) -> Result<i64, Halt> {
    match value {
        Value::One(Scalar::Int(value)) => Ok(*value),
        _ => Err(Halt::new(FailureKind::Value, "expected a whole number")),
    }
}

pub(super) fn record<const N: usize>(fields: [(&str, i64); N]) -> Value {
    Value::Record(fields.into_iter().map(|(k, v)| (k.to_owned(), Scalar::Int(v))).collect::<BTreeMap<_, _>>())
}

pub(super) fn emit<const N: usize>(run: &mut Run, name: &str, fields: [(&str, i64); N]) -> Result<(), Halt> {
    run.process_event(name, record(fields))
}

pub(super) fn require(holds: bool, message: &str) -> Result<(), Halt> {
    if holds { Ok(()) } else { Err(Halt::new(FailureKind::Refused, message)) }
}
