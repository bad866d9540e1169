//! The neighbour as it is: what it has to spare, what goes over the line, what is agreed, its chain, its promise of help.

use super::super::data::{PanelData, Reply};
use super::super::names::name;
use super::super::widgets::{Row, Tone, row};
use super::super::{numbers, theme, widgets};
use super::words::called;
use crate::palette;
use bevy_egui::egui::{
    Align2, Button, Color32, DragValue, FontId, Label, Painter, Pos2, Rect, RichText, ScrollArea, Sense, Shape, Stroke,
    StrokeKind, Ui, WidgetInfo, WidgetType, pos2, vec2,
};
use sim_core::command::{BidSide, Command};
use sim_core::ids::{BuildingId, EventId, Subject};
use sim_core::snapshot::NeighbourView;

/// Height of the picture, points.
const PICTURE: f32 = 104.0;
/// Width of the line in it.
const TIE: f32 = 260.0;
const TEXT: f32 = 13.0;

/// What a household would agree on.
pub(super) struct Deal {
    buy: bool,
    kwh: f64,
    slots: u32,
    price: f64,
}

impl Default for Deal {
    fn default() -> Self {
        Self { buy: true, kwh: 1.0, slots: 4, price: 0.25 }
    }
}

/// The page.
pub(super) fn show(ui: &mut Ui, data: &PanelData<'_>, view: &NeighbourView, deal: &mut Deal, reply: &mut Reply) {
    picture(ui, data, view);
    ui.add_space(theme::GRID);
    let third = (ui.available_width() / 3.0 - 12.0).max(200.0);
    widgets::columns(ui, &[third, third, 0.0], |i, ui| {
        ScrollArea::vertical().id_salt(("neighbour now", i)).auto_shrink([false, false]).show(ui, |ui| match i {
            0 => line(ui, data, view, reply),
            1 => trades(ui, data, view, deal, reply),
            _ => promise_and_chain(ui, data, view, reply),
        });
    });
}

/// Both communities and what flows between them.
fn picture(ui: &mut Ui, data: &PanelData<'_>, view: &NeighbourView) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), PICTURE), Sense::hover());
    let side = ((rect.width() - TIE) / 2.0).max(80.0);
    let left = Rect::from_min_size(rect.min, vec2(side, PICTURE));
    let right = Rect::from_min_size(pos2(rect.right() - side, rect.top()), vec2(side, PICTURE));
    let middle = Rect::from_min_max(pos2(left.right(), rect.top()), pos2(right.left(), rect.bottom()));
    let kw = |kw: f64| numbers::kw(kw);
    let grid = data.now.balance.grid;
    let ours = [
        ("neighbour-our-load", kw(data.now.balance.load + data.now.balance.ev)),
        (if grid < 0.0 { "neighbour-to-grid" } else { "neighbour-our-grid" }, kw(grid.abs())),
    ];
    let here = data.locale.pick(&data.scene.file.title).to_owned();
    community(ui, data, left, &here, &ours, data.now.chain.height);
    let surplus = view.sun_kw + view.river_kw - view.homes_kw;
    let parts = [
        ("neighbour-gives", kw(view.sun_kw + view.river_kw)),
        (if surplus < 0.0 { "neighbour-needs" } else { "neighbour-spare" }, kw(surplus.abs())),
    ];
    let there = called(data.scene, data.locale);
    community(ui, data, right, &there, &parts, view.height);
    tie(ui, data, middle, view);
    let args = [("neighbour", there.into()), ("power", kw(view.near_kw.abs()).into())];
    let key = match view.near_kw {
        x if x > 0.05 => "neighbour-picture-in",
        x if x < -0.05 => "neighbour-picture-out",
        _ => "neighbour-picture-still",
    };
    let label = data.locale.t_args(key, &args);
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Label, true, &label));
}

fn text(painter: &Painter, at: Pos2, align: Align2, words: &str, colour: Color32) {
    painter.text(at, align, words, FontId::proportional(TEXT), colour);
}

fn community(ui: &Ui, data: &PanelData<'_>, room: Rect, title: &str, lines: &[(&str, String); 2], height: u64) {
    let (strong, weak) = (ui.visuals().strong_text_color(), ui.visuals().weak_text_color());
    let painter = ui.painter_at(room);
    let frame = room.shrink(2.0);
    painter.rect_stroke(frame, 6.0, ui.visuals().widgets.noninteractive.bg_stroke, StrokeKind::Inside);
    let mut at = frame.min + vec2(10.0, 8.0);
    text(&painter, at, Align2::LEFT_TOP, title, strong);
    for (key, value) in lines {
        at.y += 21.0;
        text(&painter, at, Align2::LEFT_TOP, &data.t(key), weak);
        text(&painter, pos2(frame.right() - 10.0, at.y), Align2::RIGHT_TOP, value, strong);
    }
    at.y += 21.0;
    text(&painter, at, Align2::LEFT_TOP, &data.t("neighbour-chain-at"), weak);
    let block = format!("#{height}");
    text(&painter, pos2(frame.right() - 10.0, at.y), Align2::RIGHT_TOP, &block, theme::chain(ui));
}

fn tie(ui: &Ui, data: &PanelData<'_>, room: Rect, view: &NeighbourView) {
    let (strong, weak) = (ui.visuals().strong_text_color(), ui.visuals().weak_text_color());
    let painter = ui.painter_at(room);
    let y = room.top() + 46.0;
    let flows = view.near_kw.abs() > 0.05;
    let colour = if flows { theme::ink(ui, palette::HEALTHY) } else { weak };
    let ends = [pos2(room.left() + 4.0, y), pos2(room.right() - 4.0, y)];
    if view.ready {
        painter.line_segment(ends, Stroke::new(4.0, colour));
    } else {
        painter.extend(Shape::dashed_line(&ends, Stroke::new(3.0, weak), 8.0, 8.0));
    }
    if flows {
        // From the neighbour, who stands at the right, to us is to the left.
        let way = if view.near_kw > 0.0 { -1.0 } else { 1.0 };
        let tip = pos2(room.center().x + 9.0 * way, y);
        let arrow = vec![tip, tip + vec2(-17.0 * way, -9.0), tip + vec2(-17.0 * way, 9.0)];
        painter.add(Shape::convex_polygon(arrow, colour, Stroke::NONE));
    }
    let key = match (view.closed, view.ready) {
        (false, _) => "neighbour-line-open",
        (_, false) => "neighbour-line-dead",
        _ => "neighbours-tie",
    };
    text(&painter, pos2(room.center().x, room.top() + 14.0), Align2::CENTER_TOP, &data.t(key), strong);
    let here = numbers::kw(view.near_kw.abs());
    text(&painter, pos2(room.left() + 8.0, y + 10.0), Align2::LEFT_TOP, &here, strong);
    text(&painter, pos2(room.right() - 8.0, y + 10.0), Align2::RIGHT_TOP, &numbers::kw(view.far_kw.abs()), strong);
    let args = [
        ("loss", numbers::number(f64::from(view.loss_per_mille) / 10.0, 1).into()),
        ("fee", numbers::price(view.fee_milli, &data.scene.file.site.currency).into()),
    ];
    let words = data.locale.t_args("neighbours-tie-terms", &args);
    text(&painter, pos2(room.center().x, room.bottom() - 24.0), Align2::CENTER_TOP, &words, weak);
}

/// The line's figures, and its switch.
fn line(ui: &mut Ui, data: &PanelData<'_>, view: &NeighbourView, reply: &mut Reply) {
    widgets::title(ui, data.t("neighbours-tie"));
    let state = match (view.closed, view.ready, view.on_grid) {
        (false, ..) => ("neighbour-state-open", Tone::Warn),
        (_, false, _) => ("neighbour-state-dead", Tone::Bad),
        (.., false) => ("neighbour-state-island", Tone::Warn),
        _ => ("neighbour-state-closed", Tone::Good),
    };
    let rows: [Row; 8] = [
        row("neighbour-state", data.t(state.0)).tone(state.1),
        row("neighbour-scheduled", numbers::kw(view.scheduled_kw)),
        row("neighbour-capacity", numbers::kw(view.capacity_kw)),
        row("neighbour-free-in", numbers::wh(view.free_in_wh)),
        row("neighbour-free-out", numbers::wh(view.free_out_wh)),
        row("neighbour-sun", numbers::kw(view.sun_kw)),
        row("neighbour-river", numbers::kw(view.river_kw)),
        row("neighbour-homes", numbers::kw(view.homes_kw)),
    ];
    widgets::rows(ui, data, &rows);
    ui.add_space(theme::GRID);
    ui.horizontal_wrapped(|ui| {
        let key = if view.closed { "neighbour-open" } else { "neighbour-close" };
        if ui.button(data.t(key)).on_hover_text(data.t("term-neighbour-state")).clicked() {
            reply.command(Command::SetTie { closed: Some(!view.closed), capacity_kw: None });
        }
        if ui.button(data.t("neighbour-show")).clicked() {
            reply.select(Subject::Device(view.device));
        }
    });
}

/// The household that a deal would be for: the selected one, or the first.
fn home(data: &PanelData<'_>) -> BuildingId {
    match data.selection.subject {
        Some(Subject::Building(b)) => b,
        _ => BuildingId(0),
    }
}

/// What is agreed for this slot, and the way to a deal of one's own.
fn trades(ui: &mut Ui, data: &PanelData<'_>, view: &NeighbourView, deal: &mut Deal, reply: &mut Reply) {
    let currency = &data.scene.file.site.currency;
    widgets::title(ui, data.t("neighbour-slot")).on_hover_text(data.t("term-neighbour-slot"));
    if view.trades.is_empty() {
        ui.add(Label::new(RichText::new(data.t("neighbour-slot-none")).weak()).wrap());
    }
    for t in &view.trades {
        let who = match t.building {
            Some(b) => name(data.scene, Subject::Building(b), data.locale),
            None => data.t("neighbour-auction"),
        };
        let way = if t.near_wh > 0 { "←" } else { "→" };
        let words = format!("{way} {}  {}", numbers::wh(t.near_wh.abs()), numbers::price(t.price_milli, currency));
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new(who).weak());
            ui.label(words);
        });
    }
    if view.slots_to_come > 0 {
        let words = data.locale.t_args("neighbour-to-come", &[("n", view.slots_to_come.into())]);
        ui.add(Label::new(RichText::new(words).weak()).wrap());
    }
    ui.add_space(theme::GRID);
    let subject = Subject::Building(home(data));
    let who = name(data.scene, subject, data.locale);
    let title = data.locale.t_args("neighbour-deal", &[("home", who.into())]);
    widgets::title(ui, title).on_hover_text(data.t("term-neighbour-deal"));
    let building = data.scene.name(subject).to_owned();
    ui.horizontal_wrapped(|ui| {
        for (buy, key) in [(true, "bid-buy"), (false, "bid-sell")] {
            if ui.add(Button::selectable(deal.buy == buy, data.t(key))).clicked() {
                deal.buy = buy;
                deal.price = if buy { 0.25 } else { 0.15 };
            }
        }
        ui.add(DragValue::new(&mut deal.kwh).range(0.1..=50.0).speed(0.05).fixed_decimals(1).suffix(" kWh"));
        let slots = data.t("neighbour-slots");
        ui.add(DragValue::new(&mut deal.slots).range(1..=96).speed(0.1).suffix(format!(" {slots}")));
        let suffix = format!(" {currency}/kWh");
        ui.add(DragValue::new(&mut deal.price).range(0.0..=2.0).speed(0.005).fixed_decimals(3).suffix(suffix))
            .on_hover_text(data.t("term-neighbour-limit"));
    });
    ui.horizontal_wrapped(|ui| {
        let side = if deal.buy { BidSide::Buy } else { BidSide::Sell };
        let trade = |kwh: f64, slots: u32, price: f64| Command::TradeWithNeighbour {
            building: building.clone(),
            side,
            kwh,
            wait: 0,
            slots,
            price,
        };
        if ui.button(data.t("neighbour-agree")).on_hover_text(data.t("term-neighbour-deal")).clicked() {
            reply.command(trade(deal.kwh, deal.slots, deal.price));
        }
        let back = ui.add_enabled(view.slots_to_come > 0, Button::new(data.t("neighbour-take-back")));
        if back.clicked() {
            reply.command(trade(0.0, 1, 0.0));
        }
    });
}

/// Help, the chain next door, and where the money is.
fn promise_and_chain(ui: &mut Ui, data: &PanelData<'_>, view: &NeighbourView, reply: &mut Reply) {
    let currency = &data.scene.file.site.currency;
    widgets::title(ui, data.t("neighbour-help")).on_hover_text(data.t("term-neighbour-help"));
    match &view.help {
        None => {
            ui.add(Label::new(RichText::new(data.t("neighbour-help-none")).weak()).wrap());
        }
        Some(help) => {
            let state = match (help.since_event, help.is_spent) {
                (Some(_), _) => ("neighbour-help-on", Tone::Good),
                (None, true) => ("neighbour-help-spent", Tone::Warn),
                _ => ("neighbour-help-ready", Tone::Plain),
            };
            let rows = [
                row("neighbour-help-state", data.t(state.0)).tone(state.1),
                row("neighbour-help-power", numbers::kw(help.kw)),
                row("neighbour-help-left", numbers::kwh(help.left_kwh)),
                row("neighbour-help-drawn", numbers::kwh(help.drawn_kwh)),
                row("neighbour-help-price", numbers::price(help.price_milli, currency)),
            ];
            widgets::rows(ui, data, &rows);
            if let Some(event) = help.since_event
                && ui.button(data.t("neighbour-why")).clicked()
            {
                reply.event = Some(EventId(event));
            }
        }
    }
    ui.add_space(theme::GRID);
    widgets::title(ui, data.t("neighbour-both")).on_hover_text(data.t("term-neighbour-both"));
    let money = |micro: i64| numbers::money(micro, currency);
    let rows = [
        row("neighbour-block", format!("#{} · {}", view.height, numbers::clock(view.block_time))),
        row("neighbour-energy-in", numbers::wh(view.into_wh)),
        row("neighbour-energy-out", numbers::wh(view.out_wh)),
        row("neighbour-money-here", money(view.near_money)),
        row("neighbour-money-there", money(view.far_money)),
        row("neighbour-money-homes", money(view.homes_money)),
        row("neighbour-kept", money(view.kept)),
    ];
    widgets::rows(ui, data, &rows);
}
