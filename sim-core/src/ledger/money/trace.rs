//! Back from a payment to where its money came from, first in, first out.

use super::book::MoneyBook;
use super::movement::{Holder, Movement};
use crate::quantity::Money;
use std::collections::BTreeMap;

/// Most movements from a payment to its origin.
const MOST_DEEP: u32 = 12;
/// Most steps that are listed.
const MOST_STEPS: usize = 240;

/// Where the way back ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// In an opening balance of the genesis.
    Opening,
    /// In the grid's account.
    Grid,
    /// In nothing: the payer did not have it, and owed it from then on.
    Credit,
    /// In a movement that is no longer kept.
    Earlier,
    /// Beyond the number of steps that are followed.
    Unfollowed,
    /// In a change of a balance that nothing explains.
    Unexplained,
}

impl Origin {
    /// Its name, as it is printed.
    #[must_use]
    pub fn get_name(self) -> &'static str {
        match self {
            Self::Opening => "opening balance",
            Self::Grid => "grid",
            Self::Credit => "credit",
            Self::Earlier => "earlier",
            Self::Unfollowed => "not followed",
            Self::Unexplained => "unexplained",
        }
    }
}

/// A stretch of money on its way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Movements between it and the payment, from 1.
    pub depth: u32,
    /// How much of the payment it is.
    pub amount: Money,
    /// The movement that it was part of: number and what it was; none where the way ends before one.
    pub movement: Option<(u64, Movement)>,
    /// Where it ends, if here, and with whom.
    pub origin: Option<(Origin, Holder)>,
}

/// What a payment is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// The way back: each step is followed by what it is made of itself.
    pub steps: Vec<Step>,
    /// Where all of it came from: the amounts add up to the payment.
    pub origins: BTreeMap<(Origin, Holder), Money>,
}

impl MoneyBook {
    /// What the movement of this number is made of; `None` where it is not kept.
    #[must_use]
    pub fn trace(&self, number: u64) -> Option<Trace> {
        let movement = *self.get(number)?;
        let mut trace = Trace::default();
        match self.get_origin(&movement) {
            Some(origin) => trace.end(movement.amount.0, origin),
            None => self.follow(&mut trace, number, (0, movement.amount.0), 1),
        }
        Some(trace)
    }

    /// Where a movement's money comes from, if from a source, and with whom the way ends.
    fn get_origin(&self, movement: &Movement) -> Option<(Origin, Holder)> {
        self.is_source(movement.from).then_some(match movement.from {
            Holder::Genesis => (Origin::Opening, movement.to),
            Holder::Unknown => (Origin::Unexplained, movement.to),
            grid => (Origin::Grid, grid),
        })
    }

    /// Follows the millionths `from..to` of a movement.
    fn follow(&self, trace: &mut Trace, number: u64, (from, to): (i64, i64), depth: u32) {
        let Some(noted) = self.find(number) else { return };
        let payer = noted.movement.from;
        let mut at = 0;
        for part in &noted.made_of {
            let (start, end) = (from.max(at), to.min(at + part.amount));
            let first = part.from + start - at;
            at += part.amount;
            if start >= end {
                continue;
            }
            let amount = end - start;
            let movement = self.get(part.movement).map(|m| (part.movement, *m));
            let origin = match movement {
                _ if trace.steps.len() >= MOST_STEPS => Some((Origin::Unfollowed, payer)),
                None => Some((Origin::Earlier, payer)),
                Some((_, m)) => self.get_origin(&m).or((depth >= MOST_DEEP).then_some((Origin::Unfollowed, m.from))),
            };
            trace.step(Step { depth, amount: Money(amount), movement, origin });
            if origin.is_none() {
                self.follow(trace, part.movement, (first, first + amount), depth + 1);
            }
        }
        let credit = to - from.max(at);
        if credit > 0 {
            let origin = Some((Origin::Credit, payer));
            trace.step(Step { depth, amount: Money(credit), movement: None, origin });
        }
    }
}

impl Trace {
    fn step(&mut self, step: Step) {
        if self.steps.len() < MOST_STEPS {
            self.steps.push(step);
        }
        if let Some(origin) = step.origin {
            self.end(step.amount.0, origin);
        }
    }

    fn end(&mut self, amount: i64, origin: (Origin, Holder)) {
        // A part of the payment, so it fits.
        let sum = self.origins.entry(origin).or_default();
        sum.0 = sum.0.saturating_add(amount);
    }
}
