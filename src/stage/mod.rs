//! The 3D world: ground, buildings, devices, network, sky, camera, picking, labels.

pub mod camera;
pub mod labels;
pub mod material;
pub mod picking;
pub mod slots;

mod build;
mod buildings;
mod civic;
mod devices;
pub(crate) mod forge;
mod light;
mod moving;
mod network;
mod plan;
mod shadow;
mod sign;
mod terrain;
mod vegetation;

use crate::panels::Layers;
use bevy::camera::visibility::RenderLayers;
use bevy::prelude::*;

pub use build::{LinePath, StageMap, StagePart};
pub use plan::to_world;
pub(crate) use plan::{arc_lengths, linear as forge_linear};

/// The order within [`AppSystems::Stage`](crate::AppSystems::Stage).
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StageSystems {
    /// A new world is built.
    Build,
    /// What was built follows the snapshot.
    Follow,
}

/// The world is in sight: not while the diagram stands in its place.
pub(crate) fn is_shown(layers: Option<Res<Layers>>) -> bool {
    layers.is_none_or(|l| !l.diagram)
}

/// While the diagram is shown the camera looks at a layer on which nothing is.
fn rest(layers: Res<Layers>, cameras: Query<Entity, With<camera::StageCamera>>, mut commands: Commands) {
    for camera in &cameras {
        let layer = if layers.diagram { RenderLayers::layer(1) } else { RenderLayers::default() };
        commands.entity(camera).insert(layer);
    }
}

/// Adds the stage.
pub fn plugin(app: &mut App) {
    app.configure_sets(Update, (StageSystems::Build, StageSystems::Follow).chain().in_set(crate::AppSystems::Stage))
        .add_systems(Update, rest.in_set(StageSystems::Follow).run_if(resource_exists_and_changed::<Layers>))
        .add_plugins((
            material::plugin,
            build::plugin,
            slots::plugin,
            light::plugin,
            shadow::plugin,
            moving::plugin,
            sign::plugin,
            camera::plugin,
            picking::plugin,
            labels::plugin,
        ));
}
