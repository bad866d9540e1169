//! Trades of the latest clearing as arcs from seller to buyer, coloured by its price: pale when cheap, deep when dear.
//!
//! They are contracts, not electrons: those run along the cables (`flow`). Where nobody trades beforehand there are none. A trade that the network did not carry is an
//! arc in the colour of faults that comes down at the element that stopped it.

use super::pace;
use crate::bridge::{Clock, Live};
use crate::flow::{FREE, Runs, show_runs, style};
use crate::palette;
use crate::panels::{Layers, Look};
use crate::stage::forge::Ribbons;
use crate::stage::material::{RibbonMaterial, StageMaterials};
use crate::stage::{StageMap, StagePart, StageSystems, forge_linear};
use bevy::camera::visibility::NoFrustumCulling;
use bevy::prelude::*;
use sim_core::ids::{ParticipantId, Subject};
use sim_core::scene::{Participant, Scene};

/// Arcs at once: the largest trades.
const MOST: usize = 12;
/// Arcs of trades that were stopped, behind the others: those of which most was cut.
const MOST_STOPPED: usize = 8;
/// Comets on arcs, m/s of the wall clock.
const SPEED_M_S: f32 = 16.0;
/// Below this many seconds of the wall clock a slot is too short to be followed.
const FOLLOWED_S: f64 = 2.0;
/// Orchid from pale to deep, sRGB.
const PALE: [u8; 3] = [0xE6, 0xBC, 0xFB];
const DEEP: [u8; 3] = [0x8A, 0x2B, 0xC2];

pub(super) fn plugin(app: &mut App) {
    app.add_systems(
        Update,
        (draw_arcs, run_arcs).chain().before(show_runs).in_set(StageSystems::Follow).run_if(resource_exists::<Live>),
    );
}

/// The arcs of a clearing.
#[derive(Component)]
struct Arcs;

/// What is drawn: world, slot and number of the clearing, number of arcs and of stopped ones.
type Key = (u32, u64, u32, usize, usize);

fn where_is(scene: &Scene, map: &StageMap, id: ParticipantId) -> Option<Vec3> {
    let subject = match scene.participants.get(id.index())? {
        Participant::Building(i) => Subject::Building(*i),
        Participant::Device(i) => Subject::Device(*i),
        Participant::Grid => Subject::Grid,
        Participant::Losses => return None,
    };
    map.anchor(subject).map(|a| a.0 - Vec3::Y * 1.5)
}

/// Where an element stands: its anchor, or the middle of its way.
fn middle_of(map: &StageMap, element: Subject) -> Option<Vec3> {
    let way = || {
        let points = &map.path(element)?.points;
        points.get(points.len() / 2).copied()
    };
    map.anchor(element).map(|a| a.0).or_else(way)
}

fn arc(ribbons: &mut Ribbons, from: Vec3, to: Vec3, run: usize) {
    let lift = 7.0 + from.distance(to) * 0.2;
    let points: Vec<Vec3> = (0..=18)
        .map(|i| {
            let t = i as f32 / 18.0;
            from.lerp(to, t) + Vec3::Y * lift * 4.0 * t * (1.0 - t)
        })
        .collect();
    ribbons.path(&points, 0.2, run as u32);
}

fn draw_arcs(
    live: Res<Live>,
    map: Res<StageMap>,
    clock: Option<Res<Clock>>,
    layers: Option<Res<Layers>>,
    shared: Res<StageMaterials>,
    old: Query<Entity, With<Arcs>>,
    mut drawn: Local<Option<Key>>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut commands: Commands,
) {
    let book = &live.now.market.book;
    let slot_s = f64::from(live.scene.file.market.slot_min) * 60.0;
    let followed = slot_s / pace(clock.as_deref()).max(1e-6) > FOLLOWED_S;
    let shown = followed && layers.is_none_or(|l| l.contracts);
    let count = if shown { book.trades.len().min(MOST) } else { 0 };
    let stopped = if shown { book.curtailed.len().min(MOST_STOPPED) } else { 0 };
    let key = (map.world, book.slot, book.clearing, count, stopped);
    if *drawn == Some(key) {
        return;
    }
    *drawn = Some(key);
    for entity in &old {
        commands.entity(entity).despawn();
    }
    let mut ribbons = Ribbons::default();
    for (n, trade) in book.trades.iter().take(count).enumerate() {
        let ends = (where_is(&live.scene, &map, trade.seller), where_is(&live.scene, &map, trade.buyer));
        let (Some(from), Some(to)) = ends else { continue };
        arc(&mut ribbons, from, to, FREE + n);
    }
    for (n, trade) in book.curtailed.iter().take(stopped).enumerate() {
        let from = where_is(&live.scene, &map, trade.seller).or_else(|| where_is(&live.scene, &map, trade.buyer));
        let (Some(from), Some(to)) = (from, middle_of(&map, trade.element)) else { continue };
        arc(&mut ribbons, from, to, FREE + MOST + n);
    }
    if !ribbons.is_empty() {
        commands.spawn((
            Mesh3d(meshes.add(ribbons.mesh())),
            MeshMaterial3d::<RibbonMaterial>(shared.ribbon.clone()),
            NoFrustumCulling,
            Arcs,
            StagePart,
        ));
    }
}

fn run_arcs(
    live: Res<Live>,
    clock: Option<Res<Clock>>,
    look: Option<Res<Look>>,
    time: Res<Time>,
    mut runs: ResMut<Runs>,
) {
    // With motion reduced an arc stands still; the bright heads on it still point to the buyer.
    let still = look.is_some_and(|l| l.reduce_motion);
    let market = &live.now.market;
    let playing = clock.is_none_or(|c| c.playing);
    let dt = if playing && !still { time.delta_secs().min(0.2) } else { 0.0 };
    let (import, feed_in) = market.grid_milli;
    let span = (import - feed_in).max(1) as f32;
    let price = market.book.price_milli.unwrap_or(market.price_milli);
    let share = ((price - feed_in) as f32 / span).clamp(0.0, 1.0);
    let (pale, deep) = (Vec3::from(forge_linear(PALE)), Vec3::from(forge_linear(DEEP)));
    let color = pale.lerp(deep, share);
    let largest = market.book.trades.iter().map(|t| t.quantity.0).max().unwrap_or(1).max(1) as f32;
    for n in 0..MOST {
        let run = &mut runs.table.run[FREE + n];
        let Some(trade) = market.book.trades.get(n) else {
            run.w = style::HIDDEN;
            continue;
        };
        let size = trade.quantity.0 as f32 / largest;
        *run = Vec4::new((run.x + SPEED_M_S * dt).rem_euclid(56.0), 0.25 + 0.6 * size, 1.0, style::ARC);
        runs.table.color[FREE + n] = color.extend(1.0);
    }
    let stopped = Vec3::from(forge_linear(palette::FAULT));
    let cut = |n: usize| market.book.curtailed.get(n).map(|c| (c.wanted.0 - c.allowed.0) as f32);
    let most_cut = cut(0).unwrap_or(1.0).max(1.0);
    for n in 0..MOST_STOPPED {
        let run = &mut runs.table.run[FREE + MOST + n];
        let (size, w) = cut(n).map_or((0.0, style::HIDDEN), |cut| (cut / most_cut, style::ARC));
        *run = Vec4::new((run.x + SPEED_M_S * dt).rem_euclid(56.0), 0.25 + 0.6 * size, 1.0, w);
        runs.table.color[FREE + MOST + n] = stopped.extend(1.0);
    }
}
