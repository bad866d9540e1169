//! The network: everything connected, at the right voltage, with a source.
use crate::scene::Scene;
use crate::scene::report::Report;
use crate::scene::schema::SceneFile;

/// Checks the network.
pub(super) fn check(_file: &SceneFile, _report: &mut Report) {}
/// Checks what needs the resolved scene.
pub(super) fn check_resolved(_scene: &Scene, _report: &mut Report) {}
