//! The app's side of the border: takes in what arrived, sends out what was asked.

use super::thread::{Beat, Ends, Engine, News, Order, Start};
use super::{Ask, Clock, Drive, Happened, History, Live, Selection, Told};
use crate::AppSystems;
use bevy::prelude::*;
use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use std::sync::Arc;
use std::time::Instant;

/// Longest time that one snapshot is blended into the next, s: a step at 1x.
const LONGEST_BLEND_S: f32 = 1.0;

/// The app's ends of the channels; the thread ends when they drop.
#[derive(Resource)]
struct Line {
    orders: Sender<Order>,
    news: Receiver<News>,
    slot: Receiver<Beat>,
    arrived: Instant,
    interval_s: f32,
}

/// Starts the simulation thread and joins it to the app.
///
/// # Errors
/// Why the world cannot be made, in words.
pub fn install(app: &mut App, start: Start) -> Result<(), String> {
    let (orders, to_obey) = unbounded();
    let (to_tell, news) = unbounded();
    let (to_show, slot) = bounded(1);
    let ends = Ends { orders: to_obey, news: to_tell, slot: (to_show, slot.clone()) };
    let scene = start.scene.clone();
    let engine = Engine::new(start, ends).map_err(|e| e.to_string())?;
    let now = Arc::new(engine.snapshot());
    app.insert_resource(Live { scene, now: now.clone(), before: now, blend: 1.0, study: None, world: 1 })
        .insert_resource(engine.clock())
        .insert_resource(History(engine.recorder()))
        .insert_resource(Line { orders, news, slot, arrived: Instant::now(), interval_s: 0.1 })
        .init_resource::<Selection>()
        .add_message::<Ask>()
        .add_message::<Drive>()
        .add_message::<Happened>()
        .add_message::<Told>()
        .add_systems(Update, receive.in_set(AppSystems::Receive))
        .add_systems(Update, send.in_set(AppSystems::Send));
    std::thread::Builder::new().name("simulation".into()).spawn(|| engine.run()).map_err(|e| e.to_string())?;
    Ok(())
}

fn receive(
    mut line: ResMut<Line>,
    mut live: ResMut<Live>,
    mut clock: ResMut<Clock>,
    mut history: ResMut<History>,
    mut selection: ResMut<Selection>,
    mut happened: MessageWriter<Happened>,
    mut told: MessageWriter<Told>,
) {
    // The slot first: whatever a snapshot shows was told before it was sent.
    let beat = line.slot.try_recv().ok();
    for news in line.news.try_iter() {
        match news {
            News::World { world, scene, recorder, now, study } => {
                *live = Live { scene, now: now.clone(), before: now, blend: 1.0, study, world };
                *history = History(recorder);
                *selection = Selection::default();
            }
            News::Event { world, event } if world == live.world => {
                happened.write(Happened(event));
            }
            News::Event { .. } => {}
            News::Told(word) => {
                told.write(word);
            }
        }
    }
    if let Some(beat) = beat.filter(|b| b.world == live.world) {
        *clock = beat.clock;
        let live = &mut *live;
        live.before = std::mem::replace(&mut live.now, beat.now);
        live.study = beat.study;
        line.interval_s = line.arrived.elapsed().as_secs_f32().clamp(1.0 / 60.0, LONGEST_BLEND_S);
        line.arrived = Instant::now();
    }
    // The blend moves every frame; only a new snapshot counts as a change.
    live.bypass_change_detection().blend = (line.arrived.elapsed().as_secs_f32() / line.interval_s).min(1.0);
}

fn send(line: Res<Line>, mut asks: MessageReader<Ask>, mut drives: MessageReader<Drive>) {
    let orders = drives.read().cloned().map(Order::Drive).chain(asks.read().cloned().map(Order::Ask));
    for order in orders {
        if line.orders.send(order).is_err() {
            error!("the simulation thread is gone");
        }
    }
}
