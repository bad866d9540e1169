//! Commands take effect: the only place where a world is changed from outside.

use super::World;
use super::flows::{BrokenConductor, ShortCircuit};
use super::state::DisturbanceState;
use super::switching::By;
use crate::command::{BidSide, Command, Timed};
use crate::event::EventKind;
use crate::ids::{EventId, LineId, Subject, SwitchId};
use crate::market::Side;
use crate::recorder::Recorder;
use crate::script;

impl World {
    /// Lets every command whose time has come take effect.
    pub(super) fn obey(&mut self, recorder: &mut Recorder) {
        let due = self.state.plan.partition_point(|t| t.at <= self.state.now);
        if due == 0 {
            return;
        }
        self.keep_digest(recorder);
        let commands: Vec<Timed> = self.state.plan.drain(..due).collect();
        for Timed { command, .. } in commands {
            recorder.keep_command(Timed { at: self.state.now, command: command.clone() });
            let subject = self.subject_of(&command);
            let kind = EventKind::CommandGiven { command: command.clone() };
            let event = self.state.journal.root(self.state.now, subject, kind);
            let done = script::check(&command, &self.scene).and_then(|()| self.carry_out(&command, event));
            if let Err(reason) = done {
                self.state.journal.note(self.state.now, subject, EventKind::CommandRefused { reason }, event);
            }
        }
    }

    fn subject_of(&self, command: &Command) -> Subject {
        let name = match command {
            Command::Fault { cable, .. } | Command::OpenConductor { cable, .. } => cable,
            Command::Fail { element } | Command::Repair { element } | Command::ShareStorage { element, .. } => element,
            Command::Jam { switch } | Command::Operate { switch, .. } => switch,
            Command::Bid { building, .. }
            | Command::WithdrawBid { building }
            | Command::Prefer { building, .. }
            | Command::TradeWithNeighbour { building, .. } => building,
            Command::SetTie { .. } => return self.scene.tie.map_or(Subject::Community, Subject::Device),
            Command::DeployContract { by, .. }
            | Command::CallContract { by, .. }
            | Command::TransferCredits { by, .. }
            | Command::RetireCredits { by, .. } => {
                return self.scene.find(by).unwrap_or(Subject::Chain);
            }
            Command::FoundBusiness { plant, .. } | Command::TransferShares { plant, .. } => plant,
            Command::GrantAccess { account, .. }
            | Command::RevokeAccess { account, .. }
            | Command::Suspend { account, .. }
            | Command::Reinstate { account } => account,
            Command::LoseGrid | Command::RestoreGrid => return Subject::Grid,
            Command::Cap { .. }
            | Command::Tariff { .. }
            | Command::TariffShape { .. }
            | Command::CarbonPrice { .. }
            | Command::Lever { .. }
            | Command::PriceShock { .. }
            | Command::NetworkCheck { .. }
            | Command::Agents { .. }
            | Command::Mechanism { .. } => return Subject::Market,
            Command::Weather { .. } => return Subject::Weather,
            Command::Attack { kind } => {
                let named = kind.names().next().and_then(|name| self.scene.find(name));
                return named.unwrap_or(Subject::Chain);
            }
            Command::ComplianceReport | Command::EndAttacks => return Subject::Chain,
            Command::RepairAll | Command::SelfHealing { .. } => return Subject::Community,
        };
        self.scene.find(name).unwrap_or(Subject::Community)
    }

    /// The command was checked against the scene; what remains is whether it makes sense now.
    fn carry_out(&mut self, command: &Command, event: EventId) -> Result<(), String> {
        match command {
            Command::Fault { .. } | Command::OpenConductor { .. } => self.damage_line(command, event),
            Command::LoseGrid => self.lose_grid(event),
            Command::RestoreGrid => {
                if self.mend(Subject::Grid, event) {
                    Ok(())
                } else {
                    Err("the grid is there".into())
                }
            }
            Command::Fail { element } => self.fail(element, event),
            Command::Jam { switch } => {
                let s = self.switch(switch)?;
                let noted = self.note_damage(Subject::Switch(s), EventKind::Failed, event);
                self.state.network.jammed[s.index()] = Some(noted);
                Ok(())
            }
            Command::Repair { element } => {
                let subject = self.scene.find(element).unwrap_or(Subject::Community);
                if self.mend(subject, event) { Ok(()) } else { Err(format!("nothing is wrong with {element}")) }
            }
            Command::RepairAll => self.repair_all(event),
            Command::Operate { switch, closed } => self.operate_by_hand(switch, *closed, event),
            Command::SelfHealing { enabled } => {
                let on = |b: bool| if b { 1.0 } else { 0.0 };
                self.note_lever("self-healing", on(self.state.network.healing_enabled), on(*enabled), event);
                self.state.network.healing_enabled = *enabled;
                Ok(())
            }
            Command::Tariff { import, feed_in } => self.set_tariff(*import, *feed_in, None, event),
            Command::CarbonPrice { price } => self.set_tariff(None, None, Some(*price), event),
            Command::Lever { lever, value } => self.set_lever(*lever, *value, event),
            Command::ShareStorage { element, share } => self.share_storage(element, *share, event),
            Command::PriceShock { factor, minutes } => self.shock(*factor, *minutes, event),
            Command::DeployContract { .. } | Command::CallContract { .. } => self.order_contract(command, event),
            Command::FoundBusiness { .. } | Command::TransferShares { .. } => self.order_business(command, event),
            Command::TransferCredits { .. } | Command::RetireCredits { .. } => self.order_credits(command, event),
            Command::NetworkCheck { enabled } => self.set_network_check(*enabled, event),
            Command::TariffShape { kind, tariff } => self.set_tariff_shape(*tariff, *kind, event),
            Command::Agents { kind } => self.set_strategy(*kind, event),
            Command::Mechanism { kind } => self.set_mechanism(*kind, event),
            Command::Bid { building, side, price, kwh } => {
                let side = if *side == BidSide::Buy { Side::Buy } else { Side::Sell };
                self.bid(building, Some((side, *price, *kwh)))
            }
            Command::WithdrawBid { building } => self.bid(building, None),
            Command::Prefer { building, partner } => self.set_preference(building, *partner, event),
            Command::Attack { kind } => self.attack(kind, event),
            Command::EndAttacks => self.end_attacks(event),
            Command::GrantAccess { account, to } => self.order_access(account, to, true, event),
            Command::RevokeAccess { account, to } => self.order_access(account, to, false, event),
            Command::Cap { floor, ceiling } => self.order_cap(*floor, *ceiling, event),
            Command::Suspend { account, ground } => self.order_suspension(account, *ground, event),
            Command::Reinstate { account } => self.order_reinstatement(account, event),
            Command::ComplianceReport => self.order_report(event),
            Command::TradeWithNeighbour { .. } => self.trade_with_neighbour(command, event),
            Command::SetTie { closed, capacity_kw } => self.set_tie(*closed, *capacity_kw, event),
            Command::Weather { cloud, wind_ms } => {
                self.state.weather.hold_cloud(*cloud);
                self.state.weather.hold_wind(*wind_ms);
                Ok(())
            }
        }
    }

    fn damage_line(&mut self, command: &Command, event: EventId) -> Result<(), String> {
        match command {
            Command::Fault { cable, at, kind, resistance_ohm } => {
                let line = self.line(cable)?;
                let same = self.state.network.faults.iter().any(|f| f.line == line);
                if same {
                    return Err(format!("{cable} has a short circuit already; repair it first"));
                }
                self.state.network.faults.push(ShortCircuit {
                    line,
                    at: *at,
                    kind: *kind,
                    resistance_ohm: *resistance_ohm,
                    since_us: self.state.now.0,
                    fed_since_us: self.state.now.0,
                    event,
                    fed: false,
                    current_a: 0.0,
                });
                self.solve(0.0);
                let Some(fault) = self.state.network.faults.last_mut() else { return Ok(()) };
                let current_a = fault.current_a;
                let struck =
                    EventKind::FaultStruck { kind: *kind, at: *at, resistance_ohm: *resistance_ohm, current_a };
                let noted = self.state.journal.note(self.state.now, Subject::Line(line), struck, event);
                fault.event = noted;
                fault.fed = current_a > 0.0;
                self.begin_disturbance(noted, Some(line));
                self.note_change(noted);
                Ok(())
            }
            Command::OpenConductor { cable, phase } => {
                let line = self.line(cable)?;
                if self.state.network.broken.iter().any(|b| b.line == line && b.phase == *phase) {
                    return Err(format!("conductor {phase} of {cable} is broken already"));
                }
                let kind = EventKind::ConductorOpened { phase: *phase };
                let noted = self.note_damage(Subject::Line(line), kind, event);
                let since = self.state.now;
                self.state.network.broken.push(BrokenConductor { line, phase: *phase, since, event: noted });
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Notes damage that begins a disturbance.
    fn note_damage(&mut self, subject: Subject, kind: EventKind, cause: EventId) -> EventId {
        let event = self.state.journal.note(self.state.now, subject, kind, cause);
        self.begin_disturbance(event, None);
        self.note_change(event);
        event
    }

    fn lose_grid(&mut self, event: EventId) -> Result<(), String> {
        if !self.state.network.grid_alive {
            return Err("the grid is dead already".into());
        }
        self.state.network.grid_alive = false;
        let noted = self.note_damage(Subject::Grid, EventKind::GridLost, event);
        self.state.network.grid_event = noted;
        Ok(())
    }

    fn fail(&mut self, element: &str, event: EventId) -> Result<(), String> {
        let subject = self.scene.find(element).unwrap_or(Subject::Community);
        let network = &self.state.network;
        let failed = match subject {
            Subject::Device(d) => self.state.units[d.index()].failed.is_some(),
            Subject::Gateway(g) => network.gateway_failed[g.index()].is_some(),
            Subject::Validator(v) => network.validator_failed[v.index()].is_some(),
            _ => return Err(format!("{element} cannot fail by itself")),
        };
        if failed {
            return Err(format!("{element} has failed already"));
        }
        let noted = self.note_damage(subject, EventKind::Failed, event);
        match subject {
            Subject::Device(d) => {
                let unit = &mut self.state.units[d.index()];
                unit.failed = Some(noted);
                unit.drop_out();
            }
            Subject::Gateway(g) => self.state.network.gateway_failed[g.index()] = Some(noted),
            Subject::Validator(v) => self.state.network.validator_failed[v.index()] = Some(noted),
            _ => {}
        }
        Ok(())
    }

    fn repair_all(&mut self, event: EventId) -> Result<(), String> {
        let mut subjects: Vec<Subject> = self.state.network.faults.iter().map(|f| Subject::Line(f.line)).collect();
        subjects.extend(self.state.network.broken.iter().map(|b| Subject::Line(b.line)));
        subjects.extend(crate::scene::named(&self.scene.file).map(|(_, s)| s).filter(|s| {
            matches!(s, Subject::Device(_) | Subject::Gateway(_) | Subject::Validator(_) | Subject::Switch(_))
        }));
        subjects.push(Subject::Grid);
        let mended = subjects.into_iter().filter(|s| self.mend(*s, event)).count();
        if mended == 0 { Err("nothing is broken".into()) } else { Ok(()) }
    }

    fn operate_by_hand(&mut self, name: &str, close: bool, event: EventId) -> Result<(), String> {
        let switch = self.switch(name)?;
        if self.state.network.closed[switch.index()] == close {
            return Err(format!("{name} is {} already", if close { "closed" } else { "open" }));
        }
        if close && self.pcc() == Some(switch) && self.would_close_out_of_step(switch) {
            return Err(format!(
                "{name} would close out of step; the synchroniser closes it when all is within limits"
            ));
        }
        let normal = close != self.scene.file.switches[switch.index()].normally_open;
        self.operate(switch, close, event, By::Hand);
        self.state.healer.operated_by_hand(switch, normal);
        Ok(())
    }

    /// Both sides of an open switch are alive and belong to different islands.
    fn would_close_out_of_step(&self, switch: SwitchId) -> bool {
        let [a, b] = self.scene.switch_bus[switch.index()];
        let flows = &self.state.flows;
        flows.is_live(a) && flows.is_live(b) && flows.bus_island[a.index()] != flows.bus_island[b.index()]
    }

    fn bid(&mut self, building: &str, bid: Option<(Side, f64, f64)>) -> Result<(), String> {
        match self.scene.find(building) {
            Some(Subject::Building(b)) => self.set_bid(b, bid),
            _ => Err(format!("there is no building '{building}'")),
        }
    }

    fn line(&self, name: &str) -> Result<LineId, String> {
        match self.scene.find(name) {
            Some(Subject::Line(line)) => Ok(line),
            _ => Err(format!("there is no line '{name}'")),
        }
    }

    fn switch(&self, name: &str) -> Result<SwitchId, String> {
        match self.scene.find(name) {
            Some(Subject::Switch(switch)) => Ok(switch),
            _ => Err(format!("there is no switch '{name}'")),
        }
    }

    /// A disturbance begins, unless one is under way: then this belongs to it.
    fn begin_disturbance(&mut self, event: EventId, line: Option<LineId>) {
        let under_way = self.state.outage.outcome.is_some_and(|o| o.end.is_none());
        if !under_way {
            self.state.outage.outcome = Some(DisturbanceState {
                start: self.state.now,
                event,
                line,
                healing: self.state.network.healing_enabled,
                ..DisturbanceState::default()
            });
        }
    }
}
