//! The keyboard: every action has a key; none works while text is being typed.

use super::actions::{Sort, actions};
use super::controls::{clear, new_seed};
use super::data::{PanelAsk, PanelData, Reply};
use super::look::Theme;
use super::menu;
use super::time_bar::SPEEDS;
use super::widgets::pressed;
use crate::bridge::Ask;
use crate::locale::Language;
use bevy_egui::egui::{Key, Modifiers, Ui};
use sim_core::command::Command;

/// Keys 1 to 6.
const DIGITS: [Key; 6] = [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6];

/// Reads the keyboard before any widget does, so that Space never presses the button that has the focus.
pub(crate) fn read(ui: &Ui, data: &PanelData<'_>, state: &mut menu::State, popup: bool) -> Reply {
    let mut reply = Reply::default();
    let (none, ctrl) = (Modifiers::NONE, Modifiers::COMMAND);
    // With Shift first: a key without it matches both.
    if pressed(ui, ctrl | Modifiers::SHIFT, Key::R) {
        reply.ask(Ask::Restart(Some(new_seed(0))));
    }
    if pressed(ui, ctrl, Key::R) {
        reply.ask(Ask::Restart(None));
    }
    if pressed(ui, none, Key::F1) {
        reply.panel.push(PanelAsk::PlayOpening);
    }
    if pressed(ui, ctrl, Key::Q) {
        reply.panel.push(PanelAsk::Quit);
    }
    looks(ui, data, &mut reply);
    community(ui, data, &mut reply);
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

/// Keys of how the app looks and speaks.
fn looks(ui: &Ui, data: &PanelData<'_>, reply: &mut Reply) {
    let (mut look, none) = (*data.look, Modifiers::NONE);
    if pressed(ui, none, Key::P) {
        look.presenter = !look.presenter;
    }
    if pressed(ui, none, Key::N) {
        look.theme = if look.dark() { Theme::Light } else { Theme::Dark };
    }
    if look != *data.look {
        reply.panel.push(PanelAsk::Wear(look));
    }
    if pressed(ui, none, Key::G) {
        let other = if data.locale.language() == Language::Zh { Language::En } else { Language::Zh };
        reply.panel.push(PanelAsk::Speak(other));
    }
    if pressed(ui, none, Key::M) {
        reply.ask(Ask::SlowMotion(!data.clock.slow_motion));
    }
}

/// Keys of what is done to the community.
fn community(ui: &Ui, data: &PanelData<'_>, reply: &mut Reply) {
    let none = Modifiers::NONE;
    if pressed(ui, none, Key::H) {
        reply.command(Command::SelfHealing { enabled: !data.now.healing_enabled });
    }
    if pressed(ui, none, Key::R) {
        reply.command(Command::RepairAll);
    }
    if pressed(ui, none, Key::C) {
        clear(data, reply);
    }
    if let Some(subject) = data.selection.subject
        && pressed(ui, none, Key::B)
        && let Some(action) = actions(data, subject, None).into_iter().find(|a| a.sort == Sort::Breaks)
    {
        reply.command(action.command);
    }
}
