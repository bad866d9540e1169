//! Where each block of the factors lies, and which blocks each pivot changes.

use super::order::least_degree;
use std::collections::BTreeSet;

/// The pattern of a factorisation. Positions are in the order of elimination.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct Symbolic {
    /// Rows of each diagonal block, 1 to 4.
    pub(super) rows: Vec<usize>,
    /// First scalar of each block in a vector; one more entry holds the length.
    pub(super) first: Vec<usize>,
    /// First value of each diagonal block.
    pub(super) diagonal: Vec<usize>,
    /// First edge of each pivot; one more entry holds their number.
    pub(super) edges: Vec<usize>,
    /// Later position of each edge, ascending within a pivot.
    pub(super) later: Vec<usize>,
    /// First value of each edge's block in the pivot's row.
    pub(super) upper: Vec<usize>,
    /// First value of each edge's block in the pivot's column.
    pub(super) lower: Vec<usize>,
    /// For each pivot, first value of the block changed by each pair of its edges.
    pub(super) updates: Vec<usize>,
    /// Number of values.
    pub(super) values: usize,
    /// Position of each node.
    position: Vec<usize>,
}

impl Symbolic {
    /// For nodes with `rows[i]` rows and the pairs of nodes that have a block off the diagonal.
    pub(in super::super) fn new(node_rows: &[usize], pairs: &BTreeSet<(usize, usize)>) -> Self {
        let n = node_rows.len();
        let mut neighbours = vec![BTreeSet::new(); n];
        for &(a, b) in pairs {
            neighbours[a].insert(b);
            neighbours[b].insert(a);
        }
        let elimination = least_degree(neighbours);
        let mut position = vec![0; n];
        for (k, &node) in elimination.order.iter().enumerate() {
            position[node] = k;
        }
        let rows: Vec<usize> = elimination.order.iter().map(|&i| node_rows[i]).collect();
        let mut out = Self {
            first: Vec::with_capacity(n + 1),
            diagonal: Vec::with_capacity(n),
            edges: vec![0],
            later: Vec::new(),
            upper: Vec::new(),
            lower: Vec::new(),
            updates: Vec::new(),
            values: 0,
            position,
            rows,
        };
        let mut scalars = 0;
        for k in 0..n {
            out.first.push(scalars);
            scalars += out.rows[k];
            out.diagonal.push(out.values);
            out.values += out.rows[k] * out.rows[k];
            let mut later: Vec<usize> = elimination.joined[k].iter().map(|&i| out.position[i]).collect();
            later.sort_unstable();
            for j in later {
                let size = out.rows[k] * out.rows[j];
                out.later.push(j);
                out.upper.push(out.values);
                out.lower.push(out.values + size);
                out.values += 2 * size;
            }
            out.edges.push(out.later.len());
        }
        out.first.push(scalars);
        for k in 0..n {
            for a in out.edges[k]..out.edges[k + 1] {
                for b in out.edges[k]..out.edges[k + 1] {
                    // The pattern is closed under elimination, so each of these blocks is there.
                    out.updates.extend(out.block_at(out.later[a], out.later[b]));
                }
            }
        }
        out
    }

    /// Number of scalar unknowns.
    pub(in super::super) fn len(&self) -> usize {
        self.first.last().copied().unwrap_or(0)
    }

    /// Number of values of an assembled matrix.
    pub(in super::super) fn size(&self) -> usize {
        self.values
    }

    /// First value of the block of nodes `r`, `c`.
    pub(in super::super) fn block(&self, r: usize, c: usize) -> Option<usize> {
        self.block_at(self.position[r], self.position[c])
    }

    /// First scalar of `node` in a vector.
    pub(in super::super) fn scalar(&self, node: usize) -> usize {
        self.first[self.position[node]]
    }

    fn block_at(&self, r: usize, c: usize) -> Option<usize> {
        if r == c {
            return Some(self.diagonal[r]);
        }
        let k = r.min(c);
        let span = self.edges[k]..self.edges[k + 1];
        let edge = self.edges[k] + self.later[span].binary_search(&r.max(c)).ok()?;
        Some(if r < c { self.upper[edge] } else { self.lower[edge] })
    }
}
