//! What is paid to the network, as the chain derives it: losses and full elements, in the direction of flow.
//!
//! Each fill says what a kWh sold there adds to the losses (`loss`, millionths) and what is paid for it because of elements
//! at their limit (`congestion`). With `L` the losses account's net import, and in the order of the accounts, the grid and
//! the losses left out:
//! - `target = floor(max(0, L * import tariff) * loss share / 1000)`, `W = sum of loss * quantity`,
//! - `flow = min(target, floor(import tariff * W / 1e6))`, 0 where `W <= 0`; `base = target - flow`, 0 where `E = 0`,
//! - each pays `floor(flow * S / W)` less what those before it paid, `S` the running sum of its weights; and alike of `base`
//!   by the energy `E` that the meters of all who are not exempt counted either way,
//! - `congestion = -(sum of congestion * quantity)`.
//!
//! The losses account receives what is paid for losses, the grid's what is paid for congestion. The rules stand at the
//! market's `network_charges`; this is a second derivation of them, from the chain's own data.

use super::charges::Outside;
use super::settlement::{Metered, Positions};
use super::types::{Parameters, Row, Tariffs};
use crate::quantity::Money;

/// Adds losses and congestion to rows, rows and meters side by side; the account where an amount overflows otherwise.
pub(super) fn process_network_charges(
    rows: &mut [Row],
    metered: &[Metered],
    positions: &Positions,
    outside: Outside,
    tariffs: Tariffs,
    parameters: &Parameters,
) -> Result<(), u32> {
    let losses = outside.get_losses();
    let weigh = |account: u32| positions.get(&account).map_or(0, |p| i128::from(p.loss));
    let count = |m: &Metered| match parameters.exempt.contains(&m.account) {
        true => 0,
        false => i128::from(m.import.0) + i128::from(m.export.0),
    };
    let members = || metered.iter().filter(|m| !outside.has(m.account));
    let (weight, energy) = (members().map(|m| weigh(m.account)).sum::<i128>(), members().map(count).sum::<i128>());
    let lost = metered.iter().find(|m| Some(m.account) == losses).map_or(0, |m| m.import.0 - m.export.0);
    let shares = compute_shares(lost, weight, energy, tariffs).ok_or(outside.get_grid())?;
    let (mut weighed, mut counted, mut congestion) = (0, 0, Money::ZERO);
    for (row, m) in rows.iter_mut().zip(metered).filter(|(row, _)| !outside.has(row.account)) {
        let (s, e) = (weighed + weigh(m.account), counted + count(m));
        (|| {
            let flow = compute_part(shares.flow, s, weight)? - compute_part(shares.flow, weighed, weight)?;
            let base = compute_part(shares.base, e, energy)? - compute_part(shares.base, counted, energy)?;
            row.losses = Money(-flow).checked_sub(Money(base))?;
            row.congestion =
                Money::ZERO.checked_sub(positions.get(&m.account).map_or(Money::ZERO, |p| p.congestion))?;
            congestion = congestion.checked_add(row.congestion)?;
            row.money = row.money.checked_add(row.losses)?.checked_add(row.congestion)?;
            Some(())
        })()
        .ok_or(row.account)?;
        (weighed, counted) = (s, e);
    }
    for row in rows.iter_mut().filter(|row| outside.has(row.account)) {
        (|| {
            if Some(row.account) == losses {
                row.losses = Money(shares.flow.checked_add(shares.base)?);
            } else {
                row.congestion = Money::ZERO.checked_sub(congestion)?;
            }
            row.money = row.money.checked_add(row.losses)?.checked_add(row.congestion)?;
            Some(())
        })()
        .ok_or(row.account)?;
    }
    Ok(())
}

/// What is charged for losses: by trades, and by metered energy.
struct Shares {
    flow: i64,
    base: i64,
}

fn compute_shares(lost: i64, weight: i128, energy: i128, tariffs: Tariffs) -> Option<Shares> {
    let cost = lost.checked_mul(tariffs.import.0)?.max(0);
    let target = compute_part(cost, i128::from(tariffs.loss_share), 1_000)?;
    let explained = if weight > 0 { compute_part(tariffs.import.0.max(0), weight, 1_000_000)? } else { 0 };
    let flow = target.min(explained);
    Some(Shares { flow, base: if energy > 0 { target - flow } else { 0 } })
}

/// `amount * part / whole`, rounded down; 0 of nothing.
fn compute_part(amount: i64, part: i128, whole: i128) -> Option<i64> {
    if amount == 0 || whole == 0 {
        return Some(0);
    }
    i64::try_from(i128::from(amount).checked_mul(part)?.div_euclid(whole)).ok()
}
