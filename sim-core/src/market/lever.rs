//! The levers that are one number each: what they are called, how far they go, and what they move.
//!
//! A new lever is a line here; command, event, undo, panel and marks on the plots follow from it. Zero switches a lever
//! off. Tariffs, carbon price and the shape of the day have commands of their own.

use super::Levers;
use crate::quantity::{Money, Price, Wh};
use serde::{Deserialize, Serialize};

/// A lever that is one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Lever {
    /// Grid fee on metered import, currency per kWh.
    GridFee,
    /// The part of the grid fee that energy from within the community is spared, 0 to 1.
    LocalDiscount,
    /// Tax on what energy costs, as a part of it, 0 to 1.
    Tax,
    /// Paid for green energy that is sold and used inside the community, currency per kWh.
    Subsidy,
    /// No order of a member below this price, currency per kWh.
    PriceFloor,
    /// No order of a member above this price, currency per kWh.
    PriceCap,
    /// Energy that the market maker offers and asks for in a slot, kWh.
    MakerEnergy,
    /// Between the two prices of the market maker, currency per kWh.
    MakerSpread,
    /// Most that the market maker may lose in all, currency.
    MakerLoss,
    /// The part of the losses' cost that is charged in the direction of flow, 0 to 1.
    LossCharge,
    /// The part of the shadow price of a full element that is charged in the direction of flow, 0 to 1.
    CongestionCharge,
    /// The part of the certificates that households surrender for carbon credits instead of claiming them, 0 to 1.
    CreditShare,
}

impl Lever {
    /// All of them, in the order of a panel.
    pub const ALL: [Self; 12] = [
        Self::GridFee,
        Self::LocalDiscount,
        Self::Tax,
        Self::Subsidy,
        Self::PriceFloor,
        Self::PriceCap,
        Self::MakerEnergy,
        Self::MakerSpread,
        Self::MakerLoss,
        Self::LossCharge,
        Self::CongestionCharge,
        Self::CreditShare,
    ];

    /// Its name in events.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::GridFee => "grid fee",
            Self::LocalDiscount => "local discount",
            Self::Tax => "tax",
            Self::Subsidy => "subsidy",
            Self::PriceFloor => "price floor",
            Self::PriceCap => "price cap",
            Self::MakerEnergy => "maker energy",
            Self::MakerSpread => "maker spread",
            Self::MakerLoss => "maker loss",
            Self::LossCharge => "loss charge",
            Self::CongestionCharge => "congestion charge",
            Self::CreditShare => "credit share",
        }
    }

    /// The largest value, in its unit; the least is 0.
    #[must_use]
    pub fn most(self) -> f64 {
        match self {
            Self::LocalDiscount | Self::Tax | Self::LossCharge | Self::CongestionCharge | Self::CreditShare => 1.0,
            Self::MakerEnergy => 1_000.0,
            Self::MakerLoss => 100_000.0,
            Self::GridFee | Self::Subsidy | Self::PriceFloor | Self::PriceCap | Self::MakerSpread => 10.0,
        }
    }

    /// Its value, in its unit.
    #[must_use]
    pub fn get(self, levers: &Levers) -> f64 {
        let milli = |n: i64| n as f64 / 1e3;
        match self {
            Self::GridFee => milli(levers.charges.grid_fee.0),
            Self::LocalDiscount => milli(levers.charges.local_discount_thousandths),
            Self::Tax => milli(levers.charges.tax_thousandths),
            Self::Subsidy => milli(levers.charges.subsidy.0),
            Self::PriceFloor => milli(levers.floor.map_or(0, |p| p.0)),
            Self::PriceCap => milli(levers.cap.map_or(0, |p| p.0)),
            Self::MakerEnergy => milli(levers.maker.energy.0),
            Self::MakerSpread => milli(levers.maker.spread.0),
            Self::MakerLoss => levers.maker.loss.0 as f64 / 1e6,
            Self::LossCharge => milli(levers.charges.loss_thousandths),
            Self::CongestionCharge => milli(levers.charges.congestion_thousandths),
            Self::CreditShare => milli(levers.credit_share),
        }
    }

    /// The levers with this one at `value`, rounded to the thousandth (a loss: to the millionth).
    #[must_use]
    pub fn set(self, levers: Levers, value: f64) -> Levers {
        let mut next = levers;
        let milli = whole(value * 1e3);
        let limit = (milli != 0).then_some(Price(milli));
        match self {
            Self::GridFee => next.charges.grid_fee = Price(milli),
            Self::LocalDiscount => next.charges.local_discount_thousandths = milli,
            Self::Tax => next.charges.tax_thousandths = milli,
            Self::Subsidy => next.charges.subsidy = Price(milli),
            Self::PriceFloor => next.floor = limit,
            Self::PriceCap => next.cap = limit,
            Self::MakerEnergy => next.maker.energy = Wh(milli),
            Self::MakerSpread => next.maker.spread = Price(milli),
            Self::MakerLoss => next.maker.loss = Money(whole(value * 1e6)),
            Self::LossCharge => next.charges.loss_thousandths = milli,
            Self::CongestionCharge => next.charges.congestion_thousandths = milli,
            Self::CreditShare => next.credit_share = milli,
        }
        next
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a value out of range saturates and is refused by the levers' check"
)]
fn whole(x: f64) -> i64 {
    libm::round(x) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lever_reads_back_what_was_set_and_moves_nothing_else() {
        for lever in Lever::ALL {
            let moved = lever.set(Levers::default(), 0.125);
            assert!((lever.get(&moved) - 0.125).abs() < 1e-12, "{lever:?}");
            for other in Lever::ALL.into_iter().filter(|o| *o != lever) {
                assert!(other.get(&moved).abs() < 1e-12, "{lever:?} moved {other:?}");
            }
            assert_eq!(lever.set(moved, 0.0), Levers::default(), "0 is off");
        }
    }
}
