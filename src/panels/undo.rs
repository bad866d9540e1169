//! Undo: of a lever the inverse command, of a fault its repair. It never rewinds time. What the simulation refused has
//! not happened, so nothing takes it back.

use super::data::Past;
use sim_core::command::{BidSide, Command};
use sim_core::event::EventKind;
use sim_core::ids::{EventId, Subject};
use sim_core::ledger::state::MAX_PRICE;
use sim_core::scene::{Participant, Scene};
use sim_core::snapshot::{Side, Snapshot};
use sim_core::time::{MINUTE_US, SimTime};

/// How many steps are kept.
const DEPTH: usize = 64;
/// Where no limit of prices stands, thousandths.
const MOST_MILLI: i64 = MAX_PRICE.0;

/// A command and what undoes it.
#[derive(Clone, Debug)]
struct Step {
    command: Command,
    inverse: Command,
    /// Its event, once it has taken effect or was refused.
    event: Option<EventId>,
    /// Of a price shock: when it is over by itself, and when the one before it would have been.
    ends: Option<(SimTime, SimTime)>,
}

impl Step {
    /// Nothing is left that could be taken back.
    fn is_over(&self, now: SimTime) -> bool {
        self.event.is_some() && self.ends.is_some_and(|(own, before)| own.max(before) <= now)
    }

    /// What undoes it now: of a shock that was on before, what is left of it.
    fn into_inverse(self, now: SimTime) -> Command {
        match (self.inverse, self.ends) {
            (Command::PriceShock { factor, .. }, Some((_, end))) if end > now => {
                Command::PriceShock { factor, minutes: end.since(now) as f64 / MINUTE_US as f64 }
            }
            (Command::PriceShock { .. }, _) => Command::PriceShock { factor: 1.0, minutes: 0.0 },
            (inverse, _) => inverse,
        }
    }
}

/// What was done, newest last.
#[derive(Clone, Debug, Default)]
pub(crate) struct Undo {
    done: Vec<Step>,
    /// Events read so far.
    seen: usize,
}

impl Undo {
    /// Notes a command about to be given; `now` is the state before it.
    pub(crate) fn note(&mut self, command: &Command, scene: &Scene, now: &Snapshot) {
        if let Some(inverse) = inverse(command, scene, now) {
            let ends = match command {
                Command::PriceShock { minutes, .. } => {
                    Some((now.time + span(*minutes), now.market.shock_end.unwrap_or_default()))
                }
                _ => None,
            };
            self.done.push(Step { command: command.clone(), inverse, event: None, ends });
            if self.done.len() > DEPTH {
                self.done.remove(0);
            }
        }
    }

    /// Reads what is new: the step of a command that was refused vanishes, and that of a shock that has ended by itself.
    pub(crate) fn follow(&mut self, past: &dyn Past, now: SimTime) {
        let events = past.events();
        for event in events.get(self.seen..).unwrap_or(events) {
            match &event.kind {
                EventKind::CommandGiven { command } => {
                    let waits = self.done.iter_mut().find(|s| s.event.is_none() && s.command == *command);
                    if let Some(step) = waits {
                        step.event = Some(event.id);
                    }
                }
                EventKind::CommandRefused { .. } => {
                    self.done.retain(|s| s.event.is_none() || s.event != event.cause);
                }
                _ => {}
            }
        }
        self.seen = events.len();
        self.done.retain(|s| !s.is_over(now));
    }

    /// The newest command that can be undone.
    pub(crate) fn newest(&self) -> Option<&Command> {
        self.done.last().map(|step| &step.command)
    }

    /// What undoes the newest command now; it is forgotten then.
    pub(crate) fn pop(&mut self, now: SimTime) -> Option<Command> {
        self.done.pop().map(|step| step.into_inverse(now))
    }

    /// Forgets all: another world.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// A length in minutes, microseconds.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a day at most")]
fn span(minutes: f64) -> u64 {
    (minutes.clamp(0.0, 24.0 * 60.0) * MINUTE_US as f64) as u64
}

fn inverse(command: &Command, scene: &Scene, now: &Snapshot) -> Option<Command> {
    let repair = |element: &String| Some(Command::Repair { element: element.clone() });
    let unit = |milli: i64| milli as f64 / 1000.0;
    match command {
        Command::Fault { cable, .. } | Command::OpenConductor { cable, .. } => repair(cable),
        Command::Fail { element } => repair(element),
        Command::Jam { switch } => repair(switch),
        Command::LoseGrid => Some(Command::RestoreGrid),
        Command::RestoreGrid => Some(Command::LoseGrid),
        Command::Operate { switch, closed } => Some(Command::Operate { switch: switch.clone(), closed: !closed }),
        Command::SelfHealing { enabled } => Some(Command::SelfHealing { enabled: !enabled }),
        Command::Tariff { import, feed_in } => Some(Command::Tariff {
            import: import.map(|_| unit(now.market.import_milli)),
            feed_in: feed_in.map(|_| unit(now.market.feed_in_milli)),
        }),
        Command::CarbonPrice { .. } => Some(Command::CarbonPrice { price: now.market.carbon_price }),
        Command::Lever { lever, .. } => Some(Command::Lever { lever: *lever, value: lever.get(&now.market.levers) }),
        Command::ShareStorage { element, .. } => {
            let subject = scene.find(element)?;
            let share = now.market.storages.iter().find(|v| v.belongs_to(subject))?.share;
            Some(Command::ShareStorage { element: element.clone(), share })
        }
        // How long it still lasts is known when it comes back.
        Command::PriceShock { .. } => {
            Some(Command::PriceShock { factor: now.market.levers.shock.map_or(1.0, unit), minutes: 0.0 })
        }
        Command::NetworkCheck { enabled } => Some(Command::NetworkCheck { enabled: !enabled }),
        Command::TariffShape { tariff, .. } => {
            Some(Command::TariffShape { kind: now.market.levers.shape_of(*tariff), tariff: *tariff })
        }
        Command::Agents { .. } => Some(Command::Agents { kind: now.market.strategy }),
        Command::Mechanism { .. } => Some(Command::Mechanism { kind: now.market.mechanism }),
        Command::Bid { building, .. } => earlier_bid(building, scene, now)
            .or_else(|| scene.find(building).map(|_| Command::WithdrawBid { building: building.clone() })),
        Command::WithdrawBid { building } => earlier_bid(building, scene, now),
        Command::Prefer { building, .. } => {
            let Subject::Building(b) = scene.find(building)? else { return None };
            let partner = now.market.preferences.get(b.index()).copied()?;
            Some(Command::Prefer { building: building.clone(), partner })
        }
        Command::Weather { cloud, wind_ms } if cloud.is_some() || wind_ms.is_some() => {
            Some(Command::Weather { cloud: None, wind_ms: None })
        }
        Command::Attack { kind } => kind.is_lasting().then_some(Command::EndAttacks),
        Command::GrantAccess { account, to } => {
            Some(Command::RevokeAccess { account: account.clone(), to: to.clone() })
        }
        Command::RevokeAccess { account, to } => {
            Some(Command::GrantAccess { account: account.clone(), to: to.clone() })
        }
        Command::Cap { .. } => {
            // What is no limit stands at the ends of the range.
            let price = |p: i64| if p.abs() < MOST_MILLI { unit(p) } else { 0.0 };
            let cap = now.chain.oversight.cap;
            let (floor, ceiling) = cap.map_or((0.0, 0.0), |cap| (price(cap.floor.0), price(cap.ceiling.0)));
            Some(Command::Cap { floor, ceiling })
        }
        Command::Suspend { account, .. } => Some(Command::Reinstate { account: account.clone() }),
        Command::Reinstate { account } => {
            let is_it = |index: u32| match scene.participants.get(index as usize) {
                Some(Participant::Building(b)) => scene.find(account) == Some(Subject::Building(*b)),
                Some(Participant::Device(d)) => scene.find(account) == Some(Subject::Device(*d)),
                _ => false,
            };
            let ground = now.chain.oversight.suspended.iter().find(|s| is_it(s.account))?.ground;
            Some(Command::Suspend { account: account.clone(), ground })
        }
        // All that the household has agreed for slots to come is taken back.
        Command::TradeWithNeighbour { building, side, kwh, .. } => {
            let take_back = |side| Command::TradeWithNeighbour {
                building: building.clone(),
                side,
                kwh: 0.0,
                wait: 0,
                slots: 1,
                price: 0.0,
            };
            (*kwh > 0.0).then(|| take_back(*side))
        }
        Command::SetTie { closed, capacity_kw } => {
            let view = now.neighbour.as_ref()?;
            Some(Command::SetTie {
                closed: closed.map(|_| view.closed),
                capacity_kw: capacity_kw.map(|_| view.capacity_kw),
            })
        }
        Command::TransferShares { plant, by, to, shares } => {
            Some(Command::TransferShares { plant: plant.clone(), by: to.clone(), to: by.clone(), shares: *shares })
        }
        Command::TransferCredits { by, to, kg } => {
            Some(Command::TransferCredits { by: to.clone(), to: by.clone(), kg: *kg })
        }
        // What stands on a chain stays there.
        Command::ComplianceReport
        | Command::EndAttacks
        | Command::DeployContract { .. }
        | Command::CallContract { .. }
        | Command::FoundBusiness { .. }
        | Command::RetireCredits { .. }
        | Command::Weather { .. }
        | Command::Repair { .. }
        | Command::RepairAll => None,
    }
}

/// The bid that the user makes for a building now.
fn earlier_bid(building: &str, scene: &Scene, now: &Snapshot) -> Option<Command> {
    let Some(Subject::Building(b)) = scene.find(building) else { return None };
    let place = now.market.overridden.iter().position(|o| *o == b)?;
    let bid = now.market.user_bids.get(place)?;
    let side = if bid.side == Side::Buy { BidSide::Buy } else { BidSide::Sell };
    let kwh = bid.quantity.map_or(0.0, |wh| wh.0 as f64 / 1e3);
    Some(Command::Bid { building: building.to_owned(), side, price: bid.price.0 as f64 / 1e3, kwh })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{self, FakePast, NOW};
    use super::*;
    use sim_core::command::{Ground, Lever, Tariff, TariffShape};
    use sim_core::event::Event;
    use sim_core::quantity::{Price, Wh};
    use sim_core::snapshot::{SuspendedView, UserBid};

    #[test]
    fn a_tariff_goes_back_and_a_fault_is_repaired() {
        let (scene, mut now) = (testing::scene(), testing::snapshot());
        now.market.import_milli = 320;
        let mut undo = Undo::default();
        undo.note(&Command::Tariff { import: Some(0.5), feed_in: None }, &scene, &now);
        undo.note(&testing::fault(), &scene, &now);
        now.market.levers = Lever::GridFee.set(now.market.levers, 0.11);
        undo.note(&Command::Lever { lever: Lever::GridFee, value: 0.2 }, &scene, &now);
        undo.note(&Command::RepairAll, &scene, &now);
        // Each tariff goes back to its own shape.
        now.market.levers = now.market.levers.with_shape(Tariff::FeedIn, TariffShape::TimeOfUse);
        let shape = |kind, tariff| Command::TariffShape { kind, tariff };
        undo.note(&shape(TariffShape::Flat, Tariff::FeedIn), &scene, &now);
        undo.note(&shape(TariffShape::CriticalPeak, Tariff::Import), &scene, &now);
        // A bid that is withdrawn comes back as it was.
        let bid = Command::Bid { building: "home-07".into(), side: BidSide::Sell, price: 0.25, kwh: 1.5 };
        let Some(Subject::Building(home)) = scene.find("home-07") else { panic!("no such home") };
        now.market.overridden = vec![home];
        now.market.user_bids = vec![UserBid { side: Side::Sell, price: Price(250), quantity: Some(Wh(1_500)) }];
        undo.note(&Command::WithdrawBid { building: "home-07".into() }, &scene, &now);
        assert_eq!(undo.pop(NOW), Some(bid));
        assert_eq!(undo.pop(NOW), Some(shape(TariffShape::Flat, Tariff::Import)));
        assert_eq!(undo.pop(NOW), Some(shape(TariffShape::TimeOfUse, Tariff::FeedIn)));
        assert_eq!(undo.pop(NOW), Some(Command::Lever { lever: Lever::GridFee, value: 0.11 }));
        assert_eq!(undo.pop(NOW), Some(Command::Repair { element: "f1-c1".into() }));
        assert_eq!(undo.pop(NOW), Some(Command::Tariff { import: Some(0.32), feed_in: None }));
        assert_eq!(undo.pop(NOW), None);
    }

    fn shock(factor: f64, minutes: f64) -> Command {
        Command::PriceShock { factor, minutes }
    }

    /// Undo always ended the shock, whatever was in force before it.
    #[test]
    fn a_price_shock_gives_way_to_what_is_left_of_the_one_before() {
        let (scene, mut now) = (testing::scene(), testing::snapshot());
        let mut undo = Undo::default();
        undo.note(&shock(3.0, 60.0), &scene, &now);
        (now.market.levers.shock, now.market.shock_end) = (Some(3_000), Some(NOW + 60 * MINUTE_US));
        undo.note(&shock(1.5, 10.0), &scene, &now);
        undo.note(&shock(1.0, 0.0), &scene, &now);
        // Ten minutes on, 50 of the first are left; then none was on before it.
        let later = NOW + 10 * MINUTE_US;
        assert_eq!(undo.pop(later), Some(shock(3.0, 50.0)));
        assert_eq!(undo.pop(NOW + 70 * MINUTE_US), Some(shock(1.0, 0.0)), "that of before would be over by now");
        assert_eq!(undo.pop(later), Some(shock(1.0, 0.0)));
    }

    /// A story of commands as the simulation tells it: each with whether it was refused.
    fn told(commands: &[(Command, bool)]) -> FakePast {
        let mut events: Vec<Event> = Vec::new();
        for (command, refused) in commands {
            let mut tell = |kind, cause| {
                let id = EventId(events.len() as u64 + 1);
                events.push(Event { id, time_us: NOW.0, cause, also: Vec::new(), subject: Subject::Market, kind });
                id
            };
            let given = tell(EventKind::CommandGiven { command: command.clone() }, None);
            if *refused {
                tell(EventKind::CommandRefused { reason: "no".into() }, Some(given));
            }
        }
        FakePast::of(events, Vec::new())
    }

    /// Undo of a fault that there was already mended the first one.
    #[test]
    fn what_was_refused_leaves_no_step() {
        let (scene, now) = (testing::scene(), testing::snapshot());
        let tariff = Command::Tariff { import: None, feed_in: Some(0.5) };
        let open = Command::Operate { switch: "tie-12".into(), closed: true };
        let mut undo = Undo::default();
        for command in [&testing::fault(), &tariff, &testing::fault(), &open] {
            undo.note(command, &scene, &now);
        }
        let mut story = vec![(testing::fault(), false), (tariff, true)];
        undo.follow(&told(&story), NOW);
        assert_eq!(undo.done.len(), 3, "what nobody has answered stays");
        story.extend([(testing::fault(), true), (open.clone(), false)]);
        undo.follow(&told(&story), NOW);
        assert_eq!(undo.newest(), Some(&open));
        undo.pop(NOW);
        assert_eq!(undo.pop(NOW), Some(Command::Repair { element: "f1-c1".into() }), "the first fault's");
        assert_eq!(undo.pop(NOW), None);
    }

    #[test]
    fn a_shock_that_has_ended_by_itself_leaves_no_step() {
        let (scene, now) = (testing::scene(), testing::snapshot());
        let mut undo = Undo::default();
        undo.note(&shock(3.0, 60.0), &scene, &now);
        let past = told(&[(shock(3.0, 60.0), false)]);
        undo.follow(&past, NOW + 59 * MINUTE_US);
        assert!(undo.newest().is_some());
        undo.follow(&past, NOW + 60 * MINUTE_US);
        assert!(undo.newest().is_none());
    }

    #[test]
    fn a_deal_with_the_neighbour_is_taken_back_and_the_line_is_as_it_was() {
        let (scene, mut now) = (testing::scene(), testing::snapshot());
        now.neighbour = Some(super::super::testing_market::neighbour());
        let mut undo = Undo::default();
        let deal = |kwh, slots, price| Command::TradeWithNeighbour {
            building: "home-02".into(),
            side: BidSide::Sell,
            kwh,
            wait: 0,
            slots,
            price,
        };
        undo.note(&deal(2.0, 4, 0.1), &scene, &now);
        undo.note(&Command::SetTie { closed: Some(false), capacity_kw: Some(20.0) }, &scene, &now);
        assert_eq!(undo.pop(NOW), Some(Command::SetTie { closed: Some(true), capacity_kw: Some(60.0) }));
        assert_eq!(undo.pop(NOW), Some(deal(0.0, 1, 0.0)));
    }

    #[test]
    fn what_the_regulator_does_is_undone_by_the_opposite() {
        let (scene, mut now) = (testing::scene(), testing::snapshot());
        let mut undo = Undo::default();
        let home = || "home-02".to_owned();
        undo.note(&Command::Cap { floor: 0.0, ceiling: 0.3 }, &scene, &now);
        undo.note(&Command::Suspend { account: home(), ground: Ground::Meter }, &scene, &now);
        let Some(Subject::Building(b)) = scene.find("home-02") else { panic!("a building") };
        now.chain.oversight.suspended = vec![SuspendedView { account: b.0, slot: 40, ground: Ground::Debt }];
        undo.note(&Command::Reinstate { account: home() }, &scene, &now);
        undo.note(&Command::GrantAccess { account: home(), to: "regulator".into() }, &scene, &now);
        undo.note(&Command::ComplianceReport, &scene, &now);
        assert_eq!(undo.pop(NOW), Some(Command::RevokeAccess { account: home(), to: "regulator".into() }));
        assert_eq!(undo.pop(NOW), Some(Command::Suspend { account: home(), ground: Ground::Debt }));
        assert_eq!(undo.pop(NOW), Some(Command::Reinstate { account: home() }));
        assert_eq!(undo.pop(NOW), Some(Command::Cap { floor: 0.0, ceiling: 0.0 }));
    }
}
