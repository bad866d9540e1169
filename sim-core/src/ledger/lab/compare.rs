//! Two mechanisms under the same fault: same network, load, faults and seed, side by side over time.

use super::outcome::Outcome;
use super::run::run;
use super::setup::{Fault, ForkChoice, Mechanism, Setup, SetupError};
use serde::{Deserialize, Serialize};

/// What happened in a span of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// When it begins.
    pub time_us: u64,
    /// Blocks that became final.
    pub blocks: u64,
    /// Transactions in them.
    pub transactions: u64,
    /// Height of the highest final block at its end.
    pub height: u64,
    /// Heads that gave way.
    pub reorganisations: u64,
    /// Whether no block came on top in a part of it, for longer than the setup allows.
    pub is_stalled: bool,
}

/// One of the two.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Side {
    /// The mechanism.
    pub mechanism: Mechanism,
    /// Clique's choice among branches of equal difficulty; the others have none.
    pub choice: ForkChoice,
    /// What came out.
    pub outcome: Outcome,
    /// Its time in spans of equal length.
    pub timeline: Vec<Span>,
}

/// Both, with what they went through.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The first and the second.
    pub sides: [Side; 2],
    /// The faults of both.
    pub faults: Vec<Fault>,
    /// Length of a span.
    pub span_us: u64,
    /// When both end.
    pub until_us: u64,
}

/// Runs `base` up to its `until_us` with one mechanism and with the other, each with its own choice among equal branches.
/// Its time between blocks is the one of the mechanism, `block_interval_us` for those that have branches.
///
/// # Errors
/// When the setup is not one.
pub fn compare(
    base: &Setup,
    sides: [(Mechanism, ForkChoice); 2],
    block_interval_us: u64,
    span_us: u64,
) -> Result<Comparison, SetupError> {
    let span_us = span_us.clamp(1_000, base.until_us.max(1_000));
    let [first, second] = sides.map(|side| run_side(base, side, block_interval_us, span_us));
    let (faults, until_us) = (base.faults.clone(), base.until_us);
    Ok(Comparison { sides: [first?, second?], faults, span_us, until_us })
}

fn run_side(
    base: &Setup,
    (mechanism, choice): (Mechanism, ForkChoice),
    block_interval_us: u64,
    span_us: u64,
) -> Result<Side, SetupError> {
    let interval_us = if mechanism.has_branches() { block_interval_us } else { base.interval_us };
    let setup = Setup { mechanism, choice, interval_us, blocks: 1_000_000, ..base.clone() };
    let outcome = run(&setup)?;
    let timeline = compute_timeline(&outcome, span_us, setup.until_us);
    Ok(Side { mechanism, choice, outcome, timeline })
}

/// The time of a run in spans.
#[must_use]
pub fn compute_timeline(outcome: &Outcome, span_us: u64, until_us: u64) -> Vec<Span> {
    let span_us = span_us.max(1);
    let count = until_us.div_ceil(span_us);
    let mut spans: Vec<Span> = (0..count).map(|i| Span { time_us: i * span_us, ..Span::default() }).collect();
    let last = spans.len().saturating_sub(1);
    let place = |time_us: u64| usize::try_from(time_us / span_us).unwrap_or(usize::MAX).min(last);
    for block in &outcome.finals {
        if let Some(span) = spans.get_mut(place(block.first_us)) {
            span.blocks += 1;
            span.transactions += block.transactions;
            span.height = span.height.max(block.height);
        }
    }
    for change in &outcome.reorganisations {
        if let Some(span) = spans.get_mut(place(change.time_us)) {
            span.reorganisations += 1;
        }
    }
    let mut height = 0;
    for span in &mut spans {
        height = span.height.max(height);
        span.height = height;
        let end_us = span.time_us + span_us;
        span.is_stalled = outcome.stalls.iter().any(|(from, to)| *from < end_us && *to > span.time_us);
    }
    spans
}
