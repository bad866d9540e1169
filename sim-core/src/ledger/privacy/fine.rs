//! The fine readings of a slot, minute by minute and device by device, and who can read them from the chain.
//!
//! ```text
//! slot reading   import, export          in the open: the settlement and all neighbours go by it
//! fine reading   minutes, devices        sealed; sum of minutes = slot reading, so a seal cannot tell another story
//! ```
//!
//! What a slot comes to has to be known to whoever settles it and is no secret among neighbours; when a kettle boils and
//! when nobody is at home is told by minutes. So minutes and devices go on the chain only as an [`Envelope`], for the owner
//! and those whom the owner has granted access by then; a revocation begins an epoch with new keys. The rules of the
//! chain are in [`state`](crate::ledger::state): an envelope of one's own, of the epoch of the chain, wrapped for nobody
//! without a grant. Whether what is sealed fits the reading is seen by who can open it ([`FineReading::check`]).
//!
//! Limits: the length of a seal and the wraps tell how many devices and grantees there are; the slot's count stays open.

use super::envelope::Envelope;
use super::error::PrivacyError;
use super::keys::ReaderSecret;
use crate::ledger::crypto::encode;
use crate::ledger::types::MeterReading;
use crate::quantity::Wh;
use serde::{Deserialize, Serialize};

/// Most bytes of a seal on the chain: an hour's minutes of a building with twenty devices.
pub const MAX_SEALED_BYTES: usize = 4_096;
/// Most keys in one envelope: the owner's and sixteen grantees'.
pub const MAX_WRAPS: usize = 17;

/// What a device did, by minute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceTrace {
    /// Its name in the scene.
    pub name: String,
    /// Power at the end of each minute in W, given positive.
    pub watts: Vec<i32>,
}

/// A slot, minute by minute.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FineReading {
    /// Market slot.
    pub slot: u32,
    /// Minutes of the slot in the first entry: more than 1 where the meter was asked only later.
    pub first_minutes: u32,
    /// Taken in each minute, Wh.
    pub import: Vec<u32>,
    /// Given in each minute, Wh.
    pub export: Vec<u32>,
    /// Devices behind the meter.
    pub devices: Vec<DeviceTrace>,
}

impl FineReading {
    /// Sums of all minutes: taken, given.
    #[must_use]
    pub fn compute_sums(&self) -> (Wh, Wh) {
        let sum = |of: &[u32]| Wh(of.iter().map(|wh| i64::from(*wh)).sum());
        (sum(&self.import), sum(&self.export))
    }

    /// Canonical bytes, to be sealed.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode("fine-reading", self)
    }

    /// Opens an envelope of the chain as `reader`, whose secret this is.
    ///
    /// # Errors
    /// Without a grant, with another key, for changed bytes, and where it is about another slot.
    pub fn open(envelope: &Envelope, reader: u32, secret: &ReaderSecret) -> Result<Self, PrivacyError> {
        let bytes = envelope.open(reader, secret)?;
        let broken = PrivacyError::Encoding { what: "fine reading" };
        let body = bytes.strip_prefix(HEAD).ok_or(broken.clone())?;
        let read: Self = postcard::from_bytes(body).map_err(|_| broken.clone())?;
        if read.encode() != bytes {
            return Err(broken);
        }
        if read.slot != envelope.slot {
            return Err(PrivacyError::Mismatch { account: envelope.account, slot: envelope.slot });
        }
        Ok(read)
    }

    /// Whether the minutes add up to the reading that the chain settles.
    ///
    /// # Errors
    /// Where they do not, or it is another slot's.
    pub fn check(&self, account: u32, reading: &MeterReading) -> Result<(), PrivacyError> {
        if self.slot == reading.slot && self.compute_sums() == (reading.import, reading.export) {
            return Ok(());
        }
        Err(PrivacyError::Mismatch { account, slot: self.slot })
    }
}

/// What the canonical bytes begin with.
const HEAD: &[u8] = b"gridtwin/fine-reading/1\0";

#[cfg(test)]
mod tests {
    use super::super::envelope::Access;
    use super::*;

    fn fine() -> FineReading {
        let devices = vec![DeviceTrace { name: "roof".into(), watts: vec![900, 1_100] }];
        FineReading { slot: 7, first_minutes: 1, import: vec![4, 0], export: vec![0, 9], devices }
    }

    /// What is sealed opens for the owner and the grantee alone, and only unchanged and about its own slot.
    #[test]
    fn a_fine_reading_opens_for_whom_it_is_sealed() {
        let secrets = ["a", "b", "c"].map(|name| ReaderSecret::derive(1, name));
        let mut access = Access::new(0, secrets[0].get_key());
        access.process_grant(1, secrets[1].get_key()).expect("new");
        let envelope = access.compute_envelope(&secrets[0], 7, &fine().encode()).expect("sealed");
        for reader in [0, 1] {
            assert_eq!(FineReading::open(&envelope, reader, &secrets[reader as usize]), Ok(fine()));
        }
        assert!(matches!(FineReading::open(&envelope, 2, &secrets[2]), Err(PrivacyError::NoGrant { grantee: 2, .. })));
        let mut altered = envelope.clone();
        altered.sealed[3] ^= 1;
        assert!(FineReading::open(&altered, 1, &secrets[1]).is_err());
        let moved = access.compute_envelope(&secrets[0], 8, &fine().encode()).expect("sealed");
        assert_eq!(FineReading::open(&moved, 1, &secrets[1]), Err(PrivacyError::Mismatch { account: 0, slot: 8 }));
        let junk = access.compute_envelope(&secrets[0], 7, b"no reading").expect("sealed");
        assert!(matches!(FineReading::open(&junk, 0, &secrets[0]), Err(PrivacyError::Encoding { .. })));
    }

    /// A seal that tells another story than the settled count is found out by who opens it.
    #[test]
    fn minutes_add_up_to_the_settled_count() {
        let reading = MeterReading { slot: 7, import: Wh(4), export: Wh(9) };
        assert_eq!(fine().check(0, &reading), Ok(()));
        let less = MeterReading { import: Wh(3), ..reading };
        assert_eq!(fine().check(0, &less), Err(PrivacyError::Mismatch { account: 0, slot: 7 }));
    }
}
