//! The digest of a state: SHA-256 over its canonical bytes (postcard).

use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::io::{self, Write};

/// A SHA-256 value.
pub type Hash = [u8; 32];

struct Hasher(Sha256);

impl Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// SHA-256 of the canonical bytes of `value`; two states are the same exactly when their digests are.
#[must_use]
pub fn compute_digest<T: Serialize>(value: &T) -> Hash {
    let mut hasher = Hasher(Sha256::new());
    // Hashing never fails, and every state has a known length: the error arm is for foreign `Serialize`s only.
    if let Err(e) = postcard::to_io(value, &mut hasher) {
        hasher.0.update(e.to_string().as_bytes());
    }
    hasher.0.finalize().into()
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]]).map(char::from).collect()
}

/// Reads `2 * N` lower-case hexadecimal digits; `None` for anything else.
#[must_use]
pub fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digit = |b: u8| match b {
        b'0'..=b'9' => Some(b - b'0'),
        b'a'..=b'f' => Some(b - b'a' + 10),
        _ => None,
    };
    let bytes = text.as_bytes();
    if bytes.len() != 2 * N {
        return None;
    }
    let mut out = [0; N];
    for (o, pair) in out.iter_mut().zip(bytes.chunks_exact(2)) {
        *o = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_goes_both_ways() {
        let h = compute_digest(&(1_u32, "a"));
        assert_eq!(unhex::<32>(&hex(&h)), Some(h));
        assert_eq!(unhex::<1>("0G"), None);
        assert_eq!(unhex::<1>("AB"), None);
    }
}
