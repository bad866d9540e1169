//! What a scene must mean: references, values, network. Every finding goes to the [`Report`] with its place.

mod grid;
mod names;
mod values;

use super::Scene;
use super::report::Report;
use super::schema::SceneFile;

/// Checks a file whose structure is right.
pub(super) fn check(file: &SceneFile, report: &mut Report) {
    names::check(file, report);
    values::check(file, report);
    if report.complete && report.errors.is_empty() {
        grid::check(file, report);
    }
}

/// Checks what needs all references resolved.
pub(super) fn check_resolved(scene: &Scene, report: &mut Report) {
    grid::check_resolved(scene, report);
}
