//! The state machine of self-healing (fault location, isolation and service restoration, FLISR).
//!
//! It acts on what a control room knows: final trips, indicators, positions of switches, which of them can be reached,
//! meters' reports. Before a switch closes onto a dead part, a pulse of low energy tests that part (pulse closing):
//! a short circuit in it is found and the part is located instead of energised. One order is under way at a time.
//! Without healing the crew alone works: it finds, mends and, when all is mended, closes by hand what had tripped.

use super::crew::{Crew, Repair};
use super::locate::{self, is_damaged, line_in, zone_of};
use super::plan::{Check, Step};
use super::zones::{Zones, is_closed};
use crate::event::EventKind;
use crate::ids::{EventId, Subject, SwitchId};
use crate::journal::Journal;
use crate::protection::Order;
use crate::scene::schema::Healing;
use crate::time::{SECOND_US, SimTime};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How long a switch may take to follow an order before it counts as failed, us.
const ANSWER_US: u64 = SECOND_US;
/// Closings onto a part where nothing was found, before a person has to look.
pub(super) const MAX_TRIALS: u32 = 2;

/// Something damaged.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaultSeen {
    /// What.
    pub subject: Subject,
    /// The event that damaged it.
    pub event: EventId,
    /// A pulse would find it: a short circuit of low resistance (not an open conductor).
    pub pulse_finds: bool,
    /// Meters or people have reported where it is, without any relay's trip.
    pub reported: Option<EventId>,
}

/// What healing knows in a step. Slices of switches, lines are indexed by their ids.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    /// Now.
    pub now: SimTime,
    /// The network between switches.
    pub zones: &'a Zones,
    /// Times and limits.
    pub rules: &'a Healing,
    /// Self-healing is on (the lever, not the scene's default).
    pub enabled: bool,
    /// Positions of the switches.
    pub closed: &'a [bool],
    /// Switches that can be operated from afar: they have a gateway and it works.
    pub reachable: &'a [bool],
    /// Final trips that still stand, with their events.
    pub lockouts: &'a [(SwitchId, EventId)],
    /// Events that latched the fault-passage indicators.
    pub indicators: &'a [Option<EventId>],
    /// Zones with something that holds the voltage: the live grid's, a forming unit's.
    pub sources: &'a [usize],
    /// Everything damaged.
    pub faults: &'a [FaultSeen],
    /// Lines on poles.
    pub overhead: &'a [bool],
}

/// What is to be done now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Output {
    /// Switches to operate.
    pub orders: Vec<Order>,
    /// Repairs that are done.
    pub repairs: Vec<Repair>,
}

/// One disturbance from its final trip (or report) to its repair.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Case {
    pub(super) trips: Vec<SwitchId>,
    pub(super) reported_zone: Option<usize>,
    pub(super) cause: EventId,
    pub(super) locate_at: SimTime,
    /// Zone and the event that located it.
    pub(super) located: Option<(usize, EventId)>,
    pub(super) isolated: Option<EventId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Flight {
    order: Order,
    due: SimTime,
    sent: bool,
}

/// The healing of a community.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Healer {
    pub(super) cases: Vec<Case>,
    flight: Option<Flight>,
    crew: Crew,
    known: BTreeMap<SwitchId, EventId>,
    reports: BTreeSet<EventId>,
    /// Switches that tripped or that healing operated: what is to return to normal.
    pub(super) touched: BTreeSet<SwitchId>,
    /// Switches that a person operated: hands off.
    pub(super) held: BTreeSet<SwitchId>,
    pub(super) failed: BTreeSet<SwitchId>,
    pub(super) blocked: BTreeSet<SwitchId>,
    pub(super) refused: BTreeMap<SwitchId, SimTime>,
    pub(super) trials: BTreeMap<SwitchId, u32>,
    /// What explains the next order where no case does.
    pub(super) last: EventId,
}

impl Healer {
    /// Nothing to heal.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Advances to `inputs.now`; call it once a step, in frames of 10 ms to 1 s.
    pub fn step(&mut self, inputs: &Inputs<'_>, check: &mut dyn Check, journal: &mut Journal) -> Output {
        let mut output = Output::default();
        self.open_cases(inputs);
        self.locate(inputs, journal);
        let cases = &self.cases;
        let located = |zone: usize| cases.iter().find_map(|c| c.located.filter(|l| l.0 == zone).map(|l| l.1));
        output.repairs = self.crew.step(inputs, &located, journal);
        self.close_cases(inputs);
        if let Some(order) = self.fly(inputs, journal) {
            output.orders.push(order);
        }
        if self.flight.is_none() && self.may_plan() {
            match self.plan(inputs, check, journal) {
                Step::Order(order) => {
                    self.touched.insert(order.switch);
                    self.refused.clear();
                    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds")]
                    let takes_us = (inputs.rules.switching_s.max(0.0) * SECOND_US as f64).round() as u64;
                    self.flight = Some(Flight { order, due: inputs.now + takes_us, sent: false });
                }
                Step::Normal => {
                    let (subject, kind) = (Subject::Community, EventKind::NormalRestored);
                    self.last = journal.note(inputs.now, subject, kind, self.last);
                    self.touched.clear();
                    self.trials.clear();
                }
                Step::Wait => {}
            }
        }
        output
    }

    /// The zone is known to be damaged: nothing may energise it.
    #[must_use]
    pub fn is_faulty(&self, zone: usize) -> bool {
        self.cases.iter().any(|c| c.located.is_some_and(|l| l.0 == zone))
    }
    /// The zone is known to be damaged and cut off on all sides.
    #[must_use]
    pub fn is_isolated(&self, zone: usize) -> bool {
        self.cases.iter().any(|c| c.isolated.is_some() && c.located.is_some_and(|l| l.0 == zone))
    }
    /// Healing or the return to normal is under way.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        !self.cases.is_empty() || !self.touched.is_empty() || self.flight.is_some()
    }
    /// A person operated a switch (`normal`: into its normal position): healing leaves it alone until then.
    pub fn operated_by_hand(&mut self, switch: SwitchId, normal: bool) {
        self.touched.remove(&switch);
        if normal {
            self.held.remove(&switch);
        } else {
            self.held.insert(switch);
        }
        self.flight = self.flight.filter(|f| f.order.switch != switch);
    }
    /// Something was mended (`event`: `Repaired`): a switch may be tried again, and later orders have this cause.
    pub fn mended(&mut self, subject: Subject, event: EventId) {
        if let Subject::Switch(switch) = subject {
            self.failed.remove(&switch);
        }
        self.blocked.clear();
        self.refused.clear();
        self.trials.clear();
        self.last = event;
    }

    fn may_plan(&self) -> bool {
        let waiting = self.cases.iter().any(|c| c.located.is_none());
        !waiting && (!self.cases.is_empty() || !self.touched.is_empty())
    }

    /// New final trips and new reports.
    fn open_cases(&mut self, inputs: &Inputs<'_>) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds")]
        let locate_us = (inputs.rules.locate_s.max(0.0) * SECOND_US as f64).round() as u64;
        let locate_at = inputs.now + locate_us;
        self.known.retain(|s, e| inputs.lockouts.contains(&(*s, *e)));
        for (switch, event) in inputs.lockouts {
            if self.known.insert(*switch, *event) == Some(*event) {
                continue;
            }
            self.last = self.last.max(*event);
            self.held.remove(switch);
            if !inputs.zones.is_coupling.get(switch.index()).copied().unwrap_or(true) {
                self.touched.insert(*switch);
            }
            match self.cases.iter_mut().find(|c| c.located.is_none() && c.reported_zone.is_none()) {
                Some(case) => case.trips.push(*switch),
                None => self.cases.push(Case {
                    trips: vec![*switch],
                    reported_zone: None,
                    cause: *event,
                    locate_at,
                    located: None,
                    isolated: None,
                }),
            }
        }
        self.reports.retain(|e| inputs.faults.iter().any(|f| f.event == *e));
        for fault in inputs.faults {
            let (Some(cause), Some(zone)) = (fault.reported, zone_of(fault, inputs)) else { continue };
            if self.reports.insert(fault.event) && !self.is_faulty(zone) {
                let reported_zone = Some(zone);
                self.cases.push(Case { trips: vec![], reported_zone, cause, locate_at, located: None, isolated: None });
            }
        }
    }

    fn locate(&mut self, inputs: &Inputs<'_>, journal: &mut Journal) {
        for case in self.cases.iter_mut().filter(|c| c.located.is_none() && inputs.now >= c.locate_at) {
            let Some(found) = locate::locate(case, inputs) else { continue };
            if is_damaged(found.zone, inputs) {
                self.trials.clear();
            }
            let tells = inputs.enabled && is_damaged(found.zone, inputs);
            let Some(line) = line_in(found.zone, inputs).filter(|_| tells) else {
                case.located = Some((found.zone, case.cause));
                continue;
            };
            let kind = EventKind::FaultLocated { line, seen_by: found.seen_by, not_by: found.not_by };
            let event = journal.note_also(inputs.now, Subject::Line(line), kind, case.cause, found.events);
            case.located = Some((found.zone, event));
        }
        self.cases.retain(|c| c.located.is_some() || inputs.now < c.locate_at);
    }

    /// A case whose damage is mended is over; its zone may be energised again.
    fn close_cases(&mut self, inputs: &Inputs<'_>) {
        let mut over = Vec::new();
        self.cases.retain(|c| {
            let keep = c.located.is_none_or(|(zone, _)| is_damaged(zone, inputs));
            if !keep {
                over.push(c.isolated.or(c.located.map(|l| l.1)).unwrap_or(c.cause));
            }
            keep
        });
        for event in over {
            self.last = self.last.max(event);
        }
    }

    /// Sends the order under way when its time has come, and waits for the switch to follow.
    fn fly(&mut self, inputs: &Inputs<'_>, journal: &mut Journal) -> Option<Order> {
        let flight = self.flight?;
        let order = flight.order;
        if !flight.sent {
            if inputs.now < flight.due {
                return None;
            }
            let stopped = !inputs.enabled && !self.cases.is_empty();
            if stopped || order.close && !self.is_still_safe(order.switch, inputs) {
                self.flight = None;
                return None;
            }
            self.flight = Some(Flight { order, due: inputs.now + ANSWER_US, sent: true });
            return Some(order);
        }
        if is_closed(inputs.closed, order.switch) == order.close {
            self.last = order.event;
            self.flight = None;
        } else if inputs.now >= flight.due {
            self.failed.insert(order.switch);
            let reason = "the switch did not follow its order".to_owned();
            journal.note(inputs.now, Subject::Switch(order.switch), EventKind::HealingBlocked { reason }, order.event);
            self.flight = None;
        }
        None
    }

    /// Nothing happened since the order was decided that forbids to close this switch.
    fn is_still_safe(&self, switch: SwitchId, inputs: &Inputs<'_>) -> bool {
        let Some([a, b]) = inputs.zones.switch_zones.get(switch.index()).copied() else { return false };
        let mut closed = inputs.closed.to_vec();
        closed[switch.index()] = true;
        let joined = inputs.zones.component(a, &closed);
        let struck = inputs.faults.iter().filter(|f| f.pulse_finds).filter_map(|f| zone_of(f, inputs));
        let known = self.cases.iter().filter_map(|c| c.located.map(|l| l.0));
        let live = inputs.zones.live(inputs.sources, inputs.closed);
        let waits = self.cases.iter().any(|c| c.located.is_none());
        !waits && !((live[a] || live[b]) && struck.chain(known).any(|z| joined[z]))
    }
}
