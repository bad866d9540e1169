//! Discs at the buses in the layer of voltages: the network's nodes in the colours of the scale.

use super::Overlay;
use crate::bridge::Live;
use crate::stage::forge::Forge;
use crate::stage::material::{StageMaterials, VeilMaterial};
use crate::stage::slots::SlotMap;
use crate::stage::{StageMap, StagePart, StageSystems};
use bevy::camera::visibility::NoFrustumCulling;
use bevy::prelude::*;
use sim_core::ids::Subject;

/// All discs of a world, in one mesh.
#[derive(Component)]
struct Discs;

pub(super) fn plugin(app: &mut App) {
    app.add_systems(
        Update,
        show_discs.in_set(StageSystems::Follow).run_if(
            resource_exists::<Live>.and_then(resource_changed::<Overlay>.or_eager(resource_changed::<StageMap>)),
        ),
    );
}

/// Made when the layer is chosen, gone when it is left.
fn show_discs(
    live: Res<Live>,
    map: Res<StageMap>,
    overlay: Res<Overlay>,
    shared: Res<StageMaterials>,
    standing: Query<Entity, With<Discs>>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut commands: Commands,
) {
    for entity in &standing {
        commands.entity(entity).despawn();
    }
    if *overlay != Overlay::Voltage {
        return;
    }
    let slots = SlotMap::new(&live.scene);
    let mut forge = Forge::default();
    for (subject, at, _) in &map.anchors {
        if matches!(subject, Subject::Bus(_)) {
            forge.disc(*at, slots.of(*subject));
        }
    }
    if !forge.is_empty() {
        commands.spawn((
            Mesh3d(meshes.add(forge.mesh())),
            MeshMaterial3d::<VeilMaterial>(shared.veil.clone()),
            NoFrustumCulling,
            Discs,
            StagePart,
        ));
    }
}
