//! The bridge: a native contract that holds a light client of another chain and pays here what was sent there.
//!
//! ```text
//! init(chain, rule, peer)            whom it follows: hash of the genesis, packed mechanism and validators ([`Rule`]), the
//!                                    bridge over there
//! send(receiver)                     keeps the money that comes along and tells `Sent`; the receiver is over there
//! header(header, commit)             the next header, if the light client accepts it
//! release(height, index, size, path, transaction, receipt, receipt path)      pays a `Sent` of the peer, once
//! ```
//!
//! Anybody may bring headers and proofs: they carry their own evidence, and the money goes where `Sent` says. What is
//! paid out is the money that the deployer attached and that was sent the other way, so over both bridges the money is
//! constant; a payment that finds too little fails, stays unused and can be brought again.
//!
//! Texts are [`pack`]ed: canonical bytes in hexadecimal. Limits: the other chain's validators are those of its genesis,
//! about 40 fit into an argument; the last [`KEPT_HEADERS`] headers can be proved under; headers come one by one.

use super::limits::MAX_TEXT_BYTES;
use super::native::{emit, get_int, get_number, record, require};
use super::receipt::FailureKind;
use super::run::{Halt, Run};
use super::store::{ContractId, INIT};
use super::value::{Scalar, Value};
use crate::digest::{Hash, hex, unhex};
use crate::ledger::block::{Commit, Header};
use crate::ledger::crypto::encode;
use crate::ledger::light_client::{LightClient, Rule};
use crate::ledger::merkle::is_included;
use crate::ledger::receipt::{Notice, Outcome, Receipt};
use crate::ledger::types::SignedTransaction;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Headers whose roots are kept.
pub const KEPT_HEADERS: i64 = 2_000;
/// Gas of checking a signature, about its time in operations of the interpreter.
const SIGNATURE: u64 = 500;
/// What packed bytes begin with.
const PACKED: &[u8] = b"gridtwin/bridge/1\0";

/// Canonical bytes of a value in hexadecimal, as the bridge takes it.
#[must_use]
pub fn pack<T: Serialize>(value: &T) -> String {
    hex(&encode("bridge", value))
}

/// The height up to which the bridge of this storage has followed the other chain.
#[must_use]
pub fn get_followed(contract: &super::Contract) -> u64 {
    match contract.get_storage().get("tip") {
        Some(Value::Record(fields)) => match fields.get("height") {
            Some(Scalar::Int(height)) => u64::try_from(*height).unwrap_or_default(),
            _ => 0,
        },
        _ => 0,
    }
}

/// Whether the bridge of this storage has paid for the transaction.
#[must_use]
pub fn is_released(contract: &super::Contract, transaction: &Hash) -> bool {
    contract.get_storage().contains_key(&used_key(transaction))
}

pub(super) fn process_bridge(run: &mut Run, function: &str, args: &[Value]) -> Result<Option<Value>, Halt> {
    match (function, args) {
        (INIT, [chain, rule, peer]) => process_init(run, get_text(chain)?, get_text(rule)?, get_text(peer)?),
        ("send", [receiver]) => process_send(run, get_int(receiver)?),
        ("header", [header, commit]) => process_header(run, get_text(header)?, get_text(commit)?),
        ("release", [height, index, size, path, transaction, receipt, receipt_path]) => {
            let place = Place { height: get_int(height)?, index: get_count(index)?, size: get_count(size)? };
            let texts = [path, transaction, receipt, receipt_path].map(get_text);
            let [path, transaction, receipt, receipt_path] = texts;
            process_release(run, &place, [path?, transaction?, receipt?, receipt_path?])
        }
        _ => {
            let message = format!("the bridge has no function `{function}` with {} arguments", args.len());
            Err(Halt::new(FailureKind::Unknown, message))
        }
    }
}

/// Where a transaction stands on the other chain.
struct Place {
    height: i64,
    index: u64,
    size: u64,
}

fn process_init(run: &mut Run, chain: &str, rule: &str, peer: &str) -> Result<Option<Value>, Halt> {
    parse_hash(chain)?;
    parse_hash(peer)?;
    let known: Rule = unpack(run, rule, "rule")?;
    require(!known.validators.is_empty(), "rule: it has no validators")?;
    for (key, text) in [("chain", chain), ("rule", rule), ("peer", peer)] {
        run.process_store(key, Some(text.into()))?;
    }
    store_tip(run, 0, chain, 0)?;
    Ok(None)
}

fn process_send(run: &mut Run, receiver: i64) -> Result<Option<Value>, Halt> {
    let amount = run.get_setting().attached.0;
    require(amount > 0, "send the money with the call")?;
    require(receiver >= 0, "the receiver is an account of the other chain")?;
    let number = get_number(run, "sent", 0)?.saturating_add(1);
    run.process_store("sent", Some(number.into()))?;
    emit(run, "Sent", [("number", number), ("receiver", receiver), ("amount", amount)])?;
    Ok(Some(number.into()))
}

fn process_header(run: &mut Run, header: &str, commit: &str) -> Result<Option<Value>, Halt> {
    require(run.get_setting().attached.0 == 0, "a header takes no money")?;
    let header: Header = unpack(run, header, "header")?;
    let commit: Commit = unpack(run, commit, "commit")?;
    let rule = load(run, "rule")?;
    let rule: Rule = unpack(run, &rule, "rule")?;
    run.process_cost(0, SIGNATURE, commit.votes.len() + commit.branch.len())?;
    let chain = parse_hash(&load(run, "chain")?)?;
    let tip = get_record(run, "tip")?;
    let head = parse_hash(&tip.get_text("hash")?)?;
    let (height, time) = (tip.get_count("height")?, tip.get_count("time")?);
    let mut client = LightClient::resume(chain, rule, height, head, time);
    client.process_header(&header, &commit).map_err(|e| refuse(e.to_string()))?;
    let height = i64::try_from(header.height).map_err(|_| refuse("the height does not fit into 63 bits"))?;
    let time = i64::try_from(header.time_us).map_err(|_| refuse("the time does not fit into 63 bits"))?;
    store_tip(run, height, &hex(client.get_head()), time)?;
    let roots = [("transactions", header.tx_root), ("receipts", header.receipt_root)];
    let roots = roots.map(|(name, root)| (name.to_owned(), Scalar::Text(hex(&root))));
    run.process_store(&head_key(height), Some(Value::Record(roots.into_iter().collect())))?;
    if height > KEPT_HEADERS {
        run.process_store(&head_key(height - KEPT_HEADERS), None)?;
    }
    Ok(Some(height.into()))
}

fn process_release(run: &mut Run, place: &Place, texts: [&str; 4]) -> Result<Option<Value>, Halt> {
    require(run.get_setting().attached.0 == 0, "a release takes no money")?;
    let Place { height, index, size } = *place;
    let roots = get_record(run, &head_key(height))
        .map_err(|_| refuse(format!("no header of height {height} is held: bring it and those before it first")))?;
    let [path, transaction, receipt, receipt_path] = texts;
    let path: Vec<Hash> = unpack(run, path, "path")?;
    let transaction: SignedTransaction = unpack(run, transaction, "transaction")?;
    let receipt: Receipt = unpack(run, receipt, "receipt")?;
    let receipt_path: Vec<Hash> = unpack(run, receipt_path, "receipt path")?;
    let hash = transaction.compute_hash();
    let leads = |leaf: &Hash, path: &[Hash], name: &str| -> Result<bool, Halt> {
        Ok(is_included(leaf, index, size, path, &parse_hash(&roots.get_text(name)?)?))
    };
    let elsewhere =
        |what: &str| format!("{what} does not lead to the root of block {height}, at place {index} of {size}");
    require(leads(&hash, &path, "transactions")?, &elsewhere("the transaction's path"))?;
    require(leads(&receipt.compute_hash(), &receipt_path, "receipts")?, &elsewhere("the receipt's path"))?;
    require(receipt.outcome == Outcome::Done, "the transaction has failed over there")?;
    let peer = ContractId(parse_hash(&load(run, "peer")?)?);
    let sent = receipt.notices.iter().find_map(|notice| match notice {
        Notice::Contract(contract, event) if *contract == peer && event.name == "Sent" => Some(&event.fields),
        _ => None,
    });
    let Some(Value::Record(fields)) = sent else {
        return Err(refuse("the transaction has sent nothing through the bridge over there"));
    };
    let sent = Fields(fields.clone());
    let used = used_key(&hash);
    require(run.get_stored(&used)?.is_none(), "this transaction was paid for already")?;
    let (receiver, amount) = (sent.get_int("receiver")?, sent.get_int("amount")?);
    run.process_store(&used, Some(true.into()))?;
    run.process_payment(receiver, amount)?;
    emit(run, "Released", [("number", sent.get_int("number")?), ("receiver", receiver), ("amount", amount)])?;
    Ok(Some(amount.into()))
}

struct Fields(std::collections::BTreeMap<String, Scalar>);

impl Fields {
    fn get_int(&self, name: &str) -> Result<i64, Halt> {
        match self.0.get(name) {
            Some(Scalar::Int(value)) => Ok(*value),
            _ => Err(refuse(format!("{name} is missing"))),
        }
    }
    fn get_count(&self, name: &str) -> Result<u64, Halt> {
        self.get_int(name).map(|value| u64::try_from(value).unwrap_or_default())
    }
    fn get_text(&self, name: &str) -> Result<String, Halt> {
        match self.0.get(name) {
            Some(Scalar::Text(text)) => Ok(text.clone()),
            _ => Err(refuse(format!("{name} is missing"))),
        }
    }
}

fn get_record(run: &mut Run, key: &str) -> Result<Fields, Halt> {
    match run.get_stored(key)? {
        Some(Value::Record(fields)) => Ok(Fields(fields)),
        _ => Err(refuse(format!("{key} is missing"))),
    }
}

fn load(run: &mut Run, key: &str) -> Result<String, Halt> {
    match run.get_stored(key)? {
        Some(Value::One(Scalar::Text(text))) => Ok(text),
        _ => Err(refuse(format!("{key} is missing"))),
    }
}

fn store_tip(run: &mut Run, height: i64, hash: &str, time: i64) -> Result<(), Halt> {
    let Value::Record(mut fields) = record([("height", height), ("time", time)]) else { return Ok(()) };
    fields.insert("hash".to_owned(), Scalar::Text(hash.to_owned()));
    run.process_store("tip", Some(Value::Record(fields)))
}

/// Reads packed bytes, which have one spelling, and pays for hashing them.
fn unpack<T: Serialize + DeserializeOwned>(run: &mut Run, text: &str, what: &str) -> Result<T, Halt> {
    run.process_cost(0, 1, text.len().min(MAX_TEXT_BYTES))?;
    let bad = || Halt::new(FailureKind::Value, format!("{what}: not the canonical bytes in hexadecimal"));
    let bytes = parse_bytes(text).ok_or_else(bad)?;
    let body = bytes.strip_prefix(PACKED).ok_or_else(bad)?;
    let value: T = postcard::from_bytes(body).map_err(|_| bad())?;
    if encode("bridge", &value) == bytes { Ok(value) } else { Err(bad()) }
}

fn parse_bytes(text: &str) -> Option<Vec<u8>> {
    let digit = |c: u8| match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'a'..=b'f' => Some(c - b'a' + 10),
        _ => None,
    };
    let pair = |pair: &[u8]| match *pair {
        [high, low] => Some(digit(high)? << 4 | digit(low)?),
        _ => None,
    };
    text.as_bytes().chunks(2).map(pair).collect()
}

fn parse_hash(text: &str) -> Result<Hash, Halt> {
    unhex::<32>(text).ok_or_else(|| Halt::new(FailureKind::Value, "expected a hash of 64 hexadecimal digits"))
}

fn get_text(value: &Value) -> Result<&str, Halt> {
    match value {
        Value::One(Scalar::Text(text)) => Ok(text),
        _ => Err(Halt::new(FailureKind::Value, "expected a text")),
    }
}

fn get_count(value: &Value) -> Result<u64, Halt> {
    u64::try_from(get_int(value)?).map_err(|_| refuse("a place or a number of transactions is negative"))
}

fn head_key(height: i64) -> String {
    format!("head/{height}")
}

fn used_key(transaction: &Hash) -> String {
    format!("used/{}", hex(transaction))
}

fn refuse(message: impl Into<String>) -> Halt {
    Halt::new(FailureKind::Refused, message)
}
