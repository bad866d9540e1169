//! Tests of the ledger as a whole, and the small community they play with.

mod behaviour;
mod campaign;
mod clique;
mod consensus;
mod contracts;
mod day;
mod explore;
mod gossip;
mod ledger;
mod light_client;
mod mechanisms;
mod money;
mod orders;
mod oversight;
mod partition;
mod pbft;
mod raft;
mod reorganisation;
mod state_proof;
mod storage;
mod transition;
mod work;

use super::block::Block;
use super::chain_file::{encode_genesis, encode_line};
use super::crypto::Keypair;
use super::genesis::{ACCOUNT_KEYS, AccountPlan, Genesis, create_genesis};
use super::network::NetworkSettings;
use super::settlement::Metered;
use super::types::{
    Fill, MeterReading, Order, Parameters, Payload, Role, Settlement, Side, SignedTransaction, Tariffs, Trade,
};
use super::{Ledger, Occurrence, OccurrenceKind, Reach};
use crate::quantity::{Money, Price, Wh};
use crate::rng::Stream;
use crate::time::{SECOND_US, SimTime};

pub(super) const TARIFFS: Tariffs = Tariffs {
    import: Price(320),
    feed_in: Price(80),
    grid_fee: Price(110),
    local_fee: Price(47),
    tax: 190,
    subsidy: Price(20),
    loss_share: 700,
};

/// Accounts 0 to `meters - 1` are meters, then the grid, the losses, the operator, the regulator and the validators'.
pub(super) struct Community {
    pub(super) genesis: Genesis,
    pub(super) keys: Vec<Keypair>,
    pub(super) meters: u32,
    stream: Stream,
}

impl Community {
    pub(super) fn new(meters: u32, seed: u64, parameters: Parameters) -> Self {
        let plan = |name: String, role| AccountPlan::new(&name, role, Money(1_000_000));
        let mut plans: Vec<AccountPlan> = (0..meters).map(|i| plan(format!("home-{i}"), Role::Meter)).collect();
        plans.push(plan("grid".into(), Role::Grid));
        plans.push(plan("losses".into(), Role::Losses));
        plans.push(plan("operator".into(), Role::Operator));
        plans.push(plan("regulator".into(), Role::Regulator));
        let names = ["substation", "clinic", "school", "hall", "battery", "workshop", "ev-hub"];
        let validators: Vec<(String, u32)> = names.iter().map(|name| ((*name).to_owned(), 1)).collect();
        plans.extend(names.iter().map(|name| plan(format!("validator-{name}"), Role::Validator)));
        let genesis = create_genesis(seed, "commons", [7; 32], &validators, &plans, parameters);
        let keys = plans.iter().map(|p| Keypair::derive(seed, ACCOUNT_KEYS, &p.name)).collect();
        Self { genesis, keys, meters, stream: Stream::new(seed, "community", 0) }
    }

    pub(super) fn start(&self, settings: NetworkSettings, seed: u64) -> Ledger {
        Ledger::new(self.genesis.clone(), settings, seed).expect("a valid genesis")
    }

    pub(super) fn send(&self, ledger: &mut Ledger, now: SimTime, account: u32, payload: Payload) {
        let key = &self.keys[account as usize];
        let nonce = ledger.get_next_nonce(&key.get_address());
        ledger.submit(now, SignedTransaction::new(key, ledger.get_chain(), nonce, payload), account);
    }

    /// The orders of a slot, and the trade that clears it.
    pub(super) fn trade(&mut self, ledger: &mut Ledger, now: SimTime, slot: u32) {
        let mut fills = Vec::new();
        for account in 0..self.meters {
            let quantity = Wh(self.stream.below(900) as i64 - 450);
            let side = if quantity.0 >= 0 { Side::Sell } else { Side::Buy };
            let order = Order { slot, side, quantity: Wh(quantity.0.abs() + 1), price: Price(200) };
            self.send(ledger, now, account, Payload::Order(order));
            fills.push(Fill { account, quantity, loss: 40_000 - 9_000 * i64::from(account % 7), congestion: Price(0) });
        }
        let rest = fills.iter().map(|f| f.quantity.0).sum::<i64>();
        fills.push(Fill { account: self.meters, quantity: Wh(-rest), ..Fill::default() });
        let trade = Trade { slot, clearing: 0, price: Price(200), handed: false, fills };
        self.send(ledger, now, self.meters + 2, Payload::Trade(trade));
    }

    /// What the meters counted in a slot: random, with losses of 1 Wh a meter, and the grid for the rest.
    pub(super) fn draw_metered(&mut self) -> Vec<Metered> {
        let meters = self.meters;
        let mut metered: Vec<Metered> = (0..meters)
            .map(|account| Metered {
                account,
                import: Wh(self.stream.below(500) as i64),
                export: Wh(self.stream.below(500) as i64),
            })
            .collect();
        let rest = metered.iter().map(|m| m.import.0 - m.export.0).sum::<i64>() + i64::from(meters);
        metered.push(Metered { account: meters, import: Wh(0.max(-rest)), export: Wh(0.max(rest)) });
        metered.push(Metered { account: meters + 1, import: Wh(i64::from(meters)), export: Wh(0) });
        metered
    }

    pub(super) fn read(&self, ledger: &mut Ledger, now: SimTime, slot: u32, metered: &[Metered]) {
        for m in metered {
            let reading = MeterReading { slot, import: m.import, export: m.export };
            self.send(ledger, now, m.account, Payload::MeterReading(reading));
        }
    }

    /// A slot of a minute, from its orders to its settlement; returns what happened.
    pub(super) fn play_slot(&mut self, ledger: &mut Ledger, slot: u32) -> Vec<Occurrence> {
        let at = |s: u64| seconds(u64::from(slot) * 60 + s);
        let mut seen = ledger.advance(at(1), &[]);
        self.trade(ledger, at(1), slot);
        seen.extend(ledger.advance(at(20), &[]));
        let metered = self.draw_metered();
        self.read(ledger, at(20), slot, &metered);
        seen.extend(ledger.advance(at(40), &[]));
        self.settle(ledger, at(40), slot, &metered);
        seen.extend(ledger.advance(at(59), &[]));
        seen
    }

    pub(super) fn settle(&self, ledger: &mut Ledger, now: SimTime, slot: u32, metered: &[Metered]) {
        let rows = ledger.get_state().compute_rows(slot, metered, TARIFFS).expect("it balances");
        let settlement = Settlement { slot, tariffs: TARIFFS, rows };
        self.send(ledger, now, self.meters + 2, Payload::Settlement(settlement));
    }
}

pub(super) fn get_blocks(occurrences: &[Occurrence]) -> Vec<Block> {
    let block = |o: &Occurrence| match &o.kind {
        OccurrenceKind::Committed { block, .. } => Some((**block).clone()),
        _ => None,
    };
    occurrences.iter().filter_map(block).collect()
}

pub(super) fn get_refusals(occurrences: &[Occurrence]) -> Vec<String> {
    let refusal = |o: &Occurrence| match &o.kind {
        OccurrenceKind::TransactionRefused { reason, .. } => Some(reason.to_string()),
        _ => None,
    };
    occurrences.iter().filter_map(refusal).collect()
}

pub(super) fn seconds(s: u64) -> SimTime {
    SimTime(s * SECOND_US)
}

/// Everybody can be heard but the first `silent` validators.
pub(super) fn silence(silent: usize) -> Vec<Reach> {
    let mut reach = vec![Reach::FULL; 7];
    for r in &mut reach[..silent] {
        r.powered = false;
    }
    reach
}

/// A chain of slots of a minute each, until it has `blocks` blocks; as the lines of its file.
pub(super) fn create_chain(meters: u32, blocks: usize) -> Vec<Vec<u8>> {
    let mut community = Community::new(meters, 3, Parameters::default());
    let mut ledger = community.start(NetworkSettings::default(), 3);
    let mut lines = vec![encode_genesis(&community.genesis).into_bytes()];
    for slot in 0.. {
        let seen = community.play_slot(&mut ledger, slot);
        assert_eq!(get_refusals(&seen), Vec::<String>::new());
        lines.extend(get_blocks(&seen).iter().map(|block| encode_line(block).into_bytes()));
        if lines.len() > blocks {
            break;
        }
    }
    lines.truncate(blocks + 1);
    lines
}
