//! The lab bench: a small neighbourhood, and everything of this folder made and checked on it, one after another.
//!
//! Each [`Item`] makes its bytes and checks them, so that a caller with a clock can time both; sizes and grades are known
//! here. The same seed gives the same bytes.

use super::bit_proof::{compute_bit_proof, is_bit_proof};
use super::commitment::{Blinding, Commitment, Opening, Register};
use super::disclosure::{
    CommitmentTree, Disclosure, LeafId, ZeroProof, are_equal, compute_equality_proof, compute_value_proof, is_to_value,
};
use super::envelope::{Access, Envelope};
use super::error::PrivacyError;
use super::keys::{ReaderKey, ReaderSecret};
use super::neighbourhood::{Share, compute_bill, compute_bill_opening, compute_total};
use super::range_proof::{RangeClaim, RangeProof, RangeSystem};
use super::reading::{OpenReading, PrivateReading, verify};
use super::regulator::{Caps, Regulator};
use super::report::{Grade, PrivacyReport};
use crate::ledger::types::{MeterReading, Tariffs};
use crate::quantity::{Price, Wh};
use crate::rng::Stream;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};

/// Values in the lab's long range proof: both registers of four hours of quarter hours.
pub const MANY: usize = 32;
/// The slot of the lab's readings: nine o'clock, in quarter hours.
const SLOT: u32 = 36;
/// Prices of the lab's bills.
const TARIFFS: Tariffs = Tariffs {
    import: Price(320),
    feed_in: Price(80),
    grid_fee: Price(0),
    local_fee: Price(0),
    tax: 0,
    subsidy: Price(0),
    loss_share: 0,
};
/// The lab's cap on injection, in Wh a slot.
const CAP: Wh = Wh(1_500);
/// What the proofs of the lab are bound to.
const CONTEXT: &[u8] = b"lab";

/// A neighbourhood with a regulator, whose account follows the households'.
#[derive(Debug)]
pub struct Lab {
    secrets: Vec<ReaderSecret>,
    members: BTreeMap<u32, ReaderKey>,
    access: Access,
    system: RangeSystem,
    open: Vec<OpenReading>,
    readings: Vec<PrivateReading>,
    regulator: Regulator,
    by_place: BTreeMap<(u32, u32), PrivateReading>,
}

/// One thing to make and to check.
pub struct Item {
    /// What it is.
    pub what: &'static str,
    /// Fit for what.
    pub grade: Grade,
    /// Why.
    pub because: &'static str,
    make: fn(&Lab) -> Result<Vec<u8>, PrivacyError>,
    check: fn(&Lab, &[u8]) -> Result<bool, PrivacyError>,
}

impl Item {
    /// Makes it: its bytes on the wire.
    ///
    /// # Errors
    /// Never in a [`Lab`] as [`Lab::new`] makes it.
    pub fn compute(&self, lab: &Lab) -> Result<Vec<u8>, PrivacyError> {
        (self.make)(lab)
    }
    /// Whether the bytes are what they seem to be.
    #[must_use]
    pub fn is_valid(&self, lab: &Lab, bytes: &[u8]) -> bool {
        (self.check)(lab, bytes).unwrap_or(false)
    }
}

impl Lab {
    /// A neighbourhood of `households`, all of which grant the regulator and the next neighbour.
    ///
    /// # Errors
    /// Never for 2 to 2^31 households.
    pub fn new(seed: u64, households: u32) -> Result<Self, PrivacyError> {
        let households = households.max(2);
        let secrets: Vec<_> = (0..=households).map(|i| ReaderSecret::derive(seed, &format!("lab-{i}"))).collect();
        let members: BTreeMap<u32, ReaderKey> = (0..).zip(&secrets).map(|(i, s)| (i, s.get_key())).collect();
        let access = |account: u32| {
            let mut access = Access::new(account, members[&account]);
            for grantee in [households, (account + 1) % households] {
                access.process_grant(grantee, members[&grantee])?;
            }
            Ok::<Access, PrivacyError>(access)
        };
        let mut stream = Stream::new(seed, "privacy lab", 0);
        let system = RangeSystem::new(MANY)?;
        let (mut open, mut readings) = (Vec::new(), Vec::new());
        for (account, secret) in (0..households).zip(&secrets) {
            let (import, export) = (Wh(stream.below(900) as i64), Wh(stream.below(1_800) as i64));
            let reading = MeterReading { slot: SLOT, import, export };
            open.push(OpenReading::derive(seed, account, &reading));
            readings.push(PrivateReading::compute(&system, &access(account)?, secret, seed, account, &reading)?);
        }
        let caps = Caps { price: None, injection: Some(CAP) };
        let regulator = Regulator::new(households, secrets[households as usize].clone(), caps);
        let by_place = readings.iter().map(|r| ((r.slot, r.account), r.clone())).collect();
        let access = access(0)?;
        let members = members.into_iter().filter(|(account, _)| *account < households).collect();
        Ok(Self { secrets, members, access, system, open, readings, regulator, by_place })
    }

    /// Number of households.
    #[must_use]
    pub fn get_households(&self) -> usize {
        self.readings.len()
    }

    /// Everything with its size and no times.
    ///
    /// # Errors
    /// Never in a lab as [`Lab::new`] makes it.
    pub fn compute_sizes(&self) -> Result<Vec<PrivacyReport>, PrivacyError> {
        let line = |item: &Item| {
            let bytes = item.compute(self)?.len();
            let (what, grade, because) = (item.what.to_owned(), item.grade, item.because);
            Ok(PrivacyReport { what, bytes, prove_us: None, verify_us: None, grade, because })
        };
        ITEMS.iter().map(line).collect()
    }

    /// The first household's openings, over and over.
    fn get_many(&self) -> Vec<Opening> {
        let all = self.open.iter().flat_map(|o| [o.import, o.export]);
        all.cycle().take(MANY).collect()
    }

    fn compute_tree(&self) -> (CommitmentTree, LeafId) {
        let id = |account, register| LeafId { account, slot: SLOT, register };
        let both = [Register::Import, Register::Export];
        let entry = |r: &PrivateReading| both.map(|register| (id(r.account, register), *r.get(register)));
        (CommitmentTree::new(self.readings.iter().flat_map(entry)), id(1, Register::Import))
    }

    fn compute_range(&self, openings: &[Opening]) -> Result<Vec<u8>, PrivacyError> {
        self.system.compute_proof(CONTEXT, openings, [1; 32]).map(|proof| proof.0)
    }

    fn is_range(&self, openings: &[Opening], bytes: &[u8]) -> bool {
        let commitments: Vec<Commitment> = openings.iter().map(Opening::compute_commitment).collect();
        let proof = RangeProof(bytes.to_vec());
        self.system.is_valid(&RangeClaim { context: CONTEXT, commitments: &commitments, proof: &proof })
    }

    /// A second commitment to the first household's import.
    fn get_twin(&self) -> Opening {
        Opening { blinding: Blinding::derive(0, u32::MAX, SLOT, Register::Import), ..self.open[0].import }
    }
}

fn write<T: Serialize>(value: &T) -> Result<Vec<u8>, PrivacyError> {
    postcard::to_stdvec(value).map_err(|_| PrivacyError::Library { what: "postcard" })
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, PrivacyError> {
    postcard::from_bytes(bytes).map_err(|_| PrivacyError::Encoding { what: "message" })
}

const LIBRARY: &str = "the published construction, carried out by a published library; its keys are a simulation's";
const AUDITED: &str = "Bulletproofs+ as a library, of which an earlier version was audited; its randomness is seeded";
const OWN: &str = "our own composition of standard parts, reviewed by nobody";

/// Everything there is to make, in the order of a lesson.
pub const ITEMS: &[Item] = &[
    Item {
        what: "commitment to a count",
        grade: Grade::Production,
        because: LIBRARY,
        make: |lab| write(&lab.open[0].import.compute_commitment()),
        check: |lab, bytes| Ok(read::<Commitment>(bytes)?.is_opened_by(&lab.open[0].import)),
    },
    Item {
        what: "range proof of one count",
        grade: Grade::Production,
        because: AUDITED,
        make: |lab| lab.compute_range(&[lab.open[0].import]),
        check: |lab, bytes| Ok(lab.is_range(&[lab.open[0].import], bytes)),
    },
    Item {
        what: "range proof of 32 counts",
        grade: Grade::Production,
        because: AUDITED,
        make: |lab| lab.compute_range(&lab.get_many()),
        check: |lab, bytes| Ok(lab.is_range(&lab.get_many(), bytes)),
    },
    Item {
        what: "the same range proof of one count, bit by bit",
        grade: Grade::Teaching,
        because: OWN,
        make: |lab| compute_bit_proof(CONTEXT, &lab.open[0].import, [1; 32]),
        check: |lab, bytes| Ok(is_bit_proof(CONTEXT, &lab.readings[0].import, bytes)),
    },
    Item {
        what: "proof that two commitments are to the same count",
        grade: Grade::Teaching,
        because: OWN,
        make: |lab| write(&compute_equality_proof(CONTEXT, &lab.open[0].import, &lab.get_twin())?),
        check: |lab, bytes| {
            let (one, other) = (lab.readings[0].import, lab.get_twin().compute_commitment());
            Ok(are_equal(CONTEXT, &one, &other, &read::<ZeroProof>(bytes)?))
        },
    },
    Item {
        what: "proof that a commitment is to the reading on the chain",
        grade: Grade::Teaching,
        because: OWN,
        make: |lab| write(&compute_value_proof(CONTEXT, &lab.open[0].import, lab.open[0].import.value)?),
        check: |lab, bytes| {
            let (commitment, value) = (lab.readings[0].import, lab.open[0].import.value);
            Ok(is_to_value(CONTEXT, &commitment, value, &read::<ZeroProof>(bytes)?))
        },
    },
    Item {
        what: "one count disclosed, with its path",
        grade: Grade::Teaching,
        because: OWN,
        make: |lab| {
            let (tree, id) = lab.compute_tree();
            write(&tree.compute_disclosure(&id, &lab.open[1].import))
        },
        check: |lab, bytes| {
            let root = lab.compute_tree().0.compute_root();
            Ok(read::<Option<Disclosure>>(bytes)?.is_some_and(|d| d.is_valid(&root)))
        },
    },
    Item {
        what: "envelope for the owner and two grantees",
        grade: Grade::Teaching,
        because: "X25519, HKDF and ChaCha20-Poly1305 as libraries, in a composition of our own (HPKE is the standard one)",
        make: |lab| Ok(lab.access.compute_envelope(&lab.secrets[0], SLOT, &[7; 80])?.encode()),
        check: |lab, bytes| Ok(Envelope::decode(bytes)?.open(1, &lab.secrets[1])? == [7; 80]),
    },
    Item {
        what: "a published reading: two commitments, proof, envelope",
        grade: Grade::Teaching,
        because: OWN,
        make: |lab| {
            let reading = lab.open[0].get_counts(SLOT);
            write(&PrivateReading::compute(&lab.system, &lab.access, &lab.secrets[0], 0, 0, &reading)?)
        },
        check: |lab, bytes| Ok(verify(&lab.system, &[read(bytes)?]).is_ok()),
    },
    Item {
        what: "all readings of the neighbourhood, checked together",
        grade: Grade::Teaching,
        because: OWN,
        make: |lab| write(&lab.readings),
        check: |lab, bytes| Ok(verify(&lab.system, &read::<Vec<PrivateReading>>(bytes)?).is_ok()),
    },
    Item {
        what: "the neighbourhood's sum from masked shares",
        grade: Grade::Teaching,
        because: "secure aggregation without recovery of who drops out; a wrong share is found, its sender is not",
        make: |lab| {
            let share = |(account, opening): (u32, &OpenReading)| {
                let secret = &lab.secrets[account as usize];
                Ok((account, Share::compute(secret, account, &lab.members, CONTEXT, &opening.import)?))
            };
            write(&(0..).zip(&lab.open).map(share).collect::<Result<BTreeMap<u32, Share>, PrivacyError>>()?)
        },
        check: |lab, bytes| {
            let commitments = lab.readings.iter().map(|r| (r.account, r.import)).collect();
            let total = compute_total(&commitments, &read(bytes)?)?;
            Ok(total.value == lab.open.iter().map(|o| o.import.value).sum::<i64>())
        },
    },
    Item {
        what: "the neighbourhood's bill, opened",
        grade: Grade::Teaching,
        because: OWN,
        make: |lab| write(&compute_bill_opening(lab.open.iter().map(|o| (o, TARIFFS)))?),
        check: |lab, bytes| Ok(compute_bill(lab.readings.iter().map(|r| (r, TARIFFS))).is_opened_by(&read(bytes)?)),
    },
    Item {
        what: "the regulator's report on every household",
        grade: Grade::Teaching,
        because: OWN,
        make: |lab| write(&lab.regulator.get_account()),
        check: |lab, _| {
            let accounts: BTreeSet<u32> = lab.members.keys().copied().collect();
            let report = lab.regulator.compute_report(&accounts, SLOT..=SLOT, &lab.by_place, &BTreeMap::new());
            let over = lab.open.iter().filter(|o| o.export.value > CAP.0).count();
            Ok(report.get_unknown().count() == 0 && report.get_breaches().count() == over)
        },
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything on the bench is made, checked and of the size that the formats say; garbage is refused without a panic.
    #[test]
    fn every_item_holds_and_garbage_does_not() {
        let lab = Lab::new(1, 5).expect("a lab");
        assert_eq!(lab.get_households(), 5);
        for item in ITEMS {
            let bytes = item.compute(&lab).expect("an item");
            assert_eq!(bytes, item.compute(&lab).expect("an item"), "{}: the same twice", item.what);
            assert!(item.is_valid(&lab, &bytes), "{}", item.what);
            if !item.what.starts_with("the regulator") {
                assert!(!item.is_valid(&lab, &[]) && !item.is_valid(&lab, &[0xff; 700]), "{}", item.what);
                assert!(!item.is_valid(&lab, &bytes[..bytes.len() - 1]), "{}", item.what);
            }
        }
        let sizes = lab.compute_sizes().expect("sizes");
        let of = |what: &str| sizes.iter().find(|r| r.what.starts_with(what)).expect("there").bytes;
        assert_eq!(of("commitment"), 32);
        assert_eq!((of("range proof of one"), of("range proof of 32")), (513, 833));
        assert_eq!((of("the same range"), of("proof that two")), (4_096, 64));
        assert!(sizes.iter().all(|r| r.prove_us.is_none() && r.verify_us.is_none()));
    }
}
