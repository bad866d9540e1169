//! Business models: who owns a solar field, what that comes to for each year by year, and whether it is fair.

mod chain;
mod contract;
mod owners;

pub(crate) use chain::last_payment;

use super::data::{PanelData, Reply};
use super::{numbers, theme, widgets};
use crate::palette;
use bevy_egui::egui::{self, Align, Align2, Color32, Label, Layout, RichText, ScrollArea, Slider, Ui, vec2};
use egui_plot::{AxisHints, GridMark, HLine, HPlacement, HoverPosition, Line, LineStyle, PlotPoint, Text};
use sim_core::business::{ByContract, Case, PartyResult, Payment, Projection, Purpose, project};

/// The field whose models are compared.
const FIELD: &str = include_str!("../../../assets/business/field.json");
/// Height of the plot as a part of what there is.
const PLOT: f32 = 0.46;

/// Models in the order of the case, with their words.
const MODELS: [&str; 4] = ["business-energy-service", "business-shared", "business-mixed", "business-tokens"];
/// The same in two sentences.
const WORDS: [&str; 4] =
    ["business-energy-service-words", "business-shared-words", "business-mixed-words", "business-tokens-words"];
/// Names in the file, with their words.
const PARTIES: [(&str, &str); 12] = [
    ("bakery", "business-party-bakery"),
    ("clinic", "business-party-clinic"),
    ("lin", "business-party-lin"),
    ("moser", "business-party-moser"),
    ("flat-3", "business-party-flat-3"),
    ("sunco", "business-party-sunco"),
    ("utility", "business-party-utility"),
    ("ledger-house", "business-party-ledger-house"),
    ("outside", "business-party-outside"),
    ("grid", "business-party-grid"),
    ("installer", "business-party-installer"),
    ("plant", "business-party-plant"),
];

/// What can be moved.
#[derive(Clone, Debug, PartialEq)]
struct Levers {
    /// Price of the field's energy, currency per kWh; `None` as the model says.
    price: Option<f64>,
    /// Share of the energy that members use themselves.
    used: f64,
    /// Part of the investment that a grant pays.
    grant: f64,
    /// Shares of the owners, per mille, in their order; empty as the model says.
    owners: Vec<u32>,
}

/// Which part is below the plot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Side {
    /// Each party in numbers.
    #[default]
    Numbers,
    /// The first year through the contract.
    Contract,
    /// The plant of this community.
    Chain,
}

/// State of the sheet.
#[derive(Default)]
pub(crate) struct State {
    model: usize,
    levers: Option<Levers>,
    case: Option<Case>,
    /// What was computed, and for what.
    result: Option<((usize, Levers), Projection)>,
    played: Option<Result<ByContract, String>>,
    side: Side,
    chain: chain::State,
}

impl State {
    /// Opens as a picture wants it: the tokenised field, or the mixed one that stands on the chain.
    pub(crate) fn present(&mut self, chain: bool) {
        self.model = if chain { MODELS.len() - 2 } else { MODELS.len() - 1 };
        self.side = if chain { Side::Chain } else { Side::Numbers };
    }

    /// The projection of what is chosen, made anew when something has moved.
    fn project(&mut self) -> Option<&Projection> {
        if self.case.is_none() {
            self.case = Case::parse_json(FIELD).ok();
        }
        let case = self.case.as_ref()?;
        let start = Levers { price: None, used: case.self_consumption as f64 / 1e6, grant: 0.0, owners: Vec::new() };
        let levers = self.levers.get_or_insert(start).clone();
        let key = (self.model, levers);
        if self.result.as_ref().is_none_or(|(k, _)| *k != key) {
            let (case, model) = moved(case, self.model, &key.1)?;
            self.result = project(&case, &model).ok().map(|projection| (key, projection));
            self.played = None;
        }
        self.result.as_ref().map(|(_, projection)| projection)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "sliders go from 0 to 1")]
fn moved(case: &Case, model: usize, levers: &Levers) -> Option<(Case, sim_core::business::Model)> {
    let mut case = case.clone();
    case.self_consumption = (levers.used * 1e6).round() as i64;
    case.investment.0 = (case.investment.0 as f64 * (1.0 - levers.grant)).round() as i64;
    let mut model = case.models.get(model)?.clone();
    if let Some(price) = levers.price {
        model.price = (price * 1e6).round() as i64;
    }
    owners::set(&mut model.ownership, &levers.owners);
    Some((case, model))
}

/// The sheet; the name of a contract that is to be opened in the editor.
pub(crate) fn show(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, reply: &mut Reply) -> Option<String> {
    ui.horizontal_wrapped(|ui| {
        for (i, key) in MODELS.into_iter().enumerate() {
            let chosen = ui.selectable_label(state.model == i, data.t(key));
            if chosen.on_hover_text(data.t(&format!("term-{key}"))).clicked() && state.model != i {
                state.model = i;
                if let Some(levers) = &mut state.levers {
                    (levers.price, levers.owners) = (None, Vec::new());
                }
            }
        }
    });
    ui.add_space(4.0);
    let Some(projection) = state.project().cloned() else {
        widgets::empty(ui, egui_phosphor::regular::WARNING, &data.t("business-none"), &data.t("business-none-hint"));
        return None;
    };
    let mut editor = None;
    widgets::columns(ui, &[264.0, 0.0], |i, ui| match i {
        0 => {
            ScrollArea::vertical().id_salt("business left").auto_shrink([false, false]).show(ui, |ui| {
                ui.add(Label::new(data.t(WORDS[state.model.min(WORDS.len() - 1)])).wrap());
                ui.add_space(theme::GRID);
                levers(ui, data, state);
                owners::show(ui, data, state);
                fairness(ui, data, &projection);
            });
        }
        _ => {
            let high = ui.available_height() * PLOT;
            widgets::title(ui, data.t("business-plot")).on_hover_text(data.t("term-business-plot"));
            plot(ui, data, &projection, high - 24.0);
            ui.horizontal(|ui| {
                let sides = [
                    (Side::Numbers, "business-parties", "business-how"),
                    (Side::Contract, "business-contracts", "term-business-contracts"),
                    (Side::Chain, "business-chain", "term-business-chain"),
                ];
                for (side, name, about) in sides {
                    ui.selectable_value(&mut state.side, side, data.t(name)).on_hover_text(data.t(about));
                }
            });
            ScrollArea::vertical().id_salt("business right").auto_shrink([false, false]).show(ui, |ui| {
                match state.side {
                    Side::Numbers => table(ui, data, &projection),
                    Side::Contract => contract::show(ui, data, state, &projection),
                    Side::Chain => editor = chain::show(ui, data, state, &projection, reply),
                }
            });
        }
    });
    editor
}

fn levers(ui: &mut Ui, data: &PanelData<'_>, state: &mut State) {
    let Some(now) = state.case.as_ref().and_then(|c| c.models.get(state.model)).map(|m| m.price as f64 / 1e6) else {
        return;
    };
    let Some(levers) = &mut state.levers else { return };
    let currency = &data.scene.file.site.currency;
    ui.spacing_mut().slider_width = 128.0;
    let slide = |ui: &mut Ui, key: &str, value: &mut f64, most: f64, step: f64, unit: &str, digits: usize| {
        ui.label(RichText::new(data.t(key)).weak()).on_hover_text(data.t(&format!("term-{key}")));
        let response =
            ui.add(Slider::new(value, 0.0..=most).step_by(step).fixed_decimals(digits).suffix(unit.to_owned()));
        response.widget_info(|| egui::WidgetInfo::slider(true, *value, data.t(key)));
    };
    let mut price = levers.price.unwrap_or(now);
    slide(ui, "business-price", &mut price, 0.5, 0.01, &format!(" {currency}/kWh"), 2);
    if (price - levers.price.unwrap_or(now)).abs() > 1e-9 {
        levers.price = Some(price);
    }
    let mut used = levers.used * 100.0;
    slide(ui, "business-used", &mut used, 100.0, 1.0, " %", 0);
    if (used - levers.used * 100.0).abs() > 1e-9 {
        levers.used = (used / 100.0).clamp(0.0, 1.0);
    }
    let mut grant = levers.grant * 100.0;
    slide(ui, "business-grant", &mut grant, 80.0, 1.0, " %", 0);
    if (grant - levers.grant * 100.0).abs() > 1e-9 {
        levers.grant = (grant / 100.0).clamp(0.0, 1.0);
    }
    ui.add_space(theme::GRID);
}

/// Who gains, who pays, and how far apart they are.
fn fairness(ui: &mut Ui, data: &PanelData<'_>, projection: &Projection) {
    let f = &projection.fairness;
    widgets::title(ui, data.t("business-fair")).on_hover_text(data.t("term-business-fair"));
    let args = [("winners", f.winners.into()), ("losers", f.losers.into())];
    ui.add(Label::new(data.locale.t_args("business-fair-who", &args)).wrap());
    let (low, high) = f.relative_range;
    let args = [("low", numbers::percent(low).into()), ("high", numbers::percent(high).into())];
    ui.add(Label::new(data.locale.t_args("business-fair-range", &args)).wrap());
    let text = match f.gini {
        Some(gini) => data.locale.t_args("business-fair-gini", &[("gini", numbers::number(gini, 2).into())]),
        None => data.t("business-fair-no-gini"),
    };
    ui.add(Label::new(text).wrap()).on_hover_text(data.t("term-business-gini"));
}

/// A party's name in the user's language.
fn party(data: &PanelData<'_>, name: &str) -> String {
    PARTIES.iter().find(|p| p.0 == name).map_or_else(|| name.to_owned(), |(_, key)| data.t(key))
}

/// Colours and lines of parties: members solid in the palette's hues of generation, the others dashed and grey.
fn dress(ui: &Ui, place: usize, p: &PartyResult) -> (Color32, LineStyle) {
    let hues = [palette::HEALTHY, palette::SOLAR, palette::WIND, palette::HOT, palette::COLD, palette::GAS];
    let hue = hues.get(place % hues.len()).copied().unwrap_or(palette::GRID);
    let own = if ui.visuals().dark_mode { theme::rgb(hue) } else { theme::rgb(hue).lerp_to_gamma(Color32::BLACK, 0.3) };
    if p.is_member { (own, LineStyle::Solid) } else { (ui.visuals().weak_text_color(), LineStyle::dashed_loose()) }
}

/// The sum of each party's money, year by year.
fn plot(ui: &mut Ui, data: &PanelData<'_>, projection: &Projection, height: f32) {
    let currency = data.scene.file.site.currency.clone();
    let inside = |p: &&PartyResult| p.name != "grid" && p.name != "installer";
    let mut lines = Vec::new();
    for (i, p) in projection.parties.iter().filter(inside).enumerate() {
        let mut sum = 0_i64;
        let points = p.flows.iter().enumerate().map(|(year, flow)| {
            sum = sum.saturating_add(flow.0);
            [year as f64, sum as f64 / 1e9]
        });
        lines.push((party(data, &p.name), dress(ui, i, p), points.collect::<Vec<[f64; 2]>>()));
    }
    let years = lines.iter().map(|l| l.2.len()).max().unwrap_or(1).saturating_sub(1) as f64;
    let (unit, thousand) = (data.t("business-year"), data.t("business-thousand"));
    let y = AxisHints::new_y()
        .placement(HPlacement::Left)
        .min_thickness(44.0)
        .formatter(|mark: GridMark, _r| numbers::number(mark.value, 0));
    let x = AxisHints::new_x().formatter(|mark: GridMark, _r| numbers::number(mark.value, 0));
    let plot = super::plot::still(ui, "business plot", height)
        .set_margin_fraction(vec2(0.02, 0.12))
        .y_grid_spacer(|input| super::plot::value_grid(input, 4.0))
        .x_grid_spacer(|input| super::plot::value_grid(input, 5.0))
        .custom_x_axes(vec![x])
        .custom_y_axes(vec![y])
        .label_formatter(move |hover: &HoverPosition<'_>| match hover {
            HoverPosition::NearDataPoint { plot_name, position, .. } if !plot_name.is_empty() => {
                let sum = numbers::number(position.y, 1);
                Some(format!("{plot_name}\n{unit} {}: {sum} {thousand} {currency}", numbers::number(position.x, 0)))
            }
            _ => None,
        });
    let grey = ui.visuals().weak_text_color();
    let range = lines.iter().flat_map(|l| &l.2).fold((0.0_f64, 0.0_f64), |(l, h), p| (l.min(p[1]), h.max(p[1])));
    let step = (range.1 - range.0).max(1e-6) * f64::from(18.0 / height.max(60.0));
    plot.show(ui, |plot| {
        plot.set_plot_bounds_x(0.0..=years * 1.28);
        plot.hline(HLine::new("", 0.0).color(grey).width(1.0));
        let mut ends: Vec<(f64, String, Color32)> = Vec::new();
        for (name, (colour, style), points) in lines {
            if let Some(last) = points.last() {
                ends.push((last[1], name.clone(), colour));
            }
            plot.line(Line::new(name, points).color(colour).style(style).width(2.0));
        }
        ends.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut floor = f64::NEG_INFINITY;
        for (y, name, colour) in ends {
            let y = y.max(floor);
            floor = y + step;
            let text = RichText::new(format!(" {name}")).size(theme::BODY);
            plot.text(Text::new("", PlotPoint::new(years, y), text).color(colour).anchor(Align2::LEFT_CENTER));
        }
    });
}

/// Columns of the table.
const COLUMNS: [(&str, f32); 4] = [
    ("business-column-advance", 92.0),
    ("business-column-year", 92.0),
    ("business-column-gain", 92.0),
    ("business-column-back", 84.0),
];

fn line(ui: &mut Ui, first: f32, name: RichText, cells: impl Iterator<Item = (f32, RichText)>) -> egui::Response {
    let row = ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        ui.allocate_ui_with_layout(vec2(first, 18.0), Layout::left_to_right(Align::Center), |ui| {
            ui.set_width(first);
            ui.add(Label::new(name).truncate());
        });
        for (width, text) in cells {
            ui.allocate_ui_with_layout(vec2(width, 18.0), Layout::right_to_left(Align::Center), |ui| {
                ui.set_width(width);
                ui.add(Label::new(text).truncate());
            });
        }
    });
    row.response
}

/// Every payment of the first year that a party makes or gets: who pays whom, and for what.
fn first_year(data: &PanelData<'_>, projection: &Projection, name: &str) -> String {
    let mine = projection.first_year.iter().filter(|p| p.from == name || p.to == name);
    let say = |p: &Payment| {
        let key = match p.what {
            Purpose::Investment => "business-for-investment",
            Purpose::Saving => "business-for-saving",
            Purpose::Energy => "business-for-energy",
            Purpose::FeedIn => "business-for-feed-in",
            Purpose::Upkeep => "business-for-upkeep",
            Purpose::Fee => "business-for-fee",
            Purpose::Dividend => "business-for-dividend",
        };
        let amount = numbers::number(p.amount.0 as f64 / 1e6, 2);
        let args = [
            ("from", party(data, &p.from).into()),
            ("to", party(data, &p.to).into()),
            ("what", data.t(key).into()),
            ("amount", amount.into()),
        ];
        data.locale.t_args("business-payment", &args)
    };
    let lines: Vec<String> = mine.map(say).collect();
    [data.t("business-payments")].into_iter().chain(lines).collect::<Vec<String>>().join("\n")
}

/// Each party: what it puts in, what the first year brings, what it all is worth today, and when it is back.
fn table(ui: &mut Ui, data: &PanelData<'_>, projection: &Projection) {
    ui.spacing_mut().item_spacing.y = 2.0;
    let first = (ui.available_width() - COLUMNS.iter().map(|(_, w)| w + 4.0).sum::<f32>() - 12.0).clamp(96.0, 220.0);
    let weak = |key: &str| RichText::new(data.t(key)).weak();
    line(ui, first, weak("business-column-party"), COLUMNS.iter().map(|(key, width)| (*width, weak(key))));
    for p in &projection.parties {
        let money = |micro: i64| numbers::number(micro as f64 / 1e6, 0);
        let flow = |year: usize| p.flows.get(year).map_or(0, |f| f.0);
        let back = match p.payback {
            Some(years) if flow(0) < 0 => {
                data.locale.t_args("business-years", &[("n", numbers::number(years, 1).into())])
            }
            None if flow(0) < 0 => data.t("business-never"),
            _ => "–".to_owned(),
        };
        let gain = RichText::new(numbers::number(p.npv, 0));
        let gain = if p.npv < 0.0 { gain.color(theme::fault(ui)) } else { gain.strong() };
        let cells = [RichText::new(money(flow(0))), RichText::new(money(flow(1))), gain, RichText::new(back)];
        let name = RichText::new(party(data, &p.name));
        let name = if p.is_member { name.strong() } else { name };
        let row = line(ui, first, name, cells.into_iter().zip(COLUMNS).map(|(text, (_, width))| (width, text)));
        row.on_hover_text(first_year(data, projection, &p.name));
    }
    ui.add(Label::new(RichText::new(data.t("business-how")).weak()).wrap());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A higher price moves money from who uses the field's energy to who owns it; a grant helps whoever pays for the field.
    #[test]
    fn levers_move_the_outcome_at_once() {
        let mut state = State::default();
        let company = |p: &Projection| p.parties.iter().find(|p| p.name == "sunco").expect("the company").npv;
        let before = company(state.project().expect("a projection"));
        let levers = state.levers.clone().expect("set by the first look");
        state.levers = Some(Levers { price: Some(0.3), ..levers.clone() });
        let dear = company(state.project().expect("a projection"));
        state.levers = Some(Levers { grant: 0.3, ..levers });
        let granted = company(state.project().expect("a projection"));
        assert!(dear > before + 1_000.0 && granted > before + 30_000.0, "{before} {dear} {granted}");
    }
}
