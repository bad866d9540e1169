//! Words for attacks and for what is found of them.

use crate::command::Attack;
use crate::event::{Doubt, Offence};

pub(super) fn offence_words(offence: Offence) -> &'static str {
    match offence {
        Offence::Equivocation => "it voted twice in one step",
        Offence::Forged => "a transaction in its name that it did not sign",
        Offence::Replayed => "an old transaction of its was handed in again",
        Offence::DoubleSpend => "the same money was to be spent twice",
        Offence::ChangedBlock => "a copy of a block was changed",
        Offence::InvalidBlock => "it proposed a block with a payment that the payer did not sign",
        Offence::DoubleIssue => "the same energy was to be certified twice",
    }
}

pub(super) fn doubt_words(doubt: Doubt) -> &'static str {
    match doubt {
        Doubt::Silence => "it says nothing, though it has power and connection",
        Doubt::Censorship => "it leaves out somebody's transactions",
        Doubt::StolenKey => "somebody else may be signing with its key",
        Doubt::LyingMeter => "a meter that does not say what it counts",
    }
}

pub(super) fn attack_words(attack: &Attack) -> String {
    match attack {
        Attack::Forge { building } => format!("somebody forges a transfer of {building}"),
        Attack::Replay { building } => format!("somebody replays the last transaction of {building}"),
        Attack::DoubleSpend { building } => format!("{building} spends the same money twice"),
        Attack::DoubleIssue { building } => format!("{building} has the same energy certified twice"),
        Attack::StolenKey { building } => format!("a thief has the key of {building}"),
        Attack::LieAtMeter { building, factor } => {
            format!("the meter of {building} says {factor} times what it counts")
        }
        Attack::Silence { validator } => format!("{validator} keeps silent"),
        Attack::Equivocate { validator } => format!("{validator} votes twice"),
        Attack::Censor { validator, building } => format!("{validator} leaves out the transactions of {building}"),
        Attack::InvalidBlock { validator, building } => {
            format!("{validator} puts a payment of {building} to itself into its blocks")
        }
        Attack::Partition { validators } => format!("cut off from the other validators: {}", validators.join(", ")),
    }
}
