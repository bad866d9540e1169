//! What a suspicion rests on, and how a finding is entered: the statistic against its bound, the entry in the log, times.

use super::book::Attempt;
use crate::palette;
use crate::panels::data::PanelData;
use crate::panels::names::name;
use crate::panels::{numbers, theme, widgets};
use bevy_egui::egui::{Align2, FontId, Label, Rect, RichText, Sense, Stroke, Ui, pos2, vec2};
use sim_core::ledger::watch::{Doubt, Finding, Verdict};

/// Words for a statistic: what it is, what one counts, how often it is wrong.
fn words(doubt: Doubt) -> [&'static str; 3] {
    match doubt {
        Doubt::Silence => ["attacks-stat-silence", "attacks-unit-odds", "attacks-wrong-silence"],
        Doubt::Censorship => ["attacks-stat-censor", "attacks-unit-odds", "attacks-wrong-censor"],
        Doubt::StolenKey => ["attacks-stat-key", "attacks-unit-bits", "attacks-wrong-key"],
        Doubt::LyingMeter => ["attacks-stat-meter", "attacks-unit-sigma", "attacks-wrong-meter"],
    }
}

/// A suspicion: its statistic as a bar against its bound, and in words what it is and how often it is wrong.
pub(super) fn suspicion(ui: &mut Ui, data: &PanelData<'_>, found: &Finding) {
    let (Verdict::Suspected(doubt), Some((statistic, threshold))) = (found.verdict, found.statistic) else { return };
    let [what, unit, wrong] = words(doubt);
    let suspects = Label::new(data.t("attacks-is-suspicion")).wrap();
    ui.add(suspects);
    ui.add_space(theme::GRID);
    if let Some(victim) = found.victim {
        let whom = name(data.scene, victim, data.locale);
        ui.add(Label::new(data.locale.t_args("attacks-victim", &[("whom", whom.into())])).wrap());
        ui.add_space(theme::GRID);
    }
    let title = RichText::new(data.t(unit)).weak();
    ui.label(title);
    bar(ui, data, statistic, threshold);
    ui.add_space(theme::GRID);
    ui.add(Label::new(data.t(what)).wrap());
    ui.add_space(4.0);
    ui.add(Label::new(RichText::new(data.t(wrong)).weak()).wrap());
}

/// The statistic as a bar from nothing, with a mark at the bound.
fn bar(ui: &mut Ui, data: &PanelData<'_>, statistic: f64, threshold: f64) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width().min(440.0), 56.0), Sense::hover());
    let whole = threshold.max(statistic).max(1e-6) * 1.15;
    #[expect(clippy::cast_possible_truncation, reason = "a place on the screen")]
    let at = |value: f64| rect.left() + rect.width() * (value.max(0.0) / whole) as f32;
    let track = Rect::from_min_max(pos2(rect.left(), rect.top() + 20.0), pos2(rect.right(), rect.top() + 36.0));
    let painter = ui.painter();
    painter.rect_filled(track, 3.0, ui.visuals().widgets.inactive.bg_fill);
    let colour = theme::rgb(palette::HEAVY);
    painter.rect_filled(track.with_max_x(at(statistic)), 3.0, colour);
    let bound = at(threshold);
    let line = Stroke::new(2.0, ui.visuals().strong_text_color());
    painter.line_segment([pos2(bound, track.top() - 4.0), pos2(bound, track.bottom() + 4.0)], line);
    let font = FontId::proportional(theme::BODY);
    let value = numbers::number(statistic, 1);
    painter.text(
        pos2(at(statistic).min(rect.right()), rect.top() + 16.0),
        Align2::RIGHT_BOTTOM,
        &value,
        font.clone(),
        ui.visuals().strong_text_color(),
    );
    let args = [("bound", numbers::number(threshold, 1).into()), ("value", value.into())];
    let words = data.locale.t_args("attacks-bound", &args);
    let anchor = if bound > rect.center().x { Align2::RIGHT_TOP } else { Align2::LEFT_TOP };
    painter.text(pos2(bound, track.bottom() + 4.0), anchor, &words, font, ui.visuals().weak_text_color());
    response.widget_info(|| bevy_egui::egui::WidgetInfo::labeled(bevy_egui::egui::WidgetType::Label, true, &words));
}

/// How a finding is entered: when, how long after the attack, under which number in the log, under which hash.
pub(super) fn record(ui: &mut Ui, data: &PanelData<'_>, found: &Finding, attempt: Option<&Attempt>) {
    widgets::title(ui, data.t("attacks-entry")).on_hover_text(data.t("term-attacks-entry"));
    let entry = [("n", found.event.0.into()), ("time", numbers::clock(found.time).into())];
    ui.add(Label::new(data.locale.t_args("attacks-entry-log", &entry)).wrap());
    let words = match attempt {
        Some(a) => {
            let after = numbers::span(found.time.since(a.at) as f64 / 1e6);
            data.locale.t_args("attacks-entry-after", &[("after", after.into())])
        }
        None => data.t("attacks-entry-unasked"),
    };
    ui.add(Label::new(words).wrap());
    let digest = found.get_digest();
    if let Some(short) = digest.get(..16) {
        ui.label(RichText::new(data.t("attacks-entry-hash")).weak()).on_hover_text(data.t("term-attacks-entry-hash"));
        ui.label(RichText::new(format!("{short}…")).monospace().color(theme::chain(ui))).on_hover_text(&digest);
    }
}
