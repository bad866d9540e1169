//! The carbon footprint of a meter in the inspector: by the mix of the hour, by certificates, and what became credits, with
//! those that it holds and has retired on the chain.

use super::data::{PanelData, Reply};
use super::widgets::{self, row};
use super::{bill, numbers, theme};
use bevy_egui::egui::Ui;
use sim_core::command::Command;
use sim_core::ids::Subject;
use sim_core::ledger::certificate::Credits;
use sim_core::snapshot::CarbonRow;

/// The footprint of what is selected, if it has a meter of its own and has taken anything.
pub(super) fn show(ui: &mut Ui, data: &PanelData<'_>, subject: Subject, reply: &mut Reply) {
    let account = bill::account(data, subject);
    let Some(carbon) = account.and_then(|p| data.now.market.carbon.get(p.index())) else { return };
    if *carbon == CarbonRow::default() {
        return;
    }
    widgets::title(ui, data.t("footprint")).on_hover_text(data.t("term-footprint"));
    let mut rows = vec![
        row("emitted-slot", grams(carbon.slot_mg)),
        row("emitted-location", grams(carbon.location_mg)),
        row("emitted-hours", grams(carbon.hours_location_mg)),
        row("emitted-market", grams(carbon.market_mg)),
        row("emitted-covered", numbers::wh(carbon.covered.0)),
    ];
    if carbon.credited.0 > 0 {
        rows.push(row("emitted-credit", grams(carbon.credit.credit_mg)));
        rows.push(row("emitted-baseline", grams(carbon.credit.baseline_mg)));
    }
    let credits = account.and_then(|p| data.now.chain.certificates.credits.get(p.index())).copied().unwrap_or_default();
    if credits != Credits::default() {
        rows.push(row("emitted-issued", grams(credits.issued_mg)));
        rows.push(row("emitted-held", grams(credits.held_mg)));
        rows.push(row("emitted-retired", grams(credits.retired_mg)));
    }
    widgets::rows(ui, data, &rows);
    if credits.held_mg > 0 && ui.button(data.t("credits-retire")).on_hover_text(stated(data)).clicked() {
        let by = data.scene.name(subject).to_owned();
        reply.command(Command::RetireCredits { by, kg: credits.held_mg as f64 / 1e6 });
    }
    ui.add_space(theme::GRID);
}

/// What credits are counted against, as the chain states it.
fn stated(data: &PanelData<'_>) -> String {
    let rules = &data.now.chain.certificates;
    let buffer = numbers::percent(f64::from(rules.buffer) / 1e3);
    data.locale.t_args("term-credits-retire", &[("baseline", rules.baseline.into()), ("buffer", buffer.into())])
}

/// Today's footprint for the bill: by the mix of its slots so far, and by certificates of the hours for which these stand.
pub(super) fn today(data: &PanelData<'_>, subject: Subject) -> Option<[(String, String, String); 2]> {
    let carbon = bill::account(data, subject).and_then(|p| data.now.market.carbon.get(p.index()))?;
    let today = carbon.today;
    if today.location_mg == 0 && today.hours == 0 {
        return None;
    }
    let args = [
        ("hours", today.hours.into()),
        ("location", grams(today.hours_location_mg).into()),
        ("market", grams(today.market_mg).into()),
    ];
    Some([
        (data.t("bill-footprint-mix"), grams(today.location_mg), data.t("term-bill-footprint-mix")),
        (
            data.t("bill-footprint-certificates"),
            if today.hours > 0 { grams(today.market_mg) } else { data.t("bill-footprint-waits") },
            data.locale.t_args("term-bill-footprint-certificates", &args),
        ),
    ])
}

/// Carbon dioxide in grams, or kilograms where there is much.
pub(super) fn grams(mg: i64) -> String {
    match mg as f64 / 1e3 {
        g if g.abs() < 1_000.0 => numbers::with(g, 0, "g"),
        g => numbers::with(g / 1e3, 2, "kg"),
    }
}
