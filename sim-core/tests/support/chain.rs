//! A community's chain from random readings, orders, trades and settlements, as long as one likes.

use sim_core::ledger::certificate::Rules;
use sim_core::ledger::chain_file::{encode_genesis, encode_line};
use sim_core::ledger::crypto::Keypair;
use sim_core::ledger::genesis::{ACCOUNT_KEYS, AccountPlan, Genesis, create_genesis};
use sim_core::ledger::network::NetworkSettings;
use sim_core::ledger::settlement::Metered;
use sim_core::ledger::types::{
    Fill, MeterReading, Order, Parameters, Payload, Role, Settlement, Side, SignedTransaction, Tariffs, Trade,
};
use sim_core::ledger::{Ledger, Occurrence, OccurrenceKind};
use sim_core::quantity::{Money, Price, Wh};
use sim_core::rng::Stream;
use sim_core::time::SimTime;

pub const TARIFFS: Tariffs = Tariffs {
    import: Price(320),
    feed_in: Price(80),
    grid_fee: Price(110),
    local_fee: Price(47),
    tax: 190,
    subsidy: Price(20),
    loss_share: 700,
};
/// Simulated time of a slot, microseconds.
const SLOT_US: u64 = 60_000_000;

/// Accounts 0 to `meters - 1` are meters, then the grid, the losses, the operator and the regulator.
pub struct Community {
    pub genesis: Genesis,
    pub keys: Vec<Keypair>,
    pub meters: u32,
    pub stream: Stream,
}

impl Community {
    pub fn new(meters: u32, seed: u64) -> Self {
        let plan = |name: String, role| AccountPlan::new(&name, role, Money(1_000_000));
        let mut plans: Vec<AccountPlan> = (0..meters).map(|i| plan(format!("home-{i}"), Role::Meter)).collect();
        let others = [("grid", Role::Grid), ("losses", Role::Losses), ("operator", Role::Operator)];
        plans.extend(others.into_iter().chain([("regulator", Role::Regulator)]).map(|(n, role)| plan(n.into(), role)));
        let validators: Vec<(String, u32)> = (0..7).map(|i| (format!("v-{i}"), 1)).collect();
        let rules = Rules { slots_per_hour: 60, ..Rules::default() };
        let parameters = Parameters { certificates: rules, ..Parameters::default() };
        let genesis = create_genesis(seed, "bench", [7; 32], &validators, &plans, parameters);
        let keys = plans.iter().map(|p| Keypair::derive(seed, ACCOUNT_KEYS, &p.name)).collect();
        Self { genesis, keys, meters, stream: Stream::new(seed, "bench", 0) }
    }

    pub fn send(&self, ledger: &mut Ledger, now: SimTime, account: u32, payload: Payload) {
        let key = &self.keys[account as usize];
        let nonce = ledger.get_next_nonce(&key.get_address());
        ledger.submit(now, SignedTransaction::new(key, ledger.get_chain(), nonce, payload), account);
    }

    /// One slot: orders and a trade, readings, the settlement. Returns what happened.
    pub fn play_slot(&mut self, ledger: &mut Ledger, slot: u32) -> Vec<Occurrence> {
        let at = |s: u64| SimTime(u64::from(slot) * SLOT_US + s * 1_000_000);
        let mut seen = ledger.advance(at(1), &[]);
        let mut fills = Vec::new();
        for account in 0..self.meters {
            let quantity = Wh(self.stream.below(900) as i64 - 450);
            let side = if quantity.0 >= 0 { Side::Sell } else { Side::Buy };
            let order = Order { slot, side, quantity: Wh(quantity.0.abs() + 1), price: Price(200) };
            self.send(ledger, at(1), account, Payload::Order(order));
            fills.push(Fill { account, quantity, loss: 40_000 - 9_000 * i64::from(account % 7), congestion: Price(0) });
        }
        let rest = fills.iter().map(|f| f.quantity.0).sum::<i64>();
        fills.push(Fill { account: self.meters, quantity: Wh(-rest), ..Fill::default() });
        let trade = Trade { slot, clearing: 0, price: Price(200), handed: false, fills };
        self.send(ledger, at(1), self.meters + 2, Payload::Trade(trade));
        seen.extend(ledger.advance(at(20), &[]));
        let metered = self.draw_metered();
        for m in &metered {
            let reading = MeterReading { slot, import: m.import, export: m.export };
            self.send(ledger, at(20), m.account, Payload::MeterReading(reading));
        }
        seen.extend(ledger.advance(at(40), &[]));
        self.settle(ledger, at(40), slot, &metered);
        seen.extend(ledger.advance(at(59), &[]));
        seen
    }

    /// Settles a slot whose readings are all on the chain.
    pub fn settle(&self, ledger: &mut Ledger, now: SimTime, slot: u32, metered: &[Metered]) {
        let rows = ledger.get_state().compute_rows(slot, metered, TARIFFS).expect("it balances");
        let settlement = Settlement { slot, tariffs: TARIFFS, rows };
        self.send(ledger, now, self.meters + 2, Payload::Settlement(settlement));
    }

    /// Counts of all meters, of the grid's and of the losses.
    pub fn draw_metered(&mut self) -> Vec<Metered> {
        let mut draw = || Wh(self.stream.below(500) as i64);
        let mut metered: Vec<Metered> =
            (0..self.meters).map(|account| Metered { account, import: draw(), export: draw() }).collect();
        let rest = metered.iter().map(|m| m.import.0 - m.export.0).sum::<i64>() + i64::from(self.meters);
        metered.push(Metered { account: self.meters, import: Wh(0.max(-rest)), export: Wh(0.max(rest)) });
        metered.push(Metered { account: self.meters + 1, import: Wh(i64::from(self.meters)), export: Wh(0) });
        metered
    }
}

/// Gives the lines of a chain, genesis first, to `take` until they hold at least this many transactions; returns how
/// many they hold.
pub fn write_chain(meters: u32, transactions: u64, seed: u64, mut take: impl FnMut(String)) -> u64 {
    let mut community = Community::new(meters, seed);
    let mut ledger = Ledger::new(community.genesis.clone(), NetworkSettings::default(), seed).expect("a valid genesis");
    take(encode_genesis(&community.genesis));
    let mut written = 0;
    for slot in 0.. {
        for occurrence in community.play_slot(&mut ledger, slot) {
            match occurrence.kind {
                OccurrenceKind::Committed { block, .. } => {
                    written += block.transactions.len() as u64;
                    take(encode_line(&block));
                }
                OccurrenceKind::TransactionRefused { reason, .. } => panic!("refused: {reason}"),
                _ => {}
            }
        }
        if written >= transactions {
            break;
        }
    }
    written
}
