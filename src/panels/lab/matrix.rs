//! Who has said what in the round at hand: a row a step, a column a validator.

use super::bench::{Answer, Part};
use super::film::Scene;
use super::ring::is_apart;
use super::signs;
use crate::palette;
use crate::panels::data::PanelData;
use crate::panels::theme;
use bevy_egui::egui::{Align2, FontId, Label, Rect, RichText, Sense, Stroke, Ui, WidgetInfo, WidgetType, pos2, vec2};
use sim_core::ledger::lab::conflict::Conflict;
use sim_core::ledger::lab::trace::{Kind, Stage};
use std::collections::{BTreeMap, BTreeSet};

const ROW: f32 = 20.0;
/// Width of the names and of the counts.
const NAMES: f32 = 66.0;
const COUNT: f32 = 34.0;
/// Width of a name of many words.
const LONG: f32 = 124.0;
/// Width of two counts.
const COUNTS: f32 = 62.0;

/// The matrix, or why there is none.
pub(super) fn show(ui: &mut Ui, data: &PanelData<'_>, answer: &Answer, part: &Part, scene: &Scene, now: u64) {
    let Some(at) = part.film.round_at(now) else {
        ui.add(Label::new(RichText::new(data.t("lab-silent")).weak()).wrap());
        return;
    };
    let title = data.locale.t_args("lab-round", &[("height", at.0.into()), ("round", at.1.into())]);
    let Some(quorum) = signs::quorum(part.way.0, answer.question.nodes) else {
        ui.add(Label::new(RichText::new(data.t("lab-nobody-votes")).weak()).wrap());
        return;
    };
    ui.label(RichText::new(title).strong()).on_hover_text(data.t("term-round"));
    let nodes = answer.question.nodes;
    let conflict = part.conflict();
    let steps = if conflict.is_some() { signs::lies(part.way.0) } else { signs::steps(part.way.0) };
    let names = if steps.contains(&Kind::Append) { LONG } else { NAMES };
    let size = vec2(ui.available_width(), ROW * (steps.len() as f32 + 0.8));
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    let step = ((rect.width() - names - if conflict.is_some() { COUNTS } else { COUNT }) / nodes as f32).min(26.0);
    let x = |node: u32| rect.left() + names + step * (node as f32 + 0.5);
    let (small, weak) = (FontId::proportional(11.0), ui.visuals().weak_text_color());
    for node in 0..nodes {
        let top = pos2(x(node), rect.top() + 6.0);
        ui.painter().text(top, Align2::CENTER_CENTER, (node + 1).to_string(), small.clone(), weak);
    }
    for (i, kind) in steps.iter().copied().enumerate() {
        let y = rect.top() + ROW * (i as f32 + 1.2);
        let (_, name) = signs::look(kind);
        let name = data.t(name);
        let band = Rect::from_min_size(pos2(rect.left(), y - ROW / 2.0), vec2(names, ROW));
        let response = ui.interact(band, ui.id().with(("step", i)), Sense::hover());
        response.on_hover_text(data.t(term(kind)));
        let font = FontId::proportional(theme::BODY);
        ui.painter().text(band.left_center(), Align2::LEFT_CENTER, &name, font, weak);
        let mut given = 0;
        for node in 0..nodes {
            let cast = part.film.cast(node, kind, at, now);
            given += u32::from(cast.is_some_and(|c| c.value.is_some() || kind == Kind::Appended));
            let off = scene.standings.get(node as usize).copied().flatten().is_some_and(|s| s.stage == Stage::Off);
            let missing = off || is_apart(answer, node, now);
            let state = match conflict {
                Some(found) => letters(ui, data, (x(node), y), found.get_values(node, kind, at.1, now)),
                None => {
                    let nil = cast.map(|c| c.value.is_none() && kind != Kind::Appended);
                    data.t(cell(ui, (x(node), y), kind, nil, missing))
                }
            };
            let args = [("n", (node + 1).into()), ("step", name.clone().into()), ("state", state.into())];
            let words = data.locale.t_args("lab-cell", &args);
            let id = ui.id().with(("cell", i, node));
            let response = ui.interact(Rect::from_center_size(pos2(x(node), y), vec2(step, ROW)), id, Sense::hover());
            response.widget_info(|| WidgetInfo::labeled(WidgetType::Label, true, &words));
            response.on_hover_text(words);
        }
        if !matches!(kind, Kind::Proposal | Kind::PrePrepare | Kind::Append) {
            let (text, enough) = match conflict {
                Some(found) => counts(found, nodes, kind, at.1, now, quorum),
                None => (format!("{given}/{quorum}"), given >= quorum),
            };
            let colour = if enough { theme::ink(ui, palette::HEALTHY) } else { weak };
            ui.painter().text(pos2(rect.right(), y), Align2::RIGHT_CENTER, text, small.clone(), colour);
        }
    }
}

/// What explains a step.
fn term(kind: Kind) -> &'static str {
    match kind {
        Kind::Proposal | Kind::PrePrepare | Kind::Append | Kind::Block => "term-lab-propose",
        Kind::Prevote | Kind::Prepare => "term-lab-first-vote",
        Kind::Appended => "term-lab-answer",
        _ => "term-lab-second-vote",
    }
}

/// A cell with the blocks that somebody voted for; more than one is a lie.
fn letters(ui: &Ui, data: &PanelData<'_>, (x, y): (f32, f32), values: BTreeSet<char>) -> String {
    let text: String = values.iter().collect();
    if text.is_empty() {
        ui.painter().circle_filled(pos2(x, y), 2.0, ui.visuals().weak_text_color());
        return data.t("tally-open");
    }
    let (key, colour) = match values.len() {
        1 => ("lab-found-cell", ui.visuals().strong_text_color()),
        _ => ("lab-found-cell-twice", theme::fault(ui)),
    };
    ui.painter().text(pos2(x, y), Align2::CENTER_CENTER, &text, FontId::proportional(theme::BODY), colour);
    data.locale.t_args(key, &[("value", text.into())])
}

/// How many votes each block has of those that decide, and whether one has enough.
fn counts(found: &Conflict, nodes: u32, kind: Kind, round: u32, now: u64, quorum: u32) -> (String, bool) {
    let mut votes: BTreeMap<char, u32> = BTreeMap::new();
    for value in (0..nodes).flat_map(|node| found.get_values(node, kind, round, now)) {
        *votes.entry(value).or_default() += 1;
    }
    let words: Vec<String> = votes.iter().map(|(value, n)| format!("{value} {n}/{quorum}")).collect();
    (words.join("  "), votes.values().any(|n| *n >= quorum))
}

/// A cell: given, given for nothing, missing, not there yet.
fn cell(ui: &Ui, (x, y): (f32, f32), kind: Kind, cast: Option<bool>, missing: bool) -> &'static str {
    let at = pos2(x, y);
    let brings = matches!(kind, Kind::Proposal | Kind::PrePrepare);
    match cast {
        Some(nil) => {
            let (figure, _) = signs::look(kind);
            signs::draw(ui.painter(), at, 5.5, figure, nil, theme::chain(ui));
            if nil { "tally-nil" } else { "tally-given" }
        }
        None if brings => "tally-blank",
        None if missing => {
            let stroke = Stroke::new(1.5, theme::fault(ui));
            let d = 3.5;
            ui.painter().line_segment([at - vec2(d, d), at + vec2(d, d)], stroke);
            ui.painter().line_segment([at + vec2(-d, d), at + vec2(d, -d)], stroke);
            "tally-missing"
        }
        None => {
            ui.painter().circle_filled(at, 2.0, ui.visuals().weak_text_color());
            "tally-open"
        }
    }
}
