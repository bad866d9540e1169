//! Small things that panels share: rows of numbers, buttons that name their key, terms with an explanation.

use super::data::PanelData;
use super::theme;
use crate::locale::Language;
use crate::palette;
use bevy_egui::egui::{
    self, Align, Button, Color32, Key, Layout, Rect, Response, RichText, Sense, Shape, Stroke, Ui, UiBuilder, Widget,
    WidgetInfo, WidgetType, pos2, vec2,
};

/// A button with a tooltip that names its key, if it has one.
pub(crate) fn button(ui: &mut Ui, text: impl Into<String>, hover: &str, key: Option<&str>) -> Response {
    Button::new(text.into()).ui(ui).on_hover_text(tip(hover, key))
}

/// A button that shows only an icon; its name is heard by screen readers and found by tests.
pub(crate) fn icon(ui: &mut Ui, icon: &str, name: &str, key: Option<&str>, selected: bool) -> Response {
    let button = Button::new(RichText::new(icon).size(theme::HEADING)).selected(selected).min_size(vec2(28.0, 28.0));
    let response = button.ui(ui);
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Button, true, name));
    response.on_hover_text(tip(name, key))
}

/// A tooltip with its key behind it.
pub(crate) fn tip(hover: &str, key: Option<&str>) -> String {
    key.map_or_else(|| hover.to_owned(), |key| format!("{hover}  [{key}]"))
}

/// A title of a section: text of the middle size.
pub(crate) fn title(ui: &mut Ui, text: impl Into<String>) -> Response {
    ui.label(RichText::new(text.into()).size(theme::HEADING).strong())
}

/// A word with its explanation behind it.
pub(crate) fn term(ui: &mut Ui, text: &str, explanation: &str) -> Response {
    ui.label(RichText::new(text).weak()).on_hover_text(explanation)
}

/// How a number is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    #[default]
    Plain,
    Good,
    Warn,
    Bad,
}

/// A line of an inspector: what, and how much.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    /// Behind `row-` it names the row, behind `term-` it explains it.
    pub what: &'static str,
    pub value: String,
    pub tone: Tone,
    /// Of interest only to those who look closer.
    pub detail: bool,
}

/// A row with a plain number.
pub(crate) fn row(what: &'static str, value: impl Into<String>) -> Row {
    Row { what, value: value.into(), tone: Tone::Plain, detail: false }
}

impl Row {
    /// The same row among the details.
    pub(crate) fn detail(mut self) -> Self {
        self.detail = true;
        self
    }
    /// The same row in another tone.
    pub(crate) fn tone(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }
}

/// Rows: names at the left, numbers at the right.
pub(crate) fn rows<'r>(ui: &mut Ui, data: &PanelData<'_>, rows: impl IntoIterator<Item = &'r Row>) {
    // 1.35 of the text size, for Chinese 1.5.
    let height = if data.locale.language() == Language::Zh { 20.0 } else { 18.0 };
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.spacing_mut().interact_size.y = height;
        for row in rows {
            one_row(ui, data, row);
        }
    });
}

fn one_row(ui: &mut Ui, data: &PanelData<'_>, row: &Row) {
    {
        let name = data.t(&format!("row-{}", row.what));
        let explanation = data.t(&format!("term-{}", row.what));
        let (colour, mark) = match row.tone {
            Tone::Plain => (ui.visuals().strong_text_color(), ""),
            Tone::Good => (theme::ink(ui, palette::HEALTHY), ""),
            Tone::Warn => (theme::ink(ui, palette::HEAVY), "▲ "),
            Tone::Bad => (theme::fault(ui), "▲ "),
        };
        ui.horizontal(|ui| {
            term(ui, &name, &explanation);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let text = RichText::new(format!("{mark}{}", row.value)).color(colour);
                ui.add(egui::Label::new(text).truncate());
            });
        });
    }
}

/// A designed empty state: what it is, why, what to do.
pub(crate) fn empty(ui: &mut Ui, icon: &str, what: &str, hint: &str) {
    ui.vertical_centered(|ui| {
        ui.add_space(theme::GRID * 2.0);
        ui.label(RichText::new(icon).size(theme::BIG).weak());
        ui.label(what);
        ui.label(RichText::new(hint).weak());
    });
}

/// Splits what is left of a ui into columns: positive widths are fixed, zeros share the rest.
pub(crate) fn columns(ui: &mut Ui, widths: &[f32], mut add: impl FnMut(usize, &mut Ui)) {
    let gap = theme::GRID * 2.0;
    let area = ui.available_rect_before_wrap();
    let fixed: f32 = widths.iter().sum();
    let flexible = widths.iter().filter(|w| **w == 0.0).count().max(1) as f32;
    let rest = ((area.width() - fixed - gap * (widths.len() as f32 - 1.0)) / flexible).max(64.0);
    let mut left = area.left();
    for (i, width) in widths.iter().copied().enumerate() {
        let width = if width == 0.0 { rest } else { width };
        let rect = Rect::from_min_size(pos2(left, area.top()), vec2(width, area.height()));
        let mut child =
            ui.new_child(UiBuilder::new().id_salt(("column", i)).max_rect(rect).layout(Layout::top_down(Align::Min)));
        child.set_clip_rect(rect.expand(4.0).intersect(ui.clip_rect()));
        add(i, &mut child);
        left += width + gap;
    }
    ui.advance_cursor_after_rect(area);
}

/// A small light with a shape of its own: filled when on, a ring when not, a cross when dead.
pub(crate) fn light(ui: &mut Ui, state: Light, name: &str) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(14.0, 14.0), Sense::hover());
    let (c, r) = (rect.center(), 4.5);
    match state {
        Light::On(colour) => {
            ui.painter().circle_filled(c, r, colour);
        }
        Light::Waiting => {
            ui.painter().circle_stroke(c, r - 0.5, Stroke::new(1.0, ui.visuals().weak_text_color()));
        }
        Light::Dead => {
            let stroke = Stroke::new(1.5, theme::fault(ui));
            ui.painter().line_segment([c - vec2(r, r), c + vec2(r, r)], stroke);
            ui.painter().line_segment([c + vec2(-r, r), c + vec2(r, -r)], stroke);
        }
    }
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Label, true, name));
    response.on_hover_text(name)
}

/// How a small light is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Light {
    On(Color32),
    Waiting,
    Dead,
}

/// A strip that says what is wrong, with the triangle that goes with the alarm colour.
pub(crate) fn banner(ui: &mut Ui, text: &str) {
    let colour = theme::fault(ui);
    egui::Frame::new().fill(theme::tint(ui, colour, 0.16)).inner_margin(8).corner_radius(4).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.add(egui::Label::new(RichText::new(format!("▲ {text}")).color(ui.visuals().strong_text_color())).wrap());
    });
}

/// A triangle that points up, for marks of alarm.
pub(crate) fn triangle(centre: egui::Pos2, size: f32, colour: Color32) -> Shape {
    let (x, y) = (size, size * 0.9);
    let points = vec![centre + vec2(0.0, -y), centre + vec2(x, y), centre + vec2(-x, y)];
    Shape::convex_polygon(points, colour, Stroke::NONE)
}

/// A key was pressed without anyone typing text.
pub(crate) fn pressed(ui: &Ui, modifiers: egui::Modifiers, key: Key) -> bool {
    !ui.ctx().text_edit_focused() && ui.input_mut(|i| i.consume_key(modifiers, key))
}
