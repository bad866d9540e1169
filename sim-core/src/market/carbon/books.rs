//! The carbon of a community that runs: footprints of each meter, slot by slot and hour by hour, and what became credits.
//!
//! A slot gives the location-based footprint at once, from its meters and the grid's intensity. The market-based one needs
//! the certificates that were claimed for the hour, which takes a while: [`CarbonBooks::process_hour`] is told when they
//! stand. A meter that gives energy has one kind of source behind it ([`Behind`]); a storage gives what it took in
//! ([`StoredCarbon`]). Limits: a home's export counts as free of emissions, though its own battery may have charged from the
//! network; energy that a storage held at the start carries nothing.

use super::credit::{CreditHour, CreditReport, CreditRules, compute_credits};
use super::footprint::{CarbonError, Consumer, Supply, compute_footprints};
use super::stored::StoredCarbon;
use crate::ids::ParticipantId;
use crate::quantity::Wh;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Hours of a day.
const HOURS: u32 = 24;

/// What stands behind what a meter gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Behind {
    /// Something that emits so many g/kWh: 0 for sun and wind, the grid's mix, an engine's exhaust.
    Source(i64),
    /// A storage of this round-trip efficiency, in thousandths.
    Storage(u32),
}

/// A meter's counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    /// Whose.
    pub account: ParticipantId,
    /// What stands behind what it gives.
    pub behind: Behind,
    /// Taken from the network.
    pub import: Wh,
    /// Given to it.
    pub export: Wh,
}

/// Certificates used for the energy that an account took in an hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uses {
    /// Claimed for its footprint, or locked for what a storage took.
    pub covered: Wh,
    /// Surrendered for credits.
    pub credited: Wh,
}

/// An account's carbon since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarbonRow {
    /// Location-based, all slots, mg.
    pub location_mg: i64,
    /// Of that, the last slot's, mg.
    pub slot_mg: i64,
    /// Energy taken in all slots.
    pub energy: Wh,
    /// Location-based, of the hours whose certificates stand, mg.
    pub hours_location_mg: i64,
    /// Market-based, of the same hours, mg.
    pub market_mg: i64,
    /// Energy taken in those hours.
    pub hours_energy: Wh,
    /// Of that, covered by certificates.
    pub covered: Wh,
    /// Of that, surrendered for credits.
    pub credited: Wh,
    /// What the surrendered came to.
    pub credit: CreditReport,
    /// Of all that, today's.
    pub today: Today,
}

/// An account's carbon of one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Today {
    /// Which day, from 0.
    pub day: u32,
    /// Location-based, of its slots so far, mg.
    pub location_mg: i64,
    /// Location-based, of its hours whose certificates stand, mg.
    pub hours_location_mg: i64,
    /// Market-based, of the same hours, mg.
    pub market_mg: i64,
    /// How many hours these are.
    pub hours: u32,
}

/// The books.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarbonBooks {
    rows: BTreeMap<ParticipantId, CarbonRow>,
    /// Hours whose certificates are awaited.
    open: BTreeMap<u32, BTreeMap<ParticipantId, Flow>>,
    /// What storages carry, in the books of slots and of hours.
    by_slot: BTreeMap<ParticipantId, StoredCarbon>,
    by_hour: BTreeMap<ParticipantId, StoredCarbon>,
}

impl CarbonBooks {
    /// Takes the meters of a slot, those of the grid and the losses among them.
    ///
    /// # Errors
    /// When they do not balance or a figure is bad; then nothing has changed.
    pub fn process_slot(&mut self, hour: u32, flows: &[Flow], grid_g_per_kwh: i64) -> Result<(), CarbonError> {
        let mut next = self.clone();
        let none = BTreeMap::new();
        let shares = share(&mut next.by_slot, flows, &none, grid_g_per_kwh)?;
        next.rows.values_mut().for_each(|row| row.slot_mg = 0);
        for (flow, footprint) in shares {
            let row = next.rows.entry(flow.account).or_default();
            row.slot_mg = footprint.0;
            row.location_mg = add(row.location_mg, footprint.0)?;
            row.energy = Wh(add(row.energy.0, flow.import.0)?);
            if row.today.day != hour / HOURS {
                row.today = Today { day: hour / HOURS, ..Today::default() };
            }
            row.today.location_mg = add(row.today.location_mg, footprint.0)?;
        }
        let open = next.open.entry(hour).or_default();
        for flow in flows {
            let sum = open.entry(flow.account).or_insert(Flow { import: Wh::ZERO, export: Wh::ZERO, ..*flow });
            sum.import = Wh(add(sum.import.0, flow.import.0)?);
            sum.export = Wh(add(sum.export.0, flow.export.0)?);
        }
        *self = next;
        Ok(())
    }

    /// Closes an hour with the certificates that were used for it.
    ///
    /// # Errors
    /// More certificates than energy, or figures that are bad; then nothing has changed.
    pub fn process_hour(
        &mut self,
        hour: u32,
        uses: &BTreeMap<ParticipantId, Uses>,
        grid_g_per_kwh: i64,
        rules: &CreditRules,
    ) -> Result<(), CarbonError> {
        let mut next = self.clone();
        let flows: Vec<Flow> = next.open.remove(&hour).unwrap_or_default().into_values().collect();
        for (flow, (location_mg, market_mg)) in share(&mut next.by_hour, &flows, uses, grid_g_per_kwh)? {
            let Uses { covered, credited } = uses.get(&flow.account).copied().unwrap_or_default();
            let (claimed, energy) = (covered, flow.import);
            let credit = CreditHour { energy, claimed, credited, baseline_g_per_kwh: grid_g_per_kwh };
            let credit = compute_credits(flow.account, &[credit], rules)?;
            let row = next.rows.entry(flow.account).or_default();
            row.hours_location_mg = add(row.hours_location_mg, location_mg)?;
            row.market_mg = add(row.market_mg, market_mg)?;
            if row.today.day == hour / HOURS {
                row.today.hours_location_mg = add(row.today.hours_location_mg, location_mg)?;
                row.today.market_mg = add(row.today.market_mg, market_mg)?;
                row.today.hours += 1;
            }
            row.hours_energy = Wh(add(row.hours_energy.0, flow.import.0)?);
            row.covered = Wh(add(row.covered.0, covered.0)?);
            row.credited = Wh(add(row.credited.0, credited.0)?);
            let sum = &mut row.credit;
            sum.baseline_mg = add(sum.baseline_mg, credit.baseline_mg)?;
            sum.avoided_mg = add(sum.avoided_mg, credit.avoided_mg)?;
            sum.buffer_mg = add(sum.buffer_mg, credit.buffer_mg)?;
            sum.credit_mg = add(sum.credit_mg, credit.credit_mg)?;
        }
        *self = next;
        Ok(())
    }

    /// Hours that are not closed, oldest first.
    pub fn open_hours(&self) -> impl Iterator<Item = u32> {
        self.open.keys().copied()
    }

    /// An account's carbon.
    #[must_use]
    pub fn get(&self, account: ParticipantId) -> CarbonRow {
        self.rows.get(&account).copied().unwrap_or_default()
    }

    /// All rows.
    pub fn rows(&self) -> impl Iterator<Item = (ParticipantId, &CarbonRow)> {
        self.rows.iter().map(|(account, row)| (*account, row))
    }
}

type Shares = Vec<(Flow, (i64, i64))>;

/// Each taker's emissions by location and by market, mg, with what storages carry moved on.
fn share(
    stores: &mut BTreeMap<ParticipantId, StoredCarbon>,
    flows: &[Flow],
    uses: &BTreeMap<ParticipantId, Uses>,
    grid_g_per_kwh: i64,
) -> Result<Shares, CarbonError> {
    let mut supply = Vec::with_capacity(flows.len());
    for flow in flows.iter().filter(|f| f.export > Wh::ZERO) {
        supply.push(match flow.behind {
            Behind::Source(g_per_kwh) => Supply::of(flow.export, g_per_kwh)?,
            Behind::Storage(efficiency) => {
                stores.entry(flow.account).or_default().process_discharge(flow.export, efficiency)?
            }
        });
    }
    let takers: Vec<&Flow> = flows.iter().filter(|f| f.import > Wh::ZERO).collect();
    let consumer = |flow: &&Flow| {
        let Uses { covered, credited } = uses.get(&flow.account).copied().unwrap_or_default();
        Consumer { account: flow.account, energy: flow.import, covered, credited }
    };
    let consumers: Vec<Consumer> = takers.iter().map(consumer).collect();
    let hour = compute_footprints(&supply, &consumers, grid_g_per_kwh)?;
    let mut shares = Vec::with_capacity(takers.len());
    for (flow, footprint) in takers.into_iter().zip(&hour.rows) {
        if let Behind::Storage(_) = flow.behind {
            stores.entry(flow.account).or_default().process_charge(flow.import, footprint)?;
        }
        shares.push((*flow, (footprint.location_mg, footprint.market_mg)));
    }
    Ok(shares)
}

fn add(a: i64, b: i64) -> Result<i64, CarbonError> {
    a.checked_add(b).ok_or(CarbonError::Overflow)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RULES: CreditRules = CreditRules { project_g_per_kwh: 0, buffer: 100 };
    const GRID: ParticipantId = ParticipantId(8);

    fn flow(n: u32, behind: Behind, import: i64, export: i64) -> Flow {
        Flow { account: ParticipantId(n), behind, import: Wh(import), export: Wh(export) }
    }

    /// The grid gives 1,000 Wh at 80 g, a roof 1,000; A and B take 1,000 each: 40 g each by location. A claims all of its
    /// own: then A has none. B surrenders 500 Wh of certificates: 40 g avoided, a tenth kept back; it carries 160 g.
    #[test]
    fn an_hour_by_hand() {
        let zero = Behind::Source(0);
        let flows = [
            flow(0, zero, 1_000, 0),
            flow(1, zero, 1_000, 0),
            flow(2, zero, 0, 1_000),
            flow(8, Behind::Source(80), 0, 1_000),
        ];
        let mut books = CarbonBooks::default();
        books.process_slot(9, &flows, 80).expect("balances");
        assert_eq!([0, 1].map(|n| books.get(ParticipantId(n)).slot_mg), [40_000, 40_000]);
        let uses = |covered, credited| Uses { covered: Wh(covered), credited: Wh(credited) };
        let claims = [(ParticipantId(0), uses(1_000, 0)), (ParticipantId(1), uses(0, 500))].into();
        books.process_hour(9, &claims, 80, &RULES).expect("no watt-hour twice");
        // B carries the residual mix: 80 g over the 500 Wh that nothing speaks for.
        let market = [0, 1].map(|n| books.get(ParticipantId(n)).market_mg);
        assert_eq!(market, [0, 160_000]);
        let credit = books.get(ParticipantId(1)).credit;
        assert_eq!((credit.baseline_mg, credit.avoided_mg, credit.credit_mg), (80_000, 40_000, 36_000));
        assert_eq!(books.open_hours().count(), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        /// Random days with a storage, a roof, an engine and the grid: all emissions are in somebody's footprint or inside
        /// the storage, to the milligram, in both books; a watt-hour with two uses is refused and changes nothing.
        #[test]
        fn all_emissions_are_somebodys(slots in proptest::collection::vec(
            ((0..900_i64, 0..900_i64), (0..500_i64, 0..500_i64), 0..800_i64, (0..=1_000_i64, 0..=1_000_i64)), 1..40))
        {
            let (mut books, mut burnt) = (CarbonBooks::default(), 0_i64);
            for (hour, ((a, b), (into, out), engine, (claim, credit))) in (0..).zip(slots) {
                let need = a + b + into - out - engine;
                let flows = [
                    flow(0, Behind::Source(0), a, 0),
                    flow(1, Behind::Source(0), b, 0),
                    flow(2, Behind::Storage(900), into, out),
                    flow(3, Behind::Source(505), 0, engine),
                    flow(8, Behind::Source(80), (-need).max(0), need.max(0)),
                ];
                books.process_slot(hour, &flows, 80).expect("balances");
                burnt += engine * 505 + need.max(0) * 80;
                let covered = a * claim / 1_000;
                let uses = Uses { covered: Wh(covered), credited: Wh((a - covered) * credit / 1_000) };
                let twice = Uses { credited: Wh(a - covered + 1), ..uses };
                let before = books.clone();
                let refused = books.process_hour(hour, &[(ParticipantId(0), twice)].into(), 80, &RULES);
                let is_double = matches!(refused, Err(CarbonError::DoubleCount { .. }));
                prop_assert!(is_double || a == 0, "{:?}", refused);
                books = before;
                let closed = books.process_hour(hour, &[(ParticipantId(0), uses)].into(), 80, &RULES);
                let is_known = matches!(closed, Ok(()) | Err(CarbonError::NoResidual { .. }));
                prop_assert!(is_known, "{:?}", closed);
                prop_assert!(books.get(ParticipantId(0)).covered.0 + books.get(ParticipantId(0)).credited.0
                    <= books.get(ParticipantId(0)).energy.0);
            }
            let inside: i64 = books.by_slot.values().map(|s| s.location_mg).sum();
            // A storage's own row is what it took in; it comes out again as supply.
            let own: i64 = books.rows().filter(|(who, _)| *who != ParticipantId(2)).map(|(_, r)| r.location_mg).sum();
            prop_assert_eq!(own + inside, burnt);
            prop_assert!(books.get(GRID).location_mg >= 0);
        }
    }
}
