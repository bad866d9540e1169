//! The user's levers and how carbon enters prices; the carbon account of a slot.
//!
//! ```text
//! carbon adder [thousandths per kWh] = carbon price [millionths per t] * intensity [g/kWh] / 1e9   (half rounds up)
//! effective import tariff = import tariff * factor(hour) / 1000 * shock / 1000 + adder(grid);  engine's marginal cost = fuel and upkeep + adder(engine)
//! effective feed-in tariff = feed-in tariff * its own factor(hour) / 1000, at no hour above the import tariff before carbon
//! emissions [mg] = energy [Wh] * intensity [g/kWh], exact
//! ```
//!
//! Fuel factors: IPCC 2006 Guidelines, vol. 2, table 2.2: natural gas 56.1, gas/diesel oil 74.1 kg CO2/GJ (lower
//! heating value). The grid's intensity is a scene parameter ([`GRID_2050_G_PER_KWH`] is an assumption for a grid that
//! is nearly, not wholly, free of fossil fuel). Feed-in is not touched by carbon. Only combustion is counted, no life cycle.

use super::MarketError;
use super::charges::Charges;
use super::maker::Maker;
use super::settlement::scale;
use crate::quantity::{Money, Price, Wh};
use crate::time::{DAY_US, HOUR_US};
use serde::{Deserialize, Serialize};

/// g CO2 per kWh drawn from the grid in the scene's year: an assumption, to be set by the scene.
pub const GRID_2050_G_PER_KWH: i64 = 80;
/// g CO2 per kWh of natural gas burnt (56.1 kg/GJ x 3.6).
pub const NATURAL_GAS_G_PER_KWH: i64 = 202;
/// g CO2 per kWh of diesel burnt (74.1 kg/GJ x 3.6).
pub const DIESEL_G_PER_KWH: i64 = 267;

/// The grid's highest price with shape and shock, before carbon: half of what the chain takes as a price, since carbon and
/// charges come on top.
pub const MOST_TARIFF: Price = Price(500_000);

/// Which of the grid's two tariffs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Tariff {
    /// What the grid charges.
    #[default]
    Import,
    /// What the grid pays.
    FeedIn,
}

/// How a tariff varies over the day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TariffShape {
    /// The same at all hours.
    #[default]
    Flat,
    /// Cheap at night, dear in the evening.
    TimeOfUse,
    /// The same with three critical hours in the evening, as on the few days of the year on which a utility calls them.
    CriticalPeak,
}

impl TariffShape {
    /// All of them, in the order of a menu.
    pub const ALL: [Self; 3] = [Self::Flat, Self::TimeOfUse, Self::CriticalPeak];

    /// Factor on a tariff at a time of the day, in thousandths: night 22 to 6 h 700, evening 17 to 21 h 1500,
    /// critical 17 to 20 h 4000. Ratios of peak to off-peak of about 2 and of critical peak to off-peak of 4 to 6 are
    /// those of the experiments with import tariffs that Faruqui and Sergici survey (J. Regulatory Economics 38 (2010)
    /// 193, table 1). That a feed-in tariff has the same factors is an assumption that mirrors them. For comparison, the
    /// least feed-in tariffs by the hour in Victoria (Essential Services Commission: 7.1, 10.3 and 29.0 ct/kWh for night,
    /// day and 15 to 21 h from July 2018; 9.1 to 12.5 from July 2020) pay the night 0.7 times the day, and the evening 2.8
    /// times at first and some 1.3 later; California's export values pay some evening hours of late summer far more.
    #[must_use]
    pub fn thousandths(self, day_us: u64) -> i64 {
        match (self, day_us % DAY_US / HOUR_US) {
            (Self::Flat, _) => 1_000,
            (Self::CriticalPeak, 17..=19) => 4_000,
            (_, 17..=20) => 1_500,
            (_, 22.. | 0..=5) => 700,
            _ => 1_000,
        }
    }
}

/// Prices the user can move.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Levers {
    /// What the grid charges, before carbon, where the factor of `shape` is 1.
    pub import_tariff: Price,
    /// How that varies over the day.
    pub shape: TariffShape,
    /// What the grid pays, where the factor of `feed_in_shape` is 1.
    pub feed_in_tariff: Price,
    /// How that varies over the day.
    pub feed_in_shape: TariffShape,
    /// Per tonne of CO2.
    pub carbon_price: Money,
    /// Factor on the import tariff while a price shock lasts, in thousandths.
    pub shock: Option<i64>,
    /// Grid fee, tax, subsidy.
    pub charges: Charges,
    /// No order of a member below or above these; the grid's tariffs stand.
    pub floor: Option<Price>,
    /// The highest one.
    pub cap: Option<Price>,
    /// The market maker.
    pub maker: Maker,
    /// The part of the certificates that is surrendered for carbon credits, in thousandths.
    pub credit_share: i64,
}

impl Levers {
    /// Refuses levers under which the grid would at any hour buy above what it sells at, carbon would be paid for, the
    /// grid's price with shape and shock would be beyond half of what the chain takes as a price (carbon comes on top), or
    /// the carbon price beyond a million per t.
    pub fn check(&self) -> Result<(), MarketError> {
        const PRICES: std::ops::RangeInclusive<i64> = -MOST_TARIFF.0..=MOST_TARIFF.0;
        const CARBON: std::ops::RangeInclusive<i64> = 0..=1_000_000_000_000;
        let dearest = (0..24).map(|hour| self.before_carbon(hour * HOUR_US)).max();
        let in_range = PRICES.contains(&self.import_tariff.0)
            && dearest.is_none_or(|price| price <= MOST_TARIFF)
            && PRICES.contains(&self.feed_in_tariff.0)
            && CARBON.contains(&self.carbon_price.0);
        self.check_rules()?;
        if !in_range {
            return Err(MarketError::BadPrices);
        }
        let hours = (0..24).map(|hour| (hour, self.feed_in(hour * HOUR_US), self.cheapest(hour * HOUR_US)));
        // The hour in which it would lose most, the first of several.
        let worst = hours.min_by_key(|(_, feed_in, import)| import.0.saturating_sub(feed_in.0));
        match worst {
            Some((hour, feed_in, import)) if feed_in > import => Err(MarketError::BadFeedIn { hour, feed_in, import }),
            _ => Ok(()),
        }
    }

    /// The rules beside the tariffs: nothing negative, a floor below the cap, and every amount a slot can hold.
    fn check_rules(&self) -> Result<(), MarketError> {
        const MOST: i64 = 1_000_000;
        let Charges { local_discount_thousandths, tax_thousandths, loss_thousandths, congestion_thousandths, .. } =
            self.charges;
        let charges = [local_discount_thousandths, tax_thousandths, loss_thousandths, congestion_thousandths];
        let mut parts = charges.into_iter().chain([self.credit_share]);
        let prices = [self.charges.grid_fee, self.charges.subsidy, self.maker.spread].map(|p| p.0);
        let limits = [self.floor, self.cap].map(|p| p.map_or(0, |p| p.0));
        let in_range = parts.all(|p| (0..=1_000).contains(&p))
            && prices.iter().chain(&limits).all(|p| (0..=MOST).contains(p))
            && (0..=MOST * 1_000).contains(&self.maker.energy.0)
            && (0..=1_000_000_000_000).contains(&self.maker.loss.0)
            && self.shock.is_none_or(|s| (0..=100_000).contains(&s));
        if !in_range {
            return Err(MarketError::BadRules);
        }
        match (self.floor, self.cap) {
            (Some(floor), Some(cap)) if floor > cap => Err(MarketError::BadLimits { floor, cap }),
            _ => Ok(()),
        }
    }

    /// The import tariff before carbon at a time of the day.
    fn before_carbon(&self, day_us: u64) -> Price {
        scale(scale(self.import_tariff, self.shape.thousandths(day_us)), self.shock.unwrap_or(1_000))
    }

    /// That with a price shock or without, whichever is less: one that is on has to be able to end.
    fn cheapest(&self, day_us: u64) -> Price {
        Levers { shock: None, ..*self }.before_carbon(day_us).min(self.before_carbon(day_us))
    }

    /// The feed-in tariff at a time of the day.
    #[must_use]
    pub fn feed_in(&self, day_us: u64) -> Price {
        scale(self.feed_in_tariff, self.feed_in_shape.thousandths(day_us))
    }

    /// How a tariff varies over the day.
    #[must_use]
    pub fn shape_of(&self, tariff: Tariff) -> TariffShape {
        match tariff {
            Tariff::Import => self.shape,
            Tariff::FeedIn => self.feed_in_shape,
        }
    }

    /// The same with another shape of a tariff.
    #[must_use]
    pub fn with_shape(self, tariff: Tariff, to: TariffShape) -> Self {
        match tariff {
            Tariff::Import => Self { shape: to, ..self },
            Tariff::FeedIn => Self { feed_in_shape: to, ..self },
        }
    }

    /// The import tariff at a time of the day with the carbon of the grid's energy (`g_per_kwh`).
    #[must_use]
    pub fn effective_import(&self, day_us: u64, g_per_kwh: i64) -> Price {
        self.with_carbon(self.before_carbon(day_us), g_per_kwh)
    }

    /// A price with the carbon of energy that emits `g_per_kwh`.
    #[must_use]
    pub fn with_carbon(&self, price: Price, g_per_kwh: i64) -> Price {
        const PER_THOUSANDTH: i128 = 1_000_000_000;
        let product = i128::from(self.carbon_price.0) * i128::from(g_per_kwh);
        let adder = (product + PER_THOUSANDTH / 2).div_euclid(PER_THOUSANDTH);
        Price(price.0.saturating_add(i64::try_from(adder).unwrap_or(i64::MAX)))
    }
}

/// g CO2 per kWh of electricity of an engine: fuel factor over efficiency (in thousandths), to the nearest gram.
/// An engine without efficiency counts as its fuel.
#[must_use]
pub fn compute_engine_intensity(fuel_g_per_kwh: i64, efficiency_thousandths: i64) -> i64 {
    let efficiency = if efficiency_thousandths > 0 { efficiency_thousandths } else { 1_000 };
    (fuel_g_per_kwh * 1_000 + efficiency / 2) / efficiency
}

/// CO2 of a slot (or of a sum of slots), in exact milligrams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarbonAccount {
    /// From energy drawn through the point of common coupling.
    pub imported_mg: i64,
    /// From engines of the community.
    pub engines_mg: i64,
}

impl CarbonAccount {
    /// Adds an import from a grid of `g_per_kwh`. Fails on overflow.
    pub fn add_import(&mut self, energy: Wh, g_per_kwh: i64) -> Result<(), MarketError> {
        add_emission(&mut self.imported_mg, energy, g_per_kwh)
    }

    /// Adds the output of an engine of `g_per_kwh` of electricity. Fails on overflow.
    pub fn add_engine(&mut self, energy: Wh, g_per_kwh: i64) -> Result<(), MarketError> {
        add_emission(&mut self.engines_mg, energy, g_per_kwh)
    }

    /// Both together in whole grams, rounded down.
    #[must_use]
    pub fn total_g(&self) -> i64 {
        self.imported_mg.saturating_add(self.engines_mg).div_euclid(1_000)
    }
}

fn add_emission(sum_mg: &mut i64, energy: Wh, g_per_kwh: i64) -> Result<(), MarketError> {
    let total = energy.0.checked_mul(g_per_kwh).and_then(|mg| sum_mg.checked_add(mg));
    *sum_mg = total.ok_or(MarketError::Overflow { what: "a carbon account in mg" })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carbon_raises_the_import_tariff_and_the_cost_of_engines() {
        // 100 per tonne at 80 g/kWh is 0.008 per kWh; 56.1 kg/GJ at 40 % is 505 g/kWh, that is 0.0505, half up 0.051.
        let levers = Levers {
            import_tariff: Price(320),
            feed_in_tariff: Price(80),
            carbon_price: Money(100_000_000),
            ..Levers::default()
        };
        assert_eq!(levers.effective_import(0, GRID_2050_G_PER_KWH), Price(328));
        let gas = compute_engine_intensity(NATURAL_GAS_G_PER_KWH, 400);
        assert_eq!(gas, 505);
        assert_eq!(levers.with_carbon(Price(250), gas), Price(301));
        assert_eq!(compute_engine_intensity(DIESEL_G_PER_KWH, 0), 267);
    }

    /// 0.320 at noon is 0.224 at night and 0.480 in the evening; a critical evening asks 1.280.
    #[test]
    fn the_hour_moves_the_import_tariff() {
        let flat = Levers { import_tariff: Price(320), ..Levers::default() };
        let at = |shape, hour| Levers { shape, ..flat }.effective_import(hour * HOUR_US, 80).0;
        assert_eq!([3, 12, 18, 20, 23].map(|h| at(TariffShape::Flat, h)), [320; 5]);
        assert_eq!([3, 12, 18, 20, 23].map(|h| at(TariffShape::TimeOfUse, h)), [224, 320, 480, 480, 224]);
        assert_eq!([3, 12, 18, 20, 24].map(|h| at(TariffShape::CriticalPeak, h)), [224, 320, 1_280, 480, 224]);
        let dear = Levers { feed_in_tariff: Price(230), shape: TariffShape::TimeOfUse, ..flat };
        assert!(dear.check().is_err(), "at night the grid would buy dearer than it sells");
    }

    /// 0.080 at noon is 0.056 at night and 0.120 in the evening, whatever the import tariff does; flat it is what it was.
    #[test]
    fn the_hour_moves_the_feed_in_tariff_and_nothing_else() {
        let flat = Levers { import_tariff: Price(320), feed_in_tariff: Price(80), ..Levers::default() };
        let at = |shape, hour| flat.with_shape(Tariff::FeedIn, shape).feed_in(hour * HOUR_US).0;
        assert_eq!([3, 12, 18, 20, 23].map(|h| at(TariffShape::Flat, h)), [80; 5]);
        assert_eq!([3, 12, 18, 20, 23].map(|h| at(TariffShape::TimeOfUse, h)), [56, 80, 120, 120, 56]);
        assert_eq!([3, 12, 18, 20, 24].map(|h| at(TariffShape::CriticalPeak, h)), [56, 80, 320, 120, 56]);
        let shaped = flat.with_shape(Tariff::FeedIn, TariffShape::CriticalPeak);
        assert!((0..24).all(|h| shaped.effective_import(h * HOUR_US, 80) == flat.effective_import(h * HOUR_US, 80)));
        assert!((0..24).all(|h| flat.with_shape(Tariff::Import, TariffShape::TimeOfUse).feed_in(h * HOUR_US).0 == 80));
    }

    /// 0.100 is below every import price of a day, but four times that is not; the evening's is where the import tariff climbs
    /// as well, and a shock that cheapens the evening alone is seen.
    #[test]
    fn at_no_hour_does_the_grid_pay_more_than_it_asks() {
        let flat = Levers { import_tariff: Price(320), feed_in_tariff: Price(100), ..Levers::default() };
        let critical = flat.with_shape(Tariff::FeedIn, TariffShape::CriticalPeak);
        let refused = critical.check().expect_err("0.400 in the evening");
        assert_eq!(refused, MarketError::BadFeedIn { hour: 17, feed_in: Price(400), import: Price(320) });
        assert!(refused.to_string().ends_with("0.4 > 0.32 at 17 h"), "{refused}");
        let both = critical.with_shape(Tariff::Import, TariffShape::TimeOfUse);
        assert!(both.check().is_ok(), "0.400 is less than 0.480, and 0.070 less than 0.224");
        assert!(Levers { shock: Some(2_000), ..critical }.check().is_err(), "the shock has to be able to end");
        assert!(Levers { shock: Some(500), ..both }.check().is_err(), "0.400 is more than half of 0.480");
        // A night price above that of the night alone.
        let night = Levers { feed_in_tariff: Price(230), ..flat }.with_shape(Tariff::Import, TariffShape::TimeOfUse);
        assert_eq!(night.check(), Err(MarketError::BadFeedIn { hour: 0, feed_in: Price(230), import: Price(224) }));
        assert!(night.with_shape(Tariff::FeedIn, TariffShape::TimeOfUse).check().is_ok(), "both fall at night");
    }

    #[test]
    fn carbon_is_counted_to_the_milligram() {
        let mut account = CarbonAccount::default();
        for _ in 0..3 {
            account.add_import(Wh(7), 80).expect("small");
        }
        account.add_engine(Wh(1_001), 505).expect("small");
        assert_eq!((account.imported_mg, account.engines_mg, account.total_g()), (1_680, 505_505, 507));
        assert!(account.add_import(Wh(i64::MAX), 80).is_err());
    }

    #[test]
    fn levers_that_would_let_the_grid_lose_are_refused() {
        let levers = Levers { import_tariff: Price(80), feed_in_tariff: Price(81), ..Levers::default() };
        let refused = levers.check().expect_err("81 is more than 80");
        assert_eq!(refused, MarketError::BadFeedIn { hour: 0, feed_in: Price(81), import: Price(80) });
        assert!(refused.to_string().ends_with("0.081 > 0.08 at 0 h"), "{refused}");
        assert_eq!(Levers { shock: Some(3_000), ..levers }.check(), Err(refused), "a shock has to be able to end");
        assert!(Levers { feed_in_tariff: Price(80), ..levers }.check().is_ok());
        assert!(Levers { feed_in_tariff: Price(0), carbon_price: Money(-1), ..levers }.check().is_err());
    }
}
