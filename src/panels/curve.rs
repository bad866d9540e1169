//! How a price comes about: the orders of a clearing, one after the other, and where demand and supply meet. While they
//! are walked through, the book stands still; what the mechanism made of all of them is told beside where they cross.

use super::data::PanelData;
use super::market::{participant, say_shared};
use super::marks::Marks;
use super::names::mechanism_key;
use super::plot::{self, Kept, Picture, Series};
use super::{numbers, theme, widgets};
use crate::palette;
use bevy_egui::egui::{self, Align2, Color32, Label, RichText, Slider, Stroke, Ui, vec2};
use egui_phosphor::regular as icons;
use egui_plot::{
    AxisHints, GridMark, HLine, HPlacement, HoverPosition, Line, LineStyle, MarkerShape, PlotPoint, PlotUi, Points,
    Text,
};
use sim_core::command::Mechanism;
use sim_core::recorder::Channel;
use sim_core::snapshot::{BookView, Order, Side, clear_first};

/// Time between two orders that are added by themselves, s.
const PACE_S: f64 = 0.12;
/// Width of the words and the price over the day, points.
const WORDS: f32 = 272.0;

/// State of the sheet.
#[derive(Default)]
pub(crate) struct State {
    /// The world it is of.
    world: u32,
    /// Orders that are shown; without a number all of them.
    count: Option<usize>,
    /// When the next one is added by itself.
    next: Option<f64>,
    /// The book that is walked through, while the market goes on.
    held: Option<BookView>,
    met: Met,
    kept: Kept,
    marks: Marks,
}

impl State {
    /// Shows so many orders.
    pub(crate) fn show_first(&mut self, count: Option<usize>) {
        (self.count, self.next) = (count, None);
    }
}

/// Where the orders of a book cross, energy and price: kept, because a large one takes its time.
#[derive(Default)]
struct Met {
    orders: Vec<Order>,
    count: usize,
    /// The first `count` of them.
    first: Option<(i64, i64)>,
    /// All of them.
    all: Option<(i64, i64)>,
}

impl Met {
    fn follow(&mut self, orders: &[Order], count: usize) {
        let is_same = self.orders == orders;
        if !is_same {
            (self.orders, self.all) = (orders.to_vec(), clear_first(orders, orders.len()));
        }
        if !is_same || self.count != count {
            (self.count, self.first) = (count, clear_first(orders, count));
        }
    }
}

/// What is shown of a book.
#[derive(Clone, Copy)]
struct Shown<'a> {
    book: &'a BookView,
    /// So many orders of it.
    count: usize,
    first: Option<(i64, i64)>,
    all: Option<(i64, i64)>,
}

impl<'a> Shown<'a> {
    fn orders(&self) -> &'a [Order] {
        &self.book.orders[..self.count]
    }

    fn is_whole(&self) -> bool {
        self.count == self.book.orders.len()
    }

    /// Whether where these orders cross is what happens: one price for all, and a network that carries it.
    fn is_one_price(&self) -> bool {
        let did = self.book.price_milli.map(|price| (self.book.volume_wh, price));
        self.book.mechanism == Mechanism::UniformPrice && (!self.is_whole() || self.all == did)
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
    if state.world != data.world {
        // What is held and kept is another world's.
        *state = State { world: data.world, count: state.count, ..State::default() };
    }
    let latest = &data.now.market.book;
    if state.count.is_some() || state.next.is_some() {
        state.held.get_or_insert_with(|| latest.clone());
    }
    let held = state.held.take();
    let book = held.as_ref().unwrap_or(latest);
    if book.orders.is_empty() {
        let (what, hint) = (data.t("market-no-curves"), data.t("market-no-curves-hint"));
        return widgets::empty(ui, icons::COINS, &what, &hint);
    }
    let whole = book.orders.len();
    play(ui, state, whole);
    let count = state.count.unwrap_or(whole).min(whole);
    state.met.follow(&book.orders, count);
    let shown = Shown { book, count, first: state.met.first, all: state.met.all };
    let released = controls(ui, data, state, shown, held.is_some());
    ui.add_space(4.0);
    widgets::columns(ui, &[0.0, WORDS], |i, ui| match i {
        0 => curves(ui, data, shown),
        _ => words(ui, data, state, shown),
    });
    if released {
        state.show_first(None);
    } else {
        state.held = held;
    }
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

/// The buttons and the slider; whether the way back to the latest book is taken, where another is held.
fn controls(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, shown: Shown<'_>, held: bool) -> bool {
    let (count, all) = (shown.count, shown.book.orders.len());
    let mut released = false;
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
        if held {
            released = widgets::button(ui, data.t("curve-live"), &data.t("term-curve-live"), None).clicked();
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
    released
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
fn bounds(shown: Shown<'_>) -> (f64, f64, f64) {
    let orders = &shown.book.orders;
    let ends = [Side::Buy, Side::Sell].map(|s| place(orders, s).last().map_or(0.0, |p| p.to));
    let crossing = shown.all.map_or(0, |(wh, _)| wh).max(shown.book.volume_wh) as f64 / 1000.0;
    // Far to the right of the crossing nothing more is decided.
    let end = ends[0].max(ends[1]);
    let end = if crossing > 0.0 { end.min(crossing * 2.5) } else { end }.max(1.0);
    let prices = orders.iter().filter(|o| o.quantity.0 > 0).map(|o| o.price.0 as f64 / 1000.0);
    let (low, high) = prices.fold((f64::MAX, f64::MIN), |(l, h), p| (l.min(p), h.max(p)));
    (end, low.min(0.0), high.max(low + 0.01))
}

fn curves(ui: &mut Ui, data: &PanelData<'_>, shown: Shown<'_>) {
    let orders = shown.orders();
    let (demand, supply) = (place(orders, Side::Buy), place(orders, Side::Sell));
    let (end, low, high) = bounds(shown);
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
    let (strong, weak) = (ui.visuals().strong_text_color(), ui.visuals().weak_text_color());
    // Once all are in, none stands out.
    let newest = orders.last().filter(|_| !shown.is_whole());
    let currency = &data.scene.file.site.currency;
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
        let line = |plot: &mut PlotUi<'_>, milli: i64, colour: Color32| {
            let y = milli as f64 / 1000.0;
            plot.hline(HLine::new("", y).stroke(Stroke::new(1.0, colour)).style(LineStyle::dashed_dense()));
            let text = format!("{} ", numbers::price(milli, currency));
            plot.text(Text::new("", PlotPoint::new(end, y), text).color(ink(colour)).anchor(Align2::RIGHT_BOTTOM));
        };
        // The crossing is in the colour of money only where it is what happens.
        let crossing = if shown.is_one_price() { money } else { weak };
        if let Some((wh, milli)) = shown.first {
            let at = vec![[wh as f64 / 1000.0, milli as f64 / 1000.0]];
            plot.points(Points::new("", at).color(crossing).radius(7.0).shape(MarkerShape::Diamond));
            if shown.is_one_price() {
                line(plot, milli, money);
            }
        }
        if let Some(milli) = shown.book.price_milli.filter(|_| shown.is_whole() && !shown.is_one_price()) {
            line(plot, milli, money);
        }
    });
}

/// Which slot a clearing is of.
pub(super) fn say_slot(data: &PanelData<'_>, book: &BookView) -> String {
    let key = match book.clearing {
        1.. => "curve-slot-anew",
        0 if book.slot > data.now.market.slot => "curve-slot-next",
        0 => "curve-slot",
    };
    let time = numbers::hours(plot::hour(book.slot_start));
    data.locale.t_args(key, &[("time", time.into()), ("n", book.clearing.into())])
}

/// What has just come, where the price stands, and the price over the day.
fn words(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, shown: Shown<'_>) {
    ui.label(RichText::new(say_slot(data, shown.book)).weak());
    let title = match (shown.orders().last(), shown.is_whole()) {
        (_, true) => data.locale.t_args("curve-all", &[("n", shown.count.into())]),
        (Some(order), false) => describe(data, order),
        (None, false) => data.t("curve-none"),
    };
    ui.add(Label::new(RichText::new(title).size(theme::HEADING)).wrap());
    ui.add_space(theme::GRID);
    match shown.first {
        Some((wh, milli)) if shown.is_one_price() => {
            let key = if shown.is_whole() { "curve-price" } else { "curve-price-so-far" };
            price(ui, data, &data.t(key), milli);
            ui.label(data.locale.t_args("curve-volume", &[("energy", numbers::wh(wh).into())]));
            ui.add(Label::new(RichText::new(data.t("curve-why")).weak()).wrap());
        }
        Some(crossing) => {
            if shown.is_whole() {
                result(ui, data, shown);
            }
            let args = [
                ("price", numbers::price(crossing.1, &data.scene.file.site.currency).into()),
                ("energy", numbers::wh(crossing.0).into()),
            ];
            ui.add(Label::new(RichText::new(data.locale.t_args("curve-crossing", &args)).weak()).wrap());
        }
        None => {
            ui.add(Label::new(data.t("curve-no-meeting")).wrap());
        }
    }
    ui.add_space(theme::GRID);
    day(ui, data, state);
}

/// What the mechanism made of all orders, where that is not where they cross.
fn result(ui: &mut Ui, data: &PanelData<'_>, shown: Shown<'_>) {
    let book = shown.book;
    let rule = data.t(mechanism_key(book.mechanism));
    let how = ui.add(Label::new(data.locale.t_args("curve-mechanism", &[("rule", rule.into())])).wrap());
    how.on_hover_text(data.t(&format!("term-{}", mechanism_key(book.mechanism))));
    if !book.mechanism.binds() {
        ui.add(Label::new(data.t("curve-plan")).wrap());
        if let Some(shared) = &data.now.market.shared {
            ui.add(Label::new(say_shared(data, shared)).wrap());
        }
        return;
    }
    if let Some(milli) = book.price_milli {
        price(ui, data, &data.t("market-mean-price"), milli);
    }
    ui.label(data.locale.t_args("curve-volume", &[("energy", numbers::wh(book.volume_wh).into())]));
    if !book.curtailed.is_empty() {
        ui.add(Label::new(data.t("curve-cut")).wrap());
    }
}

/// A price in large digits under what it is.
fn price(ui: &mut Ui, data: &PanelData<'_>, what: &str, milli: i64) {
    ui.label(RichText::new(what).weak());
    let dark = ui.visuals().dark_mode;
    let colour = if dark { theme::money(ui) } else { theme::ink(ui, palette::MONEY) };
    let price = numbers::price(milli, &data.scene.file.site.currency);
    ui.label(RichText::new(price).text_style(theme::big()).strong().color(colour));
}

fn day(ui: &mut Ui, data: &PanelData<'_>, state: &mut State) {
    widgets::title(ui, data.t("curve-day"));
    let points = plot::means(state.kept.get(data, Channel::Price, 24.0), 0.001);
    let money = theme::money(ui);
    let line = Series { name: String::new(), colour: money, points, style: LineStyle::Solid };
    let picture = Picture {
        id: "price over the day",
        unit: &data.scene.file.site.currency,
        hours: 24.0,
        height: (ui.available_height() - 4.0).clamp(80.0, 220.0),
        bands: Vec::new(),
        lines: vec![line],
        include: vec![0.0],
    };
    state.marks.follow(data.past);
    plot::show(ui, data, picture, state.marks.all());
}
