//! Words for attacks and for what is found out about them.

use crate::locale::Locale;
use sim_core::command::Attack;
use sim_core::event::{Doubt, Offence};

/// What somebody does, in a few words; `known` names things of the scene.
pub(crate) fn describe(attack: &Attack, known: impl Fn(&str) -> String, locale: &Locale) -> String {
    let key = match attack {
        Attack::Forge { .. } => "attack-forge",
        Attack::Replay { .. } => "attack-replay",
        Attack::DoubleSpend { .. } => "attack-double-spend",
        Attack::DoubleIssue { .. } => "attack-double-issue",
        Attack::StolenKey { .. } => "attack-stolen-key",
        Attack::LieAtMeter { .. } => "attack-lie",
        Attack::Silence { .. } => "attack-silence",
        Attack::Equivocate { .. } => "attack-equivocate",
        Attack::Censor { .. } => "attack-censor",
        Attack::InvalidBlock { .. } => "attack-invalid-block",
        Attack::Partition { .. } => "attack-partition",
    };
    let names: Vec<String> = attack.names().map(known).collect();
    let (what, whom) = match (attack, names.as_slice()) {
        (Attack::Censor { .. } | Attack::InvalidBlock { .. }, [what, whom]) => (what.clone(), whom.clone()),
        (_, names) => (names.join(&locale.t("list-comma")), String::new()),
    };
    let factor = if let Attack::LieAtMeter { factor, .. } = attack { *factor } else { 1.0 };
    let factor = crate::panels::numbers::number(factor, 2);
    locale.t_args(key, &[("what", what.into()), ("whom", whom.into()), ("factor", factor.into())])
}

/// Words for what is proven.
pub(crate) fn offence_key(offence: Offence) -> &'static str {
    match offence {
        Offence::Equivocation => "offence-equivocation",
        Offence::Forged => "offence-forged",
        Offence::Replayed => "offence-replayed",
        Offence::DoubleSpend => "offence-double-spend",
        Offence::ChangedBlock => "offence-changed-block",
        Offence::DoubleIssue => "offence-double-issue",
        Offence::InvalidBlock => "offence-invalid-block",
    }
}

/// Words for what is suspected.
pub(crate) fn doubt_key(doubt: Doubt) -> &'static str {
    match doubt {
        Doubt::Silence => "doubt-silence",
        Doubt::Censorship => "doubt-censorship",
        Doubt::StolenKey => "doubt-stolen-key",
        Doubt::LyingMeter => "doubt-lying-meter",
    }
}
