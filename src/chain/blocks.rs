//! Blocks as a row of cubes that recedes from the hall, the newest at its head.
//!
//! A new block assembles from pieces and drops onto the row; the row moves on by one. A chain that stands still shows
//! the block it cannot finish as a hollow grey frame in an amber ring. At high speeds the row only moves on.

use super::{block_pause, pace};
use crate::bridge::{Clock, Live};
use crate::palette;
use crate::stage::forge::{Forge, Role};
use crate::stage::material::{StageMaterials, WorldMaterial};
use crate::stage::{StageMap, StagePart, StageSystems, forge_linear, to_world};
use bevy::prelude::*;

/// Cubes in the row, their size and distance, m.
const ROW: usize = 10;
const CUBE_M: f32 = 3.5;
const STEP_M: f32 = 4.6;
/// Seconds for assembling, dropping, and moving the row on.
const ASSEMBLE_S: f32 = 0.55;
const DROP_S: f32 = 0.35;
/// Height from which a new block drops, m.
const DROP_M: f32 = 7.0;
/// With blocks closer than this (s of the wall clock) nothing assembles any more.
const FOLLOWED_S: f64 = 1.2;

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Row>().add_systems(
        Update,
        (raise_row, follow_height, place_blocks).chain().in_set(StageSystems::Follow).run_if(resource_exists::<Live>),
    );
}

/// How the row stands.
#[derive(Resource, Default)]
struct Row {
    world: Option<u32>,
    height: u64,
    /// Seconds since the newest block began to assemble.
    age: f32,
    /// The newest one just appears.
    quick: bool,
}

/// The n-th cube from the head.
#[derive(Component)]
struct Cube(usize);
/// A piece of the block that assembles.
#[derive(Component)]
struct Piece(Vec3);
/// The frame of the block that cannot be finished.
#[derive(Component)]
struct Hollow;

fn raise_row(
    live: Res<Live>,
    map: Res<StageMap>,
    shared: Res<StageMaterials>,
    mut row: ResMut<Row>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut commands: Commands,
) {
    if row.world == Some(map.world) {
        return;
    }
    *row = Row { world: Some(map.world), height: live.now.chain.height, age: 9.0, quick: true };
    let world = |mesh: Handle<Mesh>| (Mesh3d(mesh), MeshMaterial3d::<WorldMaterial>(shared.world.clone()), StagePart);
    let hidden = (Transform::default(), Visibility::Hidden);
    for n in 0..ROW {
        // Paler and greyer with age.
        let age = n as f32 / ROW as f32;
        let mesh = meshes.add(cube(CUBE_M, 1.0 - 0.55 * age));
        commands.spawn((world(mesh), hidden, Cube(n)));
    }
    let piece = meshes.add(cube(CUBE_M * 0.46, 1.0));
    for i in 0..8 {
        let corner = |bit: u32| if i >> bit & 1 == 0 { -0.25 } else { 0.25 };
        commands.spawn((world(piece.clone()), hidden, Piece(Vec3::new(corner(0), corner(1), corner(2)) * CUBE_M)));
    }
    commands.spawn((world(meshes.add(hollow())), hidden, Hollow));
}

/// A cube with lit edges.
fn cube(size: f32, light: f32) -> Mesh {
    let mut forge = Forge::default();
    let h = size / 2.0;
    forge.state(0, Role::Solid).paint_linear(forge_linear(palette::CHAIN).map(|c| c * (0.6 + 0.5 * light) + 0.03), 1.0);
    forge.block(Vec3::ZERO, Vec3::splat(size));
    forge.state(0, Role::Lamp).paint_linear(forge_linear(palette::CHAIN_DARK).map(|c| c * (0.25 + 0.75 * light)), 1.0);
    edges(&mut forge, h, size * 0.045);
    forge.mesh()
}

fn edges(forge: &mut Forge, h: f32, width: f32) {
    for (a, b) in [(-h, -h), (-h, h), (h, -h), (h, h)] {
        forge.bar(Vec3::new(-h, a, b), Vec3::new(h, a, b), width * 2.0);
        forge.bar(Vec3::new(a, -h, b), Vec3::new(a, h, b), width * 2.0);
        forge.bar(Vec3::new(a, b, -h), Vec3::new(a, b, h), width * 2.0);
    }
}

fn hollow() -> Mesh {
    let mut forge = Forge::default();
    forge.state(0, Role::Solid).shade(palette::GRID, 1.1);
    edges(&mut forge, CUBE_M / 2.0, 0.13);
    forge.state(0, Role::Lamp).paint(palette::HEAVY);
    for i in 0..28 {
        let at = |i: u32| {
            let angle = i as f32 / 28.0 * std::f32::consts::TAU;
            Vec3::new(angle.cos(), 0.0, angle.sin()) * CUBE_M * 1.05
        };
        forge.bar(at(i), at(i + 1), 0.3);
    }
    forge.mesh()
}

fn follow_height(live: Res<Live>, clock: Option<Res<Clock>>, time: Res<Time>, mut row: ResMut<Row>) {
    let height = live.now.chain.height;
    let pause = block_pause(&live, pace(clock.as_deref()));
    row.age += time.delta_secs().min(0.2);
    if height != row.height {
        row.quick = pause < FOLLOWED_S || height != row.height + 1;
        row.height = height;
        row.age = 0.0;
    }
}

fn smooth(t: f32) -> f32 {
    let t = t.clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

fn place_blocks(
    live: Res<Live>,
    row: Res<Row>,
    mut cubes: Query<(&Cube, &mut Transform, &mut Visibility), (Without<Piece>, Without<Hollow>)>,
    mut pieces: Query<(&Piece, &mut Transform, &mut Visibility), (Without<Cube>, Without<Hollow>)>,
    mut frame: Query<(&mut Transform, &mut Visibility), (With<Hollow>, Without<Cube>, Without<Piece>)>,
) {
    let place = &live.scene.file.place;
    let heading = place.chain_heading_deg.to_radians() as f32;
    let along = Vec3::new(heading.sin(), 0.0, -heading.cos());
    let turn = Quat::from_rotation_y(-heading);
    let head = to_world(place.chain_at, CUBE_M / 2.0 + 0.25);
    let blocks = live.now.chain.blocks.len();
    let whole = if row.quick { 0.0 } else { ASSEMBLE_S + DROP_S };
    let moved = if row.quick { smooth(row.age / 0.15) } else { smooth(row.age / ASSEMBLE_S) };
    let drop = ((row.age - ASSEMBLE_S) / DROP_S).clamp(0.0, 1.0);
    for (cube, mut at, mut seen) in &mut cubes {
        let new = cube.0 == 0 && row.age < whole;
        let there = cube.0 < blocks && !(new && row.age < ASSEMBLE_S);
        seen.set_if_neq(if there { Visibility::Inherited } else { Visibility::Hidden });
        let back = if cube.0 == 0 { 0.0 } else { cube.0 as f32 - 1.0 + moved };
        let lift = if new { DROP_M * (1.0 - drop * drop) } else { 0.0 };
        let shrink = 1.0 - 0.022 * back;
        let next = Transform::from_translation(head + along * STEP_M * back + Vec3::Y * lift)
            .with_rotation(turn)
            .with_scale(Vec3::splat(shrink));
        at.set_if_neq(next);
    }
    let assembling = row.age < ASSEMBLE_S && !row.quick && blocks > 0;
    let spread = 1.0 + 3.2 * (1.0 - smooth(row.age / ASSEMBLE_S));
    for (piece, mut at, mut seen) in &mut pieces {
        seen.set_if_neq(if assembling { Visibility::Inherited } else { Visibility::Hidden });
        if assembling {
            let next =
                Transform::from_translation(head + Vec3::Y * DROP_M + turn * (piece.0 * spread)).with_rotation(turn);
            at.set_if_neq(next);
        }
    }
    for (mut at, mut seen) in &mut frame {
        seen.set_if_neq(if live.now.chain.stalled { Visibility::Inherited } else { Visibility::Hidden });
        at.set_if_neq(Transform::from_translation(head - along * STEP_M * 1.2).with_rotation(turn));
    }
}
