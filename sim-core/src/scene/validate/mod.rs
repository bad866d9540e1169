//! What a scene must mean: references, values, network. Every finding goes to the [`Report`] with its place.

mod grid;
mod names;
mod neighbour;
mod values;

use super::Scene;
use super::report::Report;
use super::schema::SceneFile;

/// Checks a file whose structure is right; true if all of it was read and every reference resolves.
pub(super) fn check(file: &SceneFile, report: &mut Report) -> bool {
    let before = report.errors.len();
    names::check(file, report);
    let resolvable = report.complete && report.errors.len() == before;
    neighbour::check(file, report);
    values::check(file, report);
    grid::check(file, report);
    resolvable
}

/// Checks what needs all references resolved.
pub(super) fn check_resolved(scene: &Scene, report: &mut Report) {
    grid::check_resolved(scene, report);
}
