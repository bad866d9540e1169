//! What the chain's rules say to the slots of shared storages.

use super::orders::Room;
use crate::ledger::error::TransitionError;
use crate::ledger::types::{Fill, Payload, StorageRow, StorageSlot, Trade};
use crate::quantity::{Money, Price, Wh};

const OPERATOR: u32 = 4;

/// What is handed over at no price in slot 3, by account: given positive.
fn hand_over(room: &mut Room, clearing: u32, fills: &[(u32, i64)]) {
    let fill = |&(account, q): &(u32, i64)| Fill { account, quantity: Wh(q), ..Fill::default() };
    let trade = Trade { slot: 3, clearing, price: Price::ZERO, handed: true, fills: fills.iter().map(fill).collect() };
    room.go(OPERATOR, 0, Payload::Trade(trade)).expect("it sums to zero");
}

/// Account 0 stored `wh` with a provider, of which nine tenths lie inside, and pays 50.
fn stored(provider: u32, wh: i64) -> StorageSlot {
    let row = StorageRow {
        account: 0,
        capacity: Wh(2_000),
        power: Wh(1_000),
        done: Wh(-wh),
        bought_back: Wh(0),
        content: Wh(wh * 900 / 1_000),
        money: Money(-50),
    };
    StorageSlot { storage: provider, slot: 3, capacity: Wh(4_000), power: Wh(1_000), efficiency: 900, rows: vec![row] }
}

/// Account 0 handed 500 Wh to provider 1 and 200 to provider 2. Each may book its own and no more; a provider that books the
/// other's kilowatt-hours as well, or what nobody handed to it, is refused, in whichever order they come.
#[test]
fn no_kilowatt_hour_is_booked_in_two_storages() {
    let mut room = Room::new();
    hand_over(&mut room, 0, &[(0, 500), (1, -500)]);
    hand_over(&mut room, 1, &[(0, 200), (2, -200)]);
    let mut tell = |slot: &StorageSlot| room.go(OPERATOR, 0, Payload::Storage(slot.clone()));
    let is_refused = |e: Result<(), TransitionError>| {
        matches!(e, Err(TransitionError::Range { field: "the sum of rows.done over all storages", .. }))
    };
    assert!(is_refused(tell(&stored(1, 700))), "more than was handed to it");
    tell(&stored(1, 500)).expect("its own");
    assert!(is_refused(tell(&stored(2, 500))), "the same 500 again");
    assert!(is_refused(tell(&stored(3, 200))), "nobody handed anything to 3");
    let mut out = stored(2, 200);
    (out.rows[0].done, out.rows[0].content) = (Wh(10), Wh(0));
    assert!(tell(&out).is_err(), "nothing is inside there");
    tell(&stored(2, 200)).expect("the rest");
    let inside = |room: &Room, p: u32| room.state.get_storage_contents(p).map(|s| s.contents.clone());
    assert_eq!(inside(&room, 1).map(|c| c[&0]), Some(Wh(450)));
    assert_eq!(inside(&room, 2).map(|c| c[&0]), Some(Wh(180)));
    let balances: Vec<i64> = room.state.get_accounts().iter().take(4).map(|a| a.balance.0 - 1_000_000).collect();
    assert_eq!(balances, [-100, 50, 50, 0]);
}
