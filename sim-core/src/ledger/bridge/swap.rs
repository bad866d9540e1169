//! A swap of money on chain A against a certificate on chain B, by two hash time locks under one secret.
//!
//! ```text
//! 1 Ana locks the money on A under hash(s)           until T_A
//! 2 Ben sees it, locks the certificate on B          until T_B = T_A - lead
//! 3 Ana shows s on B and has the certificate         only while now + step <= T_B
//! 4 Ben reads s on B, shows it on A, has the money   before T_A
//! otherwise each takes the own back: Ben from T_B, Ana from T_A; a watcher does it for one who is away
//!
//! step = include + stall           from handing in to a block that all can see; `stall` is the longest stall allowed for
//! lead = stall + grace + step      T_B's block may be seen a stall later, the watcher waits, then the claim takes a step
//! life of the first lock = 3 step + lead      seen late, then step 2, then step 3
//! ```
//!
//! Why a whole `stall` for seeing: a block has the time at which it was first proposed, and its votes may be complete
//! only after the stall. Assumption: one stall of at most `stall` on each chain at a time, one party down. What holds
//! then, and fails with the leads the wrong way round, is in `tests/swap.rs`: each honest party ends with the own asset
//! or the other's. Hash time locks between chains: Herlihy, "Atomic Cross-Chain Swaps", PODC 2018; there, too, the
//! timeouts fall along the way of the secret by the time that a step takes.

use super::community::{ANA, BEN, Community, RELAYER, Status};
use super::fault::Fault;
use super::pair::{Pair, SetupError, Stall, Which};
use super::party::{Act, Lock, Party, View, decide};
use super::terms::{Ending, Holding, Moment, Report, Terms};
use crate::digest::{Hash, hex};
use crate::ledger::certificate::{CertificateAction, CertificateEvent, CertificateId};
use crate::ledger::contract::{ContractId, Scalar, Value};
use crate::ledger::crypto::compute_hash;
use crate::ledger::receipt::Notice;
use crate::ledger::types::{Invocation, Parameters, Payload};
use crate::quantity::{Money, Wh};
use crate::time::SECOND_US;
use std::collections::BTreeMap;

/// Most tries of one party on one chain; each costs a fee.
const MAX_TRIES: u32 = 12;

/// A transaction that a party has on its way.
#[derive(Clone, Copy, Debug, Default)]
struct Flight {
    hash: Hash,
    tries: u32,
}

/// A swap that can be run again and again from the same beginning.
#[derive(Clone, Debug)]
pub struct Swap {
    pair: Pair,
    contract: ContractId,
    certificate: CertificateId,
    stock: Wh,
    terms: Terms,
    secret: Hash,
    fault: Fault,
    start_us: u64,
    /// Who is down, and until when.
    down: Option<(Party, u64)>,
    has_struck: bool,
    moments: BTreeMap<Moment, u64>,
    flights: BTreeMap<(Party, Which), Flight>,
    is_money_seen: bool,
    is_certificate_seen: bool,
    secret_since_us: Option<u64>,
    scanned: usize,
}

impl Swap {
    /// Sets up two chains with the lock's contract on A and a certificate of Ben's on B.
    ///
    /// # Errors
    /// When the setup does not go through.
    pub fn new(seed: u64, parameters: &Parameters, terms: Terms) -> Result<Self, SetupError> {
        let mut pair = Pair::new(seed, parameters)?;
        let contract = pair.deploy_lock()?;
        // More than is swapped, so that the certificate is split.
        let stock = Wh(terms.energy.0.saturating_mul(2));
        let certificate = pair.issue_certificate(stock)?;
        let secret = compute_hash(&seed.to_be_bytes());
        Ok(Self {
            start_us: pair.get_now().0,
            pair,
            contract,
            certificate,
            stock,
            terms,
            secret,
            fault: Fault::None,
            down: None,
            has_struck: false,
            moments: BTreeMap::new(),
            flights: BTreeMap::new(),
            is_money_seen: false,
            is_certificate_seen: false,
            secret_since_us: None,
            scanned: 0,
        })
    }

    /// The agreed terms, to be changed before a run.
    pub fn set_terms(&mut self, terms: Terms) {
        self.terms = terms;
    }

    /// Plays the swap with one fault from where it was set up.
    #[must_use]
    pub fn run(&self, fault: Fault) -> Report {
        self.play(fault).0
    }

    /// The same with the chains as they are afterwards.
    #[must_use]
    pub fn play(&self, fault: Fault) -> (Report, Pair) {
        let mut run = self.clone();
        run.fault = fault;
        let most = run.terms.life_us.saturating_add(run.terms.timing.get_step_us().saturating_mul(4));
        let end_us = run.start_us.saturating_add(most.saturating_add(run.terms.lead_us.unsigned_abs()));
        while run.pair.get_now().0 < end_us {
            let view = run.look();
            run.note_moments(&view);
            if run.is_over(&view) {
                break;
            }
            run.strike();
            for party in Party::ALL {
                run.act(party, &view);
            }
            run.pair.step();
        }
        (run.report(), run.pair)
    }

    /// When a run begins: the setup is over.
    #[must_use]
    pub fn get_start_us(&self) -> u64 {
        self.start_us
    }

    fn is_over(&self, view: &View) -> bool {
        let is_waiting = self.flights.iter().any(|((_, which), f)| self.get_status(*which, f) == Status::Waiting);
        view.money == Lock::Gone && !matches!(view.certificate, Lock::Open { .. }) && !is_waiting
    }

    fn get_status(&self, which: Which, flight: &Flight) -> Status {
        self.pair.get(which).get_status(&flight.hash)
    }

    /// Lets the fault happen when its moment has come.
    fn strike(&mut self) {
        let now = self.pair.get_now().0;
        let (at, until) = match self.fault {
            Fault::Crash { at, for_us, .. } => (at, for_us.map_or(u64::MAX, |t| now.saturating_add(t))),
            Fault::Stall { at, for_us, .. } => (at, now.saturating_add(for_us)),
            Fault::LateAndStall { for_us } => (Moment::SecretSent, now.saturating_add(for_us)),
            Fault::None | Fault::Late { .. } => return,
        };
        if self.has_struck || !self.moments.contains_key(&at) {
            return;
        }
        self.has_struck = true;
        match self.fault {
            Fault::Crash { who, .. } => self.down = Some((who, until)),
            Fault::Stall { which, .. } => self.pair.add_stall(Stall { which, from_us: now, until_us: until }),
            Fault::LateAndStall { .. } => {
                self.pair.add_stall(Stall { which: Which::A, from_us: now, until_us: until });
            }
            Fault::None | Fault::Late { .. } => {}
        }
    }

    fn act(&mut self, party: Party, view: &View) {
        if self.down.is_some_and(|(who, until)| who == party && view.now_us < until) {
            return;
        }
        let is_late = self.fault.is_late(party);
        for which in Which::BOTH {
            let flight = self.flights.get(&(party, which)).copied().unwrap_or_default();
            let is_waiting = flight.tries > 0 && self.get_status(which, &flight) == Status::Waiting;
            if is_waiting || flight.tries >= MAX_TRIES {
                continue;
            }
            if let Some(act) = decide(party, is_late, which, &self.terms, view) {
                let hash = self.send(party, which, act);
                self.flights.insert((party, which), Flight { hash, tries: flight.tries + 1 });
            }
        }
    }

    fn send(&mut self, party: Party, which: Which, act: Act) -> Hash {
        let account = match party {
            Party::Ana => ANA,
            Party::Ben => BEN,
            Party::Watcher => RELAYER,
        };
        let call = |function: &str, args: Vec<Value>, attached| {
            let (contract, function) = (self.contract.0, function.to_owned());
            Payload::Call(Invocation { contract, function, args, attached })
        };
        let lock = self.find_certificate_lock().unwrap_or(self.certificate);
        let secret = hex(&self.secret);
        let payload = match act {
            Act::LockMoney => {
                let seconds = i64::try_from(self.terms.life_us / SECOND_US).unwrap_or(i64::MAX);
                let hash = hex(&compute_hash(&self.secret));
                call("lock", vec![i64::from(BEN).into(), hash.as_str().into(), seconds.into()], self.terms.money)
            }
            Act::ClaimMoney if party == Party::Ben => call("claim", vec![1.into(), secret.as_str().into()], Money(0)),
            Act::ClaimMoney => call("claim_for", vec![1.into(), secret.as_str().into()], Money(0)),
            Act::RefundMoney if party == Party::Ana => call("refund", vec![1.into()], Money(0)),
            Act::RefundMoney => call("refund_for", vec![1.into()], Money(0)),
            Act::LockCertificate { until_us } => Payload::Certificate(CertificateAction::Lock {
                certificate: self.certificate,
                energy: self.terms.energy,
                to: ANA,
                hash: compute_hash(&self.secret),
                until_us,
            }),
            Act::ShowSecret => {
                Payload::Certificate(CertificateAction::Unlock { certificate: lock, secret: self.secret })
            }
            Act::RefundCertificate => Payload::Certificate(CertificateAction::Refund { certificate: lock }),
        };
        let sent = match act {
            Act::LockMoney => Some(Moment::MoneyLockSent),
            Act::LockCertificate { .. } => Some(Moment::CertificateLockSent),
            Act::ShowSecret => Some(Moment::SecretSent),
            Act::ClaimMoney => Some(Moment::ClaimSent),
            Act::RefundMoney | Act::RefundCertificate => None,
        };
        if let Some(moment) = sent {
            self.note(moment);
        }
        self.pair.send(which, account, payload)
    }

    fn note(&mut self, moment: Moment) {
        let now = self.pair.get_now().0;
        self.moments.entry(moment).or_insert(now);
    }

    fn note_moments(&mut self, view: &View) {
        self.note(Moment::Start);
        let is_open = |lock| matches!(lock, Lock::Open { .. });
        if is_open(view.money) {
            self.note(Moment::MoneyLocked);
        }
        if is_open(view.certificate) {
            self.note(Moment::CertificateLocked);
        }
        if view.secret_since_us.is_some() {
            self.note(Moment::SecretShown);
        }
        if view.money == Lock::Gone && self.pair.a.compute_gain(BEN) == self.terms.money {
            self.note(Moment::Claimed);
        }
    }

    /// Reads both chains.
    fn look(&mut self) -> View {
        let now_us = self.pair.get_now().0;
        let money = self.find_money_lock();
        self.is_money_seen |= money.is_some();
        let locks = self.pair.b.get_ledger().get_state().get_certificates();
        let until = self.find_certificate_lock().and_then(|id| locks.get_lock(id)).map(|lock| lock.until_us);
        self.is_certificate_seen |= until.is_some();
        let state = |until: Option<u64>, is_seen| match until {
            Some(until_us) => Lock::Open { until_us },
            None if is_seen => Lock::Gone,
            None => Lock::Never,
        };
        let (money, certificate) = (state(money, self.is_money_seen), state(until, self.is_certificate_seen));
        if self.secret_since_us.is_none() && self.find_secret() {
            self.secret_since_us = Some(now_us);
        }
        View { now_us, money, certificate, secret_since_us: self.secret_since_us }
    }

    /// The end of the money's lock, if it is as agreed.
    fn find_money_lock(&self) -> Option<u64> {
        let contract = self.pair.a.get_ledger().get_state().get_contracts().get(&self.contract)?;
        let Value::Record(fields) = contract.get_storage().get("lock/1")? else { return None };
        let is_agreed = fields.get("hash") == Some(&Scalar::Text(hex(&compute_hash(&self.secret))))
            && fields.get("receiver") == Some(&Scalar::Int(i64::from(BEN)))
            && fields.get("amount") == Some(&Scalar::Int(self.terms.money.0));
        match fields.get("ends") {
            Some(Scalar::Int(ends)) if is_agreed => u64::try_from(*ends).ok()?.checked_mul(SECOND_US),
            _ => None,
        }
    }

    fn find_certificate_lock(&self) -> Option<CertificateId> {
        let hash = compute_hash(&self.secret);
        let mut locks = self.pair.b.get_ledger().get_state().get_certificates().get_locks();
        let is_agreed = |lock: &crate::ledger::certificate::Escrow| {
            lock.hash == hash && lock.to == ANA && lock.certificate.energy == self.terms.energy
        };
        locks.find(|(_, lock)| is_agreed(lock)).map(|(id, _)| *id)
    }

    /// Whether the secret can be read on B: in a block, or in a transaction that was refused.
    fn find_secret(&mut self) -> bool {
        let hash = compute_hash(&self.secret);
        let blocks = self.pair.b.get_blocks();
        let new = blocks.get(self.scanned..).unwrap_or_default();
        let mut notices = new.iter().flat_map(|(_, receipts)| receipts).flat_map(|r| &r.notices);
        let in_block = notices.any(|notice| match notice {
            Notice::Certificate(CertificateEvent::Unlocked { secret, .. }) => compute_hash(secret) == hash,
            _ => false,
        });
        self.scanned = blocks.len();
        let is_unlock = |payload: &Payload| match payload {
            Payload::Certificate(CertificateAction::Unlock { secret, .. }) => compute_hash(secret) == hash,
            _ => false,
        };
        in_block || self.pair.b.get_refused().any(|tx| is_unlock(&tx.payload))
    }

    fn report(&self) -> Report {
        let (a, b) = (&self.pair.a, &self.pair.b);
        let (money, energy) = (self.terms.money, self.terms.energy);
        let (paid, got) = (a.compute_gain(ANA).0, a.compute_gain(BEN).0);
        let certified = (b.compute_certified(ANA), b.compute_certified(BEN));
        let rest = Wh(self.stock.0.saturating_sub(energy.0));
        let ana = Holding { money: paid == 0, certificate: certified.0 == energy };
        let ben = Holding { money: got == money.0, certificate: certified.1 == self.stock };
        let is_locked = self.find_money_lock().is_some() || self.find_certificate_lock().is_some();
        let is_whole = (paid == 0 || paid == money.0.saturating_neg())
            && (got == 0 || got == money.0)
            && (certified.0 == energy || certified.0 == Wh(0))
            && (certified.1 == self.stock || certified.1 == rest);
        let in_one_place = is_locked || (ana.money != ben.money && ana.certificate != ben.certificate);
        let ending = match (ana, ben) {
            _ if is_locked => Ending::Locked,
            (Holding { money: false, certificate: false }, _) => Ending::AnaLost,
            (_, Holding { money: false, certificate: false }) => Ending::BenLost,
            (Holding { certificate: true, .. }, _) => Ending::Swapped,
            _ => Ending::Returned,
        };
        let since = |at: u64| at.saturating_sub(self.start_us);
        Report {
            fault: self.fault,
            ending,
            ana,
            ben,
            is_conserved: is_whole && in_one_place && is_conserved(a) && is_conserved(b),
            took_us: since(self.pair.get_now().0),
            moments: self.moments.iter().map(|(moment, at)| (*moment, since(*at))).collect(),
        }
    }
}

/// Whether a chain's money and certified energy add up to what there was.
#[must_use]
pub fn is_conserved(community: &Community) -> bool {
    let state = community.get_ledger().get_state();
    let opened = community.get_ledger().get_genesis().accounts.iter().map(|a| i128::from(a.balance.0)).sum::<i128>();
    let t = state.get_certificates().get_totals();
    let parts = [t.held, t.locked, t.stored, t.claimed, t.credited, t.lost, t.expired, t.displaced];
    let sum = parts.iter().map(|e| i128::from(e.0)).sum::<i128>();
    state.compute_supply() == opened && i128::from(t.issued.0) == sum
}
