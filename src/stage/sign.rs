//! Signs: a fault one feels (flash, sparks, a triangle that stays until it is mended) and the mark over dark buildings.

use super::StageSystems;
use super::build::{StageMap, StagePart};
use super::camera::Rig;
use super::forge::{Forge, Role};
use super::material::{StageMaterials, VeilMaterial};
use super::plan::{chance, linear, point_along};
use crate::bridge::{Happened, Live};
use crate::palette;
use crate::panels::Look;
use bevy::prelude::*;
use sim_core::event::EventKind;
use sim_core::ids::{BuildingId, LineId, Subject};

/// Seconds a flash and its sparks last.
const FLASH_S: f32 = 0.55;
const SPARK_S: f32 = 1.3;
/// Seconds that the waves around an ordered switch last.
const SWELL_S: f32 = 2.1;

pub(super) fn plugin(app: &mut App) {
    app.add_message::<Happened>().init_resource::<SignMeshes>().add_systems(Startup, make_meshes).add_systems(
        Update,
        (place_fault_signs, place_dark_marks, strike, announce, swell, burn, face_signs)
            .chain()
            .in_set(StageSystems::Follow)
            .run_if(resource_exists::<Live>),
    );
}

#[derive(Resource, Default)]
struct SignMeshes {
    triangle: Handle<Mesh>,
    mark: Handle<Mesh>,
    flash: Handle<Mesh>,
    spark: Handle<Mesh>,
    ring: Handle<Mesh>,
}

/// A sign at a fault.
#[derive(Component)]
struct FaultSign(LineId);
/// A mark over a building.
#[derive(Component)]
struct DarkMark(BuildingId);
/// Turned to the eye, and kept readable from afar; the height of its point over the ground.
#[derive(Component)]
struct Facing {
    foot: Vec3,
    least: f32,
    per_m: f32,
}
/// Waves around a switch, age 0 to 1.
#[derive(Component)]
struct Swell {
    age: f32,
}
/// Short light.
#[derive(Component)]
struct Spark {
    age: f32,
    life: f32,
    velocity: Vec3,
    size: f32,
}

fn make_meshes(mut signs: ResMut<SignMeshes>, mut meshes: ResMut<Assets<Mesh>>) {
    let mut triangle = Forge::default();
    let v = |x: f32, y: f32, z: f32| Vec3::new(x, y, z);
    let tri = |f: &mut Forge, size: f32, z: f32| {
        let y = 3.4;
        f.tri(v(-size, y - size * 0.62, z), v(size, y - size * 0.62, z), v(0.0, y + size * 1.12, z));
    };
    triangle.state(0, Role::Plain).paint(palette::OUTLINE);
    triangle.quad(v(-0.16, 0.0, 0.0), v(0.16, 0.0, 0.0), v(0.16, 2.0, 0.0), v(-0.16, 2.0, 0.0));
    tri(&mut triangle, 2.5, 0.0);
    triangle.paint(palette::SELECTION);
    tri(&mut triangle, 2.25, 0.02);
    triangle.paint(palette::FAULT);
    tri(&mut triangle, 1.85, 0.04);
    // A jagged bolt in white.
    triangle.paint(palette::SELECTION);
    let z = 0.06;
    triangle.tri(v(0.30, 4.65, z), v(-0.55, 3.35, z), v(0.12, 3.45, z));
    triangle.tri(v(-0.22, 2.45, z), v(0.58, 3.72, z), v(-0.08, 3.6, z));
    let mut mark = Forge::default();
    let diamond = |f: &mut Forge, r: f32, z: f32| {
        f.quad(v(0.0, -r, z), v(r, 0.0, z), v(0.0, r, z), v(-r, 0.0, z));
    };
    mark.state(0, Role::Plain).paint(palette::FAULT);
    diamond(&mut mark, 1.35, 0.0);
    mark.paint(palette::DEAD_DARK);
    diamond(&mut mark, 0.98, 0.02);
    mark.paint(palette::SELECTION);
    mark.quad(v(-0.42, -0.3, 0.04), v(-0.28, -0.44, 0.04), v(0.42, 0.3, 0.04), v(0.28, 0.44, 0.04));
    let mut flash = Forge::default();
    flash.state(0, Role::Lamp).paint_linear([1.0, 0.97, 0.9], 1.0);
    flash.frame(Transform::from_rotation(Quat::from_rotation_x(std::f32::consts::FRAC_PI_2))).pool(
        Vec3::ZERO,
        1.0,
        1.0,
        16,
    );
    for n in 0..4 {
        let turn = Quat::from_rotation_z(n as f32 * 0.785 + 0.2);
        flash.frame(Transform::from_rotation(turn));
        flash.tri_alpha([v(-1.7, 0.0, 0.0), v(0.0, 0.05, 0.0), v(1.7, 0.0, 0.0)], [0.0, 1.0, 0.0]);
        flash.tri_alpha([v(-1.7, 0.0, 0.0), v(0.0, -0.05, 0.0), v(1.7, 0.0, 0.0)], [0.0, 1.0, 0.0]);
    }
    let mut spark = Forge::default();
    spark.state(0, Role::Lamp).paint_linear(linear(palette::HEAVY).map(|c| c * 1.6), 1.0);
    spark.quad(v(-0.16, -0.5, 0.0), v(0.16, -0.5, 0.0), v(0.05, 0.5, 0.0), v(-0.05, 0.5, 0.0));
    let mut ring = Forge::default();
    ring.state(0, Role::Plain).paint_linear(linear(palette::HEALTHY), 0.9).ring(Vec3::ZERO, 0.86, 1.0, 36);
    *signs = SignMeshes {
        triangle: meshes.add(triangle.mesh()),
        mark: meshes.add(mark.mesh()),
        flash: meshes.add(flash.mesh()),
        spark: meshes.add(spark.mesh()),
        ring: meshes.add(ring.mesh()),
    };
}

fn veil(mesh: &Handle<Mesh>, shared: &StageMaterials, at: Vec3) -> impl Bundle + use<> {
    (
        Mesh3d(mesh.clone()),
        MeshMaterial3d::<VeilMaterial>(shared.veil.clone()),
        Transform::from_translation(at),
        StagePart,
    )
}

/// A triangle stands wherever a line is faulty or broken, until it is mended; what is merely cut off with it is dashed.
fn place_fault_signs(
    live: Res<Live>,
    map: Res<StageMap>,
    signs: Res<SignMeshes>,
    shared: Res<StageMaterials>,
    standing: Query<(Entity, &FaultSign)>,
    mut last: Local<std::collections::BTreeMap<LineId, f64>>,
    mut commands: Commands,
) {
    let hurt = |id: LineId| live.now.lines.get(id.index()).is_some_and(|l| l.fault_at.is_some() || l.broken);
    for (entity, sign) in &standing {
        if !hurt(sign.0) {
            commands.entity(entity).despawn();
        }
    }
    for (i, line) in live.now.lines.iter().enumerate() {
        let id = LineId::new(i);
        if let Some(at) = line.fault_at {
            last.insert(id, at);
        }
        if !hurt(id) || standing.iter().any(|(_, s)| s.0 == id) {
            continue;
        }
        let share = line.fault_at.or_else(|| last.get(&id).copied()).unwrap_or(0.5);
        if let Some(path) = map.path(Subject::Line(id)) {
            let foot = point_along(&path.points, share as f32);
            commands.spawn((
                veil(&signs.triangle, &shared, foot),
                FaultSign(id),
                Facing { foot, least: 1.0, per_m: 1.0 / 170.0 },
            ));
        }
    }
}

/// A mark hangs over every building without power.
fn place_dark_marks(
    live: Res<Live>,
    map: Res<StageMap>,
    signs: Res<SignMeshes>,
    shared: Res<StageMaterials>,
    hanging: Query<(Entity, &DarkMark)>,
    mut commands: Commands,
) {
    let dark = |id: BuildingId| live.now.buildings.get(id.index()).is_some_and(|b| !b.live || b.shed);
    for (entity, mark) in &hanging {
        if !dark(mark.0) {
            commands.entity(entity).despawn();
        }
    }
    for i in 0..live.now.buildings.len() {
        let id = BuildingId::new(i);
        if !dark(id) || hanging.iter().any(|(_, m)| m.0 == id) {
            continue;
        }
        if let Some((at, _)) = map.anchor(Subject::Building(id)) {
            let foot = at + Vec3::Y * 1.2;
            commands.spawn((
                veil(&signs.mark, &shared, foot),
                DarkMark(id),
                Facing { foot, least: 0.8, per_m: 1.0 / 240.0 },
            ));
        }
    }
}

/// A flash and sparks where a short circuit strikes.
fn strike(
    mut happened: MessageReader<Happened>,
    map: Res<StageMap>,
    signs: Res<SignMeshes>,
    shared: Res<StageMaterials>,
    (rig, look): (Res<Rig>, Option<Res<Look>>),
    mut commands: Commands,
) {
    if look.is_some_and(|l| l.reduce_motion) {
        // The sign says it; no flashing.
        happened.clear();
        return;
    }
    for Happened(event) in happened.read() {
        let EventKind::FaultStruck { at, .. } = event.kind else { continue };
        let Some(path) = map.path(event.subject) else { continue };
        let point = point_along(&path.points, at as f32) + Vec3::Y * 0.8;
        // Seen from afar it is larger, so that it is seen at all.
        let size = (rig.eye().distance(point) / 150.0).max(1.0);
        let spark = |life, velocity| Spark { age: 0.0, life, velocity, size };
        commands.spawn((
            veil(&signs.flash, &shared, point),
            spark(FLASH_S, Vec3::ZERO),
            Facing { foot: point, least: 1.0, per_m: 0.0 },
        ));
        for n in 0..22 {
            let key = event.id.0 as u32 * 31 + n;
            let angle = chance(key, 1) * std::f32::consts::TAU;
            let out = (3.0 + chance(key, 2) * 6.0) * size;
            let velocity = Vec3::new(angle.cos() * out, (7.0 + chance(key, 3) * 8.0) * size, angle.sin() * out);
            commands
                .spawn((veil(&signs.spark, &shared, point), spark(SPARK_S * (0.5 + 0.5 * chance(key, 4)), velocity)));
        }
    }
}

/// A ring swells around a switch that healing has planned to close or has ordered, before it moves.
fn announce(
    mut happened: MessageReader<Happened>,
    map: Res<StageMap>,
    signs: Res<SignMeshes>,
    shared: Res<StageMaterials>,
    mut commands: Commands,
) {
    for Happened(event) in happened.read() {
        let subject = match event.kind {
            EventKind::RestorationPlanned { switch, .. } => Subject::Switch(switch),
            EventKind::SwitchOrdered { .. } => event.subject,
            _ => continue,
        };
        if let Some((at, _)) = map.anchor(subject) {
            let foot = at.with_y(0.5);
            commands.spawn((veil(&signs.ring, &shared, foot), Swell { age: 0.0 }));
        }
    }
}

fn swell(time: Res<Time>, mut rings: Query<(Entity, &mut Swell, &mut Transform)>, mut commands: Commands) {
    for (entity, mut ring, mut at) in &mut rings {
        ring.age += time.delta_secs().min(0.2) / SWELL_S;
        if ring.age >= 1.0 {
            commands.entity(entity).despawn();
        } else {
            // Three waves, each wider than the last.
            let wave = (ring.age * 3.0).fract();
            at.scale = Vec3::splat(3.0 + 11.0 * wave.sqrt());
        }
    }
}

/// Sparks fly and fall; the flash swells and is gone.
fn burn(time: Res<Time>, mut sparks: Query<(Entity, &mut Spark, &mut Transform)>, mut commands: Commands) {
    let dt = time.delta_secs().min(0.2);
    for (entity, mut spark, mut at) in &mut sparks {
        spark.age += dt;
        let t = spark.age / spark.life;
        if t >= 1.0 {
            commands.entity(entity).despawn();
        } else if spark.velocity == Vec3::ZERO {
            at.scale = Vec3::splat(17.0 * spark.size * (1.0 - t) * (t * 12.0).min(1.0));
        } else {
            let fall = 20.0 * spark.size * dt;
            spark.velocity.y -= fall;
            at.translation += spark.velocity * dt;
            at.rotation = Quat::from_rotation_arc(Vec3::Y, spark.velocity.normalize_or(Vec3::Y));
            at.scale = Vec3::splat(1.5 * spark.size * (1.0 - t));
        }
    }
}

/// Signs face the eye and never shrink below what can be read.
fn face_signs(rig: Res<Rig>, mut signs: Query<(&Facing, &mut Transform, Has<Spark>)>) {
    let eye = rig.eye();
    for (sign, mut at, short) in &mut signs {
        let to = eye - sign.foot;
        let yaw = to.x.atan2(to.z);
        let next = Quat::from_rotation_y(yaw);
        if at.rotation.angle_between(next) > 1e-3 {
            at.rotation = next;
        }
        let scale = Vec3::splat((to.length() * sign.per_m).max(sign.least));
        if !short && at.scale.distance(scale) > 1e-3 {
            at.scale = scale;
        }
    }
}
