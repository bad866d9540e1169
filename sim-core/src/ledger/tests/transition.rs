//! The transition: what it refuses, and what no sequence of transactions can change.

use super::{Community, TARIFFS};
use crate::ledger::error::TransitionError;
use crate::ledger::receipt::Receipt;
use crate::ledger::settlement::Metered;
use crate::ledger::state::{Place, State};
use crate::ledger::types::{
    Access, Cap, Fill, MeterReading, Order, Parameters, Payload, Settlement, Side, SignedTransaction, Trade, Transfer,
};
use crate::quantity::{Money, Price, Wh};
use proptest::prelude::*;

pub(super) const PLACE: Place = Place { height: 1, time_us: 0, proposer: 0 };

fn apply(state: &mut State, community: &Community, account: u32, payload: Payload) -> Result<(), TransitionError> {
    let nonce = state.get_accounts()[account as usize].nonce;
    let chain = community.genesis.compute_hash();
    let fee = if payload.is_duty() { Money::ZERO } else { Money(1_000) };
    let tx = SignedTransaction::with_fee(&community.keys[account as usize], &chain, nonce, fee, payload);
    state.process_transaction(&tx, PLACE).map(|receipt| assert_eq!(receipt, Receipt::done(fee)))
}

fn trade(slot: u32, clearing: u32, fills: &[(u32, i64)]) -> Payload {
    let fills = fills.iter().map(|&(account, q)| Fill { account, quantity: Wh(q), ..Fill::default() }).collect();
    Payload::Trade(Trade { slot, clearing, price: Price(250), handed: false, fills })
}

fn read(slot: u32, import: i64, export: i64) -> Payload {
    Payload::MeterReading(MeterReading { slot, import: Wh(import), export: Wh(export) })
}

/// Two meters (0, 1), grid 2, losses 3, operator 4: readings, two clearings, settlement, then everything forbidden.
#[test]
fn a_slot_from_reading_to_settlement() {
    let community = Community::new(2, 1, Parameters::default());
    let mut state = State::new(&community.genesis);
    let supply = state.compute_supply();
    let mut go = |account, payload| apply(&mut state, &community, account, payload);
    go(4, trade(7, 0, &[(0, 500), (1, -800), (2, 300)])).expect("sums to zero");
    assert_eq!(go(4, trade(7, 0, &[])), Err(TransitionError::Clearing { expected: 1, found: 0 }));
    assert_eq!(go(4, trade(7, 1, &[(0, 5), (1, -4)])), Err(TransitionError::FillSum { sum: 1 }));
    assert_eq!(go(4, trade(7, 1, &[(1, 5), (0, -5)])), Err(TransitionError::Fill { index: 1, account: 0 }));
    assert_eq!(go(4, trade(7, 1, &[(3, 0)])), Err(TransitionError::Fill { index: 0, account: 3 }));
    go(4, trade(7, 1, &[(0, -100), (2, 100)])).expect("sums to zero");
    assert!(matches!(go(0, trade(7, 2, &[])), Err(TransitionError::Role { payload: "Trade", .. })));
    assert!(matches!(go(4, read(7, 0, 0)), Err(TransitionError::Role { .. })));
    go(0, read(7, 0, 450)).expect("a reading");
    go(1, read(7, 820, 0)).expect("a reading");
    assert_eq!(go(0, read(7, 0, 450)), Err(TransitionError::Reading { slot: 7, last: 7 }));
    assert!(matches!(go(0, read(8, -1, 0)), Err(TransitionError::Range { field: "import", .. })));
    assert!(matches!(go(0, read(9_999, 0, 0)), Err(TransitionError::SlotClosed { .. })));

    let metered = |grid: i64, second: i64| {
        [(0, 0, 450), (1, second, 0), (2, 0, grid), (3, 10, 0)].map(|(account, import, export)| Metered {
            account,
            import: Wh(import),
            export: Wh(export),
        })
    };
    let rows = state.compute_rows(7, &metered(380, 820), TARIFFS).expect("it balances");
    let settle = |rows: Vec<_>| Payload::Settlement(Settlement { slot: 7, tariffs: TARIFFS, rows });
    let mut go = |account, payload| apply(&mut state, &community, account, payload);
    for (field, change) in [
        ("money", 1_usize),
        ("imbalance", 2),
        ("export", 0),
        ("bought", 3),
        ("grid_fee", 1),
        ("tax", 1),
        ("subsidy", 0),
        ("losses", 1),
        ("congestion", 2),
    ] {
        let mut wrong = rows.clone();
        match field {
            "money" => wrong[1].money.0 += 1,
            "imbalance" => wrong[1].imbalance.0 += 1,
            "export" => wrong[0].export.0 += 1,
            "grid_fee" => wrong[1].grid_fee.0 += 1,
            "tax" => wrong[1].tax.0 += 1,
            "subsidy" => wrong[0].subsidy.0 += 1,
            "losses" => wrong[1].losses.0 += 1,
            "congestion" => wrong[2].congestion.0 += 1,
            _ => wrong[3].bought.0 += 1,
        }
        let error = go(4, settle(wrong)).expect_err(field);
        assert!(matches!(error, TransitionError::Row { field: f, .. } if f == field), "{change} {error}");
    }
    let error = go(4, settle(rows[1..].to_vec())).expect_err("a row is missing");
    assert_eq!(error, TransitionError::MissingRow { account: 0 });
    go(4, settle(rows.clone())).expect("the computed rows");
    assert!(matches!(go(4, settle(rows.clone())), Err(TransitionError::SlotClosed { settled: Some(7), .. })));
    go(3, read(7, 10, 0)).expect("a late reading counts in the registers");
    // Seller: 400 sold at 0.250, 50 long at 0.064. Buyer: 800 at 0.250, 20 short at 0.384. Losses: 10 at 0.320.
    // The buyer's fee: 450 of its 820 are made inside: 370 at 0.110 and 450 at 0.047; its tax: 19 % of 269,530, half up.
    let (fee, tax) = (370 * 110 + 450 * 47, 51_211);
    // Nobody's trades have a loss factor here: seven tenths of the losses' 3,200 go by what the meters counted, 450 and 820
    // of 1,270 Wh: 793 and, with what was cut, 1,447.
    let balances: Vec<i64> = state.get_accounts().iter().map(|a| a.balance.0 - 1_000_000).collect();
    let grid = 100_000 - 3_200 + 7_680 + 3_200 + fee + tax;
    assert_eq!(balances[..5], [103_200 - 793, -207_680 - fee - tax - 1_447, grid, -3_200 + 2_240, 0]);
    assert_eq!(state.compute_supply(), supply);
}

#[test]
fn a_block_is_all_or_nothing() {
    let community = Community::new(2, 1, Parameters::default());
    let state = State::new(&community.genesis);
    let before = state.clone();
    let chain = community.genesis.compute_hash();
    let sign = |nonce| {
        SignedTransaction::new(&community.keys[0], &chain, nonce, read(u32::try_from(nonce).expect("small"), 1, 0))
    };
    assert_eq!(
        state.compute_next(&[sign(0), sign(2)], PLACE).map(|_| ()),
        Err((1, TransitionError::Nonce { expected: 1, found: 2 }))
    );
    assert_eq!((&state, state.clone().compute_root()), (&before, before.clone().compute_root()));
    let (mut state, _) = state.compute_next(&[sign(0), sign(1)], PLACE).expect("in order");
    let mut fresh: State = postcard::from_bytes(&postcard::to_stdvec(&state).expect("writes")).expect("reads");
    assert_eq!(state.compute_root(), fresh.compute_root(), "a tree kept up to date is the one built afresh");
    assert_ne!(state.compute_root(), before.clone().compute_root());
}

fn any_payload() -> impl Strategy<Value = Payload> {
    let wh = || prop_oneof![0..2_000_i64, Just(i64::MAX), Just(-1), Just(1_000_000_000)].prop_map(Wh);
    let price = || prop_oneof![-500..500_i64, Just(i64::MIN), Just(1_000_000)].prop_map(Price);
    let slot = || prop_oneof![0..4_u32, Just(u32::MAX)];
    prop_oneof![
        (slot(), wh(), wh()).prop_map(|(slot, import, export)| Payload::MeterReading(MeterReading {
            slot,
            import,
            export
        })),
        (slot(), wh(), price())
            .prop_map(|(slot, quantity, price)| { Payload::Order(Order { slot, side: Side::Buy, quantity, price }) }),
        (slot(), 0..3_u32, price(), wh(), wh()).prop_map(|(slot, clearing, price, a, b)| {
            let rest = Wh(a.0.wrapping_add(b.0).wrapping_neg());
            let fills = [(0, a), (1, b), (3, rest)]
                .map(|(account, quantity)| Fill { account, quantity, ..Fill::default() })
                .to_vec();
            Payload::Trade(Trade { slot, clearing, price, handed: false, fills })
        }),
        (0..8_u32, wh()).prop_map(|(to, amount)| Payload::Transfer(Transfer { to, amount: Money(amount.0) })),
        (0..8_u32, any::<bool>()).prop_map(|(grantee, give)| {
            let access = Access { grantee };
            if give { Payload::Grant(access) } else { Payload::Revoke(access) }
        }),
        (price(), price()).prop_map(|(floor, ceiling)| Payload::Cap(Cap { floor, ceiling })),
        (slot(), wh()).prop_map(|(slot, _)| Payload::Settlement(Settlement {
            slot,
            tariffs: TARIFFS,
            rows: Vec::new()
        })),
    ]
}

proptest! {
    /// No sequence of transactions, valid or not, changes the sum of balances or leaves half a change.
    #[test]
    fn the_supply_is_constant(steps in prop::collection::vec((0..6_u32, any_payload(), any::<u16>()), 1..60)) {
        let mut community = Community::new(3, 1, Parameters::default());
        let mut state = State::new(&community.genesis);
        let (supply, mut settled) = (state.compute_supply(), 0);
        for (account, payload, draw) in steps {
            let account = if matches!(payload, Payload::Trade(_) | Payload::Settlement(_)) { 5 } else { account };
            let payload = match payload {
                Payload::Settlement(mut s) if draw % 2 == 0 => {
                    let mut metered = community.draw_metered();
                    fix_to_readings(&state, s.slot, &mut metered);
                    s.rows = state.compute_rows(s.slot, &metered, TARIFFS).unwrap_or_default();
                    Payload::Settlement(s)
                }
                other => other,
            };
            let before = state.clone();
            match apply(&mut state, &community, account, payload.clone()) {
                Ok(()) => settled += usize::from(matches!(payload, Payload::Settlement(_))),
                Err(_) => prop_assert_eq!(&state, &before),
            }
            prop_assert_eq!(state.compute_supply(), supply);
            let mut fresh: State = postcard::from_bytes(&postcard::to_stdvec(&state).expect("writes")).expect("reads");
            prop_assert_eq!(state.compute_root(), fresh.compute_root());
        } prop_assert!(settled <= 4);
    }
}

/// Puts the readings of the chain into drawn figures and lets the grid carry the difference.
fn fix_to_readings(state: &State, slot: u32, metered: &mut [Metered]) {
    let Some(open) = state.get_market().open.get(&slot) else { return };
    for m in metered.iter_mut() {
        if let Some((import, export)) = open.readings.get(&m.account) {
            (m.import, m.export) = (*import, *export);
        }
    }
    if !open.readings.contains_key(&state.get_grid()) {
        let others = metered.iter().filter(|m| m.account != state.get_grid());
        let rest: i64 = others.map(|m| m.import.0 - m.export.0).sum();
        for m in metered.iter_mut().filter(|m| m.account == state.get_grid()) {
            (m.import, m.export) = (Wh(0.max(-rest)), Wh(0.max(rest)));
        }
    }
}
