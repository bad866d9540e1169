//! A real chain for tests of panels: the scene's accounts, a few readings and orders, blocks with real signatures.

use super::testing::NOW;
use sim_core::command::Ground;
use sim_core::event::{EventKind, Schedule};
use sim_core::ledger::chain_file::{encode_genesis, encode_line};
use sim_core::ledger::crypto::Keypair;
use sim_core::ledger::genesis::{ACCOUNT_KEYS, AccountPlan, create_genesis};
use sim_core::ledger::network::NetworkSettings;
use sim_core::ledger::types::{MeterReading, Order, Parameters, Payload, Role, Side, SignedTransaction, Transfer};
use sim_core::ledger::{Ledger, OccurrenceKind};
use sim_core::quantity::{Money, Price, Wh};
use sim_core::scene::{Participant, Scene};
use sim_core::snapshot::{BlockView, ChainView};
use sim_core::time::{SECOND_US, SimTime};

const SEED: u64 = 1;
/// Accounts that report and bid.
const SENDERS: usize = 21;

/// Lines of a chain: its genesis, a block with what the first households sent, empty ones behind it, and one in which the
/// first home sends on to the third a part of what the second had sent to it.
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
        let mut payloads = vec![Payload::MeterReading(reading)];
        payloads.extend(match i {
            0 => Some(Payload::Order(order)),
            1 => Some(transfer(0, 5_000_000)),
            _ => None,
        });
        for payload in payloads {
            send(&mut ledger, SimTime(0), &key, payload);
        }
    }
    let mut seen = ledger.advance(SimTime(200 * SECOND_US), &[]);
    let key = Keypair::derive(SEED, ACCOUNT_KEYS, &plans[0].name);
    send(&mut ledger, SimTime(200 * SECOND_US), &key, transfer(2, 3_000_000));
    seen.extend(ledger.advance(SimTime(240 * SECOND_US), &[]));
    for occurrence in seen {
        if let OccurrenceKind::Committed { block, .. } = occurrence.kind {
            lines.push(encode_line(&block));
        }
    }
    assert!(lines.len() > 3, "a chain of {} lines", lines.len());
    lines
}

fn transfer(to: u32, amount: i64) -> Payload {
    Payload::Transfer(Transfer { to, amount: Money(amount) })
}

/// Sends it as the key's next transaction, with a fee where it is no duty.
fn send(ledger: &mut Ledger, now: SimTime, key: &Keypair, payload: Payload) {
    let nonce = ledger.get_next_nonce(&key.get_address());
    let fee = if payload.is_duty() { Money::ZERO } else { Money(1_000) };
    let tx = SignedTransaction::with_fee(key, ledger.get_chain(), nonce, fee, payload);
    ledger.submit(now, tx, 0);
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
