//! The authenticated state: a binary Merkle trie over hashed keys, with proofs that a key is there and that it is not.
//!
//! A key is the hash of an entry's name, its bits from the highest on are its way down. A subtree without entries is
//! empty (32 zero bytes), with one entry it is that leaf, with more it is a branch; so the shape, and the root, follow
//! from the entries alone and not from the order in which they came. `leaf = SHA-256(0x02 || key || SHA-256(value))`,
//! `branch = SHA-256(0x03 || left || right)`: no leaf is a branch, and neither is a node of the trees of RFC 6962, whose
//! hashes start with 0x00 and 0x01. Idea: the sparse Merkle trees of Dahlberg, Pulls and Peeters (2016) with single
//! leaves pulled up, as later ledgers do. Depth is `log2 n` plus a few, since nobody chooses a hash.
//!
//! Nodes are shared: a clone costs nothing and a batch of changes makes new nodes on its ways only.

use crate::digest::Hash;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// The hash of a subtree without entries.
const EMPTY: Hash = [0; 32];
/// Bits of a key.
const BITS: usize = 256;

/// One entry's change: its key, and the hash of its new value or `None` where it goes.
pub type Change = (Hash, Option<Hash>);

#[derive(Debug)]
enum Node {
    Leaf { key: Hash, value: Hash, hash: Hash },
    Branch { left: Link, right: Link, hash: Hash },
}
type Link = Option<Arc<Node>>;

/// The tree; see the module.
#[derive(Clone, Debug, Default)]
pub struct StateTree {
    root: Link,
}

impl StateTree {
    /// The root's hash.
    #[must_use]
    pub fn get_root(&self) -> Hash {
        get_hash(&self.root)
    }

    /// Carries out changes, which stand by ascending key, each key once. What is not there can be removed.
    pub fn process(&mut self, changes: &[Change]) {
        self.root = compute_changed(&self.root, 0, changes);
    }

    /// What shows whether `key` is there, and with which value.
    #[must_use]
    pub fn prove(&self, key: &Hash) -> Path {
        let (mut siblings, mut at) = (Vec::new(), &self.root);
        while let Some(Node::Branch { left, right, .. }) = at.as_deref() {
            let (next, other) = if get_bit(key, siblings.len()) { (right, left) } else { (left, right) };
            siblings.push(get_hash(other));
            at = next;
        }
        let end = match at.as_deref() {
            Some(Node::Leaf { key, value, .. }) => Some((*key, *value)),
            _ => None,
        };
        Path { siblings, end }
    }
}

/// The way from the root to where a key's leaf stands, or would stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path {
    /// Hashes beside the way, from the root down.
    pub siblings: Vec<Hash>,
    /// The leaf at its end, as key and hash of the value; `None` where the place is empty.
    pub end: Option<(Hash, Hash)>,
}

impl Path {
    /// What this path shows of `key` under `root`: `Some(Some(value hash))` that it is there, `Some(None)` that it is
    /// not, `None` that the path does not belong to this root and key.
    #[must_use]
    pub fn get_shown(&self, key: &Hash, root: &Hash) -> Option<Option<Hash>> {
        let depth = self.siblings.len();
        let is_on_way = |other: &Hash| (0..depth).all(|bit| get_bit(other, bit) == get_bit(key, bit));
        if depth > BITS || self.end.is_some_and(|(found, _)| !is_on_way(&found)) {
            return None;
        }
        let mut hash = self.end.map_or(EMPTY, |(found, value)| compute_leaf(&found, &value));
        for (bit, sibling) in self.siblings.iter().enumerate().rev() {
            hash = if get_bit(key, bit) { compute_branch(sibling, &hash) } else { compute_branch(&hash, sibling) };
        }
        (hash == *root).then(|| self.end.filter(|(found, _)| found == key).map(|(_, value)| value))
    }
}

fn get_hash(link: &Link) -> Hash {
    match link.as_deref() {
        None => EMPTY,
        Some(Node::Leaf { hash, .. } | Node::Branch { hash, .. }) => *hash,
    }
}

fn get_bit(key: &Hash, bit: usize) -> bool {
    key[bit / 8] >> (7 - bit % 8) & 1 == 1
}

fn compute_leaf(key: &Hash, value: &Hash) -> Hash {
    compute_pair(2, key, value)
}

fn compute_branch(left: &Hash, right: &Hash) -> Hash {
    compute_pair(3, left, right)
}

fn compute_pair(prefix: u8, first: &Hash, second: &Hash) -> Hash {
    let mut bytes = [prefix; 65];
    bytes[1..33].copy_from_slice(first);
    bytes[33..].copy_from_slice(second);
    Sha256::digest(bytes).into()
}

/// The subtree at `depth` after the changes that lie in it.
fn compute_changed(link: &Link, depth: usize, changes: &[Change]) -> Link {
    if changes.is_empty() {
        return link.clone();
    }
    match link.as_deref() {
        None => create(depth, changes),
        Some(Node::Leaf { key, value, .. }) => match changes.binary_search_by_key(key, |(key, _)| *key) {
            Ok(_) => create(depth, changes),
            Err(at) => {
                let mut all = changes.to_vec();
                all.insert(at, (*key, Some(*value)));
                create(depth, &all)
            }
        },
        Some(Node::Branch { left, right, .. }) => {
            let (low, high) = split(depth, changes);
            join(compute_changed(left, depth + 1, low), compute_changed(right, depth + 1, high))
        }
    }
}

/// A subtree from entries alone.
fn create(depth: usize, changes: &[Change]) -> Link {
    let mut entries = changes.iter().filter_map(|(key, value)| value.map(|value| (*key, value)));
    let (key, value) = entries.next()?;
    if entries.next().is_none() {
        return Some(Arc::new(Node::Leaf { key, value, hash: compute_leaf(&key, &value) }));
    }
    let (low, high) = split(depth, changes);
    join(create(depth + 1, low), create(depth + 1, high))
}

fn split(depth: usize, changes: &[Change]) -> (&[Change], &[Change]) {
    changes.split_at(changes.partition_point(|(key, _)| !get_bit(key, depth)))
}

/// A branch of two subtrees; a single leaf is pulled up.
fn join(left: Link, right: Link) -> Link {
    match (&left, &right) {
        (None, None) => None,
        (Some(one), None) | (None, Some(one)) if matches!(**one, Node::Leaf { .. }) => Some(one.clone()),
        _ => {
            let hash = compute_branch(&get_hash(&left), &get_hash(&right));
            Some(Arc::new(Node::Branch { left, right, hash }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::crypto::compute_hash;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn key(name: u16) -> Hash {
        compute_hash(&name.to_be_bytes())
    }

    fn tree_of(entries: &BTreeMap<Hash, Hash>) -> StateTree {
        let mut tree = StateTree::default();
        tree.process(&entries.iter().map(|(k, v)| (*k, Some(*v))).collect::<Vec<_>>());
        tree
    }

    /// The root as the module's text defines it, with nothing kept.
    fn define(entries: &[(Hash, Hash)], depth: usize) -> Hash {
        match entries {
            [] => EMPTY,
            [(k, v)] => compute_pair(2, k, v),
            _ => {
                let at = entries.partition_point(|(k, _)| k[depth / 8] & (0x80 >> (depth % 8)) == 0);
                compute_pair(3, &define(&entries[..at], depth + 1), &define(&entries[at..], depth + 1))
            }
        }
    }

    #[test]
    fn small_trees_by_hand() {
        let (a, b) = ([0x00; 32], [0x40; 32]);
        let leaf = |k: &Hash| compute_pair(2, k, &[9; 32]);
        let mut tree = StateTree::default();
        assert_eq!(tree.get_root(), [0; 32]);
        tree.process(&[(a, Some([9; 32]))]);
        assert_eq!(tree.get_root(), leaf(&a));
        tree.process(&[(b, Some([9; 32]))]);
        // They part at the second bit: the root has the pair on its left and nothing on its right.
        assert_eq!(tree.get_root(), compute_pair(3, &compute_pair(3, &leaf(&a), &leaf(&b)), &[0; 32]));
        tree.process(&[(a, None)]);
        assert_eq!(tree.get_root(), leaf(&b));
        tree.process(&[(a, None), (b, None)]);
        assert_eq!(tree.get_root(), [0; 32]);
    }

    proptest! {
        /// Whatever batches led there, the root is that of the entries alone, and every key, there or not, has a proof
        /// that shows it and that shows nothing of another root, key or value.
        #[test]
        fn the_root_follows_from_the_entries(
            batches in prop::collection::vec(prop::collection::btree_map(0..60_u16, prop::option::of(any::<u8>()), 1..20), 1..12),
        ) {
            let (mut tree, mut model) = (StateTree::default(), BTreeMap::new());
            for batch in batches {
                let mut changes: Vec<Change> = batch.iter().map(|(k, v)| (key(*k), v.map(|v| [v; 32]))).collect();
                changes.sort_unstable();
                for (k, v) in &changes {
                    match v {
                        Some(v) => { model.insert(*k, *v); }
                        None => { model.remove(k); }
                    }
                }
                tree.process(&changes);
            }
            let root = tree.get_root();
            let entries: Vec<(Hash, Hash)> = model.iter().map(|(k, v)| (*k, *v)).collect();
            prop_assert_eq!(root, define(&entries, 0));
            prop_assert_eq!(root, tree_of(&model).get_root());
            for name in 0..70 {
                let k = key(name);
                let path = tree.prove(&k);
                prop_assert_eq!(path.get_shown(&k, &root), Some(model.get(&k).copied()));
                prop_assert_eq!(path.get_shown(&k, &[1; 32]), None);
                let mut longer = path.clone();
                longer.siblings.push(EMPTY);
                prop_assert_eq!(longer.get_shown(&k, &root), None);
                if let Some((found, value)) = path.end {
                    let mut forged = path.clone();
                    forged.end = None;
                    prop_assert_eq!(forged.get_shown(&k, &root), None);
                    forged.end = Some((found, [value[0].wrapping_add(1); 32]));
                    prop_assert_eq!(forged.get_shown(&k, &root), None);
                }
            }
        }
    }
}
