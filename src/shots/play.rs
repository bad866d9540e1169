//! Takes the pictures: steps, settles, shoots, and goes on to the next.

use super::plan::{Shots, Step, next_clock};
use crate::AppSystems;
use crate::bridge::{Ask, Drive, Live, Selection, Told};
use crate::frames::Frames;
use crate::picture::{self, PictureTaken};
use bevy::prelude::*;
use sim_core::scene::Scene;
use sim_core::time::parse_duration;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Time for a camera's flight and for what fades before a picture is taken.
const SETTLE: Duration = Duration::from_millis(1_800);
/// Complete frames before a picture is taken.
const SETTLED_FRAMES: u32 = 8;
/// A picture that turned out flat is taken again so often.
const TRIALS: u32 = 5;
/// Longest time for one picture.
const PATIENCE: Duration = Duration::from_secs(300);

/// What a picture wants of the panels.
#[derive(Resource, Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    /// The dock that is open.
    pub dock: Option<String>,
    /// The inspector is shown.
    pub inspector: bool,
    /// The causes of what is selected are shown.
    pub why: bool,
    /// The legend is shown.
    pub legend: bool,
    /// The card of a disturbance is folded to its title.
    pub card_folded: bool,
    /// The diagram is shown.
    pub diagram: bool,
    /// The sheet that is open.
    pub sheet: String,
    /// The map that lies over it.
    pub map: String,
    /// Language as a locale is written.
    pub locale: String,
    /// The opening walkthrough is being played.
    pub opening: bool,
}

#[derive(Resource)]
struct Player {
    shots: Shots,
    folder: PathBuf,
    shot: usize,
    step: usize,
    wait: Wait,
    since: Instant,
    trials: u32,
}

/// What the player waits for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Wait {
    /// Nothing: the next step can begin.
    Ready,
    /// The first complete frame.
    FirstFrame,
    /// The simulation to reach a time.
    Arrival,
    /// Another world.
    World(u32),
    /// The wall clock.
    Until(Instant),
    /// Frames, until this many are complete in a row.
    Frames(u32),
    /// The last step has been made; frames and time to settle.
    Settle(Instant, u32),
    /// The picture to be written.
    Picture,
}

pub(super) fn install(app: &mut App, shots: Shots, folder: PathBuf) {
    let (now, wait) = (Instant::now(), Wait::FirstFrame);
    app.insert_resource(Player { shots, folder, shot: 0, step: 0, wait, since: now, trials: 0 })
        .insert_resource(Wanted { locale: "en".into(), ..Wanted::default() })
        .add_systems(Update, play.in_set(AppSystems::Input));
}

fn play(
    mut player: ResMut<Player>,
    mut wanted: ResMut<Wanted>,
    mut selection: ResMut<Selection>,
    (frames, live): (Res<Frames>, Res<Live>),
    (mut told, mut taken): (MessageReader<Told>, MessageReader<PictureTaken>),
    (mut asks, mut drives): (MessageWriter<Ask>, MessageWriter<Drive>),
    (mut commands, mut windows): (Commands, Query<&mut Window>),
    mut exit: MessageWriter<AppExit>,
) {
    let arrived = told.read().filter(|t| matches!(t, Told::Arrived(_))).count() > 0;
    let picture = taken.read().last().cloned();
    if player.since.elapsed() > PATIENCE {
        error!("picture {} was not ready after {PATIENCE:?}: {:?}", player.name(), player.wait);
        exit.write(AppExit::from_code(1));
        return;
    }
    // A pointer at rest over the window would show tooltips in the pictures.
    if player.wait == Wait::FirstFrame {
        windows.iter_mut().for_each(|mut w| w.set_cursor_position(Some(Vec2::splat(2.0))));
    }
    let now = Instant::now();
    let done = match player.wait {
        Wait::Ready => true,
        Wait::FirstFrame => frames.complete > 0,
        Wait::Arrival => arrived,
        Wait::World(number) => live.world >= number,
        Wait::Until(time) => {
            let over = now >= time;
            if over {
                asks.write(Ask::Play(false));
            }
            over
        }
        Wait::Frames(n) => frames.complete >= n,
        Wait::Settle(time, n) => now >= time && frames.complete >= n,
        Wait::Picture => match picture {
            None => false,
            Some(PictureTaken { failed: None, path }) => {
                info!("{}", path.display());
                (player.shot, player.step, player.trials, player.since) = (player.shot + 1, 0, 0, now);
                true
            }
            Some(PictureTaken { failed: Some(why), path }) => {
                player.trials += 1;
                if player.trials >= TRIALS {
                    error!("{}: {why}", path.display());
                    exit.write(AppExit::from_code(1));
                    return;
                }
                player.wait = Wait::Settle(now + SETTLE, frames.complete + SETTLED_FRAMES);
                return;
            }
        },
    };
    if !done {
        return;
    }
    if matches!(player.wait, Wait::Settle(..)) {
        let path = player.folder.join(format!("{}.png", player.name()));
        picture::take(&mut commands, path);
        player.wait = Wait::Picture;
        return;
    }
    let Some(shot) = player.shots.shots.get(player.shot) else {
        exit.write(AppExit::Success);
        return;
    };
    let Some(step) = shot.steps.get(player.step).cloned() else {
        player.wait = Wait::Settle(now + SETTLE, frames.complete + SETTLED_FRAMES);
        return;
    };
    player.step += 1;
    player.wait = begin(&step, &live, &frames, &mut wanted, &mut selection, &mut asks, &mut drives);
}

impl Player {
    fn name(&self) -> &str {
        self.shots.shots.get(self.shot).map_or("", |s| s.name.as_str())
    }
}

/// Begins a step; what must be waited for before the next.
fn begin(
    step: &Step,
    live: &Live,
    frames: &Frames,
    wanted: &mut Wanted,
    selection: &mut Selection,
    asks: &mut MessageWriter<Ask>,
    drives: &mut MessageWriter<Drive>,
) -> Wait {
    let find = |scene: &Scene, name: &str| scene.find(name);
    match step {
        Step::Restart(seed) => {
            asks.write(Ask::Restart(Some(*seed)));
            asks.write(Ask::Play(false));
            return Wait::World(live.world + 1);
        }
        Step::RunTo(clock) => {
            let Some(time) = next_clock(clock, live.now.time) else { return Wait::Ready };
            drives.write(Drive::Until { time, fast: true });
            return Wait::Arrival;
        }
        Step::RunFor(duration) => {
            let time = live.now.time + parse_duration(duration).unwrap_or(0);
            drives.write(Drive::Until { time, fast: true });
            return Wait::Arrival;
        }
        Step::Open(path) => {
            asks.write(match crate::args::find_beside(path).filter(|_| !path.is_empty()) {
                Some(path) => Ask::Open(path),
                None => Ask::CloseStudy,
            });
            return Wait::World(live.world + 1);
        }
        Step::ScaleLoads(factor) => {
            asks.write(Ask::ScaleLoads(*factor));
        }
        Step::Play(speed, seconds) => {
            asks.write(Ask::Speed(*speed));
            asks.write(Ask::Play(true));
            return Wait::Until(Instant::now() + Duration::from_secs_f32(*seconds));
        }
        Step::Do(command) => {
            asks.write(Ask::Do(command.clone()));
        }
        Step::Select(name) => selection.subject = find(&live.scene, name),
        Step::Deselect => selection.subject = None,
        Step::FlyTo(name) => {
            if let Some(subject) = find(&live.scene, name) {
                asks.write(Ask::FlyTo(subject));
            }
        }
        Step::ResetView => {
            asks.write(Ask::ResetView);
        }
        Step::Dock(name) => wanted.dock = Some(name.clone()).filter(|n| !n.is_empty()),
        Step::Inspector(shown) => wanted.inspector = *shown,
        Step::Why(shown) => wanted.why = *shown,
        Step::Legend(shown) => wanted.legend = *shown,
        Step::Outcome(shown) => wanted.card_folded = !shown,
        Step::Diagram(shown) => wanted.diagram = *shown,
        Step::Sheet(name) => wanted.sheet.clone_from(name),
        Step::Map(name) => wanted.map.clone_from(name),
        Step::Locale(tag) => wanted.locale.clone_from(tag),
        Step::Opening(playing) => wanted.opening = *playing,
        Step::Frames(n) => return Wait::Frames(frames.complete + n),
    }
    // One frame, so that what was asked is on its way before the next step.
    Wait::Ready
}
