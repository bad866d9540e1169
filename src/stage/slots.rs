//! The table of states: which entry stands for which thing, and what the snapshot says of it.

use super::build::StageMap;
use super::material::{SLOTS, SlotTable, StageMaterials, VeilMaterial, WorldMaterial};
use super::plan::point_along;
use super::{StageSystems, light::Sun};
use crate::bridge::{Happened, Live};
use crate::overlay::Overlay;
use bevy::prelude::*;
use sim_core::event::EventKind;
use sim_core::ids::{BuildingId, BusId, Subject};
use sim_core::scene::Scene;
use sim_core::snapshot::{DeviceStatus, Snapshot};

/// Numbers the things of a scene in the table of states.
#[derive(Clone, Copy, Debug, Default)]
pub struct SlotMap {
    buildings: usize,
    buses: usize,
    devices: usize,
    gateways: usize,
}

impl SlotMap {
    /// For a scene.
    #[must_use]
    pub fn new(scene: &Scene) -> Self {
        let f = &scene.file;
        Self {
            buildings: f.buildings.len(),
            buses: f.buses.len(),
            devices: f.devices.len(),
            gateways: f.gateways.len(),
        }
    }

    /// The entry of a thing; 0, which is neutral, for what has none or does not fit.
    #[must_use]
    pub fn of(&self, subject: Subject) -> u32 {
        let buses = 1 + self.buildings;
        let devices = buses + self.buses;
        let gateways = devices + self.devices;
        let validators = gateways + self.gateways;
        let slot = match subject {
            Subject::Building(i) => 1 + i.index(),
            Subject::Bus(i) => buses + i.index(),
            Subject::Device(i) => devices + i.index(),
            Subject::Gateway(i) => gateways + i.index(),
            Subject::Validator(i) => validators + i.index(),
            _ => 0,
        };
        if slot < SLOTS { slot as u32 } else { 0 }
    }
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Shown>()
        .add_systems(Update, sync_slots.in_set(StageSystems::Follow).run_if(resource_exists::<Live>));
}

/// How fast power comes back in the picture, and goes, 1/s; with the distance over which darkness takes twice the time, m.
const COMES: f32 = 9.0;
const GOES: (f32, f32) = (14.0, 35.0);

/// What the table shows now, so that it is written only when it changes; eased, so that power comes and goes softly.
#[derive(Resource, Default)]
struct Shown {
    table: SlotTable,
    /// Distance of each entry from the last fault, m: what is nearer goes dark sooner.
    far: Vec<f32>,
}

/// How far everything is from where a short circuit struck.
fn measure(map: &StageMap, slots: SlotMap, line: Subject, at: f64) -> Vec<f32> {
    let mut far = vec![0.0; SLOTS];
    if let Some(path) = map.path(line) {
        let struck = point_along(&path.points, at as f32);
        for (subject, place, _) in &map.anchors {
            far[slots.of(*subject) as usize] = place.distance(struck);
        }
    }
    far
}

fn sync_slots(
    live: Res<Live>,
    (sun, map, overlay): (Res<Sun>, Res<StageMap>, Res<Overlay>),
    mut happened: MessageReader<Happened>,
    time: Res<Time>,
    shared: Res<StageMaterials>,
    mut shown: ResMut<Shown>,
    mut world: ResMut<Assets<WorldMaterial>>,
    mut veil: ResMut<Assets<VeilMaterial>>,
) {
    for Happened(event) in happened.read() {
        if let EventKind::FaultStruck { at, .. } = event.kind {
            shown.far = measure(&map, SlotMap::new(&live.scene), event.subject, at);
        }
    }
    let want = states(&live.scene, &live.now, *overlay);
    let dt = time.delta_secs();
    let Shown { table, far } = &mut *shown;
    let before = table.values;
    for (i, (have, want)) in table.values.iter_mut().zip(want.values).enumerate() {
        let rate = if want.x < have.x { GOES.0 / (1.0 + far.get(i).unwrap_or(&0.0) / GOES.1) } else { COMES };
        let next = have.lerp(want, 1.0 - (-dt * rate).exp());
        *have = if next.abs_diff_eq(want, 0.004) { want } else { next };
    }
    let changed = before != table.values;
    if (changed || sun.moved)
        && let (Some(mut w), Some(mut v)) = (world.get_mut(&shared.world), veil.get_mut(&shared.veil))
    {
        (w.light, v.light) = (sun.light, sun.light);
        w.slots = table.clone();
        v.slots = table.clone();
    }
}

fn states(scene: &Scene, now: &Snapshot, overlay: Overlay) -> SlotTable {
    let mut table = SlotTable::default();
    let map = SlotMap::new(scene);
    let mut put = |subject: Subject, live: bool, light: f32, band: f32| {
        let slot = map.of(subject);
        if slot > 0 {
            table.values[slot as usize] = Vec4::new(f32::from(u8::from(live)), light, band, 0.0);
        }
    };
    for (i, (view, building)) in now.buildings.iter().zip(&scene.file.buildings).enumerate() {
        // The more it draws against its yearly mean, the more of its windows are lit.
        let mean_kw = building.yearly_kwh / 8760.0;
        let share = (view.load_kw / mean_kw.max(1e-3) * 0.45).clamp(0.12, 0.95);
        let subject = Subject::Building(BuildingId::new(i));
        let band = overlay.share(scene, now, subject).unwrap_or(0.0).clamp(0.0, 1.0);
        put(subject, view.live && !view.shed, share as f32, band as f32);
    }
    for (i, view) in now.buses.iter().enumerate() {
        let band = overlay.bus_share(view).unwrap_or(0.0);
        put(Subject::Bus(BusId::new(i)), view.live, f32::from(u8::from(view.live)), band.clamp(0.0, 1.0) as f32);
    }
    for (i, view) in now.devices.iter().enumerate() {
        let on = matches!(view.status, DeviceStatus::On | DeviceStatus::Forming | DeviceStatus::Starting);
        let broken = matches!(view.status, DeviceStatus::Failed | DeviceStatus::Tripped);
        let light = if on { 1.0 } else { 0.0 };
        put(Subject::Device(sim_core::ids::DeviceId::new(i)), !broken, light, 0.0);
    }
    for (i, works) in now.gateways.iter().enumerate() {
        put(Subject::Gateway(sim_core::ids::GatewayId::new(i)), *works, f32::from(u8::from(*works)), 0.0);
    }
    for (i, view) in now.validators.iter().enumerate() {
        let speaks = view.is_heard();
        let voting = if view.precommitted || view.prevoted { 1.0 } else { 0.55 };
        let light = if speaks { voting } else { 0.0 };
        put(Subject::Validator(sim_core::ids::ValidatorId::new(i)), speaks, light, 0.0);
    }
    table
}
