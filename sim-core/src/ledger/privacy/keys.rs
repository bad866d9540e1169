//! Keys to read with: X25519 (RFC 7748), HKDF-SHA256 (RFC 5869), ChaCha20-Poly1305 (RFC 8439).
//!
//! An account signs with ed25519 and reads with a key of its own, so that no key serves two purposes. What a key is
//! derived for stands in HKDF's `info` in the ledger's canonical bytes: one spelling a purpose.
//! Every content key here is used for one message, so its nonce is zero (RFC 8439, section 4: never twice with a key).
//! Validated against the RFCs' vectors in `tests/vectors.rs`.

use super::error::PrivacyError;
use crate::digest::{Hash, hex};
use crate::ledger::crypto::{compute_hash, encode};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use hkdf::Hkdf;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use x25519_dalek::StaticSecret;

/// Bytes that the tag of a seal adds (RFC 8439, 2.8).
pub const TAG_BYTES: usize = 16;

/// The public half of a key to read with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ReaderKey(pub Hash);

impl ReaderKey {
    /// Whether it can be used at all: not of small order, with which every shared secret would be zero.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        ReaderSecret::from_bytes([1; 32]).compute_shared(self).is_ok()
    }
}

impl std::fmt::Debug for ReaderKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ReaderKey({})", hex(&self.0))
    }
}

/// The secret half. Simulated keys only: they follow from the scene's seed.
#[derive(Clone)]
pub struct ReaderSecret(StaticSecret);

impl std::fmt::Debug for ReaderSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ReaderSecret(of {:?})", self.get_key())
    }
}

impl ReaderSecret {
    /// The key of the account `name` under the scene's `seed`. Not secret (head of [`privacy`](super)).
    #[must_use]
    pub fn derive(seed: u64, name: &str) -> Self {
        Self::from_bytes(compute_hash(&encode("reader-key", &(seed, name))))
    }
    /// From any 32 bytes (RFC 7748, section 5, says which bits are set).
    #[must_use]
    pub fn from_bytes(bytes: Hash) -> Self {
        Self(StaticSecret::from(bytes))
    }
    /// The public half.
    #[must_use]
    pub fn get_key(&self) -> ReaderKey {
        ReaderKey(x25519_dalek::PublicKey::from(&self.0).to_bytes())
    }
    /// The secret shared with the owner of `other`.
    ///
    /// # Errors
    /// When `other` is of small order (RFC 7748, 6.1: the result would be zero).
    pub fn compute_shared(&self, other: &ReaderKey) -> Result<Hash, PrivacyError> {
        let shared = self.0.diffie_hellman(&x25519_dalek::PublicKey::from(other.0));
        if shared.was_contributory() { Ok(shared.to_bytes()) } else { Err(PrivacyError::WeakKey) }
    }
    /// A secret of this key's owner for a purpose.
    ///
    /// # Errors
    /// Never with the sizes used here.
    pub(super) fn compute_own<T: Serialize>(&self, kind: &str, purpose: &T) -> Result<Hash, PrivacyError> {
        compute_key(self.0.as_bytes(), &[], &encode(kind, purpose))
    }
}

/// HKDF-SHA256 (RFC 5869): extract with `salt`, expand with `info` to `N` bytes.
///
/// # Errors
/// When `N` is beyond 8,160 (RFC 5869, 2.3).
pub fn compute_key<const N: usize>(secret: &[u8], salt: &[u8], info: &[u8]) -> Result<[u8; N], PrivacyError> {
    let mut out = [0; N];
    let expanded = Hkdf::<Sha256>::new(Some(salt), secret).expand(info, &mut out);
    expanded.map_err(|_| PrivacyError::Library { what: "HKDF" }).map(|()| out)
}

/// Seals `plain` under a key that seals nothing else; `bound` is authenticated and not in the answer, which is
/// [`TAG_BYTES`] longer than `plain`.
///
/// # Errors
/// When `plain` is beyond 256 GB (RFC 8439, 2.8).
pub fn compute_seal(key: &Hash, bound: &[u8], plain: &[u8]) -> Result<Vec<u8>, PrivacyError> {
    let cipher = ChaCha20Poly1305::new(key.into());
    let sealed = cipher.encrypt(&Nonce::default(), Payload { msg: plain, aad: bound });
    sealed.map_err(|_| PrivacyError::Library { what: "ChaCha20-Poly1305" })
}

/// What is under the seal; `None` where a byte of it, of `bound` or of the key is another.
#[must_use]
pub fn open_seal(key: &Hash, bound: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    ChaCha20Poly1305::new(key.into()).decrypt(&Nonce::default(), Payload { msg: sealed, aad: bound }).ok()
}
