//! Merkle trees of RFC 6962 (section 2.1), proofs checked by the algorithms of RFC 9162 (2.1.3.2 and 2.1.4.2).
//!
//! `leaf = SHA-256(0x00 || data)`, `node = SHA-256(0x01 || left || right)`, the empty tree is `SHA-256("")`; a list of
//! `n` splits at the largest power of two below `n`, and no leaf is doubled. Validated against `refs/ledger/merkle_*`
//! (CT reference roots, 67 leaves, the official accept and reject cases) in `vectors.rs`.

use crate::digest::Hash;
use sha2::{Digest as _, Sha256};

/// Hash of a leaf.
#[must_use]
pub fn compute_leaf_hash(data: &[u8]) -> Hash {
    let mut hash = Sha256::new();
    hash.update([0]);
    hash.update(data);
    hash.finalize().into()
}

fn compute_node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut bytes = [1; 65];
    bytes[1..33].copy_from_slice(left);
    bytes[33..].copy_from_slice(right);
    Sha256::digest(bytes).into()
}

/// The largest power of two below `n`; `n` is at least 2.
fn get_split(n: usize) -> usize {
    1 << (usize::BITS - 1 - (n - 1).leading_zeros())
}

/// Root of the tree over these leaf hashes.
#[must_use]
pub fn compute_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Sha256::digest([]).into(),
        [one] => *one,
        _ => {
            let (left, right) = leaves.split_at(get_split(leaves.len()));
            compute_node_hash(&compute_root(left), &compute_root(right))
        }
    }
}

/// Path from leaf `index` to the root, nearest first; `None` where there is no such leaf.
#[must_use]
pub fn compute_inclusion_proof(leaves: &[Hash], index: usize) -> Option<Vec<Hash>> {
    if index >= leaves.len() {
        return None;
    }
    let (mut path, mut part, mut at) = (Vec::new(), leaves, index);
    while part.len() > 1 {
        let (left, right) = part.split_at(get_split(part.len()));
        if at < left.len() {
            path.push(compute_root(right));
            part = left;
        } else {
            path.push(compute_root(left));
            at -= left.len();
            part = right;
        }
    }
    path.reverse();
    Some(path)
}

/// A step of the way from a leaf to the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The node beside the way.
    pub sibling: Hash,
    /// The sibling stands to the left.
    pub is_left: bool,
    /// Leaves below the sibling: the first, and how many.
    pub covers: (usize, usize),
    /// What the two are hashed to.
    pub parent: Hash,
}

/// The way from leaf `index` to the root, nearest first, with `leaf` in its place; `None` where there is no such leaf.
/// The siblings alone are [`compute_inclusion_proof`].
#[must_use]
pub fn compute_steps(leaves: &[Hash], index: usize, leaf: &Hash) -> Option<Vec<Step>> {
    let proof = compute_inclusion_proof(leaves, index)?;
    let (mut first, mut size) = (0, leaves.len());
    let mut beside = Vec::with_capacity(proof.len());
    while size > 1 {
        let split = get_split(size);
        if index - first < split {
            beside.push((false, (first + split, size - split)));
            size = split;
        } else {
            beside.push((true, (first, split)));
            (first, size) = (first + split, size - split);
        }
    }
    let mut hash = *leaf;
    let step = |(sibling, (is_left, covers)): (Hash, (bool, (usize, usize)))| {
        hash = if is_left { compute_node_hash(&sibling, &hash) } else { compute_node_hash(&hash, &sibling) };
        Step { sibling, is_left, covers, parent: hash }
    };
    Some(proof.into_iter().zip(beside.into_iter().rev()).map(step).collect())
}

/// Whether `proof` shows that `leaf` is number `index` of the `size` leaves under `root` (RFC 9162, 2.1.3.2).
#[must_use]
pub fn is_included(leaf: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut f, mut s, mut hash) = (index, size - 1, *leaf);
    for sibling in proof {
        if s == 0 {
            return false;
        }
        if f & 1 == 1 || f == s {
            hash = compute_node_hash(sibling, &hash);
            while f & 1 == 0 && f != 0 {
                f >>= 1;
                s >>= 1;
            }
        } else {
            hash = compute_node_hash(&hash, sibling);
        }
        f >>= 1;
        s >>= 1;
    }
    s == 0 && hash == *root
}

/// Proof that the tree over the first `old` leaves is a prefix of the whole; `None` unless `0 < old <= leaves.len()`.
#[must_use]
pub fn compute_consistency_proof(leaves: &[Hash], old: usize) -> Option<Vec<Hash>> {
    if old == 0 || old > leaves.len() {
        return None;
    }
    let (mut path, mut part, mut m, mut whole) = (Vec::new(), leaves, old, true);
    while m < part.len() {
        let (left, right) = part.split_at(get_split(part.len()));
        if m <= left.len() {
            path.push(compute_root(right));
            part = left;
        } else {
            path.push(compute_root(left));
            m -= left.len();
            part = right;
            whole = false;
        }
    }
    if !whole {
        path.push(compute_root(part));
    }
    path.reverse();
    Some(path)
}

/// Whether `proof` shows that the tree of `size1` leaves with `root1` is a prefix of that of `size2` with `root2`
/// (RFC 9162, 2.1.4.2). `size1` of zero is refused.
#[must_use]
pub fn is_consistent(size1: u64, size2: u64, root1: &Hash, root2: &Hash, proof: &[Hash]) -> bool {
    if size1 == 0 || size1 > size2 {
        return false;
    }
    if size1 == size2 {
        return proof.is_empty() && root1 == root2;
    }
    let mut proof = proof.iter();
    let first = if size1.is_power_of_two() { Some(root1) } else { proof.next() };
    let Some(first) = first else { return false };
    let (mut f, mut s) = (size1 - 1, size2 - 1);
    while f & 1 == 1 {
        f >>= 1;
        s >>= 1;
    }
    let (mut old, mut new) = (*first, *first);
    for node in proof {
        if s == 0 {
            return false;
        }
        if f & 1 == 1 || f == s {
            old = compute_node_hash(node, &old);
            new = compute_node_hash(node, &new);
            while f & 1 == 0 && f != 0 {
                f >>= 1;
                s >>= 1;
            }
        } else {
            new = compute_node_hash(&new, node);
        }
        f >>= 1;
        s >>= 1;
    }
    s == 0 && old == *root1 && new == *root2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::hex;
    use proptest::prelude::*;

    #[test]
    fn the_roots_of_the_certificate_transparency_set() {
        let data: [&[u8]; 8] = [
            b"",
            b"\x00",
            b"\x10",
            b"\x20\x21",
            b"\x30\x31",
            b"\x40\x41\x42\x43",
            b"\x50\x51\x52\x53\x54\x55\x56\x57",
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        let leaves: Vec<Hash> = data.iter().map(|d| compute_leaf_hash(d)).collect();
        assert_eq!(hex(&compute_root(&[])), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(
            hex(&compute_root(&leaves[..1])),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
        );
        assert_eq!(
            hex(&compute_root(&leaves[..3])),
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"
        );
        assert_eq!(hex(&compute_root(&leaves)), "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
    }

    proptest! {
        #[test]
        fn every_proof_verifies_and_no_other(size in 1_usize..90, at in any::<prop::sample::Index>(), bit in 0_usize..256) {
            let leaves: Vec<Hash> = (0..size).map(|i| compute_leaf_hash(&i.to_le_bytes())).collect();
            let (root, index) = (compute_root(&leaves), at.index(size));
            let mut proof = compute_inclusion_proof(&leaves, index).expect("in range");
            let (i, n) = (index as u64, size as u64);
            prop_assert!(is_included(&leaves[index], i, n, &proof, &root));
            prop_assert!(!is_included(&leaves[index], i + 1, n, &proof, &root));
            let steps = compute_steps(&leaves, index, &leaves[index]).expect("in range");
            prop_assert_eq!(steps.last().map_or(leaves[index], |s| s.parent), root);
            prop_assert_eq!(steps.iter().map(|s| s.covers.1).sum::<usize>(), size - 1);
            for step in &steps {
                let (from, count) = step.covers;
                prop_assert_eq!(step.sibling, compute_root(&leaves[from..from + count]));
            }
            let old = index + 1;
            let old_root = compute_root(&leaves[..old]);
            let mut path = compute_consistency_proof(&leaves, old).expect("in range");
            prop_assert!(is_consistent(old as u64, n, &old_root, &root, &path));
            if let Some(node) = proof.first_mut() {
                node[bit / 8] ^= 1 << (bit % 8);
                prop_assert!(!is_included(&leaves[index], i, n, &proof, &root));
            }
            if let Some(node) = path.last_mut() {
                node[bit / 8] ^= 1 << (bit % 8);
                prop_assert!(!is_consistent(old as u64, n, &old_root, &root, &path));
            }
        }
    }
}
