//! A step in plain words.

use super::super::data::PanelData;
use super::super::numbers;
use sim_core::ledger::bridge::story::{Said, Step};
use sim_core::ledger::bridge::tie::Booking;
use sim_core::ledger::bridge::{Fault, Party, Which};

/// What happened, as a sentence.
pub(super) fn sentence(data: &PanelData<'_>, step: &Step) -> String {
    let currency = &data.scene.file.site.currency;
    let kwh = |wh: i64| numbers::with(wh as f64 / 1e3, 2, "kWh");
    let money = |micro: i64| numbers::money(micro, currency);
    let t = |key: &str| data.t(key);
    let with = |key: &str, name: &'static str, value: String| data.locale.t_args(key, &[(name, value.into())]);
    let booked = |key: &str, b: &Booking| {
        let args = [
            ("sent", kwh(b.trade.sent.0).into()),
            ("lost", kwh(b.lost.0).into()),
            ("received", kwh(b.received.0).into()),
            ("fee", money(b.wheeling.0).into()),
        ];
        data.locale.t_args(key, &args)
    };
    match &step.said {
        Said::Asked(wh) => with("neighbours-said-asked", "energy", kwh(wh.0)),
        Said::Full(left) => with("neighbours-said-full", "left", kwh(left.0)),
        Said::Booked(b) => booked("neighbours-said-booked", b),
        Said::Promised(wh) => with("neighbours-said-promised", "energy", kwh(wh.0)),
        Said::NotIslanded => t("neighbours-said-not-islanded"),
        Said::Outage => t("neighbours-said-outage"),
        Said::Drawn(b) => booked("neighbours-said-drawn", b),
        Said::Settled(m) if m.0 >= 0 => with("neighbours-said-settled-seller", "money", money(m.0)),
        Said::Settled(m) => with("neighbours-said-settled-buyer", "money", money(-m.0)),
        Said::Wheeled(m) => with("neighbours-said-wheeled", "money", money(m.0)),
        Said::MoneyLocked => t("neighbours-said-money-locked"),
        Said::CertificateLocked => t("neighbours-said-certificate-locked"),
        Said::SecretShown => t("neighbours-said-secret"),
        Said::MoneyClaimed { watcher: false } => t("neighbours-said-claimed"),
        Said::MoneyClaimed { watcher: true } => t("neighbours-said-claimed-watcher"),
        Said::MoneyReturned { watcher: false } => t("neighbours-said-returned"),
        Said::MoneyReturned { watcher: true } => t("neighbours-said-returned-watcher"),
        Said::CertificateReturned { watcher: false } => t("neighbours-said-back"),
        Said::CertificateReturned { watcher: true } => t("neighbours-said-back-watcher"),
        Said::Struck(fault) => t(struck(fault)),
        Said::RelayerAway => t("neighbours-said-relayer-away"),
        Said::Stalled => t("neighbours-said-stalled"),
        Said::Sent => t("neighbours-said-sent"),
        Said::Headers(height) => with("neighbours-said-headers", "height", height.to_string()),
        Said::Released => t("neighbours-said-released"),
    }
}

fn struck(fault: &Fault) -> &'static str {
    match fault {
        Fault::None => "neighbours-fault-none",
        Fault::Crash { who: Party::Ana, .. } => "neighbours-struck-ana",
        Fault::Crash { who: Party::Ben, .. } => "neighbours-struck-ben",
        Fault::Crash { who: Party::Watcher, .. } => "neighbours-struck-watcher",
        Fault::Stall { which: Which::A, .. } => "neighbours-struck-stall-a",
        Fault::Stall { which: Which::B, .. } => "neighbours-struck-stall-b",
        Fault::Late { .. } | Fault::LateAndStall { .. } => "neighbours-struck-late",
    }
}
