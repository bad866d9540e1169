//! A block: the fields of its header in plain words, and what stands in it.

use super::{Page, State, archive, say};
use crate::panels::data::PanelData;
use crate::panels::{numbers, theme, widgets};
use bevy_egui::egui::{self, Button, Label, RichText, ScrollArea, Ui};
use egui_phosphor::regular as icons;
use sim_core::digest::hex;
use sim_core::ledger::genesis::Genesis;
use sim_core::ledger::inspect::{OpenBlock, Value, get_fields};
use sim_core::ledger::types::{Payload, SignedTransaction};

/// Height of a line in a list, points.
const ROW: f32 = 24.0;

/// A block's page: the blocks around it, its header, its transactions.
pub(super) fn show(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, genesis: &Genesis, height: Option<u64>) {
    let newest = archive::height(data);
    let height = height.unwrap_or(newest).min(newest);
    let Some(block) = state.archive.block(data, height) else { return };
    ui.add_space(4.0);
    let list = if ui.available_width() > 1000.0 { 184.0 } else { 128.0 };
    widgets::columns(ui, &[list, 0.0, 0.0], |i, ui| match i {
        0 => blocks(ui, data, state, height),
        1 => header(ui, data, state, &block),
        _ => transactions(ui, data, state, genesis, height, &block),
    });
}

/// All blocks, the newest on top.
fn blocks(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, open: u64) {
    widgets::title(ui, data.t("explorer-blocks"));
    let newest = archive::height(data);
    let recent = &data.now.chain.blocks;
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::vertical().auto_shrink([false, false]).show_rows(
        ui,
        ROW,
        usize::try_from(newest).unwrap_or(0),
        |ui, range| {
            for height in range.map(|i| newest - i as u64) {
                let time = recent.iter().find(|b| b.height == height).map(|b| numbers::clock(b.time));
                let text = format!("{height}   {}", time.unwrap_or_default());
                let button = Button::selectable(open == height, text).min_size(egui::vec2(ui.available_width(), ROW));
                let response = ui.add(button);
                let name = data.locale.t_args("chain-block-name", &[("height", height.into())]);
                response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, &name));
                if response.clicked() {
                    state.turn(Page::Block(Some(height)));
                }
            }
        },
    );
}

/// The header's fields, each with what it is for.
fn header(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, block: &OpenBlock) {
    widgets::title(ui, data.t("explorer-header")).on_hover_text(data.t("term-explorer-header"));
    ScrollArea::vertical().id_salt("header").auto_shrink([false, false]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        for (field, value) in get_fields(&block.header) {
            let (name, meaning) = say::field(data, field);
            ui.horizontal(|ui| {
                ui.label(RichText::new(name).strong());
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    ui.add_space(4.0);
                    let text = RichText::new(say::value(data, value));
                    match value {
                        Value::Hash(hash) => {
                            let text = text.monospace().color(theme::chain(ui));
                            if field == "previous" && block.header.height > 1 {
                                if ui.link(text).on_hover_text(hex(&hash)).clicked() {
                                    state.open(Page::Block(Some(block.header.height - 1)));
                                }
                            } else {
                                ui.label(text).on_hover_text(hex(&hash));
                            }
                        }
                        _ => {
                            ui.label(text);
                        }
                    }
                });
            });
            ui.add(Label::new(RichText::new(meaning).weak()).wrap());
            ui.add_space(4.0);
        }
        ui.horizontal(|ui| {
            ui.label(RichText::new(data.t("explorer-hash")).strong());
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                ui.add_space(4.0);
                let text = RichText::new(say::short(&block.hash)).monospace().strong().color(theme::chain(ui));
                ui.label(text).on_hover_text(hex(&block.hash));
            });
        });
        ui.add(Label::new(RichText::new(data.t("term-explorer-hash")).weak()).wrap());
        let votes = [("n", block.commit.votes.len().into()), ("all", data.now.validators.len().into())];
        let above = [("n", block.commit.branch.len().into())];
        ui.label(if block.commit.mechanism.has_branches() {
            data.locale.t_args("explorer-confirmed-by", &above)
        } else {
            data.locale.t_args("explorer-signed-by", &votes)
        });
    });
}

/// What stands in the block; each opens.
fn transactions(
    ui: &mut Ui,
    data: &PanelData<'_>,
    state: &mut State,
    genesis: &Genesis,
    height: u64,
    block: &OpenBlock,
) {
    let n = block.transactions.len();
    widgets::title(ui, data.locale.t_args("explorer-transactions", &[("n", n.into())]))
        .on_hover_text(data.t("term-explorer-transactions"));
    if n == 0 {
        ui.add(Label::new(RichText::new(data.t("explorer-empty-block")).weak()).wrap());
        return;
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::vertical().id_salt("transactions").auto_shrink([false, false]).show_rows(ui, ROW, n, |ui, range| {
        for i in range {
            if entry(ui, data, genesis, &block.transactions[i].1) {
                state.open(Page::Transaction(height, i));
            }
        }
    });
}

/// A transaction in a line; whether it was clicked.
pub(super) fn entry(ui: &mut Ui, data: &PanelData<'_>, genesis: &Genesis, tx: &SignedTransaction) -> bool {
    let words = say::transaction(data, genesis, tx);
    let text = format!("{} {words}", icon(&tx.payload));
    let button = Button::new(text).truncate().frame_when_inactive(false);
    let wide = egui::vec2(ui.available_width(), ROW);
    let left = egui::Layout::top_down_justified(egui::Align::Min);
    let response = ui.allocate_ui_with_layout(wide, left, |ui| ui.add(button.min_size(wide)));
    let response = response.inner;
    response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, &words));
    response.on_hover_text(&words).clicked()
}

fn icon(payload: &Payload) -> &'static str {
    match payload.get_name() {
        "MeterReading" => icons::GAUGE,
        "Order" => icons::TAG,
        "Trade" => icons::HANDSHAKE,
        "Settlement" => icons::RECEIPT,
        _ => icons::FILE,
    }
}
