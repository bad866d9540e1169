//! The text of a contract: line numbers, the line that is wrong, what is wrong in words, and the functions in it.

use super::Text;
use crate::palette;
use crate::panels::data::PanelData;
use crate::panels::{theme, widgets};
use bevy_egui::egui::text::{LayoutJob, TextFormat};
use bevy_egui::egui::{
    self, Align2, Color32, FontId, Label, Margin, RichText, ScrollArea, Shape, TextEdit, Ui, pos2, vec2,
};
use egui_phosphor::regular as icons;
use sim_core::ledger::contract::Diagnostic;
use sim_core::ledger::contract::library::LibraryContract;

/// Room for the line numbers, points.
const GUTTER: i8 = 36;
/// Size of the text, points: small, so that a line of 100 characters is nearly there.
const SIZE: f32 = 12.0;
/// Share of the height that the text takes.
const SHARE: f32 = 0.62;

/// The text and what is known of it.
pub(super) fn show(ui: &mut Ui, data: &PanelData<'_>, chosen: &LibraryContract, text: &mut Text) {
    ui.horizontal(|ui| {
        widgets::title(ui, format!("{}.rhai", chosen.name));
        let (icon, colour, words) = match text.diagnostics.len() {
            0 => (icons::CHECK, theme::ink(ui, palette::HEALTHY), data.t("editor-sound")),
            n => (icons::WARNING, theme::fault(ui), data.locale.t_args("editor-mistakes", &[("n", n.into())])),
        };
        ui.label(RichText::new(format!("{icon} {words}")).color(colour));
        if text.source != chosen.source {
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let name = data.t("editor-reset");
                if widgets::icon(ui, icons::ARROW_COUNTER_CLOCKWISE, &name, None, false).clicked() {
                    text.source = chosen.source.to_owned();
                    text.look();
                }
            });
        }
    });
    let high = (ui.available_height() * SHARE).max(120.0);
    let fill = ui.visuals().extreme_bg_color;
    egui::Frame::new().fill(fill).corner_radius(4).show(ui, |ui| {
        ui.set_height(high);
        ScrollArea::both().id_salt("source").auto_shrink([false, false]).max_height(high).show(ui, |ui| {
            edit(ui, data, text);
        });
    });
    ui.add_space(theme::GRID);
    ScrollArea::vertical().id_salt("known").auto_shrink([false, false]).show(ui, |ui| {
        for mistake in &text.diagnostics {
            say(ui, data, mistake);
        }
        functions(ui, data, text);
    });
}

/// The editor itself, with its line numbers and the marked lines.
fn edit(ui: &mut Ui, data: &PanelData<'_>, text: &mut Text) {
    let font = FontId::monospace(SIZE);
    let (plain, weak) = (ui.visuals().text_color(), ui.visuals().weak_text_color());
    let chain = theme::chain(ui);
    let mut layouter = |ui: &Ui, buffer: &dyn egui::TextBuffer, _: f32| {
        let job = colour(buffer.as_str(), &font, plain, weak, chain);
        ui.fonts_mut(|f| f.layout_job(job))
    };
    let under = ui.painter().add(Shape::Noop);
    let margin = Margin { left: GUTTER, right: 8, top: 4, bottom: 4 };
    let editor = TextEdit::multiline(&mut text.source)
        .id_salt("contract source")
        .code_editor()
        .frame(egui::Frame::NONE.inner_margin(margin))
        .desired_width(f32::INFINITY)
        .layouter(&mut layouter);
    let output = editor.show(ui);
    let name = data.t("editor-source");
    let response = output.response.response;
    response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::TextEdit, true, &name));
    if response.changed() {
        text.look();
    }
    let wrong: Vec<u32> = text.diagnostics.iter().map(|d| d.line).chain(text.failed).collect();
    let (clip, mut marks) = (ui.clip_rect(), Vec::new());
    for (line, row) in (1_u32..).zip(&output.galley.rows) {
        let rect = row.rect().translate(output.galley_pos.to_vec2());
        if rect.bottom() < clip.top() || rect.top() > clip.bottom() {
            continue;
        }
        let is_wrong = wrong.contains(&line);
        let ink = if is_wrong { theme::fault(ui) } else { weak };
        if is_wrong {
            let band = egui::Rect::from_x_y_ranges(clip.x_range(), rect.y_range());
            marks.push(Shape::rect_filled(band, 0.0, theme::tint(ui, theme::fault(ui), 0.22)));
            marks.push(widgets::triangle(pos2(output.galley_pos.x - 30.0, rect.center().y), 4.0, ink));
        }
        let at = pos2(output.galley_pos.x - 8.0, rect.center().y);
        ui.painter().text(at, Align2::RIGHT_CENTER, line.to_string(), FontId::monospace(SIZE - 1.0), ink);
    }
    ui.painter().set(under, Shape::Vec(marks));
}

/// Comments stand back, and what begins a function stands out.
fn colour(source: &str, font: &FontId, plain: Color32, weak: Color32, strong: Color32) -> LayoutJob {
    let mut job = LayoutJob::default();
    job.wrap.max_width = f32::INFINITY;
    for line in source.split_inclusive('\n') {
        let (code, comment) = line.split_at(comment_start(line));
        let word = if code.trim_start().starts_with("fn ") { code.find('(').unwrap_or(0) } else { 0 };
        let (head, rest) = code.split_at(word);
        for (part, ink) in [(head, strong), (rest, plain), (comment, weak)] {
            if !part.is_empty() {
                job.append(part, 0.0, TextFormat::simple(font.clone(), ink));
            }
        }
    }
    job
}

/// Where a line's comment begins: the first `//` outside quotes.
fn comment_start(line: &str) -> usize {
    let (mut quoted, mut last) = (false, ' ');
    for (at, c) in line.char_indices() {
        match c {
            '"' if last != '\\' => quoted = !quoted,
            '/' if last == '/' && !quoted => return at - 1,
            _ => {}
        }
        last = c;
    }
    line.len()
}

/// A mistake with its place.
fn say(ui: &mut Ui, data: &PanelData<'_>, mistake: &Diagnostic) {
    let place = [("line", mistake.line.into()), ("column", mistake.column.into())];
    let place = data.locale.t_args("editor-place", &place);
    let words = format!("▲ {place}{}{}", data.t("explorer-colon"), mistake.message);
    ui.add(Label::new(RichText::new(words).color(theme::fault(ui))).wrap());
}

/// What can be called, with its parameters and its comment.
fn functions(ui: &mut Ui, data: &PanelData<'_>, text: &Text) {
    ui.label(RichText::new(data.t("editor-functions")).weak()).on_hover_text(data.t("term-editor-functions"));
    for function in text.functions.iter().filter(|f| f.is_public) {
        let parameters = function.parameters.join(", ");
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(6.0, 0.0);
            let head = format!("{}({parameters})", function.name);
            ui.label(RichText::new(head).monospace().size(SIZE).color(theme::chain(ui)));
            ui.label(RichText::new(function.doc.replace('\n', " ")).weak());
        });
        ui.add_space(2.0);
    }
}

#[cfg(test)]
mod tests {
    use super::comment_start;

    #[test]
    fn a_comment_begins_outside_quotes_only() {
        assert_eq!(comment_start("let a = 1; // one"), 11);
        assert_eq!(comment_start("/// All of it"), 0);
        let url = "say(\"http://x\");";
        assert_eq!(comment_start(url), url.len());
        assert_eq!(comment_start("1 / 2"), 5);
    }
}
