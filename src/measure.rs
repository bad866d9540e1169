//! `--for TIME --out DIR`: plays at a steady speed and leaves `summary.json`, with what was measured on the way.

use crate::args::Args;
use crate::bridge::{Arrival, Clock, Drive, Live, Told};
use crate::files::write_atomically;
use crate::frames::{Frames, Parts, count_visible};
use crate::picture;
use bevy::camera::visibility::ViewVisibility;
use bevy::prelude::*;
use bevy::render::renderer::RenderAdapterInfo;
use serde_json::{Map, Value, json};
use sim_core::time::SimTime;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Complete frames before the clock starts: the first ones still upload meshes and textures.
const WARM_FRAMES: u32 = 3;
/// The clock starts without a complete picture after this long.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long to run, and where to leave what was found.
#[derive(Resource, Clone, Debug)]
pub(super) struct Measure {
    pub until: SimTime,
    pub out: PathBuf,
}

#[derive(Resource, Default)]
struct Taken {
    started: Option<Instant>,
    frames: Vec<Parts>,
    reached: Vec<f64>,
    most_visible: usize,
    arrived: Option<Box<Arrival>>,
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Taken>().add_systems(Update, (start, note, finish).chain().in_set(crate::AppSystems::Input));
}

fn start(
    mut taken: ResMut<Taken>,
    frames: Res<Frames>,
    measure: Res<Measure>,
    mut drive: MessageWriter<Drive>,
    time: Res<Time<Real>>,
) {
    if taken.started.is_none() && (frames.complete >= WARM_FRAMES || time.elapsed() > PATIENCE) {
        taken.started = Some(Instant::now());
        drive.write(Drive::Until { time: measure.until, fast: false });
    }
}

fn note(
    mut taken: ResMut<Taken>,
    frames: Res<Frames>,
    clock: Res<Clock>,
    meshes: Query<&ViewVisibility, With<Mesh3d>>,
    mut told: MessageReader<Told>,
) {
    if taken.started.is_none() {
        return;
    }
    for word in told.read() {
        if let Told::Arrived(arrival) = word {
            taken.arrived = Some(arrival.clone());
        }
    }
    taken.frames.push(frames.last_ms);
    if clock.playing {
        taken.reached.push(clock.reached);
    }
    taken.most_visible = taken.most_visible.max(count_visible(&meshes));
}

fn finish(
    taken: Res<Taken>,
    frames: Res<Frames>,
    measure: Res<Measure>,
    clock: Res<Clock>,
    live: Res<Live>,
    args: Res<Args>,
    adapter: Option<Res<RenderAdapterInfo>>,
    mut commands: Commands,
    mut asked: Local<bool>,
    mut pictures: MessageReader<picture::PictureTaken>,
    mut exit: MessageWriter<AppExit>,
) {
    let Some(arrival) = &taken.arrived else { return };
    if !*asked {
        // The last picture of the run, so that a report can be looked at.
        picture::take(&mut commands, measure.out.join("last.png"));
        *asked = true;
        return;
    }
    let Some(picture) = pictures.read().find(|p| p.path.ends_with("last.png")) else { return };
    if let Some(why) = &picture.failed {
        warn!("{}: {why}", picture.path.display());
    }
    let mut summary: Map<String, Value> = serde_json::from_str(&arrival.summary).unwrap_or_default();
    summary.insert("digest".into(), json!(arrival.digest));
    summary.insert("first_frame_s".into(), json!(frames.first_s));
    summary.insert("frames".into(), json!(taken.frames.len()));
    summary.insert("fps".into(), fps(&taken.frames));
    summary.insert("frame_ms".into(), frame_ms(&taken.frames));
    summary.insert("speed".into(), json!({ "asked": clock.asked, "reached": median(taken.reached.iter().copied()) }));
    summary.insert(
        "simulation".into(),
        json!({ "busy_s": arrival.busy_s, "ms_per_simulated_s": arrival.busy_s * 1e3 / arrival.simulated_s.max(1.0) }),
    );
    summary.insert("draw_calls".into(), json!(taken.most_visible));
    summary.insert("draw_calls_are".into(), json!("visible mesh entities, the most in one frame"));
    summary.insert("adapter".into(), json!(adapter.map(|a| a.name.clone())));
    summary.insert("quality".into(), json!(format!("{:?}", args.quality.unwrap_or_default()).to_lowercase()));
    summary.insert("time".into(), json!(live.now.time.clock()));
    exit.write(match write(&measure.out, &summary) {
        Ok(()) => AppExit::Success,
        Err(e) => {
            error!("{}: {e}", measure.out.display());
            AppExit::from_code(2)
        }
    });
}

fn write(out: &Path, summary: &Map<String, Value>) -> std::io::Result<()> {
    let text = serde_json::to_string_pretty(summary)?;
    write_atomically(&out.join("summary.json"), (text + "\n").as_bytes())
}

fn fps(frames: &[Parts]) -> Value {
    let of = |share: f64| {
        let ms = quantile(frames.iter().map(|f| f.total), share);
        if ms > 0.0 { 1e3 / ms } else { 0.0 }
    };
    // The slowest twentieth of the frames has the longest times.
    json!({ "median": of(0.5), "p5": of(0.95) })
}

fn frame_ms(frames: &[Parts]) -> Value {
    let of = |part: fn(&Parts) -> f64| json!(median(frames.iter().map(part)));
    json!({
        "total": of(|f| f.total), "app": of(|f| f.app), "receive": of(|f| f.receive), "input": of(|f| f.input),
        "stage": of(|f| f.stage), "panels": of(|f| f.panels), "render": of(|f| f.render),
    })
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    quantile(values, 0.5)
}

/// The value below which a share of the values lies; 0 without any.
fn quantile(values: impl Iterator<Item = f64>, share: f64) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1) as f64;
    values.get((last * share).round() as usize).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_come_from_the_times_of_frames() {
        let frames: Vec<Parts> =
            (1..=100).map(|i| Parts { total: if i > 90 { 200.0 } else { 100.0 }, ..Parts::default() }).collect();
        assert_eq!(fps(&frames), json!({ "median": 10.0, "p5": 5.0 }));
        assert_eq!(frame_ms(&[])["total"], json!(0.0));
    }
}
