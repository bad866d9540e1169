//! What the community notices of attacks: evidence and suspicions become events with their causes, and are kept.

use super::World;
use super::attack_stage::fails_rounds;
use crate::command::Attack;
use crate::digest::Hash;
use crate::event::EventKind;
use crate::ids::{EventId, Subject, ValidatorId};
use crate::ledger::behaviour::FOREIGN;
use crate::ledger::block::Block;
use crate::ledger::certificate::{CertificateAction, CertificateError};
use crate::ledger::commit::Finality;
use crate::ledger::crypto::Address;
use crate::ledger::error::TransitionError;
use crate::ledger::evidence::{Equivocation, InvalidBlock};
use crate::ledger::mechanism::Mechanism;
use crate::ledger::mempool::Refusal;
use crate::ledger::types::{Payload, Role, SignedTransaction};
use crate::ledger::watch::{
    Doubt, Evidence, Finding, Known, Offence, Risk, SILENCE, Suspicion, Verdict, get_silence_of_miner,
};
use crate::market::Metered;
use crate::quantity::Wh;
use crate::scene::Participant;
use crate::time::SimTime;

/// Heights for which a validator is excused after it was dark or cut off: the one in progress and the next.
const EXCUSED: u64 = 2;

impl World {
    /// What was found so far, oldest first, at most the last 64.
    pub fn findings(&self) -> impl DoubleEndedIterator<Item = &Finding> {
        self.state.watch.get_findings()
    }

    /// The chain's name in signatures: the hash of its genesis.
    #[must_use]
    pub fn chain_hash(&self) -> &Hash {
        self.state.ledger.get_chain()
    }

    /// Whether a finding's evidence holds for somebody who has only the chain; a suspicion never does.
    #[must_use]
    pub fn is_proven(&self, finding: &Finding, block: &dyn Fn(u64) -> Option<Block>) -> bool {
        let ledger = &self.state.ledger;
        let finality = Finality::of(ledger.get_genesis(), ledger.get_chain());
        let known = Known { finality, state: ledger.get_state(), block };
        finding.evidence.as_ref().is_some_and(|evidence| evidence.is_valid(&known))
    }

    /// The risk of every account, in the order of the genesis.
    #[must_use]
    pub fn risks(&self) -> Vec<Risk> {
        let accounts = self.state.ledger.get_state().get_accounts().iter();
        let known = accounts.map(|a| (a.nonce, a.role == Role::Meter));
        self.state.watch.compute_risks(self.state.now, known)
    }

    /// A committed block, with its event.
    pub(super) fn watch_block(&mut self, block: &Block, at: SimTime, event: EventId) {
        let state = &mut self.state;
        let raised = state.watch.process_block(block, event, |tx| state.ledger.get_state().get_index(&tx.sender));
        self.raise(raised, at, event);
    }

    /// Who was heard at a height and who was not; whose power or connection is gone has a reason.
    pub(super) fn watch_attendance(&mut self, height: u64, heard: (&[u32], &[u32]), at: SimTime) {
        let state = &mut self.state;
        let validators = u32::try_from(state.posting.reach.len()).unwrap_or(u32::MAX);
        let mechanism = state.ledger.get_mechanism();
        // On branches a block is told once others stand on it.
        let excused = height + EXCUSED + mechanism.compute_confirmations(validators) - 1;
        for (v, _) in (0..).zip(&state.posting.reach).filter(|(_, reach)| !reach.is_reachable()) {
            state.watch.excuse(v, excused);
        }
        let model = if mechanism == Mechanism::Work { get_silence_of_miner(validators) } else { SILENCE };
        let raised = state.watch.process_attendance(height, heard, &model);
        let event = self.last_block();
        self.raise(raised, at, event);
    }

    /// A proposer left out what an account had ready.
    pub(super) fn watch_omission(&mut self, proposer: u32, sender: &Address, at: SimTime) {
        let Some(account) = self.state.ledger.get_state().get_index(sender) else { return };
        let raised = self.state.watch.process_omission(proposer, account);
        let event = self.last_block();
        self.raise(raised.into_iter().collect(), at, event);
    }

    /// A slot's balance: by all meters, and by the power flow.
    pub(super) fn watch_slot(&mut self, losses: Wh, flow_kwh: f64, metered: &[Metered], event: EventId) {
        let taken: Vec<(u32, i64)> = metered.iter().map(|m| (m.account.0, m.registers.import.0)).collect();
        let flow_wh = flow_kwh * 1e3;
        let raised = self.state.watch.process_slot(losses.0 as f64 - flow_wh, flow_wh, &taken, event);
        self.raise(raised, self.state.now, event);
    }

    /// A validator voted twice: the proof goes onto the chain from the account of the one that heard it.
    pub(super) fn watch_equivocation(&mut self, witness: u32, proof: Equivocation, at: SimTime) {
        let event = self.last_block();
        let validator = proof.validator;
        let told = self.prove(
            Evidence::Equivocation { proof: Box::new(proof) },
            Subject::Validator(ValidatorId(validator)),
            at,
            event,
        );
        if !self.state.ledger.get_state().get_offences().contains_key(&validator) {
            let account = self.validator_account(witness);
            self.state.posting.tell(at, told);
            self.submit(account, Payload::Equivocation(proof).into());
        }
    }

    /// A validator proposed an invalid block.
    pub(super) fn watch_invalid_block(&mut self, proof: InvalidBlock, at: SimTime) {
        let subject = Subject::Validator(ValidatorId(proof.header.proposer));
        self.prove(Evidence::InvalidBlock { proof: Box::new(proof) }, subject, at, self.last_block());
    }

    /// The cause of a refusal of what was handed in from outside: the attack, where there is one.
    pub(super) fn refusal_cause(&self, tx: &SignedTransaction, origin: u32) -> Option<EventId> {
        let subject = self.subject_of_sender(&tx.sender);
        let is_from_outside = |attack: &Attack| match attack {
            Attack::Forge { building } | Attack::Replay { building } | Attack::DoubleSpend { building } => {
                self.scene.find(building) == Some(subject)
            }
            _ => false,
        };
        self.state.attacks.find(is_from_outside).filter(|_| origin == FOREIGN)
    }

    /// What a refused transaction proves, with the event of its refusal.
    pub(super) fn watch_refusal(
        &mut self,
        transaction: SignedTransaction,
        rival: Option<SignedTransaction>,
        (reason, origin): (&Refusal, u32),
        at: SimTime,
        event: EventId,
    ) {
        let state = self.state.ledger.get_state();
        let Some(account) = state.get_index(&transaction.sender) else { return };
        // What strangers hand in speaks for nobody.
        if origin != FOREIGN {
            self.end_way(account, &transaction.payload);
            if matches!(reason, Refusal::Rule(_)) {
                self.state.watch.note_refused(account, event);
            }
        }
        let watch = &self.state.watch;
        let subject = self.subject_of_sender(&transaction.sender);
        let transaction = Box::new(transaction);
        let evidence = match (reason, rival) {
            (Refusal::Rule(TransitionError::Signature), _) => Evidence::Forged { transaction },
            (Refusal::NonceTaken { .. } | Refusal::Rule(TransitionError::Nonce { .. }), Some(rival))
                if are_two_payments(&rival, &transaction) =>
            {
                Evidence::DoubleSpend { first: Box::new(rival), second: transaction }
            }
            (Refusal::Rule(TransitionError::Nonce { .. }), _) => match watch.get_latest(account) {
                Some((height, latest)) if *latest == *transaction => {
                    Evidence::Replayed { transaction, height: *height }
                }
                _ => return,
            },
            (Refusal::Rule(TransitionError::Certificate(CertificateError::NotMetered { .. })), _) => {
                match watch.get_issue(account) {
                    Some(first) if is_same_hour(first, &transaction) => {
                        Evidence::DoubleIssue { first: Box::new(first.clone()), second: transaction }
                    }
                    _ => return,
                }
            }
            _ => return,
        };
        self.prove(evidence, subject, at, event);
    }

    /// The account of a validator: after the operator come the regulator and the validators.
    fn validator_account(&self, validator: u32) -> usize {
        self.state.posting.operator() + 2 + validator as usize
    }

    /// The account that evidence is about: of the validator that voted twice, or in whose name a transaction is.
    fn account_of(&self, evidence: &Evidence) -> Option<u32> {
        let index = |tx: &SignedTransaction| self.state.ledger.get_state().get_index(&tx.sender);
        match evidence {
            Evidence::Equivocation { proof } => u32::try_from(self.validator_account(proof.validator)).ok(),
            Evidence::Forged { transaction } | Evidence::Replayed { transaction, .. } => index(transaction),
            Evidence::DoubleSpend { first, .. } | Evidence::DoubleIssue { first, .. } => index(first),
            Evidence::InvalidBlock { proof } => u32::try_from(self.validator_account(proof.header.proposer)).ok(),
            Evidence::ChangedBlock { .. } => None,
        }
    }

    fn prove(&mut self, evidence: Evidence, subject: Subject, at: SimTime, because: EventId) -> EventId {
        let offence = evidence.get_offence();
        let digest = crate::digest::hex(&evidence.compute_hash());
        let attack = self.state.attacks.find(|attack| self.is_offence_of(attack, offence, subject));
        let also = attack.map(|_| because).into_iter().collect();
        let kind = EventKind::EvidenceFound { offence, digest };
        let event = self.state.journal.note_also(at, subject, kind, attack.unwrap_or(because), also);
        let verdict = Verdict::Proven(offence);
        let account = self.account_of(&evidence);
        let evidence = Some(evidence);
        let finding = Finding { time: at, subject, victim: None, verdict, statistic: None, evidence, event };
        self.state.watch.keep(finding, account);
        event
    }

    fn raise(&mut self, raised: Vec<Suspicion>, at: SimTime, because: EventId) {
        for Suspicion { doubt, about, victim, statistic, threshold } in raised {
            let subject = match (doubt, about) {
                (Doubt::Silence | Doubt::Censorship, Some(v)) => Subject::Validator(ValidatorId(v)),
                (_, Some(account)) => self.subject_of_account(account),
                (_, None) => Subject::Community,
            };
            let account = match doubt {
                Doubt::Silence | Doubt::Censorship => about.map(|v| self.validator_account(v) as u32),
                Doubt::StolenKey | Doubt::LyingMeter => about,
            };
            let victim = victim.map(|account| self.subject_of_account(account));
            let attack = self.state.attacks.find(|attack| self.is_doubt_of(attack, doubt, subject));
            let also = attack.map(|_| because).into_iter().collect();
            let kind = EventKind::SuspicionRaised { doubt, statistic, threshold };
            let event = self.state.journal.note_also(at, subject, kind, attack.unwrap_or(because), also);
            let (verdict, statistic) = (Verdict::Suspected(doubt), Some((statistic, threshold)));
            let finding = Finding { time: at, subject, victim, verdict, statistic, evidence: None, event };
            self.state.watch.keep(finding, account);
        }
    }

    /// The attack under way that makes rounds fail and lets a chain stand still.
    pub(super) fn attack_cause(&self) -> Option<EventId> {
        self.state.attacks.find(fails_rounds)
    }

    fn is_offence_of(&self, attack: &Attack, offence: Offence, subject: Subject) -> bool {
        let fits = match attack {
            Attack::Equivocate { .. } => offence == Offence::Equivocation,
            Attack::Forge { .. } => offence == Offence::Forged,
            Attack::Replay { .. } => offence == Offence::Replayed,
            Attack::DoubleSpend { .. } => offence == Offence::DoubleSpend,
            Attack::DoubleIssue { .. } => offence == Offence::DoubleIssue,
            Attack::InvalidBlock { .. } => offence == Offence::InvalidBlock,
            _ => false,
        };
        fits && attack.names().any(|name| self.scene.find(name) == Some(subject))
    }

    fn is_doubt_of(&self, attack: &Attack, doubt: Doubt, subject: Subject) -> bool {
        let fits = match attack {
            Attack::Silence { .. } | Attack::Partition { .. } => doubt == Doubt::Silence,
            Attack::Censor { .. } => doubt == Doubt::Censorship,
            Attack::StolenKey { .. } | Attack::DoubleSpend { .. } => doubt == Doubt::StolenKey,
            Attack::LieAtMeter { .. } => doubt == Doubt::LyingMeter,
            _ => false,
        };
        fits && (subject == Subject::Community || attack.names().any(|name| self.scene.find(name) == Some(subject)))
    }

    fn last_block(&self) -> EventId {
        self.state.posting.block_event.unwrap_or(self.state.root)
    }

    fn subject_of_sender(&self, sender: &Address) -> Subject {
        self.state.ledger.get_state().get_index(sender).map_or(Subject::Chain, |a| self.subject_of_account(a))
    }

    fn subject_of_account(&self, account: u32) -> Subject {
        match self.scene.participants.get(account as usize) {
            Some(Participant::Grid) => Subject::Grid,
            Some(Participant::Losses) => Subject::Community,
            _ => self.member(account),
        }
    }

    /// Who a member's account belongs to; all others are the chain's.
    pub(super) fn member(&self, account: u32) -> Subject {
        match self.scene.participants.get(account as usize) {
            Some(Participant::Building(b)) => Subject::Building(*b),
            Some(Participant::Device(d)) => Subject::Device(*d),
            _ => Subject::Chain,
        }
    }
}

fn are_two_payments(a: &SignedTransaction, b: &SignedTransaction) -> bool {
    matches!(a.payload, Payload::Transfer(_)) && a.payload != b.payload
}

fn is_same_hour(a: &SignedTransaction, b: &SignedTransaction) -> bool {
    let hour = |tx: &SignedTransaction| match tx.payload {
        Payload::Certificate(CertificateAction::Issue { hour, .. }) => Some(hour),
        _ => None,
    };
    hour(a).is_some() && hour(a) == hour(b)
}
