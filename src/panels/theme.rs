//! The look of the panels: visuals from the palette, three text sizes, an 8-px grid.

use super::look::Theme;
use crate::palette::{self, Rgb};
use bevy_egui::egui::style::{Selection, WidgetVisuals, Widgets};
use bevy_egui::egui::{
    self, Color32, CornerRadius, FontFamily, FontId, Margin, Shadow, Stroke, Style, TextStyle, Visuals, vec2,
};

/// Text sizes at a scale of 1, points.
pub(crate) const BODY: f32 = 13.0;
pub(crate) const HEADING: f32 = 16.0;
pub(crate) const BIG: f32 = 22.0;
/// The grid, points.
pub(crate) const GRID: f32 = 8.0;

/// Panel, raised surface, line, weak text, text: by theme.
struct Surface {
    panel: Color32,
    raised: Color32,
    hover: Color32,
    line: Color32,
    weak: Color32,
    text: Color32,
    strong: Color32,
    extreme: Color32,
}

const DARK: Surface = Surface {
    panel: Color32::from_rgb(0x1A, 0x1F, 0x29),
    raised: Color32::from_rgb(0x29, 0x30, 0x3D),
    hover: Color32::from_rgb(0x36, 0x3F, 0x4F),
    line: Color32::from_rgb(0x33, 0x3B, 0x49),
    weak: Color32::from_rgb(0x9A, 0xA5, 0xB5),
    text: Color32::from_rgb(0xD5, 0xDB, 0xE4),
    strong: Color32::from_rgb(0xFF, 0xFF, 0xFF),
    extreme: Color32::from_rgb(0x12, 0x16, 0x1E),
};
const LIGHT: Surface = Surface {
    panel: Color32::from_rgb(0xFA, 0xF8, 0xF4),
    raised: Color32::from_rgb(0xEC, 0xE8, 0xE1),
    hover: Color32::from_rgb(0xDF, 0xDA, 0xD0),
    line: Color32::from_rgb(0xDA, 0xD5, 0xCB),
    weak: Color32::from_rgb(0x63, 0x6A, 0x76),
    text: Color32::from_rgb(0x2B, 0x31, 0x3C),
    strong: Color32::from_rgb(0x0C, 0x10, 0x16),
    extreme: Color32::from_rgb(0xFF, 0xFF, 0xFF),
};

/// A colour of the palette for egui.
pub(crate) const fn rgb(c: Rgb) -> Color32 {
    Color32::from_rgb(c[0], c[1], c[2])
}

/// A colour laid over a ground, opaque: the window blends translucent colours otherwise than egui expects.
pub(crate) fn mix(ground: Color32, colour: Color32, share: f32) -> Color32 {
    ground.lerp_to_gamma(colour.to_opaque(), share)
}

/// A colour laid over the panels' ground.
pub(crate) fn tint(ui: &egui::Ui, colour: Color32, share: f32) -> Color32 {
    mix(ui.visuals().panel_fill, colour, share)
}

/// Alarm in the theme at hand.
pub(crate) fn fault(ui: &egui::Ui) -> Color32 {
    rgb(if ui.visuals().dark_mode { palette::FAULT_DARK } else { palette::FAULT })
}

/// Chain in the theme at hand.
pub(crate) fn chain(ui: &egui::Ui) -> Color32 {
    rgb(if ui.visuals().dark_mode { palette::CHAIN_DARK } else { palette::CHAIN })
}

/// Money in the theme at hand.
pub(crate) fn money(ui: &egui::Ui) -> Color32 {
    rgb(if ui.visuals().dark_mode { palette::MONEY_DARK } else { palette::MONEY })
}

/// A colour of the palette for text: darkened on light panels, where the bright ones would be too pale to read.
pub(crate) fn ink(ui: &egui::Ui, c: Rgb) -> Color32 {
    if ui.visuals().dark_mode {
        return rgb(c);
    }
    let darker = |v: u8| u8::try_from(u16::from(v) * 6 / 10).unwrap_or(v);
    Color32::from_rgb(darker(c[0]), darker(c[1]), darker(c[2]))
}

/// Text style of the largest size.
pub(crate) fn big() -> TextStyle {
    TextStyle::Name("big".into())
}

/// Dresses a context.
pub(crate) fn apply(ctx: &egui::Context, theme: Theme, reduce_motion: bool) {
    ctx.set_theme(if theme == Theme::Dark { egui::Theme::Dark } else { egui::Theme::Light });
    for (which, surface, base) in
        [(egui::Theme::Dark, &DARK, Visuals::dark()), (egui::Theme::Light, &LIGHT, Visuals::light())]
    {
        let visuals = visuals(surface, base);
        ctx.style_mut_of(which, |style| {
            style.visuals = visuals;
            dress(style, reduce_motion);
        });
    }
}

fn dress(style: &mut Style, reduce_motion: bool) {
    let font = |size| FontId::new(size, FontFamily::Proportional);
    style.text_styles = [
        (TextStyle::Small, font(BODY)),
        (TextStyle::Body, font(BODY)),
        (TextStyle::Button, font(BODY)),
        (TextStyle::Monospace, FontId::new(BODY, FontFamily::Monospace)),
        (TextStyle::Heading, font(HEADING)),
        (big(), font(BIG)),
    ]
    .into();
    let s = &mut style.spacing;
    s.item_spacing = vec2(GRID, 4.0);
    s.button_padding = vec2(GRID, 4.0);
    s.interact_size = vec2(32.0, 24.0);
    s.window_margin = Margin::same(16);
    s.menu_margin = Margin::same(8);
    s.indent = 16.0;
    s.slider_width = 128.0;
    s.tooltip_width = 320.0;
    s.scroll.fade.strength = 0.0;
    // What can be scrolled shows that it can.
    s.scroll.dormant_handle_opacity = 0.35;
    s.scroll.floating_allocated_width = 8.0;
    style.interaction.tooltip_delay = 0.4;
    style.interaction.selectable_labels = false;
    style.animation_time = if reduce_motion { 0.0 } else { 0.12 };
    if reduce_motion {
        style.scroll_animation = egui::style::ScrollAnimation::none();
    }
}

fn visuals(s: &Surface, base: Visuals) -> Visuals {
    let widget = |fill: Color32, line: Color32, text: Color32| WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: Stroke::new(1.0, line),
        fg_stroke: Stroke::new(1.0, text),
        corner_radius: CornerRadius::same(4),
        expansion: 0.0,
    };
    let teal = rgb(palette::HEALTHY);
    let shadow = Shadow { offset: [0, 4], blur: 12, spread: 0, color: Color32::from_black_alpha(60) };
    Visuals {
        widgets: Widgets {
            noninteractive: widget(s.panel, s.line, s.text),
            inactive: widget(s.raised, Color32::TRANSPARENT, s.text),
            hovered: widget(s.hover, teal, s.strong),
            active: widget(s.hover, teal, s.strong),
            open: widget(s.hover, s.line, s.strong),
        },
        selection: Selection { bg_fill: mix(s.panel, teal, 0.35), stroke: Stroke::new(1.0, s.strong) },
        weak_text_color: Some(s.weak),
        hyperlink_color: teal,
        faint_bg_color: mix(s.panel, s.raised, 0.5),
        extreme_bg_color: s.extreme,
        code_bg_color: s.raised,
        warn_fg_color: rgb(palette::HEAVY),
        error_fg_color: rgb(if base.dark_mode { palette::FAULT_DARK } else { palette::FAULT }),
        window_corner_radius: CornerRadius::same(8),
        menu_corner_radius: CornerRadius::same(8),
        window_fill: s.panel,
        panel_fill: s.panel,
        window_stroke: Stroke::new(1.0, s.line),
        window_shadow: shadow,
        popup_shadow: shadow,
        slider_trailing_fill: true,
        disabled_alpha: 0.7,
        window_highlight_topmost: false,
        ..base
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance (WCAG 2.2).
    fn luminance(c: Color32) -> f64 {
        let linear = |v: u8| {
            let v = f64::from(v) / 255.0;
            if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(c.r()) + 0.7152 * linear(c.g()) + 0.0722 * linear(c.b())
    }

    fn contrast(a: Color32, b: Color32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_can_be_read_on_its_ground() {
        for s in [&DARK, &LIGHT] {
            assert!(contrast(s.text, s.panel) >= 7.0);
            assert!(contrast(s.weak, s.panel) >= 4.5);
            assert!(contrast(s.text, s.hover) >= 4.5);
        }
    }
}
