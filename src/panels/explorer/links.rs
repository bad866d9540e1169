//! What holds a block: its header, the header of the next, the signatures of the validators.

use super::lesson::View;
use super::say;
use crate::palette;
use crate::panels::widgets;
use crate::panels::{tally, theme};
use bevy_egui::egui::{
    self, Align, Frame, Label, Layout, Rect, RichText, ScrollArea, Sense, Stroke, Ui, UiBuilder, pos2, vec2,
};
use egui_phosphor::regular as icons;
use sim_core::digest::{Hash, hex};
use sim_core::ledger::inspect::{Value, get_fields};

/// Width of a block's card and of the link between two, points.
const CARD: f32 = 304.0;
const LINK: f32 = 104.0;

/// The header's fields; the root of the transactions is one of them, and the block's fingerprint covers all.
pub(super) fn header(ui: &mut Ui, view: &View<'_>) {
    let data = view.data;
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let was = get_fields(&view.was.header);
        for ((field, value), (_, old)) in get_fields(&view.now.header).into_iter().zip(was) {
            let (name, meaning) = say::field(data, field);
            let ours = field == "tx_root";
            line(ui, ours, |ui| {
                cell(ui, 176.0, |ui| {
                    let text = RichText::new(name);
                    ui.label(if ours { text.strong() } else { text });
                });
                match (value, old) {
                    (Value::Hash(now), Value::Hash(was)) if ours => {
                        cell(ui, 208.0, |ui| view.follow(ui, &was, &now, false));
                    }
                    (Value::Hash(hash), _) => cell(ui, 208.0, |ui| {
                        ui.label(RichText::new(say::short(&hash)).monospace()).on_hover_text(hex(&hash));
                    }),
                    _ => cell(ui, 208.0, |ui| {
                        ui.label(say::value(data, value));
                    }),
                }
                ui.add(Label::new(RichText::new(&meaning).weak()).truncate()).on_hover_text(meaning);
            });
        }
        ui.add_space(theme::GRID);
        ui.label(RichText::new(data.t("explorer-hash")).weak()).on_hover_text(data.t("term-explorer-hash"));
        view.follow(ui, &view.was.block, &view.now.block, true);
    });
}

/// A line of the header; the one that carries the transactions stands out.
fn line(ui: &mut Ui, ours: bool, add: impl FnOnce(&mut Ui)) {
    let fill = if ours { theme::tint(ui, theme::chain(ui), 0.18) } else { egui::Color32::TRANSPARENT };
    Frame::new().fill(fill).corner_radius(4).inner_margin(egui::Margin::symmetric(8, 2)).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal(|ui| {
            ui.set_height(22.0);
            add(ui);
        });
    });
}

fn cell(ui: &mut Ui, width: f32, add: impl FnOnce(&mut Ui)) {
    let (rect, _) = ui.allocate_exact_size(vec2(width, 20.0), Sense::hover());
    let ui = &mut ui.new_child(UiBuilder::new().max_rect(rect).layout(Layout::left_to_right(Align::Center)));
    ui.spacing_mut().item_spacing.x = 6.0;
    add(ui);
}

/// The block and the next one, and whether the link between them holds.
pub(super) fn next(ui: &mut Ui, view: &View<'_>) {
    let area = ui.available_rect_before_wrap();
    ui.advance_cursor_after_rect(area);
    let whole = CARD * 2.0 + LINK;
    let left = area.left() + ((area.width() - whole) / 2.0).max(0.0);
    let width = CARD.min((area.width() - LINK) / 2.0);
    let height = (area.height() - 8.0).min(168.0);
    let top = area.top() + ((area.height() - height) / 3.0).max(0.0);
    let card = |i: f32| Rect::from_min_size(pos2(left + i * (width + LINK), top), vec2(width, height));
    let (data, h) = (view.data, view.block.header.height);
    let title = |height: u64| data.locale.t_args("chain-block-name", &[("height", height.into())]);
    let (mine, theirs) = (card(0.0), card(1.0));
    framed(ui, mine, view.accent(ui), |ui| {
        ui.label(RichText::new(title(h)).size(theme::BIG).strong());
        ui.add_space(theme::GRID);
        ui.label(RichText::new(data.t("explorer-computed-hash")).weak());
        view.follow(ui, &view.was.block, &view.now.block, false);
    });
    let chain = theme::chain(ui);
    framed(ui, theirs, chain, |ui| {
        ui.label(RichText::new(title(h + 1)).size(theme::BIG).strong());
        ui.add_space(theme::GRID);
        match view.next {
            Some(next) => {
                ui.label(RichText::new(data.t("explorer-previous-says")).weak());
                ui.label(RichText::new(say::short(&next.header.previous)).monospace().strong().color(chain));
                ui.add_space(theme::GRID);
                ui.add(Label::new(RichText::new(data.t("explorer-and-so-on")).weak()).wrap());
            }
            None => {
                ui.add(Label::new(RichText::new(data.t("explorer-no-next")).weak()).wrap());
            }
        }
    });
    let wanted: Hash = view.next.map_or(view.was.block, |n| n.header.previous);
    link(ui, view, Rect::from_min_max(mine.right_top(), theirs.left_bottom()), wanted == view.now.block);
}

fn framed(ui: &mut Ui, rect: Rect, colour: egui::Color32, add: impl FnOnce(&mut Ui)) {
    ui.painter().rect(rect, 8.0, theme::tint(ui, colour, 0.08), Stroke::new(2.0, colour), egui::StrokeKind::Inside);
    let ui = &mut ui.new_child(UiBuilder::new().max_rect(rect.shrink(16.0)).layout(Layout::top_down(Align::Min)));
    add(ui);
}

/// A chain between two cards, whole or broken.
fn link(ui: &mut Ui, view: &View<'_>, rect: Rect, holds: bool) {
    let colour = if holds { theme::ink(ui, palette::HEALTHY) } else { theme::fault(ui) };
    let (centre, reach) = (rect.center(), rect.width() / 2.0);
    let gap = if holds { 20.0 } else { 28.0 };
    for side in [-1.0, 1.0] {
        let (near, far) = (centre + vec2(side * gap, 0.0), centre + vec2(side * (reach - 4.0), 0.0));
        ui.painter().line_segment([near, far], Stroke::new(3.0, colour));
    }
    let rect = Rect::from_center_size(centre, vec2(rect.width(), 96.0));
    let ui = &mut ui.new_child(UiBuilder::new().max_rect(rect).layout(Layout::top_down(Align::Center)));
    let (icon, key) =
        if holds { (icons::LINK, "explorer-link-holds") } else { (icons::LINK_BREAK, "explorer-link-broken") };
    ui.add_space(34.0);
    ui.label(RichText::new(icon).size(theme::BIG).color(colour));
    ui.add_space(4.0);
    ui.add(Label::new(RichText::new(view.data.t(key)).color(colour)).wrap());
}

/// Each vote of the commit: whether its signature covers the fingerprint computed here.
pub(super) fn votes(ui: &mut Ui, view: &View<'_>) {
    let data = view.data;
    if view.block.commit.mechanism.has_branches() {
        return confirmations(ui, view);
    }
    let powers: Vec<u64> = view.genesis.validators.iter().map(|v| u64::from(v.power)).collect();
    let total: u64 = powers.iter().sum();
    let (mut power, mut rows) = (0, Vec::new());
    for (i, known) in powers.iter().enumerate() {
        let place = view.block.commit.votes.iter().position(|v| v.validator as usize == i);
        let holds = place.and_then(|p| view.now.votes.get(p)).copied();
        if holds == Some(true) {
            power += known;
        }
        rows.push((say::validator(data, u32::try_from(i).unwrap_or(0)), holds));
    }
    ui.horizontal(|ui| {
        ui.label(RichText::new(data.t("explorer-computed-hash")).weak());
        view.follow(ui, &view.was.block, &view.now.block, false);
    });
    ui.add_space(4.0);
    tally::power_bar(ui, data, power, total, view.changed());
    ui.add_space(theme::GRID);
    let half = rows.len().div_ceil(2);
    widgets::columns(ui, &[0.0, 0.0], |column, ui| {
        let part = if column == 0 { &rows[..half] } else { &rows[half..] };
        for (name, holds) in part {
            let (icon, key, colour) = match holds {
                Some(true) => (icons::SEAL_CHECK, "explorer-vote-holds", theme::ink(ui, palette::HEALTHY)),
                Some(false) => (icons::SEAL_WARNING, "explorer-vote-broken", theme::fault(ui)),
                None => (icons::MINUS, "explorer-vote-absent", ui.visuals().weak_text_color()),
            };
            ui.horizontal(|ui| {
                ui.set_height(24.0);
                ui.label(RichText::new(icon).size(theme::BIG).color(colour));
                ui.label(RichText::new(name).strong());
                ui.add(Label::new(RichText::new(data.t(key)).color(colour)).truncate());
            });
        }
    });
}

/// On branches: the author's seal, and the blocks that were built upon it, each naming the one before.
fn confirmations(ui: &mut Ui, view: &View<'_>) {
    let data = view.data;
    ui.horizontal(|ui| {
        ui.label(RichText::new(data.t("explorer-computed-hash")).weak());
        view.follow(ui, &view.was.block, &view.now.block, false);
    });
    ui.add_space(theme::GRID);
    let holds = view.now.votes.first().copied().unwrap_or(false) && !view.changed();
    let mut rows = vec![(view.block.header.height, view.block.header.proposer, holds)];
    let stands = |link: &sim_core::ledger::block::Link| !view.changed() || link.header.previous == view.now.block;
    rows.extend(view.block.commit.branch.iter().map(|l| (l.header.height, l.header.proposer, holds && stands(l))));
    for (i, (height, author, holds)) in rows.into_iter().enumerate() {
        let (icon, key, colour) = match (holds, i) {
            (true, 0) => (icons::SEAL_CHECK, "explorer-seal-holds", theme::ink(ui, palette::HEALTHY)),
            (true, _) => (icons::LINK, "explorer-built-upon", theme::ink(ui, palette::HEALTHY)),
            (false, 0) => (icons::SEAL_WARNING, "explorer-seal-broken", theme::fault(ui)),
            (false, _) => (icons::LINK_BREAK, "explorer-built-broken", theme::fault(ui)),
        };
        ui.horizontal(|ui| {
            ui.set_height(24.0);
            ui.label(RichText::new(icon).size(theme::BIG).color(colour));
            ui.label(RichText::new(format!("#{height}")).strong());
            ui.label(say::validator(data, author));
            ui.add(Label::new(RichText::new(data.t(key)).color(colour)).truncate());
        });
    }
}
