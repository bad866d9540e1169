//! What stands on the chain in plain words.

use crate::panels::data::PanelData;
use crate::panels::names::name;
use crate::panels::numbers;
use crate::panels::oversight::ground_key;
use sim_core::digest::{Hash, hex};
use sim_core::ids::{Subject, ValidatorId};
use sim_core::ledger::certificate::CertificateAction;
use sim_core::ledger::contract::Code;
use sim_core::ledger::contract::native::Native;
use sim_core::ledger::crypto::Address;
use sim_core::ledger::genesis::{Genesis, Validator};
use sim_core::ledger::inspect::Value;
use sim_core::ledger::types::{Payload, Role, Side, SignedTransaction};
use sim_core::quantity::Price;
use sim_core::scene::Participant;
use sim_core::time::{HOUR_US, SimTime};

/// The beginning of a fingerprint.
pub(super) fn short(hash: &Hash) -> String {
    format!("{}…", hex(&hash[..4]))
}

/// The name of a validator.
pub(crate) fn validator(data: &PanelData<'_>, index: u32) -> String {
    name(data.scene, Subject::Validator(ValidatorId(index)), data.locale)
}

/// What the account of an index stands for in the community.
pub(super) fn subject(data: &PanelData<'_>, index: usize) -> Option<Subject> {
    match data.scene.participants.get(index)? {
        Participant::Building(b) => Some(Subject::Building(*b)),
        Participant::Device(d) => Some(Subject::Device(*d)),
        Participant::Grid => Some(Subject::Grid),
        Participant::Losses => None,
    }
}

/// The name of an account: accounts stand in the order of the participants, operator and validators after them.
pub(super) fn account(data: &PanelData<'_>, genesis: &Genesis, index: usize) -> String {
    if let Some(subject) = subject(data, index) {
        return name(data.scene, subject, data.locale);
    }
    let Some(account) = genesis.accounts.get(index) else { return "?".to_owned() };
    match account.role {
        Role::Losses => data.t("participant-losses"),
        Role::Operator => data.t("explorer-operator"),
        Role::Regulator => data.t("explorer-regulator"),
        Role::Grid => data.t("kind-grid"),
        Role::Meter => account.name.clone(),
        Role::Validator => {
            let is_its = |v: &Validator| account.name.strip_prefix("validator-") == Some(&v.name);
            let place = genesis.validators.iter().position(is_its);
            place.map_or_else(|| account.name.clone(), |i| validator(data, u32::try_from(i).unwrap_or(0)))
        }
    }
}

/// What an account is for.
pub(super) fn role(data: &PanelData<'_>, role: Role) -> String {
    data.t(match role {
        Role::Meter => "explorer-role-meter",
        Role::Operator => "explorer-role-operator",
        Role::Grid => "explorer-role-grid",
        Role::Losses => "explorer-role-losses",
        Role::Validator => "explorer-role-validator",
        Role::Regulator => "explorer-role-regulator",
    })
}

/// The account that signs with a key.
pub(crate) fn sender(data: &PanelData<'_>, genesis: &Genesis, key: &Address) -> String {
    let place = genesis.accounts.iter().position(|a| a.key == *key);
    place.map_or_else(|| data.t("explorer-nobody"), |i| account(data, genesis, i))
}

/// Energy of a household in kWh, to the watt-hour.
fn energy(wh: i64) -> String {
    numbers::with(wh as f64 / 1000.0, 3, "kWh")
}

/// A transaction in a sentence.
pub(crate) fn transaction(data: &PanelData<'_>, genesis: &Genesis, tx: &SignedTransaction) -> String {
    let who = sender(data, genesis, &tx.sender);
    format!("{who}{}{}", data.t("explorer-colon"), payload(data, genesis, &tx.payload))
}

/// What a transaction says, without its sender.
pub(super) fn payload(data: &PanelData<'_>, genesis: &Genesis, payload: &Payload) -> String {
    let currency = &data.scene.file.site.currency;
    let market = &data.now.market;
    let length = market.slot_end.since(market.slot_start);
    let from = SimTime(u64::from(payload.get_slot().unwrap_or(0)).saturating_mul(length));
    let time = numbers::hours(from.0 as f64 / 3.6e9);
    match payload {
        Payload::MeterReading(r) => data.locale.t_args(
            "explorer-says-reading",
            &[("taken", energy(r.import.0).into()), ("given", energy(r.export.0).into()), ("time", time.into())],
        ),
        Payload::Order(o) => data.locale.t_args(
            if o.side == Side::Buy { "explorer-says-buy" } else { "explorer-says-sell" },
            &[
                ("energy", energy(o.quantity.0).into()),
                ("price", numbers::price(o.price.0, currency).into()),
                ("time", time.into()),
            ],
        ),
        Payload::Trade(t) => {
            let sold: i64 = t.fills.iter().map(|f| f.quantity.0.max(0)).sum();
            let args = [
                ("n", t.fills.len().into()),
                ("energy", energy(sold).into()),
                ("price", numbers::price(t.price.0, currency).into()),
                ("time", time.into()),
            ];
            data.locale.t_args("explorer-says-trade", &args)
        }
        Payload::Settlement(s) => {
            data.locale.t_args("explorer-says-settlement", &[("n", s.rows.len().into()), ("time", time.into())])
        }
        Payload::Transfer(t) => {
            let money = numbers::money(t.amount.0, currency);
            let args = [("money", money.into()), ("to", account(data, genesis, t.to as usize).into())];
            data.locale.t_args("explorer-says-transfer", &args)
        }
        Payload::Grant(a) => who(data, genesis, "explorer-says-grant", a.grantee),
        Payload::Revoke(a) => who(data, genesis, "explorer-says-revoke", a.grantee),
        Payload::Cap(c) => {
            let price = |p: Price| numbers::price(p.0, currency);
            let args = [("low", price(c.floor).into()), ("high", price(c.ceiling).into())];
            data.locale.t_args("explorer-says-cap", &args)
        }
        Payload::Equivocation(e) => data.locale.t_args(
            "explorer-says-equivocation",
            &[("who", validator(data, e.validator).into()), ("height", e.height.into())],
        ),
        Payload::Certificate(action) => certificate(data, genesis, action),
        Payload::Deploy(d) => data.t(match d.code {
            Code::Text(_) => "explorer-says-deploy",
            Code::Native(Native::Bridge) => "explorer-says-deploy-bridge",
            Code::Native(Native::P2pSettlement) => "explorer-says-deploy-native",
        }),
        Payload::Storage(s) => {
            data.locale.t_args("explorer-says-storage", &[("n", s.rows.len().into()), ("time", time.into())])
        }
        Payload::Call(c) => data.locale.t_args("explorer-says-call", &[("function", c.function.clone().into())]),
        Payload::ReaderKey(_) => data.t("explorer-says-reader-key"),
        Payload::Sealed(e) => data.locale.t_args(
            "explorer-says-sealed",
            &[("time", time.into()), ("bytes", e.sealed.len().into()), ("n", e.wraps.len().into())],
        ),
        Payload::Suspend(s) => {
            let why = data.t(ground_key(s.ground));
            let who = account(data, genesis, s.account as usize);
            let args = [("who", who.into()), ("why", why.into()), ("time", time.into())];
            data.locale.t_args("explorer-says-suspend", &args)
        }
        Payload::Reinstate(r) => who(data, genesis, "explorer-says-reinstate", r.account),
        Payload::Report(r) => data.locale.t_args(
            "explorer-says-report",
            &[("n", r.number.into()), ("first", r.first.into()), ("last", r.last.into())],
        ),
    }
}

fn who(data: &PanelData<'_>, genesis: &Genesis, key: &str, index: u32) -> String {
    data.locale.t_args(key, &[("who", account(data, genesis, index as usize).into())])
}

/// What is ordered of a certificate.
fn certificate(data: &PanelData<'_>, genesis: &Genesis, action: &CertificateAction) -> String {
    let mass = |mg: &i64| numbers::with(*mg as f64 / 1e6, 3, "kg").into();
    let (key, wh) = match action {
        CertificateAction::IssueCredit { hour } => {
            let hours = numbers::clock(SimTime(u64::from(*hour) * HOUR_US));
            return data.locale.t_args("explorer-says-credit", &[("hour", hours.into())]);
        }
        CertificateAction::TransferCredit { to, mg } => {
            let to = account(data, genesis, *to as usize);
            return data.locale.t_args("explorer-says-give-credit", &[("mass", mass(mg)), ("to", to.into())]);
        }
        CertificateAction::RetireCredit { mg } => {
            return data.locale.t_args("explorer-says-retire-credit", &[("mass", mass(mg))]);
        }
        CertificateAction::Unlock { .. } => return data.t("explorer-says-unlock"),
        CertificateAction::Refund { .. } => return data.t("explorer-says-take-back"),
        CertificateAction::Lock { energy, .. } => ("explorer-says-lock", energy),
        CertificateAction::Issue { energy, .. } => ("explorer-says-issue", energy),
        CertificateAction::Transfer { energy, .. } => ("explorer-says-hand-over", energy),
        CertificateAction::Claim { energy, .. } => ("explorer-says-claim", energy),
        CertificateAction::Store { energy, .. } => ("explorer-says-store", energy),
        CertificateAction::Release { energy, .. } => ("explorer-says-release", energy),
    };
    let mut args = vec![("energy", energy(wh.0).into())];
    if let CertificateAction::Transfer { to, .. } | CertificateAction::Lock { to, .. } = action {
        args.push(("to", account(data, genesis, *to as usize).into()));
    }
    data.locale.t_args(key, &args)
}

/// Fields of a header with their words; one that has none yet shows its name.
const FIELDS: [(&str, &str); 11] = [
    ("height", "explorer-height"),
    ("round", "explorer-round"),
    ("time", "explorer-time"),
    ("previous", "explorer-previous"),
    ("proposer", "explorer-proposer"),
    ("validators", "explorer-validators"),
    ("tx_root", "explorer-tx-root"),
    ("receipt_root", "explorer-receipt-root"),
    ("state_root", "explorer-state-root"),
    ("difficulty", "explorer-difficulty"),
    ("nonce", "explorer-lucky-number"),
];

/// A field's name and what it is for.
pub(super) fn field(data: &PanelData<'_>, field: &str) -> (String, String) {
    match FIELDS.iter().find(|(f, _)| *f == field) {
        Some((_, key)) => (data.t(key), data.t(&format!("term-{key}"))),
        None => (field.replace('_', " "), String::new()),
    }
}

/// A field's value.
pub(super) fn value(data: &PanelData<'_>, value: Value) -> String {
    match value {
        Value::Number(n) => n.to_string(),
        Value::Time(us) => numbers::clock(SimTime(us)),
        Value::Validator(v) => validator(data, v),
        Value::Hash(hash) => short(&hash),
    }
}
