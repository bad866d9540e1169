//! The keyboard: every action has a key; none works while text is being typed.

use super::data::{PanelAsk, PanelData, Reply};
use super::menu;
use super::time_bar::SPEEDS;
use super::widgets::pressed;
use crate::bridge::Ask;
use bevy_egui::egui::{Key, Modifiers, Ui};

/// Keys 1 to 6.
const DIGITS: [Key; 6] = [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6];

/// Reads the keyboard before any widget does, so that Space never presses the button that has the focus.
pub(crate) fn read(ui: &Ui, data: &PanelData<'_>, state: &mut menu::State, popup: bool) -> Reply {
    let mut reply = Reply::default();
    let (none, ctrl) = (Modifiers::NONE, Modifiers::COMMAND);
    if pressed(ui, ctrl, Key::Z) {
        state.undo_asked = true;
    }
    for (key, ask) in
        [(Key::O, PanelAsk::OpenDialog), (Key::S, PanelAsk::SaveReplayDialog), (Key::P, PanelAsk::SavePictureDialog)]
    {
        if pressed(ui, ctrl, key) {
            reply.panel.push(ask);
        }
    }
    if pressed(ui, none, Key::Space) {
        reply.ask(Ask::Play(!data.clock.playing));
    }
    if pressed(ui, none, Key::Period) {
        reply.ask(Ask::Step);
    }
    for (key, speed) in DIGITS.into_iter().zip(SPEEDS) {
        if pressed(ui, none, key) {
            reply.ask(Ask::Speed(speed));
        }
    }
    if pressed(ui, none, Key::L) {
        state.legend = !state.legend;
    }
    if pressed(ui, none, Key::Home) {
        reply.ask(Ask::ResetView);
    }
    if let Some(subject) = data.selection.subject {
        if pressed(ui, none, Key::F) {
            reply.ask(Ask::FlyTo(subject));
        }
        // With a menu or the legend open, Escape closes that first.
        if !popup && !state.legend && pressed(ui, none, Key::Escape) {
            reply.select = Some(None);
        }
    }
    if state.legend && pressed(ui, none, Key::Escape) {
        state.legend = false;
    }
    reply
}
