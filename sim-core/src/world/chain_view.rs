//! Snapshots of the chain: the height in progress, the last blocks, who said what, the accounts.

use super::World;
use crate::ledger::block::{VoteKind, get_proposer};
use crate::ledger::consensus::tendermint::Step;
use crate::ledger::occurrence::{BlockTrace, MessageTrace};
use crate::ledger::types::Account;
use crate::snapshot::{AccountView, CastView, ChainView, MessageView, Stage, TallyView};
use crate::time::SimTime;

/// Heights whose votes are handed to the picture, the one in progress not counted.
const TALLIES: usize = 12;

impl World {
    pub(super) fn view_chain(&self) -> ChainView {
        let s = &self.state;
        let height = s.ledger.get_height();
        let round = s.ledger.get_round();
        let validators = self.view_validators();
        let tallies = self.view_tallies();
        ChainView {
            height,
            round,
            proposer: get_proposer(height + 1, round, validators.len()),
            waiting: s.ledger.get_pool().get_count() as u32,
            stalled: s.ledger.is_stalled(),
            voting: validators.iter().filter(|v| v.powered && v.connected).count() as u32,
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
        let mut tallies: Vec<TallyView> = recent.skip(skipped).map(|b| tally_block(b, validators)).collect();
        let height = ledger.get_height() + 1;
        let casts: Vec<CastView> = ledger.get_messages().iter().map(view_message).collect();
        let round = casts.iter().map(|c| c.round).max().unwrap_or(0).max(ledger.get_round());
        let proposers = (0..=round).map(|r| get_proposer(height, r, validators)).collect();
        tallies.push(TallyView { height, committed: None, round, proposers, casts });
        tallies
    }
}

/// A height that is decided. Of its proposals the ledger keeps no trace: a round has one where somebody voted for a
/// block.
fn tally_block(block: &BlockTrace, validators: usize) -> TallyView {
    let height = block.header.height;
    let round = block.votes.iter().map(|v| v.round).max().unwrap_or(block.header.round);
    let proposers: Vec<u32> = (0..=round).map(|r| get_proposer(height, r, validators)).collect();
    let mut casts = Vec::with_capacity(block.votes.len() + proposers.len());
    for (r, proposer) in (0..).zip(&proposers) {
        let first = block.votes.iter().filter(|v| v.round == r && !v.is_nil).map(|v| v.time_us).min();
        let time = if r == block.header.round { Some(block.header.time_us) } else { first };
        casts.extend(time.map(|t| CastView {
            validator: *proposer,
            round: r,
            time: SimTime(t),
            ..CastView::default()
        }));
    }
    casts.extend(block.votes.iter().map(|v| CastView {
        validator: v.validator,
        round: v.round,
        stage: if v.kind == VoteKind::Prevote { Stage::Prevote } else { Stage::Precommit },
        nil: v.is_nil,
        time: SimTime(v.time_us),
        held: false,
    }));
    TallyView { height, committed: Some(SimTime(block.committed_us)), round, proposers, casts }
}

fn view_message(m: &MessageTrace) -> CastView {
    let stage = match m.step {
        Step::Propose => Stage::Proposal,
        Step::Prevote => Stage::Prevote,
        Step::Precommit => Stage::Precommit,
    };
    let (time, held) = (SimTime(m.time_us), !m.is_sent);
    CastView { validator: m.validator, round: m.round, stage, nil: m.is_nil, time, held }
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
