//! What is compared: two mechanisms, so many validators, one trouble. A run takes a moment, so it is made beside the
//! window's thread.

use super::super::job::Job;
use super::film::Film;
use bevy_egui::egui::Context;
use sim_core::ledger::lab::compare::{Comparison, Side, compare};
use sim_core::ledger::lab::run::run;
use sim_core::ledger::lab::setup::{Behaviour, Fault, FaultKind, Load, Mechanism, Setup};
use sim_core::ledger::lab::trace::Stage;

/// When the trouble begins and ends, and the end of the run.
pub(super) const TROUBLE_US: (u64, u64) = (30_000_000, 70_000_000);
pub(super) const UNTIL_US: u64 = 120_000_000;
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
pub(super) const SIZES: [u32; 5] = [4, 5, 7, 10, 13];

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
}

/// Troubles with their words: to choose from, how a sentence about it begins, what it is.
pub(super) const TROUBLES: [(Trouble, &str, &str, &str); 5] = [
    (Trouble::None, "lab-trouble-none", "lab-then-none", "term-lab-trouble-none"),
    (Trouble::Power, "lab-trouble-power", "lab-then-power", "term-lab-trouble-power"),
    (Trouble::Cut, "lab-trouble-cut", "lab-then-cut", "term-lab-trouble-cut"),
    (Trouble::Loss, "lab-trouble-loss", "lab-then-loss", "term-lab-trouble-loss"),
    (Trouble::Liar, "lab-trouble-liar", "lab-then-liar", "term-lab-trouble-liar"),
];

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Question {
    pub mechanisms: [Mechanism; 2],
    pub nodes: u32,
    pub trouble: Trouble,
}

impl Default for Question {
    fn default() -> Self {
        Self { mechanisms: [Mechanism::Tendermint, Mechanism::Work], nodes: 7, trouble: Trouble::Cut }
    }
}

impl Question {
    /// How many are on the smaller side of a cut; they are the first.
    pub(super) fn minority(self) -> u32 {
        (self.nodes * 3 / 7).max(1)
    }

    fn setup(self, liar: Option<u32>) -> Setup {
        let fault = |kind| vec![Fault { from_us: TROUBLE_US.0, to_us: TROUBLE_US.1, kind }];
        let faults = match self.trouble {
            Trouble::None | Trouble::Liar => Vec::new(),
            Trouble::Power => fault(FaultKind::Off(0)),
            Trouble::Cut => fault(FaultKind::Partition((0..self.minority()).collect())),
            Trouble::Loss => fault(FaultKind::Loss(300)),
        };
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
            faults,
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
        if !self.mechanisms.contains(&Mechanism::Raft) {
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

/// What a side has to show.
pub(super) struct Part {
    pub mechanism: Mechanism,
    pub facts: Facts,
    pub film: Film,
    pub side: Side,
}

/// The answer.
pub(super) struct Answer {
    pub question: Question,
    pub parts: [Part; 2],
    pub liar: Option<u32>,
}

/// Makes the comparison; `None` where it cannot be made, which no choice in the sheet leads to.
pub(super) fn answer(question: Question) -> Option<Answer> {
    let liar = question.liar();
    let made = compare(&question.setup(liar), question.mechanisms, PACE_US, SPAN_US).ok()?;
    let Comparison { sides, .. } = made;
    let parts = sides.map(|side| Part {
        mechanism: side.mechanism,
        facts: facts(&side),
        film: Film::new(&side.outcome, question.nodes),
        side,
    });
    Some(Answer { question, parts, liar })
}

fn facts(side: &Side) -> Facts {
    let o = &side.outcome;
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
        answer(Question { mechanisms: [left, right], nodes: 7, trouble }).expect("every choice has an answer")
    }

    /// What the sheet says is what the theory of each mechanism says: no quorum, no block; no quorum needed, blocks lost.
    #[test]
    fn cut_four_from_three_one_stands_still_and_one_takes_back() {
        let a = ask(Mechanism::Tendermint, Mechanism::Work, Trouble::Cut);
        let [firm, loose] = [&a.parts[0].facts, &a.parts[1].facts];
        assert!(firm.stalled_s > 35.0 && firm.deepest == 0 && firm.broken.is_none(), "{firm:?}");
        assert!(loose.stalled_s == 0.0 && loose.deepest > 1 && loose.lost > 1 && loose.energy_kwh > 0.0, "{loose:?}");
        assert!(!a.parts.iter().any(|p| p.side.outcome.trace.is_cut_short));
    }

    #[test]
    fn raft_goes_on_with_a_majority_and_believes_a_lying_leader() {
        let cut = ask(Mechanism::Raft, Mechanism::Pbft, Trouble::Cut);
        assert!(cut.parts[0].facts.waited && cut.parts[0].facts.stalled_s == 0.0, "{:?}", cut.parts[0].facts);
        assert!(cut.parts[1].facts.stalled_s > 35.0);
        let lie = ask(Mechanism::Raft, Mechanism::Tendermint, Trouble::Liar);
        assert!(lie.liar.is_some() && lie.parts[1].facts.broken.is_none());
        assert!(lie.parts[0].facts.broken.is_some(), "{:?}", lie.parts[0].facts);
    }

    #[test]
    fn every_choice_has_an_answer_that_fits_the_trace() {
        for (trouble, ..) in TROUBLES {
            let question = Question { mechanisms: [Mechanism::Clique, Mechanism::Pbft], nodes: 13, trouble };
            let a = answer(question).expect("an answer");
            assert!(a.parts.iter().all(|p| p.facts.blocks > 5 && !p.side.outcome.trace.is_cut_short), "{trouble:?}");
        }
    }
}
