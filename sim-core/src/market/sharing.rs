//! Collective self-consumption: the surplus that the meters counted is shared after the slot, by coefficients.
//!
//! ```text
//! u(p) = delivered(p) - traded(p)                     what is left of each member (Wh; the grid and losses are no members)
//! S = sum of u > 0,  D = sum of -u where u < 0,  shared = min(S, D)
//! coefficient(p) = u(p) / S for who gives, -u(p) / D for who takes            (the dynamic key: by need of the slot)
//! p gives or takes coefficient(p) * shared at (import + feed-in) / 2, the rest with the grid at its own tariffs
//! ```
//!
//! So a member has no imbalance: what the community does not cover, its supplier does. Shares are rounded by cumulative
//! rounding in the order of accounts; both sides sum to the same watt-hour. Source: the sharing keys of collective
//! self-consumption, Frieden et al., "Are we on the right track? Collective self-consumption and energy communities in
//! the European Union", Sustainability 13 (2021) 12494, section 3; directive (EU) 2018/2001, articles 21 and 22.

use super::settlement::{Metered, Terms, TradeLine};
use super::trades::{portion, sum_sold};
use crate::ids::ParticipantId;
use crate::quantity::{Price, Wh};

/// The lines that share what members' meters counted beyond `traded`; at most three, all with the clearing's `number`.
pub(super) fn share_surplus(
    metered: &[Metered],
    traded: &[TradeLine],
    grid: ParticipantId,
    terms: &Terms,
    number: u32,
) -> Vec<TradeLine> {
    let mut left: Vec<(ParticipantId, i64)> = metered
        .iter()
        .map(|m| (m.account, m.registers.export.0 - m.registers.import.0 - sum_sold(traded, m.account).0))
        .collect();
    left.sort_unstable();
    let given: i64 = left.iter().map(|(_, u)| u.max(&0)).sum();
    let taken: i64 = left.iter().map(|(_, u)| (-u).max(0)).sum();
    let shared = given.min(taken);
    let (mut given_sum, mut taken_sum) = (0_i64, 0_i64);
    let mut among = Vec::new();
    for (account, u) in &mut left {
        let (sum, whole) = if *u > 0 { (&mut given_sum, given) } else { (&mut taken_sum, taken) };
        let part = portion(*sum + u.abs(), shared, whole) - portion(*sum, shared, whole);
        *sum += u.abs();
        let signed = part * u.signum();
        *u -= signed;
        if signed != 0 {
            among.push((*account, Wh(signed)));
        }
    }
    let middle = compute_price(terms);
    let rest = |sign: i64| {
        let mut sold: Vec<(ParticipantId, Wh)> =
            left.iter().filter(|(_, u)| u.signum() == sign).map(|(account, u)| (*account, Wh(*u))).collect();
        let sum: i64 = sold.iter().map(|(_, q)| q.0).sum();
        sold.push((grid, Wh(-sum)));
        sold.sort_unstable_by_key(|(account, _)| *account);
        sold
    };
    let lines = [(terms.feed_in, rest(1)), (middle, among), (terms.import, rest(-1))];
    let line = |(price, sold): (Price, Vec<(ParticipantId, Wh)>)| TradeLine {
        clearing: number,
        price,
        handed: false,
        direct: false,
        sold,
    };
    lines.into_iter().map(line).filter(|l| l.sold.len() > 1).collect()
}

/// Half way between the tariffs, rounded down.
pub(super) fn compute_price(terms: &Terms) -> Price {
    Price((terms.import.0 + terms.feed_in.0).div_euclid(2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::Registers;

    fn meter(account: u32, net: i64) -> Metered {
        let registers = Registers { import: Wh((-net).max(0)), export: Wh(net.max(0)) };
        Metered { account: ParticipantId(account), registers }
    }

    /// 900 Wh of sun for 1,000 Wh of need: each gets nine tenths of its need at 0.200 and buys the rest from the grid.
    #[test]
    fn a_slot_shared_by_hand() {
        let terms = Terms {
            import: Price(320),
            feed_in: Price(80),
            short_thousandths: 1_200,
            long_thousandths: 800,
            charges: Default::default(),
        };
        let metered = [meter(0, 600), meter(1, 300), meter(2, -700), meter(3, -300)];
        let lines = share_surplus(&metered, &[], ParticipantId(9), &terms, 0);
        let plain = |l: &TradeLine| (l.price.0, l.sold.iter().map(|(p, q)| (p.0, q.0)).collect::<Vec<_>>());
        assert_eq!(lines.len(), 2);
        assert_eq!(plain(&lines[0]), (200, vec![(0, 600), (1, 300), (2, -630), (3, -270)]));
        assert_eq!(plain(&lines[1]), (320, vec![(2, -70), (3, -30), (9, 100)]));
        assert!(share_surplus(&[meter(0, 0)], &[], ParticipantId(9), &terms, 0).is_empty());
    }
}
