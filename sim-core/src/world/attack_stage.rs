//! Attacks on the market's chain take effect: what an attacker does, said as transactions, behaviours and lies.
//!
//! An attacker has what the attack's name says and nothing more: for a forgery a key of his own, for a replay what anybody
//! can read on the chain, for a stolen key the household's. A meter that lies changes what is registered, not what flows:
//! the network's losses take what is missing, so that energy and money still add up.

use super::World;
use crate::command::Attack;
use crate::ids::{BuildingId, EventId, Subject, ValidatorId};
use crate::ledger::Behaviour;
use crate::ledger::certificate::CertificateAction;
use crate::ledger::crypto::{Address, Keypair};
use crate::ledger::mechanism::Mechanism;
use crate::ledger::types::{Payload, SignedTransaction, Transfer};
use crate::market::Registers;
use crate::quantity::{Money, Wh};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// What a thief sends at a time, and how often: most of a household's credit on the chain.
const LOOT: Money = Money(20_000_000);
const THEFTS: u32 = 3;
/// What is spent twice.
const SPENT: Money = Money(5_000_000);
/// Attacks that are remembered as causes.
const REMEMBERED: usize = 32;

/// Attacks under way, and the latest ones with their events.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Attacks {
    /// By participant: thousandths of the true import that its meter says.
    lies: BTreeMap<u32, u32>,
    /// Something is under way that can end.
    is_under_way: bool,
    pub(super) begun: VecDeque<(Attack, EventId)>,
    /// The command that ended all of them, until the round under way is over.
    ended: Option<EventId>,
}

impl Attacks {
    /// What a participant's meter says of what it counted.
    pub(super) fn report(&self, participant: usize, counted: Registers) -> Registers {
        let factor = u32::try_from(participant).ok().and_then(|p| self.lies.get(&p));
        match factor {
            Some(factor) => {
                let said = i128::from(counted.import.0) * i128::from(*factor) / 1_000;
                Registers { import: Wh(i64::try_from(said).unwrap_or(counted.import.0)), ..counted }
            }
            None => counted,
        }
    }

    /// The event of the latest attack that fits.
    pub(super) fn find(&self, fits: impl Fn(&Attack) -> bool) -> Option<EventId> {
        self.begun.iter().rev().find(|(attack, _)| fits(attack)).map(|(_, event)| *event)
    }
}

impl World {
    /// Begins an attack.
    pub(super) fn attack(&mut self, attack: &Attack, event: EventId) -> Result<(), String> {
        self.state.posting.tell(self.state.now, event);
        match attack {
            Attack::Forge { building } => self.forge(self.building(building)?.index()),
            Attack::Replay { building } => self.replay(self.building(building)?.index(), building)?,
            Attack::DoubleSpend { building } => self.spend_twice(self.building(building)?.index()),
            Attack::DoubleIssue { building } => self.issue_twice(self.building(building)?.index(), building)?,
            Attack::StolenKey { building } => self.steal(self.building(building)?.index()),
            Attack::LieAtMeter { building, factor } => {
                let building = self.building(building)?;
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 10 by the check")]
                let thousandths = libm::round(factor * 1e3) as u32;
                self.state.attacks.lies.insert(building.0, thousandths);
            }
            Attack::Silence { validator } => self.behave(validator, Behaviour::Silent)?,
            Attack::Equivocate { validator } => self.behave(validator, Behaviour::Equivocating)?,
            Attack::Censor { validator, building } => {
                let victim = self.address(building)?;
                self.behave(validator, Behaviour::Censoring(victim))?;
            }
            Attack::InvalidBlock { validator, building } => {
                let victim = self.address(building)?;
                self.behave(validator, Behaviour::Robbing(victim))?;
            }
            Attack::Partition { validators } => {
                let mut groups = vec![0; self.scene.validator_bus.len()];
                for name in validators {
                    groups[self.validator(name)?.index()] = 1;
                }
                if groups.iter().all(|group| *group == groups[0]) {
                    return Err("all validators would be on one side: name some of them, not none and not all".into());
                }
                self.state.ledger.set_groups(groups);
            }
        }
        let attacks = &mut self.state.attacks;
        attacks.is_under_way |= attack.is_lasting();
        if attacks.begun.len() == REMEMBERED {
            attacks.begun.pop_front();
        }
        attacks.begun.push_back((attack.clone(), event));
        Ok(())
    }

    /// Ends lies, behaviours and partitions; what was sent stays sent.
    pub(super) fn end_attacks(&mut self, event: EventId) -> Result<(), String> {
        if !std::mem::take(&mut self.state.attacks.is_under_way) {
            return Err("no attack is under way".into());
        }
        self.state.attacks.lies.clear();
        self.state.attacks.ended = Some(event);
        for validator in (0..).take(self.scene.validator_bus.len()) {
            self.state.ledger.set_behaviour(validator, Behaviour::Honest);
        }
        self.state.ledger.set_groups(Vec::new());
        Ok(())
    }

    /// A block is there: what fails from now on has another reason than attacks that have ended.
    pub(super) fn forget_ended(&mut self) {
        let attacks = &mut self.state.attacks;
        if let Some(end) = attacks.ended.take() {
            attacks.begun.retain(|(attack, event)| *event > end || !fails_rounds(attack));
        }
    }

    fn behave(&mut self, validator: &str, behaviour: Behaviour) -> Result<(), String> {
        let (validator, mechanism) = (self.validator(validator)?, self.state.ledger.get_mechanism());
        if behaviour == Behaviour::Equivocating && mechanism != Mechanism::Tendermint {
            let name = mechanism.get_name();
            return Err(format!("double votes are modelled under tendermint only, and this chain runs {name}"));
        }
        if matches!(behaviour, Behaviour::Robbing(_)) && mechanism == Mechanism::Raft {
            return Err("under raft followers trust their leader: an invalid block would stand".into());
        }
        self.state.ledger.set_behaviour(validator.0, behaviour);
        Ok(())
    }

    /// A transfer to another household, signed by the account's own key.
    fn sign_transfer(&self, account: usize, nonce: u64, to: usize, amount: Money) -> Option<SignedTransaction> {
        let fee = self.state.ledger.get_genesis().parameters.least_fee;
        let to = u32::try_from(to).ok()?;
        let payload = Payload::Transfer(Transfer { to, amount });
        let key = self.state.posting.keys.get(account)?;
        Some(SignedTransaction::with_fee(key, self.state.ledger.get_chain(), nonce, fee, payload))
    }

    /// Another household, of the `n`-th choice.
    fn accomplice(&self, account: usize, n: usize) -> usize {
        (account + n) % self.scene.building_bus.len().max(1)
    }

    fn next_nonce(&self, account: usize) -> u64 {
        self.state.posting.keys.get(account).map_or(0, |k| self.state.ledger.get_next_nonce(&k.get_address()))
    }

    /// The account's transfer, signed by somebody else's key.
    fn forge(&mut self, account: usize) {
        let (nonce, to) = (self.next_nonce(account), self.accomplice(account, 1));
        let Some(mut transaction) = self.sign_transfer(account, nonce, to, LOOT) else { return };
        let thief = Keypair::derive(self.state.seed, "thief", "thief");
        transaction.signature = thief.sign(&transaction.get_claim(self.state.ledger.get_chain()).message);
        self.state.ledger.submit_foreign(self.state.now, transaction);
    }

    fn replay(&mut self, account: usize, name: &str) -> Result<(), String> {
        let latest = u32::try_from(account).ok().and_then(|a| self.state.watch.get_latest(a));
        let (_, transaction) =
            latest.ok_or_else(|| format!("{name} has nothing on the chain yet that could be replayed"))?;
        let transaction = transaction.clone();
        self.state.ledger.submit_foreign(self.state.now, transaction);
        Ok(())
    }

    /// The same money to two others; in a partition the second payment is handed in on another side.
    fn spend_twice(&mut self, account: usize) {
        let nonce = self.next_nonce(account);
        let sign = |n| self.sign_transfer(account, nonce, self.accomplice(account, n), SPENT);
        let (Some(first), Some(second)) = (sign(1), sign(2)) else { return };
        self.state.ledger.submit(self.state.now, first, account as u32);
        match self.state.ledger.find_apart(account as u32) {
            Some(validator) => self.state.ledger.submit_foreign_at(self.state.now, second, validator),
            None => self.state.ledger.submit_foreign(self.state.now, second),
        }
    }

    /// The energy of the last certificate once more.
    fn issue_twice(&mut self, account: usize, name: &str) -> Result<(), String> {
        let issue = u32::try_from(account).ok().and_then(|a| self.state.watch.get_issue(a));
        let action = match issue.map(|tx| &tx.payload) {
            Some(Payload::Certificate(action @ CertificateAction::Issue { .. })) => *action,
            _ => return Err(format!("{name} has had nothing certified yet")),
        };
        self.submit(account, Payload::Certificate(action).into());
        Ok(())
    }

    /// Who has the key empties the account.
    fn steal(&mut self, account: usize) {
        for _ in 0..THEFTS {
            let (nonce, to) = (self.next_nonce(account), self.accomplice(account, 1));
            let Some(transaction) = self.sign_transfer(account, nonce, to, LOOT) else { return };
            self.state.ledger.submit(self.state.now, transaction, account as u32);
        }
    }

    /// The key of a building's account.
    fn address(&self, building: &str) -> Result<Address, String> {
        let key =
            self.state.posting.keys.get(self.building(building)?.index()).ok_or("the household has no account")?;
        Ok(key.get_address())
    }

    fn building(&self, name: &str) -> Result<BuildingId, String> {
        match self.scene.find(name) {
            Some(Subject::Building(building)) => Ok(building),
            _ => Err(format!("there is no building '{name}'")),
        }
    }

    fn validator(&self, name: &str) -> Result<ValidatorId, String> {
        match self.scene.find(name) {
            Some(Subject::Validator(validator)) => Ok(validator),
            _ => Err(format!("there is no validator '{name}'")),
        }
    }
}

/// Whether rounds may fail because of an attack.
pub(super) fn fails_rounds(attack: &Attack) -> bool {
    matches!(
        attack,
        Attack::Partition { .. } | Attack::Silence { .. } | Attack::InvalidBlock { .. } | Attack::Equivocate { .. }
    )
}
