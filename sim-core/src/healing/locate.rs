//! Where the fault is: the indicators that have seen its current form a path from the source; it ends in the faulty
//! zone.

use super::healer::{Case, FaultSeen, Inputs};
use super::zones::is_closed;
use crate::ids::{EventId, LineId, Subject, SwitchId};

/// A located zone with what pointed to it.
pub(super) struct Found {
    pub(super) zone: usize,
    pub(super) seen_by: Vec<SwitchId>,
    pub(super) not_by: Vec<SwitchId>,
    pub(super) events: Vec<EventId>,
}

/// Something in this zone is damaged.
pub(super) fn is_damaged(zone: usize, inputs: &Inputs<'_>) -> bool {
    inputs.faults.iter().any(|f| zone_of(f, inputs) == Some(zone))
}

/// Zone of a fault on a line.
pub(super) fn zone_of(fault: &FaultSeen, inputs: &Inputs<'_>) -> Option<usize> {
    match fault.subject {
        Subject::Line(line) => inputs.zones.line_zone.get(line.index()).copied(),
        _ => None,
    }
}

/// Follows the indicators from the trip that is nearest to the source.
///
/// Where they end in a zone without damage, the crew that patrols the tripped part finds the damaged one.
pub(super) fn locate(case: &Case, inputs: &Inputs<'_>) -> Option<Found> {
    if let Some(zone) = case.reported_zone {
        return Some(finish(zone, Vec::new(), inputs));
    }
    let mut before = inputs.closed.to_vec();
    for switch in &case.trips {
        if let Some(c) = before.get_mut(switch.index()) {
            *c = true;
        }
    }
    let distance = inputs.zones.distances(inputs.sources, &before);
    let far = |z: usize| distance.get(z).copied().flatten().unwrap_or(u32::MAX);
    let sides = |s: SwitchId| inputs.zones.switch_zones.get(s.index()).copied();
    let nearest = case.trips.iter().filter_map(|s| sides(*s).map(|z| (far(z[0]).min(far(z[1])), *s, z)));
    let (_, trip, [a, b]) = nearest.min_by_key(|(d, s, _)| (*d, *s))?;
    let (near, mut zone) = if far(a) <= far(b) { (a, b) } else { (b, a) };
    let (mut seen_by, mut visited) = (vec![trip], vec![near, zone]);
    let latched = |s: SwitchId| inputs.indicators.get(s.index()).copied().flatten().is_some();
    while let Some((switch, next)) =
        inputs.zones.around(zone).find(|(s, z)| is_closed(&before, *s) && latched(*s) && !visited.contains(z))
    {
        seen_by.push(switch);
        visited.push(next);
        zone = next;
    }
    if !is_damaged(zone, inputs) {
        let mut beyond = before.clone();
        beyond[trip.index()] = false;
        let part = inputs.zones.component(visited[1], &beyond);
        let patrolled = (0..part.len()).filter(|z| part[*z] && is_damaged(*z, inputs));
        zone = patrolled.min_by_key(|z| (far(*z), *z)).unwrap_or(zone);
    }
    // The whole way from the source, not only from the trip on.
    let mut way = inputs.zones.path(zone, inputs.sources, &before);
    way.retain(|s| latched(*s) || case.trips.contains(s));
    way.reverse();
    Some(finish(zone, if way.is_empty() { seen_by } else { way }, inputs))
}

fn finish(zone: usize, seen_by: Vec<SwitchId>, inputs: &Inputs<'_>) -> Found {
    let not_by = inputs.zones.around(zone).map(|(s, _)| s).filter(|s| !seen_by.contains(s)).collect();
    let events = seen_by.iter().filter_map(|s| inputs.indicators.get(s.index()).copied().flatten()).collect();
    Found { zone, seen_by, not_by, events }
}

/// The damaged line of a zone, or its first.
pub(super) fn line_in(zone: usize, inputs: &Inputs<'_>) -> Option<LineId> {
    let damaged = inputs.faults.iter().find_map(|f| match f.subject {
        Subject::Line(line) if zone_of(f, inputs) == Some(zone) => Some(line),
        _ => None,
    });
    damaged.or_else(|| inputs.zones.zone_lines.get(zone)?.first().copied())
}
