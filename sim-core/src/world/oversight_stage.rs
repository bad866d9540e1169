//! Who may read a household's minutes, and what the regulator does, from the command to the block.
//!
//! Grants and revocations go on the chain from the household's own account. While a grant is there, the household's meter
//! notes its registers and its devices every minute; at the slot's end they are sealed for whoever has a grant by then
//! and sent. Nothing is sealed while a grant or revocation of the same account is on its way, so an envelope always fits
//! the chain's list. Accounts without a grant note and seal nothing.
//!
//! A suspension names the first slot whose gate is open. A cap goes on the chain once no trade is on its way; the market
//! keeps to it from the command on, to a looser one once it is on the chain: no trade is ever beyond what its block allows.

use super::World;
use super::contract_stage::{Order, Post};
use super::trading::price;
use crate::event::{EventKind, Schedule};
use crate::ids::{EventId, Subject};
use crate::ledger::block::Block;
use crate::ledger::oversight::{ComplianceReport, Figures, Ground, Reinstatement, Suspension};
use crate::ledger::privacy::envelope::{Access as Sealing, Envelope};
use crate::ledger::privacy::fine::{DeviceTrace, FineReading};
use crate::ledger::privacy::keys::ReaderSecret;
use crate::ledger::receipt::Receipt;
use crate::ledger::settlement::Metered;
use crate::ledger::state::MAX_PRICE;
use crate::ledger::types::{Access, Cap, Parameters, Payload, SignedTransaction};
use crate::ledger::watch::{Doubt, Verdict};
use crate::market::Mechanism;
use crate::quantity::{Money, Price};
use crate::scene::Participant;
use crate::snapshot::{OversightView, SuspendedView};
use crate::time::{DAY_US, MINUTE_US, SimTime};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Registers and devices at the end of a minute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Sample {
    minute: u32,
    /// Of the slot so far, Wh: taken, given.
    counted: [f64; 2],
    watts: Vec<i32>,
}

/// What is on its way, and what the picture wants to know.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Oversight {
    samples: BTreeMap<u32, Vec<Sample>>,
    to_seal: VecDeque<(u32, FineReading)>,
    /// Accounts whose key to read with is on its way or on the chain.
    registered: BTreeSet<u32>,
    /// By account: grants and revocations on their way.
    moving: BTreeMap<u32, u32>,
    /// The latest envelope of each account.
    latest: BTreeMap<u32, Envelope>,
    /// A cap that waits for its place on the chain, with its command; it is sent.
    cap: Option<(Cap, EventId, bool)>,
    /// Suspensions on their way: the first slot.
    suspending: BTreeMap<u32, u32>,
    /// Of the blocks that no report is about yet.
    figures: Figures,
    /// Reports so far, and the last height that they are about.
    reported: (u32, u64),
    report: Option<ComplianceReport>,
}

impl World {
    /// Who may read `account`'s minutes from now on, or no longer.
    pub(super) fn order_access(&mut self, owner: &str, to: &str, gives: bool, event: EventId) -> Result<(), String> {
        let account = self.account(owner)?;
        let grantee = self.account(to)?;
        let state = self.state.ledger.get_state();
        let has = state.get_grantees(account).is_some_and(|g| g.contains(&grantee));
        if account == grantee {
            return Err(format!("{owner} reads its own meter anyway"));
        }
        if has == gives {
            let word = if has { "may read it already" } else { "has no grant" };
            return Err(format!("{to} {word}"));
        }
        for reader in [account, grantee] {
            self.register_reader(reader);
        }
        let payload = if gives { Payload::Grant(Access { grantee }) } else { Payload::Revoke(Access { grantee }) };
        let posting = &mut self.state.posting;
        *posting.oversight.moving.entry(account).or_default() += 1;
        let post = Post { payload, fee: Parameters::default().least_fee, order: Some(Order::of(event)) };
        posting.outbox.get_mut(account as usize).ok_or("no such account")?.push_back(post);
        posting.tell(self.state.now, event);
        Ok(())
    }

    fn account(&self, name: &str) -> Result<u32, String> {
        self.find_chain_account(name).ok_or_else(|| format!("'{name}' has no account on the chain"))
    }

    fn register_reader(&mut self, account: u32) {
        let name = self.state.ledger.get_state().get_accounts().get(account as usize).map(|a| a.name.clone());
        let (Some(name), true) = (name, self.state.posting.oversight.registered.insert(account)) else { return };
        let key = ReaderSecret::derive(self.state.seed, &name).get_key();
        if let Some(outbox) = self.state.posting.outbox.get_mut(account as usize) {
            outbox.push_back(Payload::ReaderKey(key).into());
        }
    }

    /// Once a minute: the meters of those with a grantee note what they count.
    pub(super) fn sample_meters(&mut self) {
        let now = self.state.now.0;
        let state = self.state.ledger.get_state();
        if !now.is_multiple_of(MINUTE_US) || state.get_grants().is_empty() {
            return;
        }
        let slot_us = self.state.market.parameters().slot_us;
        let past = now % slot_us;
        let minute = if past == 0 { slot_us } else { past } / MINUTE_US;
        let mut noted = Vec::new();
        for owner in state.get_grants().keys().copied() {
            let Some(meter) = self.state.trading.meters.get(owner as usize) else { continue };
            let [taken, given] = meter.slot_kwh;
            let watts = self.devices_of(owner).map(|d| watts(self.state.flows.device_kw[d])).collect();
            noted.push((owner, Sample { minute: minute as u32, counted: [taken * 1e3, given * 1e3], watts }));
        }
        for (owner, sample) in noted {
            self.state.posting.oversight.samples.entry(owner).or_default().push(sample);
        }
    }

    /// Devices behind an account's meter.
    fn devices_of(&self, account: u32) -> impl Iterator<Item = usize> {
        let devices = match self.scene.participants.get(account as usize) {
            Some(Participant::Building(b)) => {
                self.scene.building_devices[b.index()].iter().map(|d| d.index()).collect()
            }
            Some(Participant::Device(d)) => vec![d.index()],
            _ => Vec::new(),
        };
        devices.into_iter()
    }

    /// A slot's minutes, ready to be sealed for those who have a grant now.
    pub(super) fn finish_minutes(&mut self, slot: u32, metered: &[Metered]) {
        for (owner, samples) in std::mem::take(&mut self.state.posting.oversight.samples) {
            let granted = self.state.ledger.get_state().get_grantees(owner).is_some();
            let (Some(total), true) = (metered.iter().find(|m| m.account == owner), granted) else { continue };
            let names = self.devices_of(owner).map(|d| self.scene.file.devices[d].name.clone());
            let device = |(i, name)| {
                let watts = samples.iter().map(|s| s.watts.get(i).copied().unwrap_or_default()).collect();
                DeviceTrace { name, watts }
            };
            let by_minute = |register: usize, total: i64| {
                let counted: Vec<f64> = samples.iter().map(|s| s.counted[register]).collect();
                spread(&counted, total)
            };
            let fine = FineReading {
                slot,
                first_minutes: samples.first().map_or(1, |s| s.minute),
                import: by_minute(0, total.import.0),
                export: by_minute(1, total.export.0),
                devices: names.enumerate().map(device).collect(),
            };
            self.state.posting.oversight.to_seal.push_back((owner, fine));
        }
    }

    /// Seals what is ready and whose list of grantees stands still; the regulator's cap and daily report go out.
    pub(super) fn run_oversight(&mut self) {
        if self.state.now.0.is_multiple_of(DAY_US) && self.state.now > self.scene.start {
            let due = EventKind::ScheduleDue { what: Schedule::Report };
            let cause = self.state.journal.root(self.state.now, Subject::Chain, due);
            // Without a block since the last one there is nothing to report.
            let _ = self.order_report(cause);
        }
        self.send_cap();
        let waiting = std::mem::take(&mut self.state.posting.oversight.to_seal);
        for (owner, fine) in waiting {
            match self.seal(owner, &fine) {
                Some(Some(envelope)) => {
                    if let Some(outbox) = self.state.posting.outbox.get_mut(owner as usize) {
                        outbox.push_back(Payload::Sealed(envelope).into());
                    }
                }
                Some(None) => {}
                None => self.state.posting.oversight.to_seal.push_back((owner, fine)),
            }
        }
    }

    /// The envelope; `None` while a grant is on its way or a key is not on the chain yet, nothing where nobody may read.
    fn seal(&self, owner: u32, fine: &FineReading) -> Option<Option<Envelope>> {
        let state = self.state.ledger.get_state();
        if self.state.posting.oversight.moving.contains_key(&owner) {
            return None;
        }
        let reader = state.get_reader(owner)?;
        let Some(grantees) = state.get_grantees(owner) else { return Some(None) };
        let mut access = Sealing::new(owner, reader.key);
        access.set_epoch(reader.epoch);
        for grantee in grantees {
            access.process_grant(*grantee, state.get_reader(*grantee)?.key).ok()?;
        }
        let name = &state.get_accounts().get(owner as usize)?.name;
        let secret = ReaderSecret::derive(self.state.seed, name);
        Some(access.compute_envelope(&secret, fine.slot, &fine.encode()).ok())
    }

    /// The regulator's limits of prices; both 0 lift them.
    pub(super) fn order_cap(&mut self, floor: f64, ceiling: f64, event: EventId) -> Result<(), String> {
        let lifts = floor == 0.0 && ceiling == 0.0;
        if !lifts && self.state.market.mechanism() == Mechanism::Community {
            return Err("sharing after the meters goes by the tariffs; choose another mechanism before a cap".into());
        }
        let ceiling = if ceiling == 0.0 { MAX_PRICE } else { price(ceiling) };
        let floor = if floor == 0.0 { Price(-MAX_PRICE.0) } else { price(floor) };
        if floor > ceiling {
            return Err("the floor is above the ceiling".into());
        }
        self.state.posting.oversight.cap = Some((Cap { floor, ceiling }, event, false));
        self.keep_to_cap();
        self.state.trading.disturbed.get_or_insert((self.state.now, event));
        Ok(())
    }

    /// Whether a cap stands on the chain or is on its way.
    pub(super) fn is_capped(&self) -> bool {
        let caps = self.state.ledger.get_state().get_cap().into_iter();
        let mut caps = caps.chain(self.state.posting.oversight.cap.map(|c| c.0));
        caps.any(|cap| cap.ceiling < MAX_PRICE || cap.floor.0 > -MAX_PRICE.0)
    }

    /// The market keeps to what the chain demands and to what it will demand.
    fn keep_to_cap(&mut self) {
        let state = self.state.ledger.get_state().get_cap();
        let waiting = self.state.posting.oversight.cap.map(|(cap, ..)| cap);
        let both = [state, waiting].into_iter().flatten().reduce(|a, b| {
            let floor = a.floor.max(b.floor);
            // Two that do not meet: the old one holds until the new one is on the chain.
            if floor > a.ceiling.min(b.ceiling) { a } else { Cap { floor, ceiling: a.ceiling.min(b.ceiling) } }
        });
        self.state.market.set_bounds(both.map(|cap| (cap.floor, cap.ceiling)));
    }

    fn send_cap(&mut self) {
        let Some((cap, event, false)) = self.state.posting.oversight.cap else { return };
        let operator = self.state.posting.operator();
        let Some(account) = self.state.ledger.get_state().get_accounts().get(operator) else { return };
        let is_idle = self.state.posting.outbox.get(operator).is_some_and(VecDeque::is_empty)
            && self.state.ledger.is_idle(&account.address);
        if is_idle {
            self.state.posting.oversight.cap = Some((cap, event, true));
            self.post_ruling(Payload::Cap(cap), event);
        }
    }

    fn post_ruling(&mut self, payload: Payload, event: EventId) {
        let regulator = self.state.posting.operator() + 1;
        let post = Post { payload, fee: Money::ZERO, order: Some(Order::of(event)) };
        if let Some(outbox) = self.state.posting.outbox.get_mut(regulator) {
            outbox.push_back(post);
        }
        self.state.posting.tell(self.state.now, event);
    }

    /// The regulator keeps an account out of the market.
    pub(super) fn order_suspension(&mut self, name: &str, ground: Ground, event: EventId) -> Result<(), String> {
        let (account, slot) = (self.account(name)?, self.next_open_slot());
        if self.is_suspended(account, u32::MAX) {
            return Err(format!("{name} is suspended already"));
        }
        self.state.posting.oversight.suspending.insert(account, slot);
        self.post_ruling(Payload::Suspend(Suspension { account, slot, ground }), event);
        Ok(())
    }

    /// It lets the account in again.
    pub(super) fn order_reinstatement(&mut self, name: &str, event: EventId) -> Result<(), String> {
        let (account, slot) = (self.account(name)?, self.next_open_slot());
        if !self.is_suspended(account, u32::MAX) {
            return Err(format!("{name} is not suspended"));
        }
        self.post_ruling(Payload::Reinstate(Reinstatement { account, slot }), event);
        Ok(())
    }

    /// Whether an account is kept out of a slot, by the chain or by what is on its way there.
    pub(super) fn is_suspended(&self, account: u32, slot: u32) -> bool {
        let coming = self.state.posting.oversight.suspending.get(&account).is_some_and(|from| slot >= *from);
        coming || self.state.ledger.get_state().is_suspended(account, slot)
    }

    /// The first slot that has not been cleared.
    fn next_open_slot(&self) -> u32 {
        let slot = self.state.market.slot_at(self.state.now);
        let cleared = self.state.trading.next.map_or(slot, |n| n.slot.max(slot));
        u32::try_from(cleared.saturating_add(1)).unwrap_or(u32::MAX)
    }

    /// The regulator reports on all blocks since its last report.
    pub(super) fn order_report(&mut self, event: EventId) -> Result<(), String> {
        let (number, reported) = self.state.posting.oversight.reported;
        let last = self.state.ledger.get_height();
        if last <= reported {
            return Err("there is no block since the last report".into());
        }
        let (mut doubted, mut suspected) = (BTreeSet::new(), BTreeSet::new());
        for finding in self.state.watch.get_findings() {
            match (finding.verdict, finding.subject) {
                (Verdict::Suspected(Doubt::LyingMeter | Doubt::StolenKey), Subject::Building(b)) => {
                    doubted.insert(b.0);
                }
                (Verdict::Suspected(Doubt::Silence | Doubt::Censorship), Subject::Validator(v)) => {
                    suspected.insert(v.0);
                }
                _ => {}
            }
        }
        let all = self.state.ledger.get_state().get_suspended().iter();
        let report = ComplianceReport {
            number: number + 1,
            first: reported + 1,
            last,
            figures: std::mem::take(&mut self.state.posting.oversight.figures),
            out: all.filter(|(_, s)| s.until.is_none()).map(|(account, _)| *account).collect(),
            doubted: doubted.into_iter().collect(),
            suspected: suspected.into_iter().collect(),
        };
        self.state.posting.oversight.reported = (report.number, last);
        self.post_ruling(Payload::Report(report), event);
        Ok(())
    }

    /// What a block holds of grants, seals and rulings.
    pub(super) fn note_oversight(&mut self, at: SimTime, block: &Block, receipts: &[Receipt]) {
        let state = self.state.ledger.get_state();
        let outside: Vec<u32> = state.get_losses().into_iter().chain([state.get_grid()]).collect();
        let figures = Figures::of(&block.transactions, receipts, &outside);
        let oversight = &mut self.state.posting.oversight;
        oversight.figures = oversight.figures.compute_with(&figures);
        for tx in &block.transactions {
            self.note_ruling(at, tx);
        }
    }

    fn note_ruling(&mut self, at: SimTime, tx: &SignedTransaction) {
        let state = self.state.ledger.get_state();
        let Some(sender) = state.get_index(&tx.sender) else { return };
        let name =
            |account: u32| state.get_accounts().get(account as usize).map_or_else(String::new, |a| a.name.clone());
        let milli = |p: Price| (p.0.abs() < MAX_PRICE.0).then_some(p.0);
        let (subject, kind) = match &tx.payload {
            Payload::Grant(p) => (self.member(sender), EventKind::AccessGranted { to: name(p.grantee) }),
            Payload::Revoke(p) => (self.member(sender), EventKind::AccessRevoked { to: name(p.grantee) }),
            Payload::Cap(p) => {
                let (floor_milli, ceiling_milli) = (milli(p.floor), milli(p.ceiling));
                (Subject::Market, EventKind::CapSet { floor_milli, ceiling_milli })
            }
            Payload::Suspend(p) => {
                (self.member(p.account), EventKind::AccountSuspended { ground: p.ground, slot: p.slot })
            }
            Payload::Reinstate(p) => (self.member(p.account), EventKind::AccountReinstated { slot: p.slot }),
            Payload::Report(p) => {
                let doubts = (p.doubted.len() + p.suspected.len()) as u32;
                let (number, blocks) = (p.number, p.last.saturating_sub(p.first) + 1);
                let out = p.out.len() as u32;
                (Subject::Chain, EventKind::ReportPublished { number, blocks, out, doubts })
            }
            Payload::Sealed(p) => {
                self.state.posting.oversight.latest.insert(sender, p.clone());
                return;
            }
            _ => return,
        };
        let order = self.state.posting.contracts.take(&tx.compute_hash());
        self.end_way(sender, &tx.payload);
        if let Payload::Report(report) = &tx.payload {
            self.state.posting.oversight.report = Some(report.clone());
        }
        let cause = order.map_or(self.state.root, |o| o.event);
        self.state.journal.note(at, subject, kind, cause);
    }

    /// What was on its way has arrived or was refused.
    pub(super) fn end_way(&mut self, sender: u32, payload: &Payload) {
        let oversight = &mut self.state.posting.oversight;
        match payload {
            Payload::Grant(_) | Payload::Revoke(_) => {
                let left = oversight.moving.remove(&sender).unwrap_or_default().saturating_sub(1);
                if left > 0 {
                    oversight.moving.insert(sender, left);
                }
            }
            Payload::Suspend(p) => {
                oversight.suspending.remove(&p.account);
            }
            Payload::Cap(cap) => {
                // A newer one may wait behind it.
                if oversight.cap.is_some_and(|(waiting, _, sent)| sent && waiting == *cap) {
                    oversight.cap = None;
                }
                self.keep_to_cap();
            }
            _ => {}
        }
    }

    pub(super) fn view_oversight(&self) -> OversightView {
        let state = self.state.ledger.get_state();
        let oversight = &self.state.posting.oversight;
        let grants = state.get_grants().iter().flat_map(|(owner, all)| all.iter().map(|grantee| (*owner, *grantee)));
        let suspended = state.get_suspended().iter().filter(|(_, s)| s.until.is_none());
        let cap = state.get_cap().filter(|cap| cap.ceiling < MAX_PRICE || cap.floor.0 > -MAX_PRICE.0);
        OversightView {
            grants: grants.collect(),
            moving: oversight.moving.keys().copied().collect(),
            envelopes: oversight.latest.values().cloned().collect(),
            cap,
            suspended: suspended
                .map(|(account, s)| SuspendedView { account: *account, slot: s.slot, ground: s.ground })
                .collect(),
            report: oversight.report.clone(),
            operator: self.state.posting.operator() as u32,
            seed: self.state.seed,
        }
    }
}

/// What was counted by minute in whole watt-hours that add up to the slot's count.
fn spread(counted: &[f64], total: i64) -> Vec<u32> {
    let (mut before, last) = (0, counted.len().saturating_sub(1));
    let step = |(i, wh): (usize, &f64)| {
        let until = if i == last { total } else { (libm::floor(*wh) as i64).clamp(before, total.max(before)) };
        let minute = u32::try_from(until.saturating_sub(before)).unwrap_or_default();
        before = until;
        minute
    };
    counted.iter().enumerate().map(step).collect()
}

fn watts(kw: f64) -> i32 {
    libm::round(kw * 1e3) as i32
}

#[cfg(test)]
mod tests {
    use super::spread;

    #[test]
    fn minutes_add_up_to_the_count() {
        assert_eq!(spread(&[0.4, 3.9, 9.2], 10), [0, 3, 7]);
        assert_eq!(spread(&[0.4, 30.0, 9.2], 10), [0, 10, 0]);
        assert_eq!(spread(&[5.0], 12), [12]);
        assert!(spread(&[], 12).is_empty());
    }
}
