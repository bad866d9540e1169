//! What a household could do with a storage, and what it bids for that: from its own past alone.
//!
//! It walks through the day that it expects, puts its surplus in and takes it out where it lacks energy, and so finds what
//! capacity and, slot by slot, what power it could use. What a kilowatt-hour saves is the import tariff of the slots in which it
//! comes out less what feeding in would have brought in those in which it goes in, after the loss of a round trip. It bids a half of that for capacity,
//! spread over the slots in which it would hold it, and a fifth for the power each way: so it never bids more than it could
//! save. Limits: no weather in the forecast, no thought of what others bid.

use super::ageing::Rent;
use super::auction::{StorageBid, StorageProduct};
use crate::ids::ParticipantId;
use crate::quantity::{Price, Wh};

/// Shares of what a kilowatt-hour saves that go into the bids for capacity and for power each way, in thousandths.
const FOR_CAPACITY: i128 = 500;
const FOR_POWER: i128 = 200;

/// What a household could do with a storage in the slots to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Energy that passes in each slot: out positive.
    pub flows: Vec<i64>,
    /// Slots in which something lies inside, from the first to the last.
    pub held: std::ops::Range<usize>,
    /// Most that lies inside.
    pub capacity: i64,
    /// Taken out in all.
    pub given: i64,
    /// What a kWh that is taken out saves, thousandths.
    pub saves: i64,
}

impl Plan {
    /// `nets` is what is expected to be left over (+) or missing (-), `prices` what the grid asks for energy and pays for
    /// it, slot by slot.
    #[must_use]
    pub fn new(nets: &[i64], prices: &[(Price, Price)], content: i64, efficiency: i64) -> Self {
        let walk = |most: i64| {
            let (mut inside, mut peak) = (content.min(most), 0);
            let flows: Vec<i64> = nets
                .iter()
                .map(|net| {
                    let flow = match *net {
                        over if over > 0 => -over.min((most - inside).max(0) * 1_000 / efficiency.max(1)),
                        under => (-under).min(inside),
                    };
                    inside += if flow >= 0 { -flow } else { -flow * efficiency / 1_000 };
                    peak = peak.max(inside);
                    flow
                })
                .collect();
            (flows, peak)
        };
        // What would still lie inside in the end is of no use: as much room as is emptied again.
        let emptied = walk(i64::MAX / 2_000).0.iter().filter(|f| **f > 0).sum::<i64>();
        let (flows, capacity) = walk(emptied);
        let given: i64 = flows.iter().filter(|f| **f > 0).sum();
        let first = flows.iter().position(|f| *f != 0).unwrap_or_default();
        let last = flows.iter().rposition(|f| *f != 0).map_or(first, |l| l + 1);
        let mean = |sign: i64, price: fn(&(Price, Price)) -> Price| {
            let at = flows.iter().map(|f| i128::from((sign * f).max(0))).zip(prices.iter().map(|p| price(p).0));
            let (energy, money) = at.fold((0, 0), |(e, m), (wh, price)| (e + wh, m + wh * i128::from(price)));
            (energy > 0).then(|| i64::try_from(money / energy).unwrap_or_default())
        };
        let import = mean(1, |p| p.0).unwrap_or_default();
        // Where all that comes out lies inside already, it could be fed in at once.
        let feed_in = mean(-1, |p| p.1).or(prices.first().map(|p| p.1.0)).unwrap_or_default();
        let saves = (import - feed_in * 1_000 / efficiency.max(1)).max(0);
        Self { flows, held: first..last, capacity, given, saves }
    }

    /// The bids for the `t`-th slot.
    #[must_use]
    pub fn bids(&self, account: ParticipantId, t: usize) -> Vec<StorageBid> {
        let (slots, mut bids) = (self.held.len() as i128, Vec::new());
        // Thousandths per kWh are a thousand millionths.
        let worth = i128::from(self.saves) * 1_000;
        let rent = |of: i128| Rent(i64::try_from(of).unwrap_or_default());
        let flow = self.flows.get(t).copied().unwrap_or_default();
        if self.held.contains(&t) && self.capacity > 0 {
            let each = worth * FOR_CAPACITY / 1_000 * i128::from(self.given) / (i128::from(self.capacity) * slots);
            let (product, quantity) = (StorageProduct::Capacity, Wh(self.capacity));
            bids.push(StorageBid { account, product, quantity, rent: rent(each) });
            if flow != 0 {
                let (product, quantity) = (StorageProduct::Power, Wh(flow.abs()));
                bids.push(StorageBid { account, product, quantity, rent: rent(worth * FOR_POWER / 1_000) });
            }
        }
        bids
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 400 Wh left over twice, then 300 missing three times; nine tenths come out again: 720 of 800 lie inside at most and
    /// all of them are used. A kWh taken out saves 0.300 less 0.090 / 0.9.
    #[test]
    fn a_household_plans_to_empty_what_it_fills_and_bids_less_than_it_saves() {
        let nets = [0, 400, 400, 0, -300, -300, -300, 0];
        let prices = [(Price(300), Price(90)); 8];
        let plan = Plan::new(&nets, &prices, 0, 900);
        assert_eq!(plan.flows, [0, -400, -400, 0, 300, 300, 120, 0]);
        assert_eq!((plan.capacity, plan.given, plan.saves, plan.held.clone()), (720, 720, 200, 1..7));
        let bids: Vec<StorageBid> = (0..8).flat_map(|t| plan.bids(ParticipantId(0), t)).collect();
        let most: i64 = bids.iter().map(|b| b.rent.compute_cost(b.quantity).expect("small").0).sum();
        assert!(most <= 720 * 200 && most > 100 * 720, "{most}");
        // More sun than is needed later: as much room as is emptied again.
        let sunny = Plan::new(&[5_000, -300], &prices, 0, 900);
        assert_eq!((sunny.capacity, sunny.given), (299, 299), "to a watt-hour");
        assert_eq!(Plan::new(&[-100; 4], &prices, 0, 900).given, 0, "nothing to store");
    }

    /// What the grid pays counts in the slots in which something goes in: 0.045 and 0.135, half each, are 0.090; a high price
    /// when it comes out is none of it. What lies inside already could have been fed in at once.
    #[test]
    fn feeding_in_counts_at_the_hour_in_which_the_surplus_is_there() {
        let with = |pays: [i64; 4]| pays.map(|p| (Price(300), Price(p)));
        let nets = [400, 400, -360, -360];
        assert_eq!(Plan::new(&nets, &with([45, 135, 270, 270]), 0, 900).saves, 200);
        assert_eq!(Plan::new(&nets, &with([90; 4]), 0, 900).saves, 200, "as where it is the same at all hours");
        assert_eq!(Plan::new(&nets, &with([270, 270, 90, 90]), 0, 900).saves, 0, "it is fed in");
        assert_eq!(Plan::new(&[0, 0, -300, -300], &with([90, 0, 0, 0]), 500, 900).saves, 200);
    }
}
