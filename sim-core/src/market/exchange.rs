//! The state of the market: levers, what each participant has learnt, open slots with their clearings and positions.
//!
//! A slot is cleared before it begins. When switching changes what can be delivered, the rest of it is cleared again:
//! what the clearing before had sold for the time already gone stays, pro rata of time (to the watt-hour, by cumulative
//! rounding, so that sold and bought stay equal); what it had sold for the rest is taken back at its own price (a
//! reversing trade line, so that a ledger that only appends can follow) and trades anew. Thus exactly one clearing
//! governs each instant, a dark feeder has no position while it is dark, and money is conserved in every step.
//! Assumption: delivery is even over the time a clearing governs. Positions: sold and injected are positive.

use super::agents::{self, Outlook, Situation, UserBid};
use super::agreement::{self, Agreement, Beside};
use super::auction::Clearing;
use super::book::{Book, Side};
use super::charges::Standing;
use super::mechanism::{self, Mechanism, Party, Passage, Preference, Setting};
use super::network_check::NetworkView;
use super::nodal::NodalRates;
use super::parameters::MarketParameters;
use super::past::{Forecast, MeteredPast, SlotOfDay};
use super::settlement::{Metered, Registers, Terms, TradeLine};
use super::strategy::{BiddingStrategy, Learner};
use super::trades::{ClearingReport, ClearingSummary, OpenSlot, Pair, sum_sold};
use super::{Levers, MarketError};
use crate::ids::ParticipantId;
use crate::quantity::{Kw, Money, Price, Wh};
use crate::time::{DAY_US, HOUR_US, SimTime};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// The market of a community.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Market {
    pub(super) parameters: MarketParameters,
    levers: Levers,
    mechanism: Mechanism,
    strategy: BiddingStrategy,
    learners: BTreeMap<ParticipantId, Learner>,
    pub(super) user_bids: BTreeMap<ParticipantId, UserBid>,
    /// Preferences that were chosen; all others follow from the seed.
    pub(super) preferences: BTreeMap<ParticipantId, Preference>,
    /// The regulator's limits of every trade's price: least and most.
    pub(super) bounds: Option<(Price, Price)>,
    pub(super) pasts: BTreeMap<ParticipantId, MeteredPast>,
    /// Whom the charges treat otherwise.
    pub(super) standing: Standing,
    /// What the operator's account has received in settled slots: the market maker's result.
    pub(super) maker_result: Money,
    /// Running mean of clearing prices, in 1/1000 of a [`Price`].
    mean_price_thousandths: i64,
    /// Slots cleared and not yet settled.
    pub(super) open: BTreeMap<u64, OpenSlot>,
    latest: Option<ClearingReport>,
    history: VecDeque<ClearingSummary>,
}

/// Clearings kept in short: a day of quarter-hours.
const HISTORY: usize = 96;
/// Slots kept open at most; one that is never settled is dropped after so many.
const OPEN_SLOTS: usize = 8;
/// Days over which the running mean of prices forgets: long against the daily cycle, or the mean would follow the sun
/// and a store would buy at dawn for more than it sells at dusk.
const PRICE_MEMORY_DAYS: i128 = 4;
/// Largest energy of an order or reading (1 TWh) and largest price (a million per kWh): beyond is an error of the caller.
pub(super) const ENERGY_LIMIT: Wh = Wh(1_000_000_000_000);
pub(super) const PRICE_LIMIT: Price = Price(1_000_000_000);

impl Market {
    /// A market before its first clearing. Fails if slots do not divide the day or the levers are bad.
    pub fn new(parameters: MarketParameters, levers: Levers) -> Result<Self, MarketError> {
        if parameters.slot_us == 0 || !DAY_US.is_multiple_of(parameters.slot_us) {
            return Err(MarketError::UnevenSlot { slot_us: parameters.slot_us });
        }
        levers.check()?;
        let import = levers.with_carbon(levers.import_tariff, parameters.grid_g_per_kwh);
        Ok(Self {
            parameters,
            levers,
            mechanism: Mechanism::default(),
            strategy: BiddingStrategy::default(),
            learners: BTreeMap::new(),
            user_bids: BTreeMap::new(),
            preferences: BTreeMap::new(),
            bounds: None,
            pasts: BTreeMap::new(),
            standing: Standing::default(),
            maker_result: Money::ZERO,
            mean_price_thousandths: (import.0 + levers.feed_in_tariff.0) * 500,
            open: BTreeMap::new(),
            latest: None,
            history: VecDeque::new(),
        })
    }

    /// The scene's parameters.
    #[must_use]
    pub fn parameters(&self) -> &MarketParameters {
        &self.parameters
    }

    /// Says whom the charges treat otherwise than a household.
    pub fn set_standing(&mut self, standing: Standing) {
        self.standing = standing;
    }

    /// Whether what a participant sells is from sun, wind or water.
    #[must_use]
    pub fn is_green(&self, participant: ParticipantId) -> bool {
        self.standing.green.contains(&participant)
    }

    /// What the operator's account has received in settled slots, the market maker's gains and losses among it.
    #[must_use]
    pub fn maker_result(&self) -> Money {
        self.maker_result
    }

    /// The levers in force from the next clearing on.
    #[must_use]
    pub fn levers(&self) -> Levers {
        self.levers
    }

    /// Moves the levers. Fails, and changes nothing, if they are bad.
    pub fn set_levers(&mut self, levers: Levers) -> Result<(), MarketError> {
        levers.check()?;
        self.levers = levers;
        Ok(())
    }

    /// No trade is cheaper or dearer than this from the next clearing on: members' orders are moved to the limits, and
    /// grid and market maker sell no cheaper than the floor and buy no dearer than the ceiling.
    pub fn set_bounds(&mut self, bounds: Option<(Price, Price)>) {
        self.bounds = bounds;
    }

    /// The mechanism of the next clearing.
    #[must_use]
    pub fn mechanism(&self) -> Mechanism {
        self.mechanism
    }

    /// Changes the mechanism from the next clearing on.
    pub fn set_mechanism(&mut self, mechanism: Mechanism) {
        self.mechanism = mechanism;
    }

    /// How households bid from the next clearing on.
    #[must_use]
    pub fn strategy(&self) -> BiddingStrategy {
        self.strategy
    }

    /// Changes how households bid; what they have learnt stays.
    pub fn set_strategy(&mut self, strategy: BiddingStrategy) {
        self.strategy = strategy;
    }

    /// The slot that `time` falls into.
    #[must_use]
    pub fn slot_at(&self, time: SimTime) -> u64 {
        time.0 / self.parameters.slot_us
    }

    /// What a participant expects of a slot, from its metered past alone.
    #[must_use]
    pub fn forecast(&self, slot: u64, participant: ParticipantId) -> Forecast {
        self.pasts.get(&participant).map(|p| p.forecast(self.slot_of_day(slot))).unwrap_or_default()
    }

    /// Lets participants learn what their meters counted in a slot. Leave out those who were dark: an outage says
    /// nothing about what they will need.
    pub fn record_metered(&mut self, slot: u64, metered: &[Metered]) {
        let at = self.slot_of_day(slot);
        for m in metered {
            let bounded = |energy: Wh| energy.clamp(Wh::ZERO, ENERGY_LIMIT);
            let registers = Registers { import: bounded(m.registers.import), export: bounded(m.registers.export) };
            self.pasts.entry(m.account).or_default().record(at, registers);
        }
    }

    /// Clears a slot that has not begun (again, if it was cleared before). Fails if it has, or on bad situations.
    pub fn clear_slot(
        &mut self,
        now: SimTime,
        slot: u64,
        situations: &[Situation],
        grid_available: bool,
    ) -> Result<ClearingReport, MarketError> {
        let (start, end) = self.bounds(slot)?;
        if now > start {
            return Err(self.wrong_time(now, slot, start, end));
        }
        self.clear_within(now, slot, situations, &[], grid_available, None)
    }

    /// Clears the rest of the slot that is running. Fails if it is not running, or on bad situations.
    pub fn clear_rest(
        &mut self,
        now: SimTime,
        slot: u64,
        situations: &[Situation],
        grid_available: bool,
    ) -> Result<ClearingReport, MarketError> {
        let (start, end) = self.bounds(slot)?;
        if now < start {
            return Err(self.wrong_time(now, slot, start, end));
        }
        self.clear_within(now, slot, situations, &[], grid_available, None)
    }

    /// Clears a slot that has not begun or the rest of one that is running, to what `network` carries. Fails if the slot
    /// is over, or on bad situations. What is agreed beside the market is meant for the whole slot and scaled to its rest.
    pub fn clear_within(
        &mut self,
        now: SimTime,
        slot: u64,
        situations: &[Situation],
        agreements: &[Agreement],
        grid_available: bool,
        network: Option<&mut dyn NetworkView>,
    ) -> Result<ClearingReport, MarketError> {
        let (start, end) = self.bounds(slot)?;
        if now >= end {
            return Err(self.wrong_time(now, slot, start, end));
        }
        self.clear_from(now.max(start), now, slot, end, situations, agreements, grid_available, network)
    }

    /// Energy a participant has sold (+) or bought (-) for a slot in all.
    #[must_use]
    pub fn position(&self, slot: u64, participant: ParticipantId) -> Wh {
        sum_sold(self.trades(slot), participant)
    }

    /// Power at which a participant meets its position from now to the end of the slot (injection positive): what the
    /// clearing in force sold, over the time it governs.
    #[must_use]
    pub fn target(&self, slot: u64, participant: ParticipantId) -> Kw {
        let (Some(open), Ok((_, end))) = (self.open.get(&slot), self.bounds(slot)) else { return Kw::ZERO };
        let hours = end.since(open.from) as f64 / HOUR_US as f64;
        let sold = sum_sold(&open.current, participant).0 + open.agreed_by(participant).0;
        if hours > 0.0 { Kw(sold as f64 / 1_000.0 / hours) } else { Kw::ZERO }
    }

    /// What was traded for a slot so far, clearings and reversals in their order.
    #[must_use]
    pub fn trades(&self, slot: u64) -> &[TradeLine] {
        self.open.get(&slot).map_or(&[], |o| &o.lines)
    }

    /// What a kWh that each sold in a clearing of a slot does to the network; `None` once the slot is settled.
    #[must_use]
    pub fn rates(&self, slot: u64, clearing: u32) -> Option<&NodalRates> {
        self.open.get(&slot)?.rates.get(&clearing)
    }

    /// The latest clearing with its book and curves.
    #[must_use]
    pub fn latest(&self) -> Option<&ClearingReport> {
        self.latest.as_ref()
    }

    /// The last clearings in short, oldest first.
    pub fn history(&self) -> impl Iterator<Item = &ClearingSummary> {
        self.history.iter()
    }

    /// Running mean of clearing prices.
    #[must_use]
    pub fn mean_price(&self) -> Price {
        Price(self.mean_price_thousandths.div_euclid(1_000))
    }

    fn clear_from(
        &mut self,
        from: SimTime,
        now: SimTime,
        slot: u64,
        end: SimTime,
        situations: &[Situation],
        agreements: &[Agreement],
        grid_available: bool,
        network: Option<&mut dyn NetworkView>,
    ) -> Result<ClearingReport, MarketError> {
        let outlook = self.outlook(slot, from, end.since(from), grid_available);
        let (book, risk) = self.collect_orders(&outlook, situations)?;
        let parties: BTreeMap<ParticipantId, Party> =
            situations.iter().map(|s| (s.participant, self.party_of(s))).collect();
        let before = self.open.get(&slot);
        let number = before.map_or(0, |o| o.number + 1);
        let mut reversed = before.map(|o| o.reverse_rest(end.since(from), end.since(o.from))).unwrap_or_default();
        let undone = before.map(|o| o.reverse_agreed(end.since(from), end.since(o.from))).unwrap_or_default();
        let mut standing = before.map(|o| o.standing.clone()).unwrap_or_default();
        let agreed = agreement::draw_lines(agreements, number, |e| outlook.scale(e));
        let setting = Setting {
            grid: self.parameters.grid,
            operator: self.parameters.operator_account(),
            import: outlook.import,
            feed_in: outlook.feed_in,
            parties: &parties,
            seed: outlook.draw,
        };
        let mechanism = self.mechanism;
        let hours = end.since(from) as f64 / HOUR_US as f64;
        let mut network = network.map(|network| Beside::new(network, agreement::compute_kw(&agreed, hours)));
        let passage = network.as_mut().map(|network| Passage { network, hours });
        let mechanism::Outcome { clearing, pairs, lines, curtailed, shadows, losses } =
            mechanism::run(mechanism, &book, &setting, number, passage)?;
        self.learn_fills(&clearing, &pairs, outlook.feed_in, outlook.import);
        let summary = ClearingSummary {
            slot,
            number,
            at: now,
            rest_us: end.since(from),
            grid_available,
            price: clearing.price,
            interval: clearing.interval,
            volume: clearing.volume,
        };
        let mut trades = if mechanism.binds() { lines.clone() } else { Vec::new() };
        trades.extend(agreed.iter().map(|a| a.line.clone()));
        agreement::add_to(&mut standing, undone.iter().chain(&agreed));
        reversed.extend(undone.into_iter().map(|a| a.line));
        let rates = NodalRates::new(&losses, &shadows, self.levers.charges.congestion_thousandths);
        let report =
            ClearingReport { summary, book, clearing, mechanism, pairs, trades, curtailed, reversed, agreed, rates };
        self.adopt(report.clone(), lines, standing, from, risk);
        Ok(report)
    }

    /// Takes a clearing over; `current` is what its participants aim at, contract or plan.
    fn adopt(
        &mut self,
        report: ClearingReport,
        current: Vec<TradeLine>,
        standing: agreement::Agreed,
        from: SimTime,
        risk: Money,
    ) {
        let (ClearingSummary { slot, number, .. }, mechanism) = (report.summary, report.mechanism);
        let before = self.open.remove(&slot).map(|o| (o.lines, o.risk, o.rates, o.rules));
        let (mut lines, before, mut rates, mut rules) = before.unwrap_or_default();
        rates.insert(number, report.rates.clone());
        rules.insert(number, mechanism);
        // What it traded for the time gone stays.
        let risk = Money(before.0.saturating_add(risk.0));
        lines.extend_from_slice(&report.reversed);
        lines.extend_from_slice(&report.trades);
        let terms = self.terms(slot);
        let agreed = report.agreed.clone();
        let open = OpenSlot { terms, lines, number, from, current, agreed, mechanism, rules, risk, rates, standing };
        self.open.insert(slot, open);
        while self.open.len() > OPEN_SLOTS {
            self.open.pop_first();
        }
        if let Some(price) = report.summary.price {
            self.learn_price(price, slot, report.summary.rest_us);
        }
        if self.history.len() == HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(report.summary);
        self.latest = Some(report);
    }

    /// Lets learners see their own fills.
    fn learn_fills(&mut self, clearing: &Clearing, pairs: &[Pair], low: Price, high: Price) {
        for (who, learner) in &mut self.learners {
            let filled: i64 = clearing.fills.iter().filter(|f| f.participant == *who).map(|f| f.quantity.0).sum();
            let own = pairs.iter().filter(|p| p.seller == *who || p.buyer == *who);
            let (energy, money) = own.fold((0_i128, 0_i128), |(energy, money), p| {
                let wh = i128::from(p.quantity.0);
                (energy + wh, money + wh * i128::from(p.price.0))
            });
            // A mean of 64-bit prices, so it is one.
            let price = (energy > 0).then(|| Price(i64::try_from(money / energy).unwrap_or_default()));
            learner.learn(filled, price, low, high);
        }
    }

    /// Moves the running mean. What an island paid beyond the tariffs is no guide to the days after it.
    fn learn_price(&mut self, price: Price, slot: u64, rest_us: u64) {
        let terms = self.terms(slot);
        let usual = price.max(terms.feed_in).min(terms.import);
        let distance = i128::from(usual.0) * 1_000 - i128::from(self.mean_price_thousandths);
        let step = distance * i128::from(rest_us) / (PRICE_MEMORY_DAYS * i128::from(DAY_US));
        // Between two prices within their limits, so it fits.
        self.mean_price_thousandths += i64::try_from(step).unwrap_or_default();
    }

    /// All orders, and the most that the market maker can lose by its own.
    fn collect_orders(&mut self, outlook: &Outlook, situations: &[Situation]) -> Result<(Book, Money), MarketError> {
        let mut book = Book::default();
        for situation in situations {
            situation.check(ENERGY_LIMIT, PRICE_LIMIT)?;
            let (who, mut learner) = (situation.participant, Learner::default());
            let learner = match outlook.strategy {
                BiddingStrategy::Learning => self.learners.entry(who).or_default(),
                _ => &mut learner,
            };
            agents::place_orders(&mut book, outlook, situation, self.user_bids.get(&who), learner)?;
        }
        book.limit(self.levers.floor, self.levers.cap);
        if let Some((floor, ceiling)) = self.bounds {
            book.limit(Some(floor), Some(ceiling));
        }
        let risked = self.open.values().fold(0_i64, |sum, open| sum.saturating_add(open.risk.0));
        let left = self.levers.maker.loss.0.saturating_add(self.maker_result.0).saturating_sub(risked);
        let quote = self.levers.maker.quote(outlook, Money(left));
        if let Some(quote) = quote {
            let maker = self.parameters.operator_account();
            book.place(maker, Side::Buy, quote.energy, quote.bid)?;
            book.place(maker, Side::Sell, quote.energy, quote.ask)?;
        }
        if outlook.grid_available {
            agents::place_grid(&mut book, outlook, self.parameters.grid, self.parameters.grid_depth)?;
        }
        if let Some((floor, ceiling)) = self.bounds {
            book.bound(floor, ceiling);
        }
        Ok((book, quote.map_or(Money::ZERO, |q| q.risk)))
    }

    pub(super) fn terms(&self, slot: u64) -> Terms {
        let day_us = slot.wrapping_mul(self.parameters.slot_us) % DAY_US;
        Terms {
            import: self.levers.effective_import(day_us, self.parameters.grid_g_per_kwh),
            feed_in: self.levers.feed_in(day_us),
            short_thousandths: self.parameters.short_thousandths,
            long_thousandths: self.parameters.long_thousandths,
            charges: self.levers.charges,
        }
    }

    fn outlook(&self, slot: u64, from: SimTime, rest_us: u64, grid_available: bool) -> Outlook {
        let terms = self.terms(slot);
        let cap = self.parameters.price_cap;
        Outlook {
            levers: self.levers,
            grid_available,
            import: terms.import,
            feed_in: terms.feed_in,
            short: if grid_available { terms.short_price() } else { cap },
            long: if grid_available { terms.long_price() } else { Price::ZERO },
            cap,
            mean_price: self.mean_price(),
            rest_us,
            slot_us: self.parameters.slot_us,
            seed: self.parameters.seed,
            strategy: self.strategy,
            draw: self.parameters.seed ^ from.0,
        }
    }

    fn bounds(&self, slot: u64) -> Result<(SimTime, SimTime), MarketError> {
        let slot_us = self.parameters.slot_us;
        let bounds = slot.checked_mul(slot_us).and_then(|s| s.checked_add(slot_us).map(|e| (SimTime(s), SimTime(e))));
        bounds.ok_or(MarketError::Overflow { what: "the time of a slot" })
    }

    fn wrong_time(&self, now: SimTime, slot: u64, start: SimTime, end: SimTime) -> MarketError {
        MarketError::WrongTime { slot, start_us: start.0, end_us: end.0, now_us: now.0 }
    }

    pub(super) fn slot_of_day(&self, slot: u64) -> SlotOfDay {
        let slots_per_day = DAY_US / self.parameters.slot_us;
        let weekday = (slot / slots_per_day + u64::from(self.parameters.first_weekday)) % 7;
        // Both are at most the microseconds of a day.
        let size = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        SlotOfDay { index: size(slot % slots_per_day), slots_per_day: size(slots_per_day), weekend: weekday >= 5 }
    }
}
