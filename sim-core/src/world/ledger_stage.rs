//! The chain within a step: who signs what, who is reachable, what the validators agreed on.
//!
//! Accounts have the indices of the market's participants; then come the operator, the regulator and the
//! validators, who receive the fees of their blocks. A meter without power or gateway
//! keeps its transactions until it has both again; a slot is settled on the chain once all its readings are there.

use super::certificate_stage::facility_of;
use super::contract_stage::{Orders, Post};
use super::market_commands::{standing, tariffs_of};
use super::trading::grid_of;
use super::{World, WorldError};
use crate::event::{EventKind, Schedule};
use crate::ids::{EventId, ParticipantId, Subject, ValidatorId};
use crate::ledger::block::Block;
use crate::ledger::crypto::Keypair;
use crate::ledger::genesis::{ACCOUNT_KEYS, AccountPlan, create_genesis};
use crate::ledger::lab::trace::Kind;
use crate::ledger::mempool::Refusal;
use crate::ledger::settlement::Metered as LedgerMetered;
use crate::ledger::types::{
    Fill, MeterReading, Order, Parameters, Payload, Role, Settlement, Side as LedgerSide, SignedTransaction, Tariffs,
    Trade,
};
use crate::ledger::{Ledger, Occurrence, OccurrenceKind, Reach, chain_file};
use crate::market::{ClearingReport, Metered, Registers, Side, Statement, Terms, TradeLine};
use crate::quantity::{Money, Wh};
use crate::recorder::Recorder;
use crate::scene::{Participant, Scene};
use crate::snapshot::{BlockView, VoteView};
use crate::time::{SECOND_US, SimTime};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// Names of the market operator's account, and of the one that watches over the market.
const OPERATOR: &str = "operator";
const REGULATOR: &str = "regulator";
/// Meters send in turn, so that a slot's readings do not all arrive at once: this many turns, one a second.
const TURNS: u64 = 5;
/// Votes and blocks kept for the picture.
const RECENT: usize = 64;
const RECENT_BLOCKS: usize = 50;

/// A settled slot whose settlement waits for the readings on the chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Pending {
    slot: u32,
    tariffs: Tariffs,
    metered: Vec<LedgerMetered>,
    /// The event of the settlement.
    event: EventId,
    sent: bool,
}

/// What waits to be signed, and what the picture wants to know of the chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Posting {
    pub(super) keys: Vec<Keypair>,
    /// Index of the operator's account.
    operator: usize,
    pub(super) outbox: Vec<VecDeque<Post>>,
    pending: VecDeque<Pending>,
    /// Contracts that commands asked for.
    pub(super) contracts: Orders,
    pub(super) oversight: super::oversight_stage::Oversight,
    /// Number of the next trade of each open slot.
    trades: BTreeMap<u32, u32>,
    /// The latest event about certificates.
    pub(super) certified: Option<EventId>,
    /// The latest event that sent transactions, with its time, and the one before: the cause of blocks that hold any.
    latest: Option<(SimTime, EventId)>,
    earlier: Option<EventId>,
    /// Since when the chain stands still, with the event.
    stalled: Option<(SimTime, EventId)>,
    /// The event that silenced each validator.
    silent: Vec<Option<EventId>>,
    /// The latest return of a validator.
    back: EventId,
    /// Who could be reached when the last step ended: what the validators of this step go by, so that a silence is
    /// told before what follows from it.
    pub(super) reach: Vec<Reach>,
    /// The event of the latest block.
    pub(super) block_event: Option<EventId>,
    pub(super) blocks: VecDeque<BlockView>,
    pub(super) votes: VecDeque<VoteView>,
    pub(super) transactions: u64,
}

impl Posting {
    /// The ledger of a scene at its genesis, and nothing posted.
    pub(super) fn begin(scene: &Scene, seed: u64) -> Result<(Ledger, Self), WorldError> {
        let f = &scene.file;
        let mut plans: Vec<AccountPlan> = scene
            .participants
            .iter()
            .map(|p| {
                let (name, role) = match p {
                    Participant::Building(b) => (f.buildings[b.index()].name.as_str(), Role::Meter),
                    Participant::Device(d) => (f.devices[d.index()].name.as_str(), Role::Meter),
                    Participant::Grid => ("grid", Role::Grid),
                    Participant::Losses => ("losses", Role::Losses),
                };
                AccountPlan { facility: facility_of(scene, p), ..AccountPlan::new(name, role, Money::ZERO) }
            })
            .collect();
        let (standing, operator) = (standing(scene), plans.len());
        plans.push(AccountPlan::new(OPERATOR, Role::Operator, Money::ZERO));
        plans.push(AccountPlan::new(REGULATOR, Role::Regulator, Money::ZERO));
        // In the validators' order: the fees of their blocks go there.
        let own = |name: &str| AccountPlan::new(&format!("validator-{name}"), Role::Validator, Money::ZERO);
        plans.extend(f.validators.iter().map(|v| own(&v.name)));
        let validators: Vec<(String, u32)> = f.validators.iter().map(|v| (v.name.clone(), 1)).collect();
        let us = |s: f64| (s * 1e6) as u64;
        let parameters = Parameters {
            short_factor: libm::round(f.market.imbalance_short * 1e3) as u32,
            long_factor: libm::round(f.market.imbalance_long * 1e3) as u32,
            exempt: standing.exempt.iter().map(|p| p.0).chain([operator as u32]).collect(),
            green: standing.green.iter().map(|p| p.0).collect(),
            block_interval_us: us(f.ledger.block_s),
            empty_interval_us: us(f.ledger.empty_block_s),
            mechanism: f.ledger.mechanism,
            certificates: super::credit_stage::certificate_rules(scene),
            ..Parameters::default()
        };
        let genesis = create_genesis(seed, &f.title.en, scene.digest, &validators, &plans, parameters);
        let gear = super::consensus_stage::gear_of(scene);
        let mut ledger = Ledger::with_gear(genesis, gear, seed).map_err(|e| WorldError::Ledger(e.to_string()))?;
        // Its time starts with the scene's.
        ledger.start_at(scene.start);
        let keys = plans.iter().map(|p| Keypair::derive(seed, ACCOUNT_KEYS, &p.name)).collect();
        let posting = Self {
            keys,
            operator,
            outbox: vec![VecDeque::new(); plans.len()],
            pending: VecDeque::new(),
            contracts: Orders::default(),
            oversight: Default::default(),
            trades: BTreeMap::new(),
            certified: None,
            latest: None,
            earlier: None,
            stalled: None,
            silent: vec![None; f.validators.len()],
            back: EventId(0),
            reach: vec![Reach::FULL; f.validators.len()],
            block_event: None,
            blocks: VecDeque::new(),
            votes: VecDeque::new(),
            transactions: 0,
        };
        Ok((ledger, posting))
    }

    /// An event sends transactions.
    pub(super) fn tell(&mut self, now: SimTime, event: EventId) {
        if let Some((_, last)) = self.latest.filter(|(t, _)| *t < now) {
            self.earlier = Some(last);
        }
        self.latest = Some((now, event));
    }

    /// The event that explains what lies on the chain at an instant, which may be earlier than the step's end.
    fn sender_at(&self, at: SimTime) -> Option<EventId> {
        self.latest.filter(|(t, _)| *t <= at).map(|(_, e)| e).or(self.earlier)
    }

    /// The latest return of a validator.
    pub(super) fn back(&self) -> EventId {
        self.back
    }

    /// The operator follows the market's participants; after it come the regulator and the validators.
    pub(super) fn operator(&self) -> usize {
        self.operator
    }
}

impl World {
    /// Puts a clearing's orders and trades on their way to the chain.
    pub(super) fn post_clearing(&mut self, report: &ClearingReport, event: EventId) {
        let (grid, operator) = (grid_of(&self.scene), self.state.market.parameters().operator_account());
        let slot = report.summary.slot as u32;
        for order in report.book.orders() {
            // The grid's tariffs and the market maker's quotes are no orders of members.
            if order.participant == grid || order.participant == operator || order.quantity <= Wh::ZERO {
                continue;
            }
            let side = match order.side {
                Side::Buy => LedgerSide::Buy,
                Side::Sell => LedgerSide::Sell,
            };
            let payload = Payload::Order(Order { slot, side, quantity: order.quantity, price: order.price });
            self.state.posting.outbox[order.participant.index()].push_back(payload.into());
        }
        for line in report.reversed.iter().chain(&report.trades) {
            self.post_trade(slot, line);
        }
        self.state.posting.tell(self.state.now, event);
    }

    pub(super) fn post_trade(&mut self, slot: u32, line: &TradeLine) {
        if line.sold.is_empty() {
            return;
        }
        let rates = self.state.market.rates(u64::from(slot), line.clearing).cloned().unwrap_or_default();
        let posting = &mut self.state.posting;
        let number = posting.trades.entry(slot).or_default();
        let fills = line
            .sold
            .iter()
            .map(|(p, wh)| Fill {
                account: p.0,
                quantity: *wh,
                loss: rates.loss_of(*p),
                congestion: rates.congestion_of(*p),
            })
            .collect();
        let trade = Trade { slot, clearing: *number, price: line.price, handed: line.handed, fills };
        *number += 1;
        let operator = posting.operator();
        posting.outbox[operator].push_back(Payload::Trade(trade).into());
    }

    /// Puts a slot's readings on their way, and remembers that it has to be settled on the chain.
    pub(super) fn post_readings(
        &mut self,
        statement: &Statement,
        metered: &[Metered],
        pcc: Registers,
        losses: Wh,
        terms: Terms,
        event: EventId,
    ) {
        let slot = statement.slot as u32;
        let mut all: Vec<LedgerMetered> = metered
            .iter()
            .map(|m| LedgerMetered { account: m.account.0, import: m.registers.import, export: m.registers.export })
            .collect();
        // The grid's own meter gives what the community imports; the network takes its losses.
        let grid = grid_of(&self.scene).0;
        all.push(LedgerMetered { account: grid, import: pcc.export, export: pcc.import });
        all.push(LedgerMetered { account: grid + 1, import: losses.max(Wh::ZERO), export: Wh((-losses.0).max(0)) });
        for m in &all {
            let reading = MeterReading { slot, import: m.import, export: m.export };
            self.state.posting.outbox[m.account as usize].push_back(Payload::MeterReading(reading).into());
        }
        self.finish_minutes(slot, &all);
        // The operator has no meter; where it stood between buyers and sellers it has a row.
        let operator = self.state.posting.operator() as u32;
        if statement.rows.iter().any(|r| r.account.0 == operator) {
            all.push(LedgerMetered { account: operator, import: Wh::ZERO, export: Wh::ZERO });
        }
        let tariffs = tariffs_of(&terms);
        self.state.posting.pending.push_back(Pending { slot, tariffs, metered: all, event, sent: false });
        self.state.posting.tell(self.state.now, event);
    }

    /// Lets meters and operator send, validators talk, and notes what came of it.
    pub(super) fn run_ledger(&mut self, recorder: &mut Recorder) {
        if self.state.now.0.is_multiple_of(SECOND_US) {
            self.run_certificates();
            self.run_oversight();
            self.send_transactions();
            self.send_settlements();
            self.run_far_chain(recorder);
        }
        let reach = self.all_reach();
        let occurrences = self.state.ledger.advance(self.state.now, &reach);
        for occurrence in occurrences {
            self.note_occurrence(occurrence, recorder);
        }
        let reach = self.reach();
        self.note_silence(&reach);
        self.state.posting.reach = reach;
    }

    fn send_transactions(&mut self) {
        let turn = self.state.now.0 / SECOND_US % TURNS;
        for account in 0..self.state.posting.outbox.len() {
            let due = account as u64 % TURNS == turn;
            if !due || self.state.posting.outbox[account].is_empty() || !self.can_send(account) {
                continue;
            }
            let sender = self.state.posting.keys[account].get_address();
            while self.state.ledger.has_room(&sender)
                && let Some(post) = self.state.posting.outbox[account].pop_front()
            {
                self.submit(account, post);
            }
        }
    }

    pub(super) fn submit(&mut self, account: usize, post: Post) {
        let state = &mut self.state;
        let key = &state.posting.keys[account];
        let nonce = state.ledger.get_next_nonce(&key.get_address());
        let Post { payload, fee, order } = post;
        let transaction = SignedTransaction::with_fee(key, state.ledger.get_chain(), nonce, fee, payload);
        if let Some(order) = order {
            state.posting.contracts.note_sent(transaction.compute_hash(), order);
        }
        state.ledger.submit(state.now, transaction, account as u32);
    }

    fn send_settlements(&mut self) {
        let operator = self.state.posting.operator();
        let Some(first) = self.state.posting.pending.iter().find(|p| !p.sent) else { return };
        let earlier_waits = self.state.posting.pending.front().is_some_and(|p| p.sent);
        let market = self.state.ledger.get_state().get_market();
        let complete = market.open.get(&first.slot).is_some_and(|open| {
            let trades = self.state.posting.trades.get(&first.slot).copied().unwrap_or(0);
            // The operator may have a row, but has no meter to read.
            let meters = first.metered.iter().filter(|m| m.account as usize != operator).count();
            open.readings.len() == meters && open.clearings == trades
        });
        if !complete || earlier_waits {
            return;
        }
        let (slot, tariffs, event) = (first.slot, first.tariffs, first.event);
        if let Ok(rows) = self.state.ledger.get_state().compute_rows(slot, &first.metered, tariffs) {
            self.state.posting.tell(self.state.now, event);
            self.submit(operator, Payload::Settlement(Settlement { slot, tariffs, rows }).into());
        }
        if let Some(p) = self.state.posting.pending.iter_mut().find(|p| p.slot == slot) {
            p.sent = true;
        }
    }

    fn reach(&self) -> Vec<Reach> {
        let network = &self.state.network;
        let of = |(v, bus): (usize, &crate::ids::BusId)| Reach {
            powered: network.validator_failed[v].is_none() && self.state.flows.is_live(*bus),
            connected: self.is_connected(*bus),
        };
        self.scene.validator_bus.iter().enumerate().map(of).collect()
    }

    fn note_silence(&mut self, reach: &[Reach]) {
        for (v, r) in reach.iter().enumerate() {
            let subject = Subject::Validator(ValidatorId::new(v));
            match (self.state.posting.silent[v], r.is_reachable()) {
                (None, false) => {
                    let network = &self.state.network;
                    let gateway = self.scene.bus_gateway[self.scene.validator_bus[v].index()];
                    let failed = network.validator_failed[v].or(match r.powered {
                        true => gateway.and_then(|g| network.gateway_failed[g.index()]),
                        false => None,
                    });
                    let cause = failed.unwrap_or(network.last_change);
                    let kind = EventKind::ValidatorSilent { powered: r.powered, connected: r.connected };
                    self.state.posting.silent[v] = Some(self.state.journal.note(self.state.now, subject, kind, cause));
                }
                (Some(since), true) => {
                    let cause = self.state.network.last_change;
                    let kind = EventKind::ValidatorBack;
                    self.state.posting.back =
                        self.state.journal.note_also(self.state.now, subject, kind, since, vec![cause]);
                    self.state.posting.silent[v] = None;
                }
                _ => {}
            }
        }
    }

    fn note_occurrence(&mut self, occurrence: Occurrence, recorder: &mut Recorder) {
        let at = SimTime(occurrence.time_us);
        match occurrence.kind {
            OccurrenceKind::VoteArrived { kind, from, to, sent_us, .. } => {
                let votes = &mut self.state.posting.votes;
                if votes.len() == RECENT {
                    votes.pop_front();
                }
                let precommit = matches!(kind, Kind::Precommit | Kind::Commit | Kind::Appended);
                votes.push_back(VoteView { from, to, precommit, sent: SimTime(sent_us), arrives: at });
            }
            OccurrenceKind::Committed { block, receipts } => {
                self.note_block(&block, at, recorder);
                self.note_certificates(at, &receipts, recorder);
                self.note_contracts(at, &block, &receipts);
            }
            OccurrenceKind::RoundFailed { height, round } => {
                let cause = self.silence_cause();
                let kind = EventKind::RoundFailed { height, round };
                self.state.journal.note(at, Subject::Chain, kind, cause);
            }
            OccurrenceKind::Stalled { height, silent, total, .. } => {
                let cause = self.silence_cause();
                let also = silent.iter().filter_map(|v| self.state.posting.silent[*v as usize]).collect();
                let of = total as u32;
                let kind = EventKind::ChainStalled { height, voting: of - silent.len() as u32, of };
                let event = self.state.journal.note_also(at, Subject::Chain, kind, cause, also);
                self.state.posting.stalled = Some((at, event));
            }
            OccurrenceKind::Resumed { height, waited } => {
                if let Some((since, event)) = self.state.posting.stalled.take() {
                    let waiting = u32::try_from(waited).unwrap_or(u32::MAX);
                    let kind = EventKind::ChainResumed { height, waited_s: at.since(since) as f64 / 1e6, waiting };
                    let back = self.state.posting.back;
                    let also = if back > event { vec![event] } else { vec![] };
                    self.state.journal.note_also(at, Subject::Chain, kind, back.max(event), also);
                }
            }
            OccurrenceKind::TransactionRefused { transaction, rival, reason, origin } => {
                let subject = self.member(origin);
                let order = self.state.posting.contracts.take(&transaction.compute_hash());
                let attack = self.refusal_cause(&transaction, origin);
                let known = order.as_ref().map(|o| o.event).or(attack);
                let cause = known.or_else(|| self.state.posting.sender_at(at)).unwrap_or(self.state.root);
                let kind = EventKind::TransactionRefused { reason: reason.to_string() };
                let event = self.state.journal.note(at, subject, kind, cause);
                let is_to_come_again = matches!(
                    reason,
                    Refusal::Orphaned { .. }
                        | Refusal::Waited { .. }
                        | Refusal::Full { .. }
                        | Refusal::TooFarAhead { .. }
                );
                if is_to_come_again && let Some(outbox) = self.state.posting.outbox.get_mut(origin as usize) {
                    // Nothing is wrong with it but its number or its time: it is signed anew.
                    outbox.push_back(Post { payload: transaction.payload, fee: transaction.fee, order });
                    return;
                }
                self.watch_refusal(*transaction, rival.map(|r| *r), (&reason, origin), at, event);
            }
            OccurrenceKind::EquivocationSeen { witness, evidence } => self.watch_equivocation(witness, *evidence, at),
            OccurrenceKind::InvalidBlockSeen { evidence, .. } => self.watch_invalid_block(*evidence, at),
            OccurrenceKind::Attendance { height, present, absent } => {
                self.watch_attendance(height, (&present, &absent), at);
            }
            OccurrenceKind::Omitted { proposer, sender, .. } => self.watch_omission(proposer, &sender, at),
            OccurrenceKind::Proposed { .. } => {}
            kind => self.note_consensus(kind, at),
        }
    }

    /// The silence that weighs most: the latest one.
    pub(super) fn silence_cause(&self) -> EventId {
        let silent = self.state.posting.silent.iter().flatten().max().copied();
        silent.max(self.attack_cause()).unwrap_or(self.state.root)
    }

    fn note_block(&mut self, block: &Block, at: SimTime, recorder: &mut Recorder) {
        let (mut counts, mut settled) = ([0; 5], None);
        for tx in &block.transactions {
            let kind = match &tx.payload {
                Payload::MeterReading(_) => 0,
                Payload::Order(_) => 1,
                Payload::Trade(_) => 2,
                Payload::Settlement(s) => {
                    settled = self.state.posting.pending.iter().find(|p| p.slot == s.slot).map(|p| (p.slot, p.event));
                    self.state.posting.pending.retain(|p| p.slot != s.slot);
                    self.state.posting.trades.retain(|slot, _| *slot > s.slot);
                    3
                }
                _ => 4,
            };
            counts[kind] += 1;
        }
        let cause = match self.state.posting.sender_at(at).filter(|_| !block.transactions.is_empty()) {
            Some(event) => event,
            None => self.state.journal.root(at, Subject::Chain, EventKind::ScheduleDue { what: Schedule::Block }),
        };
        let (height, round, transactions) = (block.header.height, block.commit.round, block.transactions.len() as u32);
        let kind = EventKind::BlockCommitted { height, round, transactions };
        let event = self.state.journal.note(at, Subject::Chain, kind, cause);
        self.state.posting.block_event = Some(event);
        self.forget_ended();
        self.watch_block(block, at, event);
        if let Some((slot, settled)) = settled {
            self.pay_in(slot, settled);
        }
        let waiting = self.state.ledger.get_pool().get_count() as u32;
        let posting = &mut self.state.posting;
        posting.transactions += u64::from(transactions);
        if posting.blocks.len() == RECENT_BLOCKS {
            posting.blocks.pop_front();
        }
        posting.blocks.push_back(BlockView {
            height,
            proposed: SimTime(block.header.time_us),
            time: at,
            hash: crate::digest::hex(&block.header.compute_hash()[..8]),
            round,
            proposer: block.header.proposer,
            counts,
            votes: (block.commit.votes.len() + block.commit.branch.len()) as u32,
            waiting,
        });
        recorder.keep_block(chain_file::encode_line(block));
    }

    /// Money on a participant's account.
    pub(super) fn money_of(&self, p: ParticipantId) -> i64 {
        self.state.ledger.get_state().get_accounts().get(p.index()).map_or(0, |a| a.balance.0)
    }
}
