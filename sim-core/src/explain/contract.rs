//! Sentences about contracts, about plants that are businesses, and about carbon credits.

use crate::event::EventKind;

/// The sentence of an event.
pub(super) fn say(name: &str, kind: &EventKind) -> String {
    let money = |micro: &i64| *micro as f64 / 1e6;
    match kind {
        EventKind::ContractDeployed { contract, gas, fee } => {
            format!("the contract {contract} of {name} stands on the chain: {gas} gas, {:.6} paid", money(fee))
        }
        EventKind::ContractCalled { contract, function, gas, fee, told, moved } => {
            let told = if told.is_empty() { String::new() } else { format!(", it tells {}", told.join(", ")) };
            let (moved, fee) = (money(moved), money(fee));
            format!("{name} called {function} of {contract}: {moved:.2} moved{told}; {gas} gas, {fee:.6} paid")
        }
        EventKind::DividendsPaid { contract, first, last, income, management, dividend, missed, .. } => {
            let lost = if *missed > 0 { format!("; {missed} bills came too late") } else { String::new() };
            let (income, management, dividend) = (money(income), money(management), money(dividend));
            format!(
                "the bills of {contract} for slots {first} to {last} came to {income:.6}: {management:.6} for its manager, \
                 {dividend:.6} shared out{lost}"
            )
        }
        EventKind::CreditsIssued { accounts, mg } => {
            format!("surrendered certificates become carbon credits of {accounts}: {:.3} kg", money(mg))
        }
        EventKind::CreditsTransferred { to, mg } => format!("{name} gives {to} credits for {:.3} kg", money(mg)),
        EventKind::CreditsRetired { mg } => format!("{name} retires credits for {:.3} kg", money(mg)),
        EventKind::ContractFailed { contract, function, reason, gas, fee } => {
            format!("{function} of {contract}, called by {name}, failed: {reason}; {gas} gas, {:.6} paid", money(fee))
        }
        other => format!("{other:?}"),
    }
}
