//! The validators in a ring, and the messages between them.

use super::bench::{Answer, Part, Trouble};
use super::film::{Scene, half};
use super::signs;
use crate::palette;
use crate::panels::data::PanelData;
use crate::panels::theme;
use bevy_egui::egui::{
    Align2, Color32, FontId, Label, Pos2, Rect, RichText, Sense, Shape, Stroke, Ui, WidgetInfo, WidgetType, vec2,
};
use egui_phosphor::regular as icons;
use sim_core::ledger::lab::trace::{Hop, Stage};
use std::f32::consts::TAU;

/// Radius of a validator, and room for its height outside.
const NODE: f32 = 11.0;
const OUTSIDE: f32 = 26.0;
/// Radius of a message.
const MESSAGE: f32 = 4.0;

/// Where validators stand.
struct Circle {
    centre: Pos2,
    radius: f32,
    nodes: f32,
}

impl Circle {
    /// A place on the circle; halves are between two validators.
    fn at(&self, node: f32, radius: f32) -> Pos2 {
        let angle = TAU * (node / self.nodes - 0.25);
        self.centre + vec2(angle.cos(), angle.sin()) * radius
    }
    fn place(&self, node: u32) -> Pos2 {
        self.at(node as f32, self.radius)
    }
}

/// Whether a validator is cut off from the larger part at a time.
pub(super) fn is_apart(answer: &Answer, node: u32, now: u64) -> bool {
    let q = answer.question;
    q.trouble == Trouble::Cut && q.cut(now).is_some_and(|few| node < few)
}

/// The ring.
pub(super) fn show(ui: &mut Ui, data: &PanelData<'_>, answer: &Answer, part: &Part, scene: &Scene, now: u64) {
    let side = ui.available_width().min(ui.available_height());
    let (rect, _) = ui.allocate_exact_size(vec2(side, side), Sense::hover());
    let nodes = answer.question.nodes;
    let circle = Circle { centre: rect.center(), radius: side / 2.0 - OUTSIDE, nodes: nodes as f32 };
    let line = ui.visuals().widgets.noninteractive.bg_stroke.color;
    ui.painter().circle_stroke(circle.centre, circle.radius, Stroke::new(1.0, line));
    if let Some(few) = answer.question.cut(now) {
        cut(ui, &circle, few);
    }
    let newest = part.film.newest(now).filter(|h| h.arrives_us >= now);
    for hop in part.film.flying(now) {
        message(ui, &circle, part, hop, now, newest == Some(hop));
    }
    let leader = part.film.leader(now);
    for node in 0..nodes {
        validator(ui, data, answer, &circle, part, scene, (node, leader == Some(node)), now);
    }
}

/// A dashed line between those who cannot hear each other.
fn cut(ui: &Ui, circle: &Circle, few: u32) {
    let far = circle.radius + OUTSIDE;
    let ends = [circle.at(-0.5, far), circle.at(few as f32 - 0.5, far)];
    let stroke = Stroke::new(2.0, theme::fault(ui));
    ui.painter().extend(Shape::dashed_line(&ends, stroke, 6.0, 5.0));
}

fn message(ui: &Ui, circle: &Circle, part: &Part, hop: &Hop, now: u64, newest: bool) {
    let (from, to) = (circle.place(hop.from), circle.place(hop.to));
    // From rim to rim, so that one that arrives is seen.
    let rim = (to - from).normalized() * (NODE + MESSAGE + 3.5);
    let (from, to) = (from + rim, to - rim);
    let whole = hop.arrives_us.saturating_sub(hop.time_us).max(1) as f32;
    let share = (now.saturating_sub(hop.time_us) as f32 / whole).clamp(0.0, 1.0);
    let (figure, _) = signs::look(hop.kind);
    let at = from.lerp(to, share);
    let hollow = hop.value.is_none();
    let chain = theme::chain(ui);
    if newest {
        let strong = ui.visuals().strong_text_color();
        ui.painter().line_segment([from, to], Stroke::new(1.5, strong));
        signs::draw(ui.painter(), at, MESSAGE + 3.5, figure, false, strong);
        signs::draw(ui.painter(), at, MESSAGE + 1.5, figure, hollow, chain);
    } else {
        ui.painter().line_segment([from, at], Stroke::new(1.0, theme::tint(ui, chain, 0.35)));
        signs::draw(ui.painter(), at, MESSAGE, figure, hollow, chain);
    }
    if let Some(letter) = part.conflict().and_then(|c| c.get_letter(hop.value.as_ref()?)) {
        let (beside, font) = (at + vec2(12.0, -10.0), FontId::proportional(theme::HEADING));
        ui.painter().text(beside, Align2::CENTER_CENTER, letter, font, ui.visuals().strong_text_color());
    }
}

fn validator(
    ui: &Ui,
    data: &PanelData<'_>,
    answer: &Answer,
    circle: &Circle,
    part: &Part,
    scene: &Scene,
    (node, leads): (u32, bool),
    now: u64,
) {
    let at = circle.place(node);
    let standing = scene.standings.get(node as usize).copied().flatten();
    let off = standing.is_some_and(|s| s.stage == Stage::Off);
    let apart = is_apart(answer, node, now);
    let lies = part.liars.contains(&node);
    let (chain, weak) = (theme::chain(ui), ui.visuals().weak_text_color());
    let dead = theme::rgb(if ui.visuals().dark_mode { palette::DEAD_DARK } else { palette::DEAD });
    let (fill, ink, edge) = match (off, apart, leads) {
        (true, ..) => (dead, Color32::WHITE, theme::fault(ui)),
        (_, true, _) => (theme::tint(ui, weak, 0.35), ui.visuals().text_color(), weak),
        (_, _, true) => (chain, theme::tint(ui, Color32::BLACK, 0.8), chain),
        _ => (ui.visuals().widgets.inactive.bg_fill, ui.visuals().text_color(), chain),
    };
    let ink = if leads && !off && !apart && !ui.visuals().dark_mode { Color32::WHITE } else { ink };
    let painter = ui.painter();
    painter.circle(
        at,
        NODE,
        fill,
        Stroke::new(if lies { 3.0 } else { 1.5 }, if lies { theme::fault(ui) } else { edge }),
    );
    let font = FontId::proportional(theme::BODY);
    painter.text(at, Align2::CENTER_CENTER, (node + 1).to_string(), font.clone(), ink);
    let head = standing.map_or(0, |s| part.film.height_of(&s.head));
    // Where one block is decided, not the height but which of the two.
    let held = part.conflict().map(|c| standing.and_then(|s| c.get_letter(&s.head)));
    let top = held.map_or(head.to_string(), |letter| letter.map(String::from).unwrap_or_default());
    let (mark, colour) = match (off, lies, held) {
        (true, ..) => (icons::X.to_owned(), theme::fault(ui)),
        (_, true, _) => (format!("▲{top}"), theme::fault(ui)),
        (_, _, Some(_)) => (top, ui.visuals().strong_text_color()),
        _ => (top, weak),
    };
    painter.text(circle.at(node as f32, circle.radius + 20.0), Align2::CENTER_CENTER, mark, font, colour);
    let stage = data.t(match standing.map(|s| s.stage) {
        _ if lies => "lab-stage-lies",
        Some(Stage::Off) => "lab-stage-off",
        _ if apart => "lab-stage-apart",
        Some(Stage::Leading) => "lab-stage-leading",
        Some(Stage::Electing) => "lab-stage-electing",
        Some(Stage::Resting) => "lab-stage-resting",
        Some(Stage::Building) => "lab-stage-building",
        _ if leads => "lab-stage-brings",
        _ => "lab-stage-works",
    });
    let n = ("n", (node + 1).into());
    let name = match held {
        None => data.locale.t_args("lab-validator", &[n, ("stage", stage.into()), ("height", head.into())]),
        Some(None) => data.locale.t_args("lab-found-validator", &[n, ("stage", stage.into())]),
        Some(Some(letter)) => data.locale.t_args("lab-found-holds", &[n, ("value", letter.to_string().into())]),
    };
    let id = ui.id().with(("node", node));
    let response = ui.interact(Rect::from_center_size(at, vec2(2.0, 2.0) * NODE), id, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Label, true, &name));
    response.on_hover_text(name);
}

/// The last message in words.
pub(super) fn said(ui: &mut Ui, data: &PanelData<'_>, part: &Part, now: u64) {
    let words = match part.film.newest(now) {
        Some(hop) => {
            let mut args = vec![
                ("kind", data.t(signs::look(hop.kind).1).into()),
                ("height", hop.height.into()),
                ("from", (hop.from + 1).into()),
                ("to", (hop.to + 1).into()),
            ];
            args.push(("ms", format!("{:.3}", half(hop) as f64 / 1e6).into()));
            data.locale.t_args("lab-said", &args)
        }
        None => data.t("lab-silent"),
    };
    ui.add(Label::new(RichText::new(words).weak()).truncate());
}
