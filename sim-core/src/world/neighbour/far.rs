//! The neighbour's own chain: its homes are one account, the line's account there is the border.
//!
//! Each slot its operator puts on the chain what crossed, at the price there, and both meters; then the settlement, and
//! by a transfer what the line's account owes or gets for imbalance and charges on our side, which its homes bear. The
//! chain has its own validators and does not know ours: what goes on here is no cause of a stall there.

use super::settle::Crossing;
use crate::ledger::Reach;
use crate::ledger::bridge::LocalChain;
use crate::ledger::genesis::{AccountPlan, GenesisError};
use crate::ledger::settlement::Metered;
use crate::ledger::types::{Fill, MeterReading, Parameters, Payload, Role, Settlement, Tariffs, Trade, Transfer};
use crate::ledger::{OccurrenceKind, chain_file};
use crate::quantity::{Money, Wh};
use crate::time::SimTime;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Index of the account of all homes.
pub(super) const HOMES: u32 = 0;
/// Index of the line's account, the border: counterparty of all that crosses.
pub(super) const BORDER: u32 = 1;
const OPERATOR: u32 = 2;
/// The neighbour's own grid, which a settlement has a row for; what it does is not followed.
const GRID: u32 = 3;
const VALIDATORS: [&str; 4] = ["mill", "school", "bridge-house", "landing"];
/// What homes and border open with: enough for years of what crosses.
pub(super) const OPENING: Money = Money(100_000_000_000);

/// A slot on its way to the chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct FarSlot {
    pub(super) slot: u32,
    pub(super) crossings: Vec<Crossing>,
    /// What really left and reached the homes' end, Wh.
    pub(super) given: i64,
    pub(super) taken: i64,
    /// Beside the trades: what the line's account got on our side (+), passed on to the homes.
    pub(super) passed_on: Money,
    stage: u8,
}

/// The chain next door.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct FarSide {
    chain: LocalChain,
    pending: VecDeque<FarSlot>,
    /// Height, time and transactions of its last block, and the hash's beginning.
    pub(super) head: (u64, SimTime, u32, String),
    /// Lines of its chain file that the recorder has not got yet.
    fresh: Vec<String>,
}

impl FarSide {
    /// The chain at its genesis.
    ///
    /// # Errors
    /// When the genesis is not valid.
    pub(super) fn new(name: &str, seed: u64, start: SimTime, slot_us: u64) -> Result<Self, GenesisError> {
        let accounts = vec![
            AccountPlan::new("homes", Role::Meter, OPENING),
            AccountPlan::new("border", Role::Meter, OPENING),
            AccountPlan::new("operator", Role::Operator, Money::ZERO),
            AccountPlan::new("grid", Role::Grid, Money::ZERO),
        ];
        // Nothing is paid for a place in a block; without anything to do there is a block a slot.
        let parameters = Parameters { least_fee: Money::ZERO, empty_interval_us: slot_us, ..Parameters::default() };
        let mut chain = LocalChain::new(name, seed ^ NEXT_DOOR, accounts, &VALIDATORS, parameters)?;
        chain.start_at(start);
        let fresh = vec![chain_file::encode_genesis(chain.get_ledger().get_genesis())];
        Ok(Self { chain, pending: VecDeque::new(), head: (0, start, 0, String::new()), fresh })
    }

    /// A slot is over.
    pub(super) fn post(&mut self, slot: u32, crossings: Vec<Crossing>, flow: (i64, i64), passed_on: Money) {
        let (given, taken) = flow;
        self.pending.push_back(FarSlot { slot, crossings, given, taken, passed_on, stage: 0 });
    }

    /// A second passes there; lines of new blocks.
    pub(super) fn run(&mut self, now: SimTime) -> Vec<String> {
        self.send_next(now);
        for occurrence in self.chain.advance(now, &[Reach::FULL; VALIDATORS.len()]) {
            if let OccurrenceKind::Committed { block, .. } = occurrence.kind {
                let hash = crate::digest::hex(&block.header.compute_hash()[..8]);
                let count = u32::try_from(block.transactions.len()).unwrap_or(u32::MAX);
                self.head = (block.header.height, SimTime(occurrence.time_us), count, hash);
                self.fresh.push(chain_file::encode_line(&block));
            }
        }
        std::mem::take(&mut self.fresh)
    }

    fn send_next(&mut self, now: SimTime) {
        let Some(mut next) = self.pending.pop_front() else { return };
        let market = self.chain.get_ledger().get_state().get_market();
        match next.stage {
            0 => {
                self.send_trades(now, &next);
                next.stage = 1;
            }
            1 if market
                .open
                .get(&next.slot)
                .is_some_and(|open| open.readings.len() == 2 && open.clearings as usize == next.crossings.len()) =>
            {
                self.send_settlement(now, &next);
                next.stage = 2;
            }
            2 if market.settled.is_some_and(|s| s >= next.slot) => return,
            _ => {}
        }
        self.pending.push_front(next);
    }

    fn send_trades(&mut self, now: SimTime, next: &FarSlot) {
        let slot = next.slot;
        for (clearing, c) in (0..).zip(&next.crossings) {
            let fills = [(HOMES, c.far), (BORDER, -c.far)];
            let fills = fills.map(|(account, wh)| Fill { account, quantity: Wh(wh), ..Fill::default() }).to_vec();
            self.chain.send(
                now,
                OPERATOR,
                Payload::Trade(Trade { slot, clearing, price: c.far_price, handed: false, fills }),
            );
        }
        for m in metered(next).into_iter().filter(|m| m.account != GRID) {
            let reading = MeterReading { slot, import: m.import, export: m.export };
            self.chain.send(now, m.account, Payload::MeterReading(reading));
        }
    }

    fn send_settlement(&mut self, now: SimTime, next: &FarSlot) {
        // What was not delivered as agreed is priced on our side, where it was missing, and passed on below.
        let (slot, tariffs) = (next.slot, Tariffs::default());
        let rows = self.chain.get_ledger().get_state().compute_rows(slot, &metered(next), tariffs).unwrap_or_default();
        self.chain.send(now, OPERATOR, Payload::Settlement(Settlement { slot, tariffs, rows }));
        let (from, to) = if next.passed_on.0 < 0 { (HOMES, BORDER) } else { (BORDER, HOMES) };
        let amount = Money(next.passed_on.0.saturating_abs());
        if amount > Money::ZERO {
            self.chain.send(now, from, Payload::Transfer(Transfer { to, amount }));
        }
    }

    /// Slots that are not settled there yet.
    pub(super) fn count_pending(&self) -> usize {
        self.pending.len()
    }
    /// What an account has gained since its opening.
    pub(super) fn compute_gain(&self, account: u32) -> Money {
        Money(self.chain.get_balance(account).0 - OPENING.0)
    }
    /// All money there.
    pub(super) fn sum_money(&self) -> i64 {
        self.chain.get_ledger().get_state().get_accounts().iter().map(|a| a.balance.0).sum()
    }
}

/// The neighbour's keys are others than ours.
const NEXT_DOOR: u64 = 0x0E1B_0DE0;

fn metered(next: &FarSlot) -> [Metered; 3] {
    let (given, taken) = (Wh(next.given), Wh(next.taken));
    [
        Metered { account: HOMES, import: taken, export: given },
        Metered { account: BORDER, import: given, export: taken },
        Metered { account: GRID, import: Wh::ZERO, export: Wh::ZERO },
    ]
}
