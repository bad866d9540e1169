//! What has become of certificates, read once as it comes: who claimed what, from which roof, and in which block.

use crate::panels::data::PanelData;
use sim_core::event::EventKind;
use sim_core::ledger::certificate::{CertificateEvent, CertificateId, Origin, Uses, compute_uses, trace_back};
use sim_core::time::SimTime;
use std::collections::BTreeMap;

/// Energy that somebody claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    /// Its place among the events.
    pub at: usize,
    pub account: u32,
    /// Hour in which the energy was taken.
    pub hour: u32,
    pub wh: i64,
    pub certificate: CertificateId,
    pub origin: Origin,
    /// It lay in a battery on its way.
    pub stored: bool,
}

/// Where energy is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// A meter gave it to the network.
    Roof(Origin),
    /// It is in somebody's hands.
    Holder(u32),
    /// It goes into a battery.
    Charged(u32),
    /// It comes out in an hour.
    Discharged(u32, u32),
    /// Somebody used it up for an hour.
    Claimed(u32, u32),
}

/// A stop with the energy that is left there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Leg {
    pub stop: Stop,
    pub wh: i64,
    /// Lost since the stop before.
    pub lost: i64,
    /// Went another way since the stop before, or is still there.
    pub other: i64,
    pub time: SimTime,
    /// The block that says so.
    pub height: Option<u64>,
}

/// Everything that was read.
#[derive(Default)]
pub(super) struct Book {
    events: Vec<CertificateEvent>,
    times: Vec<SimTime>,
    origins: BTreeMap<CertificateId, (Origin, bool)>,
    pub claims: Vec<Claim>,
    /// Heights by the time of their commit, microseconds.
    heights: BTreeMap<u64, u64>,
    seen: usize,
}

impl Book {
    /// Reads what has come since.
    pub(super) fn read(&mut self, data: &PanelData<'_>) {
        let (certificates, events) = (data.past.certificates(), data.past.events());
        if certificates.len() < self.events.len() || events.len() < self.seen {
            *self = Self::default();
        }
        for event in &events[self.seen..] {
            if let EventKind::BlockCommitted { height, .. } = event.kind {
                self.heights.insert(event.time_us, height);
            }
        }
        self.seen = events.len();
        for (time, event) in &certificates[self.events.len()..] {
            self.note(*time, *event);
        }
    }

    fn note(&mut self, time: SimTime, event: CertificateEvent) {
        let at = self.events.len();
        self.events.push(event);
        self.times.push(time);
        match event {
            CertificateEvent::Issued { certificate, origin, .. } => {
                self.origins.insert(certificate, (origin, false));
            }
            CertificateEvent::Transferred { certificate, parent, .. }
            | CertificateEvent::Locked { certificate, parent, .. } => {
                if let Some(origin) = self.origins.get(&parent).copied() {
                    self.origins.insert(certificate, origin);
                }
            }
            CertificateEvent::Released { certificate, parent, .. } => {
                if let Some((origin, _)) = self.origins.get(&parent).copied() {
                    self.origins.insert(certificate, (origin, true));
                }
            }
            CertificateEvent::Claimed { certificate, account, hour, energy, .. } => {
                if let Some((origin, stored)) = self.origins.get(&certificate).copied() {
                    self.claims.push(Claim { at, account, hour, wh: energy.0, certificate, origin, stored });
                }
            }
            CertificateEvent::Stored { .. }
            | CertificateEvent::Retired { .. }
            | CertificateEvent::Unlocked { .. }
            | CertificateEvent::Refunded { .. }
            | CertificateEvent::CreditIssued { .. }
            | CertificateEvent::CreditTransferred { .. }
            | CertificateEvent::CreditRetired { .. } => {}
        }
    }

    /// The way of what was claimed, from the roof on.
    pub(super) fn way(&self, claim: &Claim) -> Vec<Leg> {
        // What came after the claim has no part in it.
        let mut legs = self.legs(self.events.get(..claim.at).unwrap_or_default(), claim.certificate);
        self.push(&mut legs, claim.at, Stop::Claimed(claim.account, claim.hour), claim.wh, 0);
        legs
    }

    /// The way of a certificate up to where it is, whoever will claim it.
    pub(super) fn way_of(&self, certificate: CertificateId) -> Vec<Leg> {
        self.legs(&self.events, certificate)
    }

    /// The claim of a certificate, or else of a part of it that was handed on.
    pub(super) fn find(&self, certificate: CertificateId) -> Option<Claim> {
        let of_it = self.claims.iter().rev().find(|c| c.certificate == certificate);
        let passes = |c: &&Claim| {
            let before = self.events.get(..c.at).unwrap_or_default();
            let is_it = |event: &CertificateEvent| named(event) == Some(certificate);
            trace_back(before, c.certificate).into_iter().filter_map(|at| before.get(at)).any(is_it)
        };
        of_it.or_else(|| self.claims.iter().rev().find(passes)).copied()
    }

    fn legs(&self, before: &[CertificateEvent], certificate: CertificateId) -> Vec<Leg> {
        let mut legs: Vec<Leg> = Vec::new();
        for place in trace_back(before, certificate) {
            let (stop, wh, lost) = match before[place] {
                CertificateEvent::Issued { origin, energy, .. } => (Stop::Roof(origin), energy.0, 0),
                CertificateEvent::Transferred { to, energy, .. } | CertificateEvent::Unlocked { to, energy, .. } => {
                    (Stop::Holder(to), energy.0, 0)
                }
                CertificateEvent::Stored { storage, energy, .. } => (Stop::Charged(storage), energy.0, 0),
                CertificateEvent::Released { storage, hour, energy, loss, .. } => {
                    (Stop::Discharged(storage, hour), energy.0, loss.0)
                }
                // Under a lock it is nobody's: who gets it is said when it opens.
                CertificateEvent::Claimed { .. }
                | CertificateEvent::Retired { .. }
                | CertificateEvent::Locked { .. }
                | CertificateEvent::Refunded { .. }
                | CertificateEvent::CreditIssued { .. }
                | CertificateEvent::CreditTransferred { .. }
                | CertificateEvent::CreditRetired { .. } => continue,
            };
            self.push(&mut legs, place, stop, wh, lost);
        }
        legs
    }

    /// A further stop; the hands just before a battery or a claim are its own and stand for nothing by themselves.
    fn push(&self, legs: &mut Vec<Leg>, place: usize, stop: Stop, wh: i64, lost: i64) {
        let own = match (legs.last().map(|l| l.stop), stop) {
            (Some(Stop::Holder(a)), Stop::Charged(b) | Stop::Claimed(b, _)) => a == b,
            _ => false,
        };
        if own {
            legs.pop();
        }
        let before = legs.last().map_or(wh, |l| l.wh);
        let time = self.times.get(place).copied().unwrap_or_default();
        let height = self.heights.get(&time.0).copied();
        legs.push(Leg { stop, wh, lost, other: (before - wh - lost).max(0), time, height });
    }

    /// What became of all that was certified together with what was claimed.
    pub(super) fn uses(&self, claim: &Claim) -> Option<Uses> {
        let before = self.events.get(..claim.at)?;
        let first = trace_back(before, claim.certificate).first().copied()?;
        match before.get(first)? {
            CertificateEvent::Issued { certificate, .. } => Some(compute_uses(&self.events, *certificate)),
            _ => None,
        }
    }
}

/// The certificate that an event made.
fn named(event: &CertificateEvent) -> Option<CertificateId> {
    match event {
        CertificateEvent::Issued { certificate, .. }
        | CertificateEvent::Transferred { certificate, .. }
        | CertificateEvent::Released { certificate, .. } => Some(*certificate),
        _ => None,
    }
}
