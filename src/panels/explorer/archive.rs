//! The chain as the explorer reads it: blocks by height, what has a fingerprint, what an account has sent.
//!
//! A block is read from its line once and kept while it is of interest; lines are only looked through when asked.

use super::Page;
use crate::panels::data::PanelData;
use sim_core::digest::{Hash, hex};
use sim_core::ledger::genesis::Genesis;
use sim_core::ledger::inspect::{OpenBlock, read_block, read_genesis};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Blocks that are kept.
const KEPT: usize = 24;
/// Transactions of an account that are listed.
const LISTED: usize = 40;
/// Blocks that are looked through for them, newest first: about three hours of trading.
const LOOKED: usize = 1_200;

/// What has been read.
#[derive(Default)]
pub(crate) struct Archive {
    genesis: Option<Arc<(Hash, Genesis)>>,
    blocks: BTreeMap<u64, Arc<OpenBlock>>,
    sent: Option<Sent>,
}

/// What an account has sent, newest first.
struct Sent {
    account: usize,
    /// Height up to which it is known.
    height: u64,
    places: Vec<(u64, usize)>,
}

/// Height of the newest block; 0 is the genesis alone.
pub(crate) fn height(data: &PanelData<'_>) -> u64 {
    data.past.chain().len().saturating_sub(1) as u64
}

impl Archive {
    /// The chain's name in signatures, and the genesis.
    pub(crate) fn genesis(&mut self, data: &PanelData<'_>) -> Option<Arc<(Hash, Genesis)>> {
        if self.genesis.is_none() {
            self.genesis = data.past.chain().first().and_then(|line| read_genesis(line).ok()).map(Arc::new);
        }
        self.genesis.clone()
    }

    /// The block of a height.
    pub(crate) fn block(&mut self, data: &PanelData<'_>, height: u64) -> Option<Arc<OpenBlock>> {
        if height == 0 {
            return None;
        }
        if let Some(block) = self.blocks.get(&height) {
            return Some(block.clone());
        }
        let line = data.past.chain().get(usize::try_from(height).ok()?)?;
        let block = Arc::new(read_block(line).ok()?);
        if self.blocks.len() >= KEPT {
            self.blocks.clear();
        }
        self.blocks.insert(height, block.clone());
        Some(block)
    }

    /// A block or transaction whose fingerprint begins so, the newest first.
    pub(super) fn search_hash(&mut self, data: &PanelData<'_>, digits: &str) -> Option<Page> {
        let wanted = format!("{{\"hash\":\"{digits}");
        let lines = data.past.chain().iter().enumerate().skip(1).rev();
        let (height, at) = lines.filter_map(|(h, line)| Some((h as u64, line.find(&wanted)?))).next()?;
        if at == 0 {
            return Some(Page::Block(Some(height)));
        }
        let block = self.block(data, height)?;
        let index = block.transactions.iter().position(|(hash, _)| hex(hash).starts_with(digits))?;
        Some(Page::Transaction(height, index))
    }

    /// Where the last transactions of an account stand, newest first: (height, place in the block).
    pub(crate) fn sent(&mut self, data: &PanelData<'_>, account: usize) -> Vec<(u64, usize)> {
        let newest = height(data);
        let Some(genesis) = self.genesis(data) else { return Vec::new() };
        let Some(key) = genesis.1.accounts.get(account).map(|a| a.key) else { return Vec::new() };
        let known = self.sent.take().filter(|s| s.account == account && s.height <= newest);
        let (from, old) = known.map_or((0, Vec::new()), |s| (s.height, s.places));
        let wanted = format!("\"sender\":\"{}\"", hex(&key.0));
        let mut places = Vec::new();
        let lines = data.past.chain().iter().enumerate().skip(1).rev().take(LOOKED);
        for (h, line) in lines.take_while(|(h, _)| *h as u64 > from) {
            if places.len() >= LISTED {
                break;
            }
            if line.contains(&wanted)
                && let Ok(block) = read_block(line)
            {
                let mine = block.transactions.iter().enumerate().filter(|(_, (_, tx))| tx.sender == key);
                places.extend(mine.map(|(i, _)| (h as u64, i)).rev());
            }
        }
        places.extend(old);
        places.truncate(LISTED);
        self.sent = Some(Sent { account, height: newest, places: places.clone() });
        places
    }
}
