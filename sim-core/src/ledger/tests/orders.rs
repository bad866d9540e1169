//! What accounts order of their own will: money, access, limits; and the proof of a double vote.

use super::transition::PLACE;
use super::{Community, get_blocks, get_refusals, seconds};
use crate::ledger::block::{VoteKind, get_vote_message};
use crate::ledger::crypto::Keypair;
use crate::ledger::error::TransitionError;
use crate::ledger::evidence::{Equivocation, SignedVote};
use crate::ledger::genesis::VALIDATOR_KEYS;
use crate::ledger::mempool::{MAX_WAITING, Mempool, Waiting};
use crate::ledger::network::NetworkSettings;
use crate::ledger::state::{Place, State};
use crate::ledger::types::{Access, Cap, Fill, Order, Parameters, Payload, Side, SignedTransaction, Trade, Transfer};
use crate::quantity::{Money, Price, Wh};
use crate::time::SimTime;

const SEED: u64 = 1;
const FEE: i64 = 1_000;

/// Two meters (0, 1), grid 2, losses 3, operator 4, regulator 5, validators 6 to 12; each has 1,000,000.
pub(super) struct Room {
    pub(super) community: Community,
    pub(super) state: State,
}

impl Room {
    pub(super) fn new() -> Self {
        let community = Community::new(2, SEED, Parameters { credit: Money(500_000), ..Parameters::default() });
        Self { state: State::new(&community.genesis), community }
    }
    pub(super) fn go(&mut self, account: u32, fee: i64, payload: Payload) -> Result<(), TransitionError> {
        let chain = self.community.genesis.compute_hash();
        let key = &self.community.keys[account as usize];
        let nonce = self.state.get_accounts()[account as usize].nonce;
        let tx = SignedTransaction::with_fee(key, &chain, nonce, Money(fee), payload);
        let (before, supply) = (self.state.clone(), self.state.compute_supply());
        let result = self.state.process_transaction(&tx, Place { proposer: 1, ..PLACE });
        assert!(result.is_ok() || self.state == before, "a refused transaction changes nothing");
        assert_eq!(self.state.compute_supply(), supply);
        result.map(|_| ())
    }
    fn pay(&mut self, from: u32, to: u32, amount: i64) -> Result<(), TransitionError> {
        self.go(from, FEE, Payload::Transfer(Transfer { to, amount: Money(amount) }))
    }
    fn balance(&self, account: u32) -> i64 {
        self.state.get_accounts()[account as usize].balance.0
    }
    fn vote(&self, validator: usize, round: u32, block: Option<[u8; 32]>) -> SignedVote {
        let key = Keypair::derive(SEED, VALIDATOR_KEYS, &self.community.genesis.validators[validator].name);
        let chain = self.community.genesis.compute_hash();
        let message = get_vote_message(&chain, VoteKind::Prevote, 3, round, block.as_ref());
        SignedVote { block, signature: key.sign(&message) }
    }
}

/// The fee goes to the validator that makes the block; a household may go as far below zero as its credit.
#[test]
fn money_moves_once_and_no_further_than_there_is_any() {
    let mut room = Room::new();
    room.pay(0, 1, 400_000).expect("it has a million");
    assert_eq!((room.balance(0), room.balance(1), room.balance(7)), (599_000, 1_400_000, 1_001_000));
    room.pay(0, 1, 1_098_000).expect("down to its credit");
    assert_eq!(room.balance(0), -500_000);
    let refused = room.pay(0, 1, 1);
    assert_eq!(refused, Err(TransitionError::Funds { account: 0, available: 0, needed: FEE }));
    assert!(matches!(room.pay(6, 1, 1_000_000), Err(TransitionError::Funds { account: 6, .. })), "no credit");
    for wrong in [0, 99] {
        assert_eq!(room.pay(0, wrong, 5), Err(TransitionError::Funds { account: 0, available: 0, needed: FEE }));
        assert_eq!(room.pay(1, wrong + 1, 5), Err(TransitionError::Account { field: "to", account: wrong + 1 }));
    }
    assert!(matches!(room.pay(1, 0, -5), Err(TransitionError::Range { field: "amount", .. })));
    let cheap = room.go(1, FEE - 1, Payload::Transfer(Transfer { to: 0, amount: Money(5) }));
    assert!(matches!(cheap, Err(TransitionError::Range { field: "fee", low: FEE, .. })));
    let duty = room.go(5, 1, Payload::Cap(Cap { floor: Price(0), ceiling: Price(1) }));
    assert!(matches!(duty, Err(TransitionError::Range { field: "fee", high: 0, .. })), "a duty costs nothing");
}

#[test]
fn access_is_granted_once_and_revoked_once() {
    let mut room = Room::new();
    room.go(0, FEE, Payload::Grant(Access { grantee: 5 })).expect("the first");
    let again = room.go(0, FEE, Payload::Grant(Access { grantee: 5 }));
    assert_eq!(again, Err(TransitionError::Account { field: "grantee", account: 5 }));
    assert!(room.state.get_grantees(0).is_some_and(|g| g.contains(&5)));
    assert!(room.go(0, FEE, Payload::Grant(Access { grantee: 0 })).is_err(), "one reads one's own anyway");
    room.go(0, FEE, Payload::Revoke(Access { grantee: 5 })).expect("it was granted");
    assert!(room.go(0, FEE, Payload::Revoke(Access { grantee: 5 })).is_err());
    assert_eq!(room.state.get_grantees(0), None);
}

#[test]
fn trades_outside_the_regulators_limits_are_refused() {
    let mut room = Room::new();
    let cap = Cap { floor: Price(50), ceiling: Price(200) };
    assert!(matches!(room.go(4, 0, Payload::Cap(cap)), Err(TransitionError::Role { payload: "Cap", .. })));
    let upside_down = Cap { floor: Price(200), ceiling: Price(50) };
    assert!(matches!(room.go(5, 0, Payload::Cap(upside_down)), Err(TransitionError::Range { field: "ceiling", .. })));
    room.go(5, 0, Payload::Cap(cap)).expect("the regulator may");
    let fills = [(0, 5), (1, -5)].map(|(account, q)| Fill { account, quantity: Wh(q), ..Fill::default() }).to_vec();
    let trade = |price| {
        Payload::Trade(Trade { slot: 1, clearing: 0, price: Price(price), handed: false, fills: fills.clone() })
    };
    for price in [49, 201] {
        assert!(matches!(room.go(4, 0, trade(price)), Err(TransitionError::Range { field: "price", .. })));
    }
    room.go(4, 0, trade(200)).expect("within the limits");
}

/// Two signed prevotes of one validator in one round stand on the chain for ever; nothing less does.
#[test]
fn a_double_vote_is_proved_and_an_honest_one_is_not() {
    let mut room = Room::new();
    let (a, b) = (room.vote(2, 0, None), room.vote(2, 0, Some([5; 32])));
    assert_eq!(Equivocation::new(2, 3, 0, VoteKind::Prevote, a, a), None);
    let proof = Equivocation::new(2, 3, 0, VoteKind::Prevote, b, a).expect("they differ");
    let refused = |room: &mut Room, p: Equivocation| room.go(6, 0, Payload::Equivocation(p)).expect_err("no proof");
    let of_two_rounds = Equivocation { second: room.vote(2, 1, Some([5; 32])), ..proof };
    assert_eq!(refused(&mut room, of_two_rounds), TransitionError::Evidence { field: "second.signature" });
    let of_another = Equivocation { validator: 3, ..proof };
    assert_eq!(refused(&mut room, of_another), TransitionError::Evidence { field: "first.signature" });
    let twice_the_same = Equivocation { second: proof.first, ..proof };
    assert_eq!(refused(&mut room, twice_the_same), TransitionError::Evidence { field: "second.block" });
    let unknown = Equivocation { validator: 9, ..proof };
    assert_eq!(refused(&mut room, unknown), TransitionError::Evidence { field: "validator" });
    assert!(matches!(room.go(0, 0, Payload::Equivocation(proof)), Err(TransitionError::Role { .. })));
    room.go(6, 0, Payload::Equivocation(proof)).expect("a proof");
    assert_eq!(room.state.get_offences().get(&2), Some(&proof));
    assert_eq!(refused(&mut room, proof), TransitionError::Known { validator: 2 });
}

/// Forged transactions in others' names fill a quarter of the pool at most; an honest one always finds room.
#[test]
fn forged_transactions_cannot_fill_the_pool() {
    let community = Community::new(40, SEED, Parameters::default());
    // Links without a limit, so that all of them come at once.
    let mut ledger = community.start(NetworkSettings { bits_per_s: 0, ..NetworkSettings::default() }, SEED);
    let thief = Keypair::derive(9, "thief", "x");
    let payload = Payload::Transfer(Transfer { to: 0, amount: Money(1) });
    let forged = SignedTransaction::with_fee(&thief, &[0; 32], 0, Money(FEE), payload);
    for key in &community.keys[..40] {
        for nonce in 0..200 {
            ledger.submit(SimTime(0), SignedTransaction { sender: key.get_address(), nonce, ..forged.clone() }, 0);
        }
    }
    let seen = ledger.advance(SimTime(400_000), &[]);
    assert!(ledger.get_pool().is_crowded() && ledger.get_pool().get_count() < MAX_WAITING / 2);
    assert!(get_refusals(&seen).iter().all(|reason| reason.contains("signature")));
    community.send(
        &mut ledger,
        SimTime(400_000),
        40,
        Payload::Order(Order { slot: 0, side: Side::Buy, quantity: Wh(5), price: Price(1) }),
    );
    let seen = ledger.advance(seconds(30), &[]);
    let brought: usize = get_blocks(&seen).iter().map(|b| b.transactions.len()).sum();
    // What waits behind a gap in its numbers stays; it is no longer a crowd.
    assert!(brought == 1 && !ledger.get_pool().is_crowded(), "{brought}, {}", ledger.get_pool().get_count());
}

/// Who pays more comes first, but never before the sender's own earlier transactions; the operator's come last.
#[test]
fn the_pool_orders_by_fee() {
    let community = Community::new(3, SEED, Parameters::default());
    let chain = community.genesis.compute_hash();
    let (mut pool, mut arrival) = (Mempool::default(), 0);
    let mut put = |account: usize, nonce, fee| {
        let payload = Payload::Transfer(Transfer { to: 0, amount: Money(1) });
        let tx = SignedTransaction::with_fee(&community.keys[account], &chain, nonce, Money(fee), payload);
        arrival += 1;
        let waiting = Waiting { arrival, ..Waiting::new(tx, 0) };
        pool.insert(waiting, 0, |_| false).expect("room");
    };
    for (account, nonce, fee) in [(0, 0, 10), (1, 0, 30), (0, 1, 90), (2, 0, 20)] {
        put(account, nonce, fee);
    }
    let order: Vec<i64> = pool.get_ready(|_| Some(0), |_| true, 9).iter().map(|w| w.transaction.fee.0).collect();
    assert_eq!(order, [30, 20, 10, 90]);
}
