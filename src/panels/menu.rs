//! The menu at the right end of the time bar.

use super::controls::new_seed;
use super::data::{PanelAsk, PanelData, Reply};
use super::look::{Look, Theme};
use super::widgets;
use crate::bridge::Ask;
use bevy_egui::egui::{self, Button, RichText, Slider, Ui};
use egui_phosphor::regular as icons;
use sim_core::ids::EventId;

/// What the bar tells the shell.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    /// The legend is shown.
    pub legend: bool,
    /// An event chosen on the timeline.
    pub chosen_event: Option<EventId>,
    /// What Ctrl+Z would undo, in words.
    pub undo: Option<String>,
    /// Undo was asked for.
    pub undo_asked: bool,
    seeds: u64,
}

/// The button and, when it is open, the menu.
pub(crate) fn button(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, reply: &mut Reply) {
    let name = data.t("menu");
    let response = egui::containers::menu::MenuButton::from_button(
        Button::new(RichText::new(icons::LIST).size(super::theme::HEADING)).min_size(egui::vec2(28.0, 28.0)),
    )
    .config(egui::containers::menu::MenuConfig::new().close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside))
    .ui(ui, |ui| menu(ui, data, state, reply))
    .0;
    response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, &name));
    response.on_hover_text(name);
}

fn entry(ui: &mut Ui, icon: &str, words: String, key: &str) -> bool {
    let clicked = ui.add(Button::new(format!("{icon} {words}")).shortcut_text(key)).clicked();
    if clicked {
        ui.close();
    }
    clicked
}

fn menu(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, reply: &mut Reply) {
    ui.set_min_width(248.0);
    if entry(ui, icons::FOLDER_OPEN, data.t("menu-open"), "Ctrl+O") {
        reply.panel.push(PanelAsk::OpenDialog);
    }
    if entry(ui, icons::FLOPPY_DISK, data.t("menu-save-replay"), "Ctrl+S") {
        reply.panel.push(PanelAsk::SaveReplayDialog);
    }
    if entry(ui, icons::CAMERA, data.t("menu-save-picture"), "Ctrl+P") {
        reply.panel.push(PanelAsk::SavePictureDialog);
    }
    ui.separator();
    let undo = state
        .undo
        .clone()
        .map_or_else(|| data.t("menu-undo-nothing"), |what| data.locale.t_args("menu-undo", &[("what", what.into())]));
    let undo = Button::new(format!("{} {undo}", icons::ARROW_U_UP_LEFT)).shortcut_text("Ctrl+Z").truncate();
    if ui.add_enabled(state.undo.is_some(), undo).on_hover_text(data.t("menu-undo-hover")).clicked() {
        state.undo_asked = true;
        ui.close();
    }
    if entry(ui, icons::ARROW_COUNTER_CLOCKWISE, data.t("controls-restart"), "Ctrl+R") {
        reply.ask(Ask::Restart(None));
    }
    if entry(ui, icons::DICE_FIVE, data.t("controls-new-seed"), "Ctrl+Shift+R") {
        state.seeds += 1;
        reply.ask(Ask::Restart(Some(new_seed(state.seeds))));
    }
    if entry(ui, icons::HOUSE, data.t("menu-reset-view"), "Home") {
        reply.ask(Ask::ResetView);
    }
    ui.separator();
    looks(ui, data, reply);
    ui.separator();
    if entry(ui, icons::PLAY, data.t("menu-walkthrough"), "F1") {
        reply.panel.push(PanelAsk::PlayOpening);
    }
    if entry(ui, icons::QUESTION, data.t("menu-legend"), "L") {
        state.legend = !state.legend;
    }
    if entry(ui, icons::SIGN_OUT, data.t("menu-quit"), "Ctrl+Q") {
        reply.panel.push(PanelAsk::Quit);
    }
}

fn looks(ui: &mut Ui, data: &PanelData<'_>, reply: &mut Reply) {
    let mut look: Look = *data.look;
    ui.horizontal(|ui| {
        ui.selectable_value(&mut look.theme, Theme::Light, format!("{} {}", icons::SUN, data.t("menu-light")))
            .on_hover_text(widgets::tip(&data.t("menu-light"), Some("N")));
        ui.selectable_value(&mut look.theme, Theme::Dark, format!("{} {}", icons::MOON, data.t("menu-dark")))
            .on_hover_text(widgets::tip(&data.t("menu-dark"), Some("N")));
    });
    ui.horizontal(|ui| {
        ui.label(data.t("menu-scale"));
        let mut percent = look.scale * 100.0;
        ui.spacing_mut().slider_width = 96.0;
        let slider = Slider::new(&mut percent, 100.0..=200.0).step_by(25.0).fixed_decimals(0).suffix(" %");
        let response = ui.add(slider);
        // The scale changes once the slider is let go: a slider that grows under the pointer runs away from it.
        if response.drag_stopped() || (response.changed() && !response.dragged()) {
            look.scale = percent / 100.0;
        }
    });
    ui.checkbox(&mut look.presenter, data.t("menu-presenter"))
        .on_hover_text(widgets::tip(&data.t("menu-presenter-hover"), Some("P")));
    ui.checkbox(&mut look.reduce_motion, data.t("menu-reduce-motion"))
        .on_hover_text(data.t("menu-reduce-motion-hover"));
    if look != *data.look {
        reply.panel.push(PanelAsk::Wear(look));
    }
}
