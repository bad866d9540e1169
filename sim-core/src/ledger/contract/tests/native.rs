//! The native contract and the text say the same.

use super::super::native::Native;
use super::super::store::Code;
use super::super::value::Value;
use super::{Bench, of_library};
use crate::quantity::Wh;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Act {
    Call { by: usize, function: usize, args: Vec<i64>, attach: i64 },
    Wait(u32),
    Count { who: u32, slot: u32, taken: i64, given: i64 },
}

const NAMES: [&str; 4] = ["Ana", "Ben", "Cleo", "Dan"];
const FUNCTIONS: [(&str, usize); 6] =
    [("offer", 3), ("accept", 1), ("settle", 1), ("cancel", 1), ("refund", 1), ("take", 1)];

fn act() -> impl Strategy<Value = Act> {
    let amount = prop_oneof![8 => 0..2_000_i64, 1 => any::<i64>()];
    let offer = (0..4_usize, 36..44_i64, amount.clone(), prop_oneof![8 => 1..9_i64, 1 => any::<i64>()]).prop_map(
        |(by, slot, energy, price)| Act::Call { by, function: 0, args: vec![slot, energy, price], attach: 0 },
    );
    let other = (0..4_usize, 1..6_usize, 0..6_i64, prop_oneof![4 => Just(0), 1 => 0..9_000_i64])
        .prop_map(|(by, function, id, attach)| Act::Call { by, function, args: vec![id], attach });
    let count = (0..4_u32, 36..44_u32, 0..3_000_i64, 0..3_000_i64).prop_map(|(who, slot, taken, given)| Act::Count {
        who,
        slot,
        taken,
        given,
    });
    prop_oneof![3 => offer, 6 => other, 1 => (0..4_u32).prop_map(Act::Wait), 4 => count]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]
    /// Random calls, three in four of them with what the offer costs: same results, events, transfers, storage; money
    /// conserved after each.
    #[test]
    fn native_and_text_give_the_same(acts in prop::collection::vec((act(), any::<bool>()), 1..60)) {
        let mut both = [Bench::new(&of_library("p2p-settlement")), Bench::new(&Code::Native(Native::P2pSettlement))];
        for (act, exact) in acts {
            match act {
                Act::Wait(slots) => both.iter_mut().for_each(|b| b.sandbox.process_wait_slots(slots)),
                Act::Count { who, slot, taken, given } => {
                    both.iter_mut().for_each(|b| b.sandbox.process_reading(who, slot, Wh(taken), Wh(given)));
                }
                Act::Call { by, function, args, attach } => {
                    let (name, _) = FUNCTIONS[function];
                    let attach = if exact && name == "accept" { price_of(&both[0], args[0]).unwrap_or(attach) } else { attach };
                    let args: Vec<Value> = args.into_iter().map(Value::from).collect();
                    let [a, b] = both.each_mut().map(|b| b.call_with(NAMES[by], name, &args, attach, 50_000));
                    prop_assert_eq!(a.status.as_ref().ok(), b.status.as_ref().ok(), "{:?} {:?}", a.status, b.status);
                    prop_assert_eq!(&a.events, &b.events);
                    prop_assert_eq!(&a.transfers, &b.transfers);
                    prop_assert_eq!(&a.writes, &b.writes);
                }
            }
            let stored = both.each_ref().map(|b| b.sandbox.contracts.get(&b.id).expect("it").get_storage().clone());
            prop_assert_eq!(&stored[0], &stored[1]);
            prop_assert_eq!(both[0].balances(), both[1].balances());
            prop_assert_eq!(both[0].sandbox.compute_money().map(|m| m.0), Some(500_000_000));
        }
    }
}

fn price_of(bench: &Bench, id: i64) -> Option<i64> {
    use super::super::value::Scalar;
    let stored = bench.sandbox.contracts.get(&bench.id)?.get_storage().get(&format!("offer/{id}"))?.clone();
    let Value::Record(fields) = stored else { return None };
    match (fields.get("energy")?, fields.get("price")?) {
        (Scalar::Int(energy), Scalar::Int(price)) => energy.checked_mul(*price),
        _ => None,
    }
}

#[test]
fn a_native_contract_is_found_by_its_name_and_costs_less_gas() {
    assert_eq!(Native::find("p2p-settlement"), Some(Native::P2pSettlement));
    assert_eq!(Native::find("escrow"), None);
    let used = [of_library("p2p-settlement"), Code::Native(Native::P2pSettlement)].map(|code| {
        let mut bench = Bench::new(&code);
        bench.call_with("Ana", "offer", &[40.into(), 10.into(), 10.into()], 0, 50_000).gas_used
    });
    assert!(used[1] < used[0], "{used:?}");
}
