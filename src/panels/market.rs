//! The market: price and countdown, demand and supply, trades, and the levers of tariff and carbon price.

use super::data::{PanelData, Reply};
use super::names::{lever_key, mechanism_key, name, shape_key, strategy_key};
use super::sheet::{self, Sheet};
use super::{curve, numbers, theme, widgets};
use crate::palette;
use bevy_egui::egui::{self, Align2, RichText, ScrollArea, Slider, Stroke, Ui, vec2};
use egui_phosphor::regular as icons;
use egui_plot::{AxisHints, GridMark, HLine, HPlacement, HoverPosition, Line, LineStyle, PlotPoint, Text};
use sim_core::command::{BiddingStrategy, Command, Lever, Mechanism, Tariff, TariffShape};
use sim_core::event::{ClearingReason, EventKind};
use sim_core::ids::{ParticipantId, Subject};
use sim_core::scene::Participant;
use sim_core::snapshot::SharedView;
use std::collections::BTreeMap;

/// State of the dock: the levers while they are being dragged.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    import: Option<f64>,
    feed_in: Option<f64>,
    carbon: Option<f64>,
    others: BTreeMap<Lever, f64>,
}

/// From these widths on the curves and the trades are shown, points.
const CURVES_FROM: f32 = 760.0;
const TRADES_FROM: f32 = 1000.0;

#[derive(Clone, Copy)]
enum Part {
    Price,
    Curves,
    Trades,
    Levers,
}

/// The dock.
pub(crate) fn show(ui: &mut Ui, data: &PanelData<'_>, state: &mut State) -> Reply {
    let mut reply = Reply::default();
    let width = ui.available_width();
    // What does not fit is left out, the levers last.
    let mut parts = vec![(200.0, Part::Price)];
    if width > CURVES_FROM {
        parts.push((0.0, Part::Curves));
    }
    if width > TRADES_FROM {
        parts.push((216.0, Part::Trades));
    }
    parts.push((if width > CURVES_FROM { 288.0 } else { 0.0 }, Part::Levers));
    let widths: Vec<f32> = parts.iter().map(|(width, _)| *width).collect();
    widgets::columns(ui, &widths, |i, ui| match parts[i].1 {
        Part::Price => {
            ScrollArea::vertical().id_salt("market price").auto_shrink([false, false]).show(ui, |ui| {
                price(ui, data);
                ui.add_space(theme::GRID);
                rules(ui, data, &mut reply);
            });
        }
        Part::Curves => curves(ui, data, &mut reply),
        Part::Trades => show_trades(ui, data),
        Part::Levers => {
            ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| levers(ui, data, state, &mut reply));
        }
    });
    reply
}

fn price(ui: &mut Ui, data: &PanelData<'_>) {
    let (m, currency) = (&data.now.market, &data.scene.file.site.currency);
    let (label, term) = match m.in_force {
        Mechanism::UniformPrice => ("market-price", "term-price"),
        Mechanism::Community => ("market-sharing-price", "term-market-sharing-price"),
        Mechanism::PayAsBid | Mechanism::MidMarket | Mechanism::PeerToPeer => {
            ("market-mean-price", "term-market-mean-price")
        }
    };
    ui.label(RichText::new(data.t(label)).weak()).on_hover_text(data.t(term));
    let dark = ui.visuals().dark_mode;
    let colour = if dark { theme::money(ui) } else { theme::ink(ui, palette::MONEY) };
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let digits = numbers::number(m.price_milli as f64 / 1000.0, 3);
        ui.label(RichText::new(digits).text_style(theme::big()).color(colour).strong());
        ui.label(RichText::new(format!("{currency}/kWh")).weak());
    });
    if m.clearing > 0 && m.in_force.binds() {
        let text = data.locale.t_args("market-extraordinary", &[("n", m.clearing.into())]);
        ui.add(egui::Label::new(text).wrap()).on_hover_text(data.t("term-extraordinary"));
        if let Some(before) = before(data) {
            let before = numbers::number(before as f64 / 1000.0, 3);
            ui.label(RichText::new(data.locale.t_args("market-before", &[("price", before.into())])).weak());
        }
    }
    if let Some(next) = m.next_price_milli {
        let next = numbers::number(next as f64 / 1000.0, 3);
        ui.label(data.locale.t_args("market-next", &[("price", next.into())]));
    }
    let left = m.slot_end.since(data.now.time) as f64 / 1e6;
    let whole = (m.slot_end.since(m.slot_start) as f64 / 1e6).max(1.0);
    #[expect(clippy::cast_possible_truncation, reason = "a share")]
    let share = (1.0 - left / whole).clamp(0.0, 1.0) as f32;
    ui.add_space(4.0);
    let minutes = format!("{:.0}:{:02.0}", (left / 60.0).floor(), (left % 60.0).floor());
    ui.label(data.locale.t_args("market-slot-left", &[("time", minutes.into())])).on_hover_text(data.t("term-slot"));
    let bar = egui::ProgressBar::new(share).desired_height(6.0).fill(theme::money(ui));
    ui.add(bar);
    let traded = match m.in_force.binds() {
        true => data.locale.t_args("market-volume", &[("energy", numbers::wh(m.volume_wh).into())]),
        false => data.t("market-unbound"),
    };
    ui.label(RichText::new(traded).weak());
}

/// Events that are searched for the clearing before; a slot has some hundreds.
const SEARCHED: usize = 4_000;

/// The price of this slot before switching had it cleared anew, thousandths.
fn before(data: &PanelData<'_>) -> Option<i64> {
    let slot = data.now.market.slot;
    data.past.events().iter().rev().take(SEARCHED).find_map(|e| match e.kind {
        EventKind::SlotCleared { slot: s, price_milli, reason: ClearingReason::Gate, .. } if s == slot => {
            Some(price_milli)
        }
        _ => None,
    })
}

/// Points of a step curve: cumulated kWh against price.
fn steps(curve: &[(i64, i64)]) -> Vec<[f64; 2]> {
    let mut points = Vec::with_capacity(curve.len() * 2);
    let mut from = 0.0;
    for (wh, milli) in curve {
        let (x, y) = (*wh as f64 / 1000.0, *milli as f64 / 1000.0);
        points.extend([[from, y], [x, y]]);
        from = x;
    }
    points
}

fn curves(ui: &mut Ui, data: &PanelData<'_>, reply: &mut Reply) {
    let book = &data.now.market.book;
    ui.horizontal(|ui| {
        let slot = curve::say_slot(data, book);
        let title = widgets::title(ui, data.t("market-curves"));
        title.on_hover_text(format!("{slot}\n{}", data.t("term-curves")));
        sheet::button(ui, data, Sheet::Curve, reply);
        sheet::icon(ui, data, Sheet::Trace, reply);
        sheet::icon(ui, data, Sheet::Storage, reply);
    });
    if book.demand.is_empty() && book.supply.is_empty() {
        widgets::empty(ui, icons::COINS, &data.t("market-no-curves"), &data.t("market-no-curves-hint"));
        return;
    }
    let (demand, supply) = (steps(&book.demand), steps(&book.supply));
    let price_key = if book.mechanism == Mechanism::UniformPrice { "market-clearing" } else { "market-mean-price" };
    let names = [data.t("market-demand"), data.t("market-supply"), data.t(price_key)];
    let y = AxisHints::new_y()
        .placement(HPlacement::Left)
        .min_thickness(40.0)
        .formatter(|mark: GridMark, _r| numbers::number(mark.value, 2));
    let x = AxisHints::new_x().formatter(|mark: GridMark, _r| numbers::number(mark.value, 0));
    let plot = super::plot::still(ui, "market curves", ui.available_height())
        .set_margin_fraction(vec2(0.02, 0.2))
        .y_grid_spacer(|input| super::plot::value_grid(input, 4.0))
        .x_grid_spacer(|input| super::plot::value_grid(input, 5.0))
        .custom_x_axes(vec![x])
        .custom_y_axes(vec![y])
        .label_formatter(|hover: &HoverPosition<'_>| {
            let (HoverPosition::NearDataPoint { position, .. } | HoverPosition::Elsewhere { position }) = hover;
            Some(format!("{} kWh, {}/kWh", numbers::number(position.x, 1), numbers::number(position.y, 3)))
        });
    let teal = theme::rgb(palette::HEALTHY);
    let blue = theme::rgb(palette::WIND);
    let money = theme::money(ui);
    let dark = ui.visuals().dark_mode;
    let ink = move |c: egui::Color32| if dark { c } else { c.lerp_to_gamma(egui::Color32::BLACK, 0.45) };
    let price = book.price_milli.map(|milli| milli as f64 / 1000.0);
    let end = demand.last().into_iter().chain(supply.last()).map(|p| p[0]).fold(0.0, f64::max);
    // Far to the right of the crossing nothing more is decided.
    let volume = book.volume_wh as f64 / 1000.0;
    let end = if volume > 0.0 { end.min(volume * 3.0) } else { end }.max(1.0);
    plot.show(ui, |plot| {
        plot.set_plot_bounds_x(0.0..=end);
        if let Some(price) = price {
            plot.hline(HLine::new("", price).stroke(Stroke::new(1.0, money)).style(LineStyle::dashed_dense()));
            let text = Text::new("", PlotPoint::new(end, price), names[2].clone());
            plot.text(text.color(ink(money)).anchor(Align2::RIGHT_BOTTOM));
        }
        for (points, colour, name, style) in
            [(demand, teal, &names[0], LineStyle::Solid), (supply, blue, &names[1], LineStyle::dashed_loose())]
        {
            if let Some(first) = points.first() {
                let at = PlotPoint::new(first[0], first[1]);
                plot.text(Text::new("", at, format!(" {name}")).color(ink(colour)).anchor(Align2::LEFT_BOTTOM));
            }
            plot.line(Line::new(name.clone(), points).color(colour).width(2.0).style(style));
        }
    });
}

pub(super) fn participant(data: &PanelData<'_>, id: ParticipantId) -> String {
    match data.scene.participants.get(id.index()) {
        Some(Participant::Building(b)) => name(data.scene, Subject::Building(*b), data.locale),
        Some(Participant::Device(d)) => name(data.scene, Subject::Device(*d), data.locale),
        Some(Participant::Grid) => data.t("kind-grid"),
        Some(Participant::Losses) => data.t("participant-losses"),
        None => data.t("participant-operator"),
    }
}

fn show_trades(ui: &mut Ui, data: &PanelData<'_>) {
    if !data.now.market.book.mechanism.binds() {
        return show_shares(ui, data);
    }
    widgets::title(ui, data.t("market-trades")).on_hover_text(data.t("term-trades"));
    let book = &data.now.market.book;
    if book.slot > data.now.market.slot {
        ui.label(RichText::new(curve::say_slot(data, book)).weak());
    }
    let trades = &book.trades;
    if trades.is_empty() {
        ui.label(RichText::new(data.t("market-no-trades")).weak());
        return;
    }
    let row = 20.0;
    ui.spacing_mut().item_spacing.y = 0.0;
    ui.spacing_mut().interact_size.y = row;
    ScrollArea::vertical().auto_shrink([false, false]).show_rows(ui, row, trades.len(), |ui, range| {
        for trade in &trades[range] {
            let text = format!("{} → {}", participant(data, trade.seller), participant(data, trade.buyer));
            let price =
                format!("{} {}/kWh", numbers::number(trade.price.0 as f64 / 1000.0, 3), data.scene.file.site.currency);
            let rates = &book.rates;
            let loss = (rates.loss_of(trade.seller) - rates.loss_of(trade.buyer)) as f64 / 1e4;
            let full = rates.congestion_of(trade.seller).0 - rates.congestion_of(trade.buyer).0;
            let network = [
                ("price", price.into()),
                ("loss", numbers::number(loss, 2).into()),
                ("full", numbers::number(full as f64 / 1000.0, 3).into()),
            ];
            let hover = data.locale.t_args("market-trade-network", &network);
            energy_row(ui, row, &text, trade.quantity.0, &hover);
        }
    });
}

/// Where nobody trades beforehand: what each gave or took of what was shared after the meters of the last slot.
fn show_shares(ui: &mut Ui, data: &PanelData<'_>) {
    widgets::title(ui, data.t("market-shared")).on_hover_text(data.t("term-market-shared"));
    let Some(shared) = &data.now.market.shared else {
        ui.add(egui::Label::new(RichText::new(data.t("market-not-shared")).weak()).wrap());
        return;
    };
    ui.add(egui::Label::new(RichText::new(say_shared(data, shared)).weak()).wrap());
    let row = 20.0;
    ui.spacing_mut().item_spacing.y = 0.0;
    ui.spacing_mut().interact_size.y = row;
    ScrollArea::vertical().auto_shrink([false, false]).show_rows(ui, row, shared.shares.len(), |ui, range| {
        for (who, wh) in &shared.shares[range] {
            let key = if *wh > 0 { "market-gave" } else { "market-took" };
            let text = data.locale.t_args(key, &[("who", participant(data, *who).into())]);
            energy_row(ui, row, &text, wh.abs(), &data.t("term-market-shared"));
        }
    });
}

/// What was shared in all, and at what price.
pub(super) fn say_shared(data: &PanelData<'_>, shared: &SharedView) -> String {
    let given: i64 = shared.shares.iter().map(|(_, wh)| (*wh).max(0)).sum();
    let args = [
        ("time", numbers::hours(super::plot::hour(shared.slot_start)).into()),
        ("energy", numbers::wh(given).into()),
        ("price", numbers::price(shared.price_milli, &data.scene.file.site.currency).into()),
    ];
    data.locale.t_args("market-shared-slot", &args)
}

/// A row of a list: words on the left, an energy on the right.
fn energy_row(ui: &mut Ui, height: f32, text: &str, wh: i64, hover: &str) {
    ui.horizontal(|ui| {
        ui.set_height(height);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.label(numbers::wh(wh)).on_hover_text(hover);
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                ui.add(egui::Label::new(RichText::new(text).weak()).truncate());
            });
        });
    });
}

/// A lever: dragging shows, letting go asks.
fn lever(
    ui: &mut Ui,
    label: &str,
    explanation: &str,
    draft: &mut Option<f64>,
    now: f64,
    slider: impl FnOnce(&mut f64) -> Slider<'_>,
) -> Option<f64> {
    let mut value = draft.unwrap_or(now);
    ui.label(RichText::new(label).weak()).on_hover_text(explanation);
    let response = ui.add(slider(&mut value));
    response.widget_info(|| egui::WidgetInfo::slider(true, value, label));
    if response.changed() {
        *draft = Some(value);
    }
    // A drag ends when it is let go; typing or an arrow key is done at once.
    let done = draft.is_some() && !response.dragged() && !response.is_pointer_button_down_on();
    if done { draft.take().filter(|v| (v - now).abs() > 1e-9) } else { None }
}

/// The rules of the game: the mechanism, and how households bid.
fn rules(ui: &mut Ui, data: &PanelData<'_>, reply: &mut Reply) {
    let now = data.now.market.mechanism;
    if let Some(kind) = choice(ui, data, "market-mechanism", now, &Mechanism::ALL, mechanism_key) {
        reply.command(Command::Mechanism { kind });
    }
    let now = data.now.market.strategy;
    if let Some(kind) = choice(ui, data, "market-agents", now, &BiddingStrategy::ALL, strategy_key) {
        reply.command(Command::Agents { kind });
    }
}

/// One of a few, each with a sentence on what it does; returns another one when it is picked.
fn choice<T: Copy + PartialEq>(
    ui: &mut Ui,
    data: &PanelData<'_>,
    label: &str,
    now: T,
    all: &[T],
    key: fn(T) -> &'static str,
) -> Option<T> {
    ui.label(RichText::new(data.t(label)).weak()).on_hover_text(data.t(&format!("term-{label}")));
    let mut picked = None;
    let width = ui.available_width().min(240.0);
    egui::ComboBox::from_id_salt(label).width(width).selected_text(data.t(key(now))).show_ui(ui, |ui| {
        for kind in all.iter().copied() {
            let row = ui.selectable_label(kind == now, data.t(key(kind)));
            if row.on_hover_text(data.t(&format!("term-{}", key(kind)))).clicked() && kind != now {
                picked = Some(kind);
            }
        }
    });
    picked
}

fn levers(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, reply: &mut Reply) {
    let m = &data.now.market;
    let currency = &data.scene.file.site.currency;
    widgets::title(ui, data.t("market-levers"));
    ui.spacing_mut().slider_width = (ui.available_width() - 136.0).max(80.0);
    let per_kwh = format!(" {currency}/kWh");
    let unit = |milli: i64| milli as f64 / 1000.0;
    let (label, hover) = (data.t("row-import-tariff"), data.t("term-import-tariff"));
    let import = lever(ui, &label, &hover, &mut state.import, unit(m.import_milli), |v| {
        Slider::new(v, 0.0..=1.0).step_by(0.005).fixed_decimals(3).suffix(per_kwh.clone())
    });
    if let Some(value) = import {
        reply.command(Command::Tariff { import: Some(value), feed_in: None });
    }
    shape(ui, data, "tariff-shape", Tariff::Import, reply);
    let (label, hover) = (data.t("row-feed-in-tariff"), data.t("term-feed-in-tariff"));
    let feed_in = lever(ui, &label, &hover, &mut state.feed_in, unit(m.feed_in_milli), |v| {
        Slider::new(v, 0.0..=0.5).step_by(0.005).fixed_decimals(3).suffix(per_kwh)
    });
    if let Some(value) = feed_in {
        reply.command(Command::Tariff { import: None, feed_in: Some(value) });
    }
    shape(ui, data, "feed-in-shape", Tariff::FeedIn, reply);
    let (label, hover) = (data.t("row-carbon-price"), data.t("term-carbon-price"));
    let carbon = lever(ui, &label, &hover, &mut state.carbon, m.carbon_price, |v| {
        Slider::new(v, 0.0..=500.0).step_by(5.0).fixed_decimals(0).suffix(format!(" {currency}/t"))
    });
    if let Some(value) = carbon {
        reply.command(Command::CarbonPrice { price: value });
    }
    for kind in Lever::ALL {
        other_lever(ui, data, kind, &mut state.others, reply);
    }
    shock(ui, data, reply);
    let mut enabled = m.network_check;
    if ui.checkbox(&mut enabled, data.t("network-check")).on_hover_text(data.t("term-network-check")).clicked() {
        reply.command(Command::NetworkCheck { enabled });
    }
}

/// How a tariff varies over the day.
fn shape(ui: &mut Ui, data: &PanelData<'_>, label: &str, tariff: Tariff, reply: &mut Reply) {
    let now = data.now.market.levers.shape_of(tariff);
    if let Some(kind) = choice(ui, data, label, now, &TariffShape::ALL, shape_key) {
        reply.command(Command::TariffShape { kind, tariff });
    }
}

/// A lever that is one number: its slider stops where lessons need no more, typing goes on to its limit.
fn other_lever(ui: &mut Ui, data: &PanelData<'_>, kind: Lever, drafts: &mut BTreeMap<Lever, f64>, reply: &mut Reply) {
    let currency = &data.scene.file.site.currency;
    let (most, step, digits, unit) = match kind {
        Lever::GridFee | Lever::Subsidy | Lever::MakerSpread => (0.5, 0.005, 3, format!(" {currency}/kWh")),
        Lever::PriceFloor | Lever::PriceCap => (2.0, 0.01, 2, format!(" {currency}/kWh")),
        Lever::LocalDiscount | Lever::Tax | Lever::LossCharge | Lever::CongestionCharge | Lever::CreditShare => {
            (1.0, 0.01, 2, String::new())
        }
        Lever::MakerEnergy => (50.0, 1.0, 0, " kWh".to_owned()),
        Lever::MakerLoss => (200.0, 5.0, 0, format!(" {currency}")),
    };
    let key = lever_key(kind);
    let mut draft = drafts.remove(&kind);
    let now = kind.get(&data.now.market.levers);
    let value = lever(ui, &data.t(key), &data.t(&format!("term-{key}")), &mut draft, now, |v| {
        Slider::new(v, 0.0..=most).step_by(step).fixed_decimals(digits).suffix(unit)
    });
    if let Some(draft) = draft {
        drafts.insert(kind, draft);
    }
    if let Some(value) = value {
        reply.command(Command::Lever { lever: kind, value });
    }
}

/// Factor and length of the price shock that the button gives.
const SHOCK: (f64, f64) = (3.0, 60.0);

/// A button that triples the import tariff for an hour, or ends that.
fn shock(ui: &mut Ui, data: &PanelData<'_>, reply: &mut Reply) {
    let (factor, minutes) = SHOCK;
    match data.now.market.shock_end {
        None => {
            if ui.button(data.t("price-shock")).on_hover_text(data.t("term-price-shock")).clicked() {
                reply.command(Command::PriceShock { factor, minutes });
            }
        }
        Some(end) => {
            let text = data.locale.t_args("price-shock-end", &[("time", numbers::clock(end).into())]);
            if ui.button(text).on_hover_text(data.t("term-price-shock")).clicked() {
                reply.command(Command::PriceShock { factor: 1.0, minutes: 0.0 });
            }
        }
    }
}
