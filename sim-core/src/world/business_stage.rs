//! Plants as businesses of the running community: founded by command, paid in by the plant's account, shared out by contract.
//!
//! ```text
//! due(h)     = what earlier hours left below zero + sum of the plant's rows in the settlements of the hour's slots
//! paid in(h) = due(h), where it is above zero            what is below zero is made good by later hours
//! ```
//!
//! The contract ([`plant`](crate::ledger::contract::plant)) reads the same rows on the chain and refuses any other sum, so
//! whoever re-runs the chain has recomputed it. The call goes out when the settlement of the hour's last slot stands in a
//! block, signed by the plant's account, which also bears the fee of the transaction. A plant without power or connection
//! sends later; bills that the chain has forgotten by then (ten slots) are told as missed and stay with the plant.
//! Nothing is kept here: which contracts are plants, and what comes next, stands on the chain.

use super::World;
use super::contract_stage::{Orders, Post};
use crate::command::{BusinessModel, CONTRACT_FEE, Command};
use crate::event::EventKind;
use crate::ids::EventId;
use crate::ledger::contract::plant::{MAX_FEE, Plant, Terms};
use crate::ledger::contract::{Scalar, Value};
use crate::ledger::receipt::{Notice, Receipt};
use crate::ledger::types::{Invocation, Payload};
use crate::quantity::Money;
use crate::time::HOUR_US;

/// At most so many slots wait, so that the chain still knows them all.
const MOST_SLOTS: u32 = 8;
/// The function of the contract that pays bills in.
const SETTLE: &str = "settle";

impl World {
    /// Founds a business or gives shares away: a deployment or a call of its contract, which has the plant's name.
    pub(super) fn order_business(&mut self, command: &Command, event: EventId) -> Result<(), String> {
        let order = match command {
            Command::FoundBusiness { plant, model, stakes, manager, fee, term_h } => {
                let owners = stakes.iter().map(|(name, shares)| (name.clone(), i64::from(*shares))).collect();
                let slots = libm::round(term_h * HOUR_US as f64 / self.slot_us() as f64) as i64;
                let company = (*model == BusinessModel::EnergyService).then(|| (manager.clone(), slots.max(1)));
                let fee = libm::round(fee * MAX_FEE as f64) as i64;
                let managed = matches!(model, BusinessModel::MixedOwnership | BusinessModel::TokenisedField);
                let manager = managed.then(|| (manager.clone(), fee));
                let args = Terms { owners, manager, company }.get_arguments();
                Command::DeployContract {
                    by: plant.clone(),
                    name: plant.clone(),
                    source: "shared-ownership".into(),
                    args: args.iter().map(|a| a.to_json().to_string()).collect(),
                    attach: 0.0,
                    fee: CONTRACT_FEE,
                }
            }
            Command::TransferShares { plant, by, to, shares } => Command::CallContract {
                by: by.clone(),
                contract: plant.clone(),
                function: "transfer".into(),
                args: vec![format!("@{to}"), shares.to_string()],
                attach: 0.0,
                fee: CONTRACT_FEE,
            },
            _ => return Ok(()),
        };
        self.order_contract(&order, event)
    }

    /// Names of the chain's accounts, in its order: those of buildings and devices as in the scene.
    #[must_use]
    pub fn chain_accounts(&self) -> Vec<String> {
        self.state.ledger.get_state().get_accounts().iter().map(|a| a.name.clone()).collect()
    }

    fn slot_us(&self) -> u64 {
        self.state.market.parameters().slot_us.max(1)
    }

    /// A slot's settlement stands in a block: at the end of an hour every plant pays in what its bills came to.
    pub(super) fn pay_in(&mut self, slot: u32, event: EventId) {
        let hour = u32::try_from(HOUR_US / self.slot_us()).unwrap_or(1).clamp(1, MOST_SLOTS);
        if !slot.wrapping_add(1).is_multiple_of(hour) {
            return;
        }
        let (posting, state) = (&self.state.posting, self.state.ledger.get_state());
        let mut posts = Vec::new();
        for (name, id) in posting.contracts.get_names() {
            let Some(plant) = state.get_contracts().get(id).and_then(Plant::read) else { continue };
            if plant.next > slot || posting.contracts.is_waiting(name, SETTLE, &posting.outbox) {
                continue;
            }
            let rows = (plant.next..=slot).rev().take(crate::ledger::state::KEPT_SLOTS);
            let bills = rows.filter_map(|s| state.get_row(plant.plant, s));
            let due = bills.fold(plant.carry, |sum, row| sum.saturating_add(row.money.0));
            let call = Invocation {
                contract: id.0,
                function: SETTLE.into(),
                args: vec![i64::from(slot).into()],
                attached: Money(due.max(0)),
            };
            let fee = Money(libm::round(CONTRACT_FEE * 1e6) as i64);
            let order = Some(Orders::call(event, name, SETTLE));
            posts.push((plant.plant, Post { payload: Payload::Call(call), fee, order }));
        }
        if posts.is_empty() {
            return;
        }
        for (account, post) in posts {
            if let Some(outbox) = self.state.posting.outbox.get_mut(account as usize) {
                outbox.push_back(post);
            }
        }
        self.state.posting.tell(self.state.now, event);
    }

    /// What a plant's contract told when bills were paid in; `None` for every other call.
    pub(super) fn tell_dividends(&self, contract: &str, receipt: &Receipt) -> Option<EventKind> {
        let told = |name: &str| {
            receipt.notices.iter().find_map(|notice| match notice {
                Notice::Contract(id, event) if event.name == name => Some((id, &event.fields)),
                _ => None,
            })
        };
        let (id, settled) = told("Settled")?;
        self.state.ledger.get_state().get_contracts().get(id).and_then(Plant::read)?;
        let shared = told("Shared").map(|(_, fields)| fields);
        Some(EventKind::DividendsPaid {
            contract: contract.to_owned(),
            first: u32::try_from(get(settled, "first")).unwrap_or_default(),
            last: u32::try_from(get(settled, "last")).unwrap_or_default(),
            income: get(settled, "money"),
            management: shared.map_or(0, |s| get(s, "fee")),
            dividend: shared.map_or(0, |s| get(s, "left")),
            missed: u32::try_from(get(settled, "missed")).unwrap_or_default(),
            gas: receipt.gas,
            fee: receipt.fee.0,
        })
    }
}

fn get(fields: &Value, name: &str) -> i64 {
    match fields {
        Value::Record(fields) => match fields.get(name) {
            Some(Scalar::Int(value)) => *value,
            _ => 0,
        },
        _ => 0,
    }
}
