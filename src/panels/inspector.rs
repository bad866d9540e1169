//! Right: what is selected: its numbers, its last hours, what can be done to it, and why it is as it is.

use super::actions::{Action, Sort, actions};
use super::data::{PanelData, Reply};
use super::marks::Marks;
use super::names::name;
use super::plot::{self, Kept, Picture, Series};
use super::{bid, bill, facts, footprint, storage, study_facts, theme, why, widgets};
use crate::bridge::Ask;
use crate::palette;
use bevy_egui::egui::{self, Button, Color32, RichText, ScrollArea, Ui};
use egui_phosphor::regular as icons;
use egui_plot::LineStyle;
use sim_core::ids::{EventId, Subject};
use sim_core::recorder::Channel;

/// Hours in the plot.
const HOURS: f64 = 6.0;
/// Height of the plot, points.
const PLOT_HEIGHT: f32 = 128.0;

/// State of the inspector.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    /// The chain of causes is shown.
    pub why: bool,
    /// An event chosen elsewhere (log, timeline); without one the newest of the thing is explained.
    pub event: Option<EventId>,
    pub bid: bid::State,
}

/// The inspector.
pub(crate) fn show(
    ui: &mut Ui,
    data: &PanelData<'_>,
    state: &mut State,
    marks: &Marks,
    kept: &mut Kept,
    compact: bool,
) -> Reply {
    let mut reply = Reply::default();
    let Some(subject) = data.selection.subject else {
        widgets::empty(ui, icons::CROSSHAIR, &data.t("inspector-empty"), &data.t("inspector-empty-hint"));
        return reply;
    };
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        heading(ui, data, subject, &mut reply);
        let event = explained(data, subject, state, marks);
        buttons(ui, data, subject, event, state, &mut reply);
        if let Some(event) = event.filter(|_| state.why) {
            causes(ui, data, event, &mut reply);
        }
        numbers(ui, data, subject);
        if let Some(study) = data.study {
            study_facts::tables(ui, data, study, subject);
            return;
        }
        bill::show(ui, data, subject, &mut reply);
        storage::section(ui, data, subject, &mut reply);
        footprint::show(ui, data, subject, &mut reply);
        if !compact {
            history(ui, data, subject, marks, kept);
        }
        if let Subject::Building(id) = subject {
            bid::show(ui, data, id, &mut state.bid, &mut reply);
        }
    });
    reply
}

/// What changes first; what hardly does is folded away.
fn numbers(ui: &mut Ui, data: &PanelData<'_>, subject: Subject) {
    let facts = facts::facts(data, subject);
    widgets::rows(ui, data, facts.iter().filter(|r| !r.detail));
    if facts.iter().any(|r| r.detail) {
        let header = egui::CollapsingHeader::new(RichText::new(data.t("details")).weak()).id_salt("details");
        header.show_unindented(ui, |ui| widgets::rows(ui, data, facts.iter().filter(|r| r.detail)));
    }
    ui.add_space(theme::GRID);
}

fn heading(ui: &mut Ui, data: &PanelData<'_>, subject: Subject, reply: &mut Reply) {
    ui.horizontal(|ui| {
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Min), |ui| {
            if widgets::icon(ui, icons::X, &data.t("deselect"), Some("Esc"), false).clicked() {
                reply.select = Some(None);
            }
            if widgets::icon(ui, icons::PAPER_PLANE_TILT, &data.t("fly-to"), Some("F"), false).clicked() {
                reply.ask(Ask::FlyTo(subject));
            }
            ui.with_layout(egui::Layout::top_down(egui::Align::Min), |ui| {
                let title = name(data.scene, subject, data.locale);
                ui.add(egui::Label::new(RichText::new(&title).size(theme::HEADING).strong()).wrap());
                let kind = data.t(data.kind_key(subject));
                let short = data.scene.name(subject);
                if kind != title {
                    ui.label(RichText::new(format!("{kind} · {short}")).weak());
                }
            });
        });
    });
    ui.add_space(theme::GRID);
}

/// Channel of a thing, the words for it, its unit, a factor and its colour.
fn channel(subject: Subject) -> Option<(Channel, &'static str, &'static str, f64, palette::Rgb)> {
    Some(match subject {
        Subject::Line(i) => (Channel::Line(i.0), "row-loading", "%", 100.0, palette::HEAVY),
        Subject::Bus(i) => (Channel::Bus(i.0), "plot-voltage", "%", 100.0, palette::HEALTHY),
        Subject::Building(i) => (Channel::Building(i.0), "row-net", "kW", 1.0, palette::HEALTHY),
        Subject::Device(i) => (Channel::Device(i.0), "row-power", "kW", 1.0, palette::HEALTHY),
        Subject::Market => (Channel::Price, "row-price", "/kWh", 0.001, palette::MONEY),
        Subject::Grid => (Channel::Grid, "row-import", "kW", 1.0, palette::GRID),
        Subject::Community => (Channel::Load, "row-load", "kW", 1.0, palette::HEALTHY),
        _ => return None,
    })
}

fn history(ui: &mut Ui, data: &PanelData<'_>, subject: Subject, marks: &Marks, kept: &mut Kept) {
    let Some((channel, key, unit, factor, colour)) = channel(subject) else { return };
    let minutes = kept.get(data, channel, HOURS);
    let points = plot::means(minutes, factor);
    let what = data.t(key);
    ui.label(RichText::new(data.locale.t_args("plot-last-hours", &[("what", what.into()), ("unit", unit.into())])));
    ui.add_space(4.0);
    let colour = if colour == palette::MONEY { theme::money(ui) } else { theme::rgb(colour) };
    let mut lines = vec![line(String::new(), colour, points)];
    if let Subject::Device(i) = subject
        && data.now.devices.get(i.index()).is_some_and(|d| d.soc.is_some())
    {
        let minutes = kept.get(data, Channel::Charge(i.0), HOURS);
        let mut charge = line(data.t("row-charge"), theme::rgb(palette::STORAGE), plot::means(minutes, 100.0));
        charge.style = LineStyle::dashed_dense();
        lines.push(charge);
    }
    let picture = Picture {
        id: "inspector history",
        unit,
        hours: HOURS,
        height: PLOT_HEIGHT,
        bands: Vec::new(),
        lines,
        include: vec![0.0],
    };
    plot::show(ui, data, picture, marks.all());
    ui.add_space(theme::GRID);
}

fn line(name: String, colour: Color32, points: Vec<[f64; 2]>) -> Series {
    Series { name, colour, points, style: LineStyle::Solid }
}

/// More ways to break a thing than this go into a menu.
const FEW: usize = 2;

/// What can be asked of and done to a thing, in one row.
fn buttons(
    ui: &mut Ui,
    data: &PanelData<'_>,
    subject: Subject,
    event: Option<EventId>,
    state: &mut State,
    reply: &mut Reply,
) {
    let all = actions(data, subject, None);
    if all.is_empty() && event.is_none() {
        return;
    }
    let breaks = |a: &Action| a.sort == Sort::Breaks;
    let many = all.iter().filter(|a| breaks(a)).count() > FEW;
    ui.horizontal_wrapped(|ui| {
        if event.is_some() && why::button(ui, data, state.why).clicked() {
            state.why = !state.why;
        }
        if many {
            let text = format!("{} {} {}", icons::LIGHTNING, data.t("action-break"), icons::CARET_DOWN);
            let response = ui.menu_button(text, |ui| {
                for action in all.iter().filter(|a| breaks(a)) {
                    if action_button(ui, data, action).clicked() {
                        reply.command(action.command.clone());
                        ui.close();
                    }
                }
            });
            let tip = widgets::tip(&data.t(sort_hover(Sort::Breaks)), Some("B"));
            response.response.on_hover_text(tip);
        }
        for action in all.iter().filter(|a| !many || !breaks(a)) {
            if action_button(ui, data, action).clicked() {
                reply.command(action.command.clone());
            }
        }
    });
    ui.add_space(theme::GRID);
}

/// A button for an action; its label is heard without the icon.
pub(crate) fn action_button(ui: &mut Ui, data: &PanelData<'_>, action: &Action) -> egui::Response {
    let button = ui.add(Button::new(format!("{} {}", sort_icon(action.sort), action.label)));
    button.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, &action.label));
    button.on_hover_text(data.t(sort_hover(action.sort)))
}

/// Icon of a sort of action.
fn sort_icon(sort: Sort) -> &'static str {
    match sort {
        Sort::Breaks => icons::LIGHTNING,
        Sort::Mends => icons::WRENCH,
        Sort::Switches => icons::TOGGLE_LEFT,
    }
}

/// Words that explain a sort of action.
fn sort_hover(sort: Sort) -> &'static str {
    match sort {
        Sort::Breaks => "action-breaks-hover",
        Sort::Mends => "action-mends-hover",
        Sort::Switches => "action-switches-hover",
    }
}

/// The event to explain: one chosen elsewhere, what made a building dark, else the newest of the thing.
fn explained(data: &PanelData<'_>, subject: Subject, state: &State, marks: &Marks) -> Option<EventId> {
    let dark = match subject {
        Subject::Building(i) => data.now.buildings.get(i.index()).and_then(|b| b.dark_event).map(EventId),
        _ => None,
    };
    state.event.or(dark).or_else(|| marks.newest(subject))
}

fn causes(ui: &mut Ui, data: &PanelData<'_>, event: EventId, reply: &mut Reply) {
    why::heading(ui, data, event);
    why::show(ui, data, event, reply);
    ui.add_space(theme::GRID);
}
