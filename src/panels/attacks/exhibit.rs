//! Bytes that contradict each other: lines that are the same are folded, those that differ stand out.

use crate::panels::data::PanelData;
use crate::panels::theme;
use bevy_egui::egui::{Align2, FontId, Rect, RichText, Sense, Ui, WidgetInfo, WidgetType, pos2, vec2};

/// Bytes in a line, and the size of a byte's cell, points.
const ACROSS: usize = 16;
const CELL: bevy_egui::egui::Vec2 = vec2(22.0, 17.0);
/// Lines that are shown where nothing differs.
const FEW: usize = 3;

/// The lines of some bytes that are worth seeing: those that differ from `other`, or the first ones.
fn lines(bytes: &[u8], other: Option<&[u8]>) -> Vec<usize> {
    let count = bytes.len().div_ceil(ACROSS);
    let differs = |line: &usize| {
        let range = line * ACROSS..((line + 1) * ACROSS).min(bytes.len());
        other.is_some_and(|other| other.get(range.clone()) != bytes.get(range))
    };
    let different: Vec<usize> = (0..count).filter(differs).collect();
    if different.is_empty() { (0..count.min(FEW)).collect() } else { different }
}

/// Draws the bytes; those that differ from `other` are filled.
pub(super) fn bytes(ui: &mut Ui, data: &PanelData<'_>, bytes: &[u8], other: Option<&[u8]>) {
    let (fault, chain) = (theme::fault(ui), theme::tint(ui, theme::chain(ui), 0.16));
    let (mut next, count) = (0, bytes.len().div_ceil(ACROSS));
    let shown = lines(bytes, other);
    let across = ACROSS as f32;
    for line in shown.iter().copied().chain([count]) {
        if line > next {
            let n = (line.min(count) * ACROSS).min(bytes.len()) - next * ACROSS;
            let key = if other.is_some() { "attacks-bytes-same" } else { "attacks-bytes-more" };
            let words = data.locale.t_args(key, &[("n", n.into())]);
            ui.label(RichText::new(format!("⋯ {words}")).weak());
        }
        if line == count {
            break;
        }
        next = line + 1;
        let part = &bytes[line * ACROSS..(next * ACROSS).min(bytes.len())];
        let (rect, response) = ui.allocate_exact_size(vec2(CELL.x * across, CELL.y), Sense::hover());
        for (i, byte) in part.iter().enumerate() {
            let differs = other.is_some_and(|o| o.get(line * ACROSS + i) != Some(byte));
            let cell = Rect::from_min_size(pos2(rect.left() + CELL.x * i as f32, rect.top()), CELL);
            ui.painter().rect_filled(cell.shrink2(vec2(0.0, 0.5)), 0.0, if differs { fault } else { chain });
            let ink = if differs { ui.visuals().panel_fill } else { ui.visuals().text_color() };
            let font = FontId::monospace(theme::BODY);
            ui.painter().text(cell.center(), Align2::CENTER_CENTER, format!("{byte:02x}"), font, ink);
        }
        let name = sim_core::digest::hex(part);
        response.widget_info(|| WidgetInfo::labeled(WidgetType::Label, true, &name));
    }
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn only_lines_that_differ_are_shown_and_the_first_ones_where_none_does() {
        let a: Vec<u8> = (0..100).collect();
        let mut b = a.clone();
        b[40] = 0;
        assert_eq!(lines(&a, Some(&b)), [2]);
        assert_eq!(lines(&a, Some(&a)), [0, 1, 2]);
        assert_eq!(lines(&a, Some(&a[..90])), [5, 6], "from the line on in which the shorter one ends");
        assert_eq!(lines(&a[..20], None), [0, 1]);
    }
}
