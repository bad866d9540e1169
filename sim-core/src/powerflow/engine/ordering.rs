//! The order in which buses are eliminated.
//!
//! Buses without injections and sources that join at most two others go first: no current enters there, so an
//! iteration need not visit them. Of the rest always the bus of least degree follows (Tinney and Walker 1967,
//! scheme 2), which fills nothing in on a tree. Then the order is rearranged by depth in the elimination tree, deepest
//! first and brothers side by side: the fill is the same, and neighbours in memory do not wait for each other.

use std::collections::BTreeSet;

/// Neighbours up to which a bus without injections is eliminated first.
const PASSIVE_DEGREE: usize = 2;
const NONE: usize = usize::MAX;

/// An order of buses.
pub(super) struct Order {
    /// Buses, first eliminated first.
    pub(super) buses: Vec<usize>,
    /// How many of them, at the front, no iteration need visit.
    pub(super) passive: usize,
}

/// The order for the given neighbours; `busy` marks the buses where current can enter.
pub(super) fn order(mut neighbours: Vec<BTreeSet<usize>>, busy: &[bool]) -> Order {
    let n = neighbours.len();
    let mut rank = vec![NONE; n];
    let mut joined: Vec<Vec<usize>> = vec![Vec::new(); n];
    let mut next = 0;
    let mut eliminate = |v: usize, neighbours: &mut Vec<BTreeSet<usize>>, rank: &mut Vec<usize>| {
        let around: Vec<usize> = std::mem::take(&mut neighbours[v]).into_iter().collect();
        for &a in &around {
            neighbours[a].remove(&v);
            neighbours[a].extend(around.iter().copied().filter(|&b| b != a));
        }
        rank[v] = next;
        next += 1;
        joined[v] = around;
    };

    let idle = |v: usize, neighbours: &[BTreeSet<usize>]| !busy[v] && neighbours[v].len() <= PASSIVE_DEGREE;
    let mut waiting: Vec<usize> = (0..n).filter(|&v| idle(v, &neighbours)).collect();
    while let Some(v) = waiting.pop() {
        if rank[v] != NONE || !idle(v, &neighbours) {
            continue;
        }
        let around: Vec<usize> = neighbours[v].iter().copied().collect();
        eliminate(v, &mut neighbours, &mut rank);
        waiting.extend(around.into_iter().filter(|&a| idle(a, &neighbours)));
    }
    let passive = rank.iter().filter(|&&r| r != NONE).count();

    let rest = (0..n).filter(|&v| rank[v] == NONE);
    let mut queue: BTreeSet<(usize, usize)> = rest.map(|v| (neighbours[v].len(), v)).collect();
    while let Some((_, v)) = queue.pop_first() {
        let around: Vec<usize> = neighbours[v].iter().copied().collect();
        around.iter().for_each(|&a| {
            queue.remove(&(neighbours[a].len(), a));
        });
        eliminate(v, &mut neighbours, &mut rank);
        queue.extend(around.into_iter().map(|a| (neighbours[a].len(), a)));
    }
    Order { buses: by_depth(&rank, &joined, passive), passive }
}

/// The same elimination with the deepest of the elimination tree first, passive ones before all others.
fn by_depth(rank: &[usize], joined: &[Vec<usize>], passive: usize) -> Vec<usize> {
    let n = rank.len();
    let mut by_rank = vec![0; n];
    rank.iter().enumerate().for_each(|(v, &r)| by_rank[r] = v);
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); n];
    let mut list: Vec<usize> = Vec::with_capacity(n);
    for &v in by_rank.iter().rev() {
        match joined[v].iter().copied().min_by_key(|&a| rank[a]) {
            Some(parent) => children[parent].push(v),
            None => list.push(v),
        }
    }
    let mut at = 0;
    while at < list.len() {
        let v = list[at];
        list.extend(children[v].iter().copied());
        at += 1;
    }
    let (idle, busy): (Vec<usize>, Vec<usize>) = list.into_iter().partition(|&v| rank[v] < passive);
    idle.into_iter().rev().chain(busy.into_iter().rev()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(pairs: &[(usize, usize)], n: usize, busy: &[bool]) -> (Order, usize) {
        let mut sets = vec![BTreeSet::new(); n];
        for &(a, b) in pairs {
            sets[a].insert(b);
            sets[b].insert(a);
        }
        let order = order(sets.clone(), busy);
        let mut edges = 0;
        for &v in &order.buses {
            let around: Vec<usize> = std::mem::take(&mut sets[v]).into_iter().collect();
            edges += around.len();
            for &a in &around {
                sets[a].remove(&v);
                sets[a].extend(around.iter().copied().filter(|&b| b != a));
            }
        }
        (order, edges)
    }

    #[test]
    fn a_tree_has_no_fill_and_a_ring_has_n_minus_three() {
        let (order, edges) = fill(&[(0, 1), (1, 2), (1, 3), (3, 4), (3, 5)], 6, &[true; 6]);
        assert_eq!((edges, order.passive), (5, 0));
        let ring: Vec<(usize, usize)> = (0..8).map(|i| (i, (i + 1) % 8)).collect();
        assert_eq!(fill(&ring, 8, &[true; 8]).1, 8 + 5);
    }

    #[test]
    fn what_no_current_enters_goes_first() {
        let (order, edges) = fill(&[(0, 1), (1, 2), (2, 3)], 4, &[true, false, false, true]);
        assert_eq!((order.passive, edges), (2, 5));
        let mut first = order.buses[..2].to_vec();
        first.sort_unstable();
        assert_eq!(first, [1, 2]);
    }
}
