//! A real chain for tests of panels: the scene's accounts, a few readings and orders, blocks with real signatures.

use super::testing::NOW;
use sim_core::command::Ground;
use sim_core::event::{EventKind, Schedule};
use sim_core::ledger::chain_file::{encode_genesis, encode_line};
use sim_core::ledger::crypto::Keypair;
use sim_core::ledger::genesis::{ACCOUNT_KEYS, AccountPlan, create_genesis};
use sim_core::ledger::network::NetworkSettings;
use sim_core::ledger::types::{MeterReading, Order, Parameters, Payload, Role, Side, SignedTransaction};
use sim_core::ledger::{Ledger, OccurrenceKind};
use sim_core::quantity::{Money, Price, Wh};
use sim_core::scene::{Participant, Scene};
use sim_core::snapshot::{BlockView, ChainView};
use sim_core::time::{SECOND_US, SimTime};

const SEED: u64 = 1;
/// Accounts that report and bid.
const SENDERS: usize = 21;

/// Lines of a chain: its genesis, a block with what the first households sent, and empty ones behind it.
pub(super) fn chain(scene: &Scene) -> Vec<String> {
    let f = &scene.file;
    let plan = |p: &Participant| {
        let (name, role) = match p {
            Participant::Building(b) => (f.buildings[b.index()].name.as_str(), Role::Meter),
            Participant::Device(d) => (f.devices[d.index()].name.as_str(), Role::Meter),
            Participant::Grid => ("grid", Role::Grid),
            Participant::Losses => ("losses", Role::Losses),
        };
        AccountPlan::new(name, role, Money::ZERO)
    };
    let mut plans: Vec<AccountPlan> = scene.participants.iter().map(plan).collect();
    plans.push(AccountPlan::new("operator", Role::Operator, Money::ZERO));
    let validators: Vec<(String, u32)> = f.validators.iter().map(|v| (v.name.clone(), 1)).collect();
    let genesis = create_genesis(SEED, "test", scene.digest, &validators, &plans, Parameters::default());
    let mut lines = vec![encode_genesis(&genesis)];
    let mut ledger = Ledger::new(genesis, NetworkSettings::default(), SEED).expect("a ledger");
    for (i, plan) in plans.iter().take(SENDERS).enumerate() {
        let (key, amount) = (Keypair::derive(SEED, ACCOUNT_KEYS, &plan.name), i64::try_from(i).unwrap_or(0));
        let reading = MeterReading { slot: 0, import: Wh(310 + amount), export: Wh::ZERO };
        let order = Order { slot: 0, side: Side::Buy, quantity: Wh(900), price: Price(210 + amount) };
        let payloads = if i == 0 {
            vec![Payload::MeterReading(reading), Payload::Order(order)]
        } else {
            vec![Payload::MeterReading(reading)]
        };
        for (nonce, payload) in (0..).zip(payloads) {
            let tx = SignedTransaction::new(&key, ledger.get_chain(), nonce, payload);
            ledger.submit(SimTime(0), tx, u32::try_from(i).unwrap_or(0));
        }
    }
    for occurrence in ledger.advance(SimTime(200 * SECOND_US), &[]) {
        if let OccurrenceKind::Committed { block, .. } = occurrence.kind {
            lines.push(encode_line(&block));
        }
    }
    assert!(lines.len() > 3, "a chain of {} lines", lines.len());
    lines
}

/// What grants and the regulator make happen.
pub(super) fn oversight_events() -> Vec<EventKind> {
    vec![
        EventKind::AccessGranted { to: "regulator".into() },
        EventKind::AccessRevoked { to: "home-02".into() },
        EventKind::CapSet { floor_milli: None, ceiling_milli: Some(300) },
        EventKind::CapSet { floor_milli: None, ceiling_milli: None },
        EventKind::AccountSuspended { ground: Ground::Meter, slot: 40 },
        EventKind::AccountReinstated { slot: 44 },
        EventKind::ReportPublished { number: 3, blocks: 720, out: 1, doubts: 2 },
        EventKind::ScheduleDue { what: Schedule::Report },
    ]
}

/// Ten blocks, a message waiting here and there.
pub(super) fn view() -> ChainView {
    let block = |i: u64| BlockView {
        height: 403 + i,
        proposed: SimTime(NOW.0 - (9 - i) * 10 * SECOND_US - (90 + 13 * i) * 1_000),
        time: SimTime(NOW.0 - (9 - i) * 10 * SECOND_US),
        hash: format!("a1b2c3d4e5f6{:04x}", 403 + i),
        round: 0,
        proposer: u32::try_from(i % 7).unwrap_or(0),
        counts: [46, 3, 12, 0, 0],
        votes: 7,
        waiting: 17,
    };
    ChainView {
        height: 412,
        round: 0,
        proposer: 3,
        waiting: 17,
        voting: 7,
        transactions: 18_240,
        blocks: (0..10).map(block).collect(),
        ..ChainView::default()
    }
}
