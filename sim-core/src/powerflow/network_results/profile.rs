//! The voltage along feeders, and how unequal the phases are.

use crate::complex::{self, Complex};
use crate::network::{Element, ElementKind, Network};
use std::collections::VecDeque;

/// A bus on the way from its source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProfilePoint {
    /// Its bus.
    pub bus: u32,
    /// The bus before it, none at a source.
    pub from: Option<u32>,
    /// Distance from the source: km of line where the file gives lengths with units, else the number of elements.
    pub distance: f64,
    /// Least and largest voltage of its conductors, per unit.
    pub v_pu: [f64; 2],
}

/// All buses that elements in service and closed switches tie to a source, in the order of their number of elements
/// from it; and true if distances are in km.
#[must_use]
pub fn profile(net: &Network, voltages: &[Complex]) -> (Vec<ProfilePoint>, bool) {
    let first = net.first_node();
    let mut next: Vec<Vec<(u32, f64)>> = vec![Vec::new(); net.buses.len()];
    let lines = || net.elements.iter().filter(|e| e.kind == ElementKind::Line);
    let in_km = lines().next().is_some() && lines().all(|e| length_km(e).is_some());
    let mut tie = |a: u32, b: u32, d: f64| {
        next[a as usize].push((b, d));
        next[b as usize].push((a, d));
    };
    for element in net.elements.iter().filter(|e| e.in_service) {
        let distance = if in_km { length_km(element).unwrap_or(0.0) } else { 1.0 };
        for pair in element.terminals.windows(2).filter(|p| p[0].bus != p[1].bus) {
            tie(pair[0].bus, pair[1].bus, distance);
        }
    }
    net.joints.iter().filter(|j| j.closed).for_each(|j| tie(j.a, j.b, 0.0));
    let mut seen = vec![false; net.buses.len()];
    let mut queue = VecDeque::new();
    for source in net.sources.iter().filter(|s| s.in_service) {
        if !std::mem::replace(&mut seen[source.bus as usize], true) {
            queue.push_back((source.bus, None, 0.0));
        }
    }
    let mut out = Vec::new();
    while let Some((bus, from, distance)) = queue.pop_front() {
        let b = bus as usize;
        let v = voltages[first[b]..first[b + 1]].iter().map(|v| v.norm() / net.buses[b].v_base);
        let v_pu = v.fold([f64::INFINITY, 0.0], |[low, high], v| [v.min(low), v.max(high)]);
        out.push(ProfilePoint { bus, from, distance, v_pu });
        for &(other, d) in &next[b] {
            if !std::mem::replace(&mut seen[other as usize], true) {
                queue.push_back((other, Some(bus), distance + d));
            }
        }
    }
    (out, in_km)
}

/// Length of a line in km, if its inputs give one with a unit.
fn length_km(element: &Element) -> Option<f64> {
    let input = element.inputs.iter().find(|i| i.name == "length")?;
    let km = match input.unit {
        "km" => 1.0,
        "m" => 1e-3,
        "mi" | "mile" | "miles" => 1.609_344,
        "kft" => 0.3048,
        "ft" => 0.3048e-3,
        _ => return None,
    };
    Some(input.value * km)
}

/// Voltage unbalance of a bus: negative over positive sequence (IEC 61000-4-30, 5.7); none without phases 1, 2 and 3
/// or without voltage.
#[must_use]
pub fn unbalance(net: &Network, voltages: &[Complex], bus: usize) -> Option<f64> {
    let first: usize = net.buses[..bus].iter().map(|b| b.nodes.len()).sum();
    let at = |number: u8| net.buses[bus].nodes.iter().position(|n| *n == number).map(|k| voltages[first + k]);
    complex::unbalance([at(1)?, at(2)?, at(3)?])
}
