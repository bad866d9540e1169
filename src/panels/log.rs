//! What happened, newest last: a virtual list with a filter; a click selects and shows why.

use super::burst::{self, Burst, Line};
use super::data::{PanelData, Past, Reply};
use super::severity::{Topic, Weight, rate};
use super::words::describe;
use super::{theme, why, widgets};
use crate::palette;
use bevy_egui::egui::{self, Button, Label, RichText, ScrollArea, Sense, TextEdit, Ui};
use egui_phosphor::regular as icons;
use sim_core::event::{Event, EventKind};
use sim_core::ids::EventId;
use sim_core::time::SimTime;
use std::collections::BTreeSet;

/// Height of a row, points.
const ROW: f32 = 20.0;

/// State of the log.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    hidden: BTreeSet<Topic>,
    /// Routine events are shown too.
    quiet: bool,
    search: String,
    pub chosen: Option<EventId>,
    /// Bursts that are unfolded, by their first event.
    open: BTreeSet<EventId>,
    kept: Kept,
}

/// Rows of the events that pass the filter, so that a long log is read once.
#[derive(Clone, Debug, Default)]
struct Kept {
    filter: Option<(BTreeSet<Topic>, bool, String)>,
    seen: usize,
    passed: usize,
    bursts: Vec<Burst>,
    lines: Vec<Line>,
}

impl State {
    /// Forgets what belongs to another world.
    pub(crate) fn clear(&mut self) {
        self.kept = Kept::default();
        self.chosen = None;
        self.open.clear();
    }

    fn follow(&mut self, data: &PanelData<'_>) {
        let filter = Some((self.hidden.clone(), self.quiet, self.search.trim().to_lowercase()));
        let events = data.past.events();
        if self.kept.filter != filter || events.len() < self.kept.seen {
            self.kept = Kept { filter, ..Kept::default() };
        }
        if events.len() == self.kept.seen {
            return;
        }
        for (i, event) in events.iter().enumerate().skip(self.kept.seen) {
            if self.passes(event, data) {
                self.kept.passed += 1;
                burst::add(&mut self.kept.bursts, events, i);
            }
        }
        self.kept.seen = events.len();
        self.kept.lines = burst::lines(&self.kept.bursts, &self.open);
    }

    fn passes(&self, event: &Event, data: &PanelData<'_>) -> bool {
        let (topic, weight) = rate(&event.kind);
        if self.hidden.contains(&topic) || (weight == Weight::Quiet && !self.quiet) {
            return false;
        }
        let needle = self.search.trim().to_lowercase();
        needle.is_empty() || describe(event, data.scene, data.locale).to_lowercase().contains(&needle)
    }
}

/// The dock.
pub(crate) fn show(ui: &mut Ui, data: &PanelData<'_>, state: &mut State) -> Reply {
    let mut reply = Reply::default();
    filter(ui, data, state);
    state.follow(data);
    let chosen = state.chosen;
    let side = if chosen.is_some() { 320.0 } else { 1.0 };
    widgets::columns(ui, &[0.0, side], |i, ui| {
        if i == 0 {
            list(ui, data, state, &mut reply);
        } else if let Some(event) = chosen {
            ScrollArea::vertical().id_salt("log causes").auto_shrink([false, false]).show(ui, |ui| {
                why::show(ui, data, event, &mut reply);
            });
        }
    });
    reply
}

fn filter(ui: &mut Ui, data: &PanelData<'_>, state: &mut State) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        for topic in Topic::ALL {
            let shown = !state.hidden.contains(&topic);
            if ui.add(Button::selectable(shown, data.t(topic.key()))).clicked() && !state.hidden.remove(&topic) {
                state.hidden.insert(topic);
            }
        }
        ui.checkbox(&mut state.quiet, data.t("log-quiet")).on_hover_text(data.t("log-quiet-hover"));
        let hint = format!("{} {}", icons::MAGNIFYING_GLASS, data.t("log-search"));
        ui.add(TextEdit::singleline(&mut state.search).hint_text(hint).desired_width(140.0));
        let n = state.kept.passed;
        ui.label(RichText::new(data.locale.t_args("log-count", &[("n", n.into())])).weak());
    });
}

fn list(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, reply: &mut Reply) {
    if state.kept.bursts.is_empty() {
        let key = if data.past.events().is_empty() { "log-empty" } else { "log-filtered" };
        ui.label(RichText::new(data.t(key)).weak());
        return;
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    let (mut chosen, mut unfolded) = (None, None);
    let (events, bursts) = (data.past.events(), &state.kept.bursts);
    let area = ScrollArea::vertical().auto_shrink([false, false]).stick_to_bottom(true);
    area.show_rows(ui, ROW, state.kept.lines.len(), |ui, range| {
        for line in &state.kept.lines[range] {
            let (place, burst, inside) = match *line {
                Line::Event { place, inside } => (Some(place), None, inside),
                Line::Folded { burst, open } => {
                    let Some(burst) = bursts.get(burst) else { continue };
                    (burst.members.first().copied(), Some((burst, open)), false)
                }
            };
            let Some(event) = place.and_then(|i| events.get(i)) else { continue };
            let picked = burst.is_none() && state.chosen == Some(event.id);
            // A folded row is as loud as the loudest of its events.
            let members = burst.map_or(&[][..], |(b, _)| &b.members[..]).iter().filter_map(|i| events.get(*i));
            let loudest = members.map(|e| &e.kind).max_by_key(|kind| rate(kind).1).unwrap_or(&event.kind);
            let folded = burst.map(|(b, open)| (b.members.len(), open));
            if entry(ui, data, (event, loudest), folded, inside, picked) {
                match burst {
                    Some((burst, _)) => unfolded = Some(burst.first),
                    None => chosen = Some(event),
                }
            }
        }
    });
    if let Some(burst) = unfolded {
        if !state.open.remove(&burst) {
            state.open.insert(burst);
        }
        state.kept.lines = burst::lines(&state.kept.bursts, &state.open);
    }
    if let Some(event) = chosen {
        state.chosen = if state.chosen == Some(event.id) { None } else { Some(event.id) };
        reply.select(event.subject);
    }
}

/// A row; of a burst with the number of its events and whether it is unfolded. True when it was clicked.
fn entry(
    ui: &mut Ui,
    data: &PanelData<'_>,
    (event, loudest): (&Event, &EventKind),
    burst: Option<(usize, bool)>,
    inside: bool,
    chosen: bool,
) -> bool {
    ui.horizontal(|ui| {
        ui.set_height(ROW);
        let time = SimTime(event.time_us).clock();
        let right = egui::Layout::right_to_left(egui::Align::Center);
        ui.allocate_ui_with_layout(egui::vec2(96.0, ROW), right, |ui| ui.label(RichText::new(time).weak()));
        let (mark, colour) = mark(ui, loudest);
        ui.allocate_ui_with_layout(egui::vec2(14.0, ROW), right, |ui| ui.label(RichText::new(mark).color(colour)));
        if inside {
            ui.add_space(16.0);
        }
        let words = describe(event, data.scene, data.locale);
        let (text, hover) = match burst {
            None => (words, "log-why-hover"),
            Some((n, open)) => {
                let caret = if open { icons::CARET_DOWN } else { icons::CARET_RIGHT };
                let args = [("first", words.into()), ("n", (n - 1).into())];
                (format!("{caret} {}", data.locale.t_args("log-burst", &args)), "log-burst-hover")
            }
        };
        let text = RichText::new(text);
        let text = if chosen { text.strong().underline() } else { text };
        let label = Label::new(text).truncate().sense(Sense::click());
        ui.add(label).on_hover_cursor(egui::CursorIcon::PointingHand).on_hover_text(data.t(hover)).clicked()
    })
    .inner
}

fn mark(ui: &Ui, kind: &EventKind) -> (&'static str, egui::Color32) {
    match rate(kind).1 {
        Weight::Bad => ("▲", theme::fault(ui)),
        Weight::Good => (icons::CHECK, theme::ink(ui, palette::HEALTHY)),
        Weight::Notable => ("•", ui.visuals().text_color()),
        Weight::Quiet => ("·", ui.visuals().weak_text_color()),
    }
}

/// The event that is explained is still there.
pub(crate) fn exists(past: &dyn Past, event: Option<EventId>) -> bool {
    event.is_some_and(|e| past.event(e).is_some())
}
