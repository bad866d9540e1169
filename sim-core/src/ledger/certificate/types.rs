//! What certificates are made of: facilities, rules, actions, events. Energy in Wh, hours from midnight of the first day.

use crate::digest::Hash;
use crate::quantity::Wh;
use serde::{Deserialize, Serialize};

/// Largest energy of one action: 1 GWh, as for every entry of the chain.
pub const MAX_ENERGY: Wh = Wh(1_000_000_000);

/// What a holder orders; the sender is the holder, the plant or the storage itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CertificateAction {
    /// A plant has green energy of its meter certified.
    Issue {
        /// Hour of the meter.
        hour: u32,
        /// How much.
        energy: Wh,
    },
    /// Gives a certificate, or a part of it, to another account.
    Transfer {
        /// Which.
        certificate: CertificateId,
        /// To whom.
        to: u32,
        /// How much; less than the whole splits it.
        energy: Wh,
    },
    /// Uses it up for energy that the sender took in the certificate's hour.
    Claim {
        /// Which.
        certificate: CertificateId,
        /// How much.
        energy: Wh,
        /// For what.
        purpose: Purpose,
    },
    /// A storage locks a certificate for energy that it took in the certificate's hour.
    Store {
        /// Which.
        certificate: CertificateId,
        /// How much.
        energy: Wh,
    },
    /// A storage takes certificates out, oldest charge first, for energy that it gave in an hour.
    Release {
        /// Hour of the meter.
        hour: u32,
        /// How much comes out.
        energy: Wh,
    },
    /// Puts a certificate, or a part of it, under a hash time lock.
    Lock {
        /// Which.
        certificate: CertificateId,
        /// How much.
        energy: Wh,
        /// Who gets it with the secret.
        to: u32,
        /// SHA-256 of the secret.
        hash: Hash,
        /// Until when, in microseconds of simulated time.
        until_us: u64,
    },
    /// Shows the secret in time: the certificate is the receiver's.
    Unlock {
        /// Which.
        certificate: CertificateId,
        /// The secret, 32 bytes.
        secret: Hash,
    },
    /// The time is over: the certificate goes back.
    Refund {
        /// Which.
        certificate: CertificateId,
    },
    /// Turns what the sender has surrendered for credits in an hour into carbon credits, once.
    IssueCredit {
        /// The hour.
        hour: u32,
    },
    /// Gives carbon credits to another account.
    TransferCredit {
        /// To whom.
        to: u32,
        /// How much, mg of carbon dioxide.
        mg: i64,
    },
    /// Uses carbon credits up.
    RetireCredit {
        /// How much, mg of carbon dioxide.
        mg: i64,
    },
}

/// What a claim is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Purpose {
    /// The energy counts as zero in the claimant's market-based footprint.
    Footprint,
    /// The avoided emission becomes a carbon credit; the footprint keeps the residual mix.
    Credit,
}

/// A certificate's name: never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CertificateId {
    /// Hour of production; so names sort by age.
    pub produced: u32,
    /// Running number over the whole registry.
    pub number: u64,
}

/// Where a certificate's energy comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Source {
    /// Photovoltaics.
    Solar,
    /// Wind.
    Wind,
    /// Water.
    Hydro,
}

/// What stands behind a meter and matters here; fixed at genesis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Facility {
    /// A renewable plant, alone or in a home.
    Plant(Plant),
    /// A storage with a meter of its own.
    Storage(Storage),
}

/// A renewable plant behind an account's meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plant {
    /// Its source.
    pub source: Source,
    /// Most energy that it gives in an hour.
    pub rated: Wh,
    /// Usable capacity of the storage behind the same meter (batteries, cars that give back), if there is one.
    pub storage: Option<Wh>,
}

/// A storage with a meter of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Storage {
    /// Most that its meter counts from empty to full.
    pub capacity: Wh,
    /// Round-trip efficiency between readings of its meter, in thousandths, 1 to 1000.
    pub efficiency: u32,
}

/// Times of the registry; fixed at genesis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// Market slots in an hour.
    pub slots_per_hour: u32,
    /// How long after its hour green energy may be certified.
    pub issue_hours: u32,
    /// How long after its production a certificate lives.
    pub expire_hours: u32,
    /// Baseline of carbon credits: what a kWh from the grid emits on average, g/kWh (mg/Wh); 0 and there are no credits.
    pub baseline: u32,
    /// Part of what was avoided that is kept back for doubts, in thousandths.
    pub buffer: u32,
}

impl Rules {
    /// What surrendered certificates avoided, and the credits for it, mg; `None` if it does not fit into 64 bits.
    #[must_use]
    pub fn compute_credit(&self, energy: Wh) -> Option<(i64, i64)> {
        let avoided = i128::from(energy.0) * i128::from(self.baseline);
        let kept = i128::from(1_000_u32.saturating_sub(self.buffer));
        Some((i64::try_from(avoided).ok()?, i64::try_from(avoided * kept / 1_000).ok()?))
    }
}

impl Default for Rules {
    /// Quarter-hours; three days to issue; 31 days to use.
    fn default() -> Self {
        Self { slots_per_hour: 4, issue_hours: 72, expire_hours: 744, baseline: 0, buffer: 100 }
    }
}

/// Where and when a certificate's energy was produced; the same for all of its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Origin {
    /// Account of the plant.
    pub plant: u32,
    /// Hour in which its meter gave the energy to the network.
    pub produced: u32,
    /// Its source.
    pub source: Source,
}

/// A certificate as it is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Where it comes from.
    pub origin: Origin,
    /// Hour in which it can be claimed: of production or, out of a storage, of the discharge.
    pub hour: u32,
    /// Whose it is.
    pub owner: u32,
    /// How much.
    pub energy: Wh,
}

/// What is locked in a storage; sorts by storage and age of the charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LotKey {
    /// Account of the storage.
    pub storage: u32,
    /// Hour of the charge.
    pub hour: u32,
    /// The certificate that was locked.
    pub certificate: CertificateId,
}

/// An account's meter and certificates in one hour, all in Wh.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HourMeter {
    /// Taken from the network.
    pub import: Wh,
    /// Given to the network.
    pub export: Wh,
    /// Of the export, what may be certified.
    pub green: Wh,
    /// Of that, what was.
    pub issued: Wh,
    /// Of the import, what certificates were claimed for.
    pub claimed: Wh,
    /// Of the import, what certificates became credits for.
    pub credited: Wh,
    /// Of a storage's import, what certificates were locked for.
    pub stored: Wh,
    /// Of a storage's export, what certificates came out for.
    pub released: Wh,
}

impl HourMeter {
    /// Of the import, what nothing was claimed, credited or locked for: what a storage takes in order to give it back is
    /// not used up.
    #[must_use]
    pub fn get_open(&self) -> Wh {
        Wh(self.import.0 - self.claimed.0 - self.credited.0 - self.stored.0)
    }
}

/// Where all energy that was ever certified is now, in Wh.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// All of it.
    pub issued: Wh,
    /// In certificates.
    pub held: Wh,
    /// Locked in storages.
    pub stored: Wh,
    /// Claimed for footprints.
    pub claimed: Wh,
    /// Made into credits.
    pub credited: Wh,
    /// Lost in storages.
    pub lost: Wh,
    /// Expired.
    pub expired: Wh,
    /// Locked in a storage that can no longer hold it.
    pub displaced: Wh,
    /// Under hash time locks.
    pub locked: Wh,
}

/// An account's sums since the start, in Wh; they outlive the hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountTotals {
    /// Certified from its meter.
    pub issued: Wh,
    /// Claimed for its footprint.
    pub claimed: Wh,
    /// Made into credits.
    pub credited: Wh,
}

/// An account's carbon credits, mg of carbon dioxide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credits {
    /// It holds.
    pub held_mg: i64,
    /// It was issued.
    pub issued_mg: i64,
    /// It has retired.
    pub retired_mg: i64,
}

/// Where all carbon credits are, mg of carbon dioxide: `issued = held by all accounts + retired`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditTotals {
    /// Issued.
    pub issued_mg: i64,
    /// Kept back for doubts: nobody's.
    pub buffer_mg: i64,
    /// Used up.
    pub retired_mg: i64,
}

/// Why energy left the certificates without a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Retirement {
    /// Too old.
    Expired,
    /// The storage took so much since that it cannot be inside any more.
    Displaced,
    /// Lost in a storage, with nothing coming out.
    Lost,
}

/// What an action or the clock did; enough to follow every watt-hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CertificateEvent {
    /// A new certificate from a meter.
    Issued {
        /// Its name.
        certificate: CertificateId,
        /// Its origin.
        origin: Origin,
        /// How much.
        energy: Wh,
    },
    /// A certificate or a part of one has a new owner.
    Transferred {
        /// What the new owner has.
        certificate: CertificateId,
        /// What it was before; another name where it was split.
        parent: CertificateId,
        /// Who gave.
        from: u32,
        /// Who got.
        to: u32,
        /// How much.
        energy: Wh,
    },
    /// Used up.
    Claimed {
        /// Of which certificate.
        certificate: CertificateId,
        /// By whom.
        account: u32,
        /// For energy taken in which hour.
        hour: u32,
        /// How much.
        energy: Wh,
        /// For what.
        purpose: Purpose,
    },
    /// Locked in a storage.
    Stored {
        /// Of which certificate.
        certificate: CertificateId,
        /// Account of the storage.
        storage: u32,
        /// How much.
        energy: Wh,
    },
    /// Out of a storage.
    Released {
        /// The new certificate.
        certificate: CertificateId,
        /// The one that was locked.
        parent: CertificateId,
        /// Account of the storage.
        storage: u32,
        /// Hour of the discharge.
        hour: u32,
        /// How much came out.
        energy: Wh,
        /// How much was lost on the way.
        loss: Wh,
    },
    /// Under a hash time lock.
    Locked {
        /// What is locked.
        certificate: CertificateId,
        /// What it was before; another name where it was split.
        parent: CertificateId,
        /// Whose it was, and is again if nobody shows the secret.
        from: u32,
        /// Who gets it with the secret.
        to: u32,
        /// How much.
        energy: Wh,
        /// SHA-256 of the secret.
        hash: Hash,
        /// Until when, in microseconds.
        until_us: u64,
    },
    /// Out of its lock by the secret, which everybody can now read.
    Unlocked {
        /// Which.
        certificate: CertificateId,
        /// Whose it was.
        from: u32,
        /// Whose it is.
        to: u32,
        /// How much.
        energy: Wh,
        /// The secret.
        secret: Hash,
    },
    /// Out of its lock by time.
    Refunded {
        /// Which.
        certificate: CertificateId,
        /// Whose it is again.
        owner: u32,
        /// How much.
        energy: Wh,
    },
    /// Gone without a use.
    Retired {
        /// Of which certificate.
        certificate: CertificateId,
        /// How much.
        energy: Wh,
        /// Why.
        reason: Retirement,
    },
    /// New carbon credits from an hour's surrendered certificates.
    CreditIssued {
        /// Whose.
        account: u32,
        /// The hour.
        hour: u32,
        /// What was surrendered.
        energy: Wh,
        /// The credits, mg.
        mg: i64,
        /// Kept back, mg.
        buffer_mg: i64,
    },
    /// Carbon credits have a new owner.
    CreditTransferred {
        /// Who gave.
        from: u32,
        /// Who got.
        to: u32,
        /// How much, mg.
        mg: i64,
    },
    /// Carbon credits are used up.
    CreditRetired {
        /// By whom.
        account: u32,
        /// How much, mg.
        mg: i64,
    },
}
