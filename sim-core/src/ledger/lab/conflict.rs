//! Two decisions for one height, message by message: what the [explorer](crate::ledger::consensus::explore) finds with
//! more liars than a mechanism bears, for the picture.
//!
//! Of four validators two lie, which is more than the third that Tendermint and PBFT bear; Raft bears no liar at all, so
//! there one does. The search finds the shortest run in which two honest validators decide for different blocks. That run
//! is played here on new machines, which forget nothing and are told one message at a time, and noted as a [`Trace`].
//! What a step of the run hears at once comes in no order of its own: whoever brings a block is heard first.
//!
//! The network of the search has no clock (a message may take any time or never arrive), so each message that is heard
//! has one [`STEP_US`] of the film; nothing of its times and bytes is measured. Validated by `tests/conflict.rs`.

use super::trace::{Cast, Hop, Kind, Made, Stage, Standing, Trace};
use crate::digest::Hash;
use crate::ledger::block::VoteKind;
use crate::ledger::consensus::explore::{
    Event, Explorer, Outcome, Pbft, PbftContent, PbftMessage, Protocol, Raft, RaftMessage, Run, Tendermint,
    TendermintMessage, to_hash,
};
use crate::ledger::consensus::raft;
use crate::ledger::mechanism::Mechanism;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Validators; number 1 is the first to bring a block.
pub const NODES: u32 = 4;
/// Time of the film for a message.
pub const STEP_US: u64 = 100_000;
/// Part of it in which nothing travels, so that messages are seen one by one.
const PAUSE_US: u64 = 20_000;
/// Distinct states after which the search gives up; it needs fewer than a thousand.
const MOST_STATES: usize = 100_000;
/// The height that is decided twice.
const HEIGHT: u64 = 1;
/// Terms of Raft that are looked at.
const LAST_TERM: u32 = 1;

/// A message that is heard, and what follows from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beat {
    /// The message.
    pub hop: Hop,
    /// The block that it is for, if for any.
    pub value: Option<char>,
    /// If its author has said the same of another block: to whom, and of which.
    pub otherwise: Option<(u32, char)>,
    /// How many have now said it to the one who hears it, itself counted.
    pub counted: u32,
    /// What that one says then.
    pub says: Vec<(Kind, Option<char>)>,
    /// What it decides.
    pub decides: Option<char>,
}

/// A run that ends in two decisions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    /// The mechanism.
    pub mechanism: Mechanism,
    /// Those who lie.
    pub liars: Vec<u32>,
    /// Distinct states that the search knew when it found the run.
    pub states: usize,
    /// What is heard, in order.
    pub beats: Vec<Beat>,
    /// The same for the picture, with votes and where validators stand.
    pub trace: Trace,
    /// The end of the film.
    pub until_us: u64,
}

impl Conflict {
    /// Who decides for what, in order.
    pub fn get_decisions(&self) -> impl Iterator<Item = (u32, char)> {
        self.beats.iter().filter_map(|beat| Some((beat.hop.to, beat.decides?)))
    }
    /// The letter of a block.
    #[must_use]
    pub fn get_letter(&self, value: &Hash) -> Option<char> {
        let said = self.beats.iter().filter_map(|beat| beat.value);
        said.into_iter().find(|letter| to_hash(*letter) == *value)
    }
    /// Blocks for which a validator has said this in a round up to a time.
    #[must_use]
    pub fn get_values(&self, node: u32, kind: Kind, round: u32, time_us: u64) -> BTreeSet<char> {
        let casts = self.trace.get_casts(HEIGHT, round, time_us);
        let is_it = |cast: &&Cast| cast.node == node && counts_as(cast.kind, kind);
        casts.filter(is_it).filter_map(|cast| self.get_letter(cast.value.as_ref()?)).collect()
    }
    /// How often a liar said two things where one is allowed.
    #[must_use]
    pub fn count_double(&self) -> usize {
        let double = self.beats.iter().filter(|beat| beat.otherwise.is_some());
        double.map(|beat| (beat.hop.author, beat.hop.kind, beat.hop.round)).collect::<BTreeSet<_>>().len()
    }
}

/// Searches for a run with two decisions: with two liars of four, for Raft with one. Nothing where nobody decides.
#[must_use]
pub fn find(mechanism: Mechanism) -> Option<Conflict> {
    match mechanism {
        Mechanism::Tendermint => {
            search::<_, 1>(mechanism, Tendermint::new(NODES, vec![1, 3]), |message| match message {
                TendermintMessage::Proposal { .. } => Kind::Proposal,
                TendermintMessage::Vote { kind: VoteKind::Prevote, .. } => Kind::Prevote,
                TendermintMessage::Vote { kind: VoteKind::Precommit, .. } => Kind::Precommit,
            })
        }
        Mechanism::Pbft => {
            let kind = |message: &PbftMessage| match message.content {
                PbftContent::PrePrepare(_) => Kind::PrePrepare,
                PbftContent::Prepare(_) => Kind::Prepare,
                PbftContent::Commit(_) => Kind::Commit,
                PbftContent::ViewChange(_) => Kind::ViewChange,
                PbftContent::NewView { .. } => Kind::NewView,
            };
            search::<_, 1>(mechanism, Pbft::new(NODES, vec![1, 3]), kind)
        }
        Mechanism::Raft => {
            let kind = |message: &RaftMessage| match &message.content {
                raft::Message::RequestVote { .. } => Kind::RequestVote,
                raft::Message::Vote { .. } => Kind::Vote,
                raft::Message::Append { entries, .. } if entries.is_empty() => Kind::Heartbeat,
                raft::Message::Append { .. } => Kind::Append,
                raft::Message::Appended { .. } => Kind::Appended,
            };
            search::<_, 16>(mechanism, Raft::new(NODES, vec![1], LAST_TERM), kind)
        }
        Mechanism::Clique | Mechanism::Work => None,
    }
}

fn search<P: Protocol + Clone, const W: usize>(
    mechanism: Mechanism,
    protocol: P,
    get_kind: fn(&P::Message) -> Kind,
) -> Option<Conflict> {
    let report = Explorer::<P, W>::new(protocol.clone()).search(MOST_STATES);
    let run = report.conflict?;
    let conflict = Player::new(mechanism, &protocol, get_kind, report.states).play(&run);
    // The order in which single messages are heard must not matter for what is decided.
    let decided: BTreeSet<char> = conflict.get_decisions().map(|(_, value)| value).collect();
    (decided == run.get_decisions()).then_some(conflict)
}

/// Plays a run on machines that are told one message at a time.
struct Player<'a, P: Protocol> {
    protocol: &'a P,
    get_kind: fn(&P::Message) -> Kind,
    machines: BTreeMap<u32, P::Machine>,
    told: BTreeSet<(u32, P::Message)>,
    now_us: u64,
    conflict: Conflict,
}

impl<'a, P: Protocol> Player<'a, P> {
    fn new(mechanism: Mechanism, protocol: &'a P, get_kind: fn(&P::Message) -> Kind, states: usize) -> Self {
        let liars = protocol.get_byzantine().to_vec();
        let (beats, trace) = (Vec::new(), Trace::default());
        let conflict = Conflict { mechanism, liars, states, beats, trace, until_us: STEP_US };
        let machines = (0..protocol.get_validators()).map(|i| (i, protocol.create(i))).collect();
        let mut player = Self { protocol, get_kind, machines, told: BTreeSet::new(), now_us: 0, conflict };
        for node in 0..protocol.get_validators() {
            player.note_standing(node, Stage::Proposing, None);
        }
        player
    }

    fn play(mut self, run: &Run<P::Message>) -> Conflict {
        for step in &run.steps {
            let Event::Hear(heard) = &step.event else {
                let outcome = self.tell(step.validator, &step.event);
                self.note(step.validator, &outcome);
                continue;
            };
            let (first, then): (Vec<_>, Vec<_>) = heard.iter().partition(|m| brings((self.get_kind)(m)));
            first.into_iter().chain(then).for_each(|message| self.hear(step.validator, message));
        }
        self.conflict.until_us = self.now_us + STEP_US;
        self.conflict
    }

    fn tell(&mut self, node: u32, event: &Event<P::Message>) -> Outcome<P::Message> {
        self.machines.get_mut(&node).map_or_else(Outcome::default, |m| self.protocol.process(m, event))
    }

    /// One message; what was heard before is not sent again.
    fn hear(&mut self, to: u32, message: &P::Message) {
        if !self.told.insert((to, message.clone())) {
            return;
        }
        let (saying, kind) = (self.protocol.describe(message), (self.get_kind)(message));
        let (from, round, value) = (saying.from, saying.round, saying.value);
        let time_us = self.now_us + PAUSE_US;
        self.note_said(from, time_us, message);
        self.now_us += STEP_US;
        let hop = Hop {
            time_us,
            arrives_us: self.now_us,
            from,
            to,
            author: from,
            kind,
            height: HEIGHT,
            round,
            value: value.map(to_hash),
            bytes: 0,
        };
        let is_twin = |b: &&Beat| (b.hop.author, b.hop.kind, b.hop.round) == (from, kind, round) && b.value != value;
        let twin = self.conflict.beats.iter().find(is_twin);
        let otherwise = twin.and_then(|b| Some((b.hop.to, b.value?)));
        let outcome = self.tell(to, &Event::Hear(vec![message.clone()]));
        self.note(to, &outcome);
        let tell = |m: &P::Message| ((self.get_kind)(m), self.protocol.describe(m).value);
        let says = outcome.says.iter().map(tell).collect();
        self.conflict.trace.hops.push(hop);
        let counted = self.count(&hop);
        self.conflict.beats.push(Beat { hop, value, otherwise, counted, says, decides: outcome.decides });
    }

    /// How many have said to the one who hears a message what it says, itself counted.
    fn count(&self, heard: &Hop) -> u32 {
        let is_same = |kind, round, value| counts_as(kind, heard.kind) && (round, value) == (heard.round, heard.value);
        let hops = self.conflict.trace.hops.iter().filter(|h| h.to == heard.to && is_same(h.kind, h.round, h.value));
        let own = self.conflict.trace.casts.iter().filter(|c| c.node == heard.to && is_same(c.kind, c.round, c.value));
        let who: BTreeSet<u32> = hops.map(|h| h.author).chain(own.map(|c| c.node)).collect();
        u32::try_from(who.len()).unwrap_or(u32::MAX)
    }

    /// What a machine says and decides.
    fn note(&mut self, node: u32, outcome: &Outcome<P::Message>) {
        for message in &outcome.says {
            self.note_said(node, self.now_us, message);
            self.note_standing(node, get_stage((self.get_kind)(message)), None);
        }
        if let Some(value) = outcome.decides {
            self.note_standing(node, Stage::Idle, Some(value));
        }
    }

    fn note_said(&mut self, node: u32, time_us: u64, message: &P::Message) {
        let (saying, kind) = (self.protocol.describe(message), (self.get_kind)(message));
        let value = saying.value.map(to_hash);
        let cast = Cast { time_us, node, kind, height: HEIGHT, round: saying.round, value };
        let trace = &mut self.conflict.trace;
        if !trace.casts.iter().any(|c| Cast { time_us, ..*c } == cast) {
            trace.casts.push(cast);
        }
        if let Some(hash) = value.filter(|hash| brings(kind) && trace.blocks.iter().all(|b| b.hash != *hash)) {
            trace.blocks.push(Made { hash, parent: Hash::default(), height: HEIGHT, author: node, time_us });
        }
    }

    fn note_standing(&mut self, node: u32, stage: Stage, decided: Option<char>) {
        let (height, head) = (HEIGHT + u64::from(decided.is_some()), decided.map(to_hash).unwrap_or_default());
        let standing = Standing { time_us: self.now_us, node, stage, height, round: 0, head };
        self.conflict.trace.standings.push(standing);
    }
}

/// Whether messages of this kind bring a block.
fn brings(kind: Kind) -> bool {
    matches!(kind, Kind::Proposal | Kind::PrePrepare | Kind::Append)
}

/// Whether what was said counts as the step; in PBFT the primary's pre-prepare is its prepare.
fn counts_as(said: Kind, step: Kind) -> bool {
    said == step || (said, step) == (Kind::PrePrepare, Kind::Prepare)
}

/// What somebody does who has just said this.
fn get_stage(kind: Kind) -> Stage {
    match kind {
        Kind::Prevote | Kind::Prepare => Stage::Voting,
        Kind::Precommit | Kind::Commit => Stage::Committing,
        Kind::ViewChange | Kind::RequestVote => Stage::Electing,
        Kind::Append | Kind::Heartbeat => Stage::Leading,
        _ => Stage::Proposing,
    }
}
