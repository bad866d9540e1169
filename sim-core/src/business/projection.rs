//! A model's cash flows, party by party and year by year: double entry in integers.

use super::case::{Case, GRID, INSTALLER, Model, Ownership};
use super::error::BusinessError;
use super::fairness::Fairness;
use super::finance::{compute_irr, compute_npv, compute_payback};
use super::share::share_out;
use crate::quantity::Money;
use serde::Serialize;
use std::collections::BTreeMap;

/// What a model comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Projection {
    /// The model.
    pub model: &'static str,
    /// Members first, in the order of the case; then owners, managers; the grid's supplier and the installer last.
    pub parties: Vec<PartyResult>,
    /// The outcome for the members.
    pub fairness: Fairness,
    /// The plant's own year 0, 1, ..
    pub plant: Vec<PlantYear>,
    /// Every payment of the first year: who pays whom, and for what.
    pub first_year: Vec<Payment>,
}

/// What a plant takes in and pays out in a year.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlantYear {
    /// From members and the grid.
    pub income: Money,
    /// For its upkeep.
    pub upkeep: Money,
    /// The manager's.
    pub fee: Money,
    /// What is left and shared out among the owners; in year 0 what they put in, below zero.
    pub dividend: Money,
}

/// A payment within a year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Payment {
    /// Who pays; `plant` is the plant's own purse.
    pub from: String,
    /// Who gets it.
    pub to: String,
    /// What for.
    pub what: Purpose,
    /// How much, millionths.
    pub amount: Money,
}

/// What is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Building the plant.
    Investment,
    /// Energy that a member no longer takes from the grid's supplier, who misses it.
    Saving,
    /// Energy of the plant that a member uses.
    Energy,
    /// Energy of the plant that goes to the grid.
    FeedIn,
    /// Looking after the plant.
    Upkeep,
    /// Running it.
    Fee,
    /// What the owners get.
    Dividend,
}

/// A party's flows against life without the plant.
#[derive(Clone, Debug, PartialEq)]
pub struct PartyResult {
    /// Its name.
    pub name: String,
    /// Whether it is a member.
    pub is_member: bool,
    /// Flows of year 0, 1, ..; received positive.
    pub flows: Vec<Money>,
    /// Net present value, currency.
    pub npv: f64,
    /// Internal rate of return a year, where there is a single one.
    pub irr: Option<f64>,
    /// Years until its advance is back; `None` where it never is.
    pub payback: Option<f64>,
    /// Present value of its bill without the plant, currency; 0 for who is no member.
    pub bill_before: f64,
}

/// Projects a model over the years of the case.
///
/// # Errors
/// A sum beyond 64 bits.
pub fn project(case: &Case, model: &Model) -> Result<Projection, BusinessError> {
    let mut accounts = Accounts::new(case, model);
    let owners = accounts.get_owners(case, model, 0);
    let put_in = case.investment.0.checked_neg().ok_or(BusinessError::Overflow)?;
    accounts.share(INSTALLER, &owners, put_in, 0, Purpose::Investment)?;
    accounts.plant.push(PlantYear { dividend: Money(put_in), ..PlantYear::default() });
    let mut now = Year { energy: ONE, prices: ONE };
    let mut bills = vec![vec![0.0]; case.members.len()];
    for year in 1..=case.years as usize {
        accounts.process_year(case, model, &now, year)?;
        for (bill, member) in bills.iter_mut().zip(&case.members) {
            let cost = now.compute_cost(i64::from(member.demand_kwh) * 1_000, case.tariffs.import)?;
            bill.push(cost as f64 / 1e6);
        }
        now = now.next(case)?;
    }
    let bill = |name: &str| {
        let place = case.members.iter().position(|m| m.name == name);
        place.and_then(|p| bills.get(p)).map_or(0.0, |bill| compute_npv(case.discount_rate, bill))
    };
    let parties: Vec<PartyResult> = accounts
        .order
        .iter()
        .filter_map(|name| {
            let flows = accounts.flows.get(name)?;
            let money: Vec<f64> = flows.iter().map(|f| *f as f64 / 1e6).collect();
            Some(PartyResult {
                name: name.clone(),
                is_member: case.members.iter().any(|m| m.name == *name),
                npv: compute_npv(case.discount_rate, &money),
                irr: compute_irr(&money),
                payback: compute_payback(&money),
                bill_before: bill(name),
                flows: flows.iter().map(|f| Money(*f)).collect(),
            })
        })
        .collect();
    let of_members =
        |f: fn(&PartyResult) -> f64| -> Vec<f64> { parties.iter().filter(|p| p.is_member).map(f).collect() };
    let fairness = Fairness::new(&of_members(|p| p.npv), &of_members(|p| p.bill_before));
    let Accounts { plant, first_year, .. } = accounts;
    Ok(Projection { model: model.ownership.get_name(), parties, fairness, plant, first_year })
}

/// What has become of energy and prices of the first year, in parts of [`ONE`]: so that a century of rounding is not seen.
struct Year {
    energy: i128,
    prices: i128,
}

/// One, as an index.
const ONE: i128 = 1_000_000_000_000;

impl Year {
    fn next(&self, case: &Case) -> Result<Self, BusinessError> {
        let step = |index: i128, change: i64| index.checked_mul(1_000_000 + i128::from(change)).map(|i| i / 1_000_000);
        let energy = step(self.energy, -case.degradation).ok_or(BusinessError::Overflow)?;
        Ok(Self { energy, prices: step(self.prices, case.tariffs.growth).ok_or(BusinessError::Overflow)? })
    }
    /// Energy of the year, Wh, rounded down.
    fn compute_energy(&self, case: &Case) -> Result<i64, BusinessError> {
        divide(i128::from(case.energy.0).checked_mul(self.energy), ONE)
    }
    /// Millionths of the year for millionths of the first, rounded down.
    fn compute_money(&self, money: i64) -> Result<i64, BusinessError> {
        divide(i128::from(money).checked_mul(self.prices), ONE)
    }
    /// Millionths for Wh at the first year's millionths per kWh, rounded down.
    fn compute_cost(&self, energy: i64, price: i64) -> Result<i64, BusinessError> {
        let product = i128::from(energy).checked_mul(i128::from(price));
        divide(product.and_then(|p| p.checked_mul(self.prices)), 1_000 * ONE)
    }
}

/// Flows by party; every entry has its opposite.
struct Accounts {
    order: Vec<String>,
    flows: BTreeMap<String, Vec<i64>>,
    plant: Vec<PlantYear>,
    first_year: Vec<Payment>,
}

/// The plant's own purse: empty at the end of every year.
const PLANT: &str = "";

impl Accounts {
    fn new(case: &Case, model: &Model) -> Self {
        let mut order: Vec<String> = case.members.iter().map(|m| m.name.clone()).collect();
        let others: Vec<&String> = match &model.ownership {
            Ownership::EnergyService { provider, .. } => vec![provider],
            Ownership::Shared { stakes } => stakes.keys().collect(),
            Ownership::Mixed { operator, stakes, .. } => [operator].into_iter().chain(stakes.keys()).collect(),
            Ownership::Tokenised { platform, tokens, .. } => [platform].into_iter().chain(tokens.keys()).collect(),
        };
        for name in others {
            if !order.contains(name) {
                order.push(name.clone());
            }
        }
        order.extend([GRID, INSTALLER].map(str::to_owned));
        let years = case.years as usize + 1;
        let purses = order.iter().map(String::as_str).chain([PLANT]);
        let flows = purses.map(|name| (name.to_owned(), vec![0; years])).collect();
        Self { order, flows, plant: Vec::new(), first_year: Vec::new() }
    }

    /// Who owns the plant in a year, with stakes.
    fn get_owners(&self, case: &Case, model: &Model, year: usize) -> Vec<(String, u32)> {
        match &model.ownership {
            Ownership::EnergyService { provider, term } if year <= *term as usize => vec![(provider.clone(), 1)],
            Ownership::EnergyService { .. } => case.members.iter().map(|m| (m.name.clone(), m.weight)).collect(),
            Ownership::Shared { stakes }
            | Ownership::Mixed { stakes, .. }
            | Ownership::Tokenised { tokens: stakes, .. } => {
                stakes.iter().map(|(name, stake)| (name.clone(), *stake)).collect()
            }
        }
    }

    fn process_year(&mut self, case: &Case, model: &Model, now: &Year, year: usize) -> Result<(), BusinessError> {
        let energy = now.compute_energy(case)?;
        let weights: Vec<u32> = case.members.iter().map(|m| m.weight).collect();
        let no_weight = || BusinessError::NoWeight { what: "members".to_owned() };
        let shares = share_out(portion(energy, case.self_consumption)?, &weights).ok_or_else(no_weight)?;
        let mut fed = energy;
        let mut income = 0_i64;
        for (member, share) in case.members.iter().zip(shares) {
            let local = share.min(i64::from(member.demand_kwh) * 1_000);
            fed -= local;
            let paid = now.compute_cost(local, model.price)?;
            let saved = now.compute_cost(local, case.tariffs.import)?;
            self.pay(GRID, &member.name, saved, year, Purpose::Saving)?;
            self.pay(&member.name, PLANT, paid, year, Purpose::Energy)?;
            income = income.checked_add(paid).ok_or(BusinessError::Overflow)?;
        }
        let feed_in = now.compute_cost(fed, case.tariffs.feed_in)?;
        income = income.checked_add(feed_in).ok_or(BusinessError::Overflow)?;
        self.pay(GRID, PLANT, feed_in, year, Purpose::FeedIn)?;
        let upkeep = now.compute_money(case.upkeep.0)?;
        self.pay(PLANT, INSTALLER, upkeep, year, Purpose::Upkeep)?;
        let mut left = income.checked_sub(upkeep).ok_or(BusinessError::Overflow)?;
        let mut own = PlantYear { income: Money(income), upkeep: Money(upkeep), ..PlantYear::default() };
        if let Ownership::Mixed { operator: manager, fee, .. } | Ownership::Tokenised { platform: manager, fee, .. } =
            &model.ownership
        {
            let fee = portion(income, *fee)?;
            self.pay(PLANT, manager, fee, year, Purpose::Fee)?;
            own.fee = Money(fee);
            left = left.checked_sub(fee).ok_or(BusinessError::Overflow)?;
        }
        own.dividend = Money(left);
        self.plant.push(own);
        let owners = self.get_owners(case, model, year);
        self.share(PLANT, &owners, left, year, Purpose::Dividend)
    }

    /// Pays `amount` from one purse to the owners by stake; a negative amount is called from them.
    fn share(
        &mut self,
        from: &str,
        owners: &[(String, u32)],
        amount: i64,
        year: usize,
        what: Purpose,
    ) -> Result<(), BusinessError> {
        let stakes: Vec<u32> = owners.iter().map(|(_, stake)| *stake).collect();
        let shares = share_out(amount, &stakes).ok_or_else(|| BusinessError::NoWeight { what: "owners".to_owned() })?;
        owners.iter().zip(shares).try_for_each(|((owner, _), share)| self.pay(from, owner, share, year, what))
    }

    /// The same amount out of one purse and into another.
    fn pay(&mut self, from: &str, to: &str, amount: i64, year: usize, what: Purpose) -> Result<(), BusinessError> {
        if year == 1 && amount != 0 {
            let name = |of: &str| if of == PLANT { "plant" } else { of }.to_owned();
            self.first_year.push(Payment { from: name(from), to: name(to), what, amount: Money(amount) });
        }
        let out = amount.checked_neg().ok_or(BusinessError::Overflow)?;
        for (name, change) in [(from, out), (to, amount)] {
            if let Some(flow) = self.flows.get_mut(name).and_then(|f| f.get_mut(year)) {
                *flow = flow.checked_add(change).ok_or(BusinessError::Overflow)?;
            }
        }
        Ok(())
    }
}

/// `millionths` of a value, rounded down.
fn portion(value: i64, millionths: i64) -> Result<i64, BusinessError> {
    divide(i128::from(value).checked_mul(i128::from(millionths)), 1_000_000)
}

fn divide(product: Option<i128>, by: i128) -> Result<i64, BusinessError> {
    let quotient = product.map(|p| p.div_euclid(by)).ok_or(BusinessError::Overflow)?;
    i64::try_from(quotient).map_err(|_| BusinessError::Overflow)
}
