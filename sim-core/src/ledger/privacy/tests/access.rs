//! Who may read: grants, revocations, and envelopes that were tampered with.

use super::{REGULATOR, access, counts, publish, secret};
use crate::ledger::crypto::{Address, Keypair};
use crate::ledger::error::TransitionError;
use crate::ledger::privacy::PrivacyError;
use crate::ledger::privacy::access_book::{AccessBook, AccessError, AccessOrder, SignedAccess};
use crate::ledger::privacy::envelope::Envelope;
use crate::ledger::privacy::keys::ReaderKey;
use proptest::prelude::*;

/// Home 1 grants home 2 and the regulator, then takes home 2's grant back: later readings stay shut for home 2, earlier
/// ones stay open, and the regulator reads all.
#[test]
fn a_revoked_grantee_reads_no_later_reading() {
    let mut access = access(1);
    let nobody = publish(&access, 1, &counts(10, 500, 20));
    access.process_grant(2, secret(2).get_key()).expect("new");
    access.process_grant(REGULATOR, secret(REGULATOR).get_key()).expect("new");
    let granted = publish(&access, 1, &counts(11, 510, 21));
    access.process_revoke(2).expect("granted");
    assert_eq!((access.get_epoch(), access.get_grantees().len()), (1, 1));
    let revoked = publish(&access, 1, &counts(12, 520, 22));
    let no_grant = |slot| PrivacyError::NoGrant { grantee: 2, account: 1, slot };
    assert_eq!(nobody.open(2, &secret(2)), Err(no_grant(10)));
    assert_eq!(granted.open(2, &secret(2)).expect("granted").get_counts(11), counts(11, 510, 21));
    assert_eq!(revoked.open(2, &secret(2)), Err(no_grant(12)));
    for (reading, wanted) in [(&granted, counts(11, 510, 21)), (&revoked, counts(12, 520, 22))] {
        for reader in [1, REGULATOR] {
            assert_eq!(reading.open(reader, &secret(reader)).expect("granted").get_counts(wanted.slot), wanted);
        }
        let seal = PrivacyError::Seal { account: 1, slot: wanted.slot };
        assert_eq!(reading.open(REGULATOR, &secret(2)), Err(seal), "the key of another");
    }
    // The wrap of an envelope before the revocation is no key to one after it.
    let mut spliced = revoked.clone();
    spliced.envelope.wraps.push(granted.envelope.wraps[1].clone());
    assert_eq!(spliced.open(2, &secret(2)), Err(PrivacyError::Seal { account: 1, slot: 12 }));
    access.process_grant(2, secret(2).get_key()).expect("new again");
    let again = publish(&access, 1, &counts(13, 530, 23));
    assert!(again.open(2, &secret(2)).is_ok());
}

#[test]
fn grants_and_revocations_that_change_nothing_are_refused() {
    let mut access = access(1);
    let key = secret(2).get_key();
    assert_eq!(access.process_grant(1, key), Err(PrivacyError::Access { grantee: 1, granted: true }), "the owner");
    assert_eq!(access.process_revoke(2), Err(PrivacyError::Access { grantee: 2, granted: false }));
    assert_eq!(access.process_revoke(1), Err(PrivacyError::Access { grantee: 1, granted: false }), "the owner");
    assert_eq!(access.get_epoch(), 0);
    access.process_grant(2, key).expect("new");
    assert_eq!(access.process_grant(2, key), Err(PrivacyError::Access { grantee: 2, granted: true }));
    assert_eq!(access.process_grant(3, ReaderKey([0; 32])), Err(PrivacyError::WeakKey));
}

/// A grant to an earlier reading: by who can read it, and nobody else.
#[test]
fn an_earlier_reading_is_granted_by_a_reader() {
    let mut reading = publish(&access(1), 1, &counts(10, 500, 20));
    let key = secret(2).get_key();
    let by_stranger = reading.envelope.process_late_grant((3, &secret(3)), 2, &key);
    assert_eq!(by_stranger, Err(PrivacyError::NoGrant { grantee: 3, account: 1, slot: 10 }));
    reading.envelope.process_late_grant((1, &secret(1)), 2, &key).expect("the owner");
    assert_eq!(reading.open(2, &secret(2)).expect("granted").import.value, 500);
    let twice = reading.envelope.process_late_grant((1, &secret(1)), 2, &key);
    assert_eq!(twice, Err(PrivacyError::Access { grantee: 2, granted: true }));
}

/// The owner seals other counts than he committed to: found by whoever opens it.
#[test]
fn contents_that_do_not_open_the_commitments_are_refused() {
    let honest = publish(&access(1), 1, &counts(10, 500, 20));
    let mut lie = publish(&access(1), 1, &counts(10, 50, 20));
    lie.import = honest.import;
    assert_eq!(lie.open(1, &secret(1)), Err(PrivacyError::Mismatch { account: 1, slot: 10 }));
    let mut moved = honest.clone();
    moved.envelope = publish(&access(1), 1, &counts(11, 500, 20)).envelope;
    assert_eq!(moved.open(1, &secret(1)), Err(PrivacyError::Mismatch { account: 1, slot: 10 }));
    let mut short = honest;
    short.envelope = access(1).compute_envelope(&secret(1), 10, b"short").expect("sealed");
    assert_eq!(short.open(1, &secret(1)), Err(PrivacyError::Mismatch { account: 1, slot: 10 }));
}

/// Counts of 0 and 1 Wh under the same blinding differ in one byte; under one key their seals would too.
#[test]
fn lengths_tell_nothing_and_contents_have_keys_of_their_own() {
    let sealed = |import| publish(&access(1), 1, &counts(10, import, 0)).envelope;
    let (none, one, many) = (sealed(0), sealed(1), sealed(4_000_000_000));
    assert_eq!(none.encode().len(), many.encode().len());
    let same = none.sealed.iter().zip(&one.sealed).filter(|(a, b)| a == b).count();
    assert!(same < 10, "{same} of {} bytes are the same", none.sealed.len());
    assert_ne!(none.wraps[0].ephemeral, one.wraps[0].ephemeral);
    assert_eq!(none, sealed(0), "the same twice");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Any byte of an envelope changed: it is no envelope, or the reading in it is refused; never a panic, never a lie.
    #[test]
    fn a_tampered_envelope_is_refused(at in any::<prop::sample::Index>(), change in 1_u8..) {
        let mut access = access(1);
        access.process_grant(2, secret(2).get_key()).expect("new");
        let envelope = access.compute_envelope(&secret(1), 10, b"a reading").expect("sealed");
        let mut bytes = envelope.encode();
        let place = at.index(bytes.len());
        bytes[place] ^= change;
        if let Ok(forged) = Envelope::decode(&bytes) {
            let read = [1, 2].map(|reader| forged.open(reader, &secret(reader)));
            // The other's wrap may be the one that changed: one of the two may still read, and then the truth.
            prop_assert!(read.iter().any(Result::is_err), "byte {}", place);
            prop_assert!(read.iter().flatten().all(|plain| plain == b"a reading"));
        }
    }

    #[test]
    fn arbitrary_bytes_are_no_envelope_that_opens(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(envelope) = Envelope::decode(&bytes) {
            prop_assert!(envelope.open(1, &secret(1)).is_err());
        }
    }
}

/// The signed orders on a book: whose, in which order, about whom; a refused one changes nothing.
#[test]
fn access_is_granted_and_revoked_by_signed_orders() {
    const CHAIN: [u8; 32] = [7; 32];
    let signer = |account: u32| Keypair::derive(5, "account", &format!("home-{account}"));
    let accounts: Vec<(Address, ReaderKey)> = (0..3).map(|a| (signer(a).get_address(), secret(a).get_key())).collect();
    let mut book = AccessBook::new(CHAIN, &accounts);
    let grant = AccessOrder::Grant { grantee: 2 };
    let good = SignedAccess::new(&signer(1), &CHAIN, 0, grant);
    let refused = |book: &AccessBook, signed: &SignedAccess| {
        let mut next = book.clone();
        let error = next.process(signed).expect_err("refused");
        assert_eq!(&next, book, "nothing has changed");
        error
    };
    let forged = SignedAccess { order: AccessOrder::Grant { grantee: 0 }, ..good };
    assert_eq!(refused(&book, &forged), AccessError::Transition(TransitionError::Signature));
    let elsewhere = SignedAccess::new(&signer(1), &[8; 32], 0, grant);
    assert_eq!(refused(&book, &elsewhere), AccessError::Transition(TransitionError::Signature));
    let stranger = SignedAccess::new(&signer(9), &CHAIN, 0, grant);
    assert_eq!(refused(&book, &stranger), AccessError::Transition(TransitionError::UnknownSender));
    let nobody = SignedAccess::new(&signer(1), &CHAIN, 0, AccessOrder::Grant { grantee: 3 });
    assert_eq!(refused(&book, &nobody), AccessError::Grantee { grantee: 3 });
    let early = SignedAccess::new(&signer(1), &CHAIN, 0, AccessOrder::Revoke { grantee: 2 });
    let without = PrivacyError::Access { grantee: 2, granted: false };
    assert_eq!(refused(&book, &early), AccessError::Access(without));
    let before = book.compute_root();
    book.process(&good).expect("a grant");
    assert_ne!(book.compute_root(), before);
    let replayed = TransitionError::Nonce { expected: 1, found: 0 };
    assert_eq!(refused(&book, &good), AccessError::Transition(replayed));
    let reading = publish(book.get_access(1).expect("there"), 1, &counts(3, 4, 5));
    assert!(reading.open(2, &secret(2)).is_ok() && reading.open(0, &secret(0)).is_err());
    book.process(&SignedAccess::new(&signer(1), &CHAIN, 1, AccessOrder::Revoke { grantee: 2 })).expect("a revocation");
    let later = publish(book.get_access(1).expect("there"), 1, &counts(4, 4, 5));
    assert!(later.open(2, &secret(2)).is_err() && later.open(1, &secret(1)).is_ok());
    assert!(book.get_access(3).is_none());
    assert_eq!(book.get_granted_to(2), Vec::<u32>::new());
}
