//! What direction, speed, colour and hatch mean: one key away.

use super::data::PanelData;
use super::diagram::{Pen, Symbol, symbol_color};
use super::{theme, widgets};
use crate::palette::{self, Rgb};
use bevy_egui::egui::{self, Rect, RichText, Sense, Stroke, Ui, pos2, vec2};
use egui_phosphor::regular as icons;

/// How a thing of the legend is drawn.
#[derive(Clone, Copy)]
enum Sign {
    Pulse(Rgb),
    Dead,
    Fault,
    Box(Rgb),
    Switch(bool),
    Field(Symbol),
    Transformer,
    Breaker(bool),
    Ring,
    Arc,
}

const FLOWS: [(Sign, &str); 7] = [
    (Sign::Pulse(palette::HEALTHY), "legend-healthy"),
    (Sign::Pulse(palette::HEAVY), "legend-heavy"),
    (Sign::Fault, "legend-fault"),
    (Sign::Dead, "legend-dead"),
    (Sign::Switch(true), "legend-closed"),
    (Sign::Switch(false), "legend-open"),
    (Sign::Ring, "legend-selected"),
];
const SOURCES: [(Sign, &str); 6] = [
    (Sign::Box(palette::SOLAR), "source-solar"),
    (Sign::Box(palette::WIND), "source-wind"),
    (Sign::Box(palette::STORAGE), "source-storage"),
    (Sign::Box(palette::HYDROGEN), "source-fuel-cell"),
    (Sign::Box(palette::GAS), "source-gas"),
    (Sign::Box(palette::GRID), "source-grid"),
];
/// Symbols of the diagram.
const FIELD: [(Sign, &str); 12] = [
    (Sign::Field(Symbol::Source), "legend-source"),
    (Sign::Transformer, "kind-transformer"),
    (Sign::Breaker(true), "legend-breaker-closed"),
    (Sign::Breaker(false), "legend-breaker-open"),
    (Sign::Field(Symbol::Load), "legend-load"),
    (Sign::Field(Symbol::Solar), "kind-solar"),
    (Sign::Field(Symbol::Wind), "kind-wind"),
    (Sign::Field(Symbol::Battery), "kind-battery"),
    (Sign::Field(Symbol::Flywheel), "kind-flywheel"),
    (Sign::Field(Symbol::Generator), "legend-generator"),
    (Sign::Field(Symbol::Charger), "kind-charger"),
    (Sign::Field(Symbol::Capacitor), "legend-capacitor"),
];
const CHAIN: [(Sign, &str); 3] =
    [(Sign::Box(palette::CHAIN), "legend-chain"), (Sign::Arc, "legend-trade"), (Sign::Fault, "legend-curtailed")];

/// Keys and what they do.
const KEYS: [(&str, &str); 27] = [
    ("key-space", "legend-key-play"),
    (".", "legend-key-step"),
    ("1–6", "legend-key-speed"),
    ("F", "legend-key-fly"),
    ("Home", "legend-key-home"),
    ("Esc", "legend-key-deselect"),
    ("D", "legend-key-dock"),
    ("L", "legend-key-legend"),
    ("S", "diagram"),
    ("T", "side-tree"),
    ("I", "side-inspector"),
    ("W", "why"),
    ("B", "action-break"),
    ("C", "controls-clear"),
    ("R", "controls-repair-all"),
    ("H", "controls-healing"),
    ("M", "time-slow-motion"),
    ("P", "menu-presenter"),
    ("N", "legend-key-theme"),
    ("G", "language-hover"),
    ("Ctrl+1–6", "legend-key-docks"),
    ("F1", "menu-walkthrough"),
    ("Ctrl+R", "controls-restart"),
    ("Ctrl+Z", "legend-key-undo"),
    ("Ctrl+O", "legend-key-open"),
    ("Ctrl+S", "legend-key-save"),
    ("Tab", "legend-key-tab"),
];

/// The legend; true when it was closed.
pub(crate) fn show(ui: &mut Ui, data: &PanelData<'_>, window: egui::Vec2) -> bool {
    let mut close = false;
    ui.set_width(720.0_f32.min(window.x - 64.0));
    ui.horizontal(|ui| {
        ui.label(RichText::new(data.t("legend")).text_style(theme::big()));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            close = widgets::icon(ui, icons::X, &data.t("legend-close"), Some("L"), false).clicked();
        });
    });
    ui.label(RichText::new(data.t("legend-motion")).weak());
    ui.add_space(theme::GRID);
    let height = window.y - 160.0;
    egui::ScrollArea::vertical().max_height(height).min_scrolled_height(height).show(ui, |ui| {
        ui.spacing_mut().interact_size.y = 20.0;
        ui.columns_const(|[left, middle, right]| {
            group(left, data, "legend-flows", &FLOWS);
            group(middle, data, "legend-sources", &SOURCES);
            group(middle, data, "legend-chain-title", &CHAIN);
            group(middle, data, "legend-field", &FIELD);
            keys(right, data);
        });
    });
    close
}

fn keys(ui: &mut Ui, data: &PanelData<'_>) {
    widgets::title(ui, data.t("legend-keys"));
    for (key, words) in KEYS {
        ui.horizontal(|ui| {
            let key = if key.starts_with("key-") { data.t(key) } else { key.to_owned() };
            let left = egui::Layout::left_to_right(egui::Align::Center);
            ui.allocate_ui_with_layout(vec2(60.0, 18.0), left, |ui| {
                ui.set_min_width(60.0);
                ui.label(RichText::new(key).strong());
            });
            ui.add(egui::Label::new(data.t(words)).wrap());
        });
    }
}

fn group(ui: &mut Ui, data: &PanelData<'_>, title: &str, signs: &[(Sign, &str)]) {
    widgets::title(ui, data.t(title));
    for (sign, words) in signs {
        ui.horizontal(|ui| {
            let (rect, _) = ui.allocate_exact_size(vec2(40.0, 18.0), Sense::hover());
            draw(ui, *sign, rect.shrink2(vec2(2.0, 3.0)));
            ui.add(egui::Label::new(data.t(words)).wrap());
        });
    }
    ui.add_space(theme::GRID);
}

fn pen(ui: &Ui, ink: egui::Color32) -> Pen<'_> {
    Pen { painter: ui.painter(), ink, ground: ui.visuals().window_fill, width: 1.2 }
}

fn draw(ui: &Ui, sign: Sign, rect: Rect) {
    let painter = ui.painter();
    let (c, y) = (rect.center(), rect.center().y);
    match sign {
        Sign::Pulse(colour) => {
            let colour = theme::rgb(colour);
            painter.hline(rect.x_range(), y, Stroke::new(1.0, theme::tint(ui, colour, 0.35)));
            // A comet: a bright head in the direction of power and a tail that fades.
            for i in 0..4 {
                let x = rect.left() + 8.0 + i as f32 * 5.0;
                let fade = 0.25 + i as f32 * 0.25;
                painter.circle_filled(pos2(x, y), 1.5 + i as f32 * 0.6, theme::tint(ui, colour, fade));
            }
        }
        Sign::Dead => {
            let stroke = Stroke::new(2.0, theme::rgb(palette::ROAD));
            painter.add(egui::Shape::Vec(egui::Shape::dashed_line(
                &[rect.left_center(), rect.right_center()],
                stroke,
                4.0,
                3.0,
            )));
        }
        Sign::Fault => {
            painter.add(widgets::triangle(c, 6.0, theme::fault(ui)));
        }
        Sign::Box(colour) => {
            painter.rect_filled(Rect::from_center_size(c, vec2(14.0, 12.0)), 2.0, theme::rgb(colour));
        }
        Sign::Switch(closed) => {
            let stroke = Stroke::new(2.0, ui.visuals().strong_text_color());
            let (a, b) = (pos2(rect.left() + 8.0, y), pos2(rect.right() - 8.0, y));
            let tip = if closed { b } else { b - vec2(4.0, 8.0) };
            painter.line_segment([a, tip], stroke);
            painter.circle_filled(a, 2.5, stroke.color);
            painter.circle_filled(b, 2.5, stroke.color);
        }
        Sign::Field(symbol) => {
            let ink = symbol_color(symbol).map_or(ui.visuals().strong_text_color(), theme::rgb);
            pen(ui, ink).symbol(symbol, c, 7.0, Some(0.6));
        }
        Sign::Transformer => pen(ui, theme::rgb(palette::HEALTHY)).transformer(c - vec2(0.0, 2.0), 5.0, vec2(1.0, 0.0)),
        Sign::Breaker(closed) => {
            let ink = if closed { theme::rgb(palette::HEALTHY) } else { ui.visuals().strong_text_color() };
            pen(ui, ink).breaker(c, 5.0, closed, vec2(1.0, 0.0));
        }
        Sign::Ring => {
            painter.circle_stroke(c, 5.5, Stroke::new(4.0, theme::rgb(palette::OUTLINE)));
            painter.circle_stroke(c, 5.5, Stroke::new(2.0, theme::rgb(palette::SELECTION)));
        }
        Sign::Arc => {
            let points: Vec<_> = (0_u8..=12)
                .map(|i| {
                    let t = f32::from(i) / 12.0;
                    pos2(
                        rect.left() + t * rect.width(),
                        rect.bottom() - (t * std::f32::consts::PI).sin() * rect.height(),
                    )
                })
                .collect();
            painter.line(points, Stroke::new(2.0, theme::money(ui)));
        }
    }
}
