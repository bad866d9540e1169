//! Where blocks form branches nobody votes: who made which block, who has it, and how far it is from final.

use super::matrix::{NAMES, ROW, sign};
use super::{Cell, State, WORDS, steps};
use crate::panels::data::{PanelData, Reply};
use crate::panels::explorer::validator;
use crate::panels::{theme, widgets};
use bevy_egui::egui::{
    self, Align2, Color32, FontId, Label, Pos2, Rect, RichText, ScrollArea, Sense, Stroke, Ui, pos2, vec2,
};
use sim_core::ledger::mechanism::Mechanism;
use sim_core::snapshot::{OpenBlockView, Stage};

/// Width of a block's column, points.
const COLUMN: f32 = 76.0;
const HEAD: f32 = 44.0;

/// The sheet.
pub(super) fn show(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, reply: &mut Reply) {
    let open = &data.now.chain.open;
    ui.horizontal(|ui| {
        let height = open.last().map_or(data.now.chain.height, |block| block.height);
        steps::toggle(ui, data, state, height);
        ui.separator();
        ui.label(RichText::new(data.t("tally-branches-what")).weak());
    });
    ui.add_space(theme::GRID);
    widgets::columns(ui, &[0.0, WORDS], |i, ui| match i {
        0 => {
            ScrollArea::both().auto_shrink([false, false]).show(ui, |ui| matrix(ui, data, open));
        }
        _ => {
            ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| words(ui, data, state, reply));
        }
    });
}

/// A row a validator, a column a block that is not final: who made it, who has it.
fn matrix(ui: &mut Ui, data: &PanelData<'_>, open: &[OpenBlockView]) {
    let rows = data.now.validators.len();
    let wide = NAMES + COLUMN * open.len().max(1) as f32;
    let high = HEAD + ROW * (rows as f32 + 1.0);
    let (area, _) = ui.allocate_exact_size(vec2(wide, high), Sense::hover());
    let (body, weak) = (FontId::proportional(theme::BODY), ui.visuals().weak_text_color());
    let text = |at: Pos2, align: Align2, words: String, colour: Color32| {
        ui.painter().text(at, align, words, body.clone(), colour);
    };
    let column = |i: usize| area.left() + NAMES + COLUMN * (i as f32 + 0.5);
    for (i, block) in open.iter().enumerate() {
        let strong = ui.visuals().strong_text_color();
        text(pos2(column(i), area.top() + 10.0), Align2::CENTER_CENTER, format!("#{}", block.height), strong);
        let second = match data.now.chain.mechanism {
            Mechanism::Clique => data.t(if block.difficulty > 1 { "tally-in-turn" } else { "tally-out-of-turn" }),
            _ => block.hash.get(..6).unwrap_or_default().to_owned(),
        };
        text(pos2(column(i), area.top() + 30.0), Align2::CENTER_CENTER, second, weak);
    }
    for v in (0..).take(rows) {
        let y = area.top() + HEAD + ROW * (v as f32 + 0.5);
        if v % 2 == 0 {
            let band = Rect::from_min_size(pos2(area.left(), y - ROW / 2.0), vec2(wide, ROW));
            ui.painter().rect_filled(band, 4.0, ui.visuals().faint_bg_color);
        }
        let is_dark = data.now.validators.get(v as usize).is_some_and(|view| !view.is_heard());
        let colour = if is_dark { theme::fault(ui) } else { ui.visuals().text_color() };
        text(pos2(area.left() + 8.0, y), Align2::LEFT_CENTER, validator(data, v), colour);
        for (i, block) in open.iter().enumerate() {
            let (stage, cell, key) = match (block.author == v, block.holders.contains(&v)) {
                (true, _) => (Stage::Proposal, Cell::Given, "tally-made-it"),
                (false, true) => (Stage::Prevote, Cell::Given, "tally-has-it"),
                (false, false) if is_dark => (Stage::Prevote, Cell::Missing, "tally-missing"),
                (false, false) => (Stage::Prevote, Cell::Open, "tally-has-it-not"),
            };
            let at = pos2(column(i), y);
            sign(ui, at, stage, cell);
            let rect = Rect::from_center_size(at, vec2(COLUMN, ROW));
            let response = ui.interact(rect, ui.id().with(("block", v, i)), Sense::hover());
            let name = format!("{}, #{}: {}", validator(data, v), block.height, data.t(key));
            response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Label, true, &name));
            response.on_hover_text(name);
        }
    }
    let y = area.bottom() - ROW / 2.0;
    text(pos2(area.left() + 8.0, y), Align2::LEFT_CENTER, data.t("tally-confirmations"), weak);
    for (i, block) in open.iter().enumerate() {
        let words = format!("{}/{}", block.confirmations, data.now.chain.confirmations);
        text(pos2(column(i), y), Align2::CENTER_CENTER, words, weak);
    }
    ui.add_space(theme::GRID);
    legend(ui, data);
}

fn legend(ui: &mut Ui, data: &PanelData<'_>) {
    let signs = [
        (Stage::Proposal, Cell::Given, "tally-made-it"),
        (Stage::Prevote, Cell::Given, "tally-has-it"),
        (Stage::Prevote, Cell::Open, "tally-has-it-not"),
        (Stage::Prevote, Cell::Missing, "tally-sign-missing"),
    ];
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(4.0, 4.0);
        for (stage, cell, key) in signs {
            let (rect, _) = ui.allocate_exact_size(vec2(22.0, 22.0), Sense::hover());
            sign(ui, rect.center(), stage, cell);
            ui.label(RichText::new(data.t(key)).weak());
            ui.add_space(theme::GRID);
        }
    });
}

/// What it takes for a block to be final, and who is missing.
fn words(ui: &mut Ui, data: &PanelData<'_>, state: &State, reply: &mut Reply) {
    let chain = &data.now.chain;
    let title = data.locale.t_args("tally-final-up-to", &[("height", chain.height.into())]);
    ui.label(RichText::new(title).size(theme::BIG).strong());
    let all = data.now.validators.len();
    let args = [
        ("n", chain.confirmations.into()),
        ("half", (all / 2 + 1).into()),
        ("who", validator(data, chain.proposer).into()),
    ];
    let key = if chain.mechanism == Mechanism::Clique { "tally-clique-rule" } else { "tally-work-rule" };
    ui.add(Label::new(data.locale.t_args(key, &args)).wrap());
    ui.add_space(theme::GRID);
    let mut heights: Vec<u64> = chain.open.iter().map(|block| block.height).collect();
    let count = heights.len();
    heights.dedup();
    if heights.len() < count {
        let stroke = Stroke::new(1.0, theme::chain(ui));
        egui::Frame::new().stroke(stroke).corner_radius(4).inner_margin(8).show(ui, |ui| {
            ui.add(Label::new(data.t("tally-branches-now")).wrap());
        });
        ui.add_space(theme::GRID);
    }
    if chain.stalled {
        let args = [("voting", chain.voting.into()), ("all", all.into()), ("needed", (all / 2 + 1).into())];
        ui.add(Label::new(data.locale.t_args("tally-stalled", &args)).wrap());
        ui.add_space(theme::GRID);
    }
    super::missing(ui, data, state, None, reply);
}
