//! A street of homes whose meters publish commitments: everything is really made and really checked.

use sim_core::digest::Hash;
use sim_core::ledger::crypto::{Keypair, compute_hash};
use sim_core::ledger::privacy::PrivacyError;
use sim_core::ledger::privacy::access_book::{AccessBook, AccessOrder, SignedAccess};
use sim_core::ledger::privacy::commitment::{Commitment, Opening, Register};
use sim_core::ledger::privacy::disclosure::{CommitmentTree, LeafId};
use sim_core::ledger::privacy::keys::{ReaderKey, ReaderSecret};
use sim_core::ledger::privacy::lab::{ITEMS, Lab};
use sim_core::ledger::privacy::neighbourhood::{Share, compute_bill, compute_bill_opening, compute_total};
use sim_core::ledger::privacy::range_proof::RangeSystem;
use sim_core::ledger::privacy::reading::{OpenReading, PrivateReading, VALUES, verify};
use sim_core::ledger::privacy::report::Grade;
use sim_core::ledger::types::{MeterReading, Tariffs};
use sim_core::quantity::Wh;
use std::collections::BTreeMap;
use std::time::Instant;

/// Homes of the street; the regulator's account follows theirs.
pub(super) const HOMES: usize = 5;
pub(super) const REGULATOR: u32 = 5;
/// Who cheats, if anybody does; whose bill is shown; which count is disclosed to an auditor.
pub(super) const CHEAT: usize = 3;
pub(super) const BILLED: usize = 0;
pub(super) const DISCLOSED: usize = 1;
/// What a meter claims that would be paid for using energy, Wh.
pub(super) const NEGATIVE: i64 = -1_000;
const SEED: u64 = 1;

/// How a meter lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Cheat {
    #[default]
    None,
    /// It commits to less than nothing.
    Negative,
    /// It commits to half of what was used.
    Half,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Question {
    /// What the meters counted, Wh: taken, given.
    pub counts: [(i64, i64); HOMES],
    pub slot: u32,
    pub tariffs: Tariffs,
    pub cheat: Cheat,
    /// Whose readings the regulator may read.
    pub grants: [bool; HOMES],
}

/// A home with what its meter publishes.
pub(super) struct Home {
    pub reading: PrivateReading,
    pub proof_holds: bool,
}

/// The answer.
pub(super) struct Street {
    pub question: Question,
    pub homes: Vec<Home>,
    /// Net energy that the sum of all commitments opens to, and what the street's own meter counted, Wh.
    pub sum: (i64, i64),
    pub sum_commitment: Commitment,
    /// Of one home: its bill as a commitment, the money (millionths), whether that opens it.
    pub bill: (Commitment, i64, bool),
    /// To an auditor: the count in Wh, steps of its path, bytes, whether it fits the published root.
    pub disclosed: (i64, usize, usize, bool),
    /// A negative count has no proof: what it is, and the most a proof is about.
    pub refused: Option<(i64, i64)>,
    /// Bytes that a home publishes.
    pub bytes: usize,
    /// How long it took: making what one home publishes, checking all proofs, summing and opening, ms.
    pub times_ms: [f64; 3],
    secrets: Vec<ReaderSecret>,
}

/// What a part costs.
pub(super) struct Cost {
    pub bytes: usize,
    pub make_ms: f64,
    pub check_ms: f64,
    pub grade: Grade,
}

fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

impl Street {
    /// Makes and checks everything.
    pub(super) fn new(question: Question) -> Result<Self, PrivacyError> {
        let secrets: Vec<ReaderSecret> =
            (0..=REGULATOR).map(|i| ReaderSecret::derive(SEED, &format!("street-{i}"))).collect();
        let keys: Vec<ReaderKey> = secrets.iter().map(ReaderSecret::get_key).collect();
        let book = grant(&question, &keys)?;
        let system = RangeSystem::new(VALUES)?;
        let (mut readings, mut open, mut refused) = (Vec::new(), Vec::new(), None);
        let started = Instant::now();
        for (i, (account, secret)) in (0..).zip(secrets.iter().take(HOMES)).enumerate() {
            let access = book.get_access(account).ok_or(PrivacyError::Library { what: "access book" })?;
            let publish = |import: i64| {
                let (_, export) = question.counts[i];
                let reading = MeterReading { slot: question.slot, import: Wh(import), export: Wh(export) };
                let published = PrivateReading::compute(&system, access, secret, SEED, account, &reading);
                published.map(|p| (p, OpenReading::derive(SEED, account, &reading)))
            };
            let (counted, _) = question.counts[i];
            let (reading, opening) = match question.cheat {
                Cheat::Negative if i == CHEAT => {
                    // No proof can be made for it, so the cheat sends the proof of what was counted.
                    if let Err(PrivacyError::Range { value, most }) = publish(NEGATIVE) {
                        refused = Some((value, most));
                    }
                    let (mut reading, mut opening) = publish(counted)?;
                    opening.import.value = NEGATIVE;
                    reading.import = opening.import.compute_commitment();
                    (reading, opening)
                }
                Cheat::Half if i == CHEAT => publish(counted / 2)?,
                _ => publish(counted)?,
            };
            readings.push(reading);
            open.push(opening);
        }
        let publish_ms = ms(started) / HOMES as f64;
        let started = Instant::now();
        let all_hold = verify(&system, &readings).is_ok();
        let check_ms = ms(started);
        let holds = |r: &PrivateReading| all_hold || verify(&system, std::slice::from_ref(r)).is_ok();
        let started = Instant::now();
        let (sum_commitment, total) = add_up(&secrets, &keys, &readings, &open)?;
        let sum_ms = ms(started);
        let meter = question.counts.iter().map(|(taken, given)| taken - given).sum();
        let bytes = readings.first().map_or(0, |r| 32 + 32 + r.proof.0.len() + r.envelope.encode().len());
        let bill = bill(&readings, &open, question.tariffs)?;
        let disclosed = disclose(&readings, &open);
        let homes = readings.into_iter().map(|reading| Home { proof_holds: holds(&reading), reading }).collect();
        Ok(Self {
            question,
            homes,
            sum: (total, meter),
            sum_commitment,
            bill,
            disclosed,
            refused,
            bytes,
            times_ms: [publish_ms, check_ms, sum_ms],
            secrets,
        })
    }

    /// What an account reads of a home: its counts, or why not.
    pub(super) fn read(&self, reader: u32, home: usize) -> Result<(i64, i64), PrivacyError> {
        let (Some(home), Some(secret)) = (self.homes.get(home), self.secrets.get(reader as usize)) else {
            return Err(PrivacyError::Library { what: "street" });
        };
        home.reading.open(reader, secret).map(|open| (open.import.value, open.export.value))
    }
}

/// The signed orders of homes that let the regulator read.
fn grant(question: &Question, keys: &[ReaderKey]) -> Result<AccessBook, PrivacyError> {
    let chain: Hash = compute_hash(b"street");
    let pairs: Vec<Keypair> =
        (0..=REGULATOR).map(|i| Keypair::derive(SEED, "street", &format!("street-{i}"))).collect();
    let accounts: Vec<_> = pairs.iter().zip(keys).map(|(pair, key)| (pair.get_address(), *key)).collect();
    let mut book = AccessBook::new(chain, &accounts);
    for (pair, _) in pairs.iter().zip(question.grants).filter(|(_, granted)| *granted) {
        let order = SignedAccess::new(pair, &chain, 0, AccessOrder::Grant { grantee: REGULATOR });
        book.process(&order).map_err(|_| PrivacyError::Library { what: "access book" })?;
    }
    Ok(book)
}

/// The net energy of all from masked shares: nobody shows a reading, the sum opens all the same.
fn add_up(
    secrets: &[ReaderSecret],
    keys: &[ReaderKey],
    readings: &[PrivateReading],
    open: &[OpenReading],
) -> Result<(Commitment, i64), PrivacyError> {
    let members: BTreeMap<u32, ReaderKey> = (0..).zip(keys.iter().copied()).take(HOMES).collect();
    let commitments: BTreeMap<u32, Commitment> = readings.iter().map(|r| (r.account, r.import - r.export)).collect();
    let mut shares = BTreeMap::new();
    for ((account, secret), opening) in (0..).zip(secrets).zip(open) {
        let net: Opening = opening.import.compute_sum(&opening.export.compute_multiple(-1)?)?;
        shares.insert(account, Share::compute(secret, account, &members, b"street net", &net)?);
    }
    let total = compute_total(&commitments, &shares)?;
    Ok((commitments.values().copied().sum(), total.value))
}

fn bill(
    readings: &[PrivateReading],
    open: &[OpenReading],
    tariffs: Tariffs,
) -> Result<(Commitment, i64, bool), PrivacyError> {
    let commitment = compute_bill(readings.get(BILLED).map(|r| (r, tariffs)));
    let opening = compute_bill_opening(open.get(BILLED).map(|o| (o, tariffs)))?;
    Ok((commitment, opening.value, commitment.is_opened_by(&opening)))
}

fn disclose(readings: &[PrivateReading], open: &[OpenReading]) -> (i64, usize, usize, bool) {
    let both = [Register::Import, Register::Export];
    let leaf = |r: &PrivateReading, register| LeafId { account: r.account, slot: r.slot, register };
    let tree = CommitmentTree::new(readings.iter().flat_map(|r| both.map(|g| (leaf(r, g), *r.get(g)))));
    let (Some(reading), Some(opening)) = (readings.get(DISCLOSED), open.get(DISCLOSED)) else {
        return (0, 0, 0, false);
    };
    let Some(shown) = tree.compute_disclosure(&leaf(reading, Register::Import), &opening.import) else {
        return (0, 0, 0, false);
    };
    // An opening, its place and its path.
    let bytes = 8 + 32 + 16 + 32 * shown.path.len();
    (shown.opening.value, shown.path.len(), bytes, shown.is_valid(&tree.compute_root()))
}

/// Everything on the lab bench, with its size and the time it takes here and now.
pub(super) fn measure() -> Result<Vec<Cost>, PrivacyError> {
    let households = u32::try_from(HOMES).unwrap_or(2);
    let lab = Lab::new(SEED, households)?;
    let cost = |item: &sim_core::ledger::privacy::lab::Item| {
        let started = Instant::now();
        let bytes = item.compute(&lab)?;
        let make_ms = ms(started);
        let started = Instant::now();
        let _ = item.is_valid(&lab, &bytes);
        Ok(Cost { bytes: bytes.len(), make_ms, check_ms: ms(started), grade: item.grade })
    };
    ITEMS.iter().map(cost).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::quantity::Price;

    fn ask(cheat: Cheat) -> Street {
        let tariffs = Tariffs { import: Price(320), feed_in: Price(80), ..Tariffs::default() };
        let counts = [(820, 5_310), (1_200, 0), (640, 2_000), (3_000, 100), (90, 0)];
        let grants = [true, true, false, true, false];
        Street::new(Question { counts, slot: 36, tariffs, cheat, grants }).expect("a street")
    }

    #[test]
    fn an_honest_street_adds_up_and_only_those_with_a_grant_read() {
        let street = ask(Cheat::None);
        assert_eq!(street.sum.0, street.sum.1);
        assert!(street.homes.iter().all(|h| h.proof_holds) && street.bill.2 && street.disclosed.3);
        assert_eq!((street.bill.1, street.disclosed.0), (5_310 * 80 - 820 * 320, 1_200));
        assert_eq!(street.read(REGULATOR, 0), Ok((820, 5_310)));
        assert_eq!(street.read(2, 2), Ok((640, 2_000)), "a home reads its own");
        assert!(street.read(REGULATOR, 2).is_err() && street.read(1, 0).is_err());
    }

    /// The negative reading is caught by its proof and by the sum, the small one by the sum alone.
    #[test]
    fn cheats_are_caught() {
        let negative = ask(Cheat::Negative);
        let holds: Vec<bool> = negative.homes.iter().map(|h| h.proof_holds).collect();
        assert_eq!(holds, [true, true, true, false, true]);
        assert_eq!(negative.refused.map(|r| r.0), Some(NEGATIVE));
        assert!(negative.sum.0 < negative.sum.1 && negative.read(REGULATOR, CHEAT).is_err());
        let half = ask(Cheat::Half);
        assert!(half.homes.iter().all(|h| h.proof_holds));
        assert_eq!(half.sum.1 - half.sum.0, 1_500);
    }
}
