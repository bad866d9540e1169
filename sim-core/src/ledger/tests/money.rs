//! Money followed: everything a balance changes by is explained, and a payment is made of what came first.

use super::{Community, get_blocks, get_refusals, seconds};
use crate::ledger::contract::{Code, ContractId, Scalar, Value};
use crate::ledger::mechanism::Mechanism;
use crate::ledger::money::{Holder, MoneyBook, MoneyError, Movement, Origin, Why};
use crate::ledger::network::NetworkSettings;
use crate::ledger::types::{Deployment, Invocation, Parameters, Payload, SignedTransaction, Transfer};
use crate::ledger::{Ledger, Occurrence};
use crate::quantity::Money;
use std::collections::BTreeSet;

const FEE: i64 = 60_000;
/// Keeps what comes and pays a part of it on.
const PURSE: &str = "fn init() { } fn give(to, part) { pay(to, part); } fn burn(to, part) { pay(to, part); 1 / 0 }";

fn send(community: &Community, ledger: &mut Ledger, at_s: u64, account: u32, fee: i64, payload: Payload) {
    let key = &community.keys[account as usize];
    let nonce = ledger.get_next_nonce(&key.get_address());
    let tx = SignedTransaction::with_fee(key, ledger.get_chain(), nonce, Money(fee), payload);
    ledger.submit(seconds(at_s), tx, account);
}

fn transfer(to: u32, amount: i64) -> Payload {
    Payload::Transfer(Transfer { to, amount: Money(amount) })
}

/// The book of what has been committed; each block's numbers are those that follow.
fn read(community: &Community, seen: &[Occurrence]) -> MoneyBook {
    let mut book = MoneyBook::new(&community.genesis);
    for block in get_blocks(seen) {
        let end = book.get_numbers().end;
        assert_eq!(book.process_block(&block).expect("the next block").start, end);
    }
    book
}

fn movements(book: &MoneyBook) -> Vec<Movement> {
    book.get_numbers().filter_map(|n| book.get(n).copied()).collect()
}

/// For every account: the movements add up to its balance, what is left of them is the balance where it is no debt, and
/// every movement's origins add up to it.
fn check(book: &MoneyBook, ledger: &Ledger) {
    let all = movements(book);
    let holders: BTreeSet<Holder> = all.iter().flat_map(|m| [m.from, m.to]).collect();
    for (i, account) in (0..).zip(ledger.get_state().get_accounts()) {
        let sum: i64 = all.iter().map(|m| m.get_change(Holder::Account(i))).sum();
        assert_eq!(sum, account.balance.0, "{}", account.name);
    }
    for (id, contract) in ledger.get_state().get_contracts().iter() {
        assert_eq!(
            book.get_purse(Holder::Contract(*id)).map_or(0, |p| p.compute_balance()),
            i128::from(contract.balance.0)
        );
    }
    let sources = [Holder::Genesis, Holder::Unknown, Holder::Account(book.get_grid())];
    for holder in holders.into_iter().filter(|h| !sources.contains(h)) {
        let purse = book.get_purse(holder).expect("it had money");
        assert_eq!(purse.compute_left(), purse.compute_balance().max(0), "{holder:?}");
    }
    for (number, m) in book.get_numbers().zip(&all) {
        assert!(m.why != Why::Unknown && m.amount.0 > 0, "{m:?}");
        let trace = book.trace(number).expect("it is kept");
        assert_eq!(trace.origins.values().map(|a| a.0).sum::<i64>(), m.amount.0, "{m:?}");
        assert!(!trace.origins.keys().any(|(o, _)| matches!(o, Origin::Earlier | Origin::Unexplained)), "{m:?}");
        assert!(trace.steps.iter().all(|s| s.movement.is_none_or(|(n, _)| n < number)), "money comes from before");
    }
}

/// Settled slots with losses and taxes, transfers, a contract that pays and one call of it that fails, under each mechanism.
#[test]
fn all_money_is_explained_under_every_mechanism() {
    for mechanism in Mechanism::ALL {
        let mut community = Community::new(5, 4, Parameters { mechanism, ..Parameters::default() });
        let mut ledger = community.start(NetworkSettings::default(), 4);
        let code = Code::Text(PURSE.to_owned());
        let nonce = ledger.get_next_nonce(&community.keys[0].get_address());
        let id = ContractId::derive(ledger.get_chain(), &community.keys[0].get_address().0, nonce);
        let deploy = Deployment { code, args: Vec::new(), attached: Money(0) };
        send(&community, &mut ledger, 0, 0, FEE, Payload::Deploy(deploy));
        let mut seen = Vec::new();
        for slot in 0..4_u32 {
            // Half an hour, so that a trade is final before its slot is settled, on branches too.
            let start = u64::from(slot) * 1_800;
            let (begins, at) = (seconds(start + 1), start + 1_799);
            seen.extend(ledger.advance(begins, &[]));
            community.trade(&mut ledger, begins, slot);
            seen.extend(ledger.advance(seconds(start + 1_200), &[]));
            let metered = community.draw_metered();
            community.read(&mut ledger, seconds(start + 1_200), slot, &metered);
            community.settle(&mut ledger, seconds(start + 1_201), slot, &metered);
            seen.extend(ledger.advance(seconds(at), &[]));
            send(&community, &mut ledger, at, slot, 1_000, transfer(4, 70_000));
            for (function, account) in [("give", 1), ("burn", 2)] {
                let args = [2, 30_000].map(|n| Value::One(Scalar::Int(n))).to_vec();
                let (function, attached) = (function.to_owned(), Money(40_000));
                let call = Invocation { contract: id.0, function, args, attached };
                send(&community, &mut ledger, at, account, FEE, Payload::Call(call));
            }
        }
        seen.extend(ledger.advance(seconds(9_000), &[]));
        assert!(get_refusals(&seen).is_empty(), "{:?}", get_refusals(&seen));
        let book = read(&community, &seen);
        check(&book, &ledger);
        let whys: BTreeSet<Why> = movements(&book).iter().map(|m| m.why).collect();
        let settled = [Why::Opening, Why::Fee, Why::Trade, Why::Imbalance, Why::GridFee, Why::Tax, Why::Losses];
        for why in settled.into_iter().chain([Why::Transfer, Why::Call, Why::Payout]) {
            assert!(whys.contains(&why), "{mechanism:?}: no {why:?} in {whys:?}");
        }
    }
}

/// Everybody opened with 1,000,000. Home 0 sends 400,000 to home 1, which sends 1,200,000 to home 2: its own opening and 200,000
/// of home 0's; then home 2 sends 2,150,000 on: its opening, then what it was sent. Home 3 sends 50,000 more than it has; the
/// 70,000 that it then gets make that good first, and of what it sends on 20,000 - 1,000 is left for it.
#[test]
fn a_payment_is_made_of_what_came_first() {
    let community = Community::new(5, 4, Parameters::default());
    let mut ledger = community.start(NetworkSettings::default(), 4);
    let mut seen = Vec::new();
    let sent =
        [(0, 1, 400_000), (1, 2, 1_200_000), (2, 4, 2_150_000), (3, 4, 1_050_000), (0, 3, 70_000), (3, 4, 30_000)];
    for (i, (from, to, amount)) in (0_u64..).zip(sent) {
        send(&community, &mut ledger, 20 * i, from, 1_000, transfer(to, amount));
        seen.extend(ledger.advance(seconds(20 * i + 19), &[]));
    }
    let book = read(&community, &seen);
    check(&book, &ledger);
    let account = Holder::Account;
    let of = |n: usize| {
        let numbers = book.get_numbers().filter(|n| book.get(*n).is_some_and(|m| m.why == Why::Transfer));
        book.trace(numbers.collect::<Vec<_>>()[n]).expect("kept")
    };
    let origins = |n: usize| of(n).origins.into_iter().map(|((o, who), a)| (o, who, a.0)).collect::<Vec<_>>();
    let opening = |i: u32, amount| (Origin::Opening, account(i), amount);
    assert_eq!(origins(0), [opening(0, 400_000)]);
    assert_eq!(origins(1), [opening(0, 200_000), opening(1, 1_000_000)]);
    assert_eq!(origins(2), [opening(0, 150_000), opening(1, 1_000_000), opening(2, 1_000_000)]);
    let depths: Vec<(u32, i64)> = of(2).steps.iter().map(|s| (s.depth, s.amount.0)).collect();
    assert_eq!(depths, [(1, 1_000_000), (1, 1_150_000), (2, 1_000_000), (2, 150_000), (3, 150_000)]);
    assert_eq!(origins(3), [opening(3, 1_000_000), (Origin::Credit, account(3), 50_000)]);
    // Of 70,000 the debt of 51,000 took the first; 19,000 are left for the 30,000.
    assert_eq!(origins(5), [opening(0, 19_000), (Origin::Credit, account(3), 11_000)]);
}

/// A block that does not follow, and one whose header carries another root, change nothing.
#[test]
fn money_is_read_of_the_next_block_alone() {
    let mut community = Community::new(3, 4, Parameters::default());
    let mut ledger = community.start(NetworkSettings::default(), 4);
    let seen = community.play_slot(&mut ledger, 0);
    let blocks = get_blocks(&seen);
    let mut book = MoneyBook::new(&community.genesis);
    let before = book.get_numbers();
    assert_eq!(book.process_block(&blocks[1]), Err(MoneyError::NotNext { last: 0, found: 2 }));
    let mut forged = blocks[0].clone();
    forged.header.state_root = [3; 32];
    assert_eq!(book.process_block(&forged), Err(MoneyError::Root { height: 1 }));
    let mut twice = blocks[0].clone();
    let tx = blocks.iter().find_map(|b| b.transactions.first()).expect("a transaction").clone();
    twice.transactions.extend([tx.clone(), tx]);
    assert!(matches!(book.process_block(&twice), Err(MoneyError::Transaction { height: 1, .. })));
    assert_eq!((book.get_numbers(), book.get_height()), (before, 0));
    for block in &blocks {
        book.process_block(block).expect("the next");
    }
}
