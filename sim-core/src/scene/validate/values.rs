//! Values: finite, of the right sign, within what the models are made for.
use crate::scene::report::Report;
use crate::scene::schema::SceneFile;

/// Checks all values.
pub(super) fn check(_file: &SceneFile, _report: &mut Report) {}
