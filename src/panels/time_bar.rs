//! The bar on top: scene, clock, play, speed, timeline, language, menu.

use super::data::{PanelAsk, PanelData, Reply};
use super::look::Layers;
use super::marks::Marks;
use super::{menu, numbers, theme, timeline, widgets};
use crate::bridge::Ask;
use crate::locale::Language;
use crate::palette;
use bevy_egui::egui::{self, Align, Button, Layout, RichText, Ui, vec2};
use egui_phosphor::regular as icons;

/// Speeds offered, simulated seconds in a second; the keys 1 to 6 choose them.
pub(crate) const SPEEDS: [f64; 6] = [1.0, 10.0, 60.0, 300.0, 900.0, 3600.0];
/// Height of the bar, points.
pub(crate) const HEIGHT: f32 = 44.0;
/// From this width on all speeds are shown, below it a menu.
const WIDE: f32 = 1180.0;
/// From this width on scene and date are shown.
const MEDIUM: f32 = 820.0;

/// The bar.
pub(crate) fn show(
    ui: &mut Ui,
    data: &PanelData<'_>,
    marks: &Marks,
    menu_state: &mut menu::State,
    layers: &mut Layers,
) -> Reply {
    let mut reply = Reply::default();
    let width = ui.available_width();
    ui.horizontal_centered(|ui| {
        if width >= MEDIUM {
            let name = data.locale.pick(&data.scene.file.title);
            let title = egui::Label::new(RichText::new(name).size(theme::HEADING).strong()).truncate();
            ui.scope(|ui| {
                ui.set_max_width(if width >= WIDE { 168.0 } else { 120.0 });
                ui.add(title).on_hover_text(name);
            });
        }
        if data.study.is_some() {
            study(ui, data, &mut reply);
        } else {
            clock(ui, data, width >= WIDE);
            play(ui, data, &mut reply);
            speeds(ui, data, width >= WIDE, &mut reply);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            menu::button(ui, data, menu_state, &mut reply);
            language(ui, data, &mut reply);
            diagram(ui, data, layers);
            if data.study.is_some() {
                return;
            }
            slow_motion(ui, data, &mut reply);
            if ui.available_width() > 120.0 {
                let size = vec2(ui.available_width() - theme::GRID, 28.0);
                if let Some(mark) = timeline::show(ui, data, marks, size) {
                    reply.select(mark.subject);
                    menu_state.chosen_event = Some(mark.event);
                }
            }
        });
    });
    reply
}

/// The date in words.
pub(crate) fn date(data: &PanelData<'_>) -> String {
    let start = &data.scene.file.site.start;
    let Some((year, month, day, weekday)) = numbers::date(start, data.now.time.day()) else { return start.clone() };
    let month_key = [
        "month-1", "month-2", "month-3", "month-4", "month-5", "month-6", "month-7", "month-8", "month-9", "month-10",
        "month-11", "month-12",
    ][(month - 1).min(11)];
    let weekday_key =
        ["weekday-1", "weekday-2", "weekday-3", "weekday-4", "weekday-5", "weekday-6", "weekday-7"][weekday.min(6)];
    let args = [
        ("year", year.to_string().into()),
        ("month", data.t(month_key).into()),
        ("day", day.to_string().into()),
        ("weekday", data.t(weekday_key).into()),
    ];
    data.locale.t_args("date", &args)
}

fn clock(ui: &mut Ui, data: &PanelData<'_>, with_date: bool) {
    let clock = RichText::new(numbers::clock(data.now.time)).size(theme::HEADING).strong();
    ui.label(clock).on_hover_text(date(data));
    if with_date {
        ui.label(RichText::new(date(data)).weak());
    }
}

fn play(ui: &mut Ui, data: &PanelData<'_>, reply: &mut Reply) {
    let (icon, name) =
        if data.clock.playing { (icons::PAUSE, data.t("time-pause")) } else { (icons::PLAY, data.t("time-play")) };
    if widgets::icon(ui, icon, &name, Some(&data.t("key-space")), false).clicked() {
        reply.ask(Ask::Play(!data.clock.playing));
    }
    if widgets::icon(ui, icons::SKIP_FORWARD, &data.t("time-step"), Some("."), false).clicked() {
        reply.ask(Ask::Step);
    }
}

fn speeds(ui: &mut Ui, data: &PanelData<'_>, wide: bool, reply: &mut Reply) {
    let asked = data.clock.asked;
    let name = |speed: f64| format!("{speed:.0}×");
    let is = |speed: f64| (asked - speed).abs() < 0.5;
    if wide {
        ui.spacing_mut().item_spacing.x = 2.0;
        for (i, speed) in SPEEDS.into_iter().enumerate() {
            let button = Button::selectable(is(speed), name(speed));
            let hover = data.locale.t_args("time-speed-hover", &[("speed", name(speed).into())]);
            if ui.add(button).on_hover_text(format!("{hover}  [{}]", i + 1)).clicked() {
                reply.ask(Ask::Speed(speed));
            }
        }
        ui.spacing_mut().item_spacing.x = theme::GRID;
    } else {
        ui.menu_button(format!("{} {}", name(asked), icons::CARET_DOWN), |ui| {
            for (i, speed) in SPEEDS.into_iter().enumerate() {
                let key = (i + 1).to_string();
                if ui.add(Button::selectable(is(speed), name(speed)).shortcut_text(key)).clicked() {
                    reply.ask(Ask::Speed(speed));
                    ui.close();
                }
            }
        });
    }
    let reached = RichText::new(data.locale.t_args("time-reached", &[("speed", reached(data.clock.reached).into())]));
    let behind = data.clock.playing && !data.clock.slow_now && data.clock.reached < asked * 0.9;
    let reached = if behind { reached.color(theme::ink(ui, palette::HEAVY)) } else { reached.weak() };
    ui.label(reached).on_hover_text(data.t("term-reached"));
}

fn reached(speed: f64) -> String {
    if speed < 10.0 { format!("{}×", numbers::number(speed, 1)) } else { format!("{speed:.0}×") }
}

/// Of a study: what it is, and the way back.
fn study(ui: &mut Ui, data: &PanelData<'_>, reply: &mut Reply) {
    let back = format!("{} {}", icons::ARROW_LEFT, data.t("study-back"));
    let button = ui.button(back);
    let name = data.t("study-back");
    button.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, &name));
    if button.on_hover_text(data.t("study-back-hover")).clicked() {
        reply.ask(Ask::CloseStudy);
    }
    ui.add(egui::Label::new(RichText::new(data.t("study-what")).weak()).truncate());
}

/// World or diagram.
fn diagram(ui: &mut Ui, data: &PanelData<'_>, layers: &mut Layers) {
    let name = data.t("diagram");
    let possible = data.study.is_none_or(|s| s.has_world);
    if !possible {
        ui.label(RichText::new(icons::CIRCUITRY).weak()).on_hover_text(data.t("study-too-large"));
        return;
    }
    let response = widgets::icon(ui, icons::CIRCUITRY, &name, Some("S"), layers.diagram);
    if response.on_hover_text(data.t("term-diagram")).clicked() {
        layers.diagram = !layers.diagram;
    }
}

fn slow_motion(ui: &mut Ui, data: &PanelData<'_>, reply: &mut Reply) {
    let on = data.clock.slow_motion;
    let name = data.t("time-slow-motion");
    let response = widgets::icon(ui, icons::HOURGLASS, &name, Some("M"), on).on_hover_text(data.t("term-slow-motion"));
    if response.clicked() {
        reply.ask(Ask::SlowMotion(!on));
    }
    if data.clock.slow_now {
        ui.label(RichText::new(data.t("time-slow-now")).color(theme::ink(ui, palette::HEAVY)));
    }
}

fn language(ui: &mut Ui, data: &PanelData<'_>, reply: &mut Reply) {
    let (name, other) = match data.locale.language() {
        Language::En => ("中文", Language::Zh),
        Language::Zh => ("English", Language::En),
    };
    if ui.button(name).on_hover_text(widgets::tip(&data.t("language-hover"), Some("G"))).clicked() {
        reply.panel.push(PanelAsk::Speak(other));
    }
}
