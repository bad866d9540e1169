//! Elimination order of least degree, and the pattern it leaves.

use std::collections::BTreeSet;

/// Order and pattern of an elimination.
pub(super) struct Elimination {
    /// `order[k]` is the node eliminated as the k-th.
    pub(super) order: Vec<usize>,
    /// For each step the nodes that its pivot is still joined to.
    pub(super) joined: Vec<Vec<usize>>,
}

/// Eliminates the node of least degree (of equal ones the first), joins its neighbours, and so on.
pub(super) fn least_degree(mut neighbours: Vec<BTreeSet<usize>>) -> Elimination {
    let mut queue: BTreeSet<(usize, usize)> = neighbours.iter().enumerate().map(|(i, n)| (n.len(), i)).collect();
    let mut out = Elimination { order: Vec::new(), joined: Vec::new() };
    while let Some((_, pivot)) = queue.pop_first() {
        let joined: Vec<usize> = std::mem::take(&mut neighbours[pivot]).into_iter().collect();
        for &a in &joined {
            queue.remove(&(neighbours[a].len(), a));
            neighbours[a].remove(&pivot);
            neighbours[a].extend(joined.iter().copied().filter(|&b| b != a));
            queue.insert((neighbours[a].len(), a));
        }
        out.order.push(pivot);
        out.joined.push(joined);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_has_no_fill_and_a_ring_has_n_minus_three() {
        let edges = |pairs: &[(usize, usize)], n: usize| {
            let mut sets = vec![BTreeSet::new(); n];
            for &(a, b) in pairs {
                sets[a].insert(b);
                sets[b].insert(a);
            }
            least_degree(sets).joined.iter().map(Vec::len).sum::<usize>()
        };
        assert_eq!(edges(&[(0, 1), (1, 2), (1, 3), (3, 4), (3, 5)], 6), 5);
        let ring: Vec<(usize, usize)> = (0..8).map(|i| (i, (i + 1) % 8)).collect();
        assert_eq!(edges(&ring, 8), 8 + 5);
    }
}
