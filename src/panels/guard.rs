//! Work that would be lost is asked about: commands given since the replay was last saved.

use super::data::{PanelAsk, PanelData, Reply};
use super::files::{self, Purpose};
use super::{theme, widgets};
use crate::bridge::{Ask, is_network};
use bevy_egui::egui::{self, Id, Key, Label, Modal, Modifiers};

/// What ends the run that is open.
#[derive(Clone, Debug)]
enum Leave {
    /// Another file or a restart.
    For(Ask),
    /// The window closes.
    Quit,
}

/// Whether there is something to lose, and what waits for the answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    unsaved: bool,
    waiting: Option<Leave>,
    /// The replay is being saved; what waits goes on once it is.
    saving: bool,
    released: Option<Leave>,
}

impl State {
    /// A command was given.
    pub(crate) fn given(&mut self) {
        self.unsaved = true;
    }

    /// The replay was saved: what waited for it goes on.
    pub(crate) fn saved(&mut self) {
        self.unsaved = false;
        if std::mem::take(&mut self.saving) {
            self.released = self.waiting.take();
        }
    }

    /// A file could not be written or opened: nothing is left that waits.
    pub(crate) fn refused(&mut self) {
        if std::mem::take(&mut self.saving) {
            self.waiting = None;
        }
    }

    /// Another world: nothing of it is lost yet.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// A question is on the screen.
    pub(crate) fn asks(&self) -> bool {
        self.waiting.is_some()
    }

    /// Takes back what would lose work; the rest of the reply leaves as it is.
    pub(crate) fn hold(&mut self, reply: &mut Reply, study: bool) {
        self.unsaved |= !study && reply.asks.iter().any(|a| matches!(a, Ask::Do(_)));
        if self.unsaved {
            let mut held = None;
            reply.asks.retain(|ask| {
                // Before a network the community only stands still.
                let leaves = match ask {
                    Ask::Open(path) => !is_network(path),
                    other => matches!(other, Ask::Restart(_) | Ask::RestartWith(_)),
                };
                if leaves {
                    held = Some(Leave::For(ask.clone()));
                }
                !leaves
            });
            reply.panel.retain(|ask| {
                if *ask == PanelAsk::Quit {
                    held = Some(Leave::Quit);
                }
                *ask != PanelAsk::Quit
            });
            if held.is_some() {
                self.waiting = held;
                self.saving = false;
            }
        }
        if let Some(leave) = self.released.take() {
            go(leave, reply);
        }
    }
}

fn go(leave: Leave, reply: &mut Reply) {
    match leave {
        Leave::For(ask) => reply.ask(ask),
        Leave::Quit => reply.panel.push(PanelAsk::Quit),
    }
}

/// The question; what goes on once it is answered.
pub(crate) fn show(ctx: &egui::Context, data: &PanelData<'_>, state: &mut State, files: &mut files::State) -> Reply {
    let mut reply = Reply::default();
    if state.saving && files.dialog.is_none() && !files.sent {
        // The dialog was left without a file.
        state.saving = false;
        state.waiting = None;
    }
    if state.waiting.is_none() || state.saving {
        return reply;
    }
    let (mut save, mut discard, mut cancel) = (false, false, false);
    let modal = Modal::new(Id::new("unsaved")).show(ctx, |ui| {
        ui.set_width(400.0_f32.min(ctx.content_rect().width() - 64.0));
        widgets::title(ui, data.t("unsaved"));
        ui.add(Label::new(data.t("unsaved-text")).wrap());
        ui.add_space(theme::GRID);
        ui.horizontal_wrapped(|ui| {
            save = widgets::button(ui, data.t("unsaved-save"), &data.t("unsaved-save-hover"), Some("Enter")).clicked();
            discard = widgets::button(ui, data.t("unsaved-discard"), &data.t("unsaved-discard-hover"), None).clicked();
            cancel = widgets::button(ui, data.t("cancel"), &data.t("unsaved-cancel-hover"), Some("Esc")).clicked();
        });
        save |= ui.memory(|m| m.focused()).is_none() && ui.input_mut(|i| i.consume_key(Modifiers::NONE, Key::Enter));
    });
    if save {
        state.saving = true;
        files.begin(Purpose::SaveReplay);
    } else if discard {
        state.unsaved = false;
        if let Some(leave) = state.waiting.take() {
            go(leave, &mut reply);
        }
    } else if cancel || modal.should_close() {
        state.waiting = None;
    }
    reply
}
