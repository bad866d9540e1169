//! Looks at frames: whether the picture is complete yet, and where their time goes.
//!
//! Pipelines compile in the background and the first frames are empty; the picture is complete once a frame was drawn
//! with every pipeline ready, and stays complete until new ones are wanted.

use crate::AppSystems;
use bevy::camera::visibility::ViewVisibility;
use bevy::prelude::*;
use bevy::render::render_resource::PipelineCache;
use bevy::render::{Render, RenderApp, RenderSystems};
use bevy_egui::EguiPostUpdateSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Instant;

/// Told by the renderer, read by the app.
#[derive(Resource, Clone, Default)]
struct Drawn(Arc<DrawnState>);

#[derive(Default)]
struct DrawnState {
    /// Frames in a row that were drawn with all pipelines ready.
    complete: AtomicU32,
    /// Time of the last frame in the renderer, us.
    render_us: AtomicU64,
}

/// The frames so far.
#[derive(Resource, Clone, Debug, Default)]
pub struct Frames {
    /// Frames in a row that were drawn with all pipelines ready.
    pub complete: u32,
    /// From the start of the program to the first complete frame, s.
    pub first_s: Option<f64>,
    /// Time of the last frame, ms, whole and by part.
    pub last_ms: Parts,
}

/// Parts of a frame, ms. The app works on one frame while the renderer draws the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Parts {
    /// From one frame to the next.
    pub total: f64,
    /// Snapshot and events taken in.
    pub receive: f64,
    /// Keys, clicks, lessons.
    pub input: f64,
    /// The stage follows.
    pub stage: f64,
    /// Panels.
    pub panels: f64,
    /// All the app does.
    pub app: f64,
    /// The renderer, beside the app.
    pub render: f64,
}

/// When the program began.
#[derive(Resource, Clone, Copy, Debug)]
pub struct Began(pub Instant);

#[derive(Resource)]
struct Marks {
    frame: Instant,
    last: Instant,
    parts: Parts,
}

/// Adds the look-out; call it after the renderer.
pub(super) fn plugin(app: &mut App) {
    let now = Instant::now();
    app.init_resource::<Frames>()
        .insert_resource(Marks { frame: now, last: now, parts: Parts::default() })
        .add_systems(First, begin)
        .add_systems(Update, mark(|_| None).before(AppSystems::Receive))
        .add_systems(Update, mark(|p| Some(&mut p.receive)).after(AppSystems::Receive).before(AppSystems::Input))
        .add_systems(Update, mark(|p| Some(&mut p.input)).after(AppSystems::Input).before(AppSystems::Stage))
        .add_systems(Update, mark(|p| Some(&mut p.stage)).after(AppSystems::Stage).before(AppSystems::Send))
        .add_systems(PostUpdate, mark(|_| None).before(EguiPostUpdateSet::EndPass))
        .add_systems(PostUpdate, mark(|p| Some(&mut p.panels)).after(EguiPostUpdateSet::EndPass))
        .add_systems(Last, end);
    let drawn = Drawn::default();
    app.insert_resource(drawn.clone());
    if let Some(render) = app.get_sub_app_mut(RenderApp) {
        render
            .insert_resource(drawn)
            .insert_resource(RenderBegan(now))
            .add_systems(Render, begin_render.before(RenderSystems::ExtractCommands))
            .add_systems(Render, end_render.in_set(RenderSystems::Cleanup));
    }
}

/// Ends a part of a frame.
fn mark(part: fn(&mut Parts) -> Option<&mut f64>) -> impl FnMut(ResMut<Marks>) {
    move |mut marks| {
        let now = Instant::now();
        let ms = (now - marks.last).as_secs_f64() * 1e3;
        if let Some(part) = part(&mut marks.parts) {
            *part = ms;
        }
        marks.last = now;
    }
}

fn begin(mut marks: ResMut<Marks>, mut frames: ResMut<Frames>, drawn: Res<Drawn>, began: Option<Res<Began>>) {
    let now = Instant::now();
    marks.parts.total = (now - marks.frame).as_secs_f64() * 1e3;
    marks.parts.render = drawn.0.render_us.load(Ordering::Relaxed) as f64 / 1e3;
    frames.last_ms = marks.parts;
    frames.complete = drawn.0.complete.load(Ordering::Relaxed);
    if frames.first_s.is_none() && frames.complete > 0 {
        frames.first_s = Some(began.map_or(0.0, |b| (now - b.0).as_secs_f64()));
    }
    (marks.frame, marks.last) = (now, now);
}

fn end(mut marks: ResMut<Marks>) {
    marks.parts.app = marks.frame.elapsed().as_secs_f64() * 1e3;
}

#[derive(Resource)]
struct RenderBegan(Instant);

fn begin_render(mut began: ResMut<RenderBegan>) {
    began.0 = Instant::now();
}

fn end_render(began: Res<RenderBegan>, drawn: Res<Drawn>, pipelines: Res<PipelineCache>) {
    drawn.0.render_us.store(began.0.elapsed().as_micros() as u64, Ordering::Relaxed);
    if pipelines.pipelines().next().is_some() && pipelines.waiting_pipelines().next().is_none() {
        drawn.0.complete.fetch_add(1, Ordering::Relaxed);
    } else {
        drawn.0.complete.store(0, Ordering::Relaxed);
    }
}

/// Meshes that the last frame showed: at least this many draws, before batching.
pub(super) fn count_visible(meshes: &Query<&ViewVisibility, With<Mesh3d>>) -> usize {
    meshes.iter().filter(|v| v.get()).count()
}
