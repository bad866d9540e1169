//! The primitives against the vectors of their RFCs (`tests/data/privacy`).

use crate::digest::{Hash, hex};
use crate::ledger::privacy::PrivacyError;
use crate::ledger::privacy::commitment::{BLINDING_GENERATOR_LABEL, get_blinding_generator, hash_to_group};
use crate::ledger::privacy::keys::{ReaderKey, ReaderSecret, compute_key};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use curve25519_dalek::constants::RISTRETTO_BASEPOINT_COMPRESSED;
use serde_json::Value;

fn file() -> Value {
    serde_json::from_str(include_str!("../../../../tests/data/privacy/vectors.json")).expect("vectors")
}

fn bytes(value: &Value) -> Vec<u8> {
    let text = value.as_str().expect("hexadecimal");
    let pair = |i: usize| u8::from_str_radix(&text[i..i + 2], 16).expect("hexadecimal");
    (0..text.len()).step_by(2).map(pair).collect()
}

fn hash(value: &Value) -> Hash {
    bytes(value).try_into().expect("32 bytes")
}

#[test]
fn x25519_is_that_of_rfc_7748() {
    let file = file();
    let agree = |secret: Hash, u: Hash| ReaderSecret::from_bytes(secret).compute_shared(&ReaderKey(u));
    let cases = file["x25519"].as_array().expect("cases");
    assert_eq!(cases.len(), 2);
    for case in cases {
        assert_eq!(agree(hash(&case["scalar"]), hash(&case["u"])), Ok(hash(&case["out"])));
    }
    let (mut k, mut u) = ([0; 32], [0; 32]);
    (k[0], u[0]) = (9, 9);
    let mut times = 0;
    for case in file["x25519_iterated"].as_array().expect("cases") {
        while times < case["times"].as_u64().expect("a number") {
            (k, u) = (agree(k, u).expect("no weak key"), k);
            times += 1;
        }
        assert_eq!(hex(&k), case["out"]);
    }
    let case = &file["x25519_agreement"];
    let (alice, bob) = (hash(&case["alice_secret"]), hash(&case["bob_secret"]));
    let public = |secret: Hash| ReaderSecret::from_bytes(secret).get_key();
    assert_eq!(public(alice), ReaderKey(hash(&case["alice_public"])));
    assert_eq!(public(bob), ReaderKey(hash(&case["bob_public"])));
    assert_eq!(agree(alice, public(bob).0), Ok(hash(&case["shared"])));
    assert_eq!(agree(bob, public(alice).0), Ok(hash(&case["shared"])));
    for u in file["x25519_small_order"].as_array().expect("cases") {
        assert_eq!(agree(alice, hash(u)), Err(PrivacyError::WeakKey));
    }
}

#[test]
fn chacha20_poly1305_is_that_of_rfc_8439() {
    let file = file();
    let case = &file["chacha20poly1305"];
    let (key, nonce) = (hash(&case["key"]), bytes(&case["nonce"]));
    let (plain, aad, sealed) = (bytes(&case["plain"]), bytes(&case["aad"]), bytes(&case["sealed"]));
    let nonce = Nonce::try_from(nonce.as_slice()).expect("12 bytes");
    let cipher = ChaCha20Poly1305::new(&key.into());
    let made = cipher.encrypt(&nonce, Payload { msg: &plain, aad: &aad }).expect("short");
    assert_eq!(hex(&made), hex(&sealed));
    assert_eq!(cipher.decrypt(&nonce, Payload { msg: &sealed, aad: &aad }).expect("intact"), plain);
}

#[test]
fn hkdf_is_that_of_rfc_5869() {
    let file = file();
    let case = &file["hkdf_sha256"];
    let out: [u8; 42] = compute_key(&bytes(&case["secret"]), &bytes(&case["salt"]), &bytes(&case["info"])).expect("42");
    assert_eq!(hex(&out), case["out"]);
}

/// The map is the RFC's, and the second generator is what its label says, here and on every machine.
#[test]
fn generators_are_those_of_rfc_9496_and_of_the_label() {
    let file = file();
    assert_eq!(hex(RISTRETTO_BASEPOINT_COMPRESSED.as_bytes()), file["ristretto_generator"]);
    let case = &file["ristretto_hash_to_group"];
    let label = case["label"].as_str().expect("a label");
    assert_eq!(hex(hash_to_group(label.as_bytes()).compress().as_bytes()), case["out"]);
    assert_eq!(get_blinding_generator(), hash_to_group(BLINDING_GENERATOR_LABEL.as_bytes()));
}
