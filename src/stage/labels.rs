//! Names over things: where they hang in the picture, and the few that are written, by egui.

use super::StageSystems;
use super::build::StageMap;
use super::camera::{FreeRect, Rig, StageCamera};
use crate::bridge::{Live, Selection};
use crate::locale::Locale;
use crate::palette;
use crate::panels::{Layers, label};
use bevy::prelude::*;
use bevy::window::PrimaryWindow;
use bevy_egui::{EguiContexts, EguiPrimaryContextPass, egui};
use sim_core::ids::{BuildingId, Subject};
use sim_core::scene::schema::BuildingKind;
use sim_core::snapshot::Snapshot;
use std::collections::BTreeMap;

/// At most so many labels besides those of what is selected, hovered or concerned.
const MOST: usize = 14;
/// Seconds a label takes to come or go.
const FADE_S: f32 = 0.25;

/// Where a label hangs in the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LabelAnchor {
    /// Of what.
    pub subject: Subject,
    /// Logical pixels of the window.
    pub screen: Vec2,
    /// Metres from the eye.
    pub distance: f32,
    /// The higher, the sooner it is shown.
    pub importance: f32,
}

/// All anchors that are in the picture, the most important first.
#[derive(Resource, Clone, Debug, Default)]
pub struct LabelAnchors(pub Vec<LabelAnchor>);

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<LabelAnchors>()
        .add_systems(Update, project_anchors.in_set(StageSystems::Follow).run_if(resource_exists::<Live>))
        .add_systems(EguiPrimaryContextPass, paint_labels.run_if(resource_exists::<Live>.and_then(super::is_shown)));
}

fn project_anchors(
    live: Res<Live>,
    map: Res<StageMap>,
    selection: Res<Selection>,
    rig: Res<Rig>,
    camera: Query<(&Camera, &GlobalTransform), With<StageCamera>>,
    mut anchors: ResMut<LabelAnchors>,
) {
    let Ok((camera, eye)) = camera.single() else { return };
    anchors.0.clear();
    for (subject, at, wide) in &map.anchors {
        let distance = eye.translation().distance(*at);
        let importance = importance(&live, &selection, *subject, distance, *wide, rig.distance());
        if importance <= 0.0 {
            continue;
        }
        let fault = match subject {
            Subject::Line(i) => live.now.lines.get(i.index()).and_then(|l| l.fault_at),
            _ => None,
        };
        let at = match (fault, map.path(*subject)) {
            (Some(share), Some(path)) => super::plan::point_along(&path.points, share as f32),
            _ => *at,
        };
        if let Ok(screen) = camera.world_to_viewport(eye, at) {
            anchors.0.push(LabelAnchor { subject: *subject, screen, distance, importance });
        }
    }
    anchors.0.sort_by(|a, b| b.importance.total_cmp(&a.importance));
}

/// Selected, hovered, concerned; else the larger and nearer, and only what has a name for people.
fn importance(live: &Live, selection: &Selection, subject: Subject, distance: f32, wide: f32, orbit: f32) -> f32 {
    if selection.subject == Some(subject) {
        return 100.0;
    }
    if selection.hovered == Some(subject) {
        return 90.0;
    }
    let now = &live.now;
    if let Subject::Line(i) = subject {
        let hurt =
            now.lines.get(i.index()).is_some_and(|l| l.fault_at.is_some() || l.broken || l.isolated || l.loading > 1.0);
        return if hurt { 60.0 } else { 0.0 };
    }
    let f = &live.scene.file;
    let near = distance < 150.0;
    let close = 1.0 - distance / 2000.0 + wide * 0.01;
    match subject {
        Subject::Building(i) => match f.buildings.get(i.index()).map(|b| b.kind) {
            Some(BuildingKind::Home) if near => close,
            Some(BuildingKind::Home) | None => 0.0,
            Some(BuildingKind::Apartments) => close + if near { 2.0 } else { 0.0 },
            Some(_) => close + 4.0,
        },
        Subject::Device(i) if live.scene.device_building.get(i.index()).is_some_and(Option::is_none) => close + 3.0,
        Subject::Device(_) | Subject::Switch(_) if orbit < 110.0 && distance < 120.0 => close,
        Subject::Gateway(_) | Subject::Validator(_) if orbit < 150.0 && distance < 160.0 => close + 0.5,
        Subject::Transformer(_) if orbit < 220.0 => close + 2.0,
        Subject::Chain if now.chain.stalled => 60.0,
        Subject::Chain => close + 4.5,
        _ => 0.0,
    }
}

fn kilowatts(kw: f64) -> String {
    let kw = if kw.abs() < 0.05 { 0.0 } else { kw };
    if kw.abs() < 9.95 { format!("{kw:.1} kW") } else { format!("{kw:.0} kW") }
}

/// The one number of a thing.
fn number_of(now: &Snapshot, subject: Subject) -> Option<String> {
    match subject {
        Subject::Building(i) => now.buildings.get(i.index()).map(|b| kilowatts(b.load_kw)),
        Subject::Device(i) => now.devices.get(i.index()).map(|d| match d.soc {
            Some(soc) => format!("{:.0} %", soc * 100.0),
            None => kilowatts(d.kw),
        }),
        Subject::Line(i) => now.lines.get(i.index()).map(|l| format!("{:.0} %", l.loading * 100.0)),
        Subject::Transformer(i) => now.transformers.get(i.index()).map(|l| format!("{:.0} %", l.loading * 100.0)),
        Subject::Bus(i) => now.buses.get(i.index()).map(|b| {
            let least = b.voltage_pu.into_iter().filter(|v| *v > 0.0).fold(f64::MAX, f64::min);
            format!("{least:.3} pu")
        }),
        Subject::Switch(i) => now.switches.get(i.index()).map(|s| format!("{:.0} A", s.current_a)),
        Subject::Validator(i) => now.validators.get(i.index()).map(|v| format!("#{}", v.height)),
        Subject::Grid => Some(kilowatts(now.balance.grid)),
        // A chain that stands still says how many of its validators can vote.
        Subject::Chain if now.chain.stalled => {
            Some(format!("#{}  {}/{}", now.chain.height, now.chain.voting, now.validators.len()))
        }
        Subject::Chain => Some(format!("#{}", now.chain.height)),
        _ => None,
    }
}

/// Without power, hurt or stalled: its label has a crimson edge.
fn is_dark(now: &Snapshot, subject: Subject) -> bool {
    match subject {
        Subject::Building(BuildingId(i)) => now.buildings.get(i as usize).is_some_and(|b| !b.live || b.shed),
        Subject::Line(i) => now.lines.get(i.index()).is_some_and(|l| l.fault_at.is_some() || l.isolated || l.broken),
        Subject::Chain => now.chain.stalled,
        _ => false,
    }
}

/// What floats over the world: captions, cards, menus. No label lies half under them.
fn floating(ctx: &egui::Context) -> Vec<egui::Rect> {
    ctx.memory(|m| {
        let above = m.layer_ids().filter(|l| matches!(l.order, egui::Order::Middle | egui::Order::Foreground));
        let above: Vec<_> = above.filter(|l| m.areas().is_visible(l)).collect();
        above.into_iter().filter_map(|l| m.area_rect(l.id)).collect()
    })
}

fn paint_labels(
    mut contexts: EguiContexts,
    live: Res<Live>,
    anchors: Res<LabelAnchors>,
    (locale, layers): (Option<Res<Locale>>, Option<Res<Layers>>),
    free: Res<FreeRect>,
    time: Res<Time<Real>>,
    window: Query<&Window, With<PrimaryWindow>>,
    mut shown: Local<BTreeMap<Subject, f32>>,
) -> Result {
    let ctx = contexts.ctx_mut()?;
    let (Ok(window), Some(locale)) = (window.single(), locale) else { return Ok(()) };
    let named = layers.is_none_or(|l| l.labels);
    let scale = window.scale_factor() / ctx.pixels_per_point();
    let size = window.size();
    let area = free.0.unwrap_or(Rect::from_corners(Vec2::ZERO, size));
    let area = egui::Rect::from_min_max(
        egui::pos2(area.min.x * scale, area.min.y * scale),
        egui::pos2(area.max.x * scale, area.max.y * scale),
    )
    .shrink(4.0);
    let painter = ctx.layer_painter(egui::LayerId::new(egui::Order::Background, egui::Id::new("stage-labels")));
    let painter = painter.with_clip_rect(area);
    let mut taken = floating(ctx);
    // Room for the signs that stand at damaged lines.
    for anchor in anchors.0.iter().filter(|a| matches!(a.subject, Subject::Line(_)) && a.importance < 90.0) {
        let foot = egui::pos2(anchor.screen.x * scale, anchor.screen.y * scale);
        let hurt = is_dark(&live.now, anchor.subject);
        taken.extend(hurt.then(|| egui::Rect::from_min_max(foot - egui::vec2(16.0, 40.0), foot)));
    }
    let mut placed = Vec::new();
    for anchor in &anchors.0 {
        if anchor.importance < 50.0 && placed.len() >= MOST {
            break;
        }
        if anchor.importance < 50.0 && !named {
            break;
        }
        let point = egui::pos2(anchor.screen.x * scale, anchor.screen.y * scale);
        if !area.contains(point) {
            continue;
        }
        let name = label(&live.scene, anchor.subject, &locale);
        let number = number_of(&live.now, anchor.subject).unwrap_or_default();
        let name = painter.layout_no_wrap(name, egui::FontId::proportional(12.0), egui::Color32::PLACEHOLDER);
        let number = painter.layout_no_wrap(number, egui::FontId::proportional(12.0), egui::Color32::PLACEHOLDER);
        let gap = if number.size().x > 0.0 { 7.0 } else { 0.0 };
        let extent = egui::vec2(name.size().x + gap + number.size().x + 12.0, name.size().y + 4.0);
        // Signs of faults stand above their point, so the name of a line hangs below it.
        let side = if matches!(anchor.subject, Subject::Line(_)) { 1.0 } else { -1.0 };
        let mut rect = egui::Rect::from_center_size(point + egui::vec2(0.0, side * (extent.y / 2.0 + 7.0)), extent);
        // Kept whole at the edge of the picture.
        let shift = |low: f32, high: f32, from: f32, to: f32| (low - from).max(0.0) - (to - high).max(0.0);
        let by = egui::vec2(
            shift(area.left(), area.right(), rect.left(), rect.right()),
            shift(area.top(), area.bottom(), rect.top(), rect.bottom()),
        );
        rect = rect.translate(by);
        // What is selected or concerned makes room for itself; the others wait for theirs.
        let free = |r: egui::Rect| taken.iter().all(|t| !t.expand(2.0).intersects(r));
        let tries: &[f32] = if anchor.importance < 50.0 { &[0.0] } else { &[0.0, -1.0, 1.0, -2.0, 2.0, -3.0, 3.0] };
        let step = extent.y + 3.0;
        let moved = tries.iter().map(|k| rect.translate(egui::vec2(0.0, k * step)));
        let Some(rect) = moved.into_iter().find(|r| area.contains_rect(*r) && free(*r)) else { continue };
        taken.push(rect);
        placed.push((anchor, rect, point, name, number));
    }
    let step = time.delta_secs() / FADE_S;
    shown.retain(|subject, alpha| {
        if placed.iter().all(|p| p.0.subject != *subject) {
            *alpha -= step * 4.0;
        }
        *alpha > 0.0
    });
    // The least important first, so that the others lie above it.
    for (anchor, rect, point, name, number) in placed.into_iter().rev() {
        let alpha = shown.entry(anchor.subject).or_insert(0.0);
        *alpha = (*alpha + step).min(1.0);
        let of = |rgb: palette::Rgb, a: f32| egui::Color32::from_rgb(rgb[0], rgb[1], rgb[2]).gamma_multiply(a * *alpha);
        let dark = is_dark(&live.now, anchor.subject);
        let strong = anchor.importance >= 90.0;
        let edge = if dark { of(palette::FAULT_DARK, 1.0) } else { of(palette::METAL, if strong { 0.9 } else { 0.0 }) };
        let foot = egui::pos2(
            point.x.clamp(rect.left() + 6.0, rect.right() - 6.0),
            if rect.center().y < point.y { rect.bottom() } else { rect.top() },
        );
        painter.line_segment([foot, point], egui::Stroke::new(1.0, of(palette::OUTLINE, 0.55)));
        painter.rect(rect, 5.0, of(palette::OUTLINE, 0.72), egui::Stroke::new(1.2, edge), egui::StrokeKind::Inside);
        let at = rect.left_top() + egui::vec2(6.0, 2.0);
        let after = at + egui::vec2(rect.width() - 12.0 - number.size().x, 0.0);
        painter.galley(at, name, of(palette::METAL, 0.97));
        painter.galley(after, number, of([0xC9, 0xD2, 0xDB], 1.0));
    }
    if shown.values().any(|a| *a < 1.0) {
        ctx.request_repaint();
    }
    Ok(())
}
