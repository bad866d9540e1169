//! The matrix: validators by rounds and steps, each message in its own shape.

use super::{Cell, needed, power_of, total};
use crate::palette;
use crate::panels::data::PanelData;
use crate::panels::explorer::validator;
use crate::panels::lab::signs::{self, Figure};
use crate::panels::theme;
use bevy_egui::egui::{self, Align2, Color32, FontId, Pos2, Rect, RichText, Sense, Stroke, StrokeKind, Ui, pos2, vec2};
use sim_core::ledger::mechanism::Mechanism;
use sim_core::snapshot::Stage;
use sim_core::time::SimTime;

/// Sizes, points: names, a column, a row, the head.
pub(super) const NAMES: f32 = 176.0;
const COLUMN: f32 = 72.0;
pub(super) const ROW: f32 = 30.0;
const HEAD: f32 = 44.0;

/// What a cell shows, and since when.
pub(super) type Look<'a> = dyn Fn(u32, u32, Stage) -> (Cell, Option<SimTime>) + 'a;

/// The steps of a round with their names.
pub(super) fn stages(mechanism: Mechanism) -> &'static [(Stage, &'static str)] {
    match mechanism {
        Mechanism::Raft => &[(Stage::Proposal, "tally-raft-block"), (Stage::Precommit, "tally-raft-stored")],
        _ => &[
            (Stage::Proposal, "tally-proposal"),
            (Stage::Prevote, "tally-prevote"),
            (Stage::Precommit, "tally-precommit"),
        ],
    }
}

/// Draws it; `fresh` is the cell that has just been filled.
pub(super) fn show(
    ui: &mut Ui,
    data: &PanelData<'_>,
    rounds: &[u32],
    look: &Look<'_>,
    is_missing: &dyn Fn(u32) -> bool,
    fresh: Option<(u32, u32, Stage)>,
) {
    let (stages, rows) = (stages(data.now.chain.mechanism), data.now.validators.len());
    let per_round = stages.len() as f32;
    let wide = NAMES + COLUMN * per_round * rounds.len() as f32;
    let high = HEAD + ROW * (rows as f32 + 1.0);
    let (area, _) = ui.allocate_exact_size(vec2(wide, high), Sense::hover());
    let column = |i: usize, stage: usize| area.left() + NAMES + COLUMN * (per_round * i as f32 + stage as f32 + 0.5);
    let (body, weak) = (FontId::proportional(theme::BODY), ui.visuals().weak_text_color());
    let text = |at: Pos2, align: Align2, words: String, colour: Color32| {
        ui.painter().text(at, align, words, body.clone(), colour);
    };
    for (i, round) in rounds.iter().enumerate() {
        let key = if data.now.chain.mechanism == Mechanism::Raft { "tally-term" } else { "tally-round" };
        let words = data.locale.t_args(key, &[("n", (*round).into())]);
        let middle = f32::midpoint(column(i, 0), column(i, stages.len() - 1));
        text(pos2(middle, area.top() + 10.0), Align2::CENTER_CENTER, words, ui.visuals().strong_text_color());
        if i > 0 {
            let line = Stroke::new(1.0, ui.visuals().widgets.noninteractive.bg_stroke.color);
            ui.painter().vline(column(i, 0) - COLUMN / 2.0, area.y_range(), line);
        }
        for (stage, (_, key)) in stages.iter().enumerate() {
            text(pos2(column(i, stage), area.top() + 30.0), Align2::CENTER_CENTER, data.t(key), weak);
        }
    }
    for v in (0..).take(rows) {
        let y = area.top() + HEAD + ROW * (v as f32 + 0.5);
        if v % 2 == 0 {
            let band = Rect::from_min_size(pos2(area.left(), y - ROW / 2.0), vec2(wide, ROW));
            ui.painter().rect_filled(band, 4.0, ui.visuals().faint_bg_color);
        }
        let colour = if is_missing(v) { theme::fault(ui) } else { ui.visuals().text_color() };
        text(pos2(area.left() + 8.0, y), Align2::LEFT_CENTER, validator(data, v), colour);
        for (i, round) in rounds.iter().enumerate() {
            for (s, (stage, key)) in stages.iter().enumerate() {
                let (cell, when) = look(v, *round, *stage);
                let at = pos2(column(i, s), y);
                let rect = Rect::from_center_size(at, vec2(COLUMN, ROW));
                if fresh == Some((v, *round, *stage)) {
                    let ring = Stroke::new(2.0, theme::chain(ui));
                    ui.painter().rect_stroke(rect.shrink(2.0), 4.0, ring, StrokeKind::Inside);
                }
                sign(ui, at, *stage, cell);
                let response = ui.interact(rect, ui.id().with(("cell", v, i, s)), Sense::hover());
                let name = format!("{}: {}, {}", validator(data, v), data.t(key), data.t(cell_key(cell)));
                response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Label, true, &name));
                response.on_hover_text(format!("{name}\n{}", when.map(|t| t.clock()).unwrap_or_default()));
            }
        }
    }
    let (y, all) = (area.bottom() - ROW / 2.0, total(data));
    text(pos2(area.left() + 8.0, y), Align2::LEFT_CENTER, data.t("tally-power"), weak);
    for (i, round) in rounds.iter().enumerate() {
        for (s, (stage, _)) in stages.iter().enumerate().skip(1) {
            let given = (0..).take(rows).filter(|v| look(*v, *round, *stage).0 == Cell::Given);
            let power: u64 = given.map(|v| power_of(data, v)).sum();
            let enough = power >= needed(data, all);
            let colour = if enough { theme::ink(ui, palette::HEALTHY) } else { weak };
            let mark = if enough { egui_phosphor::regular::CHECK } else { "" };
            text(pos2(column(i, s), y), Align2::CENTER_CENTER, format!("{power}/{all} {mark}"), colour);
        }
    }
    ui.add_space(theme::GRID);
    legend(ui, data);
}

/// Words for a cell.
fn cell_key(cell: Cell) -> &'static str {
    match cell {
        Cell::Given => "tally-given",
        Cell::Nil => "tally-nil",
        Cell::Open => "tally-open",
        Cell::Missing => "tally-missing",
        Cell::Blank => "tally-blank",
    }
}

/// A cell's sign: the message's own shape, full for the block, hollow for nothing; a dot while open, a cross where
/// missing.
pub(super) fn sign(ui: &Ui, at: Pos2, stage: Stage, cell: Cell) {
    let (chain, painter, r) = (theme::chain(ui), ui.painter(), 8.0);
    let figure = match stage {
        Stage::Proposal => Figure::Square,
        Stage::Prevote => Figure::Disc,
        Stage::Precommit => Figure::Diamond,
    };
    match cell {
        Cell::Given | Cell::Nil => signs::draw(painter, at, r, figure, cell == Cell::Nil, chain),
        Cell::Open => {
            painter.circle_filled(at, 2.5, ui.visuals().weak_text_color());
        }
        Cell::Missing => {
            let stroke = Stroke::new(2.0, theme::fault(ui));
            let d = 5.0;
            painter.line_segment([at - vec2(d, d), at + vec2(d, d)], stroke);
            painter.line_segment([at + vec2(-d, d), at + vec2(d, -d)], stroke);
        }
        Cell::Blank => {}
    }
}

/// What the signs mean.
fn legend(ui: &mut Ui, data: &PanelData<'_>) {
    let is_raft = data.now.chain.mechanism == Mechanism::Raft;
    let signs = [
        (Stage::Proposal, Cell::Given, "tally-sign-proposal"),
        (Stage::Prevote, Cell::Given, "tally-sign-prevote"),
        (Stage::Precommit, Cell::Given, if is_raft { "tally-sign-stored" } else { "tally-sign-precommit" }),
        (Stage::Prevote, Cell::Nil, "tally-sign-nil"),
        (Stage::Prevote, Cell::Open, "tally-sign-open"),
        (Stage::Prevote, Cell::Missing, "tally-sign-missing"),
    ];
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(4.0, 4.0);
        for (stage, cell, key) in signs {
            if is_raft && stage == Stage::Prevote && matches!(cell, Cell::Given | Cell::Nil) {
                continue;
            }
            let (rect, _) = ui.allocate_exact_size(vec2(22.0, 22.0), Sense::hover());
            sign(ui, rect.center(), stage, cell);
            ui.label(RichText::new(data.t(key)).weak());
            ui.add_space(theme::GRID);
        }
    });
}
