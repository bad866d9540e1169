//! Scripts: commands with the times at which they take effect, as a person writes them.
//!
//! `(format: 1, commands: [(at: "10:00:00.250", do: Fault(cable: "f1-c3", at: 0.4, kind: ThreePhase))])`.
//! A clock time before the scene's start means that time on the next day; `+2d 10:00` names the day.

use crate::command::{Attack, BusinessModel, Command, Timed};
use crate::ids::Subject;
use crate::ledger::contract::library::find_contract;
use crate::ledger::contract::plant::{MAX_OWNERS, MAX_SHARES};
use crate::ledger::contract::{self, get_library};
use crate::scene::Scene;
use crate::scene::schema::DeviceKind;
use crate::spelling::edit_distance;
use crate::time::{DAY_US, parse_clock};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The newest format of scripts.
pub const FORMAT: u32 = 1;

/// What is wrong with a script.
#[derive(Debug, Error, PartialEq)]
pub enum ScriptError {
    /// Not RON of the expected shape.
    #[error("line {line}, column {column}: {what}")]
    Syntax {
        #[doc = "line, from 1"]
        line: usize,
        #[doc = "column, from 1"]
        column: usize,
        #[doc = "why"]
        what: String,
    },
    /// Made by a newer program.
    #[error("the script has format {found}, this program reads up to {FORMAT}: use a newer Gridtwin")]
    Newer {
        #[doc = "its format"]
        found: u32,
    },
    /// A time that cannot be read.
    #[error("command {number}: '{text}' is no time; write \"10:05\", \"10:05:30.250\" or \"+1d 10:05\"")]
    Time {
        #[doc = "command, from 1"]
        number: usize,
        #[doc = "as written"]
        text: String,
    },
    /// A command that cannot be meant for this scene.
    #[error("command {number} (at {at}): {what}")]
    Command {
        #[doc = "command, from 1"]
        number: usize,
        #[doc = "its time"]
        at: String,
        #[doc = "why"]
        what: String,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    commands: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    at: String,
    #[serde(rename = "do")]
    command: Command,
}

/// RON as all our files use it: an optional value may stand without `Some`.
#[must_use]
pub fn ron_options() -> ron::Options {
    ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME)
}

/// Reads a script for a scene: commands in the order of their times.
///
/// # Errors
/// The first thing that is wrong, with its place.
pub fn parse(text: &str, scene: &Scene) -> Result<Vec<Timed>, ScriptError> {
    let file: File = ron_options().from_str(text).map_err(|e| ScriptError::Syntax {
        line: e.span.start.line,
        column: e.span.start.col,
        what: e.code.to_string(),
    })?;
    if file.format > FORMAT {
        return Err(ScriptError::Newer { found: file.format });
    }
    let mut commands = Vec::with_capacity(file.commands.len());
    for (i, Entry { at, command }) in file.commands.into_iter().enumerate() {
        let number = i + 1;
        let mut time = parse_clock(&at).ok_or_else(|| ScriptError::Time { number, text: at.clone() })?;
        if time < scene.start && !at.trim_start().starts_with('+') {
            time = time + DAY_US;
        }
        check(&command, scene).map_err(|what| ScriptError::Command { number, at, what })?;
        commands.push(Timed { at: time, command });
    }
    commands.sort_by_key(|c| c.at);
    Ok(commands)
}

/// Writes a script.
#[must_use]
pub fn format(commands: &[Timed]) -> String {
    let entries = commands.iter().map(|c| Entry { at: c.at.clock(), command: c.command.clone() }).collect();
    let pretty = ron::ser::PrettyConfig::new().depth_limit(2).extensions(ron::extensions::Extensions::IMPLICIT_SOME);
    ron_options().to_string_pretty(&File { format: FORMAT, commands: entries }, pretty).unwrap_or_default()
}

/// Checks a command against a scene: names that exist and mean the right kind of thing, numbers within their bounds.
///
/// # Errors
/// What is wrong, in words, with the nearest name that would do.
pub fn check(command: &Command, scene: &Scene) -> Result<(), String> {
    let need = |name: &str, what: &str, fits: fn(Subject) -> bool| match scene.find(name) {
        Some(s) if fits(s) => Ok(()),
        found => {
            let near = nearest(name, scene.names.iter().filter(|(_, s)| fits(**s)).map(|(n, _)| n.as_str()));
            let hint = near.map_or_else(String::new, |n| format!("; did you mean '{n}'?"));
            Err(match found {
                Some(_) => format!("'{name}' is not {what}{hint}"),
                None => format!("there is no '{name}' in this scene; expected {what}{hint}"),
            })
        }
    };
    let within = |value: f64, low: f64, high: f64, what: &str| {
        if value.is_finite() && (low..=high).contains(&value) {
            Ok(())
        } else {
            Err(format!("{what} is {value}, expected a number from {low} to {high}"))
        }
    };
    let line = |s| matches!(s, Subject::Line(_));
    let building = |s| matches!(s, Subject::Building(_));
    let switch = |s| matches!(s, Subject::Switch(_));
    let payer = |name: &str| match name {
        "operator" => Ok(()),
        name => {
            need(name, "a building, a device or 'operator'", |s| matches!(s, Subject::Building(_) | Subject::Device(_)))
        }
    };
    match command {
        Command::Fault { cable, at, resistance_ohm, .. } => {
            need(cable, "a line", line)?;
            within(*at, 0.0, 1.0, "at")?;
            within(*resistance_ohm, 0.0, 1e4, "resistance_ohm")
        }
        Command::OpenConductor { cable, phase } => {
            need(cable, "a line", line)?;
            within(f64::from(*phase), 1.0, 3.0, "phase")
        }
        Command::Fail { element } => need(element, "a device, gateway or validator", |s| {
            matches!(s, Subject::Device(_) | Subject::Gateway(_) | Subject::Validator(_))
        }),
        Command::Jam { switch: name } | Command::Operate { switch: name, .. } => need(name, "a switch", switch),
        Command::Repair { element } => need(element, "a line, switch, device, gateway or validator", |s| {
            let bare = matches!(s, Subject::Bus(_) | Subject::Building(_) | Subject::Transformer(_));
            !bare
        }),
        Command::Tariff { import, feed_in } => {
            import.map_or(Ok(()), |v| within(v, 0.0, 100.0, "import"))?;
            feed_in.map_or(Ok(()), |v| within(v, 0.0, 100.0, "feed_in"))
        }
        Command::Lever { lever, value } => within(*value, 0.0, lever.most(), lever.name()),
        Command::ShareStorage { element, share } => {
            let fits = |s| matches!(s, Subject::Device(_) | Subject::Building(_));
            need(element, "a battery or a building with one", fits)?;
            within(*share, 0.0, 1.0, "share")
        }
        Command::PriceShock { factor, minutes } => {
            within(*factor, 0.01, 100.0, "factor")?;
            within(*minutes, 0.0, 1_440.0, "minutes")
        }
        Command::DeployContract { by, name, source, attach, fee, .. } => {
            payer(by)?;
            if name.trim().is_empty() || name.len() > 40 {
                return Err(format!("name is '{name}', expected 1 to 40 letters"));
            }
            check_source(source)?;
            within(*attach, 0.0, 1e6, "attach")?;
            within(*fee, 0.0, 10.0, "fee")
        }
        Command::FoundBusiness { plant, model, stakes, manager, fee, term_h } => {
            let terms = Founding { model: *model, stakes, manager, fee: *fee, term_h: *term_h };
            need(plant, "a building or a device", |s| matches!(s, Subject::Building(_) | Subject::Device(_)))?;
            terms.check(payer, within)
        }
        Command::TransferShares { plant, by, to, shares } => {
            [plant, by, to].into_iter().try_for_each(|name| payer(name))?;
            within(f64::from(*shares), 1.0, 1e9, "shares")
        }
        Command::TransferCredits { by, to, kg } => {
            [by, to].into_iter().try_for_each(|name| payer(name))?;
            within(*kg, 1e-6, 1e6, "kg")
        }
        Command::RetireCredits { by, kg } => {
            payer(by)?;
            within(*kg, 1e-6, 1e6, "kg")
        }
        Command::CallContract { by, attach, fee, .. } => {
            payer(by)?;
            within(*attach, 0.0, 1e6, "attach")?;
            within(*fee, 0.0, 10.0, "fee")
        }
        Command::CarbonPrice { price } => within(*price, 0.0, 10_000.0, "price"),
        Command::Bid { building: name, price, kwh, .. } => {
            need(name, "a building", building)?;
            within(*price, 0.0, 100.0, "price")?;
            within(*kwh, 0.0, 1_000.0, "kwh")
        }
        Command::WithdrawBid { building: name } | Command::Prefer { building: name, .. } => {
            need(name, "a building", building)
        }
        Command::Weather { cloud, wind_ms } => {
            cloud.map_or(Ok(()), |v| within(v, 0.0, 1.0, "cloud"))?;
            wind_ms.map_or(Ok(()), |v| within(v, 0.0, 60.0, "wind_ms"))
        }
        Command::Attack { kind } => {
            let is_validator = |s| matches!(s, Subject::Validator(_));
            match kind {
                Attack::LieAtMeter { building: name, factor } => {
                    need(name, "a building", building)?;
                    within(*factor, 0.0, 10.0, "factor")
                }
                Attack::Forge { building: name }
                | Attack::Replay { building: name }
                | Attack::DoubleSpend { building: name }
                | Attack::DoubleIssue { building: name }
                | Attack::StolenKey { building: name } => need(name, "a building", building),
                Attack::Censor { validator, building: name } | Attack::InvalidBlock { validator, building: name } => {
                    need(validator, "a validator", is_validator)?;
                    need(name, "a building", building)
                }
                Attack::Silence { validator } | Attack::Equivocate { validator } => {
                    need(validator, "a validator", is_validator)
                }
                Attack::Partition { validators } => {
                    validators.iter().try_for_each(|name| need(name, "a validator", is_validator))
                }
            }
        }
        Command::GrantAccess { account, to } | Command::RevokeAccess { account, to } => {
            need(account, "a building", building)?;
            if to == "regulator" { Ok(()) } else { payer(to) }
        }
        Command::Cap { floor, ceiling } => {
            within(*floor, 0.0, 100.0, "floor")?;
            within(*ceiling, 0.0, 100.0, "ceiling")
        }
        Command::Suspend { account, .. } | Command::Reinstate { account } => {
            need(account, "a building or device", |s| matches!(s, Subject::Building(_) | Subject::Device(_)))
        }
        Command::TradeWithNeighbour { building: name, kwh, wait, slots, price, .. } => {
            scene.tie.ok_or("this scene has no neighbour")?;
            need(name, "a building", building)?;
            within(*kwh, 0.0, 1_000.0, "kwh")?;
            within(f64::from(*wait), 0.0, 96.0, "wait")?;
            within(f64::from(*slots), 1.0, 96.0, "slots")?;
            within(*price, 0.0, 100.0, "price")
        }
        Command::SetTie { closed, capacity_kw } => {
            let tie = scene.tie.and_then(|d| scene.file.devices.get(d.index())).map(|d| &d.kind);
            let Some(DeviceKind::Tie(tie)) = tie else { return Err("this scene has no neighbour".into()) };
            if closed.is_none() && capacity_kw.is_none() {
                return Err("nothing is asked for: say `closed` or `capacity_kw`".into());
            }
            capacity_kw.map_or(Ok(()), |kw| within(kw, 0.0, tie.capacity_kw, "capacity_kw"))
        }
        Command::LoseGrid
        | Command::ComplianceReport
        | Command::EndAttacks
        | Command::RestoreGrid
        | Command::RepairAll
        | Command::SelfHealing { .. }
        | Command::NetworkCheck { .. }
        | Command::Mechanism { .. }
        | Command::Agents { .. }
        | Command::TariffShape { .. } => Ok(()),
    }
}

/// A contract of the library by its name, or a text without mistakes.
fn check_source(source: &str) -> Result<(), String> {
    if find_contract(source).is_some() {
        return Ok(());
    }
    if !source.contains('(') {
        let near = nearest(source, get_library().iter().map(|c| c.name));
        let hint = near.map_or_else(String::new, |n| format!("; did you mean '{n}'?"));
        return Err(format!("there is no contract '{source}' in the library{hint}"));
    }
    contract::check(source).first().map_or(Ok(()), |mistake| Err(format!("source, {mistake}")))
}

/// The candidate nearest to `name` by edit distance, if one is near at all.
#[must_use]
pub fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let best = candidates.map(|c| (edit_distance(name, c), c)).min()?;
    (best.0 <= name.chars().count().max(3) / 2 + 1).then_some(best.1)
}

/// What a founding says besides its plant.
struct Founding<'a> {
    model: BusinessModel,
    stakes: &'a [(String, u32)],
    manager: &'a str,
    fee: f64,
    term_h: f64,
}

impl Founding<'_> {
    /// Owners who can own; a manager where there must be one; a fee or a term where it belongs.
    fn check(
        &self,
        payer: impl Fn(&str) -> Result<(), String>,
        within: impl Fn(f64, f64, f64, &str) -> Result<(), String>,
    ) -> Result<(), String> {
        within(self.stakes.len() as f64, 1.0, MAX_OWNERS as f64, "the number of owners")?;
        for (i, (name, shares)) in self.stakes.iter().enumerate() {
            payer(name)?;
            within(f64::from(*shares), 1.0, MAX_SHARES as f64, &format!("shares of {name}"))?;
            if self.stakes.iter().take(i).any(|(earlier, _)| earlier == name) {
                return Err(format!("{name} is named twice among the owners"));
            }
        }
        let (fee, term) = match self.model {
            BusinessModel::SharedOwnership => (0.0, (0.0, 0.0)),
            BusinessModel::EnergyService => (0.0, (0.25, 87_600.0)),
            BusinessModel::MixedOwnership | BusinessModel::TokenisedField => (1.0, (0.0, 0.0)),
        };
        within(self.fee, 0.0, fee, "fee")?;
        within(self.term_h, term.0, term.1, "term_h")?;
        match (self.model, self.manager) {
            (BusinessModel::SharedOwnership, "") => Ok(()),
            (BusinessModel::SharedOwnership, _) => Err("shared ownership has no manager; leave it out".into()),
            (_, manager) => payer(manager),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{Tariff, TariffShape};

    /// A script of before feed-in had a shape of its own means the import tariff.
    #[test]
    fn a_shape_without_a_tariff_is_that_of_the_import_tariff() {
        let read = |text: &str| ron_options().from_str::<Command>(text).expect("a command");
        let shape = |tariff| Command::TariffShape { kind: TariffShape::TimeOfUse, tariff };
        assert_eq!(read("TariffShape(kind: TimeOfUse)"), shape(Tariff::Import));
        assert_eq!(read("TariffShape(kind: TimeOfUse, tariff: FeedIn)"), shape(Tariff::FeedIn));
    }

    #[test]
    fn the_nearest_name_is_offered() {
        let names = ["f1-c3", "clinic", "school"];
        assert_eq!(nearest("clinc", names.into_iter()), Some("clinic"));
        assert_eq!(nearest("f1_c3", names.into_iter()), Some("f1-c3"));
        assert_eq!(nearest("zzzzzzzz", names.into_iter()), None);
    }
}
