//! Carbon credits as amounts on the chain: issued once an hour and account from surrendered certificates, given away,
//! retired.
//!
//! ```text
//! avoided(account, hour) = credited(account, hour) * baseline                       Wh * mg/Wh = mg
//! credit                 = floor(avoided * (1000 - buffer) / 1000)                  the rest is kept back, nobody's
//! issued = held by all accounts + retired                                           (every mg, at every moment)
//! ```
//!
//! Everything in it the chain knows itself: `credited` from claims, which metered import bounds, baseline and buffer from the
//! genesis. An hour's credits are issued when the hour after it is over, in one piece; then no more of its certificates can
//! become credits. A milligram is held or retired, and retiring takes it from who holds it: neither happens twice. The form
//! is that of `market::carbon`, which a test of whole runs holds against it, with the same doubts about additionality.
//! Limits: amounts are fungible (which roof and hour a gram came from ends with its issue, and stands in the event of it); no
//! price (a sale is a transfer and a payment).

use super::entries::EntryKey;
use super::error::CertificateError;
use super::registry::Registry;
use super::types::{CertificateEvent, CreditTotals, Credits};
use crate::ledger::crypto::encode;
use crate::ledger::shared::Shared;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Hours after an hour's end in which its certificates can still be surrendered.
const WAIT_HOURS: u32 = 1;

/// All carbon credits of a chain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CreditBook {
    totals: CreditTotals,
    accounts: Shared<BTreeMap<u32, Credits>>,
    /// Hours whose credits an account has been issued, as far as their meters are kept.
    credited: Shared<BTreeMap<u32, BTreeSet<u32>>>,
}

impl CreditBook {
    pub(super) fn get_keys(&self) -> impl Iterator<Item = EntryKey> {
        let totals = (self.totals != CreditTotals::default()).then_some(EntryKey::CreditTotals);
        let credits = self.accounts.keys().map(|a| EntryKey::Credits(*a));
        totals.into_iter().chain(credits).chain(self.credited.keys().map(|a| EntryKey::Credited(*a)))
    }

    pub(super) fn get_entry(&self, key: &EntryKey) -> Option<Vec<u8>> {
        match key {
            EntryKey::CreditTotals if self.totals == CreditTotals::default() => None,
            EntryKey::CreditTotals => Some(encode("credit-totals", &self.totals)),
            EntryKey::Credits(account) => self.accounts.get(account).map(|v| encode("credits", v)),
            EntryKey::Credited(account) => self.credited.get(account).map(|v| encode("credited-hours", v)),
            _ => None,
        }
    }
}

impl Registry {
    pub(super) fn process_issue_credit(
        &mut self,
        account: u32,
        hour: u32,
    ) -> Result<Vec<CertificateEvent>, CertificateError> {
        let (now, first) = (self.get_now(), hour.saturating_add(WAIT_HOURS + 1));
        if now < first {
            return Err(CertificateError::CreditEarly { hour, now, first });
        }
        if self.is_credited(account, hour) {
            return Err(CertificateError::CreditTwice { account, hour });
        }
        let energy = self.get_meter(hour, account).credited;
        let (all, mg) = self.get_rules().compute_credit(energy).ok_or(CertificateError::Overflow)?;
        if mg == 0 {
            return Err(CertificateError::NoCredit { account, hour });
        }
        let mut totals = self.credits.totals;
        totals.issued_mg = totals.issued_mg.checked_add(mg).ok_or(CertificateError::Overflow)?;
        // Never more than what was avoided.
        let buffer_mg = all - mg;
        totals.buffer_mg = totals.buffer_mg.checked_add(buffer_mg).ok_or(CertificateError::Overflow)?;
        self.credits.totals = totals;
        self.credits.credited.change().entry(account).or_default().insert(hour);
        self.change_credits(account, |c| {
            c.held_mg += mg;
            c.issued_mg += mg;
        });
        self.note(EntryKey::CreditTotals);
        self.note(EntryKey::Credited(account));
        Ok(vec![CertificateEvent::CreditIssued { account, hour, energy, mg, buffer_mg }])
    }

    pub(super) fn process_transfer_credit(
        &mut self,
        from: u32,
        to: u32,
        mg: i64,
    ) -> Result<Vec<CertificateEvent>, CertificateError> {
        self.check_credits(from, mg)?;
        if !self.is_account(to) || to == from {
            return Err(CertificateError::Account { account: to });
        }
        self.change_credits(from, |c| c.held_mg -= mg);
        // Never more than all that was issued, which is checked.
        self.change_credits(to, |c| c.held_mg += mg);
        Ok(vec![CertificateEvent::CreditTransferred { from, to, mg }])
    }

    pub(super) fn process_retire_credit(
        &mut self,
        account: u32,
        mg: i64,
    ) -> Result<Vec<CertificateEvent>, CertificateError> {
        self.check_credits(account, mg)?;
        self.change_credits(account, |c| {
            c.held_mg -= mg;
            c.retired_mg += mg;
        });
        self.credits.totals.retired_mg += mg;
        self.note(EntryKey::CreditTotals);
        Ok(vec![CertificateEvent::CreditRetired { account, mg }])
    }

    /// Drops what was noted of hours whose meters are no longer kept.
    pub(super) fn forget_credited(&mut self, first: u32) {
        let is_old = |hours: &BTreeSet<u32>| hours.first().is_some_and(|hour| *hour < first);
        let old = self.credits.credited.iter().filter(|(_, hours)| is_old(hours));
        let old: Vec<u32> = old.map(|(account, _)| *account).collect();
        for account in old {
            if let Some(hours) = self.credits.credited.change().get_mut(&account) {
                *hours = hours.split_off(&first);
            }
            self.note(EntryKey::Credited(account));
        }
        if self.credits.credited.values().any(BTreeSet::is_empty) {
            self.credits.credited.change().retain(|_, hours| !hours.is_empty());
        }
    }

    /// The credits of this hour were issued.
    #[must_use]
    pub fn is_credited(&self, account: u32, hour: u32) -> bool {
        self.credits.credited.get(&account).is_some_and(|hours| hours.contains(&hour))
    }
    /// An account's carbon credits.
    #[must_use]
    pub fn get_credits(&self, account: u32) -> Credits {
        self.credits.accounts.get(&account).copied().unwrap_or_default()
    }
    /// Where all carbon credits are.
    #[must_use]
    pub fn get_credit_totals(&self) -> CreditTotals {
        self.credits.totals
    }

    fn check_credits(&self, account: u32, mg: i64) -> Result<(), CertificateError> {
        let has = self.get_credits(account).held_mg;
        if mg < 1 || mg > has { Err(CertificateError::CreditAmount { account, has, mg }) } else { Ok(()) }
    }

    fn change_credits(&mut self, account: u32, change: impl FnOnce(&mut Credits)) {
        change(self.credits.accounts.change().entry(account).or_default());
        self.note(EntryKey::Credits(account));
    }
}

#[cfg(test)]
mod tests {
    use super::super::{CertificateAction, Facility, Plant, Purpose, Rules, Source};
    use super::*;
    use crate::quantity::Wh;
    use proptest::prelude::*;

    /// Account 0 has a roof; 1 to 3 are homes. 380 g/kWh, a tenth kept back.
    fn registry() -> Registry {
        let roof = Facility::Plant(Plant { source: Source::Solar, rated: Wh(100_000), storage: None });
        let rules = Rules { slots_per_hour: 1, issue_hours: 20, expire_hours: 24, baseline: 380, buffer: 100 };
        Registry::new(rules, 4, BTreeMap::from([(0, roof)]))
    }

    /// A home takes `import` in an hour, gets so much of the roof's certificates, and surrenders `credit` of it.
    fn play(r: &mut Registry, hour: u32, home: u32, import: i64, credit: i64) {
        r.process_reading(home, hour, Wh(import), Wh(0));
        if credit == 0 {
            return;
        }
        r.process_reading(0, hour, Wh(0), Wh(credit));
        let issued = r.process(0, &CertificateAction::Issue { hour, energy: Wh(credit) }).expect("metered");
        let [CertificateEvent::Issued { certificate, .. }] = issued[..] else { panic!("{issued:?}") };
        r.process(0, &CertificateAction::Transfer { certificate, to: home, energy: Wh(credit) }).expect("owned");
        let claim = CertificateAction::Claim { certificate, energy: Wh(credit), purpose: Purpose::Credit };
        r.process(home, &claim).expect("taken");
    }

    /// 1,001 Wh surrendered against 380 g/kWh: 380,380 mg avoided, 342,342 issued, 38,038 kept back. Not before the next
    /// hour is over, not twice, not for nothing; after it the hour takes no more certificates for credits.
    #[test]
    fn an_hours_credits_are_issued_once_and_by_the_stated_baseline() {
        let mut r = registry();
        play(&mut r, 2, 1, 5_000, 1_001);
        let issue = |hour| CertificateAction::IssueCredit { hour };
        r.process_hour(3);
        let early = r.process(1, &issue(2)).expect_err("early");
        assert!(matches!(early, CertificateError::CreditEarly { hour: 2, now: 3, first: 4 }));
        r.process_hour(4);
        let events = r.process(1, &issue(2)).expect("due");
        let energy = Wh(1_001);
        assert_eq!(
            events,
            [CertificateEvent::CreditIssued { account: 1, hour: 2, energy, mg: 342_342, buffer_mg: 38_038 }]
        );
        assert!(matches!(r.process(1, &issue(2)), Err(CertificateError::CreditTwice { account: 1, hour: 2 })));
        assert!(matches!(r.process(2, &issue(2)), Err(CertificateError::NoCredit { account: 2, hour: 2 })));
        assert_eq!(r.get_credits(1), Credits { held_mg: 342_342, issued_mg: 342_342, retired_mg: 0 });
        r.process(1, &CertificateAction::TransferCredit { to: 2, mg: 300_000 }).expect("held");
        r.process(2, &CertificateAction::RetireCredit { mg: 300_000 }).expect("held");
        let again = r.process(2, &CertificateAction::RetireCredit { mg: 1 }).expect_err("gone");
        assert!(matches!(again, CertificateError::CreditAmount { account: 2, has: 0, mg: 1 }));
        let totals = CreditTotals { issued_mg: 342_342, buffer_mg: 38_038, retired_mg: 300_000 };
        assert_eq!(r.get_credit_totals(), totals);
        // The hour is forgotten with its meters; its credits cannot be issued again.
        r.process_hour(40);
        assert!(!r.is_credited(1, 2));
        assert!(matches!(r.process(1, &issue(2)), Err(CertificateError::NoCredit { .. })));
    }

    /// Certificates that are left when an hour's credits were issued can go into the footprint and not into a second credit.
    #[test]
    fn a_late_certificate_makes_no_second_credit() {
        let mut r = registry();
        r.process_reading(1, 2, Wh(5_000), Wh(0));
        r.process_reading(0, 2, Wh(0), Wh(700));
        let issued = r.process(0, &CertificateAction::Issue { hour: 2, energy: Wh(700) }).expect("metered");
        let [CertificateEvent::Issued { certificate, .. }] = issued[..] else { panic!("{issued:?}") };
        r.process(0, &CertificateAction::Transfer { certificate, to: 1, energy: Wh(700) }).expect("owned");
        let claim = |energy, purpose| CertificateAction::Claim { certificate, energy: Wh(energy), purpose };
        r.process(1, &claim(500, Purpose::Credit)).expect("taken");
        r.process_hour(4);
        r.process(1, &CertificateAction::IssueCredit { hour: 2 }).expect("due");
        let late = r.process(1, &claim(200, Purpose::Credit)).expect_err("late");
        assert!(matches!(late, CertificateError::CreditTwice { account: 1, hour: 2 }));
        r.process(1, &claim(200, Purpose::Footprint)).expect("taken");
    }

    #[derive(Clone, Debug)]
    enum Act {
        Hour { home: u32, import: i64, credit: i64 },
        Issue { home: u32, back: u32 },
        Give { from: u32, to: u32, mg: i64 },
        Retire { home: u32, mg: i64 },
    }

    fn act() -> impl Strategy<Value = Act> {
        let mg = prop_oneof![6 => 0..400_000_i64, 1 => any::<i64>()];
        prop_oneof![
            3 => (1..4_u32, 0..3_000_i64, 0..3_000_i64)
                .prop_map(|(home, import, credit)| Act::Hour { home, import, credit: credit.min(import) }),
            4 => (0..5_u32, 0..6_u32).prop_map(|(home, back)| Act::Issue { home, back }),
            3 => (0..5_u32, 0..5_u32, mg.clone()).prop_map(|(from, to, mg)| Act::Give { from, to, mg }),
            2 => (0..5_u32, mg).prop_map(|(home, mg)| Act::Retire { home, mg }),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

        /// Random hours, issues, gifts and retirements against a model that is a list of numbers: what the registry does is
        /// what the model does; all credits ever issued are held or retired; an hour is never issued twice; a refused action
        /// changes nothing; the entries of the state tree follow every change.
        #[test]
        fn no_credit_is_issued_or_retired_twice(acts in proptest::collection::vec(act(), 1..60)) {
            let mut r = registry();
            let (mut held, mut retired, mut issued) = ([0_i64; 4], 0_i64, 0_i64);
            let mut open: BTreeMap<(u32, u32), i64> = BTreeMap::new();
            let mut hour = 0;
            for act in acts {
                let before = r.clone();
                let (action, who, fine) = match act {
                    Act::Hour { home, import, credit } => {
                        play(&mut r, hour, home, import, credit);
                        if credit > 0 {
                            open.insert((home, hour), credit);
                        }
                        hour += 1;
                        r.process_hour(hour);
                        continue;
                    }
                    Act::Issue { home, back } => {
                        let of = hour.saturating_sub(back);
                        let due = open.get(&(home, of)).copied().filter(|_| of + 2 <= hour);
                        let mg = due.map_or(0, |wh| wh * 380 * 9 / 10);
                        if mg > 0 {
                            open.remove(&(home, of));
                            held[home as usize] += mg;
                            issued += mg;
                        }
                        (CertificateAction::IssueCredit { hour: of }, home, mg > 0)
                    }
                    Act::Give { from, to, mg } => {
                        let has = held.get(from as usize).copied().unwrap_or_default();
                        let fine = from != to && to < 4 && mg > 0 && mg <= has;
                        if fine {
                            held[from as usize] -= mg;
                            held[to as usize] += mg;
                        }
                        (CertificateAction::TransferCredit { to, mg }, from, fine)
                    }
                    Act::Retire { home, mg } => {
                        let fine = mg > 0 && mg <= held.get(home as usize).copied().unwrap_or_default();
                        if fine {
                            held[home as usize] -= mg;
                            retired += mg;
                        }
                        (CertificateAction::RetireCredit { mg }, home, fine)
                    }
                };
                let done = r.process(who, &action);
                prop_assert_eq!(done.is_ok(), fine, "{:?} by {}: {:?}", action, who, done);
                if !fine {
                    prop_assert_eq!(&r, &before);
                }
                prop_assert_eq!([0, 1, 2, 3].map(|a| r.get_credits(a).held_mg), held);
                let totals = r.get_credit_totals();
                prop_assert_eq!((totals.issued_mg, totals.retired_mg), (issued, retired));
                prop_assert_eq!(issued, held.iter().sum::<i64>() + retired);
                let mut known: BTreeMap<EntryKey, Vec<u8>> = before.get_entries().collect();
                for key in r.take_changes() {
                    match r.get_entry(&key) {
                        Some(value) => known.insert(key, value),
                        None => known.remove(&key),
                    };
                }
                prop_assert_eq!(known, r.get_entries().collect::<BTreeMap<_, _>>());
            }
        }
    }
}
