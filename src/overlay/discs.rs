//! Discs in the colours of the scale: at the buses for voltage and unbalance, over the buildings for money.

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
    let shown = |subject: &Subject| match *overlay {
        Overlay::Voltage | Overlay::Unbalance => matches!(subject, Subject::Bus(_)),
        Overlay::Price => matches!(subject, Subject::Building(_)),
        Overlay::None | Overlay::Loading => false,
    };
    let slots = SlotMap::new(&live.scene);
    let mut forge = Forge::default();
    for (subject, at, _) in &map.anchors {
        if shown(subject) {
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
