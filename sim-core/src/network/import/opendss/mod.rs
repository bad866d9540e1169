//! Reads OpenDSS scripts (`.dss`) into a [`Network`] by phases, in volts, amperes and volt-amperes.
//!
//! # How it reads
//! `token` splits lines into words, `script` runs the commands (`new`, `~`, edits, `batchedit`, `redirect`, `set`,
//! `open`, ...) and collects for each object of `store` the settings it was given; `build` replays them, class by class,
//! into elements, injections, sources and controls. Nothing is computed on the way: a script is read to its end, and what
//! it says last counts.
//!
//! # What is read
//! Circuit and sources, lines (by line codes, matrices, sequence data, wires over earth, `switch=yes`), transformers of
//! any number of windings with their codes, capacitor banks, reactors, loads of models 1 to 8, generators of given power,
//! controls of taps and banks, load shapes, coordinates, and what `set` says of the solution ([`Settings`]). What only
//! measures, protects or draws is left out and listed with its line in [`Network::dropped`]; what carries power and has
//! no model here is refused with its place.
//!
//! # Differences from OpenDSS
//! In a daily run a load without a daily shape follows its yearly one. A `solve` before the last moves no tap.
//!
//! # Purity
//! Files that a script refers to come from the caller's [`Folder`]; their paths never leave the folder of the first.
//!
//! # Source
//! OpenDSS manual and property help (EPRI); its answers are the reference, `tests/powerflow_refs_dss.rs`. `powerio-dist`
//! reads such scripts too, but opens files by itself, keeps neither what a script says of its solution nor the state of
//! its controls, and brings 95 packages. Hence this reader.

mod build;
mod class;
mod commands;
mod folder;
mod options;
mod pattern;
// Lists read better in lines than a word a line.
#[rustfmt::skip]
mod properties;
mod script;
mod store;
#[cfg(test)]
mod tests;
mod token;
mod value;

pub use build::{LoadShapes, Shape};
pub use folder::{Folder, NoFolder};
pub use options::{Controls, Mode, Settings};

use super::ImportError;
use crate::network::Network;
use script::Script;

/// Longest text of all files together that is read, in bytes.
pub const MAX_BYTES: usize = script::MAX_BYTES;

/// A script, read.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// The network.
    pub network: Network,
    /// How the script wants it solved.
    pub settings: Settings,
    /// Shapes that loads follow.
    pub shapes: Vec<Shape>,
    /// Which of them each of [`Network::loads`] follows.
    pub load_shapes: Vec<LoadShapes>,
}

/// Reads the script `text`; `file` names it in messages, `folder` gives the files it refers to.
///
/// # Errors
/// All problems with file, line, column and what was expected.
pub fn read(file: &str, text: &str, folder: &dyn Folder) -> Result<Case, ImportError> {
    let mut script = Script::run(file, text, folder);
    if script.circuit.is_none() && script.notes.clean() {
        script.notes.fault(store::Place::default(), "there is no circuit; expected a line 'new circuit.name'");
    }
    let circuit = script.circuit.take();
    if let Some(circuit) = circuit.filter(|_| script.notes.clean()) {
        let Script { store, mut notes, options, coordinates, .. } = script;
        let built = build::build(&store, &mut notes, &options, &circuit, &coordinates);
        if !notes.clean() {
            return Err(notes.error(file));
        }
        let mut network = built.network;
        network.dropped = notes.into_dropped();
        let (settings, shapes, load_shapes) = (built.settings, built.shapes, built.load_shapes);
        return Ok(Case { network, settings, shapes, load_shapes });
    }
    Err(script.notes.error(file))
}
