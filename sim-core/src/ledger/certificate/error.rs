//! Why an action on certificates is refused: one error a rule, with the numbers inside.

use super::types::CertificateId;
use crate::quantity::Wh;

/// Why an action is refused; nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Nothing, less than nothing or more than an action may carry.
    #[error("energy is {energy:?}, expected 1 to {most:?}")]
    Energy {
        /// What it says.
        energy: Wh,
        /// The most.
        most: Wh,
    },
    /// Not an account of the chain.
    #[error("there is no account {account} that could hold certificates")]
    Account {
        /// Whom it names.
        account: u32,
    },
    /// No renewable plant behind the sender's meter.
    #[error("account {account} has no renewable plant behind its meter; only a plant issues certificates")]
    NoPlant {
        /// The sender.
        account: u32,
    },
    /// The sender is no storage.
    #[error("account {account} is no storage with a meter of its own; only such a one stores certificates")]
    NoStorage {
        /// The sender.
        account: u32,
    },
    /// Too late to issue.
    #[error("hour {hour} is over for certificates: from hour {now} on, energy since hour {first} can be certified")]
    TooLate {
        /// The hour asked for.
        hour: u32,
        /// The registry's hour.
        now: u32,
        /// The oldest that is open.
        first: u32,
    },
    /// More than the meter has left in that hour.
    #[error("{energy:?} are asked for, and the meter of account {account} in hour {hour} has {left:?} left")]
    NotMetered {
        /// Whose meter.
        account: u32,
        /// Which hour.
        hour: u32,
        /// How much was asked for.
        energy: Wh,
        /// How much is left.
        left: Wh,
    },
    /// Claimed, stored, expired, or never there.
    #[error("there is no certificate {} of hour {} any more, or there never was", certificate.number, certificate.produced)]
    Unknown {
        /// Which.
        certificate: CertificateId,
    },
    /// Somebody else's.
    #[error("certificate {} belongs to account {owner}, not to account {sender}", certificate.number)]
    NotOwner {
        /// Which.
        certificate: CertificateId,
        /// Whose it is.
        owner: u32,
        /// Who wants to use it.
        sender: u32,
    },
    /// More than the certificate has.
    #[error("certificate {} has {has:?}; {energy:?} are asked for", certificate.number)]
    TooMuch {
        /// Which.
        certificate: CertificateId,
        /// How much it has.
        has: Wh,
        /// How much was asked for.
        energy: Wh,
    },
    /// More than comes out of what is locked.
    #[error(
        "{energy:?} are asked for; after losses {available:?} come out of what storage {storage} has locked by then"
    )]
    NotStored {
        /// Account of the storage.
        storage: u32,
        /// How much was asked for.
        energy: Wh,
        /// How much comes out.
        available: Wh,
    },
    /// A lock that has ended before it begins, or outlives the certificate.
    #[error("the lock would end at {until_us} us: it is {now_us} us, and it must end by {last_us} us")]
    LockTime {
        /// Its end.
        until_us: u64,
        /// The block's time.
        now_us: u64,
        /// The latest end.
        last_us: u64,
    },
    /// Nothing is locked under that name.
    #[error("certificate {} of hour {} is under no lock", certificate.number, certificate.produced)]
    NoLock {
        /// Which.
        certificate: CertificateId,
    },
    /// Too late for the secret.
    #[error("the lock on certificate {} ended at {until_us} us and it is {now_us} us", certificate.number)]
    LockOver {
        /// Which.
        certificate: CertificateId,
        /// Its end.
        until_us: u64,
        /// The block's time.
        now_us: u64,
    },
    /// Too early to take it back.
    #[error("the lock on certificate {} holds until {until_us} us and it is {now_us} us", certificate.number)]
    LockHolds {
        /// Which.
        certificate: CertificateId,
        /// Its end.
        until_us: u64,
        /// The block's time.
        now_us: u64,
    },
    /// Another secret.
    #[error("this is not the secret of certificate {}", certificate.number)]
    Secret {
        /// Which.
        certificate: CertificateId,
    },
    /// Certificates of the hour can still be surrendered.
    #[error("credits of hour {hour} are issued from hour {first} on, and it is hour {now}")]
    CreditEarly {
        /// The hour.
        hour: u32,
        /// The registry's hour.
        now: u32,
        /// From when on.
        first: u32,
    },
    /// Issued already.
    #[error("the credits of account {account} for hour {hour} were issued already")]
    CreditTwice {
        /// Whose.
        account: u32,
        /// The hour.
        hour: u32,
    },
    /// Nothing was surrendered, or there is no baseline.
    #[error(
        "account {account} has surrendered no certificates for credits in hour {hour}, or the chain states no baseline"
    )]
    NoCredit {
        /// Whose.
        account: u32,
        /// The hour.
        hour: u32,
    },
    /// No amount, or more than is there.
    #[error("account {account} holds {has} mg of credits; {mg} mg cannot be given or retired")]
    CreditAmount {
        /// Whose.
        account: u32,
        /// What it holds.
        has: i64,
        /// What was asked for.
        mg: i64,
    },
    /// A sum beyond 64 bits.
    #[error("a sum of certificates does not fit into 64 bits")]
    Overflow,
}
