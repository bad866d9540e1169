//! `--walkthrough` together with `--for`: the walkthrough plays itself and leaves a picture of each step.

use crate::AppSystems;
use crate::bridge::Ask;
use crate::measure::Measure;
use crate::picture;
use crate::tour::Tour;
use bevy::prelude::*;
use std::time::{Duration, Instant};

/// Time that a step stays, long enough for flights and for what it waits for.
const STAY: Duration = Duration::from_secs(6);
/// Its picture is taken this long after it began.
const LOOK: Duration = Duration::from_secs(4);

/// Where the walkthrough stands: its step, since when, and whether it has its picture.
#[derive(Default)]
struct Place {
    step: Option<usize>,
    since: Option<Instant>,
    taken: bool,
}

pub(super) fn plugin(app: &mut App) {
    app.add_systems(Update, play.in_set(AppSystems::Input));
}

fn play(
    mut tour: ResMut<Tour>,
    measure: Res<Measure>,
    mut place: Local<Place>,
    mut asks: MessageWriter<Ask>,
    mut commands: Commands,
) {
    let Some(step) = tour.place() else { return };
    if place.step != Some(step) {
        *place = Place { step: Some(step), since: Some(Instant::now()), taken: false };
    }
    let stayed = place.since.map_or(Duration::ZERO, |since| since.elapsed());
    if stayed > LOOK && !place.taken {
        place.taken = true;
        picture::take(&mut commands, measure.out.join(format!("step-{step:02}.png")));
    }
    if stayed > STAY {
        place.since = Some(Instant::now());
        if let Some(command) = tour.go_on() {
            asks.write(Ask::Do(command));
        }
    }
}
