//! What is compared: two mechanisms, so many validators, one trouble. A run takes a moment, so it is made beside the
//! window's thread.

use super::super::job::Job;
use super::film::Film;
use bevy_egui::egui::Context;
use sim_core::ledger::lab::compare::{Comparison, compare};
use sim_core::ledger::lab::conflict::{Conflict, NODES, find};
use sim_core::ledger::lab::outcome::Outcome;
use sim_core::ledger::lab::run::run;
use sim_core::ledger::lab::setup::{Behaviour, Fault, FaultKind, ForkChoice, Load, Mechanism, Setup};
use sim_core::ledger::lab::trace::Stage;

/// When the trouble begins and ends, and the end of the run.
pub(super) const TROUBLE_US: (u64, u64) = (30_000_000, 70_000_000);
const UNTIL_US: u64 = 120_000_000;
/// Two sealers cannot hear each other at first: long enough for each to seal a block.
const APART_US: u64 = 10_000_000;
/// They are three, and the one whose turn the first block is has no power.
const SEALERS: u32 = 3;
const ABSENT: u32 = 1;
/// Time between blocks: the same for both, so that only the mechanism differs.
const PACE_US: u64 = 3_000_000;
/// Grain of the timeline.
const SPAN_US: u64 = 1_000_000;
/// No block for four times their pace is a standstill.
const STALL_US: u64 = 4 * PACE_US;
/// Timeout of a round: half the pace.
const TIMEOUT_US: u64 = 1_500_000;
/// Transactions a second.
const LOAD: f64 = 10.0;
/// Most entries of each list of the trace; 13 validators stay below.
const TRACE: usize = 400_000;
/// Who was cut off for longer than this had to wait for blocks.
const WAITED_US: u64 = 5_000_000;
const SEED: u64 = 1;

/// Numbers of validators to choose from.
pub(super) const SIZES: [u32; 6] = [3, 4, 5, 7, 10, 13];

/// A mechanism, and by which rule Clique chooses among equal branches.
pub(super) type Way = (Mechanism, ForkChoice);

/// Ways to choose from: proof of authority as it was published, and as it was mended.
pub(super) const WAYS: [Way; 6] = [
    (Mechanism::Tendermint, ForkChoice::Eip3436),
    (Mechanism::Pbft, ForkChoice::Eip3436),
    (Mechanism::Raft, ForkChoice::Eip3436),
    (Mechanism::Clique, ForkChoice::FirstSeen),
    (Mechanism::Clique, ForkChoice::Eip3436),
    (Mechanism::Work, ForkChoice::Eip3436),
];

/// What goes wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Nothing.
    None,
    /// The first validator has no power.
    Power,
    /// Some cannot hear the others.
    #[default]
    Cut,
    /// Three in ten packets are lost.
    Loss,
    /// The one that leads tells half of the others something else.
    Liar,
    /// Two of four lie as is worst for the others: a run that was searched for.
    Liars,
    /// Two sealers stand on branches of the same weight.
    Waiting,
}

/// Troubles with their words: to choose from, how a sentence about it begins, what it is.
pub(super) const TROUBLES: [(Trouble, &str, &str, &str); 7] = [
    (Trouble::None, "lab-trouble-none", "lab-then-none", "term-lab-trouble-none"),
    (Trouble::Power, "lab-trouble-power", "lab-then-power", "term-lab-trouble-power"),
    (Trouble::Cut, "lab-trouble-cut", "lab-then-cut", "term-lab-trouble-cut"),
    (Trouble::Loss, "lab-trouble-loss", "lab-then-loss", "term-lab-trouble-loss"),
    (Trouble::Liar, "lab-trouble-liar", "lab-then-liar", "term-lab-trouble-liar"),
    (Trouble::Liars, "lab-trouble-liars", "lab-then-liars", "term-lab-trouble-liars"),
    (Trouble::Waiting, "lab-trouble-waiting", "lab-then-waiting", "term-lab-trouble-waiting"),
];

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Question {
    pub ways: [Way; 2],
    pub nodes: u32,
    pub trouble: Trouble,
}

impl Default for Question {
    fn default() -> Self {
        Self { ways: [WAYS[0], WAYS[5]], nodes: 7, trouble: Trouble::Cut }
    }
}

impl Question {
    /// The same under another trouble, with what that one is about.
    pub(super) fn under(self, trouble: Trouble) -> Self {
        let mut new = Self { trouble, ..self };
        match trouble {
            Trouble::Liars => {
                new.nodes = NODES;
                for i in [0, 1] {
                    let other = new.ways[1 - i];
                    if !Self::is_searched(new.ways[i].0) {
                        new.ways[i] = new.choices().find(|way| *way != other).unwrap_or(WAYS[0]);
                    }
                }
            }
            Trouble::Waiting => (new.nodes, new.ways) = (SEALERS, [WAYS[3], WAYS[4]]),
            _ => {}
        }
        new
    }

    /// Ways that can be chosen: a conflict is searched for where heights are decided.
    pub(super) fn choices(self) -> impl Iterator<Item = Way> {
        WAYS.into_iter().filter(move |way| self.trouble != Trouble::Liars || Self::is_searched(way.0))
    }

    /// Numbers of validators that can be chosen.
    pub(super) fn sizes(self) -> impl Iterator<Item = u32> {
        let is_given = matches!(self.trouble, Trouble::Liars | Trouble::Waiting);
        SIZES.into_iter().filter(move |n| !is_given || *n == self.nodes)
    }

    fn is_searched(mechanism: Mechanism) -> bool {
        !mechanism.has_branches()
    }

    /// How many are on the smaller side of a cut; they are the first.
    pub(super) fn minority(self) -> u32 {
        if self.trouble == Trouble::Waiting { 1 } else { (self.nodes * 3 / 7).max(1) }
    }

    /// From when to when something is wrong.
    pub(super) fn bands(self) -> Vec<(u64, u64)> {
        self.faults().iter().map(|fault| (fault.from_us, fault.to_us)).collect()
    }

    /// How many of the first cannot hear the others at a time, if they cannot.
    pub(super) fn cut(self, now: u64) -> Option<u32> {
        let is_cut = |f: &Fault| matches!(f.kind, FaultKind::Partition(_)) && (f.from_us..f.to_us).contains(&now);
        self.faults().iter().any(is_cut).then(|| self.minority())
    }

    fn faults(self) -> Vec<Fault> {
        let fault = |kind| vec![Fault { from_us: TROUBLE_US.0, to_us: TROUBLE_US.1, kind }];
        let apart = FaultKind::Partition((0..self.minority()).collect());
        match self.trouble {
            Trouble::None | Trouble::Liar | Trouble::Liars => Vec::new(),
            Trouble::Power => fault(FaultKind::Off(0)),
            Trouble::Cut => fault(apart),
            Trouble::Loss => fault(FaultKind::Loss(300)),
            Trouble::Waiting => vec![
                Fault { from_us: 0, to_us: TROUBLE_US.1, kind: FaultKind::Off(ABSENT) },
                Fault { from_us: 0, to_us: APART_US, kind: apart },
            ],
        }
    }

    fn setup(self, liar: Option<u32>) -> Setup {
        let mut behaviours = Vec::new();
        if let Some(liar) = liar {
            behaviours.resize(liar as usize, Behaviour::Honest);
            behaviours.push(Behaviour::Equivocates);
        }
        Setup {
            load: Load::Rate(LOAD),
            interval_us: PACE_US,
            empty_interval_us: PACE_US,
            timeout_us: TIMEOUT_US,
            stall_us: STALL_US,
            until_us: UNTIL_US,
            trace: TRACE,
            faults: self.faults(),
            behaviours,
            seed: SEED,
            ..Setup::new(Mechanism::Tendermint, self.nodes)
        }
    }

    /// Who lies: Raft has one leader for long, and a lie is only told by who leads.
    fn liar(self) -> Option<u32> {
        if self.trouble != Trouble::Liar {
            return None;
        }
        if self.ways.iter().all(|way| way.0 != Mechanism::Raft) {
            return Some(0);
        }
        let setup = Setup { mechanism: Mechanism::Raft, until_us: TROUBLE_US.0, blocks: 2, ..self.setup(None) };
        let trace = run(&setup).ok()?.trace;
        trace.standings.iter().find(|s| s.stage == Stage::Leading).map(|s| s.node).or(Some(0))
    }
}

/// How a side came through.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Facts {
    pub blocks: u64,
    /// Median time from sent in to final, s.
    pub final_s: f64,
    /// Messages a block.
    pub messages: f64,
    /// Blocks that were made and are not on the chain.
    pub lost: u64,
    /// Energy of proof of work, kWh.
    pub energy_kwh: f64,
    /// Longest standstill, s.
    pub stalled_s: f64,
    /// Most blocks that a validator took back at once.
    pub deepest: u64,
    /// A height at which two honest validators hold different blocks as final.
    pub broken: Option<u64>,
    /// Somebody was cut off and caught up later.
    pub waited: bool,
}

/// Where what a side shows comes from.
pub(super) enum Made {
    /// Two minutes of a network.
    Measured(Facts, Box<Outcome>),
    /// A search for two decisions.
    Found(Box<Conflict>),
}

/// What a side has to show.
pub(super) struct Part {
    pub way: Way,
    pub film: Film,
    /// Those who lie.
    pub liars: Vec<u32>,
    pub made: Made,
}

impl Part {
    /// The run with two decisions, if it is one.
    pub(super) fn conflict(&self) -> Option<&Conflict> {
        match &self.made {
            Made::Found(conflict) => Some(conflict),
            Made::Measured(..) => None,
        }
    }
    /// What was measured, if it is that.
    #[cfg(test)]
    fn facts(&self) -> &Facts {
        match &self.made {
            Made::Measured(facts, _) => facts,
            Made::Found(_) => panic!("nothing was measured"),
        }
    }
}

/// The answer.
pub(super) struct Answer {
    pub question: Question,
    pub parts: [Part; 2],
    /// The end of both.
    pub until_us: u64,
}

/// Makes the comparison; `None` where it cannot be made, which no choice in the sheet leads to.
pub(super) fn answer(question: Question) -> Option<Answer> {
    if question.trouble == Trouble::Liars {
        let [left, right] = question.ways.map(search);
        let parts = [left?, right?];
        let until_us = parts.iter().filter_map(|p| p.conflict()).map(|c| c.until_us).max()?;
        return Some(Answer { question, parts, until_us });
    }
    let liar = question.liar();
    let made = compare(&question.setup(liar), question.ways, PACE_US, SPAN_US).ok()?;
    let Comparison { sides, until_us, .. } = made;
    let parts = sides.map(|side| Part {
        way: (side.mechanism, side.choice),
        film: Film::new(&side.outcome, question.nodes),
        liars: liar.into_iter().collect(),
        made: Made::Measured(facts(&side.outcome), Box::new(side.outcome)),
    });
    Some(Answer { question, parts, until_us })
}

fn search(way: Way) -> Option<Part> {
    let conflict = find(way.0)?;
    let (film, liars) = (Film::found(&conflict), conflict.liars.clone());
    Some(Part { way, film, liars, made: Made::Found(Box::new(conflict)) })
}

fn facts(o: &Outcome) -> Facts {
    let longest = o.stalls.iter().map(|(from, to)| to.saturating_sub(*from)).max().unwrap_or_default();
    Facts {
        blocks: o.finals.len() as u64,
        final_s: o.latency.p50_us as f64 / 1e6,
        messages: o.per_block.0,
        lost: o.stale,
        energy_kwh: o.energy_j / 3.6e6,
        stalled_s: longest as f64 / 1e6,
        deepest: o.depths.keys().next_back().copied().unwrap_or_default(),
        broken: o.violations.first().copied(),
        waited: o.finals.iter().any(|b| b.last_us > b.first_us + WAITED_US),
    }
}

/// A run that is being made.
pub(super) struct Run {
    pub question: Question,
    job: Job<Option<Answer>>,
}

impl Run {
    /// Begins.
    pub(super) fn begin(question: Question) -> Self {
        Self { question, job: Job::begin(move || answer(question)) }
    }

    /// The answer, once it is there.
    pub(super) fn poll(&mut self, ctx: &Context) -> Option<Answer> {
        self.job.poll(ctx).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(left: Mechanism, right: Mechanism, trouble: Trouble) -> Answer {
        let ways = [left, right].map(|mechanism| (mechanism, ForkChoice::Eip3436));
        answer(Question { ways, nodes: 7, trouble }).expect("every choice has an answer")
    }

    /// What the sheet says is what the theory of each mechanism says: no quorum, no block; no quorum needed, blocks lost.
    #[test]
    fn cut_four_from_three_one_stands_still_and_one_takes_back() {
        let a = ask(Mechanism::Tendermint, Mechanism::Work, Trouble::Cut);
        let [firm, loose] = [a.parts[0].facts(), a.parts[1].facts()];
        assert!(firm.stalled_s > 35.0 && firm.deepest == 0 && firm.broken.is_none(), "{firm:?}");
        assert!(loose.stalled_s == 0.0 && loose.deepest > 1 && loose.lost > 1 && loose.energy_kwh > 0.0, "{loose:?}");
        assert!(a.parts.iter().all(is_whole));
    }

    #[test]
    fn raft_goes_on_with_a_majority_and_believes_a_lying_leader() {
        let cut = ask(Mechanism::Raft, Mechanism::Pbft, Trouble::Cut);
        assert!(cut.parts[0].facts().waited && cut.parts[0].facts().stalled_s == 0.0, "{:?}", cut.parts[0].facts());
        assert!(cut.parts[1].facts().stalled_s > 35.0);
        let lie = ask(Mechanism::Raft, Mechanism::Tendermint, Trouble::Liar);
        assert!(lie.parts[0].liars.len() == 1 && lie.parts[1].facts().broken.is_none());
        assert!(lie.parts[0].facts().broken.is_some(), "{:?}", lie.parts[0].facts());
    }

    /// Nothing of the trace was left out.
    fn is_whole(part: &Part) -> bool {
        matches!(&part.made, Made::Measured(_, outcome) if !outcome.trace.is_cut_short)
    }

    #[test]
    fn every_choice_has_an_answer_that_fits_the_trace() {
        for (trouble, ..) in TROUBLES.into_iter().filter(|t| t.0 != Trouble::Liars) {
            let question = Question { ways: [WAYS[4], WAYS[1]], nodes: 13, trouble };
            let a = answer(question).expect("an answer");
            assert!(a.parts.iter().all(|p| p.facts().blocks > 5 && is_whole(p)), "{trouble:?}");
        }
    }

    /// What the sheet plays ends with two honest validators on two blocks, whichever two ways are compared.
    #[test]
    fn two_liars_of_four_break_each_way_that_decides() {
        let asked = Question::default().under(Trouble::Liars);
        assert_eq!((asked.nodes, asked.ways), (4, [WAYS[0], WAYS[1]]), "proof of work gives way to one that decides");
        for ways in [asked.ways, [WAYS[2], WAYS[0]]] {
            let a = answer(Question { ways, ..asked }).expect("an answer");
            for part in &a.parts {
                let conflict = part.conflict().expect("a run that was found");
                let end = part.film.at(a.until_us);
                let holds = |node: u32| end.standings[node as usize].map(|s| s.head);
                let decided: Vec<(u32, char)> = conflict.get_decisions().collect();
                let heads: Vec<_> = decided.iter().filter_map(|(node, _)| holds(*node)).collect();
                assert!(heads.len() == 2 && heads[0] != heads[1], "{:?}: {decided:?}", part.way);
                assert_eq!(part.film.blocks.iter().filter(|b| b.final_us.is_some()).count(), 2);
                assert!(decided.iter().all(|(node, _)| !part.liars.contains(node)));
            }
        }
    }

    /// Under EIP-225 two sealers wait for each other until the third is back; under EIP-3436 they go on.
    #[test]
    fn two_sealers_stand_still_under_one_rule_and_go_on_under_the_other() {
        let asked = Question::default().under(Trouble::Waiting);
        let a = answer(asked).expect("an answer");
        let [open, mended] = [a.parts[0].facts(), a.parts[1].facts()];
        assert_eq!([a.parts[0].way.1, a.parts[1].way.1], [ForkChoice::FirstSeen, ForkChoice::Eip3436]);
        assert!(open.stalled_s > 55.0, "{open:?}");
        assert!(mended.stalled_s == 0.0 && mended.deepest == 1 && mended.blocks > open.blocks + 15, "{mended:?}");
    }
}
