//! Sources at run time: their electromotive force and whether they are in service. Like a switch both change numbers
//! only, never the pattern.

use super::parts::{OUT, Parts};
use super::pattern::Pattern;
use super::{Engine, touch_rows};
use crate::complex::Complex;
use crate::network::Network;

/// A source and where its numbers are.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Site {
    bus: u32,
    /// Positions of its conductors.
    at: Vec<u32>,
    /// Electromotive force, per unit.
    emf: Vec<Complex>,
    on: bool,
    /// Slot of its admittance, or [`OUT`]: it is ideal.
    slot: u32,
    /// Its first entry in [`Parts::norton`].
    norton: usize,
}

/// All sources of a network.
pub(super) fn sites(network: &Network, first: &[usize], pattern: &Pattern, parts: &Parts) -> Vec<Site> {
    let mut norton = 0;
    let slots = &parts.slot[network.elements.len()..];
    let site = |(s, &slot): (&crate::network::Source, &u32)| {
        let at: Vec<u32> =
            (0..s.emf.len() as u8).map(|k| Parts::position(first, &pattern.position, s.bus, k)).collect();
        let emf = s.emf.iter().zip(&at).map(|(e, at)| *e * (1.0 / parts.base[*at as usize])).collect();
        let own = norton;
        norton += if slot == OUT { 0 } else { at.len() };
        Site { bus: s.bus, at, emf, on: s.in_service, slot, norton: own }
    };
    network.sources.iter().zip(slots).map(site).collect()
}

impl Engine {
    /// Sets a source's electromotive force (each conductor to earth, in the network's unit); what is not there, has
    /// another length or is not finite changes nothing.
    pub fn set_emf(&mut self, source: usize, emf: &[Complex]) {
        let Some(site) = self.sites.get_mut(source) else { return };
        if emf.len() != site.at.len() || !emf.iter().all(|e| e.is_finite()) {
            return;
        }
        let mut other = false;
        for ((old, e), at) in site.emf.iter_mut().zip(emf).zip(&site.at) {
            let e = *e * (1.0 / self.parts.base[*at as usize]);
            other |= std::mem::replace(old, e) != e;
        }
        if other {
            self.drive(source);
        }
    }

    /// Puts sources in and out of service, in the order of the network's list.
    pub fn set_sources_in_service(&mut self, on: &[bool]) {
        for source in 0..self.sites.len().min(on.len()) {
            if std::mem::replace(&mut self.sites[source].on, on[source]) == on[source] {
                continue;
            }
            self.moved = true;
            let slot = self.sites[source].slot;
            if slot != OUT {
                self.parts.linear.on[slot as usize] = on[source];
                touch_rows(&mut self.factor, &self.parts, slot);
            }
            self.drive(source);
        }
    }

    /// Brings what a source drives up to date: its current behind an admittance, or the voltages that it gives.
    fn drive(&mut self, source: usize) {
        let Site { at, emf, on, slot, norton, .. } = &self.sites[source];
        if *slot != OUT {
            let y = self.parts.linear.matrix(*slot as usize);
            for (row, entry) in y.chunks_exact(at.len()).zip(&mut self.parts.norton[*norton..]) {
                let sum = row.iter().zip(emf).fold(Complex::ZERO, |sum, (y, e)| sum + *y * *e);
                entry.1 = if *on { sum } else { Complex::ZERO };
            }
        }
        self.moved |= *slot == OUT;
        if self.moved {
            let given = |s: &Site| if s.slot == OUT { s.emf.clone() } else { Vec::new() };
            let on = self.sites.iter().filter(|s| s.on);
            self.switchable.sources = on.map(|s| (s.bus, s.at.clone(), given(s))).collect();
        }
    }
}
