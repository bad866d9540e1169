//! What the community finds out about attacks: proofs that anybody can check again, and suspicions with their statistic.
//!
//! [`evidence`]: objects that convince without a witness, because the culprit signed them or because a copy does not fit
//! what more than two thirds signed. [`cusum`] (silence and censorship), [`surprise`] (a stolen key) and [`balance`] (a
//! meter that lies) are statistics: they can be wrong, and each says how often. [`risk`] sums up what speaks against an
//! account. [`evidence_file`]: evidence as it is handed on. Pure: no clock, no network, no volts.

pub mod balance;
pub mod cusum;
pub mod evidence;
pub mod evidence_file;
pub mod risk;
pub mod surprise;

pub use evidence::{Check, Evidence, Exhibit, Known};
pub use risk::{Risk, RiskKind};

use super::block::Block;
use super::certificate::CertificateAction;
use super::types::{Payload, SignedTransaction};
use crate::digest::hex;
use crate::ids::{EventId, Subject};
use crate::time::SimTime;
use balance::Balance;
use cusum::{Bernoulli, Cusum};
use risk::Record;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use surprise::History;

/// Most findings that are kept.
pub const MAX_FINDINGS: usize = 64;

/// A missed height: an honest validator whose copy of the proposal was lost says nothing in about one of a hundred (1 %
/// loss in the scene's network), twice that for safety; a silent one in nearly all. False alarms: less than one in
/// `exp(14)`, 1.2 million, heights of a validator.
pub const SILENCE: Bernoulli = Bernoulli { usual: 0.02, guilty: 0.95, threshold: 14.0 };
/// The same where a block comes by chance: of `miners` of equal power an honest one makes one block of so many, so that
/// blocks of others in a row say little each; a silent one makes none. The bound is the same, counted in blocks.
#[must_use]
pub fn get_silence_of_miner(miners: u32) -> Bernoulli {
    Bernoulli { usual: 1.0 - 1.0 / f64::from(miners.max(2)), guilty: 0.999, ..SILENCE }
}
/// A transaction left out: gossip reaches a proposer late in at most one of a thousand blocks; a censor leaves out nearly
/// all. False alarms: less than one in `exp(12)`, 160,000, blocks with something of that account.
pub const CENSORSHIP: Bernoulli = Bernoulli { usual: 0.001, guilty: 0.95, threshold: 12.0 };

/// An offence that is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Offence {
    /// A validator voted twice.
    Equivocation,
    /// A transaction in another's name.
    Forged,
    /// An old transaction again.
    Replayed,
    /// Two transactions of one nonce.
    DoubleSpend,
    /// A copy of a block that is not what was signed.
    ChangedBlock,
    /// Energy certified twice.
    DoubleIssue,
    /// A validator proposed a block with a transaction that its sender did not sign.
    InvalidBlock,
}

/// What is suspected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Doubt {
    /// A validator says nothing, and nothing is wrong with its power or connection.
    Silence,
    /// A validator leaves out somebody's transactions.
    Censorship,
    /// Somebody else signs with an account's key.
    StolenKey,
    /// A meter counts wrongly.
    LyingMeter,
}

/// Proven or suspected, and what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Verdict {
    /// With an evidence object.
    Proven(Offence),
    /// With a statistic.
    Suspected(Doubt),
}

/// A suspicion.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Suspicion {
    /// What.
    pub doubt: Doubt,
    /// Validator or account, by its index; none where only the sum does not fit.
    pub about: Option<u32>,
    /// The account that suffers from it, where there is one.
    pub victim: Option<u32>,
    /// What the statistic has reached: natural logarithms of odds (silence, censorship), bits (a key), standard
    /// deviations (a meter).
    pub statistic: f64,
    /// From where on it is said.
    pub threshold: f64,
}

/// A finding as the picture shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// When.
    pub time: SimTime,
    /// About whom.
    pub subject: Subject,
    /// Who suffers from it, where that is somebody else.
    pub victim: Option<Subject>,
    /// What.
    pub verdict: Verdict,
    /// Statistic and threshold of a suspicion.
    pub statistic: Option<(f64, f64)>,
    /// The evidence of what is proven.
    pub evidence: Option<Evidence>,
    /// The event that told it.
    pub event: EventId,
}

impl Finding {
    /// Hash of the evidence in hexadecimal digits; empty for a suspicion.
    #[must_use]
    pub fn get_digest(&self) -> String {
        self.evidence.as_ref().map(|e| hex(&e.compute_hash())).unwrap_or_default()
    }
}

/// All that is watched, and what was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Watch {
    attendance: Vec<Cusum>,
    /// Up to which height each validator is excused.
    excused: Vec<u64>,
    /// By proposer and account.
    inclusion: BTreeMap<(u32, u32), Cusum>,
    histories: Vec<History>,
    balance: Balance,
    /// The last committed transaction of each account, with its height.
    latest: BTreeMap<u32, (u64, SignedTransaction)>,
    /// The last committed issue of certificates of each account.
    issues: BTreeMap<u32, SignedTransaction>,
    findings: VecDeque<Finding>,
    /// What has come up about each account.
    records: BTreeMap<u32, Record>,
    /// The last settled slot.
    slot_event: Option<EventId>,
}

impl Watch {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(validators: usize, accounts: usize) -> Self {
        Self {
            attendance: vec![Cusum::default(); validators],
            excused: vec![0; validators],
            inclusion: BTreeMap::new(),
            histories: vec![History::default(); accounts],
            balance: Balance::default(),
            latest: BTreeMap::new(),
            issues: BTreeMap::new(),
            findings: VecDeque::new(),
            records: BTreeMap::new(),
            slot_event: None,
        }
    }

    /// What was found, oldest first.
    pub fn get_findings(&self) -> impl DoubleEndedIterator<Item = &Finding> {
        self.findings.iter()
    }
    /// An account's last committed transaction that is no trade and no settlement, with its height.
    #[must_use]
    pub fn get_latest(&self, account: u32) -> Option<&(u64, SignedTransaction)> {
        self.latest.get(&account)
    }
    /// An account's last committed issue of certificates.
    #[must_use]
    pub fn get_issue(&self, account: u32) -> Option<&SignedTransaction> {
        self.issues.get(&account)
    }

    /// The risk of every account at an instant; `accounts` says of each how many transactions it has made and whether it
    /// has a meter.
    pub fn compute_risks(&self, now: SimTime, accounts: impl Iterator<Item = (u64, bool)>) -> Vec<Risk> {
        let missing = self.balance.weigh();
        let none = Record::default();
        let risk = |(account, (transactions, is_metered)): (u32, (u64, bool))| {
            let likelihood = missing.iter().find(|(a, _)| *a == account).map(|(_, p)| *p);
            let record = self.records.get(&account).unwrap_or(&none);
            record.compute(now, transactions, is_metered, likelihood.zip(self.slot_event))
        };
        (0..).zip(accounts).map(risk).collect()
    }

    /// A transaction of this account's own broke a rule.
    pub fn note_refused(&mut self, account: u32, event: EventId) {
        self.records.entry(account).or_default().note_refused(event);
    }

    /// Keeps a finding; `account` is the one that it speaks against.
    pub fn keep(&mut self, finding: Finding, account: Option<u32>) {
        if let Some(account) = account {
            let Finding { verdict, statistic, time, event, .. } = &finding;
            self.records.entry(account).or_default().note_found(*verdict, *statistic, *time, *event);
        }
        if self.findings.len() == MAX_FINDINGS {
            self.findings.pop_front();
        }
        self.findings.push_back(finding);
    }

    /// A validator's silence has a known reason up to `height`: it is not counted.
    pub fn excuse(&mut self, validator: u32, height: u64) {
        if let Some(excused) = self.excused.get_mut(validator as usize) {
            *excused = height.max(*excused);
        }
    }

    /// Who was heard at a height and who was not, by the chances of `model`; those in neither list keep what they have.
    pub fn process_attendance(
        &mut self,
        height: u64,
        (present, absent): (&[u32], &[u32]),
        model: &Bernoulli,
    ) -> Vec<Suspicion> {
        let mut raised = Vec::new();
        for (i, (cusum, excused)) in (0..).zip(self.attendance.iter_mut().zip(&self.excused)) {
            let is_absent = absent.contains(&i);
            if height <= *excused {
                *cusum = Cusum::default();
            } else if !is_absent && !present.contains(&i) {
                continue;
            } else if let Some(statistic) = cusum.process(model, is_absent) {
                let threshold = model.threshold;
                let (doubt, about) = (Doubt::Silence, Some(i));
                raised.push(Suspicion { doubt, about, victim: None, statistic, threshold });
            }
        }
        raised
    }

    /// A proposer left out what an account had ready.
    pub fn process_omission(&mut self, proposer: u32, account: u32) -> Option<Suspicion> {
        let statistic = self.inclusion.entry((proposer, account)).or_default().process(&CENSORSHIP, true)?;
        let threshold = CENSORSHIP.threshold;
        let (doubt, about, victim) = (Doubt::Censorship, Some(proposer), Some(account));
        Some(Suspicion { doubt, about, victim, statistic, threshold })
    }

    /// A committed block with its event; `get_index` knows the accounts.
    pub fn process_block(
        &mut self,
        block: &Block,
        event: EventId,
        get_index: impl Fn(&SignedTransaction) -> Option<u32>,
    ) -> Vec<Suspicion> {
        let mut raised = Vec::new();
        let (height, proposer, time_us) = (block.header.height, block.header.proposer, block.header.time_us);
        let mut senders = std::collections::BTreeSet::new();
        for tx in &block.transactions {
            let Some(account) = get_index(tx) else { continue };
            senders.insert(account);
            if let Payload::Settlement(settlement) = &tx.payload {
                for row in &settlement.rows {
                    if let Some(history) = self.histories.get_mut(row.account as usize) {
                        history.note_bill(row.money);
                    }
                    let traded = row.bought.0.saturating_add(row.sold.0);
                    self.records.entry(row.account).or_default().note_slot(traded, row.imbalance.0, event);
                }
            }
            if !matches!(tx.payload, Payload::Settlement(_) | Payload::Trade(_)) {
                self.latest.insert(account, (height, tx.clone()));
            }
            if matches!(tx.payload, Payload::Certificate(CertificateAction::Issue { .. })) {
                self.issues.insert(account, tx.clone());
            }
            let Some(history) = self.histories.get_mut(account as usize) else { continue };
            if let Some(statistic) = history.process(tx, time_us) {
                let threshold = surprise::THRESHOLD_BITS;
                let (doubt, about) = (Doubt::StolenKey, Some(account));
                raised.push(Suspicion { doubt, about, victim: None, statistic, threshold });
            }
        }
        // An account that was taken in speaks for the proposer, where it was ever left out.
        for account in senders {
            if let Some(cusum) = self.inclusion.get_mut(&(proposer, account)) {
                let _ = cusum.process(&CENSORSHIP, false);
            }
        }
        raised
    }

    /// A slot's missing energy (by the meters, less what the network's model says), its losses, and what each account's
    /// meter says it took, with the event of its settlement.
    pub fn process_slot(
        &mut self,
        missing_wh: f64,
        losses_wh: f64,
        taken: &[(u32, i64)],
        event: EventId,
    ) -> Vec<Suspicion> {
        self.slot_event = Some(event);
        self.balance.process(missing_wh, losses_wh, taken)
    }
}
