//! What is agreed in a swap, what it goes by, and what comes of it; the times are derived in [`swap`](super::swap).

use super::fault::Fault;
use super::party::Party;
use crate::ledger::types::Parameters;
use crate::quantity::{Money, Wh};
use crate::time::SECOND_US;

/// What a message, a round without a block and a look at the chain take beside the block's interval.
const SLACK_US: u64 = 15 * SECOND_US;
/// How long the watcher waits for the party itself.
const GRACE_US: u64 = 20 * SECOND_US;
/// How long things take on the two chains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// From handing in to the block, with all validators there.
    pub include_us: u64,
    /// Longest stall that is allowed for.
    pub stall_us: u64,
    /// How long a watcher waits for the party itself.
    pub grace_us: u64,
}

impl Timing {
    /// From the chains' parameters and the longest stall to allow for.
    #[must_use]
    pub fn new(p: &Parameters, stall_us: u64) -> Self {
        let include_us = p.block_interval_us.saturating_add(p.gather_us).saturating_add(SLACK_US);
        Self { include_us, stall_us, grace_us: GRACE_US }
    }
    /// From handing in to a block that everybody can see, a stall allowed for.
    #[must_use]
    pub fn get_step_us(&self) -> u64 {
        self.include_us.saturating_add(self.stall_us)
    }
}

/// What is agreed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Money on A.
    pub money: Money,
    /// Energy of the certificate on B.
    pub energy: Wh,
    /// How long the first lock lives.
    pub life_us: u64,
    /// How much earlier the second lock ends; negative is the wrong way round.
    pub lead_us: i64,
    /// What the parties reckon with.
    pub timing: Timing,
}

impl Terms {
    /// Times that hold one fault; see the module.
    #[must_use]
    pub fn new(money: Money, energy: Wh, timing: Timing) -> Self {
        let step = timing.get_step_us();
        let lead = timing.stall_us.saturating_add(timing.grace_us).saturating_add(step);
        let life_us = step.saturating_mul(3).saturating_add(lead);
        Self { money, energy, life_us, lead_us: i64::try_from(lead).unwrap_or(i64::MAX), timing }
    }
}

/// A moment of a swap, at which a fault can strike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// Nothing is done yet.
    Start,
    /// Ana has handed in her lock.
    MoneyLockSent,
    /// It is in a block.
    MoneyLocked,
    /// Ben has handed in his.
    CertificateLockSent,
    /// It is in a block.
    CertificateLocked,
    /// Ana has handed in the secret.
    SecretSent,
    /// It is in a block.
    SecretShown,
    /// Ben has handed in the secret on A.
    ClaimSent,
    /// It is in a block.
    Claimed,
}

impl Moment {
    /// All, in order.
    pub const ALL: [Self; 9] = [
        Self::Start,
        Self::MoneyLockSent,
        Self::MoneyLocked,
        Self::CertificateLockSent,
        Self::CertificateLocked,
        Self::SecretSent,
        Self::SecretShown,
        Self::ClaimSent,
        Self::Claimed,
    ];
}

/// What a party has at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The money.
    pub money: bool,
    /// The certificate.
    pub certificate: bool,
}

/// How a swap ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// Each has the other's.
    Swapped,
    /// Each has the own.
    Returned,
    /// Ana has neither.
    AnaLost,
    /// Ben has neither.
    BenLost,
    /// Something is locked still.
    Locked,
}

/// What a run has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What went wrong in it.
    pub fault: Fault,
    /// How it ended.
    pub ending: Ending,
    /// Ana at the end.
    pub ana: Holding,
    /// Ben at the end.
    pub ben: Holding,
    /// Money and certified energy of both chains are what they were, and each asset is in one place.
    pub is_conserved: bool,
    /// From the first step to the last, simulated.
    pub took_us: u64,
    /// When each moment was reached, since the first step.
    pub moments: Vec<(Moment, u64)>,
}

impl Report {
    /// Whether a party that kept to the rules has neither its own asset nor the other's.
    #[must_use]
    pub fn is_loss(&self) -> bool {
        let hurt = |party, holding: Holding| self.fault.is_honest(party) && !holding.money && !holding.certificate;
        hurt(Party::Ana, self.ana) || hurt(Party::Ben, self.ben)
    }
}
