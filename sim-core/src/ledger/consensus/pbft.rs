//! Practical Byzantine fault tolerance for one sequence number, as a pure state machine of one replica.
//!
//! Source: Castro, Liskov, "Practical Byzantine Fault Tolerance", OSDI 1999, section 4; the comments name its parts. A
//! request is known by its hash; whether it is valid comes with the pre-prepare. As for Tendermint, `2f + 1` is "power of
//! more than two thirds" and `f + 1` "power of more than one third"; "a pre-prepare and 2f matching prepares" is the
//! power of the primary and of those who prepared. The primary of a view is [`get_proposer`], so that it changes with the
//! height, too. One machine stands for one height, that is one sequence number: watermarks, checkpoints and garbage
//! collection (4.3) fall away, and with nothing prepared the new primary orders any request.
//! Signatures are the caller's: it passes on a certificate in a view-change, or a proof in a new-view, only if those it
//! names have signed it, and pre-prepares and new-views of the rightful primary only.
//! Messages of a view that is yet to come are kept, instead of being sent again. A replica that left a view in which the
//! others committed waits for them in vain: it fetches the decided block (the paper's state transfer), the caller's too.
//! Validated by the tests in `tests/pbft.rs` and by [`super::explore`].

use crate::digest::Hash;
use crate::ledger::block::{get_proposer, is_quorum};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A prepared certificate: this value was prepared in this view (the set P of 4.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Prepared {
    /// The view.
    pub view: u32,
    /// The request's hash.
    pub value: Hash,
}

/// A view-change as a new-view quotes it (the set V of 4.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Proof {
    /// Who wants the view.
    pub replica: u32,
    /// What it has prepared.
    pub prepared: Option<Prepared>,
}

/// What a machine is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The height begins.
    Start,
    /// The answer to [`Output::GetValue`].
    Value(Hash),
    /// A pre-prepare of the primary of its view.
    PrePrepare {
        /// Its view.
        view: u32,
        /// The request's hash.
        value: Hash,
        /// Whether the request is valid.
        is_valid: bool,
    },
    /// A prepare.
    Prepare {
        /// Its view.
        view: u32,
        /// The request's hash.
        value: Hash,
        /// Who.
        replica: u32,
    },
    /// A commit.
    Commit {
        /// Its view.
        view: u32,
        /// The request's hash.
        value: Hash,
        /// Who.
        replica: u32,
    },
    /// A view-change.
    ViewChange {
        /// The view wanted.
        view: u32,
        /// What its sender has prepared in the highest view.
        prepared: Option<Prepared>,
        /// Who.
        replica: u32,
    },
    /// A new-view of the primary of its view.
    NewView {
        /// The view.
        view: u32,
        /// The view-changes it stands on.
        proofs: Vec<Proof>,
        /// The request that must be ordered (the set O of 4.4), if one was prepared.
        value: Option<Hash>,
    },
    /// The timer of a view ran out.
    Timeout {
        /// Of which view.
        view: u32,
    },
    /// The replica was off; its timer is lost and scheduled again.
    Resume,
}

/// What a machine asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// A request to order.
    GetValue,
    /// Broadcast a pre-prepare.
    PrePrepare {
        /// The view.
        view: u32,
        /// The request's hash.
        value: Hash,
    },
    /// Broadcast a prepare.
    Prepare {
        /// The view.
        view: u32,
        /// The request's hash.
        value: Hash,
    },
    /// Broadcast a commit.
    Commit {
        /// The view.
        view: u32,
        /// The request's hash.
        value: Hash,
    },
    /// Broadcast a view-change.
    ViewChange {
        /// The view wanted.
        view: u32,
        /// What is prepared, with its certificate.
        prepared: Option<Prepared>,
    },
    /// Broadcast a new-view.
    NewView {
        /// The view.
        view: u32,
        /// The view-changes it stands on.
        proofs: Vec<Proof>,
        /// What must be ordered.
        value: Option<Hash>,
    },
    /// Schedule the timer of a view; it grows with the view (4.5.2).
    Schedule {
        /// The view.
        view: u32,
    },
    /// The request is committed.
    Decide {
        /// The view whose commits decided.
        view: u32,
        /// The request's hash.
        value: Hash,
    },
}

/// What was heard and said in a view.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct ViewLog {
    pre_prepare: Option<(Hash, bool)>,
    prepares: BTreeMap<u32, Hash>,
    commits: BTreeMap<u32, Hash>,
}

/// One replica at one height.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    index: u32,
    height: u64,
    powers: Vec<u32>,
    is_started: bool,
    view: u32,
    /// Between its view-change and the new-view; it then listens to nothing else (4.4).
    is_changing: bool,
    prepared: Option<Prepared>,
    decision: Option<(u32, Hash)>,
    log: BTreeMap<u32, ViewLog>,
    view_changes: BTreeMap<u32, BTreeMap<u32, Option<Prepared>>>,
    scheduled: BTreeSet<(u32, bool)>,
}

impl Machine {
    /// The machine of replica `index` at `height`; `powers` are those of all replicas.
    #[must_use]
    pub fn new(index: u32, height: u64, powers: Vec<u32>) -> Self {
        Self {
            index,
            height,
            powers,
            is_started: false,
            view: 0,
            is_changing: false,
            prepared: None,
            decision: None,
            log: BTreeMap::new(),
            view_changes: BTreeMap::new(),
            scheduled: BTreeSet::new(),
        }
    }

    /// The view.
    #[must_use]
    pub fn get_view(&self) -> u32 {
        self.view
    }
    /// Whether it waits for a new-view.
    #[must_use]
    pub fn is_changing(&self) -> bool {
        self.is_changing
    }
    /// What it has prepared in the highest view.
    #[must_use]
    pub fn get_prepared(&self) -> Option<Prepared> {
        self.prepared
    }
    /// The request whose pre-prepare it has accepted in its view.
    #[must_use]
    pub fn get_accepted(&self) -> Option<Hash> {
        let log = self.log.get(&self.view)?;
        log.pre_prepare.filter(|(_, is_valid)| *is_valid).map(|(value, _)| value)
    }

    /// Whose commits for a value it has heard in a view, its own counted, ascending.
    #[must_use]
    pub fn get_commits(&self, view: u32, value: &Hash) -> Vec<u32> {
        let commits = self.log.get(&view).into_iter().flat_map(|log| &log.commits);
        commits.filter(|(_, v)| *v == value).map(|(replica, _)| *replica).collect()
    }

    /// Takes one input and returns what follows, in order.
    #[must_use]
    pub fn process(&mut self, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        match input {
            Input::Start if !self.is_started => {
                self.is_started = true;
                self.enter_view(None, &mut out);
            }
            Input::Value(value) if self.can_propose() => {
                self.log.entry(self.view).or_default().pre_prepare = Some((value, true));
                out.push(Output::PrePrepare { view: self.view, value }); // 4.2, pre-prepare
            }
            Input::PrePrepare { view, value, is_valid } => {
                // 4.2: no second, different pre-prepare of a view is accepted.
                self.log.entry(view).or_default().pre_prepare.get_or_insert((value, is_valid));
            }
            Input::Prepare { view, value, replica } if self.is_known(replica) => {
                self.log.entry(view).or_default().prepares.entry(replica).or_insert(value);
            }
            Input::Commit { view, value, replica } if self.is_known(replica) => {
                self.log.entry(view).or_default().commits.entry(replica).or_insert(value);
            }
            Input::ViewChange { view, prepared, replica }
                if self.is_known(replica) && prepared.is_none_or(|p| p.view < view) =>
            {
                self.view_changes.entry(view).or_default().entry(replica).or_insert(prepared);
            }
            Input::NewView { view, proofs, value } => self.process_new_view(view, &proofs, value, &mut out),
            // 4.5.2: a replica that waits for nothing has no timer running.
            Input::Timeout { view } if view == self.view && self.decision.is_none() && self.is_started => {
                self.change_view(view + 1, &mut out);
            }
            Input::Resume if self.is_started => {
                out.push(Output::Schedule { view: self.view });
                if self.can_propose() {
                    out.push(Output::GetValue);
                }
            }
            _ => {}
        }
        while self.is_started && self.fire(&mut out) {}
        out
    }

    fn is_known(&self, replica: u32) -> bool {
        (replica as usize) < self.powers.len()
    }

    fn get_primary(&self, view: u32) -> u32 {
        get_proposer(self.height, view, self.powers.len())
    }

    fn can_propose(&self) -> bool {
        let none = self.log.get(&self.view).is_none_or(|log| log.pre_prepare.is_none());
        self.is_started && !self.is_changing && none && self.get_primary(self.view) == self.index
    }

    /// Begins to listen in a view; `value` is what its new-view orders.
    fn enter_view(&mut self, value: Option<Hash>, out: &mut Vec<Output>) {
        self.is_changing = false;
        if let Some(value) = value {
            // 4.4: the pre-prepares of O are in the log as if they had come alone; a prepared request is a valid one.
            self.log.entry(self.view).or_default().pre_prepare = Some((value, true));
        }
        if self.can_propose() {
            out.push(Output::GetValue);
        }
        self.schedule(out);
    }

    fn schedule(&mut self, out: &mut Vec<Output>) {
        if self.decision.is_none() && self.scheduled.insert((self.view, self.is_changing)) {
            out.push(Output::Schedule { view: self.view });
        }
    }

    /// 4.4: leaves its view for a later one and says what it has prepared.
    fn change_view(&mut self, view: u32, out: &mut Vec<Output>) {
        (self.view, self.is_changing) = (view, true);
        self.view_changes.entry(view).or_default().insert(self.index, self.prepared);
        out.push(Output::ViewChange { view, prepared: self.prepared });
    }

    /// 4.4: a backup checks that the new-view follows from its view-changes, and enters.
    fn process_new_view(&mut self, view: u32, proofs: &[Proof], value: Option<Hash>, out: &mut Vec<Output>) {
        let is_ahead = view > self.view || (view == self.view && self.is_changing);
        let speakers: BTreeSet<u32> = proofs.iter().map(|p| p.replica).collect();
        let is_sound = speakers.len() == proofs.len()
            && speakers.iter().all(|r| self.is_known(*r))
            && proofs.iter().all(|p| p.prepared.is_none_or(|c| c.view < view))
            && self.is_quorum_of(speakers.iter())
            && compute_choice(proofs) == value;
        if self.is_started && is_ahead && is_sound && self.get_primary(view) != self.index {
            self.view = view;
            self.enter_view(value, out);
        }
    }

    /// Tries the arms; true if one fired.
    fn fire(&mut self, out: &mut Vec<Output>) -> bool {
        if let Some(view) = self.find_wanted_view() {
            self.change_view(view, out);
            return true;
        }
        if self.is_changing { self.fire_new_view(out) } else { self.fire_normal(out) }
    }

    /// 4.5.2: more than a third want later views, so it joins the smallest of them before its own timer runs out.
    fn find_wanted_view(&self) -> Option<u32> {
        let later = self.view_changes.range(self.view + 1..);
        let speakers: BTreeSet<u32> = later.clone().flat_map(|(_, from)| from.keys().copied()).collect();
        let power: u64 = speakers.iter().map(|r| self.get_power(*r)).sum();
        let smallest = later.map(|(view, _)| *view).next();
        smallest.filter(|_| 3 * power > self.get_total())
    }

    /// 4.4: with enough view-changes the new primary announces its view; the others then begin to wait for it (4.5.2).
    fn fire_new_view(&mut self, out: &mut Vec<Output>) -> bool {
        let Some(heard) = self.view_changes.get(&self.view) else { return false };
        if !self.is_quorum_of(heard.keys()) {
            return false;
        }
        if self.get_primary(self.view) != self.index {
            self.schedule(out);
            return false;
        }
        let proofs: Vec<Proof> =
            heard.iter().map(|(replica, prepared)| Proof { replica: *replica, prepared: *prepared }).collect();
        let value = compute_choice(&proofs);
        out.push(Output::NewView { view: self.view, proofs, value });
        self.enter_view(value, out);
        true
    }

    /// 4.2: the three phases of a view.
    fn fire_normal(&mut self, out: &mut Vec<Output>) -> bool {
        let Some(value) = self.get_accepted() else { return false };
        let (view, index, primary) = (self.view, self.index, self.get_primary(self.view));
        let log = self.log.entry(view).or_default();
        if index != primary && !log.prepares.contains_key(&index) {
            log.prepares.insert(index, value);
            out.push(Output::Prepare { view, value }); // prepare
            return true;
        }
        let backups = log.prepares.iter().filter(|(replica, v)| **replica != primary && **v == value);
        let prepared: Vec<u32> = backups.map(|(replica, _)| *replica).chain([primary]).collect();
        let committed: Vec<u32> = log.commits.iter().filter(|(_, v)| **v == value).map(|(r, _)| *r).collect();
        let has_committed = log.commits.contains_key(&index);
        if !has_committed && self.is_quorum_of(prepared.iter()) {
            // prepared(m, v, n, i)
            self.prepared = Some(Prepared { view, value });
            self.log.entry(view).or_default().commits.insert(index, value);
            out.push(Output::Commit { view, value }); // commit
            return true;
        }
        if has_committed && self.decision.is_none() && self.is_quorum_of(committed.iter()) {
            // committed-local(m, v, n, i)
            self.decision = Some((view, value));
            out.push(Output::Decide { view, value });
        }
        false
    }

    /// Forgets what others said and what no longer matters, as [`super::explore`] wants it: what remains is what binds
    /// the replica, namely its own messages and the pre-prepare that it has accepted.
    pub(super) fn forget(&mut self) {
        let (index, view, is_changing) = (self.index, self.view, self.is_changing);
        self.scheduled.clear();
        self.log.retain(|v, _| *v == view && !is_changing);
        for log in self.log.values_mut() {
            log.prepares.retain(|replica, _| *replica == index);
            log.commits.retain(|replica, _| *replica == index);
        }
        self.log.retain(|_, log| *log != ViewLog::default());
        self.view_changes.retain(|v, _| *v == view && is_changing);
        self.view_changes.values_mut().for_each(|heard| heard.retain(|replica, _| *replica == index));
    }

    /// Breaks the protocol: without certificates in view-changes nobody need lie.
    #[cfg(test)]
    pub(crate) fn drop_certificate(&mut self) {
        self.prepared = None;
    }

    fn is_quorum_of<'a>(&self, replicas: impl Iterator<Item = &'a u32>) -> bool {
        is_quorum(replicas.map(|r| self.get_power(*r)).sum(), self.get_total())
    }
    fn get_power(&self, replica: u32) -> u64 {
        self.powers.get(replica as usize).copied().map_or(0, u64::from)
    }
    fn get_total(&self) -> u64 {
        self.powers.iter().map(|p| u64::from(*p)).sum()
    }
}

/// 4.4: what a new view must order, the request prepared in the highest view of those quoted. (Two different ones of the
/// same view take more faults than the protocol bears; then the lowest replica's counts.)
#[must_use]
pub fn compute_choice(proofs: &[Proof]) -> Option<Hash> {
    let highest = proofs.iter().filter_map(|p| p.prepared).map(|p| p.view).max()?;
    let chosen = proofs.iter().filter(|p| p.prepared.is_some_and(|c| c.view == highest)).min_by_key(|p| p.replica);
    chosen.and_then(|p| p.prepared).map(|p| p.value)
}
