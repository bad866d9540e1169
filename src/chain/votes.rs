//! Proposals and votes as small lights from validator to validator, each message in its own shape: a square proposes, a
//! disc is a first vote, a diamond a second one; a hollow shape is a vote for no block. They are shown
//! where they can be followed: each for most of a second, in rounds
//! that do not overlap. At higher speeds only those that reach the proposer are shown, and at the highest none.

use super::{block_pause, pace};
use crate::bridge::{Clock, Live};
use crate::palette;
use crate::panels::{Layers, Look};
use crate::stage::camera::Rig;
use crate::stage::forge::{Forge, Role};
use crate::stage::material::{StageMaterials, VeilMaterial};
use crate::stage::{StageMap, StagePart, StageSystems, forge_linear};
use bevy::prelude::*;
use sim_core::ids::{Subject, ValidatorId};
use sim_core::time::SimTime;

/// Lights in the air at once.
const MOST: usize = 36;
/// Seconds a light travels, and between two that start together.
const TRAVEL_S: f32 = 0.8;
const STAGGER_S: f32 = 0.03;
/// Size of a light's core, of its glow.
const CORE: f32 = 0.42;
/// Between two blocks: all votes are shown above the first (s of the wall clock), none below the second.
const ALL_S: f64 = 4.0;
const NONE_S: f64 = 0.08;
/// Shortest time between two rounds that are shown, s.
const ROUND_S: f32 = 1.4;

pub(super) fn plugin(app: &mut App) {
    app.add_systems(Startup, make_mesh)
        .add_systems(Update, (send, travel).chain().in_set(StageSystems::Follow).run_if(resource_exists::<Live>));
}

#[derive(Resource)]
struct VoteMeshes([[Handle<Mesh>; 2]; 3]);

/// A vote on its way in the picture.
#[derive(Component)]
struct Light {
    from: Vec3,
    to: Vec3,
    age: f32,
}

fn make_mesh(mut commands: Commands, mut meshes: ResMut<Assets<Mesh>>) {
    let mut glow = |sides: u32, turn: f32, inner: f32| {
        let mut forge = Forge::default();
        let up = Quat::from_rotation_x(std::f32::consts::FRAC_PI_2);
        forge.frame(Transform::from_rotation(Quat::from_rotation_z(turn) * up));
        forge.state(0, Role::Lamp).paint_linear(forge_linear(palette::CHAIN_DARK), 1.0).pool(Vec3::ZERO, 1.0, 0.7, 10);
        forge.state(0, Role::Plain).paint_linear([1.0; 3], 1.0).ring(Vec3::Y * -0.02, inner, CORE, sides);
        meshes.add(forge.mesh())
    };
    let mut both = |sides, turn| [glow(sides, turn, 0.0), glow(sides, turn, CORE * 0.6)];
    let (square, disc, diamond) = (both(4, std::f32::consts::FRAC_PI_4), both(12, 0.0), both(4, 0.0));
    commands.insert_resource(VoteMeshes([square, disc, diamond]));
}

#[derive(Default)]
struct Sent {
    world: u32,
    last: SimTime,
    pause: f32,
}

fn send(
    live: Res<Live>,
    clock: Option<Res<Clock>>,
    time: Res<Time>,
    map: Res<StageMap>,
    lights: Query<(), With<Light>>,
    looks: Res<VoteMeshes>,
    shared: Res<StageMaterials>,
    (layers, look): (Option<Res<Layers>>, Option<Res<Look>>),
    mut sent: Local<Sent>,
    mut commands: Commands,
) {
    let votes = &live.now.chain.messages;
    let newest = votes.iter().map(|v| v.sent).max().unwrap_or_default();
    sent.pause -= time.delta_secs();
    if sent.world != map.world || newest < sent.last {
        *sent = Sent { world: map.world, last: newest, pause: 0.0 };
        return;
    }
    let pause = block_pause(&live, pace(clock.as_deref()));
    if newest == sent.last {
        return;
    }
    let hidden = layers.is_some_and(|l| !l.chain) || look.is_some_and(|l| l.reduce_motion);
    if hidden || pause < NONE_S || sent.pause > 0.0 {
        sent.last = newest;
        return;
    }
    let all = pause > ALL_S;
    let room = MOST.saturating_sub(lights.iter().count());
    let top = |id: u32| map.anchor(Subject::Validator(ValidatorId(id))).map(|a| a.0 - Vec3::Y * 1.2);
    let fresh =
        votes.iter().filter(|v| v.sent > sent.last && v.from != v.to && (all || v.to == live.now.chain.proposer));
    for (n, vote) in fresh.take(room).enumerate() {
        if let (Some(from), Some(to)) = (top(vote.from), top(vote.to)) {
            commands.spawn((
                Mesh3d(looks.0[vote.stage as usize][usize::from(vote.nil)].clone()),
                MeshMaterial3d::<VeilMaterial>(shared.veil.clone()),
                Transform::from_translation(from).with_scale(Vec3::ZERO),
                StagePart,
                Light { from, to, age: -STAGGER_S * n as f32 },
            ));
        }
    }
    sent.last = newest;
    sent.pause = if all { 0.0 } else { ROUND_S };
}

fn travel(
    rig: Res<Rig>,
    time: Res<Time>,
    mut lights: Query<(Entity, &mut Light, &mut Transform)>,
    mut commands: Commands,
) {
    let eye = rig.eye();
    for (entity, mut light, mut at) in &mut lights {
        light.age += time.delta_secs().min(0.2);
        let t = light.age / TRAVEL_S;
        if t >= 1.0 {
            commands.entity(entity).despawn();
            continue;
        }
        let t = t.max(0.0);
        let lift = light.from.distance(light.to) * 0.16 + 3.0;
        at.translation = light.from.lerp(light.to, t * t * (3.0 - 2.0 * t)) + Vec3::Y * lift * 4.0 * t * (1.0 - t);
        let to = eye - at.translation;
        at.rotation = Quat::from_rotation_arc(Vec3::Z, to.normalize_or(Vec3::Z));
        let size = (to.length() / 190.0).max(0.9) * (t * 8.0).min(1.0) * ((1.0 - t) * 6.0).min(1.0);
        at.scale = Vec3::splat(size);
    }
}
