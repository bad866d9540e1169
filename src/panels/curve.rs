//! How a price comes about: the orders of the last clearing, one after the other, and where demand and supply meet.

use super::data::PanelData;
use super::market::participant;
use super::marks::Marks;
use super::plot::{self, Kept, Picture, Series};
use super::{numbers, theme, widgets};
use crate::palette;
use bevy_egui::egui::{self, Align2, Color32, Label, RichText, Slider, Stroke, Ui, vec2};
use egui_phosphor::regular as icons;
use egui_plot::{
    AxisHints, GridMark, HLine, HPlacement, HoverPosition, Line, LineStyle, MarkerShape, PlotPoint, Points, Text,
};
use sim_core::recorder::Channel;
use sim_core::snapshot::{Order, Side, clear_first};

/// Time between two orders that are added by themselves, s.
const PACE_S: f64 = 0.12;
/// Width of the words and the price over the day, points.
const WORDS: f32 = 272.0;

/// State of the sheet.
#[derive(Default)]
pub(crate) struct State {
    /// Orders that are shown; without a number all of them.
    count: Option<usize>,
    /// When the next one is added by itself.
    next: Option<f64>,
    /// Slot and clearing that are shown, with the meeting of the first orders, by their number.
    met: Option<((u64, u32, usize), Option<(i64, i64)>)>,
    kept: Kept,
    marks: Marks,
}

impl State {
    /// Shows so many orders.
    pub(crate) fn show_first(&mut self, count: Option<usize>) {
        (self.count, self.next) = (count, None);
    }
}

/// An order in its place on the curve.
#[derive(Clone, Copy)]
struct Placed<'a> {
    order: &'a Order,
    /// From where to where it reaches, kWh.
    from: f64,
    to: f64,
    price: f64,
}

/// The sheet.
pub(crate) fn show(ui: &mut Ui, data: &PanelData<'_>, state: &mut State) {
    let orders = &data.now.market.orders;
    if orders.is_empty() {
        let (what, hint) = (data.t("market-no-curves"), data.t("market-no-curves-hint"));
        return widgets::empty(ui, icons::COINS, &what, &hint);
    }
    play(ui, state, orders.len());
    let count = state.count.unwrap_or(orders.len()).min(orders.len());
    let key = (data.now.market.slot, data.now.market.clearing, count);
    if state.met.is_none_or(|(k, _)| k != key) {
        state.met = Some((key, clear_first(orders, count)));
    }
    let met = state.met.and_then(|(_, met)| met);
    controls(ui, data, state, count);
    ui.add_space(4.0);
    widgets::columns(ui, &[0.0, WORDS], |i, ui| match i {
        0 => curves(ui, data, count, met),
        _ => words(ui, data, state, count, met),
    });
}

/// Adds orders by themselves, while it plays.
fn play(ui: &Ui, state: &mut State, all: usize) {
    let Some(due) = state.next else { return };
    let now = ui.input(|i| i.time);
    if now >= due {
        let count = state.count.unwrap_or(0) + 1;
        state.count = (count < all).then_some(count);
        state.next = (count < all).then_some(now + PACE_S);
    }
    ui.ctx().request_repaint_after(std::time::Duration::from_secs_f64(PACE_S / 2.0));
}

fn controls(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, count: usize) {
    let all = data.now.market.orders.len();
    ui.horizontal(|ui| {
        ui.set_height(28.0);
        ui.spacing_mut().item_spacing.x = 4.0;
        let playing = state.next.is_some();
        let (icon, key) = if playing { (icons::PAUSE, "curve-pause") } else { (icons::PLAY, "curve-play") };
        if widgets::icon(ui, icon, &data.t(key), None, false).clicked() {
            if count == all {
                state.count = Some(0);
            }
            state.next = if playing { None } else { Some(ui.input(|i| i.time)) };
        }
        for (icon, key, to) in [
            (icons::CARET_LEFT, "curve-back", count.saturating_sub(1)),
            (icons::CARET_RIGHT, "curve-forward", (count + 1).min(all)),
        ] {
            if widgets::icon(ui, icon, &data.t(key), None, false).clicked() {
                state.show_first(Some(to));
            }
        }
        ui.spacing_mut().slider_width = (ui.available_width() - 72.0).clamp(120.0, 640.0);
        let mut value = count;
        let response = ui.add(Slider::new(&mut value, 0..=all).suffix(format!(" / {all}")));
        let name = data.t("curve-orders");
        response.widget_info(|| egui::WidgetInfo::slider(true, value as f64, &name));
        if response.changed() {
            state.show_first(Some(value));
        }
    });
}

/// One side of the first orders in its places: buyers from the highest price down, sellers from the lowest up.
fn place(orders: &[Order], side: Side) -> Vec<Placed<'_>> {
    let mut ranked: Vec<&Order> = orders.iter().filter(|o| o.side == side && o.quantity.0 > 0).collect();
    ranked.sort_by_key(|o| (if side == Side::Buy { -o.price.0 } else { o.price.0 }, o.sequence));
    let mut from = 0.0;
    let placed = ranked.into_iter().map(|order| {
        let to = from + order.quantity.0 as f64 / 1000.0;
        let placed = Placed { order, from, to, price: order.price.0 as f64 / 1000.0 };
        from = to;
        placed
    });
    placed.collect()
}

/// The line of a side.
fn steps(side: &[Placed<'_>]) -> Vec<[f64; 2]> {
    side.iter().flat_map(|p| [[p.from, p.price], [p.to, p.price]]).collect()
}

/// An order in words.
fn describe(data: &PanelData<'_>, order: &Order) -> String {
    let key = if order.side == Side::Buy { "curve-buys" } else { "curve-sells" };
    let currency = &data.scene.file.site.currency;
    let energy = numbers::with(order.quantity.0 as f64 / 1000.0, 2, "kWh");
    let price = numbers::price(order.price.0, currency);
    let who = participant(data, order.participant);
    data.locale.t_args(key, &[("who", who.into()), ("energy", energy.into()), ("price", price.into())])
}

/// Room for all orders, so that the axes stand still while they come: energy, lowest and highest price.
fn bounds(data: &PanelData<'_>) -> (f64, f64, f64) {
    let m = &data.now.market;
    let ends = [Side::Buy, Side::Sell].map(|s| place(&m.orders, s).last().map_or(0.0, |p| p.to));
    let volume = m.volume_wh as f64 / 1000.0;
    // Far to the right of the crossing nothing more is decided.
    let end = ends[0].max(ends[1]);
    let end = if volume > 0.0 { end.min(volume * 2.5) } else { end }.max(1.0);
    let prices = m.orders.iter().filter(|o| o.quantity.0 > 0).map(|o| o.price.0 as f64 / 1000.0);
    let (low, high) = prices.fold((f64::MAX, f64::MIN), |(l, h), p| (l.min(p), h.max(p)));
    (end, low.min(0.0), high.max(low + 0.01))
}

fn curves(ui: &mut Ui, data: &PanelData<'_>, count: usize, met: Option<(i64, i64)>) {
    let orders = &data.now.market.orders[..count];
    let (demand, supply) = (place(orders, Side::Buy), place(orders, Side::Sell));
    let (end, low, high) = bounds(data);
    let spread = high - low;
    let near = |position: PlotPoint| {
        let all = demand.iter().chain(&supply);
        let under = all.filter(|p| (p.from..=p.to).contains(&position.x));
        let away = |p: &Placed<'_>| (p.price - position.y).abs();
        let best = under.min_by(|a, b| away(a).total_cmp(&away(b)))?;
        (away(best) < spread * 0.06).then(|| describe(data, best.order))
    };
    let y = AxisHints::new_y()
        .placement(HPlacement::Left)
        .min_thickness(40.0)
        .formatter(|mark: GridMark, _r| numbers::number(mark.value, 2));
    let x = AxisHints::new_x().formatter(|mark: GridMark, _r| format!("{} kWh", numbers::number(mark.value, 0)));
    let plot = plot::still(ui, "order by order", ui.available_height())
        .set_margin_fraction(vec2(0.02, 0.08))
        .y_grid_spacer(|input| plot::value_grid(input, 5.0))
        .x_grid_spacer(|input| plot::value_grid(input, 6.0))
        .custom_x_axes(vec![x])
        .custom_y_axes(vec![y])
        .label_formatter(move |hover: &HoverPosition<'_>| {
            let (HoverPosition::NearDataPoint { position, .. } | HoverPosition::Elsewhere { position }) = hover;
            near(*position)
        });
    let (teal, blue, money) = (theme::rgb(palette::HEALTHY), theme::rgb(palette::WIND), theme::money(ui));
    let dark = ui.visuals().dark_mode;
    let ink = move |c: Color32| if dark { c } else { c.lerp_to_gamma(Color32::BLACK, 0.45) };
    let strong = ui.visuals().strong_text_color();
    // Once all are in, none stands out.
    let newest = orders.last().filter(|_| count < data.now.market.orders.len());
    plot.show(ui, |plot| {
        plot.set_plot_bounds_x(0.0..=end);
        plot.set_plot_bounds_y(low - spread * 0.06..=high + spread * 0.12);
        for (side, colour, key, style, anchor) in [
            (&demand, teal, "market-demand", LineStyle::Solid, Align2::LEFT_BOTTOM),
            (&supply, blue, "market-supply", LineStyle::dashed_loose(), Align2::LEFT_TOP),
        ] {
            let Some(first) = side.first() else { continue };
            plot.line(Line::new("", steps(side)).color(colour).width(2.5).style(style));
            let at = PlotPoint::new(first.from, first.price);
            let text = format!(" {}", data.t(key));
            plot.text(Text::new("", at, text).color(ink(colour)).anchor(anchor));
            // Where one order ends and the next begins.
            let ends: Vec<[f64; 2]> = side.iter().filter(|p| p.to < end).map(|p| [p.to, p.price]).collect();
            plot.points(Points::new("", ends).color(colour).radius(2.0));
            if let Some(p) = side.iter().find(|p| newest.is_some_and(|n| n.sequence == p.order.sequence)) {
                let bar = vec![[p.from, p.price], [p.to.min(end), p.price]];
                plot.line(Line::new("", bar).color(strong).width(5.0));
            }
        }
        if let Some((wh, milli)) = met {
            let (x, y) = (wh as f64 / 1000.0, milli as f64 / 1000.0);
            plot.hline(HLine::new("", y).stroke(Stroke::new(1.0, money)).style(LineStyle::dashed_dense()));
            plot.points(Points::new("", vec![[x, y]]).color(money).radius(7.0).shape(MarkerShape::Diamond));
            let text = format!("{} ", numbers::price(milli, &data.scene.file.site.currency));
            let at = PlotPoint::new(end, y);
            plot.text(Text::new("", at, text).color(ink(money)).anchor(Align2::RIGHT_BOTTOM));
        }
    });
}

/// What has just come, where the price stands, and the price over the day.
fn words(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, count: usize, met: Option<(i64, i64)>) {
    let (orders, currency) = (&data.now.market.orders, &data.scene.file.site.currency);
    let all = count == orders.len();
    let title = match (count.checked_sub(1).and_then(|i| orders.get(i)), all) {
        (_, true) => data.locale.t_args("curve-all", &[("n", count.into())]),
        (Some(order), false) => describe(data, order),
        (None, false) => data.t("curve-none"),
    };
    ui.add(Label::new(RichText::new(title).size(theme::HEADING)).wrap());
    ui.add_space(theme::GRID);
    match met {
        Some((wh, milli)) => {
            ui.label(RichText::new(data.t(if all { "curve-price" } else { "curve-price-so-far" })).weak());
            let dark = ui.visuals().dark_mode;
            let colour = if dark { theme::money(ui) } else { theme::ink(ui, palette::MONEY) };
            let price = RichText::new(numbers::price(milli, currency)).text_style(theme::big()).strong().color(colour);
            ui.label(price);
            ui.label(data.locale.t_args("curve-volume", &[("energy", numbers::wh(wh).into())]));
            ui.add(Label::new(RichText::new(data.t("curve-why")).weak()).wrap());
        }
        None => {
            ui.add(Label::new(data.t("curve-no-meeting")).wrap());
        }
    }
    ui.add_space(theme::GRID);
    widgets::title(ui, data.t("curve-day"));
    let points = plot::means(state.kept.get(data, Channel::Price, 24.0), 0.001);
    let money = theme::money(ui);
    let line = Series { name: String::new(), colour: money, points, style: LineStyle::Solid };
    let picture = Picture {
        id: "price over the day",
        unit: currency,
        hours: 24.0,
        height: (ui.available_height() - 4.0).clamp(80.0, 220.0),
        bands: Vec::new(),
        lines: vec![line],
        include: vec![0.0],
    };
    state.marks.follow(data.past);
    plot::show(ui, data, picture, state.marks.all());
}
