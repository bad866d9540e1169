//! The table of states: which entry stands for which thing, and what the snapshot says of it.

use super::material::{SLOTS, SlotTable, StageMaterials, VeilMaterial, WorldMaterial};
use super::{StageSystems, light::Sun};
use crate::bridge::Live;
use bevy::prelude::*;
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

/// What the table shows now, so that it is written only when it changes; eased, so that power comes and goes softly.
#[derive(Resource, Default)]
struct Shown(SlotTable);

fn sync_slots(
    live: Res<Live>,
    sun: Res<Sun>,
    time: Res<Time>,
    shared: Res<StageMaterials>,
    mut shown: ResMut<Shown>,
    mut world: ResMut<Assets<WorldMaterial>>,
    mut veil: ResMut<Assets<VeilMaterial>>,
) {
    let want = states(&live.scene, &live.now);
    let ease = 1.0 - (-time.delta_secs() * 9.0).exp();
    let before = shown.0.values;
    for (have, want) in shown.0.values.iter_mut().zip(want.values) {
        let next = have.lerp(want, ease);
        *have = if next.abs_diff_eq(want, 0.004) { want } else { next };
    }
    let changed = before != shown.0.values;
    if (changed || sun.moved)
        && let (Some(mut w), Some(mut v)) = (world.get_mut(&shared.world), veil.get_mut(&shared.veil))
    {
        (w.light, v.light) = (sun.light, sun.light);
        w.slots = shown.0.clone();
        v.slots = shown.0.clone();
    }
}

fn states(scene: &Scene, now: &Snapshot) -> SlotTable {
    let mut table = SlotTable::default();
    let map = SlotMap::new(scene);
    let mut set = |subject: Subject, live: bool, light: f32| {
        let slot = map.of(subject);
        if slot > 0 {
            table.values[slot as usize] = Vec4::new(f32::from(u8::from(live)), light, 0.0, 0.0);
        }
    };
    for (i, (view, building)) in now.buildings.iter().zip(&scene.file.buildings).enumerate() {
        // The more it draws against its yearly mean, the more of its windows are lit.
        let mean_kw = building.yearly_kwh / 8760.0;
        let share = (view.load_kw / mean_kw.max(1e-3) * 0.45).clamp(0.12, 0.95);
        set(Subject::Building(BuildingId::new(i)), view.live && !view.shed, share as f32);
    }
    for (i, view) in now.buses.iter().enumerate() {
        set(Subject::Bus(BusId::new(i)), view.live, f32::from(u8::from(view.live)));
    }
    for (i, view) in now.devices.iter().enumerate() {
        let on = matches!(view.status, DeviceStatus::On | DeviceStatus::Forming | DeviceStatus::Starting);
        let broken = matches!(view.status, DeviceStatus::Failed | DeviceStatus::Tripped);
        let light = if on { 1.0 } else { 0.0 };
        set(Subject::Device(sim_core::ids::DeviceId::new(i)), !broken, light);
    }
    for (i, works) in now.gateways.iter().enumerate() {
        set(Subject::Gateway(sim_core::ids::GatewayId::new(i)), *works, f32::from(u8::from(*works)));
    }
    for (i, view) in now.validators.iter().enumerate() {
        let speaks = view.powered && view.connected;
        let voting = if view.precommitted || view.prevoted { 1.0 } else { 0.55 };
        let light = if speaks { voting } else { 0.0 };
        set(Subject::Validator(sim_core::ids::ValidatorId::new(i)), speaks, light);
    }
    table
}
