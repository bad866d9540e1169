//! How much speaks against an account: one number, and every reason for it in a line one can ask "why?".

use crate::palette;
use crate::panels::attacks::{doubt_key, offence_key};
use crate::panels::data::{PanelData, Reply};
use crate::panels::{numbers, theme, widgets};
use bevy_egui::egui::{self, Align, Color32, Label, Layout, Rect, RichText, Sense, Ui, vec2};
use egui_phosphor::regular as icons;
use sim_core::ledger::watch::RiskKind;
use sim_core::ledger::watch::risk::{BOUNDS, Reason};

/// The word, the mark and the colour of a score.
pub(super) fn level(ui: &Ui, score: u32) -> (&'static str, &'static str, Color32) {
    match score {
        s if s < BOUNDS[0] => ("risk-low", "", theme::ink(ui, palette::HEALTHY)),
        s if s < BOUNDS[1] => ("risk-watch", "• ", theme::ink(ui, palette::HEAVY)),
        _ => ("risk-high", "▲ ", theme::fault(ui)),
    }
}

/// A score as a bar with its number.
pub(super) fn bar(ui: &mut Ui, score: u32, width: f32) {
    let (rect, _) = ui.allocate_exact_size(vec2(width, 8.0), Sense::hover());
    ui.painter().rect_filled(rect, 3.0, ui.visuals().widgets.inactive.bg_fill);
    let share = score.min(100) as f32 / 100.0;
    let full = Rect::from_min_size(rect.min, vec2((rect.width() * share).max(2.0), rect.height()));
    ui.painter().rect_filled(full, 3.0, level(ui, score).2);
}

/// The risk of an account with its reasons.
pub(super) fn show(ui: &mut Ui, data: &PanelData<'_>, index: usize, reply: &mut Reply) {
    let Some(risk) = data.now.chain.risks.get(index) else { return };
    let (word, mark, colour) = level(ui, risk.score);
    ui.set_max_width(ui.available_width() - 16.0);
    widgets::title(ui, data.t("risk-title")).on_hover_text(data.t("term-risk-title"));
    ui.horizontal(|ui| {
        ui.label(RichText::new(format!("{mark}{}", risk.score)).size(theme::BIG).strong().color(colour));
        ui.label(RichText::new(data.t("risk-of")).weak());
        ui.label(RichText::new(data.t(word)).color(colour));
    });
    bar(ui, risk.score, ui.available_width().min(248.0));
    ui.add_space(theme::GRID);
    if risk.reasons.is_empty() {
        ui.add(Label::new(RichText::new(data.t("risk-nothing")).weak()).wrap());
        return;
    }
    // What rounds to nothing is not worth a line.
    for reason in risk.reasons.iter().filter(|r| r.weight >= 0.01) {
        line(ui, data, reason, reply);
    }
    ui.add_space(4.0);
    ui.add(Label::new(RichText::new(data.t("risk-rule")).weak()).wrap());
}

/// A reason: how much it weighs, what it is, and why.
fn line(ui: &mut Ui, data: &PanelData<'_>, reason: &Reason, reply: &mut Reply) {
    let words = describe(data, reason);
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let points = numbers::with(reason.weight * 100.0, 0, "%");
        ui.allocate_ui(vec2(44.0, 20.0), |ui| {
            ui.set_width(44.0);
            ui.label(RichText::new(points).strong()).on_hover_text(data.t("term-risk-weight"));
        });
        ui.with_layout(Layout::right_to_left(Align::Min), |ui| {
            match reason.event {
                Some(event) => {
                    let name = format!("{} {words}", data.t("why"));
                    if widgets::icon(ui, icons::QUESTION, &name, None, false).clicked() {
                        reply.event = Some(event);
                    }
                }
                None => ui.add_space(28.0),
            }
            ui.with_layout(Layout::top_down(Align::Min), |ui| ui.add(Label::new(&words).wrap()));
        });
    });
}

fn describe(data: &PanelData<'_>, reason: &Reason) -> String {
    let (key, found) = match reason.kind {
        RiskKind::Proven(offence) => ("risk-proven", data.t(offence_key(offence))),
        RiskKind::Misused(offence) => ("risk-misused", data.t(offence_key(offence))),
        RiskKind::Suspected(doubt) => ("risk-suspected", data.t(doubt_key(doubt))),
        RiskKind::Missing => ("risk-missing", String::new()),
        RiskKind::Refused => ("risk-refused", String::new()),
        RiskKind::Imbalance => ("risk-imbalance", String::new()),
        RiskKind::NewKey => ("risk-new", String::new()),
    };
    let args =
        [("found", found.into()), ("n", reason.figure.into()), ("share", numbers::percent(reason.figure).into())];
    data.locale.t_args(key, &args)
}

/// The words of a score for screen readers and hovers.
pub(super) fn say(data: &PanelData<'_>, ui: &egui::Ui, score: u32) -> String {
    format!("{score} · {}", data.t(level(ui, score).0))
}
