//! Proof of an account's state, or that there is no such account, checked with a block's header alone.
//!
//! As a [transaction's proof](super::proof) it holds the genesis, the header and the commit; beside them the path of the
//! [state tree](super::state_tree) from the account's place to the header's `state_root`. Who checks it compares the
//! chain's hash with one from elsewhere, and the height with the latest he knows: it shows how things stood there.

use super::audit::Auditor;
use super::block::{Commit, Header};
use super::chain_file::BlockLine;
use super::crypto::{Address, compute_hash, encode};
use super::genesis::Genesis;
use super::json::{Canonical, Fault, Reader, record, write_line};
use super::proof::{ProofError, Sealed, check_final};
use super::state::Key;
use super::state_tree::Path;
use super::types::Account;
use crate::digest::{Hash, hex};

/// What every proof of this kind begins with.
pub const START: &[u8] = b"{\"state_format\":";
/// Version of the proof file.
const STATE_FORMAT: u32 = 2;

struct Other {
    key: Hash,
    value: Hash,
}
record!(Other { key, value });
record!(Account { address, name, role, balance, nonce, imported, exported, reading });

struct StateProofFile {
    state_format: u32,
    chain: Hash,
    genesis: Genesis,
    block: Hash,
    header: Header,
    commit: Commit,
    address: Address,
    account: Option<Account>,
    siblings: Vec<Hash>,
    other: Option<Other>,
}
record!(StateProofFile { state_format, chain, genesis, block, header, commit, address, account, siblings, other });

/// What a valid proof shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownState {
    /// The chain: hash of its genesis.
    pub chain: Hash,
    /// The block's hash.
    pub block: Hash,
    /// The block's height.
    pub height: u64,
    /// What makes it final.
    pub sealed: Sealed,
    /// Whose state.
    pub address: Address,
    /// The account after that block; `None` where the chain has no such account.
    pub account: Option<Account>,
}

/// Which account is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// By its name in the genesis.
    Name(String),
    /// By its address, which need not be there.
    Address(Address),
}

/// Checks the whole chain, then writes the proof of an account's state after its last block as one line of JSON.
///
/// # Errors
/// When the chain is invalid, has no block, or no account of that name.
pub fn prove_account<L: AsRef<[u8]>>(
    lines: impl IntoIterator<Item = L>,
    wanted: &Wanted,
) -> Result<String, ProofError> {
    let (mut auditor, mut last) = (Auditor::default(), None);
    for line in lines {
        auditor.process_line(line.as_ref())?;
        last = Some(line);
    }
    let invalid = |field, reason: String| ProofError::Invalid { field, reason };
    let height = auditor.get_report().height;
    let Some((line, (genesis, state))) = last.filter(|_| height > 0).zip(auditor.get_state_mut()) else {
        return Err(invalid("chain", "it has no block that could carry a state".to_owned()));
    };
    let BlockLine { hash: block, header, commit, .. } =
        Reader::read_all(line.as_ref()).map_err(|f| invalid("chain", format!("column {}: {}", f.column, f.reason)))?;
    let address = match wanted {
        Wanted::Address(address) => *address,
        Wanted::Name(name) => {
            let found = state.get_accounts().iter().find(|a| a.name == *name);
            let names = || state.get_accounts().iter().take(8).map(|a| a.name.as_str()).collect::<Vec<_>>().join(", ");
            found
                .ok_or_else(|| invalid("account", format!("no account is named `{name}`; there are {}, ...", names())))?
                .address
        }
    };
    let account = state.get_index(&address).map(|i| state.get_accounts()[i as usize].clone());
    let Path { siblings, end } = state.prove(&Key::Account(address));
    let other = end.filter(|_| account.is_none()).map(|(key, value)| Other { key, value });
    Ok(write_line(&StateProofFile {
        state_format: STATE_FORMAT,
        chain: genesis.compute_hash(),
        genesis: genesis.clone(),
        block,
        header,
        commit,
        address,
        account,
        siblings,
        other,
    }))
}

/// Checks a proof with nothing else.
///
/// # Errors
/// The first part that does not hold.
pub fn check_state_proof(text: &[u8]) -> Result<ShownState, ProofError> {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let p: StateProofFile = Reader::read_all(text)?;
    let check = |holds: bool, field: &'static str, reason: &str| {
        if holds { Ok(()) } else { Err(ProofError::Invalid { field, reason: reason.to_owned() }) }
    };
    let is_known = p.state_format == STATE_FORMAT;
    check(is_known, "state_format", "not the format 2 of this program: have it made anew from the chain")?;
    check_final(&p.genesis, &p.chain, (&p.header, &p.block), &p.commit)?;
    let named = p.account.as_ref().is_none_or(|a| a.address == p.address);
    check(named, "account.address", "not the address that the proof is about")?;
    check(p.account.is_none() || p.other.is_none(), "other", "an account that is there stands at its place alone")?;
    let key = Key::Account(p.address).compute_hash();
    let value = p.account.as_ref().map(|account| compute_hash(&encode("account", account)));
    let end = value.map(|value| (key, value)).or(p.other.map(|o| (o.key, o.value)));
    let shown = Path { siblings: p.siblings, end }.get_shown(&key, &p.header.state_root);
    check(shown == Some(value), "siblings", "do not lead from the account's place to the header's state_root")?;
    Ok(ShownState {
        chain: p.chain,
        block: p.block,
        height: p.header.height,
        sealed: Sealed::of(&p.commit),
        address: p.address,
        account: p.account,
    })
}

impl std::fmt::Display for ShownState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let at = format!("block {} ({}), {}", self.height, hex(&self.block), self.sealed);
        let Some(a) = &self.account else {
            return write!(f, "the chain has no account {} after {at}", hex(&self.address.0));
        };
        write!(
            f,
            "account `{}` has a balance of {} millionths, {} Wh taken, {} Wh given and {} transactions after {at}",
            a.name, a.balance.0, a.imported.0, a.exported.0, a.nonce
        )
    }
}
