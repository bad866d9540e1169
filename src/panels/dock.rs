//! Bottom: one dock at a time: power, market, chain, controls, events, voltage profile.

use super::data::{PanelData, Reply};
use super::marks::Marks;
use super::plot::Kept;
use super::{chain, controls, log, market, power, profile, study, theme, widgets};
use bevy_egui::egui::{Align, Button, Key, Layout, Modifiers, Ui};
use egui_phosphor::regular as icons;
use serde::{Deserialize, Serialize};

/// Height of the tabs, points.
pub(crate) const TABS: f32 = 32.0;

/// A dock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Dock {
    /// Balance of power over time.
    Power,
    /// Price, curves, trades, tariffs.
    Market,
    /// Blocks, votes, verification.
    Chain,
    /// Faults, weather, healing, restart.
    Controls,
    /// What happened.
    Events,
    /// Voltages over the distance from the source.
    Profile,
    /// An imported network: how it was solved, its loads, what was left out.
    Study,
}

/// Docks in order, with icon and words.
const DOCKS: [(Dock, &str, &str); 7] = [
    (Dock::Power, icons::LIGHTNING, "dock-power"),
    (Dock::Market, icons::COINS, "dock-market"),
    (Dock::Chain, icons::CUBE, "dock-chain"),
    (Dock::Controls, icons::SLIDERS_HORIZONTAL, "dock-controls"),
    (Dock::Events, icons::LIST_BULLETS, "dock-events"),
    (Dock::Profile, icons::CHART_LINE_DOWN, "dock-profile"),
    (Dock::Study, icons::FILE_MAGNIFYING_GLASS, "dock-study"),
];

/// Their keys, with Ctrl.
const DIGITS: [Key; 7] = [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7];

/// State of all docks.
#[derive(Default)]
pub(crate) struct State {
    pub open: Option<Dock>,
    pub power: power::State,
    pub market: market::State,
    pub chain: chain::State,
    pub controls: controls::State,
    pub log: log::State,
    pub profile: profile::State,
    pub study: study::State,
}

/// The tabs and the dock that is open.
pub(crate) fn show(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, marks: &Marks, kept: &mut Kept) -> Reply {
    tabs(ui, data, state);
    ui.add_space(4.0);
    match state.open {
        None => Reply::default(),
        Some(Dock::Power) => power::show(ui, data, &mut state.power, marks, kept),
        Some(Dock::Market) => market::show(ui, data, &mut state.market),
        Some(Dock::Chain) => chain::show(ui, data, &mut state.chain),
        Some(Dock::Controls) => controls::show(ui, data, &mut state.controls),
        Some(Dock::Events) => log::show(ui, data, &mut state.log),
        Some(Dock::Profile) => profile::show(ui, data, &mut state.profile),
        Some(Dock::Study) => study::show(ui, data, &mut state.study),
    }
}

/// Whether a dock has something to say.
pub(crate) fn offered(dock: Dock, study: bool) -> bool {
    match dock {
        Dock::Profile => true,
        Dock::Study => study,
        _ => !study,
    }
}

fn tabs(ui: &mut Ui, data: &PanelData<'_>, state: &mut State) {
    ui.horizontal(|ui| {
        ui.set_height(TABS - theme::GRID);
        ui.spacing_mut().item_spacing.x = 4.0;
        for ((dock, icon, key), digit) in DOCKS.into_iter().zip(DIGITS) {
            // A study has no market and no chain, a community no file that was read.
            if !offered(dock, data.study.is_some()) {
                continue;
            }
            let open = state.open == Some(dock);
            let name = data.t(key);
            let text = if ui.available_width() < 90.0 { icon.to_owned() } else { format!("{icon} {name}") };
            let response = ui.add(Button::selectable(open, text));
            response.widget_info(|| {
                bevy_egui::egui::WidgetInfo::selected(bevy_egui::egui::WidgetType::Button, true, open, &name)
            });
            let tip = widgets::tip(&name, Some(&format!("Ctrl+{}", digit.name())));
            if response.on_hover_text(tip).clicked() || widgets::pressed(ui, Modifiers::COMMAND, digit) {
                state.open = if open { None } else { Some(dock) };
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let (icon, key) =
                if state.open.is_some() { (icons::CARET_DOWN, "dock-fold") } else { (icons::CARET_UP, "dock-unfold") };
            let pressed = widgets::pressed(ui, Modifiers::NONE, Key::D);
            if widgets::icon(ui, icon, &data.t(key), Some("D"), false).clicked() || pressed {
                let first = if data.study.is_some() { Dock::Study } else { Dock::Power };
                state.open = if state.open.is_some() { None } else { Some(first) };
            }
        });
    });
}
