//! Fonts: egui's own for Latin, Phosphor for icons, a Chinese face of the system behind them.
//!
//! A collection such as Noto Sans CJK holds Japanese, Korean and Chinese faces in one file; the face is taken by its
//! family name, with its index, or Japanese forms of 直骨角 would appear.

use bevy_egui::egui::{FontData, FontDefinitions, FontFamily};
use std::sync::Arc;

/// Families that hold simplified Chinese, best first.
const FAMILIES: [&str; 8] = [
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "PingFang SC",
    "Microsoft YaHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Droid Sans Fallback",
];

/// Package that brings such a family on Debian.
pub(crate) const PACKAGE: &str = "fonts-noto-cjk";

/// All fonts, and whether Chinese can be written.
pub(crate) fn definitions() -> (FontDefinitions, bool) {
    let mut fonts = FontDefinitions::default();
    egui_phosphor::add_to_fonts(&mut fonts, egui_phosphor::Variant::Regular);
    let Some(chinese) = system_chinese() else { return (fonts, false) };
    fonts.font_data.insert("chinese".to_owned(), Arc::new(chinese));
    for family in [FontFamily::Proportional, FontFamily::Monospace] {
        // Before the emoji fonts, which would draw full-width punctuation as pictures.
        let faces = fonts.families.entry(family).or_default();
        let at = faces.iter().position(|f| f.contains("moji")).unwrap_or(faces.len());
        faces.insert(at, "chinese".to_owned());
    }
    (fonts, true)
}

/// A Chinese face of the system with its index.
fn system_chinese() -> Option<FontData> {
    let mut system = fontdb::Database::new();
    system.load_system_fonts();
    let id = FAMILIES.iter().find_map(|family| {
        let query = fontdb::Query { families: &[fontdb::Family::Name(family)], ..fontdb::Query::default() };
        system.query(&query)
    })?;
    system.with_face_data(id, |bytes, index| {
        let mut data = FontData::from_owned(bytes.to_vec());
        data.index = index;
        data
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy_egui::egui;

    #[test]
    fn digits_are_tabular_and_chinese_has_glyphs_where_the_system_has_a_font() {
        let (fonts, chinese) = definitions();
        let ctx = egui::Context::default();
        ctx.set_fonts(fonts);
        let mut checked = false;
        let mut output = ctx.run_ui(egui::RawInput::default(), |ui| {
            let id = egui::FontId::proportional(13.0);
            ui.ctx().fonts_mut(|f| {
                let widths: Vec<f32> = ('0'..='9').map(|c| f.glyph_width(&id, c)).collect();
                assert!(widths.iter().all(|w| (w - widths[0]).abs() < 1e-3), "digits differ in width: {widths:?}");
                if chinese {
                    assert!(f.has_glyphs(&id, "孤岛并网自愈出清价区块"));
                } else {
                    eprintln!("no Chinese font on this machine: one case left out");
                }
                checked = true;
            });
        });
        output.textures_delta.clear();
        assert!(checked);
    }
}
