//! The end of a slot: what its meters say is shared where the mechanism does that, and settled.

use super::exchange::Market;
use super::mechanism::Mechanism;
use super::settlement::{self, Metered, Registers, SettlementInput, Statement, TradeLine};
use super::{MarketError, sharing};
use crate::quantity::{Money, Price, Wh};
use std::collections::BTreeMap;

impl Market {
    /// What the settlement of a slot depends on: its trades and terms with these meter readings.
    #[must_use]
    pub fn settlement_input(&self, slot: u64, metered: &[Metered], pcc: Registers, losses: Wh) -> SettlementInput {
        SettlementInput {
            slot,
            grid: self.parameters.grid,
            losses_account: self.parameters.losses_account(),
            operator: self.parameters.operator_account(),
            metered: metered.to_vec(),
            pcc,
            losses,
            trades: self.trades(slot).to_vec(),
            rates: self.open.get(&slot).map(|o| o.rates.clone()).unwrap_or_default(),
            terms: self.open.get(&slot).map_or_else(|| self.terms(slot), |o| o.terms),
            standing: self.standing.clone(),
        }
    }

    /// What a kWh costs that is shared after the meters of a slot, at the tariffs in force when it was last cleared.
    #[must_use]
    pub fn compute_sharing_price(&self, slot: u64) -> Price {
        sharing::compute_price(&self.open.get(&slot).map_or_else(|| self.terms(slot), |o| o.terms))
    }

    /// The mechanism that cleared a slot last; that of the next clearing where none has.
    #[must_use]
    pub fn mechanism_of(&self, slot: u64) -> Mechanism {
        self.open.get(&slot).map_or_else(|| self.mechanism(), |o| o.mechanism)
    }

    /// The mechanism of each clearing of a slot that is not settled, by number.
    #[must_use]
    pub fn rules_of(&self, slot: u64) -> BTreeMap<u32, Mechanism> {
        self.open.get(&slot).map(|o| o.rules.clone()).unwrap_or_default()
    }

    /// Shares what the meters of a slot counted beyond its trades, where its mechanism does that; returns the new trades.
    pub fn share_surplus(&mut self, slot: u64, metered: &[Metered]) -> Vec<TradeLine> {
        let grid = self.parameters.grid;
        let Some(open) = self.open.get_mut(&slot).filter(|o| !o.mechanism.binds()) else { return Vec::new() };
        let lines = sharing::share_surplus(metered, &open.lines, grid, &open.terms, open.number);
        open.lines.extend_from_slice(&lines);
        lines
    }

    /// Settles a slot and closes it, at the tariffs in force when it was last cleared. Fails, and leaves it open, if energy or readings do not add up.
    pub fn settle(
        &mut self,
        slot: u64,
        metered: &[Metered],
        pcc: Registers,
        losses: Wh,
    ) -> Result<Statement, MarketError> {
        let statement = settlement::settle(&self.settlement_input(slot, metered, pcc, losses))?;
        self.open.remove(&slot);
        let operator = self.parameters.operator_account();
        let earned = statement.rows.iter().find(|r| r.account == operator).map_or(Money::ZERO, |r| r.total);
        self.maker_result = Money(self.maker_result.0.saturating_add(earned.0));
        Ok(statement)
    }
}
