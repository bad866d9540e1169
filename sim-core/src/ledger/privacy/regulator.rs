//! The regulator: reads what it has a grant to, watches caps, intervenes, reports.
//!
//! Orders stand on the chain for all to see, so a cap on prices holds for everybody. A cap on injection (Wh a slot) is
//! checked in readings that the regulator can open; what it cannot open it reports as such, with the reason, and does
//! not guess. An intervention is an order to one account from a slot on, and names what it is founded on.
//! The report is arithmetic over published readings and orders: two regulators with the same grants write the same.

use super::access_book::AccessBook;
use super::error::PrivacyError;
use super::keys::ReaderSecret;
use super::reading::PrivateReading;
use crate::ledger::types::Order;
use crate::quantity::{Price, Wh};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

/// What an account must not exceed; `None` is no cap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caps {
    /// Highest limit price of an order.
    pub price: Option<Price>,
    /// Most energy put into the network in a slot.
    pub injection: Option<Wh>,
}

impl Caps {
    /// The tighter of each.
    fn get_tighter(self, other: Self) -> Self {
        fn least<T: Ord>(a: Option<T>, b: Option<T>) -> Option<T> {
            a.into_iter().chain(b).min()
        }
        Self { price: least(self.price, other.price), injection: least(self.injection, other.injection) }
    }
}

/// What was found about an account in a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The reading was opened and is within the cap.
    InjectionWithin {
        /// Metered.
        export: Wh,
        /// The cap, if there is one.
        cap: Option<Wh>,
    },
    /// The reading was opened and is not.
    InjectionOver {
        /// Metered.
        export: Wh,
        /// The cap.
        cap: Wh,
    },
    /// An order within the cap.
    PriceWithin {
        /// Its limit price.
        price: Price,
        /// The cap.
        cap: Price,
    },
    /// An order beyond it.
    PriceOver {
        /// Its limit price.
        price: Price,
        /// The cap.
        cap: Price,
    },
    /// There is a reading and the regulator cannot read it: no grant, a broken seal, or not what was committed to.
    Unreadable {
        /// Why.
        why: PrivacyError,
    },
    /// No reading was published.
    Missing,
}

impl Finding {
    /// Whether a cap is broken.
    #[must_use]
    pub fn is_breach(&self) -> bool {
        matches!(self, Self::InjectionOver { .. } | Self::PriceOver { .. })
    }
    /// Whether it leaves open if a cap is broken.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unreadable { .. } | Self::Missing)
    }
}

/// One line of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Whose.
    pub account: u32,
    /// Market slot.
    pub slot: u32,
    /// What was found.
    pub finding: Finding,
}

/// What a regulator can say about some accounts and slots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ComplianceReport {
    /// By slot, then account; injection before prices.
    pub lines: Vec<Line>,
}

impl ComplianceReport {
    /// Lines in which a cap is broken.
    pub fn get_breaches(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|l| l.finding.is_breach())
    }
    /// Lines of which nothing is known.
    pub fn get_unknown(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|l| l.finding.is_unknown())
    }
    /// Lines within their caps.
    pub fn get_within(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|l| !l.finding.is_breach() && !l.finding.is_unknown())
    }
}

/// What an intervention orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Measure {
    /// Puts no more than this into the network in a slot.
    LimitInjection(Wh),
    /// Gives no order beyond this price.
    LimitPrice(Price),
}

/// Why a regulator intervenes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ground {
    /// What its report says.
    Finding(Line),
    /// Something outside the record, in words.
    Stated(String),
}

/// An order to one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intervention {
    /// To whom.
    pub account: u32,
    /// In which market slots it holds.
    pub slots: RangeInclusive<u32>,
    /// What it orders.
    pub measure: Measure,
    /// Why.
    pub ground: Ground,
}

/// Why an intervention is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InterventionError {
    /// It holds in no slot.
    #[error("slots {first} to {last} are none")]
    Slots {
        /// First.
        first: u32,
        /// Last.
        last: u32,
    },
    /// The finding is about another account, or breaks no cap.
    #[error("what was found about account {found} is no ground against account {account}")]
    Ground {
        /// Against whom.
        account: u32,
        /// About whom.
        found: u32,
    },
    /// No reason in words.
    #[error("an intervention needs a reason")]
    Unfounded,
}

/// A regulator's node: its key, caps and interventions.
#[derive(Clone, Debug)]
pub struct Regulator {
    account: u32,
    secret: ReaderSecret,
    common: Caps,
    caps: BTreeMap<u32, Caps>,
    grants: BTreeSet<u32>,
    interventions: Vec<Intervention>,
}

impl Regulator {
    /// The regulator with this account; `common` caps hold for everybody.
    #[must_use]
    pub fn new(account: u32, secret: ReaderSecret, common: Caps) -> Self {
        let (caps, grants, interventions) = (BTreeMap::new(), BTreeSet::new(), Vec::new());
        Self { account, secret, common, caps, grants, interventions }
    }
    /// Its account.
    #[must_use]
    pub fn get_account(&self) -> u32 {
        self.account
    }
    /// Who has granted it access, and not taken it back.
    #[must_use]
    pub fn get_grants(&self) -> &BTreeSet<u32> {
        &self.grants
    }
    /// All interventions, in the order they were made.
    #[must_use]
    pub fn get_interventions(&self) -> &[Intervention] {
        &self.interventions
    }
    /// Takes the grants from the book of signed orders.
    pub fn process_book(&mut self, book: &AccessBook) {
        self.grants = book.get_granted_to(self.account).into_iter().collect();
    }
    /// Sets an account's own caps, beside the common ones.
    pub fn process_caps(&mut self, account: u32, caps: Caps) {
        self.caps.insert(account, caps);
    }
    /// What holds for an account in a slot: the tightest of common caps, its own, and interventions.
    #[must_use]
    pub fn compute_caps(&self, account: u32, slot: u32) -> Caps {
        let own = self.caps.get(&account).copied().unwrap_or_default();
        let ordered = self.interventions.iter().filter(|i| i.account == account && i.slots.contains(&slot));
        ordered.fold(self.common.get_tighter(own), |caps, i| {
            caps.get_tighter(match i.measure {
                Measure::LimitInjection(cap) => Caps { price: None, injection: Some(cap) },
                Measure::LimitPrice(cap) => Caps { price: Some(cap), injection: None },
            })
        })
    }

    /// Orders something to an account.
    ///
    /// # Errors
    /// Without slots or reason, or on a finding that is no breach by that account.
    pub fn process_intervention(&mut self, intervention: Intervention) -> Result<(), InterventionError> {
        let Intervention { account, slots, ground, .. } = &intervention;
        if slots.is_empty() {
            return Err(InterventionError::Slots { first: *slots.start(), last: *slots.end() });
        }
        match ground {
            Ground::Finding(line) if line.account != *account || !line.finding.is_breach() => {
                Err(InterventionError::Ground { account: *account, found: line.account })
            }
            Ground::Stated(reason) if reason.trim().is_empty() => Err(InterventionError::Unfounded),
            Ground::Finding(_) | Ground::Stated(_) => {
                self.interventions.push(intervention);
                Ok(())
            }
        }
    }

    /// What can be said about `accounts` in `slots`, from the published readings and orders by slot and account. A reading
    /// that stands under another slot or account than its own counts as missing.
    #[must_use]
    pub fn compute_report(
        &self,
        accounts: &BTreeSet<u32>,
        slots: RangeInclusive<u32>,
        readings: &BTreeMap<(u32, u32), PrivateReading>,
        orders: &BTreeMap<(u32, u32), Vec<Order>>,
    ) -> ComplianceReport {
        let mut lines = Vec::new();
        for slot in slots {
            for account in accounts.iter().copied() {
                let caps = self.compute_caps(account, slot);
                let reading = readings.get(&(slot, account)).filter(|r| (r.slot, r.account) == (slot, account));
                let finding = self.compute_injection(reading, caps.injection);
                lines.push(Line { account, slot, finding });
                let Some(cap) = caps.price else { continue };
                for Order { price, .. } in orders.get(&(slot, account)).into_iter().flatten().copied() {
                    let over = Finding::PriceOver { price, cap };
                    let finding = if price > cap { over } else { Finding::PriceWithin { price, cap } };
                    lines.push(Line { account, slot, finding });
                }
            }
        }
        ComplianceReport { lines }
    }

    fn compute_injection(&self, reading: Option<&PrivateReading>, cap: Option<Wh>) -> Finding {
        let Some(reading) = reading else { return Finding::Missing };
        match (reading.open(self.account, &self.secret), cap) {
            (Err(why), _) => Finding::Unreadable { why },
            (Ok(open), Some(cap)) if open.export.value > cap.0 => {
                Finding::InjectionOver { export: Wh(open.export.value), cap }
            }
            (Ok(open), cap) => Finding::InjectionWithin { export: Wh(open.export.value), cap },
        }
    }
}
