//! The registry: who holds which certificate, and what every action does to it.

use super::credit::CreditBook;
use super::entries::{Changes, EntryKey};
use super::error::CertificateError;
use super::escrow::{Escrow, Terms};
use super::types::{
    AccountTotals, Certificate, CertificateAction, CertificateEvent, CertificateId, Facility, HourMeter, LotKey,
    MAX_ENERGY, Origin, Purpose, Retirement, Rules, Totals,
};
use crate::ledger::shared::Shared;
use crate::quantity::Wh;
use crate::time::HOUR_US;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// All certificates of a chain. Cloning is cheap: parts are shared until they change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registry {
    rules: Rules,
    accounts: u32,
    facilities: Shared<BTreeMap<u32, Facility>>,
    /// The hour up to which the chain has come.
    now: u32,
    /// Number of the next certificate.
    pub(super) next: u64,
    pub(super) totals: Totals,
    /// Bound on energy from the network in the storage behind a plant's meter.
    pub(super) grey: Shared<BTreeMap<u32, Wh>>,
    /// By hour and account; hours that do not change are shared with earlier states.
    pub(super) meters: BTreeMap<u32, Shared<BTreeMap<u32, HourMeter>>>,
    pub(super) certificates: Shared<BTreeMap<CertificateId, Certificate>>,
    pub(super) lots: Shared<BTreeMap<LotKey, (Origin, Wh)>>,
    pub(super) sums: Shared<BTreeMap<u32, AccountTotals>>,
    pub(super) locks: Shared<BTreeMap<CertificateId, Escrow>>,
    pub(super) credits: CreditBook,
    #[serde(skip)]
    pub(super) changes: Changes,
}

impl Registry {
    /// An empty registry for accounts 0 to `accounts - 1`, with what stands behind their meters.
    #[must_use]
    pub fn new(rules: Rules, accounts: u32, facilities: BTreeMap<u32, Facility>) -> Self {
        Self {
            rules,
            accounts,
            facilities: Shared::new(facilities),
            now: 0,
            next: 0,
            totals: Totals::default(),
            grey: Shared::default(),
            meters: BTreeMap::new(),
            certificates: Shared::default(),
            lots: Shared::default(),
            sums: Shared::default(),
            locks: Shared::default(),
            credits: CreditBook::default(),
            changes: Changes::default(),
        }
    }

    /// Carries out an action of `sender` at the beginning of the registry's hour; on an error nothing has changed.
    ///
    /// # Errors
    /// The first rule it breaks.
    pub fn process(
        &mut self,
        sender: u32,
        action: &CertificateAction,
    ) -> Result<Vec<CertificateEvent>, CertificateError> {
        self.process_at(sender, action, u64::from(self.now).saturating_mul(HOUR_US))
    }

    /// Carries out an action of `sender` in a block of `time_us`; on an error nothing has changed.
    ///
    /// # Errors
    /// The first rule it breaks.
    pub fn process_at(
        &mut self,
        sender: u32,
        action: &CertificateAction,
        time_us: u64,
    ) -> Result<Vec<CertificateEvent>, CertificateError> {
        if sender >= self.accounts {
            return Err(CertificateError::Account { account: sender });
        }
        match *action {
            CertificateAction::Issue { hour, energy } => self.process_issue(sender, hour, energy),
            CertificateAction::Transfer { certificate, to, energy } => {
                self.process_transfer(sender, certificate, to, energy)
            }
            CertificateAction::Claim { certificate, energy, purpose } => {
                self.process_claim(sender, certificate, energy, purpose)
            }
            CertificateAction::Store { certificate, energy } => self.process_store(sender, certificate, energy),
            CertificateAction::Release { hour, energy } => self.process_release(sender, hour, energy),
            CertificateAction::Lock { certificate, energy, to, hash, until_us } => {
                self.process_lock(sender, certificate, energy, &Terms { to, hash, until_us }, time_us)
            }
            CertificateAction::Unlock { certificate, secret } => self.process_unlock(certificate, secret, time_us),
            CertificateAction::Refund { certificate } => self.process_refund(certificate, time_us),
            CertificateAction::IssueCredit { hour } => self.process_issue_credit(sender, hour),
            CertificateAction::TransferCredit { to, mg } => self.process_transfer_credit(sender, to, mg),
            CertificateAction::RetireCredit { mg } => self.process_retire_credit(sender, mg),
        }
    }

    /// Moves the clock on to the hour `now`: what is too old is retired. An earlier hour changes nothing.
    pub fn process_hour(&mut self, now: u32) -> Vec<CertificateEvent> {
        if now <= self.now {
            return Vec::new();
        }
        self.now = now;
        self.note(EntryKey::Totals);
        let first = self.get_first_hour();
        let oldest_kept = CertificateId { produced: first, number: 0 };
        let mut events = Vec::new();
        let mut retire = |certificate: CertificateId, energy: Wh| {
            events.push(CertificateEvent::Retired { certificate, energy, reason: Retirement::Expired });
        };
        let old: Vec<_> = self.certificates.range(..oldest_kept).map(|(id, c)| (*id, c.energy)).collect();
        for (id, energy) in old {
            self.certificates.change().remove(&id);
            self.note(EntryKey::Certificate(id));
            self.totals.held.0 -= energy.0;
            self.totals.expired.0 += energy.0;
            retire(id, energy);
        }
        let old = self.lots.iter().filter(|(_, (origin, _))| origin.produced < first);
        for (key, energy) in old.map(|(key, (_, energy))| (*key, *energy)).collect::<Vec<_>>() {
            self.lots.change().remove(&key);
            self.note(EntryKey::Lot(key));
            self.totals.stored.0 -= energy.0;
            self.totals.expired.0 += energy.0;
            retire(key.certificate, energy);
        }
        let old: Vec<_> = self.locks.range(..oldest_kept).map(|(id, lock)| (*id, lock.certificate.energy)).collect();
        for (id, energy) in old {
            self.locks.change().remove(&id);
            self.note(EntryKey::Lock(id));
            self.totals.locked.0 -= energy.0;
            self.totals.expired.0 += energy.0;
            retire(id, energy);
        }
        self.forget_credited(first);
        let kept = self.meters.split_off(&first);
        for (hour, meters) in std::mem::replace(&mut self.meters, kept) {
            meters.keys().for_each(|account| self.note(EntryKey::Meter { hour, account: *account }));
        }
        events
    }

    fn process_issue(&mut self, sender: u32, hour: u32, energy: Wh) -> Result<Vec<CertificateEvent>, CertificateError> {
        check_energy(energy)?;
        let Some(Facility::Plant(plant)) = self.get_facility(sender) else {
            return Err(CertificateError::NoPlant { account: sender });
        };
        let first = self.now.saturating_sub(self.rules.issue_hours.min(self.rules.expire_hours));
        if hour < first {
            return Err(CertificateError::TooLate { hour, now: self.now, first });
        }
        let mut meter = self.get_meter(hour, sender);
        let left = Wh(meter.green.0 - meter.issued.0);
        if energy > left {
            return Err(CertificateError::NotMetered { account: sender, hour, energy, left });
        }
        let mut totals = self.totals;
        totals.issued = totals.issued.checked_add(energy).ok_or(CertificateError::Overflow)?;
        totals.held.0 += energy.0;
        let origin = Origin { plant: sender, produced: hour, source: plant.source };
        let certificate = self.take_id(hour)?;
        self.totals = totals;
        meter.issued.0 += energy.0;
        self.put_meter(hour, sender, meter);
        self.add_sum(sender, |sums| &mut sums.issued, energy);
        self.put_certificate(certificate, Certificate { origin, hour, owner: sender, energy });
        Ok(vec![CertificateEvent::Issued { certificate, origin, energy }])
    }

    fn process_transfer(
        &mut self,
        from: u32,
        parent: CertificateId,
        to: u32,
        energy: Wh,
    ) -> Result<Vec<CertificateEvent>, CertificateError> {
        let held = self.get_owned(from, parent, energy)?;
        if to >= self.accounts || to == from {
            return Err(CertificateError::Account { account: to });
        }
        let certificate = if energy == held.energy { parent } else { self.take_id(parent.produced)? };
        self.take_from(parent, held, energy);
        self.put_certificate(certificate, Certificate { owner: to, energy, ..held });
        Ok(vec![CertificateEvent::Transferred { certificate, parent, from, to, energy }])
    }

    fn process_claim(
        &mut self,
        account: u32,
        certificate: CertificateId,
        energy: Wh,
        purpose: Purpose,
    ) -> Result<Vec<CertificateEvent>, CertificateError> {
        let held = self.get_owned(account, certificate, energy)?;
        let hour = held.hour;
        let mut meter = self.get_meter(hour, account);
        let left = meter.get_open();
        if energy > left {
            return Err(CertificateError::NotMetered { account, hour, energy, left });
        }
        if purpose == Purpose::Credit && self.is_credited(account, hour) {
            return Err(CertificateError::CreditTwice { account, hour });
        }
        self.take_from(certificate, held, energy);
        self.totals.held.0 -= energy.0;
        match purpose {
            Purpose::Footprint => {
                meter.claimed.0 += energy.0;
                self.totals.claimed.0 += energy.0;
                self.add_sum(account, |sums| &mut sums.claimed, energy);
            }
            Purpose::Credit => {
                meter.credited.0 += energy.0;
                self.totals.credited.0 += energy.0;
                self.add_sum(account, |sums| &mut sums.credited, energy);
            }
        }
        self.put_meter(hour, account, meter);
        Ok(vec![CertificateEvent::Claimed { certificate, account, hour, energy, purpose }])
    }

    /// The certificate, if it is `sender`'s and has `energy`.
    pub(super) fn get_owned(
        &self,
        sender: u32,
        certificate: CertificateId,
        energy: Wh,
    ) -> Result<Certificate, CertificateError> {
        check_energy(energy)?;
        let held = *self.certificates.get(&certificate).ok_or(CertificateError::Unknown { certificate })?;
        if held.owner != sender {
            return Err(CertificateError::NotOwner { certificate, owner: held.owner, sender });
        }
        if energy > held.energy {
            return Err(CertificateError::TooMuch { certificate, has: held.energy, energy });
        }
        Ok(held)
    }

    /// Takes energy out of a certificate that has it; nothing left, no certificate.
    pub(super) fn take_from(&mut self, id: CertificateId, held: Certificate, energy: Wh) {
        self.note(EntryKey::Certificate(id));
        self.note(EntryKey::Totals);
        if energy == held.energy {
            self.certificates.change().remove(&id);
        } else {
            let rest = Certificate { energy: Wh(held.energy.0 - energy.0), ..held };
            self.certificates.change().insert(id, rest);
        }
    }

    pub(super) fn take_id(&mut self, produced: u32) -> Result<CertificateId, CertificateError> {
        let number = self.next;
        self.next = number.checked_add(1).ok_or(CertificateError::Overflow)?;
        Ok(CertificateId { produced, number })
    }

    pub(super) fn put_certificate(&mut self, id: CertificateId, certificate: Certificate) {
        self.certificates.change().insert(id, certificate);
        self.note(EntryKey::Certificate(id));
        self.note(EntryKey::Totals);
    }

    pub(super) fn put_meter(&mut self, hour: u32, account: u32, meter: HourMeter) {
        self.meters.entry(hour).or_default().change().insert(account, meter);
        self.note(EntryKey::Meter { hour, account });
    }

    fn add_sum(&mut self, account: u32, field: impl Fn(&mut AccountTotals) -> &mut Wh, energy: Wh) {
        // Never more than the issued total, which is checked.
        field(self.sums.change().entry(account).or_default()).0 += energy.0;
        self.note(EntryKey::Sums(account));
    }

    pub(super) fn is_account(&self, account: u32) -> bool {
        account < self.accounts
    }
    /// The oldest hour that is kept.
    pub(super) fn get_first_hour(&self) -> u32 {
        self.now.saturating_sub(self.rules.expire_hours)
    }
    /// The rules.
    #[must_use]
    pub fn get_rules(&self) -> &Rules {
        &self.rules
    }
    /// The hour up to which the chain has come.
    #[must_use]
    pub fn get_now(&self) -> u32 {
        self.now
    }
    /// What stands behind an account's meter.
    #[must_use]
    pub fn get_facility(&self, account: u32) -> Option<Facility> {
        self.facilities.get(&account).copied()
    }
    /// Where all certified energy is.
    #[must_use]
    pub fn get_totals(&self) -> &Totals {
        &self.totals
    }
    /// An account's sums since the start.
    #[must_use]
    pub fn get_account_totals(&self, account: u32) -> AccountTotals {
        self.sums.get(&account).copied().unwrap_or_default()
    }
    /// An account's hour; zeros where nothing is known or kept.
    #[must_use]
    pub fn get_meter(&self, hour: u32, account: u32) -> HourMeter {
        self.meters.get(&hour).and_then(|of| of.get(&account)).copied().unwrap_or_default()
    }
    /// A certificate that is held.
    #[must_use]
    pub fn get_certificate(&self, id: CertificateId) -> Option<&Certificate> {
        self.certificates.get(&id)
    }
    /// All that are held, oldest production first.
    pub fn get_certificates(&self) -> impl Iterator<Item = (&CertificateId, &Certificate)> {
        self.certificates.iter()
    }
    /// All that is locked in storages: key, origin, energy.
    pub fn get_lots(&self) -> impl Iterator<Item = (&LotKey, &Origin, Wh)> {
        self.lots.iter().map(|(key, (origin, energy))| (key, origin, *energy))
    }
}

fn check_energy(energy: Wh) -> Result<(), CertificateError> {
    if energy.0 < 1 || energy > MAX_ENERGY {
        return Err(CertificateError::Energy { energy, most: MAX_ENERGY });
    }
    Ok(())
}
