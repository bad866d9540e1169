//! Words for contracts, for the businesses that they are, and for carbon credits.

use crate::locale::Locale;
use crate::panels::{numbers, oversight};
use fluent_bundle::FluentValue;
use sim_core::command::{BusinessModel, Command};
use sim_core::event::EventKind;
use sim_core::scene::Scene;

type Args = Vec<(&'static str, FluentValue<'static>)>;

/// Words for a business model.
pub(crate) fn model_key(model: BusinessModel) -> &'static str {
    match model {
        BusinessModel::EnergyService => "business-energy-service",
        BusinessModel::SharedOwnership => "business-shared",
        BusinessModel::MixedOwnership => "business-mixed",
        BusinessModel::TokenisedField => "business-tokens",
    }
}

/// Carbon dioxide in kilograms.
fn mass(mg: i64) -> String {
    numbers::with(mg as f64 / 1e6, 3, "kg")
}

/// The words of an event, and their arguments.
pub(crate) fn event(kind: &EventKind, scene: &Scene, locale: &Locale) -> (&'static str, Args) {
    use EventKind as K;
    let currency = &scene.file.site.currency;
    let cost = |gas: &u64, fee: &i64| {
        let fee = numbers::with(*fee as f64 / 1e6, 6, currency);
        vec![("gas", (*gas).into()), ("fee", fee.into())]
    };
    match kind {
        K::ContractDeployed { contract, gas, fee } => {
            let mut args = cost(gas, fee);
            args.push(("contract", contract.clone().into()));
            ("event-contract-deployed", args)
        }
        K::ContractCalled { contract, function, gas, fee, told, moved } => {
            let mut args = cost(gas, fee);
            let told = if told.is_empty() { locale.t("list-none") } else { told.join(&locale.t("list-comma")) };
            args.extend([("told", told.into()), ("moved", numbers::money(*moved, currency).into())]);
            args.extend([("contract", contract.clone().into()), ("function", function.clone().into())]);
            ("event-contract-called", args)
        }
        K::ContractFailed { contract, function, reason, gas, fee } => {
            let mut args = cost(gas, fee);
            args.extend([("contract", contract.clone().into()), ("function", function.clone().into())]);
            args.push(("reason", reason.clone().into()));
            ("event-contract-failed", args)
        }
        K::DividendsPaid { contract, first, last, income, management, dividend, missed, .. } => {
            let money = |micro: i64| numbers::with(micro as f64 / 1e6, 3, currency);
            let args = vec![
                ("plant", oversight::called(contract, scene, locale).into()),
                ("slots", (last.saturating_sub(*first) + 1).into()),
                ("income", money(*income).into()),
                ("fee", money(*management).into()),
                ("dividend", money(*dividend).into()),
                ("missed", (*missed).into()),
            ];
            (if *missed > 0 { "event-dividends-missed" } else { "event-dividends" }, args)
        }
        K::CreditsIssued { accounts, mg } => {
            ("event-credits-issued", vec![("accounts", (*accounts).into()), ("mass", mass(*mg).into())])
        }
        K::CreditsTransferred { to, mg } => {
            let to = oversight::called(to, scene, locale);
            ("event-credits-transferred", vec![("to", to.into()), ("mass", mass(*mg).into())])
        }
        K::CreditsRetired { mg } => ("event-credits-retired", vec![("mass", mass(*mg).into())]),
        _ => super::super::neighbours::event(kind, scene, locale),
    }
}

/// The words of a command.
pub(crate) fn command(command: &Command, scene: &Scene, locale: &Locale) -> String {
    use Command as C;
    let known = |name: &str| oversight::called(name, scene, locale);
    match command {
        C::DeployContract { by, name, .. } => {
            let args = [("who", known(by).into()), ("contract", name.clone().into())];
            locale.t_args("command-deploy", &args)
        }
        C::CallContract { by, contract, function, .. } => {
            let args = [
                ("who", known(by).into()),
                ("contract", contract.clone().into()),
                ("function", function.clone().into()),
            ];
            locale.t_args("command-call", &args)
        }
        C::FoundBusiness { plant, model, stakes, .. } => {
            let args = [
                ("plant", known(plant).into()),
                ("model", locale.t(model_key(*model)).into()),
                ("owners", stakes.len().into()),
            ];
            locale.t_args("command-found", &args)
        }
        C::TransferShares { plant, by, to, shares } => {
            let args = [
                ("plant", known(plant).into()),
                ("who", known(by).into()),
                ("to", known(to).into()),
                ("shares", (*shares).into()),
            ];
            locale.t_args("command-shares", &args)
        }
        C::TransferCredits { by, to, kg } => {
            let mass = numbers::with(*kg, 3, "kg");
            let args = [("who", known(by).into()), ("to", known(to).into()), ("mass", mass.into())];
            locale.t_args("command-give-credits", &args)
        }
        C::RetireCredits { by, kg } => {
            let args = [("who", known(by).into()), ("mass", numbers::with(*kg, 3, "kg").into())];
            locale.t_args("command-retire-credits", &args)
        }
        // Every other command has words of its own.
        _ => String::new(),
    }
}
