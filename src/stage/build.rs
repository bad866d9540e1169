//! Builds the stage for a world: collects merged meshes by region, what moves, what can be picked, what casts shadows.

use super::forge::{Forge, Ribbons};
use super::material::{GroundMaterial, RibbonMaterial, StageMaterials, VeilMaterial, WorldMaterial};
use super::moving::Motion;
use super::plan::Land;
use super::slots::SlotMap;
use super::{StageSystems, buildings, devices, network, terrain, vegetation};
use crate::bridge::Live;
use bevy::camera::visibility::NoFrustumCulling;
use bevy::prelude::*;
use sim_core::ids::Subject;
use sim_core::scene::Scene;

/// Regions along each axis: things far from the eye's field are not drawn.
const REGIONS: usize = 3;

/// Marks what belongs to one world and goes with it.
#[derive(Component)]
pub struct StagePart;

/// A convex body: casts a silhouette, can be picked.
#[derive(Clone, Debug)]
pub(crate) struct Solid {
    /// What it is.
    pub(crate) subject: Option<Subject>,
    /// Its corners in the world.
    pub(crate) corners: Vec<Vec3>,
}

/// The way of something that carries power.
#[derive(Clone, Debug)]
pub struct LinePath {
    /// What it is.
    pub subject: Subject,
    /// Its entry in the table of runs.
    pub run: u32,
    /// Its way, start to end.
    pub points: Vec<Vec3>,
}

/// What stands where in the picture.
#[derive(Resource, Default)]
pub struct StageMap {
    /// The world it was built for.
    pub world: u32,
    /// Ways of lines, of switches, of service connections.
    pub lines: Vec<LinePath>,
    /// Where labels hang and flights end: subject, point, size (m).
    pub anchors: Vec<(Subject, Vec3, f32)>,
    pub(crate) solids: Vec<Solid>,
    /// Middle of what is built.
    pub middle: Vec3,
    /// Its radius, m.
    pub radius: f32,
    /// Triangles drawn.
    pub triangles: usize,
}

impl StageMap {
    /// Where a subject stands, and its size in metres.
    #[must_use]
    pub fn anchor(&self, subject: Subject) -> Option<(Vec3, f32)> {
        self.anchors.iter().find(|a| a.0 == subject).map(|a| (a.1, a.2))
    }

    /// The way of a subject.
    #[must_use]
    pub fn path(&self, subject: Subject) -> Option<&LinePath> {
        self.lines.iter().find(|l| l.subject == subject)
    }
}

/// Something that moves or changes its form by itself.
pub(super) struct Part {
    pub(super) forge: Forge,
    pub(super) at: Transform,
    pub(super) motion: Motion,
}

/// A world under construction.
pub(super) struct Build<'a> {
    pub(super) scene: &'a Scene,
    pub(super) slots: SlotMap,
    pub(super) land: Land,
    pub(super) ground: Forge,
    pub(super) veil: Forge,
    pub(super) ribbons: Ribbons,
    pub(super) parts: Vec<Part>,
    pub(super) map: StageMap,
    regions: Vec<Forge>,
}

impl<'a> Build<'a> {
    fn new(scene: &'a Scene, world: u32) -> Self {
        let f = &scene.file;
        let points: Vec<Vec2> = (f.buses.iter().map(|b| b.at))
            .chain(f.buildings.iter().map(|b| b.at))
            .chain(scene.device_at.iter().copied())
            .map(|p| Vec2::new(p.0 as f32, -p.1 as f32))
            .collect();
        let land = Land::around(&points);
        let middle = Vec3::new(land.middle.x, 0.0, land.middle.y);
        Self {
            scene,
            slots: SlotMap::new(scene),
            land,
            ground: Forge::default(),
            veil: Forge::default(),
            ribbons: Ribbons::default(),
            parts: Vec::new(),
            map: StageMap { world, middle, radius: land.radius, ..default() },
            regions: vec![Forge::default(); REGIONS * REGIONS],
        }
    }

    /// The mesh of the region around a point.
    pub(super) fn solid(&mut self, at: Vec3) -> &mut Forge {
        let cell = |v: f32, middle: f32| {
            let t = ((v - middle) / (2.0 * self.land.reach()) + 0.5).clamp(0.0, 0.999);
            (t * REGIONS as f32) as usize
        };
        let i = cell(at.x, self.land.middle.x) * REGIONS + cell(at.z, self.land.middle.y);
        &mut self.regions[i]
    }

    /// Height of the ground.
    pub(super) fn height(&self, x: f32, z: f32) -> f32 {
        self.land.height(Vec2::new(x, z))
    }

    /// A box in a local frame that casts a silhouette and stands for a subject.
    pub(super) fn add_solid(&mut self, subject: Option<Subject>, frame: Transform, low: Vec3, high: Vec3) {
        let mut corners = Vec::with_capacity(8);
        for i in 0..8 {
            let pick = |bit: usize, a: f32, b: f32| if i >> bit & 1 == 0 { a } else { b };
            let p = Vec3::new(pick(0, low.x, high.x), pick(1, low.y, high.y), pick(2, low.z, high.z));
            corners.push(frame.transform_point(p));
        }
        self.map.solids.push(Solid { subject, corners });
    }

    /// A new entry in the table of runs, with the way of what it stands for.
    pub(super) fn add_run(&mut self, subject: Subject, points: Vec<Vec3>, half_width: f32) -> u32 {
        let run = (self.map.lines.len() as u32).min(super::material::RIBBONS as u32 - 65);
        self.ribbons.path(&points, half_width, run);
        self.map.lines.push(LinePath { subject, run, points });
        run
    }
}

/// All that stands in a scene.
fn raise(scene: &Scene, world: u32) -> Build<'_> {
    let mut b = Build::new(scene, world);
    terrain::build(&mut b);
    vegetation::build(&mut b);
    buildings::build(&mut b);
    devices::build(&mut b);
    network::build(&mut b);
    b
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<StageMap>()
        .add_systems(Update, build_stage.in_set(StageSystems::Build).run_if(resource_exists::<Live>));
}

fn build_stage(
    live: Res<Live>,
    shared: Res<StageMaterials>,
    old: Query<Entity, With<StagePart>>,
    mut map: ResMut<StageMap>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut ground: ResMut<Assets<GroundMaterial>>,
    mut built: Local<bool>,
    mut commands: Commands,
) {
    if *built && map.world == live.world {
        return;
    }
    *built = true;
    for entity in &old {
        commands.entity(entity).despawn();
    }
    if live.study.as_ref().is_some_and(|s| !s.has_world) {
        // Too large to be looked at as a world: the diagram stands for it.
        *map = StageMap { world: live.world, ..default() };
        return;
    }
    let b = raise(&live.scene, live.world);
    if let Some(mut material) = ground.get_mut(&shared.ground) {
        material.plan = Vec4::new(b.land.middle.x, b.land.middle.y, 1.0 / super::shadow::width(b.land.radius), 0.0);
    }
    let mut triangles = b.ground.triangles() + b.veil.triangles();
    let world = |mesh| (Mesh3d(mesh), MeshMaterial3d::<WorldMaterial>(shared.world.clone()), StagePart);
    for forge in b.regions.into_iter().filter(|f| !f.is_empty()) {
        triangles += forge.triangles();
        commands.spawn(world(meshes.add(forge.mesh())));
    }
    for part in b.parts {
        triangles += part.forge.triangles();
        commands.spawn((world(meshes.add(part.forge.mesh())), part.at, part.motion));
    }
    let whole = (StagePart, NoFrustumCulling);
    let (g, r) = (shared.ground.clone(), shared.ribbon.clone());
    commands.spawn((Mesh3d(meshes.add(b.ground.mesh())), MeshMaterial3d(g), StagePart, NoFrustumCulling));
    if !b.ribbons.is_empty() {
        commands.spawn((Mesh3d(meshes.add(b.ribbons.mesh())), MeshMaterial3d::<RibbonMaterial>(r), whole));
    }
    if !b.veil.is_empty() {
        let v = MeshMaterial3d::<VeilMaterial>(shared.veil.clone());
        commands.spawn((Mesh3d(meshes.add(b.veil.mesh())), v, StagePart, NoFrustumCulling));
    }
    *map = b.map;
    map.triangles = triangles;
    info!("stage built: {triangles} triangles");
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::ids::{BuildingId, LineId, SwitchId};

    fn commons() -> Scene {
        sim_core::scene::parse(include_str!("../../scenes/commons-2050.ron")).expect("the default scene is valid")
    }

    /// The default scene stays within what software rendering draws fluently, and everything can be found and picked.
    #[test]
    fn the_default_scene_is_raised_within_its_budget() {
        let scene = commons();
        let b = raise(&scene, 7);
        let parts: usize = b.parts.iter().map(|p| p.forge.triangles()).sum();
        let solid: usize = b.regions.iter().map(Forge::triangles).sum();
        let triangles = b.ground.triangles() + b.veil.triangles() + solid + parts;
        assert!((12_000..60_000).contains(&triangles), "{triangles}");
        assert!(b.map.lines.len() < super::super::material::RIBBONS - 65, "{}", b.map.lines.len());
        for i in 0..scene.file.buildings.len() {
            assert!(b.map.anchor(Subject::Building(BuildingId::new(i))).is_some());
        }
        for i in 0..scene.file.lines.len() {
            assert!(b.map.path(Subject::Line(LineId::new(i))).is_some_and(|p| p.points.len() > 1));
        }
        for i in 0..scene.file.switches.len() {
            let subject = Some(Subject::Switch(SwitchId::new(i)));
            assert!(b.map.solids.iter().any(|s| s.subject == subject));
        }
        assert!(b.map.solids.iter().all(|s| s.corners.iter().all(|c| c.is_finite())));
    }

    #[test]
    fn every_thing_has_its_own_slot() {
        let scene = commons();
        let slots = SlotMap::new(&scene);
        let named = sim_core::scene::named(&scene.file).map(|(_, s)| slots.of(s)).filter(|s| *s > 0);
        let mut seen: Vec<u32> = named.collect();
        let count = seen.len();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), count);
        assert!(count > scene.file.buildings.len() + scene.file.buses.len());
    }
}
