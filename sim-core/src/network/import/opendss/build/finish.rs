//! The last step: node numbers become positions within their buses, sources take their places, bases and coordinates.

use super::{Builder, MOST_NODES};
use crate::complex::Complex;
use crate::network::import::opendss::store::Place;
use crate::network::{Bus, NODE_GROUND, Source, Terminal};
use std::collections::BTreeMap;

impl Builder<'_> {
    pub(super) fn finish(&mut self, coordinates: &[(String, [f64; 2])]) {
        self.base_voltages();
        let net = &mut self.net;
        // A bus of which only earth is used has a node all the same.
        net.buses.iter_mut().filter(|b| b.nodes.is_empty()).for_each(|b| b.nodes.push(1));
        let buses = &net.buses;
        let placed = |t: &mut Terminal| {
            let bus = &buses[t.bus as usize];
            t.nodes.iter_mut().take(usize::from(t.count)).for_each(|node| *node = position(bus, *node));
        };
        net.elements.iter_mut().flat_map(|e| &mut e.terminals).for_each(placed);
        net.transformers.iter_mut().flat_map(|t| &mut t.data.windings).for_each(|w| placed(&mut w.terminal));
        for injection in &mut net.injections {
            let bus = &buses[injection.bus as usize];
            (injection.plus, injection.minus) = (position(bus, injection.plus), position(bus, injection.minus));
        }
        let at: BTreeMap<&str, [f64; 2]> = coordinates.iter().map(|(name, xy)| (name.as_str(), *xy)).collect();
        for bus in &mut net.buses {
            bus.xy = at.get(bus.name.to_lowercase().as_str()).copied();
        }
        self.net.base_power = self.base_power();
        self.place_sources();
    }

    /// The largest transformer's rating in VA, or what the loads draw, at least 1 kVA.
    fn base_power(&self) -> f64 {
        let rated = self.net.transformers.iter().filter_map(|t| t.data.windings.first()).map(|w| w.kva * 1e3);
        let largest = rated.fold(0.0, f64::max);
        let drawn: f64 = self.net.injections.iter().map(|i| i.s.norm()).sum();
        let base = if largest > 0.0 { largest } else { drawn };
        if base.is_finite() { base.max(1e3) } else { 1e6 }
    }

    /// A source's conductors are its bus's first nodes: its rows are put in their order, with zeros where it has no
    /// conductor.
    fn place_sources(&mut self) {
        for (terminal, source) in std::mem::take(&mut self.sources) {
            let bus = &self.net.buses[terminal.bus as usize];
            let places: Vec<usize> = terminal.conductors().iter().map(|n| usize::from(position(bus, *n))).collect();
            let distinct = places.iter().enumerate().all(|(k, p)| *p < MOST_NODES && !places[..k].contains(p));
            if distinct {
                self.net.sources.push(placed(source, &places));
                continue;
            }
            let at =
                self.store.objects.iter().find(|o| o.full_name() == source.name).map_or_else(Place::default, |o| o.at);
            self.notes.fault(at, format!("{}: a source at earth or with two conductors at one node", source.name));
        }
    }
}

/// A source with its conductors at the given places of its bus.
fn placed(source: Source, places: &[usize]) -> Source {
    let (n, size) = (places.len(), places.iter().max().map_or(0, |p| p + 1));
    let mut emf = vec![Complex::ZERO; size];
    let mut y = vec![Complex::ZERO; size * size];
    for (k, p) in places.iter().enumerate() {
        emf[*p] = source.emf[k];
        places.iter().enumerate().for_each(|(j, q)| y[p * size + q] = source.y[k * n + j]);
    }
    Source { emf, y, ..source }
}

/// Position of a node within its bus; 0 is earth.
fn position(bus: &Bus, node: u8) -> u8 {
    if node == 0 { NODE_GROUND } else { bus.nodes.binary_search(&node).map_or(NODE_GROUND, |k| k as u8) }
}
