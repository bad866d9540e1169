//! Hourly certificates of renewable energy: issued from meters, split, transferred, stored, claimed once.
//!
//! ```text
//! issued = held + locked + stored + claimed + credited + lost + expired + displaced        (every Wh, at every moment)
//! issued(plant, hour) <= green(plant, hour)            what its own meter gave to the network, see [`meter`]
//! claimed + credited (account, hour) <= import(account, hour)      nobody claims more than it took in that hour
//! released <= efficiency * stored                      the rest is lost, see [`storage`]
//! ```
//!
//! A certificate keeps its origin (plant, hour of production, source) through every split and store, so that a
//! watt-hour can be followed from the roof to the claim ([`trace`]). A claim is for a footprint (the watt-hour counts as
//! zero) or for a carbon credit; a watt-hour has one use, so a credit and a zero footprint exclude each other.
//!
//! Unit and hour as in the EnergyTag Granular Certificate Scheme Standard (version 2, 2024): whole Wh, rounded down,
//! intervals of at most one hour, storage by records of charge and discharge, its losses borne by the certificate; that
//! records are matched first-in first-out is the Granular Foundation's storage methodology. Guarantees of origin of
//! directive (EU) 2018/2001, article 19(3), are valid for 12 months and expire after 18; here both ends are one number
//! that a scene sets ([`Rules::expire_hours`], 31 days by default: an hour's certificate is of use in that hour's balance
//! alone, and state that expires is state that is bounded).
//!
//! What was surrendered for credits in an hour becomes carbon credits once, against the baseline that the genesis states
//! (`credit`): amounts that are given away and retired, none of them twice.
//!
//! For swaps between chains a certificate can stand under a hash time lock ([`Escrow`]).
//!
//! Pure: the chain feeds readings ([`Registry::process_reading`]) and the clock ([`Registry::process_hour`]) and hands
//! over actions ([`Registry::process`]), each all or nothing. Limits: no price (a sale is a transfer within a contract);
//! the number of certificates is bounded by the issued Wh of the window, and in practice by the fees of splitting.

mod credit;
mod entries;
mod error;
mod escrow;
mod meter;
mod registry;
mod storage;
#[cfg(test)]
mod tests;
mod trace;
mod types;

pub use entries::EntryKey;
pub use error::CertificateError;
pub use escrow::Escrow;
pub use registry::Registry;
pub use trace::{Uses, compute_uses, trace_back};
pub use types::{
    AccountTotals, Certificate, CertificateAction, CertificateEvent, CertificateId, CreditTotals, Credits, Facility,
    HourMeter, LotKey, MAX_ENERGY, Origin, Plant, Purpose, Retirement, Rules, Source, Storage, Totals,
};
