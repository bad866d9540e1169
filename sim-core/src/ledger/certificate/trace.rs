//! A watt-hour's way, from the events alone: back from a claim to the roof, and forward from the roof to every use.

use super::types::{CertificateEvent, CertificateId, Purpose};
use crate::quantity::Wh;
use std::collections::{BTreeMap, BTreeSet};

/// The way of a certificate, from its issue to how it got its present name: places in `events`, oldest first. Empty if
/// the certificate was never there.
#[must_use]
pub fn trace_back(events: &[CertificateEvent], certificate: CertificateId) -> Vec<usize> {
    let (mut way, mut name, mut out_of_store) = (Vec::new(), certificate, false);
    for (at, event) in events.iter().enumerate().rev() {
        match *event {
            CertificateEvent::Issued { certificate, .. } if certificate == name => {
                way.push(at);
                way.reverse();
                return way;
            }
            CertificateEvent::Transferred { certificate, parent, .. }
            | CertificateEvent::Locked { certificate, parent, .. }
            | CertificateEvent::Released { certificate, parent, .. }
                if certificate == name =>
            {
                way.push(at);
                name = parent;
                out_of_store = matches!(event, CertificateEvent::Released { .. });
            }
            CertificateEvent::Unlocked { certificate, .. } | CertificateEvent::Refunded { certificate, .. }
                if certificate == name =>
            {
                way.push(at);
            }
            CertificateEvent::Stored { certificate, .. } if certificate == name && out_of_store => {
                way.push(at);
                out_of_store = false;
            }
            _ => {}
        }
    }
    Vec::new()
}

/// What became of the energy of one issue, in Wh.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uses {
    /// All of it.
    pub issued: Wh,
    /// Claimed or credited, by account and purpose.
    pub claimed: BTreeMap<(u32, Purpose), Wh>,
    /// Lost in storages, expired or displaced.
    pub retired: Wh,
    /// What is left in certificates, locks and storages.
    pub left: Wh,
    /// Every event that it went through: places in the list.
    pub events: Vec<usize>,
}

/// Follows the energy of the issue of `certificate` through all splits and storages.
#[must_use]
pub fn compute_uses(events: &[CertificateEvent], certificate: CertificateId) -> Uses {
    let mut names = BTreeSet::from([certificate]);
    let mut uses = Uses::default();
    let (mut used, mut retired) = (0_i64, 0_i64);
    for (at, event) in events.iter().enumerate() {
        let touched = match *event {
            CertificateEvent::Issued { certificate: c, energy, .. } if c == certificate => {
                uses.issued = energy;
                true
            }
            CertificateEvent::Transferred { certificate: c, parent, .. }
            | CertificateEvent::Locked { certificate: c, parent, .. }
                if names.contains(&parent) =>
            {
                names.insert(c);
                true
            }
            CertificateEvent::Released { certificate: c, parent, loss, .. } if names.contains(&parent) => {
                names.insert(c);
                retired = retired.saturating_add(loss.0);
                true
            }
            CertificateEvent::Claimed { certificate: c, account, energy, purpose, .. } if names.contains(&c) => {
                let sum = uses.claimed.entry((account, purpose)).or_default();
                sum.0 = sum.0.saturating_add(energy.0);
                used = used.saturating_add(energy.0);
                true
            }
            CertificateEvent::Retired { certificate: c, energy, .. } if names.contains(&c) => {
                retired = retired.saturating_add(energy.0);
                true
            }
            CertificateEvent::Stored { certificate: c, .. }
            | CertificateEvent::Unlocked { certificate: c, .. }
            | CertificateEvent::Refunded { certificate: c, .. } => names.contains(&c),
            _ => false,
        };
        if touched {
            uses.events.push(at);
        }
    }
    uses.retired = Wh(retired);
    uses.left = Wh(uses.issued.0.saturating_sub(used).saturating_sub(retired));
    uses
}
