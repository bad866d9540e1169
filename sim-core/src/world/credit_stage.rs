//! Carbon credits of the running community: issued on the chain hour by hour, given away and retired by command.
//!
//! When an hour and the one after it are over, each account that surrendered certificates for credits in it has them issued
//! by a transaction that names the hour alone; how much that is the chain works out from its own claims and the baseline of
//! its genesis ([`certificate`](crate::ledger::certificate)). The books of `market::carbon` reckon the same from meters.

use super::World;
use super::certificate_stage::HOURS;
use super::contract_stage::{Order, Post};
use super::footprint_stage::CREDITS;
use crate::command::Command;
use crate::digest::Hash;
use crate::event::{EventKind, Schedule};
use crate::ids::{EventId, Subject};
use crate::ledger::certificate::{CertificateAction, Rules};
use crate::ledger::crypto::Address;
use crate::ledger::types::Payload;
use crate::quantity::Money;
use crate::scene::Scene;
use crate::time::SimTime;

/// Hours after which an hour is closed.
const CLOSED: u32 = 2;

/// The registry's times, and what credits are counted against: the grid's average mix, with a part kept back as in the books.
/// An hour's certificates are of use for three days: what expires is state that stays small.
pub(super) fn certificate_rules(scene: &Scene) -> Rules {
    Rules {
        slots_per_hour: 60 / scene.file.market.slot_min.clamp(1, 60),
        issue_hours: 24,
        expire_hours: 72,
        baseline: libm::round(scene.file.upstream.co2_g_per_kwh).clamp(0.0, 100_000.0) as u32,
        buffer: CREDITS.buffer,
    }
}

impl World {
    /// Has the credits of closed hours issued.
    pub(super) fn issue_credits(&mut self, hour: u32) {
        let registry = self.state.ledger.get_state().get_certificates();
        let rules = *registry.get_rules();
        let (mut due, mut accounts, mut sum) = (Vec::new(), 0_u32, 0_i64);
        for account in 0..self.scene.participants.len() as u32 {
            let waits = self.state.posting.outbox.get(account as usize).is_none_or(|posts| !posts.is_empty());
            let mut mine = 0_i64;
            for past in hour.saturating_sub(HOURS)..hour.saturating_sub(CLOSED - 1) {
                let (_, mg) = rules.compute_credit(registry.get_meter(past, account).credited).unwrap_or_default();
                if mg > 0 && !waits && !registry.is_credited(account, past) {
                    due.push((account, CertificateAction::IssueCredit { hour: past }));
                    mine = mine.saturating_add(mg);
                }
            }
            accounts += u32::from(mine > 0);
            sum = sum.saturating_add(mine);
        }
        if due.is_empty() {
            return;
        }
        let now = self.state.now;
        let due_now = EventKind::ScheduleDue { what: Schedule::Certificates };
        let cause = match self.state.posting.certified {
            Some(event) => event,
            None => self.state.journal.root(now, Subject::Market, due_now),
        };
        let kind = EventKind::CreditsIssued { accounts, mg: sum };
        let event = self.state.journal.note(now, Subject::Market, kind, cause);
        for (account, action) in due {
            if let Some(outbox) = self.state.posting.outbox.get_mut(account as usize) {
                outbox.push_back(Payload::Certificate(action).into());
            }
        }
        self.state.posting.tell(now, event);
    }

    /// Puts a gift or a retirement of credits into its sender's outbox.
    pub(super) fn order_credits(&mut self, command: &Command, event: EventId) -> Result<(), String> {
        let (by, kg) = match command {
            Command::TransferCredits { by, kg, .. } | Command::RetireCredits { by, kg } => (by, *kg),
            _ => return Ok(()),
        };
        let find =
            |name: &str| self.find_chain_account(name).ok_or_else(|| format!("'{name}' has no account on the chain"));
        let (sender, mg) = (find(by)?, libm::round(kg * 1e6) as i64);
        let has = self.state.ledger.get_state().get_certificates().get_credits(sender).held_mg;
        if mg > has {
            return Err(format!(
                "{by} holds credits for {:.6} kg; {kg} kg cannot be given or retired",
                has as f64 / 1e6
            ));
        }
        let action = match command {
            Command::TransferCredits { to, .. } => CertificateAction::TransferCredit { to: find(to)?, mg },
            _ => CertificateAction::RetireCredit { mg },
        };
        let post = Post { payload: Payload::Certificate(action), fee: Money::ZERO, order: Some(Order::of(event)) };
        let posting = &mut self.state.posting;
        posting.outbox.get_mut(sender as usize).ok_or("no such account")?.push_back(post);
        posting.tell(self.state.now, event);
        Ok(())
    }

    /// Tells that a gift or a retirement stands in a block.
    pub(super) fn note_credits(&mut self, at: SimTime, hash: &Hash, sender: &Address, action: &CertificateAction) {
        let state = self.state.ledger.get_state();
        let kind = match *action {
            CertificateAction::TransferCredit { to, mg } => {
                let to = state.get_accounts().get(to as usize).map_or_else(String::new, |a| a.name.clone());
                EventKind::CreditsTransferred { to, mg }
            }
            CertificateAction::RetireCredit { mg } => EventKind::CreditsRetired { mg },
            _ => return,
        };
        let subject = state.get_index(sender).map_or(Subject::Chain, |account| self.member(account));
        let Some(order) = self.state.posting.contracts.take(hash) else { return };
        self.state.journal.note(at, subject, kind, order.event);
    }
}
