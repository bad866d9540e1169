//! Assembling an island's equations: groups of merged buses become nodes, dead conductors are left out.

use super::super::circuit::Circuit;
use super::super::islands::{Members, NONE, Topology};
use super::super::matrix::Matrix4;
use super::super::solver::Parts;
use super::super::sparse::{Numeric, Symbolic};
use super::{Ends, System};
use crate::complex::Complex;
use std::collections::BTreeSet;

/// Admittance to earth of a weak conductor, per unit of the base: fixes what floats, invisible otherwise.
const WEAK_EARTH_PU: f64 = 1e-9;

/// Assembles an island's matrix.
struct Assembly<'a> {
    topology: &'a Topology,
    /// Local node of each group, `NONE` outside the island or dead.
    local: Vec<usize>,
    /// Row of each conductor within its node's block.
    row: Vec<[usize; 4]>,
    rows: Vec<usize>,
}

impl Assembly<'_> {
    fn node(&self, bus: usize) -> usize {
        self.local[self.topology.group_of[bus]]
    }

    /// Adds `y` to the block of buses `r` and `c`, leaving out dead conductors.
    fn add(&self, symbolic: &Symbolic, matrix: &mut [Complex], r: usize, c: usize, y: &Matrix4) {
        let (r, c) = (self.node(r), self.node(c));
        if r == NONE || c == NONE {
            return;
        }
        let Some(at) = symbolic.block(r, c) else { return };
        for i in 0..4 {
            for j in 0..4 {
                let (row, column) = (self.row[r][i], self.row[c][j]);
                if row != NONE && column != NONE {
                    matrix[at + row * self.rows[c] + column] += y[(i, j)];
                }
            }
        }
    }
}

impl System {
    /// The equations of island `index`, led by `source`.
    pub(in super::super) fn new(
        circuit: &Circuit,
        parts: &Parts,
        topology: &Topology,
        index: usize,
        source: usize,
    ) -> Self {
        let members = &topology.islands[index];
        let mut assembly = Assembly { topology, local: vec![NONE; topology.groups], row: Vec::new(), rows: Vec::new() };
        let mut node_bus = Vec::new();
        for &b in &members.buses {
            let group = topology.group_of[b];
            if assembly.local[group] == NONE && topology.live[b].count() > 0 {
                assembly.local[group] = assembly.rows.len();
                assembly.rows.push(topology.live[b].count());
                let mut row = [NONE; 4];
                topology.live[b].indices().enumerate().for_each(|(k, c)| row[c] = k);
                assembly.row.push(row);
                node_bus.push(b);
            }
        }
        let mut pairs = BTreeSet::new();
        let branches = members.lines.iter().map(|&i| (circuit.lines[i].from, circuit.lines[i].to));
        let banks = members.transformers.iter().map(|&i| (circuit.transformers[i].hv, circuit.transformers[i].lv));
        for (from, to) in branches.chain(banks) {
            let (a, b) = (assembly.node(from), assembly.node(to));
            if a != NONE && b != NONE && a != b {
                pairs.insert((a.min(b), a.max(b)));
            }
        }
        let symbolic = Symbolic::new(&assembly.rows, &pairs);
        let mut matrix = vec![Complex::ZERO; symbolic.size()];
        for &i in &members.lines {
            let (line, part) = (&circuit.lines[i], &parts.lines[i]);
            let own = part.series.plus(&part.half_shunt);
            let across = part.series.scaled(-1.0);
            assembly.add(&symbolic, &mut matrix, line.from, line.from, &own);
            assembly.add(&symbolic, &mut matrix, line.to, line.to, &own);
            assembly.add(&symbolic, &mut matrix, line.from, line.to, &across);
            assembly.add(&symbolic, &mut matrix, line.to, line.from, &across);
        }
        for &i in &members.transformers {
            let buses = [circuit.transformers[i].hv, circuit.transformers[i].lv];
            for (r, row) in parts.transformers[i].y.iter().enumerate() {
                for (c, y) in row.iter().enumerate() {
                    assembly.add(&symbolic, &mut matrix, buses[r], buses[c], y);
                }
            }
        }
        for &i in &members.shunts {
            let shunt = &circuit.shunts[i];
            assembly.add(&symbolic, &mut matrix, shunt.bus, shunt.bus, &shunt.y);
        }
        let n = symbolic.len();
        let mut out = Self {
            plain: None,
            loaded: Numeric::default(),
            loaded_matrix: Vec::new(),
            weak: members.weak,
            source,
            ideal: circuit.sources[source].is_ideal(),
            source_admittance: Matrix4::ZERO,
            source_nodes: [NONE; 4],
            places: Vec::new(),
            bus_of: vec![0; n],
            inverse_base_sq: vec![0.0; n],
            ends: Vec::new(),
            admittances: Vec::new(),
            v: vec![Complex::ZERO; n],
            x: vec![Complex::ZERO; n],
            symbolic,
            matrix,
        };
        out.place_buses(circuit, &assembly, members);
        out.add_source(circuit, &assembly);
        out.place_injections(circuit, &assembly, members);
        if out.weak {
            out.earth_weakly(circuit, &assembly, &node_bus);
        }
        let mut plain = Numeric::default();
        // Singular without loads may be regular with them; `settle` finds out.
        out.plain = plain.factorise(&out.symbolic, &out.matrix).is_ok().then_some(plain);
        out
    }

    fn place_buses(&mut self, circuit: &Circuit, assembly: &Assembly, members: &Members) {
        for &b in &members.buses {
            let node = assembly.node(b);
            let mut place = [NONE; 4];
            if node != NONE {
                let first = self.symbolic.scalar(node);
                for (c, p) in place.iter_mut().enumerate() {
                    if assembly.row[node][c] != NONE {
                        *p = first + assembly.row[node][c];
                        self.bus_of[*p] = b;
                        self.inverse_base_sq[*p] = 1.0 / (circuit.buses[b].v_nominal * circuit.buses[b].v_nominal);
                    }
                }
            }
            self.places.push(place);
        }
    }

    /// The reference: its admittance, or, if it is ideal, rows of the identity for its node.
    fn add_source(&mut self, circuit: &Circuit, assembly: &Assembly) {
        let source = &circuit.sources[self.source];
        let node = assembly.node(source.bus);
        for c in 0..4 {
            if assembly.row[node][c] != NONE {
                self.source_nodes[c] = self.symbolic.scalar(node) + assembly.row[node][c];
            }
        }
        if !self.ideal {
            self.source_admittance = source.admittance(circuit.buses[source.bus].conductors.has_index(3));
            assembly.add(&self.symbolic, &mut self.matrix, source.bus, source.bus, &self.source_admittance);
            return;
        }
        let n = assembly.rows[node];
        for other in 0..assembly.rows.len() {
            if let Some(at) = self.symbolic.block(node, other) {
                let size = n * assembly.rows[other];
                self.matrix[at..at + size].fill(Complex::ZERO);
                if other == node {
                    (0..n).for_each(|i| self.matrix[at + i * n + i] = Complex::ONE);
                }
            }
        }
    }

    fn place_injections(&mut self, circuit: &Circuit, assembly: &Assembly, members: &Members) {
        for &i in &members.injections {
            let injection = &circuit.injections[i];
            let node = assembly.node(injection.bus);
            if node == NONE {
                continue;
            }
            let row = |c: usize| assembly.row[node][c];
            let (from, to) = (row(injection.from.index()), injection.to.map_or(NONE, |c| row(c.index())));
            if from == NONE {
                continue;
            }
            let first = self.symbolic.scalar(node);
            let n = assembly.rows[node];
            let at = self.symbolic.block(node, node).unwrap_or(NONE);
            let fixed = self.ideal && self.source_nodes[0] >= first && self.source_nodes[0] < first + n;
            let entry = |r: usize, c: usize| if r == NONE || c == NONE || fixed { NONE } else { at + r * n + c };
            self.ends.push(Ends {
                injection: i,
                plus: first + from,
                minus: if to == NONE { NONE } else { first + to },
                stamps: [entry(from, from), entry(to, to), entry(from, to), entry(to, from)],
            });
        }
    }

    fn earth_weakly(&mut self, circuit: &Circuit, assembly: &Assembly, node_bus: &[usize]) {
        for (node, &bus) in node_bus.iter().enumerate() {
            let v = circuit.buses[bus].v_nominal;
            let y = Complex::new(WEAK_EARTH_PU * circuit.base_va / (v * v), 0.0);
            let n = assembly.rows[node];
            let fixed = self.ideal && self.source_nodes.contains(&self.symbolic.scalar(node));
            if let (Some(at), false) = (self.symbolic.block(node, node), fixed) {
                (0..n).for_each(|i| self.matrix[at + i * n + i] += y);
            }
        }
    }
}
