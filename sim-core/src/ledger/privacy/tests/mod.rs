//! Tests of the privacy lab as a whole, and the small neighbourhood they play with.

mod access;
mod forgeries;
mod neighbourhood;
mod regulator;
mod vectors;

use super::commitment::{Blinding, Opening, Register};
use super::envelope::Access;
use super::keys::{ReaderKey, ReaderSecret};
use super::range_proof::RangeSystem;
use super::reading::PrivateReading;
use crate::ledger::types::MeterReading;
use crate::quantity::Wh;
use std::collections::BTreeMap;
use std::sync::OnceLock;

const SEED: u64 = 5;
/// The account that stands for the regulator.
const REGULATOR: u32 = 100;

fn system() -> &'static RangeSystem {
    static SYSTEM: OnceLock<RangeSystem> = OnceLock::new();
    SYSTEM.get_or_init(|| RangeSystem::new(4).expect("a size"))
}

fn secret(account: u32) -> ReaderSecret {
    ReaderSecret::derive(SEED, &format!("home-{account}"))
}

fn keys(count: u32) -> BTreeMap<u32, ReaderKey> {
    (0..count).map(|a| (a, secret(a).get_key())).collect()
}

fn access(account: u32) -> Access {
    Access::new(account, secret(account).get_key())
}

fn counts(slot: u32, import: i64, export: i64) -> MeterReading {
    MeterReading { slot, import: Wh(import), export: Wh(export) }
}

fn publish(access: &Access, account: u32, reading: &MeterReading) -> PrivateReading {
    PrivateReading::compute(system(), access, &secret(account), SEED, account, reading).expect("a reading")
}

fn opening(account: u32, slot: u32, value: i64) -> Opening {
    Opening { value, blinding: Blinding::derive(SEED, account, slot, Register::Import) }
}
