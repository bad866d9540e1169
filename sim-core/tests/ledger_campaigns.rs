//! Samples of the ledger's campaigns; the long ones are `examples/ledger.rs`.

mod support;

use support::{ledger_model, mutated_chain};

/// What the rules permit, and what they make of it, is what a page of plain arithmetic says.
#[test]
fn random_transactions_do_to_the_state_what_they_do_to_the_model() {
    let (mut accepted, mut settled) = (0, 0);
    for seed in 1..=4 {
        let seen = ledger_model::play(10_000, seed).unwrap_or_else(|e| panic!("{e}"));
        accepted += seen.accepted;
        settled += seen.settled;
        assert!(seen.refused > 1_000, "{seen:?}");
    }
    assert!(accepted > 15_000 && settled > 500, "{accepted} accepted, {settled} settled");
}

#[test]
fn mutated_chains_and_proofs_are_refused() {
    let seen = mutated_chain::play(3_000, 1).unwrap_or_else(|e| panic!("{e}"));
    assert!(seen.refused > 2_500, "{seen:?}");
}
