//! Range proofs: each committed value is 0 to 2^32 - 1 Wh, and nothing more is said of it.
//!
//! Without them a household could commit to -1,000 Wh (which is a huge number in the field) and a neighbour's bill would
//! pay for it, for sums of commitments do not know signs. Bulletproofs+ (Chung, Han, Ju, Kim, Seo, eprint 2020/735) with
//! the generators `G`, `H` of [`commitment`](super::commitment): a proof of `m` values of 32 bits has
//! `1 + 32 (6 + 2 log2(32 m))` bytes, so a day of slots costs little more than one. Challenges come from a Merlin
//! transcript over a context (whose reading it is), the generators and the commitments, so a proof holds for nothing else.
//!
//! The prover's randomness is ChaCha20 from the caller's 32 bytes, mixed by the transcript with the witness: no system
//! randomness, and another witness never meets the same nonces. Who knows the seed can undo the hiding (module head).
//! Assumptions: discrete logarithms are hard, hashes act as random oracles. Validated by forgeries (`tests/forgeries.rs`).

use super::commitment::{Commitment, Opening, get_blinding_generator};
use super::error::PrivacyError;
use crate::digest::Hash;
use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::Identity;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::{Deserialize, Serialize};
use std::fmt::Debug;
use tari_bulletproofs_plus::commitment_opening::CommitmentOpening;
use tari_bulletproofs_plus::generators::pedersen_gens::ExtensionDegree;
use tari_bulletproofs_plus::range_parameters::RangeParameters;
use tari_bulletproofs_plus::range_proof::VerifyAction;
use tari_bulletproofs_plus::range_statement::RangeStatement;
use tari_bulletproofs_plus::range_witness::RangeWitness;
use tari_bulletproofs_plus::ristretto::{RistrettoRangeProof, create_pedersen_gens_with_extension_degree};
use tari_bulletproofs_plus::{PedersenGens, Transcript};

/// Bits of a value: 4.29 GWh a slot, above [`MAX_ENERGY`](crate::ledger::state::MAX_ENERGY).
pub const BITS: usize = 32;
/// Largest value, in Wh.
pub const MAX_VALUE: i64 = (1 << BITS) - 1;
/// Most values in one proof: both registers of eight hours of quarter hours. Their tables take about 60 MB.
pub const MAX_VALUES: usize = 64;

/// A range proof as it travels: bytes that nobody believes before they are verified.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RangeProof(pub Vec<u8>);

impl Debug for RangeProof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RangeProof({} bytes)", self.0.len())
    }
}

/// What a verifier looks at: a proof, the commitments it is about and the context it was made for.
#[derive(Clone, Copy, Debug)]
pub struct RangeClaim<'a> {
    /// Whose reading, of which slot: any bytes, the same for prover and verifier.
    pub context: &'a [u8],
    /// The commitments, in the prover's order.
    pub commitments: &'a [Commitment],
    /// The proof.
    pub proof: &'a RangeProof,
}

/// The generators of proofs of up to a number of values, with their tables: made once, used for every proof.
#[derive(Clone)]
pub struct RangeSystem {
    /// Of 1, 2, 4, ... values: a proof takes the least that is enough, for the library copies generators at each use.
    levels: Vec<RangeParameters<RistrettoPoint>>,
    most: usize,
}

impl Debug for RangeSystem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RangeSystem(up to {} values)", self.most)
    }
}

impl RangeSystem {
    /// Generators for up to `most` values a proof: 128 tables of multiples a value, so ask for what is needed.
    ///
    /// # Errors
    /// For none, or more than [`MAX_VALUES`].
    pub fn new(most: usize) -> Result<Self, PrivacyError> {
        if !(1..=MAX_VALUES).contains(&most) {
            return Err(PrivacyError::Count { count: most, most: MAX_VALUES });
        }
        let most = most.next_power_of_two();
        let generators = create_pedersen_gens_with_extension_degree(ExtensionDegree::DefaultPedersen);
        let blinding = get_blinding_generator();
        let generators =
            PedersenGens { g_base_compressed_vec: vec![blinding.compress()], g_base_vec: vec![blinding], ..generators };
        let level = |exponent: u32| RangeParameters::init(BITS, 1 << exponent, generators.clone()).map_err(|_| LIBRARY);
        Ok(Self { levels: (0..=most.ilog2()).map(level).collect::<Result<_, _>>()?, most })
    }

    /// Bytes of a proof of `count` values.
    #[must_use]
    pub fn compute_size(count: usize) -> usize {
        let rounds = (BITS * count.next_power_of_two()).ilog2() as usize;
        1 + 32 * (6 + 2 * rounds)
    }

    /// Proves that each opening's value is 0 to [`MAX_VALUE`] Wh. `entropy` feeds the prover's randomness.
    ///
    /// # Errors
    /// For a value out of range, and for none or too many values.
    pub fn compute_proof(
        &self,
        context: &[u8],
        openings: &[Opening],
        entropy: Hash,
    ) -> Result<RangeProof, PrivacyError> {
        let commitments: Vec<Commitment> = openings.iter().map(Opening::compute_commitment).collect();
        let statement = self.compute_statement(&commitments, commitments.len())?;
        let mut witness = Vec::with_capacity(statement.commitments.len());
        for Opening { value, blinding } in openings {
            let within = u64::try_from(*value).ok().filter(|_| *value <= MAX_VALUE);
            let within = within.ok_or(PrivacyError::Range { value: *value, most: MAX_VALUE })?;
            witness.push(CommitmentOpening::new(within, vec![blinding.0]));
        }
        witness.resize_with(statement.commitments.len(), || CommitmentOpening::new(0, vec![Scalar::ZERO]));
        let witness = RangeWitness::init(witness).map_err(|_| LIBRARY)?;
        let mut random = ChaCha20Rng::from_seed(entropy);
        RistrettoRangeProof::prove_with_rng(&mut start_transcript(context), &statement, &witness, &mut random)
            .map(|proof| RangeProof(proof.to_bytes()))
            .map_err(|_| LIBRARY)
    }

    /// Whether one claim holds.
    #[must_use]
    pub fn is_valid(&self, claim: &RangeClaim<'_>) -> bool {
        self.are_valid(&[*claim])
    }

    /// Whether all claims hold, by one check (a random linear combination whose weights follow from the proofs): faster
    /// than each by itself, and `false` does not say which. Nothing claimed is nothing that could be wrong: `true`.
    #[must_use]
    pub fn are_valid(&self, claims: &[RangeClaim<'_>]) -> bool {
        let (mut transcripts, mut statements, mut proofs) = (Vec::new(), Vec::new(), Vec::new());
        let largest = claims.iter().map(|c| c.commitments.len()).max().unwrap_or_default();
        for claim in claims {
            if claim.proof.0.len() != Self::compute_size(claim.commitments.len()) {
                return false;
            }
            let read =
                (self.compute_statement(claim.commitments, largest), RistrettoRangeProof::from_bytes(&claim.proof.0));
            let (Ok(statement), Ok(proof)) = read else { return false };
            transcripts.push(start_transcript(claim.context));
            statements.push(statement);
            proofs.push(proof);
        }
        let verify = |t: &mut [Transcript]| {
            RistrettoRangeProof::verify_batch(t, &statements, &proofs, VerifyAction::VerifyOnly).is_ok()
        };
        claims.is_empty() || verify(&mut transcripts)
    }

    /// The commitments, filled up to a power of two with the commitment to zero under the blinding zero. Statements that
    /// are checked together share the generators of the `largest`.
    fn compute_statement(
        &self,
        commitments: &[Commitment],
        largest: usize,
    ) -> Result<RangeStatement<RistrettoPoint>, PrivacyError> {
        let count = commitments.len();
        let level = self.levels.get(largest.next_power_of_two().ilog2() as usize).filter(|_| count > 0);
        let level = level.ok_or(PrivacyError::Count { count, most: self.most })?;
        let mut points: Vec<RistrettoPoint> = commitments.iter().map(|c| c.0).collect();
        points.resize(count.next_power_of_two(), RistrettoPoint::identity());
        let promises = vec![None; points.len()];
        RangeStatement::init(level.clone(), points, promises, None).map_err(|_| LIBRARY)
    }
}

const LIBRARY: PrivacyError = PrivacyError::Library { what: "the range proof" };

fn start_transcript(context: &[u8]) -> Transcript {
    let mut transcript = Transcript::new(b"gridtwin/range-proof/1");
    transcript.append_message(b"context", context);
    transcript
}
