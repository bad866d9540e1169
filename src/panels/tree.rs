//! Left: everything of the scene by kind, with a search; below it what the world shows.

use super::data::{PanelData, Reply};
use super::look::{Layers, MapLayer};
use super::names::name;
use super::{theme, widgets};
use crate::bridge::Ask;
use crate::locale::Language;
use bevy_egui::egui::{self, Button, RichText, ScrollArea, Sense, TextEdit, Ui};
use egui_phosphor::regular as icons;
use sim_core::ids::Subject;
use sim_core::scene::named;
use sim_core::scene::schema::DeviceKind;
use std::collections::BTreeSet;

/// Height of a row, points.
const ROW: f32 = 22.0;
/// Height of what the world shows, points.
const LAYERS: f32 = 144.0;

/// Groups of the tree, in order: words and icon.
const GROUPS: [(&str, &str); 10] = [
    ("group-community", icons::CIRCLE),
    ("group-buildings", icons::HOUSE),
    ("group-generation", icons::SUN),
    ("group-storage", icons::BATTERY_CHARGING),
    ("group-chargers", icons::CHARGING_STATION),
    ("group-lines", icons::PATH),
    ("group-switches", icons::TOGGLE_LEFT),
    ("group-communication", icons::BROADCAST),
    ("group-validators", icons::CUBE),
    ("group-buses", icons::DOTS_THREE_VERTICAL),
];

/// State of the tree.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    search: String,
    open: BTreeSet<usize>,
    built_for: Option<(u32, Language)>,
    entries: Vec<(usize, Subject, String)>,
}

enum RowKind<'a> {
    Group(usize, usize),
    Thing(Subject, &'a str),
}

/// The tree and the layers.
pub(crate) fn show(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, layers: &mut Layers) -> Reply {
    let mut reply = Reply::default();
    let built_for = Some((data.world, data.locale.language()));
    if state.built_for != built_for {
        state.entries = entries(data);
        state.built_for = built_for;
    }
    let hint = format!("{} {}", icons::MAGNIFYING_GLASS, data.t("tree-search"));
    let search = TextEdit::singleline(&mut state.search).hint_text(hint).desired_width(f32::INFINITY);
    let response = ui.add(search);
    let named = data.t("tree-search");
    response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::TextEdit, true, &named));
    ui.add_space(4.0);
    let rows = visible(state);
    let height = (ui.available_height() - LAYERS).max(ROW * 2.0);
    let mut toggled = None;
    if rows.is_empty() {
        let hint = data.locale.t_args("tree-nothing", &[("search", state.search.clone().into())]);
        ui.add(egui::Label::new(RichText::new(hint).weak()).wrap());
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::vertical().max_height(height).auto_shrink([false, false]).show_rows(
        ui,
        ROW,
        rows.len(),
        |ui, range| {
            for row in &rows[range] {
                match row {
                    RowKind::Group(group, count) => {
                        if group_row(ui, data, state, *group, *count) {
                            toggled = Some(*group);
                        }
                    }
                    RowKind::Thing(subject, name) => thing_row(ui, data, *subject, name, &mut reply),
                }
            }
        },
    );
    if let Some(group) = toggled
        && !state.open.remove(&group)
    {
        state.open.insert(group);
    }
    ui.spacing_mut().item_spacing.y = 4.0;
    show_layers(ui, data, layers);
    reply
}

fn group_of(data: &PanelData<'_>, subject: Subject) -> Option<usize> {
    if data.study.is_some() {
        match subject {
            Subject::Bus(_) => return Some(9),
            Subject::Device(_) => return Some(2),
            Subject::Market | Subject::Chain | Subject::Weather => return None,
            _ => {}
        }
    }
    Some(match subject {
        Subject::Community | Subject::Grid | Subject::Market | Subject::Chain | Subject::Weather => 0,
        Subject::Building(_) => 1,
        Subject::Device(i) => match data.scene.file.devices.get(i.index())?.kind {
            DeviceKind::Battery(_) | DeviceKind::Flywheel(_) => 3,
            DeviceKind::EvCharger(_) => 4,
            _ => 2,
        },
        Subject::Line(_) => 5,
        Subject::Switch(_) | Subject::Transformer(_) => 6,
        Subject::Gateway(_) => 7,
        Subject::Validator(_) => 8,
        Subject::Bus(_) => return None,
    })
}

fn entries(data: &PanelData<'_>) -> Vec<(usize, Subject, String)> {
    let general = [Subject::Community, Subject::Grid, Subject::Market, Subject::Chain, Subject::Weather];
    let all = general.into_iter().chain(named(&data.scene.file).map(|(_, s)| s));
    let mut entries: Vec<_> =
        all.filter_map(|s| Some((group_of(data, s)?, s, name(data.scene, s, data.locale)))).collect();
    entries.sort_by_key(|(group, ..)| *group);
    entries
}

/// Rows to show: groups, and the things of open ones; with a search only what matches, in open groups.
fn visible(state: &State) -> Vec<RowKind<'_>> {
    let needle = state.search.trim().to_lowercase();
    let matches = |name: &str| needle.is_empty() || name.to_lowercase().contains(&needle);
    let mut rows = Vec::new();
    for group in 0..GROUPS.len() {
        let things = || state.entries.iter().filter(|(g, _, name)| *g == group && matches(name));
        let count = things().count();
        if count == 0 {
            continue;
        }
        rows.push(RowKind::Group(group, count));
        if !needle.is_empty() || state.open.contains(&group) {
            rows.extend(things().map(|(_, subject, name)| RowKind::Thing(*subject, name)));
        }
    }
    rows
}

fn group_row(ui: &mut Ui, data: &PanelData<'_>, state: &State, group: usize, count: usize) -> bool {
    let open = state.open.contains(&group) || !state.search.trim().is_empty();
    let (key, icon) = match (data.study.is_some(), group) {
        (true, 0) => ("kind-network", icons::CIRCLE),
        (true, 1) => ("group-loads", icons::ARROW_DOWN),
        (true, 2) => ("group-at-buses", icons::GEAR),
        (true, 5) => ("group-ways", icons::PATH),
        _ => GROUPS[group],
    };
    let caret = if open { icons::CARET_DOWN } else { icons::CARET_RIGHT };
    let text = format!("{caret} {icon} {}", data.t(key));
    let button = Button::new(text).frame_when_inactive(false).right_text(RichText::new(count.to_string()).weak());
    ui.add_sized([ui.available_width(), ROW], button).clicked()
}

fn thing_row(ui: &mut Ui, data: &PanelData<'_>, subject: Subject, name: &str, reply: &mut Reply) {
    let selected = data.selection.subject == Some(subject);
    ui.horizontal(|ui| {
        ui.add_space(theme::GRID * 2.0);
        let button = Button::selectable(selected, name).truncate().sense(Sense::click());
        let response = ui.add(button).on_hover_text(data.t(data.kind_key(subject)));
        if response.clicked() {
            reply.select(subject);
        }
        if response.double_clicked() {
            reply.ask(Ask::FlyTo(subject));
        }
    });
}

fn show_layers(ui: &mut Ui, data: &PanelData<'_>, layers: &mut Layers) {
    ui.add_space(theme::GRID);
    ui.spacing_mut().item_spacing.y = 1.0;
    widgets::title(ui, data.t("layers"));
    ui.checkbox(&mut layers.flows, data.t("layer-flows")).on_hover_text(data.t("term-layer-flows"));
    ui.checkbox(&mut layers.contracts, data.t("layer-contracts")).on_hover_text(data.t("term-layer-contracts"));
    ui.checkbox(&mut layers.labels, data.t("layer-labels"));
    ui.checkbox(&mut layers.chain, data.t("layer-chain"));
    let maps = [
        (None, "layer-map-none"),
        (Some(MapLayer::Loading), "layer-map-loading"),
        (Some(MapLayer::Voltage), "layer-map-voltage"),
        (Some(MapLayer::Unbalance), "layer-map-unbalance"),
        (Some(MapLayer::Price), "layer-map-price"),
    ];
    let chosen = maps.iter().find(|(m, _)| *m == layers.map).map_or("layer-map-none", |(_, key)| *key);
    let combo = egui::ComboBox::from_id_salt("map layer").selected_text(data.t(chosen)).width(ui.available_width());
    combo.show_ui(ui, |ui| {
        for (map, key) in maps {
            ui.selectable_value(&mut layers.map, map, data.t(key));
        }
    });
}
