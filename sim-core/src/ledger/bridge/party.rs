//! The parties of a swap as state machines: what each does next on a chain, given what both chains show.
//!
//! A party keeps nothing in its head that it could lose in a crash but its key and, for Ana, the secret: it reads the
//! chains and goes on from there.

use super::pair::Which;
use super::terms::Terms;

/// Who takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    /// Has money on A, wants the certificate on B, knows the secret.
    Ana,
    /// Has the certificate on B, wants the money on A.
    Ben,
    /// Has nothing to win: brings the secret, or the time, for one who is away.
    Watcher,
}

impl Party {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ana, Self::Ben, Self::Watcher];
}

/// A transaction of the swap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    LockMoney,
    LockCertificate { until_us: u64 },
    ShowSecret,
    ClaimMoney,
    RefundMoney,
    RefundCertificate,
}

/// A hash time lock as it stands on its chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lock {
    /// Not yet there.
    Never,
    Open {
        until_us: u64,
    },
    /// Opened or taken back.
    Gone,
}

/// What everybody can read from both chains.
#[derive(Clone, Copy, Debug)]
pub(super) struct View {
    pub(super) now_us: u64,
    pub(super) money: Lock,
    pub(super) certificate: Lock,
    /// Since when the secret can be read.
    pub(super) secret_since_us: Option<u64>,
}

/// What `party` does now on `which`. One that is late waits until it can hardly be in time.
pub(super) fn decide(party: Party, is_late: bool, which: Which, terms: &Terms, view: &View) -> Option<Act> {
    match (party, which) {
        (Party::Ana, Which::A) => match view.money {
            Lock::Never => Some(Act::LockMoney),
            Lock::Open { until_us } if view.now_us >= until_us => Some(Act::RefundMoney),
            _ => None,
        },
        (Party::Ana, Which::B) => decide_secret(is_late, terms, view),
        (Party::Ben, Which::A) => decide_claim(is_late, terms, view),
        (Party::Ben, Which::B) => decide_certificate(terms, view),
        (Party::Watcher, Which::A) => decide_for_others(terms, view),
        (Party::Watcher, Which::B) => match view.certificate {
            Lock::Open { until_us } if view.now_us >= until_us.saturating_add(terms.timing.grace_us) => {
                Some(Act::RefundCertificate)
            }
            _ => None,
        },
    }
}

/// Ana shows the secret only while it surely arrives in time: one that comes too late is read and opens nothing.
fn decide_secret(is_late: bool, terms: &Terms, view: &View) -> Option<Act> {
    let Lock::Open { until_us } = view.certificate else { return None };
    let is_time = if is_late {
        view.now_us.saturating_add(terms.timing.include_us) >= until_us
    } else {
        view.secret_since_us.is_some() || view.now_us.saturating_add(terms.timing.get_step_us()) <= until_us
    };
    (is_time && view.now_us < until_us).then_some(Act::ShowSecret)
}

fn decide_claim(is_late: bool, terms: &Terms, view: &View) -> Option<Act> {
    let Lock::Open { until_us } = view.money else { return None };
    let is_time = !is_late || view.now_us.saturating_add(terms.timing.include_us) >= until_us;
    (view.secret_since_us.is_some() && is_time && view.now_us < until_us).then_some(Act::ClaimMoney)
}

/// Ben locks so that his lock ends by the agreed lead before Ana's, and only while there is time for Ana to open it.
fn decide_certificate(terms: &Terms, view: &View) -> Option<Act> {
    match (view.certificate, view.money) {
        (Lock::Never, Lock::Open { until_us }) => {
            let until_us = until_us.checked_add_signed(terms.lead_us.saturating_neg())?;
            let needed = terms.timing.get_step_us().saturating_mul(2);
            (view.now_us.saturating_add(needed) <= until_us).then_some(Act::LockCertificate { until_us })
        }
        (Lock::Open { until_us }, _) if view.now_us >= until_us => Some(Act::RefundCertificate),
        _ => None,
    }
}

fn decide_for_others(terms: &Terms, view: &View) -> Option<Act> {
    let Lock::Open { until_us } = view.money else { return None };
    let grace = terms.timing.grace_us;
    if view.now_us >= until_us.saturating_add(grace) {
        return Some(Act::RefundMoney);
    }
    let since = view.secret_since_us?;
    (view.now_us >= since.saturating_add(grace) && view.now_us < until_us).then_some(Act::ClaimMoney)
}
