//! Snapshots of the chain: the height in progress, the last blocks, who said what, the accounts.

use super::World;
use crate::ledger::block::get_proposer;
use crate::ledger::fork::BranchBlock;
use crate::ledger::lab::trace::{Hop, Kind, Stage as NodeStage};
use crate::ledger::mechanism::Mechanism;
use crate::ledger::occurrence::{BlockTrace, MessageTrace};
use crate::ledger::types::Account;
use crate::snapshot::{AccountView, CastView, ChainView, HopView, MessageView, OpenBlockView, Stage, TallyView};
use crate::time::SimTime;

/// Heights whose votes are handed to the picture, the one in progress not counted.
const TALLIES: usize = 12;

impl World {
    pub(super) fn view_chain(&self) -> ChainView {
        let s = &self.state;
        let height = s.ledger.get_height();
        let validators = self.view_validators();
        let mechanism = s.ledger.get_mechanism();
        let tallies = self.view_tallies();
        ChainView {
            height,
            mechanism,
            round: s.ledger.get_round(),
            proposer: self.find_proposer(),
            open: s.ledger.get_open_blocks().iter().map(view_open).collect(),
            confirmations: mechanism.compute_confirmations(validators.len() as u32),
            film: s.ledger.get_film().map(view_hop).collect(),
            waiting: s.ledger.get_pool().get_count() as u32,
            apart: s.ledger.count_apart() as u32,
            stalled: s.ledger.is_stalled(),
            voting: validators.iter().filter(|v| v.is_heard()).count() as u32,
            transactions: s.posting.transactions,
            blocks: s.posting.blocks.iter().cloned().collect(),
            votes: s.posting.votes.iter().copied().collect(),
            messages: self.view_messages(&tallies),
            tallies,
            power: s.ledger.get_genesis().validators.iter().map(|v| v.power).collect(),
            findings: s.watch.get_findings().cloned().collect(),
            risks: self.risks(),
            accounts: s.ledger.get_state().get_accounts().iter().map(view_account).collect(),
            contracts: self.view_contracts(),
            certificates: self.view_certificates(),
            oversight: self.view_oversight(),
        }
    }

    /// Whose turn it is.
    fn find_proposer(&self) -> u32 {
        let ledger = &self.state.ledger;
        let validators = self.scene.validator_bus.len();
        let height = ledger.get_height() + 1;
        match ledger.get_mechanism() {
            Mechanism::Tendermint | Mechanism::Pbft => get_proposer(height, ledger.get_round(), validators),
            Mechanism::Raft => (0..)
                .take(validators)
                .filter_map(|v| ledger.get_standing(v).map(|(stage, _, term)| (stage, term, v)))
                .filter(|(stage, ..)| *stage == NodeStage::Leading)
                .max_by_key(|(_, term, _)| *term)
                .map_or(0, |(.., v)| v),
            Mechanism::Clique => {
                let top = (0..).take(validators).filter_map(|v| ledger.get_standing(v)).map(|(_, next, _)| next).max();
                get_proposer(top.unwrap_or(height), 0, validators)
            }
            Mechanism::Work => ledger.get_open_blocks().last().map_or(0, |block| block.header.proposer),
        }
    }

    /// The votes that arrived lately, each with whether it is for nothing, and the proposals of the last two heights,
    /// which go to everybody.
    fn view_messages(&self, tallies: &[TallyView]) -> Vec<MessageView> {
        let casts = |from: u32, stage: Stage| {
            let all = tallies.iter().rev().take(2).flat_map(|t| &t.casts);
            all.filter(move |c| c.validator == from && c.stage == stage)
        };
        let everybody = (0..).take(self.scene.validator_bus.len());
        let proposals = everybody.clone().flat_map(|from| casts(from, Stage::Proposal)).filter(|c| !c.held);
        let mut messages: Vec<MessageView> = proposals
            .flat_map(|c| {
                let message = MessageView { from: c.validator, sent: c.time, ..MessageView::default() };
                everybody.clone().filter(|to| *to != c.validator).map(move |to| MessageView { to, ..message })
            })
            .collect();
        messages.extend(self.state.posting.votes.iter().map(|v| {
            let stage = if v.precommit { Stage::Precommit } else { Stage::Prevote };
            // What comes late was cast earlier than it was sent.
            let cast = casts(v.from, stage).filter(|c| c.time <= v.sent).max_by_key(|c| c.time);
            MessageView { from: v.from, to: v.to, stage, nil: cast.is_some_and(|c| c.nil), sent: v.sent }
        }));
        messages
    }

    /// The last heights and the one in progress.
    fn view_tallies(&self) -> Vec<TallyView> {
        let (ledger, validators) = (&self.state.ledger, self.scene.validator_bus.len());
        let recent = ledger.get_recent();
        let skipped = recent.len().saturating_sub(TALLIES);
        let mut tallies: Vec<TallyView> =
            recent.skip(skipped).map(|b| tally_block(b, validators, ledger.get_mechanism())).collect();
        let height = ledger.get_height() + 1;
        let casts: Vec<CastView> =
            ledger.get_messages().filter(|m| m.height == height).filter_map(view_message).collect();
        let round = casts.iter().map(|c| c.round).max().unwrap_or(0).max(ledger.get_round());
        let proposers = list_proposers(&casts, height, round, validators, ledger.get_mechanism());
        tallies.push(TallyView { height, committed: None, round, proposers, casts });
        tallies
    }
}

/// Who proposes in each round: by turns, and of leaders who did.
fn list_proposers(casts: &[CastView], height: u64, round: u32, validators: usize, mechanism: Mechanism) -> Vec<u32> {
    // Terms count over all heights: the last one stands for the height.
    let rounds = if mechanism == Mechanism::Raft { round..=round } else { 0..=round };
    let said = |r: u32| casts.iter().find(|c| c.round == r && c.stage == Stage::Proposal).map(|c| c.validator);
    rounds.map(|r| said(r).unwrap_or_else(|| get_proposer(height, r, validators))).collect()
}

/// A height that is decided.
fn tally_block(block: &BlockTrace, validators: usize, mechanism: Mechanism) -> TallyView {
    let height = block.header.height;
    let casts: Vec<CastView> = block.casts.iter().filter_map(view_message).collect();
    let round = casts.iter().map(|c| c.round).max().unwrap_or(block.header.round);
    let proposers = list_proposers(&casts, height, round, validators, mechanism);
    TallyView { height, committed: Some(SimTime(block.committed_us)), round, proposers, casts }
}

/// A message in the terms of the matrix: a block put forward, a first vote, a second vote.
pub(super) fn stage_of(kind: Kind) -> Option<Stage> {
    match kind {
        Kind::Proposal | Kind::PrePrepare | Kind::NewView | Kind::Append | Kind::Block => Some(Stage::Proposal),
        Kind::Prevote | Kind::Prepare => Some(Stage::Prevote),
        Kind::Precommit | Kind::Commit | Kind::Appended => Some(Stage::Precommit),
        _ => None,
    }
}

fn view_message(m: &MessageTrace) -> Option<CastView> {
    let stage = stage_of(m.kind)?;
    let (time, held) = (SimTime(m.time_us), !m.is_sent);
    let nil = m.is_nil && stage != Stage::Proposal;
    Some(CastView { validator: m.validator, round: m.round, stage, nil, time, held })
}

fn view_hop(hop: &Hop) -> HopView {
    let Hop { from, to, kind, height, round, bytes, .. } = *hop;
    let (sent, arrives) = (SimTime(hop.time_us), SimTime(hop.arrives_us));
    HopView { sent, arrives, from, to, kind, height, round, nil: hop.value.is_none(), bytes }
}

fn view_open(block: &BranchBlock) -> OpenBlockView {
    let short = |hash: &crate::digest::Hash| crate::digest::hex(&hash[..8]);
    OpenBlockView {
        height: block.header.height,
        hash: short(&block.hash),
        previous: short(&block.header.previous),
        author: block.header.proposer,
        difficulty: block.header.difficulty,
        time: SimTime(block.header.time_us),
        transactions: block.transactions,
        holders: block.holders.clone(),
        confirmations: block.confirmations,
    }
}

fn view_account(account: &Account) -> AccountView {
    AccountView {
        money: account.balance.0,
        nonce: account.nonce,
        imported_wh: account.imported.0,
        exported_wh: account.exported.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Command;
    use crate::recorder::Recorder;
    use crate::time::MINUTE_US;
    use crate::world::NoProbe;
    use std::sync::Arc;

    /// A block that was decided has its proposal and enough votes; with three of seven dark nobody can decide, and what
    /// the four others say is seen.
    #[test]
    fn the_tally_shows_who_spoke_at_a_decided_height_and_at_one_that_waits() {
        let scene = crate::scene::parse(include_str!("../../../scenes/commons-2050.ron")).expect("the default scene");
        let start = scene.start;
        let mut world = World::new(Arc::new(scene), 1).expect("a world");
        let mut recorder = Recorder::default();
        world.begin(&mut recorder);
        let mut run_to = |world: &mut World, minutes: u64| {
            let end = SimTime(start.0 + minutes * MINUTE_US);
            while world.now() < end {
                world.step_until(end, &mut recorder, &mut NoProbe);
            }
        };
        run_to(&mut world, 3);
        let chain = world.snapshot().chain;
        let [.., decided, open] = &chain.tallies[..] else { panic!("{:?}", chain.tallies) };
        assert_eq!((decided.height, open.height, open.committed), (chain.height, chain.height + 1, None));
        let count = |t: &TallyView, stage| t.casts.iter().filter(|c| c.stage == stage && !c.nil && !c.held).count();
        assert_eq!(count(decided, Stage::Proposal), 1);
        assert!(count(decided, Stage::Prevote) >= 5 && count(decided, Stage::Precommit) >= 5, "{decided:?}");
        assert!(chain.messages.iter().any(|m| m.stage == Stage::Proposal) && !chain.messages.iter().any(|m| m.nil));
        assert_eq!(chain.power, [1; 7]);
        for element in ["validator-clinic", "validator-school", "validator-workshop"] {
            world.give(Command::Fail { element: element.into() });
        }
        run_to(&mut world, 6);
        let chain = world.snapshot().chain;
        let open = chain.tallies.last().expect("a height in progress");
        let speakers: std::collections::BTreeSet<u32> = open.casts.iter().map(|c| c.validator).collect();
        assert!(chain.stalled && (1..=4).contains(&speakers.len()), "{speakers:?}");
        assert!(count(open, Stage::Precommit) < 5 && open.committed.is_none());
    }
}
