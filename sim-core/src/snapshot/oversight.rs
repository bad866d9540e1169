//! What the picture may see of grants, seals and the regulator.

use crate::ledger::oversight::{ComplianceReport, Ground};
use crate::ledger::privacy::envelope::Envelope;
use crate::ledger::types::Cap;

/// Grants, seals, and what the regulator has ruled.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OversightView {
    /// Whose minutes who may read: owner, grantee, by account.
    pub grants: Vec<(u32, u32)>,
    /// Accounts with a grant or revocation on its way.
    pub moving: Vec<u32>,
    /// The latest sealed reading of each account that has one, as it stands on the chain.
    pub envelopes: Vec<Envelope>,
    /// The limits of prices, where there are any.
    pub cap: Option<Cap>,
    /// Accounts that are kept out of the market.
    pub suspended: Vec<SuspendedView>,
    /// The latest compliance report.
    pub report: Option<ComplianceReport>,
    /// The operator's account; the regulator's is the next.
    pub operator: u32,
    /// The scene's seed, from which all keys of a simulation follow: nothing here is secret.
    pub seed: u64,
}

/// An account that is kept out of the market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SuspendedView {
    /// Whose.
    pub account: u32,
    /// First slot.
    pub slot: u32,
    /// Why.
    pub ground: Ground,
}
