//! Two chains in one simulated time.

use super::community::{BEN, Community, GRID, OPERATOR, Status};
use crate::digest::Hash;
use crate::ledger::certificate::{CertificateAction, CertificateId};
use crate::ledger::contract::{Code, ContractId, library};
use crate::ledger::genesis::GenesisError;
use crate::ledger::types::{Deployment, MeterReading, Parameters, Payload};
use crate::quantity::{Money, Wh};
use crate::time::{SECOND_US, SimTime};
use serde::{Deserialize, Serialize};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Which {
    /// The chain on which the money of a swap is locked, or value is sent.
    A,
    /// The other one.
    B,
}

impl Which {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::A, Self::B];
    /// The one that this is not.
    #[must_use]
    pub fn get_other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

/// A time in which a chain has too little reachable power to make blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stall {
    /// Whose.
    pub which: Which,
    /// Its beginning.
    pub from_us: u64,
    /// Its end.
    pub until_us: u64,
}

/// Why a pair cannot be set up.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SetupError {
    /// No valid genesis.
    #[error(transparent)]
    Genesis(#[from] GenesisError),
    /// A transaction of the setup did not go through.
    #[error("{what} ended as {status:?} after {seconds} s of simulated time")]
    Step {
        /// Which.
        what: &'static str,
        /// How it ended.
        status: Status,
        /// How long it was waited for.
        seconds: u64,
    },
}

/// The two communities.
#[derive(Clone, Debug)]
pub struct Pair {
    /// Where money is locked.
    pub a: Community,
    /// Where the certificate is.
    pub b: Community,
    now: SimTime,
    stalls: Vec<Stall>,
}

impl Pair {
    /// Two chains at their beginning.
    ///
    /// # Errors
    /// When the parameters make no valid genesis.
    pub fn new(seed: u64, parameters: &Parameters) -> Result<Self, GenesisError> {
        let create = |name: &str, seed| Community::new(name, seed, parameters.clone());
        Ok(Self {
            a: create("hillside", seed.wrapping_mul(2))?,
            b: create("riverside", seed.wrapping_mul(2).wrapping_add(1))?,
            now: SimTime(0),
            stalls: Vec::new(),
        })
    }

    /// Now.
    #[must_use]
    pub fn get_now(&self) -> SimTime {
        self.now
    }
    /// One of the two.
    #[must_use]
    pub fn get(&self, which: Which) -> &Community {
        match which {
            Which::A => &self.a,
            Which::B => &self.b,
        }
    }
    /// One of the two, to send by.
    pub fn get_mut(&mut self, which: Which) -> &mut Community {
        match which {
            Which::A => &mut self.a,
            Which::B => &mut self.b,
        }
    }
    /// Lets a chain stand still for a time.
    pub fn add_stall(&mut self, stall: Stall) {
        self.stalls.push(stall);
    }

    /// Hands in a transaction now.
    pub fn send(&mut self, which: Which, account: u32, payload: Payload) -> Hash {
        let now = self.now;
        self.get_mut(which).send(now, account, payload)
    }

    /// Plays both chains for a second.
    pub fn step(&mut self) {
        let at = self.now.0;
        let is_stalled = |which| self.stalls.iter().any(|s| s.which == which && s.from_us <= at && at < s.until_us);
        let stalled = (is_stalled(Which::A), is_stalled(Which::B));
        self.now = SimTime(at.saturating_add(SECOND_US));
        self.a.advance(self.now, stalled.0);
        self.b.advance(self.now, stalled.1);
    }

    /// Plays until a transaction has been done.
    ///
    /// # Errors
    /// When it was refused or has failed, or is still waiting after `seconds`.
    pub fn wait_for(&mut self, which: Which, hash: &Hash, what: &'static str, seconds: u64) -> Result<(), SetupError> {
        for _ in 0..seconds {
            match self.get(which).get_status(hash) {
                Status::Waiting => self.step(),
                Status::Done => return Ok(()),
                Status::Failed | Status::Refused => break,
            }
        }
        Err(SetupError::Step { what, status: self.get(which).get_status(hash), seconds })
    }

    /// Puts the hash time lock on chain A; its id.
    ///
    /// # Errors
    /// When it does not get there.
    pub fn deploy_lock(&mut self) -> Result<ContractId, SetupError> {
        let source = library::find_contract("hash-time-lock").map(|c| c.source).unwrap_or_default();
        self.deploy(Which::A, OPERATOR, Code::Text(source.to_owned()), Vec::new(), Money::ZERO)
    }

    /// Deploys a contract; its id.
    ///
    /// # Errors
    /// When it does not get there.
    pub fn deploy(
        &mut self,
        which: Which,
        account: u32,
        code: Code,
        args: Vec<crate::ledger::contract::Value>,
        attached: Money,
    ) -> Result<ContractId, SetupError> {
        let id = self.derive_contract(which, account);
        let hash = self.send(which, account, Payload::Deploy(Deployment { code, args, attached }));
        self.wait_for(which, &hash, "the deployment", 120)?;
        Ok(id)
    }

    /// The id of what an account deploys with its next transaction.
    #[must_use]
    pub fn derive_contract(&self, which: Which, account: u32) -> ContractId {
        let ledger = self.get(which).get_ledger();
        let address = ledger.get_state().get_accounts().get(account as usize).map(|a| a.address).unwrap_or_default();
        ContractId::derive(ledger.get_chain(), &address.0, ledger.get_next_nonce(&address))
    }

    /// Ben's roof on chain B gives energy and has it certified; the certificate.
    ///
    /// # Errors
    /// When it does not get there.
    pub fn issue_certificate(&mut self, energy: Wh) -> Result<CertificateId, SetupError> {
        let reading = |import, export| Payload::MeterReading(MeterReading { slot: 0, import, export });
        let hash = self.send(Which::B, BEN, reading(Wh(0), energy));
        self.wait_for(Which::B, &hash, "the reading", 120)?;
        let hash = self.send(Which::B, GRID, reading(energy, Wh(0)));
        self.wait_for(Which::B, &hash, "the grid's reading", 120)?;
        let hash = self.send(Which::B, BEN, Payload::Certificate(CertificateAction::Issue { hour: 0, energy }));
        self.wait_for(Which::B, &hash, "the issue", 120)?;
        let owned = |c: &&CertificateId| {
            let certificates = self.b.get_ledger().get_state().get_certificates();
            certificates.get_certificate(**c).is_some_and(|c| c.owner == BEN)
        };
        let certificates = self.b.get_ledger().get_state().get_certificates();
        let found = certificates.get_certificates().map(|(id, _)| id).find(owned).copied();
        found.ok_or(SetupError::Step { what: "the issue", status: Status::Done, seconds: 0 })
    }
}
