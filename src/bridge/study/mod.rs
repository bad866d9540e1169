//! Studies: networks from other tools' files, solved at one instant. A study looks like a scene and its snapshot, so that
//! diagram, world, layers and panels show it as they show a community; what is its own stands in [`Study`].

mod place;
mod run;
mod scene;
#[cfg(test)]
pub(crate) mod testing;
mod view;

pub(crate) use run::Run;

use sim_core::ids::{BusId, Subject};
use sim_core::network::{Dropped, ElementKind, Network};
use std::sync::Arc;

/// What stands behind a device of the scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behind {
    /// A capacitor, reactor or shunt: an index into the network's elements.
    Element(u32),
    /// A generator that holds its voltage.
    Generator(u32),
    /// A generator of given power: an index into the network's loads.
    Load(u32),
}

/// What one conductor carries at one end of an element, positive into it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EndFlow {
    /// Which end, from 0.
    pub terminal: u8,
    /// The file's number of the node, 0 for earth.
    pub node: u8,
    /// kW.
    pub kw: f64,
    /// kvar.
    pub kvar: f64,
    /// A; 0 where the file gives no voltage to know it by.
    pub current_a: f64,
}

/// What is known of a study beyond its scene and snapshot.
#[derive(Clone, Debug)]
pub struct Study {
    /// The network as read: inputs, names, what was dropped.
    pub network: Arc<Network>,
    /// Element of each line of the scene.
    pub lines: Arc<[u32]>,
    /// Element of each transformer of the scene.
    pub transformers: Arc<[u32]>,
    /// What stands behind each device of the scene.
    pub devices: Arc<[Behind]>,
    /// Load of each building of the scene.
    pub buildings: Arc<[u32]>,
    /// Buses with a source, the main one first.
    pub sources: Arc<[BusId]>,
    /// It is small enough to be drawn as a world.
    pub has_world: bool,
    /// Factor on all loads.
    pub scale: f64,
    /// What each conductor of each element carries, by end.
    pub flows: Vec<Vec<EndFlow>>,
    /// How it was solved, in words.
    pub method: String,
    /// Iterations.
    pub iterations: u32,
    /// Largest Kirchhoff residual, per unit.
    pub residual_pu: f64,
    /// Losses, kW.
    pub loss_kw: f64,
    /// Islands without a solution, each with the reason and the remedy.
    pub troubles: Vec<String>,
}

impl Study {
    /// What the file held and the network does not.
    #[must_use]
    pub fn dropped(&self) -> &[Dropped] {
        &self.network.dropped
    }

    /// The element behind a thing of the scene.
    #[must_use]
    pub fn element(&self, subject: Subject) -> Option<u32> {
        match subject {
            Subject::Line(i) => self.lines.get(i.index()).copied(),
            Subject::Transformer(i) => self.transformers.get(i.index()).copied(),
            Subject::Device(i) => match self.devices.get(i.index())? {
                Behind::Element(e) => Some(*e),
                Behind::Generator(_) | Behind::Load(_) => None,
            },
            _ => None,
        }
    }

    /// What kind of element stands behind a device, if one does.
    #[must_use]
    pub fn kind(&self, subject: Subject) -> Option<ElementKind> {
        self.element(subject).and_then(|e| self.network.elements.get(e as usize)).map(|e| e.kind)
    }
}
