//! What can go wrong in a swap, one thing at a time, and all of it.
//!
//! Between two [`Moment`]s nothing that a party knows or does changes, so a crash there is a crash at the earlier one;
//! a stall's beginning is tried at the same moments.

use super::pair::Which;
use super::party::Party;
use super::swap::Swap;
use super::terms::{Moment, Report, Timing};

/// One thing that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// A party does nothing any more, or for a time.
    Crash {
        /// Which.
        who: Party,
        /// From when on.
        at: Moment,
        /// How long; for ever without.
        for_us: Option<u64>,
    },
    /// A chain makes no blocks for a time.
    Stall {
        /// Which.
        which: Which,
        /// From when on.
        at: Moment,
        /// How long.
        for_us: u64,
    },
    /// A party waits until it can hardly be in time.
    Late {
        /// Which.
        who: Party,
    },
    /// Ana waits as long as she can, and as she shows the secret chain A stops: the worst for Ben.
    LateAndStall {
        /// How long.
        for_us: u64,
    },
}

impl Fault {
    /// Whether a party keeps to the rules; one that is late on purpose does not and is on its own. One that crashes does.
    #[must_use]
    pub fn is_honest(&self, party: Party) -> bool {
        !self.is_late(party)
    }
    /// Whether a party waits as long as it can.
    #[must_use]
    pub fn is_late(&self, party: Party) -> bool {
        match *self {
            Self::Late { who } => who == party,
            Self::LateAndStall { .. } => party == Party::Ana,
            _ => false,
        }
    }
}

/// Every single fault: each party down at each moment for ever, for a short and for a long time; each chain stalled at
/// each moment for half and for all of the time that is allowed for; each party late, and Ana late before a stall.
#[must_use]
pub fn get_faults(timing: &Timing) -> Vec<Fault> {
    let mut faults = vec![Fault::None, Fault::Late { who: Party::Ana }, Fault::Late { who: Party::Ben }];
    let (short, long) = (timing.get_step_us(), timing.get_step_us().saturating_mul(4));
    faults.push(Fault::LateAndStall { for_us: timing.stall_us });
    for at in Moment::ALL {
        for who in Party::ALL {
            faults.extend([None, Some(short), Some(long)].map(|for_us| Fault::Crash { who, at, for_us }));
        }
        for which in Which::BOTH {
            faults.extend([timing.stall_us / 2, timing.stall_us].map(|for_us| Fault::Stall { which, at, for_us }));
        }
    }
    faults
}

/// Runs a swap once with each fault, in order.
pub fn run_all<'a>(swap: &'a Swap, faults: &'a [Fault]) -> impl Iterator<Item = Report> + 'a {
    faults.iter().map(|fault| swap.run(*fault))
}
