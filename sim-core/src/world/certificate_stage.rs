//! Hourly certificates of the community's own renewable energy: certified, shared among those who used it, claimed.
//!
//! Once an hour, some minutes after its end (so that its readings stand on the chain), each plant has what its meter gave
//! certified, and each storage takes out what it gave back. What was certified goes to the operator, who shares it, a
//! little later, among all who took energy from the network in that hour, in proportion to what they took; homes claim
//! their part at once, storages lock it. What comes too late is shared an hour later. So a watt-hour can be followed from a
//! roof to the home that claims it, and none is claimed twice: the chain sees to that.
//! Assumption: everybody in the community takes part, and pays for the certificate with the price of the energy.

use super::World;
use crate::event::{EventKind, Schedule};
use crate::ids::{EventId, Subject};
use crate::ledger::certificate::{
    CertificateAction, CertificateEvent, CertificateId, Facility, Plant, Purpose, Source, Storage,
};
use crate::ledger::receipt::{Notice, Receipt};
use crate::ledger::types::Payload;
use crate::market::portion;
use crate::quantity::Wh;
use crate::recorder::Recorder;
use crate::scene::schema::DeviceKind;
use crate::scene::{Participant, Scene};
use crate::time::{HOUR_US, MINUTE_US, SimTime};
use std::collections::BTreeMap;

/// When after the hour plants have it certified, and when the operator shares it.
const ISSUE_US: u64 = 3 * MINUTE_US;
const SHARE_US: u64 = 6 * MINUTE_US;
/// When those who surrendered some for credits have the credits of closed hours issued.
pub(super) const CREDIT_US: u64 = 9 * MINUTE_US;
/// How many past hours are looked after; readings and certificates that come later than that are left.
pub(super) const HOURS: u32 = 6;

/// What stands behind a participant's meter that makes or stores renewable energy.
pub(super) fn facility_of(scene: &Scene, participant: &Participant) -> Option<Facility> {
    let devices: Vec<&DeviceKind> = match participant {
        Participant::Building(b) => {
            scene.building_devices[b.index()].iter().map(|d| &scene.file.devices[d.index()].kind).collect()
        }
        Participant::Device(d) => vec![&scene.file.devices[d.index()].kind],
        Participant::Grid | Participant::Losses => return None,
    };
    let wh = |kwh: f64| Wh(libm::round(kwh * 1e3) as i64);
    let rated = |kind: &&DeviceKind| match kind {
        DeviceKind::Solar(s) => Some((Source::Solar, wh(s.inverter_kva.min(s.kwp)))),
        DeviceKind::Wind(w) => Some((Source::Wind, wh(w.rated_kw))),
        _ => None,
    };
    let plants: Vec<(Source, Wh)> = devices.iter().filter_map(rated).collect();
    let storage: f64 = devices.iter().map(|d| if let DeviceKind::Battery(b) = d { b.kwh } else { 0.0 }).sum();
    match (plants.first(), devices.as_slice()) {
        (Some((source, _)), _) => Some(Facility::Plant(Plant {
            source: *source,
            rated: Wh(plants.iter().map(|(_, rated)| rated.0).sum()),
            storage: (storage > 0.0).then(|| wh(storage)),
        })),
        (None, [DeviceKind::Battery(b)]) => {
            // Between readings of its meter: both ways, as its counter sees them.
            let efficiency = (libm::floor(b.efficiency * b.efficiency * 1e3) as u32).clamp(1, 1_000);
            let capacity = wh(b.kwh / b.efficiency.clamp(0.1, 1.0));
            Some(Facility::Storage(Storage { capacity, efficiency }))
        }
        _ => None,
    }
}

impl World {
    /// Once an hour: certifies what plants gave, takes out what storages gave back, and later shares it.
    pub(super) fn run_certificates(&mut self) {
        let now = self.state.now;
        let hour = (now.0 / HOUR_US) as u32;
        if self.state.ledger.is_stalled() {
            return;
        }
        match now.0 % HOUR_US {
            ISSUE_US => self.certify(hour),
            SHARE_US => self.share_certificates(hour),
            CREDIT_US => self.issue_credits(hour),
            _ => {}
        }
    }

    fn certify(&mut self, hour: u32) {
        let registry = self.state.ledger.get_state().get_certificates();
        let (mut actions, mut certified) = (Vec::new(), Wh::ZERO);
        for account in 0..self.scene.participants.len() as u32 {
            // What waits may be of the same hours; it is looked at again an hour later.
            let posting = &self.state.posting;
            let is_claim = |payload: &Payload| matches!(payload, Payload::Certificate(_));
            let sender = posting.keys[account as usize].get_address();
            if !posting.outbox[account as usize].is_empty() || self.state.ledger.is_pending(&sender, is_claim) {
                continue;
            }
            let mut released = Wh::ZERO;
            for past in hour.saturating_sub(HOURS)..hour {
                match registry.get_facility(account) {
                    Some(Facility::Plant(_)) => {
                        let meter = registry.get_meter(past, account);
                        let energy = Wh(meter.green.0 - meter.issued.0);
                        if energy > Wh::ZERO {
                            certified = Wh(certified.0 + energy.0);
                            actions.push((account, CertificateAction::Issue { hour: past, energy }));
                        }
                    }
                    Some(Facility::Storage(_)) => {
                        let meter = registry.get_meter(past, account);
                        let inside = registry.compute_releasable(account, past);
                        let energy = Wh((inside.0 - released.0).min(meter.export.0 - meter.released.0));
                        if energy > Wh::ZERO {
                            // A lot that is opened can give a watt-hour less afterwards: its loss is rounded up.
                            released = Wh(released.0 + energy.0 + 1);
                            actions.push((account, CertificateAction::Release { hour: past, energy }));
                        }
                    }
                    None => {}
                }
            }
        }
        if actions.is_empty() {
            return;
        }
        let due = EventKind::ScheduleDue { what: Schedule::Certificates };
        let cause = self.state.journal.root(self.state.now, Subject::Market, due);
        let kind = EventKind::CertificatesIssued { plants: actions.len() as u32, energy_wh: certified.0 };
        self.order_certificates(actions, kind, cause);
    }

    /// The operator hands what it holds to those who took energy in the certificates' hours.
    fn share_certificates(&mut self, hour: u32) {
        let operator = self.state.posting.operator() as u32;
        let registry = self.state.ledger.get_state().get_certificates();
        let mut by_hour: BTreeMap<u32, Vec<(CertificateId, Wh)>> = BTreeMap::new();
        for (id, c) in registry.get_certificates().filter(|(_, c)| c.owner == operator && c.hour + HOURS >= hour) {
            by_hour.entry(c.hour).or_default().push((*id, c.energy));
        }
        let (mut actions, mut takers, mut shared) = (Vec::new(), 0, 0);
        for (past, held) in by_hour {
            let wanted: Vec<(u32, Wh)> = (0..self.scene.participants.len() as u32)
                .filter(|account| !matches!(self.scene.participants[*account as usize], Participant::Grid))
                .map(|account| (account, registry.get_meter(past, account).get_open()))
                .filter(|(_, open)| *open > Wh::ZERO)
                .collect();
            let total: i64 = held.iter().map(|(_, energy)| energy.0).sum();
            let parts = divide(total, &wanted);
            takers += parts.iter().filter(|(_, part)| part.0 > 0).count() as u32;
            shared += parts.iter().map(|(_, part)| part.0).sum::<i64>();
            for (certificate, to, energy) in deal(&held, &parts) {
                actions.push((operator, CertificateAction::Transfer { certificate, to, energy }));
            }
        }
        if let Some(cause) = self.state.posting.certified.filter(|_| !actions.is_empty()) {
            let kind = EventKind::CertificatesShared { takers, energy_wh: shared };
            self.order_certificates(actions, kind, cause);
        }
    }

    fn order_certificates(&mut self, actions: Vec<(u32, CertificateAction)>, kind: EventKind, cause: EventId) {
        let event = self.state.journal.note(self.state.now, Subject::Market, kind, cause);
        let posting = &mut self.state.posting;
        for (account, action) in actions {
            posting.outbox[account as usize].push_back(Payload::Certificate(action).into());
        }
        posting.certified = Some(event);
        posting.tell(self.state.now, event);
    }

    /// Goes on with what a block's certificates have become, and remembers their way.
    pub(super) fn note_certificates(&mut self, at: SimTime, receipts: &[Receipt], recorder: &mut Recorder) {
        let operator = self.state.posting.operator() as u32;
        for notice in receipts.iter().flat_map(|r| &r.notices) {
            let Notice::Certificate(event) = notice else { continue };
            recorder.keep_certificate(at, *event);
            let mut surrendered = None;
            let next = match *event {
                CertificateEvent::Issued { certificate, origin, energy } => {
                    Some((origin.plant, CertificateAction::Transfer { certificate, to: operator, energy }))
                }
                CertificateEvent::Released { certificate, storage, energy, .. } => {
                    Some((storage, CertificateAction::Transfer { certificate, to: operator, energy }))
                }
                CertificateEvent::Transferred { certificate, to, energy, .. } if to != operator => {
                    let registry = self.state.ledger.get_state().get_certificates();
                    let stores = matches!(registry.get_facility(to), Some(Facility::Storage(_)));
                    let purpose = Purpose::Footprint;
                    Some(match stores {
                        true => (to, CertificateAction::Store { certificate, energy }),
                        false => {
                            // A part may be meant for credits: then it is no part of the footprint.
                            let share = self.state.market.levers().credit_share;
                            // Once the hour's credits are issued there are no more of it.
                            let hour = registry.get_certificate(certificate).map_or(0, |c| c.hour);
                            let share = if registry.is_credited(to, hour) { 0 } else { share };
                            let credit = Wh(portion(energy.0, share, 1_000));
                            if credit > Wh::ZERO {
                                let purpose = Purpose::Credit;
                                let action = CertificateAction::Claim { certificate, energy: credit, purpose };
                                surrendered = Some((to, action));
                            }
                            (to, CertificateAction::Claim { certificate, energy: Wh(energy.0 - credit.0), purpose })
                        }
                    })
                }
                _ => None,
            };
            let is_some = |a: &CertificateAction| !matches!(a, CertificateAction::Claim { energy: Wh(0), .. });
            for (account, action) in surrendered.into_iter().chain(next).filter(|(_, action)| is_some(action)) {
                self.state.posting.outbox[account as usize].push_back(Payload::Certificate(action).into());
            }
        }
    }
}

/// Divides `total`, or as much as is wanted, in proportion to what each wants; nobody gets more than he wants.
fn divide(total: i64, wanted: &[(u32, Wh)]) -> Vec<(u32, Wh)> {
    let whole: i64 = wanted.iter().map(|(_, want)| want.0).sum();
    let up_to = |sum: i64| portion(total.min(whole), sum, whole);
    let mut sum = 0;
    let mut part = |(account, want): &(u32, Wh)| {
        let before = up_to(sum);
        sum += want.0;
        (*account, Wh(up_to(sum) - before))
    };
    wanted.iter().map(&mut part).collect()
}

/// Slices what is held, in order, into the parts that each is to get.
fn deal(held: &[(CertificateId, Wh)], parts: &[(u32, Wh)]) -> Vec<(CertificateId, u32, Wh)> {
    let (mut out, mut at, mut used) = (Vec::new(), 0, 0_i64);
    for &(to, Wh(mut wanted)) in parts {
        while let Some((certificate, energy)) = held.get(at).filter(|_| wanted > 0) {
            let piece = wanted.min(energy.0 - used);
            out.push((*certificate, to, Wh(piece)));
            (wanted, used) = (wanted - piece, used + piece);
            if used == energy.0 {
                (at, used) = (at + 1, 0);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_proportional_and_nobody_gets_more_than_he_took() {
        let wanted = [(1, Wh(1)), (2, Wh(10)), (3, Wh(0)), (4, Wh(7))];
        let parts = |total| divide(total, &wanted).iter().map(|(_, part)| part.0).collect::<Vec<_>>();
        assert_eq!(parts(100), [1, 10, 0, 7]);
        assert_eq!(parts(9), [0, 5, 0, 4]);
        assert_eq!(divide(5, &[]), []);
    }

    #[test]
    fn slices_add_up_and_leave_the_rest() {
        let id = |number| CertificateId { produced: 1, number };
        let held = [(id(1), Wh(5)), (id(2), Wh(4))];
        let parts = [(7, Wh(3)), (8, Wh(0)), (9, Wh(4))];
        let dealt = deal(&held, &parts);
        assert_eq!(dealt, [(id(1), 7, Wh(3)), (id(1), 9, Wh(2)), (id(2), 9, Wh(2))]);
    }
}
