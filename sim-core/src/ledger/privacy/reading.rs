//! What a meter publishes in place of its counts: two commitments, one range proof, one envelope.
//!
//! Whoever sees the chain checks that both counts are 0 to 2^32 - 1 Wh; who has a grant reads them, and believes them only
//! if they open the commitments. What is sealed has 80 bytes whatever the counts, so its length tells nothing.

use super::commitment::{Blinding, Commitment, Opening, Register};
use super::envelope::{Access, Envelope};
use super::error::PrivacyError;
use super::keys::ReaderSecret;
use super::range_proof::{MAX_VALUE, RangeClaim, RangeProof, RangeSystem};
use crate::digest::Hash;
use crate::ledger::crypto::encode;
use crate::ledger::types::MeterReading;
use crate::quantity::Wh;
use crate::rng::Stream;
use serde::{Deserialize, Serialize};

/// Values that the range proof of a reading is about: import and export.
pub const VALUES: usize = 2;
/// Bytes of an opening as it is sealed: a value and a blinding.
const OPENING_BYTES: usize = 8 + 32;

/// A reading with what opens its commitments; known to its meter and to those with a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenReading {
    /// Taken from the network, in Wh.
    pub import: Opening,
    /// Put into the network, in Wh.
    pub export: Opening,
}

impl OpenReading {
    /// With the blindings of this account and slot under the scene's `seed`.
    #[must_use]
    pub fn derive(seed: u64, account: u32, reading: &MeterReading) -> Self {
        let opening = |value: Wh, register| Opening {
            value: value.0,
            blinding: Blinding::derive(seed, account, reading.slot, register),
        };
        Self { import: opening(reading.import, Register::Import), export: opening(reading.export, Register::Export) }
    }

    /// The opening of one register.
    #[must_use]
    pub fn get(&self, register: Register) -> &Opening {
        match register {
            Register::Import => &self.import,
            Register::Export => &self.export,
        }
    }

    /// The counts alone.
    #[must_use]
    pub fn get_counts(&self, slot: u32) -> MeterReading {
        MeterReading { slot, import: Wh(self.import.value), export: Wh(self.export.value) }
    }

    fn to_bytes(self) -> [u8; VALUES * OPENING_BYTES] {
        let mut bytes = [0; VALUES * OPENING_BYTES];
        for (part, opening) in bytes.chunks_exact_mut(OPENING_BYTES).zip([self.import, self.export]) {
            part[..8].copy_from_slice(&opening.value.to_le_bytes());
            part[8..].copy_from_slice(&Hash::from(opening.blinding));
        }
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; VALUES * OPENING_BYTES] = bytes.try_into().ok()?;
        let opening = |part: &[u8]| {
            let value = i64::from_le_bytes(part[..8].try_into().ok()?);
            let blinding: Hash = part[8..].try_into().ok()?;
            Some(Opening { value, blinding: blinding.try_into().ok()? })
        };
        let (import, export) = bytes.split_at(OPENING_BYTES);
        Some(Self { import: opening(import)?, export: opening(export)? })
    }
}

/// A meter's counts for one slot, as everybody may see them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivateReading {
    /// Whose.
    pub account: u32,
    /// Market slot.
    pub slot: u32,
    /// Commitment to the import.
    pub import: Commitment,
    /// Commitment to the export.
    pub export: Commitment,
    /// That both are in range.
    pub proof: RangeProof,
    /// Both openings, for those with a grant.
    pub envelope: Envelope,
}

impl PrivateReading {
    /// What the meter of `account` publishes for `reading`.
    ///
    /// # Errors
    /// For counts out of range, or an owner with a weak key.
    pub fn compute(
        system: &RangeSystem,
        access: &Access,
        secret: &ReaderSecret,
        seed: u64,
        account: u32,
        reading: &MeterReading,
    ) -> Result<Self, PrivacyError> {
        let (slot, open) = (reading.slot, OpenReading::derive(seed, account, reading));
        let number = u64::from(account) << 32 | u64::from(slot);
        let entropy = Stream::new(seed, "privacy range proof", number).bytes32();
        Ok(Self {
            account,
            slot,
            import: open.import.compute_commitment(),
            export: open.export.compute_commitment(),
            proof: system.compute_proof(&compute_context(account, slot), &[open.import, open.export], entropy)?,
            envelope: access.compute_envelope(secret, slot, &open.to_bytes())?,
        })
    }

    /// The commitment of one register.
    #[must_use]
    pub fn get(&self, register: Register) -> &Commitment {
        match register {
            Register::Import => &self.import,
            Register::Export => &self.export,
        }
    }

    /// Both counts, for a grantee who checks that they are those committed to.
    ///
    /// # Errors
    /// Without a grant, for a broken seal, and for contents that are out of range or do not open the commitments.
    pub fn open(&self, grantee: u32, secret: &ReaderSecret) -> Result<OpenReading, PrivacyError> {
        let (account, slot) = (self.account, self.slot);
        if (self.envelope.account, self.envelope.slot) != (account, slot) {
            return Err(PrivacyError::Mismatch { account, slot });
        }
        let open = OpenReading::from_bytes(&self.envelope.open(grantee, secret)?);
        let is_within = |o: &Opening| (0..=MAX_VALUE).contains(&o.value);
        open.filter(|o| is_within(&o.import) && is_within(&o.export))
            .filter(|o| self.import.is_opened_by(&o.import) && self.export.is_opened_by(&o.export))
            .ok_or(PrivacyError::Mismatch { account, slot })
    }
}

/// Checks the range proofs of many readings together.
///
/// # Errors
/// The first reading whose proof does not hold, or whose envelope is about another account or slot.
pub fn verify(system: &RangeSystem, readings: &[PrivateReading]) -> Result<(), PrivacyError> {
    let parts: Vec<(Vec<u8>, [Commitment; VALUES])> =
        readings.iter().map(|r| (compute_context(r.account, r.slot), [r.import, r.export])).collect();
    let claim = |(r, (context, commitments))| {
        let (r, context, commitments): (&PrivateReading, &Vec<u8>, &[Commitment; VALUES]) = (r, context, commitments);
        RangeClaim { context, commitments, proof: &r.proof }
    };
    let claims: Vec<RangeClaim<'_>> = readings.iter().zip(parts.iter().map(|(a, b)| (a, b))).map(claim).collect();
    let strays = readings.iter().position(|r| (r.envelope.account, r.envelope.slot) != (r.account, r.slot));
    let bad = strays
        .or_else(|| if system.are_valid(&claims) { None } else { claims.iter().position(|c| !system.is_valid(c)) });
    match bad {
        Some(at) => Err(PrivacyError::Proof { account: readings[at].account, slot: readings[at].slot }),
        None => Ok(()),
    }
}

fn compute_context(account: u32, slot: u32) -> Vec<u8> {
    encode("private-reading", &(account, slot))
}
