//! What is paid besides the energy, as the chain derives it: grid fee, tax and subsidy of a settled slot.
//!
//! Of the members' imports `I`, exports `E` and the export `X` to the grid, `L = min(max(E - X, 0), I, E)` was made and
//! used inside; in the order of the accounts each takes `floor(L * sum / I)` less what those before it took (and alike of
//! the exports). Then, money received positive,
//! - `grid fee = -((import - local import) * grid_fee + local import * local_fee)`,
//! - `tax = -floor((cost * tax + 500) / 1000)` with `cost = max(0, -(trades + imbalance + grid fee))`,
//! - `subsidy = local export * subsidy` for the green.
//!
//! Exempt accounts pay neither fee nor tax. The grid's account receives the negative of all three sums. The rules and
//! their sources stand at the market's `charges`; this is a second derivation of them, from the chain's own data.

use super::settlement::Metered;
use super::types::{Parameters, Row, Tariffs};
use crate::quantity::{Money, Price, Wh};

/// Who is no member: the grid, and the account of losses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outside {
    pub(super) grid: u32,
    pub(super) losses: Option<u32>,
}

impl Outside {
    pub(super) fn get_grid(self) -> u32 {
        self.grid
    }
    pub(super) fn get_losses(self) -> Option<u32> {
        self.losses
    }
    pub(super) fn has(self, account: u32) -> bool {
        account == self.grid || Some(account) == self.losses
    }
}

/// Adds grid fee, tax and subsidy to rows whose `money` is that of trades and imbalance, rows and meters side by side;
/// the account where an amount overflows otherwise.
pub(super) fn process_charges(
    rows: &mut [Row],
    metered: &[Metered],
    outside: Outside,
    tariffs: Tariffs,
    parameters: &Parameters,
) -> Result<(), u32> {
    let whole = compute_whole(metered, outside).ok_or(outside.grid)?;
    let (mut taken, mut given) = (0, 0);
    let mut sums = [Money::ZERO; 3];
    for (row, m) in rows.iter_mut().zip(metered).filter(|(row, _)| !outside.has(row.account)) {
        let local_import = compute_part(whole.inside, taken, m.import, whole.imports);
        let local_export = compute_part(whole.inside, given, m.export, whole.exports);
        (taken, given) = (taken + m.import.0, given + m.export.0);
        let account = row.account;
        (|| {
            if !parameters.exempt.contains(&account) {
                row.grid_fee = compute_fee(m.import, local_import, tariffs)?;
                row.tax = compute_tax(row.money.checked_add(row.grid_fee)?, tariffs.tax)?;
            }
            if parameters.green.contains(&account) {
                row.subsidy = local_export.compute_cost(tariffs.subsidy)?;
            }
            for (sum, money) in sums.iter_mut().zip([row.grid_fee, row.tax, row.subsidy]) {
                *sum = sum.checked_add(money)?;
                row.money = row.money.checked_add(money)?;
            }
            Some(())
        })()
        .ok_or(account)?;
    }
    if let Some(grid) = rows.iter_mut().find(|row| row.account == outside.grid) {
        let [fees, taxes, subsidies] = sums.map(|sum| Money::ZERO.checked_sub(sum));
        (|| {
            (grid.grid_fee, grid.tax, grid.subsidy) = (fees?, taxes?, subsidies?);
            grid.money = grid.money.checked_add(fees?)?.checked_add(taxes?)?.checked_add(subsidies?)?;
            Some(())
        })()
        .ok_or(outside.grid)?;
    }
    Ok(())
}

/// Sums over the members, and what was made and used inside.
struct Whole {
    imports: i64,
    exports: i64,
    inside: i64,
}

fn compute_whole(metered: &[Metered], outside: Outside) -> Option<Whole> {
    let (mut imports, mut exports, mut left) = (0_i64, 0_i64, 0_i64);
    for m in metered {
        if m.account == outside.grid {
            left = m.import.0;
        } else if !outside.has(m.account) {
            imports = imports.checked_add(m.import.0)?;
            exports = exports.checked_add(m.export.0)?;
        }
    }
    Some(Whole { imports, exports, inside: exports.checked_sub(left)?.max(0).min(imports).min(exports) })
}

/// What falls to one with `own` after those with `before` of `whole`.
fn compute_part(inside: i64, before: i64, own: Wh, whole: i64) -> Wh {
    let upto = |sum: i64| i128::from(inside) * i128::from(sum) / i128::from(whole.max(1));
    // At most `inside`, so it fits.
    Wh(i64::try_from(upto(before + own.0) - upto(before)).unwrap_or_default())
}

fn compute_fee(import: Wh, local: Wh, tariffs: Tariffs) -> Option<Money> {
    let paid = |energy: Wh, price: Price| Money::ZERO.checked_sub(energy.compute_cost(price)?);
    paid(import.checked_sub(local)?, tariffs.grid_fee)?.checked_add(paid(local, tariffs.local_fee)?)
}

fn compute_tax(money: Money, thousandths: u32) -> Option<Money> {
    let cost = i128::from(money.0.min(0)).checked_neg()?;
    let tax = (cost * i128::from(thousandths) + 500) / 1_000;
    Some(Money(i64::try_from(-tax).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 900 Wh of the 1,200 taken are made inside: of account 1 750, of the exempt 2 150. The market's example, by hand.
    #[test]
    fn the_chain_derives_the_same_charges_by_itself() {
        let meter = |account, import, export| Metered { account, import: Wh(import), export: Wh(export) };
        let metered = [meter(0, 0, 900), meter(1, 1_000, 0), meter(2, 200, 0), meter(8, 0, 300), meter(9, 0, 0)];
        let mut rows = metered.map(|m| Row { account: m.account, ..Row::default() });
        rows[1].money = Money(-218_400);
        let tariffs =
            Tariffs { grid_fee: Price(100), local_fee: Price(43), tax: 190, subsidy: Price(50), ..Tariffs::default() };
        let parameters = Parameters { exempt: vec![2], green: vec![0], ..Parameters::default() };
        let outside = Outside { grid: 8, losses: Some(9) };
        process_charges(&mut rows, &metered, outside, tariffs, &parameters).expect("small amounts");
        let money = rows.map(|r| (r.grid_fee.0, r.tax.0, r.subsidy.0, r.money.0));
        assert_eq!(money[0], (0, 0, 45_000, 45_000));
        assert_eq!(money[1], (-57_250, -52_374, 0, -218_400 - 57_250 - 52_374));
        assert_eq!(money[2], (0, 0, 0, 0));
        assert_eq!(money[3], (57_250, 52_374, -45_000, 57_250 + 52_374 - 45_000));
        rows[1].money = Money(i64::MIN);
        assert_eq!(process_charges(&mut rows, &metered, outside, tariffs, &parameters), Err(1));
    }
}
