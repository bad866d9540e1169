//! Forged proofs: every one is refused, and nothing panics on arbitrary bytes.

use super::{SEED, access, counts, opening, publish, secret, system};
use crate::ledger::privacy::PrivacyError;
use crate::ledger::privacy::commitment::{Commitment, Opening, Register};
use crate::ledger::privacy::disclosure::{
    CommitmentTree, LeafId, ZeroProof, are_equal, compute_equality_proof, compute_value_proof, is_to_value,
};
use crate::ledger::privacy::range_proof::{MAX_VALUE, MAX_VALUES, RangeClaim, RangeProof, RangeSystem};
use crate::ledger::privacy::reading::{PrivateReading, verify};
use crate::rng::Stream;
use proptest::prelude::*;

const CONTEXT: &[u8] = b"a slot";

fn prove(openings: &[Opening]) -> (Vec<Commitment>, RangeProof) {
    let proof = system().compute_proof(CONTEXT, openings, [3; 32]).expect("in range");
    (openings.iter().map(Opening::compute_commitment).collect(), proof)
}

fn holds(context: &[u8], commitments: &[Commitment], proof: &RangeProof) -> bool {
    system().is_valid(&RangeClaim { context, commitments, proof })
}

/// One bit changed in each byte of a range proof, and each bit of its first element: 513 bytes, no forgery passes.
#[test]
fn a_range_proof_with_any_byte_changed_is_refused() {
    let (commitments, proof) = prove(&[opening(1, 1, 1_234)]);
    assert_eq!(proof.0.len(), RangeSystem::compute_size(1));
    assert!(holds(CONTEXT, &commitments, &proof));
    let mut stream = Stream::new(SEED, "forgeries", 0);
    let random: Vec<(usize, u8)> = (0..proof.0.len()).map(|at| (at, stream.below(8) as u8)).collect();
    let first = (0..8).map(|bit| (0, bit)).chain((0..8).map(|bit| (32, bit)));
    for (at, bit) in random.into_iter().chain(first) {
        let mut forged = proof.clone();
        forged.0[at] ^= 1 << bit;
        assert!(!holds(CONTEXT, &commitments, &forged), "byte {at}, bit {bit}");
    }
    for length in [0, 1, 33, proof.0.len() - 32, proof.0.len() - 1] {
        assert!(!holds(CONTEXT, &commitments, &RangeProof(proof.0[..length].to_vec())), "{length} bytes");
    }
    assert!(!holds(CONTEXT, &commitments, &RangeProof([proof.0.clone(), vec![0; 64]].concat())));
}

/// A proof holds for its commitments, in their order, in its context, and for nothing else.
#[test]
fn a_range_proof_is_bound_to_what_it_is_about() {
    let openings = [opening(1, 1, 0), opening(2, 1, MAX_VALUE), opening(3, 1, 77)];
    let (commitments, proof) = prove(&openings);
    assert_eq!(proof.0.len(), RangeSystem::compute_size(3));
    assert!(holds(CONTEXT, &commitments, &proof));
    assert!(!holds(b"another slot", &commitments, &proof), "another context");
    let swapped = [commitments[1], commitments[0], commitments[2]];
    assert!(!holds(CONTEXT, &swapped, &proof), "another order");
    let other = [commitments[0], commitments[1], opening(3, 2, 77).compute_commitment()];
    assert!(!holds(CONTEXT, &other, &proof), "the same value under another blinding");
    assert!(!holds(CONTEXT, &commitments[..2], &proof), "one fewer");
    assert!(!holds(CONTEXT, &[], &proof) && !holds(CONTEXT, &commitments.repeat(2), &proof));
    let (single, one) = prove(&openings[..1]);
    let claim = RangeClaim { context: CONTEXT, commitments: &commitments, proof: &proof };
    let good = RangeClaim { context: CONTEXT, commitments: &single, proof: &one };
    let bad = RangeClaim { context: CONTEXT, commitments: &single, proof: &proof };
    assert!(system().are_valid(&[claim, good, claim]) && system().are_valid(&[]));
    assert!(!system().are_valid(&[claim, bad]) && !system().are_valid(&[good, RangeClaim { context: b"", ..good }]));
}

/// Negative is huge: the prover refuses it, and the honest proof of a value that differs by 2^32 or by the sign does not
/// fit the commitment.
#[test]
fn values_out_of_range_have_no_proof() {
    for value in [-1, MAX_VALUE + 1, i64::MIN, i64::MAX] {
        let refused = system().compute_proof(CONTEXT, &[opening(1, 1, value)], [0; 32]);
        assert_eq!(refused, Err(PrivacyError::Range { value, most: MAX_VALUE }));
    }
    let (_, proof) = prove(&[opening(1, 1, 5)]);
    for value in [-5, 5 + MAX_VALUE + 1, 5 - MAX_VALUE - 1] {
        assert!(!holds(CONTEXT, &[opening(1, 1, value).compute_commitment()], &proof), "{value}");
    }
    // -2 Wh hidden in a sum with 7 Wh is 5 Wh, which has a proof; its parts have none.
    let negative = opening(1, 1, -2).compute_commitment();
    let sum = negative + opening(2, 1, 7).compute_commitment();
    let open = opening(1, 1, -2).compute_sum(&opening(2, 1, 7)).expect("small");
    let (_, whole) = prove(&[open]);
    assert!(holds(CONTEXT, &[sum], &whole) && !holds(CONTEXT, &[negative], &whole));
    assert!(matches!(RangeSystem::new(0), Err(PrivacyError::Count { count: 0, .. })));
    assert!(matches!(RangeSystem::new(MAX_VALUES + 1), Err(PrivacyError::Count { .. })));
    let five = [opening(1, 1, 1); 5];
    assert!(matches!(system().compute_proof(CONTEXT, &five, [0; 32]), Err(PrivacyError::Count { count: 5, .. })));
}

/// Readings checked together: the one that is forged is named.
#[test]
fn a_forged_reading_is_named() {
    let good: Vec<PrivateReading> = (0..5).map(|a| publish(&access(a), a, &counts(9, 10 * i64::from(a), 3))).collect();
    verify(system(), &good).expect("all hold");
    let forge = |change: fn(&mut PrivateReading)| {
        let mut readings = good.clone();
        change(&mut readings[3]);
        verify(system(), &readings)
    };
    let refused = Err(PrivacyError::Proof { account: 3, slot: 9 });
    assert_eq!(forge(|r| r.proof.0[100] ^= 4), refused);
    assert_eq!(forge(|r| std::mem::swap(&mut r.import, &mut r.export)), refused);
    assert_eq!(forge(|r| r.import = r.import + r.import), refused);
    assert_eq!(forge(|r| r.envelope.slot = 8), refused);
    let moved = forge(|r| (r.slot, r.envelope.slot) = (8, 8));
    assert_eq!(moved, Err(PrivacyError::Proof { account: 3, slot: 8 }), "a proof of another slot");
}

#[test]
fn proofs_of_equality_hold_for_equal_values_alone() {
    let (one, same, other) = (opening(1, 1, 40), opening(2, 2, 40), opening(3, 3, 41));
    let [c1, c2, c3] = [one, same, other].map(|o| o.compute_commitment());
    let proof = compute_equality_proof(CONTEXT, &one, &same).expect("equal");
    assert!(are_equal(CONTEXT, &c1, &c2, &proof));
    assert!(!are_equal(CONTEXT, &c2, &c1, &proof) && !are_equal(CONTEXT, &c1, &c3, &proof));
    assert!(!are_equal(b"", &c1, &c2, &proof) && !are_equal(CONTEXT, &c1, &c1, &proof));
    assert_eq!(compute_equality_proof(CONTEXT, &one, &other), Err(PrivacyError::NotEqual { left: 40, right: 41 }));
    let shown = compute_value_proof(CONTEXT, &one, 40).expect("the value");
    assert!(is_to_value(CONTEXT, &c1, 40, &shown));
    assert!(!is_to_value(CONTEXT, &c1, 41, &shown) && !is_to_value(CONTEXT, &c2, 40, &shown));
    assert!(!is_to_value(CONTEXT, &c1, 40, &proof), "a proof of the other kind");
    assert_eq!(compute_value_proof(CONTEXT, &one, 41), Err(PrivacyError::NotEqual { left: 40, right: 41 }));
    for (at, bit) in (0..64).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
        let mut forged = proof;
        let half = if at < 32 { &mut forged.r } else { &mut forged.s };
        half[at % 32] ^= 1 << bit;
        assert!(!are_equal(CONTEXT, &c1, &c2, &forged), "byte {at}, bit {bit}");
    }
    let trivial = ZeroProof { r: [0; 32], s: [0; 32] };
    assert!(!are_equal(CONTEXT, &c1, &c3, &trivial), "R = 0, s = 0 proves nothing of unequal values");
}

#[test]
fn one_slot_is_disclosed_and_no_other() {
    let id = |slot| LeafId { account: 1, slot, register: Register::Import };
    let open: Vec<Opening> = (0..96).map(|slot| opening(1, slot, 100 + i64::from(slot))).collect();
    let tree = CommitmentTree::new((0..).zip(&open).map(|(slot, o)| (id(slot), o.compute_commitment())));
    let root = tree.compute_root();
    let disclosed = tree.compute_disclosure(&id(40), &open[40]).expect("a leaf");
    assert!(disclosed.is_valid(&root));
    assert!(tree.compute_disclosure(&id(40), &open[41]).is_none(), "not what stands there");
    assert!(tree.compute_disclosure(&id(96), &open[0]).is_none(), "no such leaf");
    let forge = |change: &dyn Fn(&mut crate::ledger::privacy::disclosure::Disclosure)| {
        let mut forged = disclosed.clone();
        change(&mut forged);
        forged.is_valid(&root)
    };
    assert!(!forge(&|d| d.opening.value += 1), "another value");
    assert!(!forge(&|d| d.opening.blinding = open[0].blinding), "another blinding");
    assert!(!forge(&|d| d.id.slot += 1), "another slot");
    assert!(!forge(&|d| d.id.register = Register::Export), "another register");
    assert!(!forge(&|d| d.index += 1) && !forge(&|d| d.size = u64::MAX) && !forge(&|d| d.path.clear()));
    assert!(!disclosed.is_valid(&[0; 32]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Every value in range has a proof, and no single change of it passes.
    #[test]
    fn honest_range_proofs_hold_and_changed_ones_do_not(value in 0..=MAX_VALUE, at in 0_usize..513, change in 1_u8..) {
        let (commitments, mut proof) = prove(&[opening(4, 4, value)]);
        prop_assert!(holds(CONTEXT, &commitments, &proof));
        proof.0[at] ^= change;
        prop_assert!(!holds(CONTEXT, &commitments, &proof));
    }

    /// No panic, and no proof, in arbitrary bytes.
    #[test]
    fn arbitrary_bytes_prove_nothing(mut bytes in prop::collection::vec(any::<u8>(), 513), length in 0_usize..600, words in any::<[[u8; 32]; 2]>()) {
        let commitment = opening(1, 1, 9).compute_commitment();
        bytes[0] = 1;
        for slice in [&bytes[..], &bytes[..length.min(513)]] {
            prop_assert!(!holds(CONTEXT, &[commitment], &RangeProof(slice.to_vec())));
        }
        let proof = ZeroProof { r: words[0], s: words[1] };
        prop_assert!(!is_to_value(CONTEXT, &commitment, 9, &proof));
        if let Ok(reading) = postcard::from_bytes::<PrivateReading>(&bytes) {
            prop_assert!(verify(system(), &[reading]).is_err());
        }
        let _ = secret(0).compute_shared(&crate::ledger::privacy::keys::ReaderKey(words[0]));
    }
}
