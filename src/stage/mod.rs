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

/// Adds the stage.
pub fn plugin(app: &mut App) {
    app.configure_sets(Update, (StageSystems::Build, StageSystems::Follow).chain().in_set(crate::AppSystems::Stage))
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
