//! The Bevy side of the panels: a few lines around functions that know nothing of Bevy.

use super::context::{self, ContextAsked};
use super::data::{PanelAsk, PanelData};
use super::files::{Notice, Recent};
use super::look::{Layers, Look};
use super::{Dock, fonts, shell, theme};
use crate::bridge::{Ask, Clock, Happened, History, Live, Selection, Told};
use crate::locale::{Language, Locale};
use crate::tour::Tour;
use bevy::prelude::*;
use bevy::window::{FileDragAndDrop, WindowCloseRequested};
use bevy_egui::egui::{self, LayerId, UiBuilder};
use bevy_egui::{EguiContexts, EguiPrimaryContextPass};

/// State of the panels.
#[derive(Resource, Default)]
pub struct Panels {
    state: shell::State,
    dressed: Option<(bool, bool, u32)>,
    chinese: Option<bool>,
}

impl Panels {
    /// Opens a dock, or folds all.
    pub fn open_dock(&mut self, dock: Option<Dock>) {
        self.state.dock.open = dock;
    }
    /// Shows or hides the legend.
    pub fn show_legend(&mut self, shown: bool) {
        self.state.menu.legend = shown;
    }
    /// Shows or hides the inspector, where the window is so small that it is a drawer.
    pub fn show_inspector(&mut self, shown: bool) {
        self.state.drawer = shown.then_some(shell::Side::Right);
    }
    /// Unfolds the card of a disturbance, or folds it to its title.
    pub fn show_outcome(&mut self, shown: bool) {
        self.state.outcome.folded = !shown;
    }
    /// Opens a sheet as a picture wants it, or closes it.
    pub fn show_sheet(&mut self, name: &str) {
        self.state.sheet.show(name);
    }
    /// Shows the chain of causes of whatever is selected.
    pub fn show_why(&mut self, shown: bool) {
        self.state.show_why(shown);
    }
}

/// The part of the window that no panel covers, in logical pixels of the window: the stage puts its view there.
#[derive(Resource, Clone, Copy, Debug, PartialEq)]
pub struct Free(pub egui::Rect);

impl Default for Free {
    fn default() -> Self {
        Self(egui::Rect::EVERYTHING)
    }
}

/// The answer to [`PanelAsk::VerifyChain`], in words.
#[derive(Message, Clone, Debug, PartialEq)]
pub struct Verdict {
    /// All hashes, signatures, votes, roots and balances hold.
    pub sound: bool,
    /// What was found.
    pub words: String,
}

/// The panels.
pub fn plugin(app: &mut App) {
    app.init_resource::<Panels>()
        .init_resource::<Free>()
        .init_resource::<Look>()
        .init_resource::<Layers>()
        .init_resource::<Recent>()
        .init_resource::<Locale>()
        .init_resource::<Selection>()
        .init_resource::<Tour>()
        .add_message::<PanelAsk>()
        .add_message::<ContextAsked>()
        .add_message::<Notice>()
        .add_message::<Verdict>()
        .add_message::<Ask>()
        .add_message::<Happened>()
        .add_message::<Told>()
        .add_message::<FileDragAndDrop>()
        .add_message::<WindowCloseRequested>()
        .add_systems(EguiPrimaryContextPass, (dress, listen, show_panels).chain());
}

/// Fonts once, visuals whenever the look changes.
fn dress(
    mut contexts: EguiContexts,
    mut panels: ResMut<Panels>,
    look: Res<Look>,
    mut locale: ResMut<Locale>,
    mut notices: MessageWriter<Notice>,
) -> Result {
    let ctx = contexts.ctx_mut()?;
    if panels.chinese.is_none() {
        let (definitions, chinese) = fonts::definitions();
        ctx.set_fonts(definitions);
        ctx.options_mut(|o| o.zoom_with_keyboard = false);
        panels.chinese = Some(chinese);
    }
    if panels.chinese == Some(false) && locale.language() == Language::Zh {
        locale.set_language(Language::En);
        let args = [("package", fonts::PACKAGE.into())];
        notices.write(Notice { title: locale.t("no-chinese"), text: locale.t_args("no-chinese-text", &args) });
    }
    let wanted = Some((look.dark(), look.reduce_motion, look.zoom().to_bits()));
    if panels.dressed != wanted {
        theme::apply(ctx, look.theme, look.reduce_motion);
        ctx.set_zoom_factor(look.zoom());
        panels.dressed = wanted;
    }
    Ok(())
}

/// What others have to say to the panels.
fn listen(
    mut panels: ResMut<Panels>,
    mut clicks: MessageReader<ContextAsked>,
    mut notices: MessageReader<Notice>,
    mut verdicts: MessageReader<Verdict>,
    (mut asks, mut told): (MessageReader<Ask>, MessageReader<Told>),
    (mut drops, mut closes): (MessageReader<FileDragAndDrop>, MessageReader<WindowCloseRequested>),
    (look, layers, live): (Res<Look>, Res<Layers>, Option<Res<Live>>),
) {
    let state = &mut panels.state;
    for ask in asks.read() {
        match ask {
            Ask::Do(_) if live.as_ref().is_none_or(|l| l.study.is_none()) => state.guard.given(),
            Ask::FlyTo(subject) if layers.diagram => state.diagram.focus = Some(*subject),
            Ask::ResetView => state.diagram.reset(),
            _ => {}
        }
    }
    for word in told.read() {
        match word {
            Told::Saved(path) if path.extension().is_none_or(|e| e != "png") => state.guard.saved(),
            Told::Refused { .. } => state.guard.refused(),
            _ => {}
        }
    }
    for drop in drops.read() {
        if let FileDragAndDrop::DroppedFile { path_buf, .. } = drop {
            state.files.dropped.push(path_buf.clone());
        }
    }
    state.quit |= closes.read().count() > 0;
    for click in clicks.read() {
        let at = egui::pos2(click.position.x, click.position.y) / look.zoom();
        panels.state.context = Some(context::Open::new(click.subject, at, click.along));
    }
    for notice in notices.read() {
        panels.state.files.notices.push(notice.clone());
    }
    for verdict in verdicts.read() {
        panels.state.dock.chain.verifying = false;
        panels.state.dock.chain.verdict = Some((verdict.sound, verdict.words.clone()));
    }
}

fn show_panels(
    mut contexts: EguiContexts,
    (live, clock, history): (Option<Res<Live>>, Option<Res<Clock>>, Option<Res<History>>),
    (mut panels, mut layers, mut tour): (ResMut<Panels>, ResMut<Layers>, ResMut<Tour>),
    (mut selection, mut free, mut look, mut locale): (ResMut<Selection>, ResMut<Free>, ResMut<Look>, ResMut<Locale>),
    recent: Res<Recent>,
    (mut asks, mut panel_asks, mut exit): (MessageWriter<Ask>, MessageWriter<PanelAsk>, MessageWriter<AppExit>),
) -> Result {
    let ctx = contexts.ctx_mut()?;
    let root = UiBuilder::new().layer_id(LayerId::background()).max_rect(ctx.content_rect());
    let mut ui = egui::Ui::new(ctx.clone(), "control room".into(), root);
    let (Some(live), Some(clock), Some(history)) = (live, clock, history) else {
        ui.centered_and_justified(|ui| ui.label(locale.t("loading")));
        return Ok(());
    };
    let (reply, rect) = {
        // A poisoned lock still holds whole events: the writer appends, it never leaves one half-written.
        let recorder = history.0.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let data = PanelData {
            scene: &live.scene,
            now: &live.now,
            past: &*recorder,
            clock: *clock,
            selection: *selection,
            locale: &locale,
            look: &look,
            study: live.study.as_deref(),
            world: live.world,
        };
        let mut shown = *layers;
        let answer = shell::show(&mut ui, &data, &mut panels.state, &mut shown, &recent, &mut tour);
        layers.set_if_neq(shown);
        answer
    };
    let zoom = ctx.zoom_factor();
    free.set_if_neq(Free(egui::Rect::from_min_max(
        (rect.min.to_vec2() * zoom).to_pos2(),
        (rect.max.to_vec2() * zoom).to_pos2(),
    )));
    if let Some(subject) = reply.select {
        selection.set_if_neq(Selection { subject, ..*selection });
    }
    for ask in reply.asks {
        asks.write(ask);
    }
    for ask in reply.panel {
        match ask {
            PanelAsk::Wear(wanted) => *look = wanted,
            PanelAsk::Speak(language) => locale.set_language(language),
            PanelAsk::Quit => {
                exit.write(AppExit::Success);
            }
            PanelAsk::PlayOpening => tour.play_opening(),
            PanelAsk::OpenDialog | PanelAsk::SaveReplayDialog | PanelAsk::SavePictureDialog => {}
            PanelAsk::VerifyChain => {
                panel_asks.write(PanelAsk::VerifyChain);
            }
        }
    }
    Ok(())
}
