//! The caption of a walkthrough: two lines at most over the world, with the way on and the way out.

use super::file::{Action, Area};
use super::systems::Tour;
use crate::bridge::Ask;
use crate::locale::Language;
use crate::palette;
use crate::panels::{Dock, GRID, HEADING, PanelData, Reply};
use bevy_egui::egui::{
    self, Align, Align2, Button, Color32, Frame, Id, Key, Label, Layout, Modifiers, Order, Rect, RichText, Stroke,
    StrokeKind, Ui, vec2,
};

/// Widest caption, points.
const WIDTH: f32 = 640.0;
/// Seconds of one swell of the frame around a part of the window.
const SWELL: f64 = 1.6;

impl Tour {
    /// Shows the caption and lets the player do its work.
    pub(crate) fn show(
        &mut self,
        ctx: &egui::Context,
        data: &PanelData<'_>,
        free: Rect,
        dock: &mut Option<Dock>,
        why: &mut bool,
    ) -> Reply {
        let mut reply = Reply::default();
        let Some(player) = &mut self.player else { return reply };
        player.pass(ctx.input(|i| i.stable_dt).min(0.5));
        for action in player.enter() {
            act(&action, data, dock, why, &mut reply);
        }
        let Some(step) = player.step() else {
            self.end();
            return reply;
        };
        let text = match data.locale.language() {
            Language::En => &step.text.0,
            Language::Zh => &step.text.1,
        };
        let offers: Vec<_> = step
            .actions
            .iter()
            .filter_map(|a| if let Action::Offer(words, command) = a { Some((words, command)) } else { None })
            .collect();
        let (mut next, mut leave) = (false, false);
        let width = WIDTH.min(free.width() - 2.0 * GRID);
        let at = free.center_bottom() - vec2(0.0, GRID * 2.0);
        let area = egui::Area::new(Id::new("caption")).order(Order::Middle).pivot(Align2::CENTER_BOTTOM).fixed_pos(at);
        area.show(ctx, |ui| {
            frame(ui).show(ui, |ui| {
                ui.set_width(width - 32.0);
                let words = RichText::new(text).size(HEADING).color(Color32::WHITE);
                ui.add(Label::new(words).wrap());
                ui.add_space(4.0);
                ui.horizontal(|ui| {
                    let (n, of) = player.place();
                    ui.label(RichText::new(format!("{n} / {of}")).color(Color32::from_gray(170)));
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        let last = n == of;
                        let key = if last { "tour-done" } else { "tour-next" };
                        let button = Button::new(RichText::new(data.t(key)).color(Color32::WHITE))
                            .fill(Color32::from_rgb(54, 60, 72));
                        next =
                            ui.add(button).on_hover_text(format!("{}  [Enter]", data.t("tour-next-hover"))).clicked();
                        if !last {
                            let button =
                                Button::new(RichText::new(data.t("tour-leave")).color(Color32::from_gray(190)))
                                    .fill(Color32::TRANSPARENT);
                            leave = ui.add(button).on_hover_text(data.t("tour-leave-hover")).clicked();
                        }
                        for (words, command) in offers {
                            let words = match data.locale.language() {
                                Language::En => &words.0,
                                Language::Zh => &words.1,
                            };
                            let [r, g, b] = palette::FAULT;
                            let button = Button::new(RichText::new(words).color(Color32::WHITE).strong())
                                .fill(Color32::from_rgb(r, g, b));
                            let tip = format!("{}  [B]", data.t("action-breaks-hover"));
                            let pressed = ctx.input_mut(|i| i.consume_key(Modifiers::NONE, Key::B));
                            if ui.add(button).on_hover_text(tip).clicked() || pressed {
                                reply.command(command.clone());
                                reply.ask(Ask::Play(true));
                            }
                        }
                    });
                });
            });
        });
        let nothing_focused = ctx.memory(|m| m.focused()).is_none();
        next |= nothing_focused && ctx.input_mut(|i| i.consume_key(Modifiers::NONE, Key::Enter));
        if next {
            player.next();
        }
        if leave || player.step().is_none() {
            self.end();
        }
        reply
    }

    /// Draws a frame around the part of the window that the step speaks of; areas are bar, dock, tree, inspector.
    pub(crate) fn highlight(&self, ui: &Ui, areas: [Rect; 4], reduce_motion: bool) {
        let Some(area) = self.player.as_ref().and_then(super::player::Player::highlighted) else { return };
        let rect = match area {
            Area::TimeBar => areas[0],
            Area::Dock => areas[1],
            Area::Tree => areas[2],
            Area::Inspector => areas[3],
        };
        #[expect(clippy::cast_possible_truncation, reason = "a share")]
        let swell = (0.5 + 0.5 * (ui.input(|i| i.time) / SWELL * std::f64::consts::TAU).cos()) as f32;
        let strength = if reduce_motion { 1.0 } else { 0.45 + 0.55 * swell };
        let [r, g, b] = palette::HEALTHY;
        let colour = Color32::from_rgb(r, g, b).gamma_multiply(strength);
        let painter = ui.ctx().layer_painter(egui::LayerId::new(Order::Foreground, Id::new("highlight")));
        painter.rect_stroke(rect.shrink(1.5), 4.0, Stroke::new(3.0, colour), StrokeKind::Inside);
    }
}

/// Dark in both themes: a caption belongs to the world and not to the panels.
fn frame(ui: &Ui) -> Frame {
    Frame::new()
        .fill(Color32::from_rgb(16, 19, 26))
        .corner_radius(10)
        .inner_margin(16)
        .shadow(ui.visuals().window_shadow)
}

fn act(action: &Action, data: &PanelData<'_>, dock: &mut Option<Dock>, why: &mut bool, reply: &mut Reply) {
    match action {
        Action::FlyTo(name) => reply.asks.extend(data.scene.find(name).map(Ask::FlyTo)),
        Action::ResetView => reply.ask(Ask::ResetView),
        Action::Select(name) => {
            if let Some(subject) = data.scene.find(name) {
                reply.select(subject);
            }
        }
        Action::Speed(speed) => reply.ask(Ask::Speed(*speed)),
        Action::Play(play) => reply.ask(Ask::Play(*play)),
        Action::SlowMotion(on) => reply.ask(Ask::SlowMotion(*on)),
        Action::Do(command) => reply.command(command.clone()),
        Action::OpenDock(wanted) => *dock = Some(*wanted),
        Action::Why => *why = true,
        Action::Offer(..) | Action::Highlight(_) => {}
    }
}
