//! Bursts: a dozen things that do the same within seconds are one row of the log, which unfolds. So are an attack and all
//! that it brings about, however long that takes.

use super::attacks::follows_an_attack;
use sim_core::command::Command;
use sim_core::event::{Event, EventKind};
use sim_core::ids::EventId;
use std::collections::BTreeSet;

/// Events of one kind that are no farther apart than this belong together, microseconds.
const APART_US: u64 = 5_000_000;
/// So many rows back a burst may have begun: others happen in between.
const BACK: usize = 12;

/// A row of the log before it is unfolded: places of its events, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Burst {
    pub first: EventId,
    last_us: u64,
    pub members: Vec<usize>,
}

/// Adds an event to the burst it belongs to, or begins one.
pub(crate) fn add(bursts: &mut Vec<Burst>, events: &[Event], place: usize) {
    let Some(event) = events.get(place) else { return };
    if follows_an_attack(&event.kind)
        && let Some(burst) = event.cause.and_then(|cause| find_attack(bursts, events, cause))
    {
        burst.members.push(place);
        burst.last_us = event.time_us;
        return;
    }
    if comes_in_bursts(&event.kind) {
        let alike = |b: &&mut Burst| {
            let first = b.members.first().and_then(|i| events.get(*i));
            b.last_us + APART_US >= event.time_us && first.is_some_and(|f| same(&f.kind, &event.kind))
        };
        if let Some(burst) = bursts.iter_mut().rev().take(BACK).find(alike) {
            burst.members.push(place);
            burst.last_us = event.time_us;
            return;
        }
    }
    bursts.push(Burst { first: event.id, last_us: event.time_us, members: vec![place] });
}

/// The row of an attack by the event of its command.
fn find_attack<'b>(bursts: &'b mut [Burst], events: &[Event], cause: EventId) -> Option<&'b mut Burst> {
    // Rows are in the order of their first events.
    let at = bursts.binary_search_by_key(&cause, |b| b.first).ok()?;
    let burst = bursts.get_mut(at)?;
    let first = burst.members.first().and_then(|i| events.get(*i))?;
    let is_attack = matches!(first.kind, EventKind::CommandGiven { command: Command::Attack { .. } });
    is_attack.then_some(burst)
}

/// A line of the log: a burst in short, or one event (of an unfolded burst: further in).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Folded { burst: usize, open: bool },
    Event { place: usize, inside: bool },
}

/// Lines of all bursts.
pub(crate) fn lines(bursts: &[Burst], open: &BTreeSet<EventId>) -> Vec<Line> {
    let mut lines = Vec::with_capacity(bursts.len());
    for (i, burst) in bursts.iter().enumerate() {
        match burst.members[..] {
            [place] => lines.push(Line::Event { place, inside: false }),
            _ => {
                let open = open.contains(&burst.first);
                lines.push(Line::Folded { burst: i, open });
                if open {
                    lines.extend(burst.members.iter().map(|place| Line::Event { place: *place, inside: true }));
                }
            }
        }
    }
    lines
}

fn same(a: &EventKind, b: &EventKind) -> bool {
    match (a, b) {
        (EventKind::UnitTripped { reason: a }, EventKind::UnitTripped { reason: b }) => a == b,
        _ => std::mem::discriminant(a) == std::mem::discriminant(b),
    }
}

/// Kinds of which one by one nobody needs a row.
fn comes_in_bursts(kind: &EventKind) -> bool {
    use EventKind as K;
    matches!(
        kind,
        K::UnitTripped { .. }
            | K::UnitReconnected
            | K::UnitStarting
            | K::UnitStarted
            | K::UnitStopped
            | K::LoadShed { .. }
            | K::LoadReturned
            | K::Overloaded { .. }
            | K::OverloadEnded
            | K::ValidatorSilent { .. }
            | K::ValidatorBack
            | K::ValidatorCaughtUp { .. }
            | K::MinerRuns { .. }
            | K::RelayPickedUp { .. }
            | K::TransactionRefused { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::event::TripReason;
    use sim_core::ids::{DeviceId, Subject};

    fn events(list: &[(u64, EventKind)]) -> Vec<Event> {
        let make = |(i, (time_s, kind)): (usize, &(u64, EventKind))| Event {
            id: EventId(i as u64),
            time_us: time_s * 1_000_000,
            cause: None,
            also: Vec::new(),
            subject: Subject::Device(DeviceId::new(i)),
            kind: kind.clone(),
        };
        list.iter().enumerate().map(make).collect()
    }

    /// An attack, the refusal and the proof that follow it within hours are one row; another's refusal stays apart.
    #[test]
    fn an_attack_and_what_comes_of_it_are_one_row() {
        use sim_core::command::Attack;
        use sim_core::event::Offence;
        let kind = Attack::Forge { building: "home-07".into() };
        let given = EventKind::CommandGiven { command: Command::Attack { kind } };
        let refused = || EventKind::TransactionRefused { reason: "signature".into() };
        let proven = EventKind::EvidenceFound { offence: Offence::Forged, digest: String::new() };
        let opened = EventKind::SwitchOpened;
        let mut all = events(&[(0, given), (1, opened), (2, refused()), (3_600, proven), (7_200, refused())]);
        for i in [2, 3] {
            all[i].cause = Some(EventId(0));
        }
        let mut bursts = Vec::new();
        for i in 0..all.len() {
            add(&mut bursts, &all, i);
        }
        let members: Vec<_> = bursts.iter().map(|b| b.members.clone()).collect();
        assert_eq!(members, [vec![0, 2, 3], vec![1], vec![4]]);
    }

    #[test]
    fn alike_events_within_seconds_are_one_row_and_others_stay() {
        let tripped = |reason| EventKind::UnitTripped { reason };
        let (low, none) = (tripped(TripReason::UnderVoltage), tripped(TripReason::NoGrid));
        let opened = EventKind::SwitchOpened;
        let all = events(&[(0, low.clone()), (0, opened), (1, low.clone()), (2, none), (60, low.clone()), (61, low)]);
        let mut bursts = Vec::new();
        for i in 0..all.len() {
            add(&mut bursts, &all, i);
        }
        let members: Vec<_> = bursts.iter().map(|b| b.members.clone()).collect();
        assert_eq!(members, [vec![0, 2], vec![1], vec![3], vec![4, 5]]);
        assert_eq!(lines(&bursts, &BTreeSet::new()).len(), 4);
        let open = BTreeSet::from([EventId(0)]);
        let unfolded = lines(&bursts, &open);
        assert_eq!(unfolded.len(), 6);
        assert_eq!(unfolded[2], Line::Event { place: 2, inside: true });
    }
}
