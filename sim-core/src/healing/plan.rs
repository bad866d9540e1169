//! What to switch next: cut off what is damaged, restore what is dead and sound, return to normal.
//!
//! Each round looks at the present positions only, so that whatever happens meanwhile (another trip, a gateway that
//! fails, a person who operates) is simply the next round's situation. Rounds end: orders to open are given to the
//! border of damaged zones or inside dead parts, orders to close bring dead zones to life and never make a loop,
//! except on the way back to normal where the caller's check allows two paths for a moment.

use super::healer::{Case, Healer, Inputs, MAX_TRIALS};
use super::locate::{line_in, zone_of};
use super::zones::is_closed;
use crate::event::EventKind;
use crate::ids::{EventId, Subject, SwitchId};
use crate::journal::Journal;
use crate::protection::Order;
use crate::scene::schema::Healing;
use crate::time::MINUTE_US;

/// A refused restoration is looked at again after this long, us, because loads change.
const RETRY_US: u64 = 5 * MINUTE_US;
/// A present state with less voltage than this is no measure for what may be accepted, per unit.
const MEASURE_PU: f64 = 0.5;

/// What a power flow says of a set of positions; voltages and loadings of what would be alive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    /// Lowest voltage, per unit.
    pub min_voltage_pu: f64,
    /// Highest loading, share of the ampacity.
    pub max_loading: f64,
    /// Customers with power.
    pub customers: u32,
    /// It was solved and every source can carry its part.
    pub feasible: bool,
}

/// The network as it would be: implemented by whoever has a power flow.
pub trait Check {
    /// Positions of all switches (index: switch).
    fn try_state(&mut self, closed: &[bool]) -> Verdict;
    /// This open switch may close although both its sides are alive: same island, small angle.
    fn may_parallel(&mut self, switch: SwitchId) -> bool;
}

/// Outcome of a round.
pub(super) enum Step {
    /// One order.
    Order(Order),
    /// All is as it was.
    Normal,
    /// Nothing to do now.
    Wait,
}

/// What a round works with.
struct Round<'a, 'b> {
    inputs: &'a Inputs<'b>,
    live: Vec<bool>,
    area: Vec<bool>,
    operable: Vec<bool>,
}

impl Healer {
    /// Decides the next order.
    pub(super) fn plan(&mut self, inputs: &Inputs<'_>, check: &mut dyn Check, journal: &mut Journal) -> Step {
        if !inputs.enabled && !self.cases.is_empty() {
            return Step::Wait;
        }
        let round = self.look(inputs);
        if let Some(order) = self.isolate(&round, journal) {
            return Step::Order(order);
        }
        self.note_isolated(&round, journal);
        if let Some(step) = self.restore(&round, check, journal) {
            return step;
        }
        if self.cases.is_empty() { self.normalise(&round, check, journal) } else { Step::Wait }
    }

    fn look<'a, 'b>(&self, inputs: &'a Inputs<'b>) -> Round<'a, 'b> {
        let zones = inputs.zones;
        let live = zones.live(inputs.sources, inputs.closed);
        let operable: Vec<_> = (0..inputs.closed.len())
            .map(|i| {
                let reached = inputs.reachable.get(i).copied().unwrap_or(false) || !inputs.enabled;
                let switch = SwitchId::new(i);
                reached && !zones.is_coupling[i] && !self.failed.contains(&switch) && !self.held.contains(&switch)
            })
            .collect();
        // What hangs on a damaged zone by a switch that cannot be opened is cut off with it.
        let mut area: Vec<_> = (0..zones.len()).map(|z| self.is_faulty(z)).collect();
        let mut grown = true;
        while grown {
            grown = false;
            for (i, [a, b]) in zones.switch_zones.iter().enumerate() {
                let stuck = inputs.closed[i] && !operable[i] && area[*a] != area[*b];
                let outside = if area[*a] { *b } else { *a };
                if stuck && !live[outside] {
                    area[outside] = true;
                    grown = true;
                }
            }
        }
        Round { inputs, live, area, operable }
    }

    /// Opens a closed switch at the border of what is damaged.
    fn isolate(&mut self, r: &Round<'_, '_>, journal: &mut Journal) -> Option<Order> {
        let cause = self.cases.iter().rev().find_map(|c| c.located.filter(|_| c.isolated.is_none()).map(|l| l.1));
        let cause = cause.or_else(|| self.cases.last().and_then(|c| c.located.map(|l| l.1)))?;
        let damaged: Vec<_> = (0..r.area.len()).map(|z| self.is_faulty(z)).collect();
        for switch in r.inputs.zones.border(&damaged) {
            if is_closed(r.inputs.closed, switch) && !r.operable[switch.index()] {
                self.note_blocked(switch, cause, r, journal);
            }
        }
        let border = r.inputs.zones.border(&r.area);
        let next = border.into_iter().find(|s| is_closed(r.inputs.closed, *s) && r.operable[s.index()])?;
        Some(self.order(next, false, cause, r, journal))
    }

    /// Tells of each case that is now cut off.
    fn note_isolated(&mut self, r: &Round<'_, '_>, journal: &mut Journal) {
        let zones = r.inputs.zones;
        for case in self.cases.iter_mut().filter(|c| c.isolated.is_none()) {
            let Some((zone, located)) = case.located else { continue };
            let part = zones.component(zone, r.inputs.closed);
            let confined = part.iter().zip(&r.area).all(|(inside, area)| !inside || *area);
            if !confined || r.live[zone] {
                continue;
            }
            let open = zones.border(&part);
            let Some(line) = line_in(zone, r.inputs) else { continue };
            let kind = EventKind::SectionIsolated { open };
            let also = if self.last > located { vec![self.last] } else { vec![] };
            case.isolated = Some(journal.note_also(r.inputs.now, Subject::Line(line), kind, located, also));
        }
    }

    /// Brings a dead, sound part back: by its own breaker where possible, else by a tie, else a part of it.
    fn restore(&mut self, r: &Round<'_, '_>, check: &mut dyn Check, journal: &mut Journal) -> Option<Step> {
        let mut base = None;
        for tie in [false, true] {
            for (i, [a, b]) in r.inputs.zones.switch_zones.iter().copied().enumerate() {
                let switch = SwitchId::new(i);
                let fits = !r.inputs.closed[i] && r.live[a] != r.live[b] && r.inputs.zones.normally_open[i] == tie;
                if !fits || !(self.touched.contains(&switch) || tie && r.inputs.enabled) || self.held.contains(&switch)
                {
                    continue;
                }
                let (from, dead) = if r.live[a] { (a, b) } else { (b, a) };
                let part = r.inputs.zones.component(dead, r.inputs.closed);
                let held = r.inputs.zones.border(&part).iter().any(|s| self.is_held_open(*s, r));
                if held || r.area[from] || part.iter().zip(&r.area).any(|(inside, area)| *inside && *area) {
                    continue;
                }
                if let Some(case) = pulse_test(&part, r, self.cause(), journal) {
                    self.cases.push(case);
                    return Some(Step::Wait);
                }
                if !r.operable[i] {
                    self.note_blocked(switch, self.cause(), r, journal);
                    continue;
                }
                if self.is_waiting(switch, r) {
                    continue;
                }
                let base = *base.get_or_insert_with(|| check.try_state(r.inputs.closed));
                if let Some(order) = self.try_restore(switch, &part, base, r, check, journal) {
                    return Some(Step::Order(order));
                }
            }
        }
        None
    }

    /// Closes `switch` onto the dead `part`, or first opens a switch inside it so that a smaller part can be taken.
    fn try_restore(
        &mut self,
        switch: SwitchId,
        part: &[bool],
        base: Verdict,
        r: &Round<'_, '_>,
        check: &mut dyn Check,
        journal: &mut Journal,
    ) -> Option<Order> {
        let (now, rules, zones) = (r.inputs.now, r.inputs.rules, r.inputs.zones);
        let subject = Subject::Switch(switch);
        let mut closed = r.inputs.closed.to_vec();
        closed[switch.index()] = true;
        let whole = check.try_state(&closed);
        let mut first = (switch, true, whole);
        let mut good = is_acceptable(&whole, &base, rules);
        if !good {
            let mut best = 0;
            for (i, [a, b]) in zones.switch_zones.iter().enumerate() {
                if !(part[*a] && part[*b] && closed[i] && r.operable[i]) || SwitchId::new(i) == switch {
                    continue;
                }
                closed[i] = false;
                let v = check.try_state(&closed);
                closed[i] = true;
                let gain = v.customers.saturating_sub(base.customers);
                if is_acceptable(&v, &base, rules) && gain > best {
                    (best, good, first) = (gain, true, (SwitchId::new(i), false, v));
                }
            }
        }
        let Verdict { min_voltage_pu, max_loading, .. } = first.2;
        if !good {
            if self.refused.insert(switch, now).is_none() {
                let kind = EventKind::RestorationRefused { switch, min_voltage_pu, max_loading };
                journal.note(now, subject, kind, self.cause());
            }
            return None;
        }
        if first.1 && self.is_tried_too_often(switch, r, journal) {
            self.refused.insert(switch, now);
            return None;
        }
        let customers = first.2.customers.saturating_sub(base.customers);
        let kind = EventKind::RestorationPlanned { switch, customers, min_voltage_pu, max_loading };
        let planned = journal.note(now, subject, kind, self.cause());
        Some(self.order(first.0, first.1, planned, r, journal))
    }

    /// Steps towards the normal positions of what was operated; only when nothing is damaged any more.
    fn normalise(&mut self, r: &Round<'_, '_>, check: &mut dyn Check, journal: &mut Journal) -> Step {
        let zones = r.inputs.zones;
        let normal = |s: SwitchId| is_closed(r.inputs.closed, s) != zones.normally_open[s.index()];
        let away: Vec<_> = self.touched.iter().copied().filter(|s| !normal(*s)).collect();
        if away.is_empty() {
            return Step::Normal;
        }
        for &switch in &away {
            if !r.operable[switch.index()] {
                self.note_blocked(switch, self.cause(), r, journal);
            }
        }
        let (close, open): (Vec<_>, Vec<_>) =
            away.into_iter().filter(|s| r.operable[s.index()]).partition(|s| !zones.normally_open[s.index()]);
        // A tie that only doubles another path, or that joins what lives or is dead without it, opens.
        for &tie in &open {
            if is_needless(tie, r) {
                return Step::Order(self.order(tie, false, self.cause(), r, journal));
            }
        }
        for &switch in &close {
            let [a, b] = zones.switch_zones[switch.index()];
            if r.live[a] != r.live[b] {
                continue;
            }
            if !r.live[a] {
                return Step::Order(self.order(switch, true, self.cause(), r, journal));
            }
            if !zones.component(a, r.inputs.closed)[b] {
                continue;
            }
            if let Some(order) = self.swap_back(switch, &open, r, check, journal) {
                return Step::Order(order);
            }
        }
        Step::Wait
    }

    /// Both sides live over a tie: close `switch` first where two paths are allowed, else open the tie first.
    fn swap_back(
        &mut self,
        switch: SwitchId,
        ties: &[SwitchId],
        r: &Round<'_, '_>,
        check: &mut dyn Check,
        journal: &mut Journal,
    ) -> Option<Order> {
        let mut closed = r.inputs.closed.to_vec();
        closed[switch.index()] = true;
        let base = check.try_state(r.inputs.closed);
        for &tie in ties {
            closed[tie.index()] = false;
            let [a, b] = r.inputs.zones.switch_zones[tie.index()];
            let joined = r.inputs.zones.component(a, &closed)[b];
            if joined && is_acceptable(&check.try_state(&closed), &base, r.inputs.rules) {
                let parallel = check.may_parallel(switch);
                let (first, close) = if parallel { (switch, true) } else { (tie, false) };
                return Some(self.order(first, close, self.cause(), r, journal));
            }
            closed[tie.index()] = true;
        }
        None
    }

    /// What explains an order that no other event does.
    fn cause(&self) -> EventId {
        let of_case = |c: &Case| c.isolated.or(c.located.map(|l| l.1)).unwrap_or(c.cause);
        self.cases.last().map_or(self.last, of_case)
    }

    fn order(
        &mut self,
        switch: SwitchId,
        close: bool,
        cause: EventId,
        r: &Round<'_, '_>,
        journal: &mut Journal,
    ) -> Order {
        self.blocked.remove(&switch);
        let kind = EventKind::SwitchOrdered { closed: close };
        let event = journal.note(r.inputs.now, Subject::Switch(switch), kind, cause);
        Order { switch, close, event }
    }

    /// A person opened this switch: what is dead behind it may be worked on.
    fn is_held_open(&self, switch: SwitchId, r: &Round<'_, '_>) -> bool {
        self.held.contains(&switch) && !is_closed(r.inputs.closed, switch)
    }

    fn is_waiting(&self, switch: SwitchId, r: &Round<'_, '_>) -> bool {
        self.refused.get(&switch).is_some_and(|t| r.inputs.now.since(*t) < RETRY_US)
    }

    /// Counts closings onto parts where nothing was found; true when a person should look first.
    fn is_tried_too_often(&mut self, switch: SwitchId, r: &Round<'_, '_>, journal: &mut Journal) -> bool {
        let trials = self.trials.entry(switch).or_insert(0);
        *trials += 1;
        if *trials <= MAX_TRIALS {
            return false;
        }
        if self.blocked.insert(switch) {
            let reason = format!("tripped again after {MAX_TRIALS} closings and nothing was found");
            let kind = EventKind::HealingBlocked { reason };
            journal.note(r.inputs.now, Subject::Switch(switch), kind, self.cause());
        }
        true
    }

    /// Says once why a switch cannot be operated; again after it could be.
    fn note_blocked(&mut self, switch: SwitchId, cause: EventId, r: &Round<'_, '_>, journal: &mut Journal) {
        let reached = r.inputs.reachable.get(switch.index()).copied().unwrap_or(false);
        let coupling = r.inputs.zones.is_coupling[switch.index()];
        if reached && (coupling || self.failed.contains(&switch)) || self.held.contains(&switch) {
            return;
        }
        if self.blocked.insert(switch) {
            let reason = "the switch cannot be reached: no gateway answers for it".to_owned();
            journal.note(r.inputs.now, Subject::Switch(switch), EventKind::HealingBlocked { reason }, cause);
        }
    }
}

/// A pulse into a dead part finds its short circuit: a located case, whose cause is the damage itself.
fn pulse_test(part: &[bool], r: &Round<'_, '_>, also: EventId, journal: &mut Journal) -> Option<Case> {
    let inside = |z: usize| part.get(z).copied().unwrap_or(false);
    let mut struck = r.inputs.faults.iter().filter(|f| f.pulse_finds);
    let (fault, zone) = struck.find_map(|f| zone_of(f, r.inputs).filter(|z| inside(*z)).map(|z| (f, z)))?;
    let line = line_in(zone, r.inputs)?;
    let not_by = r.inputs.zones.around(zone).map(|(s, _)| s).collect();
    let kind = EventKind::FaultLocated { line, seen_by: vec![], not_by };
    let event = journal.note_also(r.inputs.now, Subject::Line(line), kind, fault.event, vec![also]);
    Some(Case {
        trips: vec![],
        reported_zone: Some(zone),
        cause: fault.event,
        locate_at: r.inputs.now,
        located: Some((zone, event)),
        isolated: None,
    })
}

/// Opening this closed tie takes power from nobody.
fn is_needless(tie: SwitchId, r: &Round<'_, '_>) -> bool {
    let mut closed = r.inputs.closed.to_vec();
    closed[tie.index()] = false;
    let live = r.inputs.zones.live(r.inputs.sources, &closed);
    live == r.live
}

/// Within the limits, or no worse than the present state where that is beyond them already.
fn is_acceptable(v: &Verdict, base: &Verdict, rules: &Healing) -> bool {
    let measure = base.feasible && base.min_voltage_pu > MEASURE_PU;
    let volts = v.min_voltage_pu >= rules.min_voltage_pu || measure && v.min_voltage_pu >= base.min_voltage_pu;
    let load = v.max_loading <= rules.max_loading || measure && v.max_loading <= base.max_loading;
    v.feasible && volts && load
}
