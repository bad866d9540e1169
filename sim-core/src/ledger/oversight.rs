//! What the regulator puts on the chain: who is kept out of the market, and what the books of a stretch of blocks come to.
//!
//! A compliance report is arithmetic over blocks: trades and their prices, settled energy and what was off plan, proven
//! offences, interventions. [`Tally`] does it block by block, the regulator's and the auditor's the same, so that
//! `chain verify` names a report whose figures do not follow from the blocks. What it says of doubts is the regulator's
//! own and cannot be derived from the chain: it is signed, not proven.
//!
//! Times of the rules: a suspension names the first slot it holds for, and a cap holds for the slots that have no trade on
//! the chain yet, so neither can hit a trade that was made before it.

use super::certificate::CertificateEvent;
use super::receipt::{Notice, Receipt};
use super::types::{Payload, SignedTransaction};
use crate::quantity::{Price, Wh};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Why an account is kept out of the market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Ground {
    /// Its meter is in doubt.
    Meter,
    /// It has tried to move the price.
    Price,
    /// The network is at risk.
    Safety,
    /// It has not paid.
    Debt,
}

impl Ground {
    /// All.
    pub const ALL: [Self; 4] = [Self::Meter, Self::Price, Self::Safety, Self::Debt];
}

/// An account may not order or trade from a slot on. What it takes from the network is billed as an imbalance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspension {
    /// Whose access ends.
    pub account: u32,
    /// First slot.
    pub slot: u32,
    /// Why.
    pub ground: Ground,
}

/// It may again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reinstatement {
    /// Whose access is back.
    pub account: u32,
    /// First slot that it may trade in.
    pub slot: u32,
}

/// What the blocks of a stretch come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Trades.
    pub trades: u32,
    /// Energy sold in them.
    pub volume: Wh,
    /// Lowest price of a trade.
    pub lowest: Option<Price>,
    /// Highest price of a trade.
    pub highest: Option<Price>,
    /// Settled slots.
    pub settled: u32,
    /// Metered export in them.
    pub energy: Wh,
    /// Delivered other than traded, without sign, over all accounts but the grid's and the losses'.
    pub imbalance: Wh,
    /// Energy that certificates were issued for.
    pub issued: Wh,
    /// Energy whose certificates were used up.
    pub claimed: Wh,
    /// Caps that were set.
    pub caps: u32,
    /// Accounts that were suspended.
    pub suspended: u32,
    /// Accounts that were reinstated.
    pub reinstated: u32,
    /// Proofs of validators that voted twice.
    pub offences: u32,
    /// Sealed readings.
    pub sealed: u32,
}

impl Figures {
    /// Those of this stretch and the next together.
    #[must_use]
    pub fn compute_with(self, next: &Self) -> Self {
        let add = |a: Wh, b: Wh| Wh(a.0.saturating_add(b.0));
        let lesser = |a: Option<Price>, b: Option<Price>| a.into_iter().chain(b).min();
        Self {
            trades: self.trades.saturating_add(next.trades),
            volume: add(self.volume, next.volume),
            lowest: lesser(self.lowest, next.lowest),
            highest: self.highest.max(next.highest),
            settled: self.settled.saturating_add(next.settled),
            energy: add(self.energy, next.energy),
            imbalance: add(self.imbalance, next.imbalance),
            issued: add(self.issued, next.issued),
            claimed: add(self.claimed, next.claimed),
            caps: self.caps.saturating_add(next.caps),
            suspended: self.suspended.saturating_add(next.suspended),
            reinstated: self.reinstated.saturating_add(next.reinstated),
            offences: self.offences.saturating_add(next.offences),
            sealed: self.sealed.saturating_add(next.sealed),
        }
    }

    /// Those of one block; `outside` are the accounts of the grid and the losses.
    #[must_use]
    pub fn of(transactions: &[SignedTransaction], receipts: &[Receipt], outside: &[u32]) -> Self {
        let mut f = Self::default();
        for tx in transactions {
            match &tx.payload {
                Payload::Trade(p) => {
                    let sold: i64 = p.fills.iter().map(|fill| fill.quantity.0.max(0)).sum();
                    let trade = Self {
                        trades: 1,
                        volume: Wh(sold),
                        lowest: Some(p.price),
                        highest: Some(p.price),
                        ..Self::default()
                    };
                    f = f.compute_with(&trade);
                }
                Payload::Settlement(p) => {
                    f.settled = f.settled.saturating_add(1);
                    f.energy.0 = f.energy.0.saturating_add(p.rows.iter().map(|r| r.export.0).sum());
                    let members = p.rows.iter().filter(|r| !outside.contains(&r.account));
                    let off = members.map(|r| r.imbalance.0.saturating_abs()).fold(0, i64::saturating_add);
                    f.imbalance.0 = f.imbalance.0.saturating_add(off);
                }
                Payload::Cap(_) => f.caps = f.caps.saturating_add(1),
                Payload::Suspend(_) => f.suspended = f.suspended.saturating_add(1),
                Payload::Reinstate(_) => f.reinstated = f.reinstated.saturating_add(1),
                Payload::Equivocation(_) => f.offences = f.offences.saturating_add(1),
                Payload::Sealed(_) => f.sealed = f.sealed.saturating_add(1),
                _ => {}
            }
        }
        for notice in receipts.iter().flat_map(|r| &r.notices) {
            match notice {
                Notice::Certificate(CertificateEvent::Issued { energy, .. }) => {
                    f.issued.0 = f.issued.0.saturating_add(energy.0);
                }
                Notice::Certificate(CertificateEvent::Claimed { energy, .. }) => {
                    f.claimed.0 = f.claimed.0.saturating_add(energy.0);
                }
                _ => {}
            }
        }
        f
    }
}

/// A report of the regulator, in the open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComplianceReport {
    /// Number, from 1.
    pub number: u32,
    /// Height of its first block.
    pub first: u64,
    /// Height of its last.
    pub last: u64,
    /// What its blocks come to.
    pub figures: Figures,
    /// Accounts that are kept out of the market.
    pub out: Vec<u32>,
    /// Accounts whose meter or key is in doubt: the regulator's own finding.
    pub doubted: Vec<u32>,
    /// Validators that are suspected of silence or censorship: the regulator's own finding.
    pub suspected: Vec<u32>,
}

/// Figures of the blocks that no report is about yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    blocks: VecDeque<(u64, Figures)>,
}

impl Tally {
    /// Takes the block of a height; returns the numbers of the reports in it, and whether their figures follow from their
    /// blocks.
    pub fn process_block(
        &mut self,
        height: u64,
        transactions: &[SignedTransaction],
        receipts: &[Receipt],
        outside: &[u32],
    ) -> Vec<(u32, bool)> {
        let mut found = Vec::new();
        for tx in transactions {
            let Payload::Report(report) = &tx.payload else { continue };
            let count = self.blocks.partition_point(|(height, _)| *height <= report.last);
            let expected = self.blocks.drain(..count).fold(Figures::default(), |sum, (_, f)| sum.compute_with(&f));
            found.push((report.number, expected == report.figures));
        }
        self.blocks.push_back((height, Figures::of(transactions, receipts, outside)));
        found
    }
}
