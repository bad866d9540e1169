//! The bytes of a leaf: what each stretch of them holds; a click changes one of them on the copy.

use super::lesson::View;
use super::say;
use crate::palette;
use crate::panels::theme;
use bevy_egui::egui::{
    self, Align2, CursorIcon, FontId, Label, Rect, RichText, ScrollArea, Sense, Stroke, Ui, pos2, vec2,
};
use egui_phosphor::regular as icons;
use sim_core::ledger::inspect::{Part, get_parts};
use std::ops::Range;

/// Bytes in a line, and the size of a byte's cell, points.
const ACROSS: usize = 16;
const CELL: egui::Vec2 = vec2(24.0, 19.0);
/// What a click on a byte changes of it.
const FLIP: u8 = 0x20;

/// The bytes at the left, what they hold at the right, their fingerprint below.
pub(super) fn show(ui: &mut Ui, view: &View<'_>, change: &mut Option<(usize, u8)>) {
    let parts = get_parts(&view.block.transactions[view.index].1);
    let whole = ui.available_rect_before_wrap();
    let foot = 64.0;
    let grid = Rect::from_min_max(whole.min, pos2(whole.left() + CELL.x * ACROSS as f32 + 12.0, whole.bottom() - foot));
    let beside = Rect::from_min_max(pos2(grid.right() + 24.0, whole.top()), pos2(whole.right(), whole.bottom() - foot));
    ui.scope_builder(egui::UiBuilder::new().max_rect(grid), |ui| {
        ScrollArea::vertical()
            .id_salt("bytes")
            .auto_shrink([false, false])
            .show(ui, |ui| cells(ui, view, &parts, change));
    });
    ui.scope_builder(egui::UiBuilder::new().max_rect(beside), |ui| {
        ScrollArea::vertical().id_salt("parts").auto_shrink([false, false]).show(ui, |ui| legend(ui, view, &parts));
    });
    let below = whole.with_min_y(whole.bottom() - foot + 4.0);
    ui.scope_builder(egui::UiBuilder::new().max_rect(below), |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.label(RichText::new(view.data.t("explorer-leaf-hash")).weak())
            .on_hover_text(view.data.t("term-explorer-leaf-hash"));
        view.follow(ui, &view.was.leaf, &view.now.leaf, true);
    });
}

/// Strength of the ground under a part; what the transaction says stands out.
fn strength(part: Part) -> f32 {
    match part {
        Part::Payload => 0.42,
        Part::Sender | Part::Signature => 0.12,
        Part::Kind | Part::Other => 0.04,
    }
}

fn cells(ui: &mut Ui, view: &View<'_>, parts: &[(Part, Range<usize>)], change: &mut Option<(usize, u8)>) {
    let rows = view.bytes.len().div_ceil(ACROSS);
    let (area, response) = ui.allocate_exact_size(vec2(CELL.x * ACROSS as f32, CELL.y * rows as f32), Sense::click());
    let name = view.data.t("explorer-bytes");
    response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Image, true, &name));
    let place = |i: usize| {
        #[expect(clippy::cast_precision_loss, reason = "columns and rows")]
        let at = vec2((i % ACROSS) as f32, (i / ACROSS) as f32);
        Rect::from_min_size(area.min + at * CELL, CELL)
    };
    let under = response.hover_pos().and_then(|p| (0..view.bytes.len()).find(|i| place(*i).contains(p)));
    let font = FontId::monospace(theme::BODY);
    let (chain, fault) = (theme::chain(ui), theme::fault(ui));
    for (part, range) in parts {
        let ground = theme::tint(ui, chain, strength(*part));
        for i in range.clone() {
            let (cell, altered) = (place(i), view.bytes[i] != view.original[i]);
            if !ui.is_rect_visible(cell) {
                continue;
            }
            let fill = if altered { fault } else { ground };
            ui.painter().rect_filled(cell.shrink2(vec2(0.0, 0.5)), 0.0, fill);
            let ink = if altered { ui.visuals().panel_fill } else { ui.visuals().text_color() };
            ui.painter().text(
                cell.center(),
                Align2::CENTER_CENTER,
                format!("{:02x}", view.bytes[i]),
                font.clone(),
                ink,
            );
            if under == Some(i) || altered {
                let stroke = Stroke::new(1.5, if altered { fault } else { ui.visuals().strong_text_color() });
                ui.painter().rect_stroke(cell, 2.0, stroke, egui::StrokeKind::Inside);
            }
        }
    }
    let Some(i) = under else { return };
    if response.clicked() {
        let byte = view.original[i] ^ FLIP;
        *change = if *change == Some((i, byte)) { None } else { Some((i, byte)) };
    }
    let part = parts.iter().find(|(_, r)| r.contains(&i)).map_or(Part::Other, |(p, _)| *p);
    let text = format!("{}\n{}", title(view, part), view.data.t("explorer-byte-hover"));
    response.on_hover_text_at_pointer(text).on_hover_cursor(CursorIcon::PointingHand);
}

fn title(view: &View<'_>, part: Part) -> String {
    view.data.t(match part {
        Part::Kind => "explorer-part-kind",
        Part::Sender => "explorer-part-sender",
        Part::Payload => "explorer-part-payload",
        Part::Signature => "explorer-part-signature",
        Part::Other => "explorer-part-other",
    })
}

/// What the parts hold, in their order.
fn legend(ui: &mut Ui, view: &View<'_>, parts: &[(Part, Range<usize>)]) {
    let chain = theme::chain(ui);
    for (part, range) in parts {
        ui.horizontal_top(|ui| {
            let (swatch, _) = ui.allocate_exact_size(vec2(12.0, 12.0), Sense::hover());
            ui.painter().rect_filled(
                swatch.translate(vec2(0.0, 3.0)),
                2.0,
                theme::tint(ui, chain, strength(*part) + 0.1),
            );
            ui.vertical(|ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                let size = view.data.locale.t_args("explorer-part-size", &[("n", range.len().into())]);
                ui.horizontal(|ui| {
                    ui.label(RichText::new(title(view, *part)).strong());
                    ui.label(RichText::new(size).weak());
                });
                meaning(ui, view, *part);
            });
        });
        ui.add_space(2.0);
    }
}

/// What a part says here and now; what a changed byte makes of it stands in the colour of alarm.
fn meaning(ui: &mut Ui, view: &View<'_>, part: Part) {
    let (data, tx) = (view.data, &view.block.transactions[view.index].1);
    let (text, good) = match part {
        Part::Kind => ("gridtwin/signed-transaction/1".to_owned(), None),
        Part::Sender => (say::sender(data, view.genesis, &tx.sender), None),
        Part::Other => (data.locale.t_args("explorer-nonce", &[("n", tx.nonce.into())]), None),
        Part::Payload => {
            let says = view.now.says.as_ref().map(|t| say::payload(data, view.genesis, &t.payload));
            let changed = view.now.says.as_ref().is_none_or(|t| t.payload != tx.payload);
            (says.unwrap_or_else(|| data.t("explorer-unreadable")), changed.then_some(false))
        }
        Part::Signature => {
            let who = say::sender(data, view.genesis, &tx.sender);
            let key = if view.now.is_signed { "explorer-signature-good" } else { "explorer-signature-bad" };
            (data.locale.t_args(key, &[("who", who.into())]), Some(view.now.is_signed))
        }
    };
    let text = match good {
        None => RichText::new(text),
        Some(true) => RichText::new(format!("{} {text}", icons::CHECK_CIRCLE)).color(theme::ink(ui, palette::HEALTHY)),
        Some(false) => RichText::new(format!("▲ {text}")).color(theme::fault(ui)),
    };
    ui.add(Label::new(text).wrap());
}
