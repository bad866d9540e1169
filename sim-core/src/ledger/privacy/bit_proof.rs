//! The same range proof bit by bit: eight times as long as Bulletproofs+, and every step can be followed by hand.
//!
//! `v = sum 2^i b_i` for `i` of 0 to 31. Each bit has a commitment `B_i = b_i G + r_i H`, with `sum 2^i r_i = r`, so that
//! `sum 2^i B_i = C`: only `B_1` to `B_31` are sent, `B_0` is what is missing to `C`. That `b_i` is 0 or 1 is shown by an
//! OR of two Schnorr proofs: of `P_0 = B_i = r_i H` or of `P_1 = B_i - G = r_i H`. For the one that is false the prover
//! chooses challenge and answer first; the two challenges must add up to the hash `e` of everything, so one is free and
//! the other is not, and nobody sees which.
//! Verifier: `A_j = s_j H - e_j P_j`, `e_1 = e - e_0`, and `e` must be the hash of context, `C`, all `B` and all `A`.
//!
//! Source: Cramer, Damgard, Schoenmakers, "Proofs of partial knowledge", CRYPTO '94; Fiat and Shamir 1986.
//! Assumptions as [`disclosure`](super::disclosure)'s. Limit: our own code, reviewed by nobody: for teaching.

use super::commitment::{Commitment, Opening, compute_blinding_point, compute_value_point, get_blinding_generator};
use super::error::PrivacyError;
use super::keys::compute_key;
use super::range_proof::{BITS, MAX_VALUE};
use crate::digest::Hash;
use crate::ledger::crypto::encode;
use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::VartimeMultiscalarMul;
use rand::Rng;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use sha2::{Digest as _, Sha512};

/// Words of 32 bytes: the challenge, `B_1` to `B_31`, and `e_0, s_0, s_1` of each bit.
const WORDS: usize = 1 + (BITS - 1) + 3 * BITS;
/// Bytes of a proof.
pub const BYTES: usize = 32 * WORDS;

/// Proves that the opening's value is 0 to [`MAX_VALUE`]. `context` is bound; `entropy` feeds the prover's randomness.
///
/// # Errors
/// For a value out of range.
pub fn compute_bit_proof(context: &[u8], opening: &Opening, entropy: Hash) -> Result<Vec<u8>, PrivacyError> {
    let Opening { value, blinding } = *opening;
    let bits = u64::try_from(value).ok().filter(|_| value <= MAX_VALUE);
    let bits = bits.ok_or(PrivacyError::Range { value, most: MAX_VALUE })?;
    // Mixed with the secret, so that another opening never meets the same numbers.
    let seed = compute_key(blinding.0.as_bytes(), &entropy, &encode("bit-proof", &(context, value)))?;
    let mut random = ChaCha20Rng::from_seed(seed);
    let mut secrets: Vec<Scalar> = (0..BITS).map(|_| draw(&mut random)).collect();
    secrets[0] = blinding.0 - secrets.iter().enumerate().skip(1).map(|(i, r)| get_weight(i) * r).sum::<Scalar>();
    let commitment = opening.compute_commitment();
    let is_one = |i: usize| bits >> i & 1 == 1;
    let points: Vec<RistrettoPoint> =
        (0..BITS).map(|i| compute_value_point(i64::from(is_one(i))) + compute_blinding_point(&secrets[i])).collect();
    let (mut nonces, mut feints, mut announced) = (Vec::new(), Vec::new(), Vec::new());
    for (i, point) in points.iter().enumerate() {
        let (nonce, feint) = (draw(&mut random), (draw(&mut random), draw(&mut random)));
        let honest = compute_blinding_point(&nonce);
        let feigned = compute_announcement(&get_branches(point)[usize::from(!is_one(i))], &feint.0, &feint.1);
        announced.push(if is_one(i) { [feigned, honest] } else { [honest, feigned] });
        nonces.push(nonce);
        feints.push(feint);
    }
    let challenge = compute_challenge(context, &commitment, &points, &announced);
    let mut proof = challenge.to_bytes().to_vec();
    points.iter().skip(1).for_each(|p| proof.extend(p.compress().to_bytes()));
    for i in 0..BITS {
        let (feigned, answer) = feints[i];
        let own = challenge - feigned;
        let honest = nonces[i] + own * secrets[i];
        let words = if is_one(i) { [feigned, answer, honest] } else { [own, honest, answer] };
        words.iter().for_each(|w| proof.extend(w.to_bytes()));
    }
    Ok(proof)
}

/// Whether `proof` shows that the commitment's value is 0 to [`MAX_VALUE`].
#[must_use]
pub fn is_bit_proof(context: &[u8], commitment: &Commitment, proof: &[u8]) -> bool {
    check(context, commitment, proof).unwrap_or(false)
}

fn check(context: &[u8], commitment: &Commitment, proof: &[u8]) -> Option<bool> {
    let (words, rest) = proof.as_chunks::<32>();
    if words.len() != WORDS || !rest.is_empty() {
        return None;
    }
    let scalar = |word: &Hash| Option::<Scalar>::from(Scalar::from_canonical_bytes(*word));
    let challenge = scalar(&words[0])?;
    let (sent, answers) = words[1..].split_at(BITS - 1);
    let mut points = vec![commitment.0];
    for (i, word) in (1..).zip(sent) {
        let point = CompressedRistretto(*word).decompress()?;
        points[0] -= get_weight(i) * point;
        points.push(point);
    }
    let mut announced = Vec::with_capacity(BITS);
    for (point, words) in points.iter().zip(answers.chunks_exact(3)) {
        let [e0, s0, s1] = [scalar(&words[0])?, scalar(&words[1])?, scalar(&words[2])?];
        let [zero, one] = get_branches(point);
        announced.push([compute_announcement(&zero, &e0, &s0), compute_announcement(&one, &(challenge - e0), &s1)]);
    }
    Some(compute_challenge(context, commitment, &points, &announced) == challenge)
}

/// `2^i`.
fn get_weight(i: usize) -> Scalar {
    Scalar::from(1_u64 << i)
}

/// What is a multiple of `H` if the bit is 0, and if it is 1.
fn get_branches(point: &RistrettoPoint) -> [RistrettoPoint; 2] {
    [*point, point - compute_value_point(1)]
}

fn compute_announcement(point: &RistrettoPoint, challenge: &Scalar, answer: &Scalar) -> RistrettoPoint {
    RistrettoPoint::vartime_multiscalar_mul([*answer, -challenge], [get_blinding_generator(), *point])
}

fn draw(random: &mut ChaCha20Rng) -> Scalar {
    let mut wide = [0; 64];
    random.fill_bytes(&mut wide);
    Scalar::from_bytes_mod_order_wide(&wide)
}

fn compute_challenge(
    context: &[u8],
    commitment: &Commitment,
    points: &[RistrettoPoint],
    announced: &[[RistrettoPoint; 2]],
) -> Scalar {
    let all: Vec<Hash> = points.iter().chain(announced.as_flattened()).map(|p| p.compress().to_bytes()).collect();
    let wide: [u8; 64] = Sha512::digest(encode("bit-proof-challenge", &(context, commitment, all))).into();
    Scalar::from_bytes_mod_order_wide(&wide)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::privacy::commitment::{Blinding, Register};

    fn opening(value: i64) -> Opening {
        Opening { value, blinding: Blinding::derive(3, 1, 1, Register::Export) }
    }

    #[test]
    fn values_in_range_have_a_proof_and_others_none() {
        for value in [0, 1, 2, 0x5555_5555, MAX_VALUE] {
            let proof = compute_bit_proof(b"slot", &opening(value), [1; 32]).expect("in range");
            assert_eq!((proof.len(), BYTES), (4_096, 4_096));
            let commitment = opening(value).compute_commitment();
            assert!(is_bit_proof(b"slot", &commitment, &proof), "{value}");
            assert!(!is_bit_proof(b"other", &commitment, &proof), "another context");
            for other in [value + 1, value - MAX_VALUE - 1, -value - 1] {
                assert!(!is_bit_proof(b"slot", &opening(other).compute_commitment(), &proof), "{value} as {other}");
            }
        }
        for value in [-1, MAX_VALUE + 1, i64::MIN] {
            let refused = compute_bit_proof(b"slot", &opening(value), [1; 32]);
            assert_eq!(refused, Err(PrivacyError::Range { value, most: MAX_VALUE }));
        }
    }

    /// A bit changed in every 13th byte, so in every word and every place of a word; and proofs of other lengths.
    #[test]
    fn changed_proofs_are_refused() {
        let commitment = opening(1_234).compute_commitment();
        let proof = compute_bit_proof(b"slot", &opening(1_234), [1; 32]).expect("in range");
        for at in (0..BYTES).step_by(13) {
            let mut forged = proof.clone();
            forged[at] ^= 1 << (at % 8);
            assert!(!is_bit_proof(b"slot", &commitment, &forged), "byte {at}");
        }
        // Two bits exchanged: their commitments and answers go along, the sum does not.
        let mut forged = proof.clone();
        forged[32..96].rotate_left(32);
        forged[32 * BITS + 96..32 * BITS + 288].rotate_left(96);
        assert!(!is_bit_proof(b"slot", &commitment, &forged));
        for forged in [&proof[..BYTES - 1], &proof[..BYTES - 32], &[], &[0; BYTES], &[0xff; BYTES]] {
            assert!(!is_bit_proof(b"slot", &commitment, forged));
        }
    }
}
