//! Proofs of an account's state, and that there is none.

use super::create_chain;
use crate::ledger::crypto::{Address, Keypair};
use crate::ledger::proof::ProofError;
use crate::ledger::state_proof::{START, Wanted, check_state_proof, prove_account};
use crate::rng::Stream;

/// Every account has a proof that shows it, a stranger one that shows its absence, and no proof holds with a byte
/// changed.
#[test]
fn accounts_and_strangers_are_proved() {
    let lines = create_chain(4, 9);
    let stranger = |i: u64| Wanted::Address(Keypair::derive(i, "stranger", "x").get_address());
    let names = ["home-0", "home-3", "grid", "losses", "operator", "regulator", "validator-hall"];
    let present = names.into_iter().map(|name| (Wanted::Name(name.to_owned()), true));
    let mut stream = Stream::new(3, "state-proofs", 0);
    for (wanted, is_there) in present.chain((0..12).map(|i| (stranger(i), false))) {
        let proof = prove_account(&lines, &wanted).expect("a valid chain").into_bytes();
        assert!(proof.starts_with(START));
        let shown = check_state_proof(&proof).expect("it holds");
        assert_eq!((shown.height, shown.account.is_some()), (9, is_there), "{shown}");
        for _ in 0..150 {
            let mut changed = proof.clone();
            let at = usize::try_from(stream.below(proof.len() as u64)).expect("small");
            changed[at] ^= 1 + stream.below(255) as u8;
            assert!(check_state_proof(&changed).is_err(), "byte {at} went unnoticed");
        }
    }
    let nobody = prove_account(&lines, &Wanted::Name("nobody".into())).expect_err("no such account");
    assert!(
        matches!(&nobody, ProofError::Invalid { field: "account", reason } if reason.contains("home-0")),
        "{nobody}"
    );
    let empty = prove_account(&lines[..1], &Wanted::Address(Address::default()));
    assert!(matches!(empty, Err(ProofError::Invalid { field: "chain", .. })));
}

/// Who leaves an account out, or shows an old state under a new header, is refused.
#[test]
fn presence_cannot_be_hidden() {
    let lines = create_chain(4, 9);
    let text = |lines: &[Vec<u8>]| prove_account(lines, &Wanted::Name("home-1".into())).expect("valid");
    let (old, new) = (text(&lines[..5]), text(&lines));
    let part = |s: &str, from: &str, to: &str| {
        let start = s.find(from).expect("there");
        s[start..start + s[start..].find(to).expect("there")].to_owned()
    };
    let account = |s: &str| part(s, "\"account\":", ",\"siblings\"");
    let hidden = new.replace(&account(&new), "\"account\":null");
    assert!(matches!(check_state_proof(hidden.as_bytes()), Err(ProofError::Invalid { field: "siblings", .. })));
    let stale = new.replace(&account(&new), &account(&old));
    assert!(account(&new) != account(&old));
    assert!(matches!(check_state_proof(stale.as_bytes()), Err(ProofError::Invalid { field: "siblings", .. })));
}
