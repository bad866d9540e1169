//! The five ways to agree on a block, and what a machine of each goes by.

use super::consensus::clique::{ForkChoice, compute_signer_limit};
use super::consensus::reorganisation::compute_rosenfeld;
use crate::digest::Hash;
use serde::{Deserialize, Serialize};

/// A consensus mechanism.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Mechanism {
    /// Buchman, Kwon, Milosevic 2018.
    #[default]
    Tendermint,
    /// Castro, Liskov 1999.
    Pbft,
    /// Ongaro, Ousterhout 2014.
    Raft,
    /// EIP-225.
    Clique,
    /// Nakamoto 2008, without adjustment of the difficulty.
    Work,
}

impl Mechanism {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Tendermint, Self::Pbft, Self::Raft, Self::Clique, Self::Work];

    /// Its name on the command line and in files.
    #[must_use]
    pub fn get_name(self) -> &'static str {
        match self {
            Self::Tendermint => "tendermint",
            Self::Pbft => "pbft",
            Self::Raft => "raft",
            Self::Clique => "clique",
            Self::Work => "work",
        }
    }
    /// By its name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mechanism| mechanism.get_name().eq_ignore_ascii_case(name))
    }
    /// Whether `power` of `total` suffices to decide: more than two thirds where some may lie, more than half where
    /// they only crash, and for branches more than half to call a block final.
    #[must_use]
    pub fn is_quorum(self, power: u64, total: u64) -> bool {
        match self {
            Self::Tendermint | Self::Pbft => 3 * power > 2 * total,
            Self::Raft | Self::Clique | Self::Work => 2 * power > total,
        }
    }
    /// Whether blocks can be dropped again and become final by confirmations.
    #[must_use]
    pub fn has_branches(self) -> bool {
        matches!(self, Self::Clique | Self::Work)
    }
    /// Confirmations, the block itself counted, after which a transaction counts as final: 1 where a decision is final;
    /// Clique's signer limit, beyond which honest sealers on one network drop nothing; for proof of work the least
    /// number with which an attacker of [`ATTACKER`] wins with at most [`RISK`].
    #[must_use]
    pub fn compute_confirmations(self, nodes: u32) -> u64 {
        match self {
            Self::Tendermint | Self::Pbft | Self::Raft => 1,
            Self::Clique => compute_signer_limit(nodes),
            Self::Work => (1..100).find(|z| compute_rosenfeld(ATTACKER, *z) <= RISK).map_or(100, u64::from),
        }
    }
}

/// Share of an attacker against whom proof of work waits for confirmations.
pub const ATTACKER: f64 = 0.1;
/// With this probability he may still win (Nakamoto 2008, section 11, has the same 0.1 %).
pub const RISK: f64 = 0.001;

/// What a machine goes by: who takes part, and its times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Rules {
    pub(super) mechanism: Mechanism,
    /// Of all that vote, seal or mine.
    pub(super) powers: Vec<u32>,
    pub(super) timeout_us: u64,
    pub(super) timeout_delta_us: u64,
    /// Between blocks of Clique and proof of work.
    pub(super) interval_us: u64,
    /// Clique's choice among equal branches.
    pub(super) choice: ForkChoice,
    /// What the first block stands on, where heights are decided one by one.
    pub(super) genesis: Hash,
    /// Decided heights that a node remembers.
    pub(super) kept: usize,
}

impl Rules {
    /// How many take part.
    pub(super) fn get_nodes(&self) -> u32 {
        u32::try_from(self.powers.len()).unwrap_or(u32::MAX)
    }
}
