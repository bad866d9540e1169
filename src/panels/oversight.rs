//! Words for grants, seals and the regulator.

use super::data::PanelData;
use super::names::name;
use super::numbers;
use crate::locale::Locale;
use fluent_bundle::FluentValue;
use sim_core::command::{Command, Ground};
use sim_core::event::EventKind;
use sim_core::ids::{DeviceId, Subject};
use sim_core::scene::{Participant, Scene};

type Args = Vec<(&'static str, FluentValue<'static>)>;

/// Words for a reason to keep somebody out of the market.
pub(super) fn ground_key(ground: Ground) -> &'static str {
    match ground {
        Ground::Meter => "ground-meter",
        Ground::Price => "ground-price",
        Ground::Safety => "ground-safety",
        Ground::Debt => "ground-debt",
    }
}

/// An account's name by the scene's.
pub(super) fn called(account: &str, scene: &Scene, locale: &Locale) -> String {
    match account {
        "regulator" => locale.t("participant-regulator"),
        "operator" => locale.t("participant-operator"),
        other => scene.find(other).map_or_else(|| other.to_owned(), |s| name(scene, s, locale)),
    }
}

/// An account's name by its index on the chain.
pub(super) fn account(data: &PanelData<'_>, index: u32) -> String {
    let subject = match data.scene.participants.get(index as usize) {
        Some(Participant::Building(b)) => Subject::Building(*b),
        Some(Participant::Device(d)) => Subject::Device(DeviceId(d.0)),
        Some(Participant::Grid) => return data.t("kind-grid"),
        Some(Participant::Losses) => return data.t("participant-losses"),
        None if index == data.now.chain.oversight.operator => return data.t("participant-operator"),
        None => return data.t("participant-regulator"),
    };
    name(data.scene, subject, data.locale)
}

fn limit(milli: Option<i64>, currency: &str, locale: &Locale) -> String {
    milli.map_or_else(|| locale.t("limit-none"), |p| numbers::price(p, currency))
}

/// The words of an event, and their arguments.
pub(super) fn event(kind: &EventKind, scene: &Scene, locale: &Locale) -> (&'static str, Args) {
    let currency = &scene.file.site.currency;
    match kind {
        EventKind::AccessGranted { to } => ("event-access-granted", vec![("to", called(to, scene, locale).into())]),
        EventKind::AccessRevoked { to } => ("event-access-revoked", vec![("to", called(to, scene, locale).into())]),
        EventKind::CapSet { floor_milli: None, ceiling_milli: None } => ("event-cap-lifted", vec![]),
        EventKind::CapSet { floor_milli, ceiling_milli } => (
            "event-cap-set",
            vec![
                ("low", limit(*floor_milli, currency, locale).into()),
                ("high", limit(*ceiling_milli, currency, locale).into()),
            ],
        ),
        EventKind::AccountSuspended { ground, .. } => {
            ("event-suspended", vec![("why", locale.t(ground_key(*ground)).into())])
        }
        EventKind::AccountReinstated { .. } => ("event-reinstated", vec![]),
        EventKind::ReportPublished { number, blocks, out, doubts } => (
            "event-report",
            vec![
                ("n", (*number).into()),
                ("blocks", (*blocks).into()),
                ("out", (*out).into()),
                ("doubts", (*doubts).into()),
            ],
        ),
        // Every other kind has been handled before.
        _ => ("event-scene-started", vec![]),
    }
}

/// What a command asks for.
pub(super) fn command(command: &Command, scene: &Scene, locale: &Locale) -> String {
    let called = |name: &str| called(name, scene, locale);
    let currency = &scene.file.site.currency;
    match command {
        Command::GrantAccess { account, to } => {
            locale.t_args("command-grant", &[("what", called(account).into()), ("to", called(to).into())])
        }
        Command::RevokeAccess { account, to } => {
            locale.t_args("command-revoke", &[("what", called(account).into()), ("to", called(to).into())])
        }
        Command::Cap { floor, ceiling } => {
            let milli = |p: f64| if p == 0.0 { None } else { Some((p * 1e3).round() as i64) };
            if milli(*floor).is_none() && milli(*ceiling).is_none() {
                return locale.t("command-cap-lift");
            }
            let (low, high) = (limit(milli(*floor), currency, locale), limit(milli(*ceiling), currency, locale));
            locale.t_args("command-cap", &[("low", low.into()), ("high", high.into())])
        }
        Command::Suspend { account, ground } => {
            let why = locale.t(ground_key(*ground));
            locale.t_args("command-suspend", &[("what", called(account).into()), ("why", why.into())])
        }
        Command::Reinstate { account } => locale.t_args("command-reinstate", &[("what", called(account).into())]),
        _ => locale.t("command-report"),
    }
}
