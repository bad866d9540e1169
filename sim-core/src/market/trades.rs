//! What clearings of a slot leave behind: reports, trade lines, and their reversal when the rest trades anew.
//!
//! A mechanism with one price leaves one [`TradeLine`] a clearing; one with many prices leaves a line a price.
//! Energy is sold (+) or bought (-); each line sums to zero.

use super::agreement::{Agreed, AgreedLine};
use super::auction::{Clearing, Fill, PriceInterval};
use super::book::{Book, Side};
use super::mechanism::Mechanism;
use super::network_check::Curtailment;
use super::nodal::NodalRates;
use super::settlement::{Terms, TradeLine};
use crate::ids::ParticipantId;
use crate::quantity::{Money, Price, Wh};
use crate::time::SimTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A clearing with all that a panel shows of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClearingReport {
    /// In short.
    pub summary: ClearingSummary,
    /// The orders.
    pub book: Book,
    /// Fills and curves.
    pub clearing: Clearing,
    /// How orders became trades.
    pub mechanism: Mechanism,
    /// Who delivers to whom.
    pub pairs: Vec<Pair>,
    /// Energy sold by account, a line a price; empty where only the meters decide ([`Mechanism::Community`]).
    pub trades: Vec<TradeLine>,
    /// Matches that the network did not carry, or not wholly.
    pub curtailed: Vec<Curtailment>,
    /// What this clearing took back of the one before it, at that one's price: the reverse of its rest.
    pub reversed: Vec<TradeLine>,
    /// What was agreed beside the market, at no price; it is among `trades`, too.
    pub agreed: Vec<AgreedLine>,
    /// What the trades of each do to the network.
    pub rates: NodalRates,
}

/// Who delivers how much to whom, and what the buyer pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// Who sells.
    pub seller: ParticipantId,
    /// Who buys.
    pub buyer: ParticipantId,
    /// How much.
    pub quantity: Wh,
    /// At what price for the buyer.
    pub price: Price,
}

/// A clearing in short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClearingSummary {
    /// The slot.
    pub slot: u64,
    /// Number within the slot, from 0.
    pub number: u32,
    /// When it was made.
    pub at: SimTime,
    /// Time it governs, to the end of the slot.
    pub rest_us: u64,
    /// Whether the grid took part.
    pub grid_available: bool,
    /// Clearing price, `None` if nothing was traded.
    pub price: Option<Price>,
    /// Prices that support the volume.
    pub interval: Option<PriceInterval>,
    /// Energy traded.
    pub volume: Wh,
}

/// A slot that is cleared and not yet settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OpenSlot {
    /// Tariffs in force when it was last cleared.
    pub(super) terms: Terms,
    /// All clearings and reversals.
    pub(super) lines: Vec<TradeLine>,
    /// Number of the clearing that governs from `from` to the end of the slot.
    pub(super) number: u32,
    pub(super) from: SimTime,
    /// Its lines.
    pub(super) current: Vec<TradeLine>,
    /// What it took over of agreements beside the market.
    pub(super) agreed: Vec<AgreedLine>,
    /// How they came about.
    pub(super) mechanism: Mechanism,
    /// How those of each clearing did, by its number.
    pub(super) rules: BTreeMap<u32, Mechanism>,
    /// Most that the market maker can lose in it.
    pub(super) risk: Money,
    /// What trades do to the network, by clearing.
    pub(super) rates: BTreeMap<u32, NodalRates>,
    /// What stands of all agreements.
    pub(super) standing: Agreed,
}

impl OpenSlot {
    /// The lines that take back what the governing clearing sold for the last `rest_us` of its `whole_us`.
    pub(super) fn reverse_rest(&self, rest_us: u64, whole_us: u64) -> Vec<TradeLine> {
        let market: &[TradeLine] = if self.mechanism.binds() { &self.current } else { &[] };
        let reversed = market.iter().map(|l| l.reverse_rest(rest_us, whole_us));
        reversed.filter(|l| !l.sold.is_empty()).collect()
    }

    /// The same of what was agreed beside the market.
    pub(super) fn reverse_agreed(&self, rest_us: u64, whole_us: u64) -> Vec<AgreedLine> {
        let reverse = |a: &AgreedLine| AgreedLine { storage: a.storage, line: a.line.reverse_rest(rest_us, whole_us) };
        self.agreed.iter().map(reverse).filter(|a| !a.line.sold.is_empty()).collect()
    }
}

/// What accounts sold (+) or bought (-), by price; an account may stand in it more than once.
pub(super) type Sales = BTreeMap<Price, Vec<(ParticipantId, Wh)>>;

/// One line a price, by rising price, with the net energy of each account; accounts and lines without any are left out.
pub(super) fn draw_lines(sales: Sales, number: u32) -> Vec<TradeLine> {
    let lines = sales.into_iter().map(|(price, sold)| TradeLine::of_sales(number, price, sold));
    lines.filter(|line| !line.sold.is_empty()).collect()
}

/// The part `part / whole` of `sum`, towards zero. Parts of growing sums, one less the other, are the shares of what was
/// added: they sum to the part of the whole, and each is within one of its own (cumulative rounding).
pub(crate) fn portion(sum: i64, part: impl Into<i128>, whole: impl Into<i128>) -> i64 {
    i64::try_from(i128::from(sum) * part.into() / whole.into().max(1)).unwrap_or(sum)
}

/// Sum of what an account sold (+) or bought (-).
pub(super) fn sum_sold(lines: &[TradeLine], account: ParticipantId) -> Wh {
    Wh(lines.iter().map(|l| l.sold_by(account).0).sum())
}

impl TradeLine {
    /// The net energy of each participant in a clearing; `None` if nothing was traded.
    pub(super) fn of(clearing: &Clearing, number: u32) -> Option<Self> {
        let price = clearing.price?;
        let sale = |fill: &Fill| {
            let sign = if fill.side == Side::Sell { 1 } else { -1 };
            (fill.participant, Wh(sign * fill.quantity.0))
        };
        Some(Self::of_sales(number, price, clearing.fills.iter().map(sale).collect()))
    }

    /// The line of what accounts sold (+) or bought (-) at a price.
    fn of_sales(clearing: u32, price: Price, mut sold: Vec<(ParticipantId, Wh)>) -> Self {
        sold.sort_unstable_by_key(|(account, _)| *account);
        sold.dedup_by(|(account, quantity), (last, sum)| {
            let is_same = account == last;
            sum.0 += if is_same { quantity.0 } else { 0 };
            is_same
        });
        sold.retain(|(_, quantity)| *quantity != Wh::ZERO);
        Self { clearing, price, handed: false, direct: false, sold }
    }

    /// What an account sold (+) or bought (-) in this line.
    #[must_use]
    pub fn sold_by(&self, account: ParticipantId) -> Wh {
        self.sold.binary_search_by_key(&account, |(p, _)| *p).map_or(Wh::ZERO, |i| self.sold[i].1)
    }

    /// The line that takes back the part `rest / whole` of this one, to the watt-hour: on each side the sum taken back
    /// is `floor(volume * rest / whole)`, spread by cumulative rounding, so each account is within 1 Wh of its share.
    fn reverse_rest(&self, rest_us: u64, whole_us: u64) -> Self {
        let (mut sold_sum, mut bought_sum) = (0_i64, 0_i64);
        let mut back = Vec::with_capacity(self.sold.len());
        for &(account, Wh(quantity)) in &self.sold {
            let sum = if quantity > 0 { &mut sold_sum } else { &mut bought_sum };
            let taken = portion(*sum + quantity, rest_us, whole_us) - portion(*sum, rest_us, whole_us);
            *sum += quantity;
            if taken != 0 {
                back.push((account, Wh(-taken)));
            }
        }
        Self { clearing: self.clearing, price: self.price, handed: self.handed, direct: self.direct, sold: back }
    }
}
