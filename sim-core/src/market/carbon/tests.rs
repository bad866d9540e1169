//! By hand, identities to the milligram, and the registry's claims as the footprints' certificates.

use super::*;
use crate::ids::ParticipantId;
use crate::ledger::certificate::{
    CertificateAction, CertificateEvent, Facility, Plant, Purpose, Registry, Rules, Source,
};
use crate::quantity::Wh;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn consumer(account: u32, energy: i64, covered: i64, credited: i64) -> Consumer {
    let [energy, covered, credited] = [energy, covered, credited].map(Wh);
    Consumer { account: ParticipantId(account), energy, covered, credited }
}

/// 6 kWh of sun, 4 kWh from a grid of 300 g/kWh: the mix has 120 g. Home 0 claims 3 of its 5 kWh: the other 7 kWh carry
/// all 1,200 g. Where home 1 sells 2 kWh of its attributes as credits, 5 kWh are residual at 240 g, and what the
/// footprints carry more, 480 g, is what the credits moved.
#[test]
fn two_homes_by_hand() {
    let supply = [Supply::of(Wh(6_000), 0).expect("fits"), Supply::of(Wh(4_000), 300).expect("fits")];
    let hour = |c: [Consumer; 2]| compute_footprints(&supply, &c, 300).expect("adds up");
    let grams = |f: &HourFootprints| -> Vec<(i64, i64)> {
        f.rows.iter().map(|r| (to_grams(r.location_mg), to_grams(r.market_mg))).collect()
    };
    let plain = hour([consumer(0, 5_000, 0, 0), consumer(1, 5_000, 0, 0)]);
    assert_eq!(grams(&plain), [(600, 600), (600, 600)]);
    let claimed = hour([consumer(0, 5_000, 3_000, 0), consumer(1, 5_000, 0, 0)]);
    assert_eq!(grams(&claimed), [(600, 343), (600, 857)]);
    assert_eq!(claimed.moved_mg, 0);
    let credited = hour([consumer(0, 5_000, 3_000, 0), consumer(1, 5_000, 0, 2_000)]);
    assert_eq!(grams(&credited), [(600, 480), (600, 1_200)]);
    assert_eq!(credited.moved_mg, 480_000);
}

#[test]
fn figures_that_do_not_add_up_are_refused_with_their_numbers() {
    let supply = [Supply::of(Wh(100), 50).expect("fits")];
    let error = |c: &[Consumer]| compute_footprints(&supply, c, 50).expect_err("refused");
    assert!(matches!(error(&[consumer(0, 99, 0, 0)]), CarbonError::Balance { .. }));
    assert!(matches!(error(&[consumer(0, 100, 60, 41)]), CarbonError::DoubleCount { .. }));
    assert!(matches!(error(&[consumer(0, 100, i64::MAX, 1)]), CarbonError::DoubleCount { .. }));
    assert!(matches!(error(&[consumer(0, 100, 100, 0)]), CarbonError::NoResidual { .. }));
    assert!(matches!(error(&[consumer(0, 100, -1, 0)]), CarbonError::Negative { .. }));
    assert_eq!(Supply::of(Wh(i64::MAX), 2), Err(CarbonError::Overflow));
}

/// All energy is certified and some of it credited: its taker carries the grid's factor, nobody else anything.
#[test]
fn credited_energy_carries_the_grids_factor_where_no_mix_is_left() {
    let supply = [Supply::of(Wh(1_000), 0).expect("fits")];
    let f = compute_footprints(&supply, &[consumer(0, 600, 600, 0), consumer(1, 400, 0, 400)], 250).expect("adds up");
    assert_eq!((f.rows[0].market_mg, f.rows[1].market_mg, f.moved_mg), (0, 100_000, 100_000));
}

/// 10 kWh at 100 g stored; 4.5 kWh come out at 90 %: half of it, 500 g.
#[test]
fn a_storage_gives_back_what_it_took() {
    let mut s = StoredCarbon::default();
    let charge = Footprint { account: ParticipantId(0), location_mg: 1_000_000, market_mg: 400_000 };
    s.process_charge(Wh(10_000), &charge).expect("fits");
    let out = s.process_discharge(Wh(4_500), 900).expect("in range");
    assert_eq!((out.location_mg, out.market_mg), (500_000, 200_000));
    assert_eq!(s, StoredCarbon { content: Wh(5_000), location_mg: 500_000, market_mg: 200_000 });
    assert!(s.process_discharge(Wh(1), 0).is_err());
    // Beyond the book: all that is left, and no more.
    assert_eq!(s.process_discharge(Wh(9_000), 900).expect("in range").location_mg, 500_000);
    assert_eq!(s, StoredCarbon::default());
}

/// Two hours of 1 kWh at 300 g; 0.6 kWh credited in the second with a buffer of a tenth: 162 g of 600 g.
#[test]
fn credits_by_hand_and_never_beside_a_claim() {
    let hour = |claimed, credited| CreditHour {
        energy: Wh(1_000),
        claimed: Wh(claimed),
        credited: Wh(credited),
        baseline_g_per_kwh: 300,
    };
    let rules = CreditRules { project_g_per_kwh: 0, buffer: 100 };
    let report = compute_credits(ParticipantId(3), &[hour(1_000, 0), hour(400, 600)], &rules).expect("fits");
    let expected = CreditReport { baseline_mg: 600_000, avoided_mg: 180_000, buffer_mg: 18_000, credit_mg: 162_000 };
    assert_eq!(report, expected);
    let double = compute_credits(ParticipantId(3), &[hour(401, 600)], &rules);
    assert!(matches!(double, Err(CarbonError::DoubleCount { .. })));
    let clean = CreditRules { project_g_per_kwh: 400, buffer: 0 };
    assert_eq!(compute_credits(ParticipantId(3), &[hour(0, 1_000)], &clean).expect("fits").credit_mg, 0);
    assert!(compute_credits(ParticipantId(3), &[], &CreditRules { buffer: 1_001, ..rules }).is_err());
}

/// A home holds certificates for all it took; however it divides them between footprint and credit, the registry lets
/// each watt-hour have one use, and what it says passes the footprints' own check.
#[test]
fn the_registrys_claims_are_the_footprints_certificates() {
    let plant = Plant { source: Source::Solar, rated: Wh(9_000), storage: None };
    let mut r = Registry::new(Rules::default(), 2, BTreeMap::from([(0, Facility::Plant(plant))]));
    r.process_reading(0, 0, Wh(0), Wh(5_000));
    r.process_reading(1, 0, Wh(1_000), Wh(0));
    let events = r.process(0, &CertificateAction::Issue { hour: 0, energy: Wh(5_000) }).expect("metered");
    let CertificateEvent::Issued { certificate, .. } = events[0] else { panic!() };
    r.process(0, &CertificateAction::Transfer { certificate, to: 1, energy: Wh(5_000) }).expect("owned");
    let mut claim =
        |energy, purpose| r.process(1, &CertificateAction::Claim { certificate, energy: Wh(energy), purpose }).is_ok();
    assert!(claim(700, Purpose::Footprint) && claim(300, Purpose::Credit));
    assert!(!claim(1, Purpose::Footprint) && !claim(1, Purpose::Credit));
    let m = r.get_meter(0, 1);
    let hour = CreditHour { energy: m.import, claimed: m.claimed, credited: m.credited, baseline_g_per_kwh: 100 };
    let rules = CreditRules { project_g_per_kwh: 0, buffer: 0 };
    assert_eq!(compute_credits(ParticipantId(1), &[hour], &rules).expect("one use each").credit_mg, 30_000);
}

proptest! {
    /// Over random hours with a storage, every milligram that the grid and the engines emit is in exactly one footprint,
    /// or inside the storage; and market-based rows carry more by exactly what the credits moved.
    #[test]
    fn every_milligram_is_somebodys(
        hours in proptest::collection::vec(
            (0..5_000_i64, 0..5_000_i64, 0..800_i64, 0..3_000_i64,
             proptest::collection::vec((1..2_000_i64, 0..=100_i64, 0..=100_i64), 1..6)),
            1..20,
        ),
    ) {
        let mut storage = StoredCarbon::default();
        let (mut emitted, mut location, mut market, mut moved) = (0, 0, 0, 0);
        for (green, engine, factor, discharge, homes) in hours {
            let discharge = discharge.min(storage.content.0 * 9 / 10);
            let given = storage.process_discharge(Wh(discharge), 900).expect("in range");
            let homes_sum: i64 = homes.iter().map(|(e, ..)| e).sum();
            let local = green + engine + discharge;
            // The storage takes what is left over; the grid fills what is missing, and something at least.
            let grid = (homes_sum - local).max(0) + 100;
            let charge = local + grid - homes_sum;
            let supply = [
                given,
                Supply::of(Wh(green), 0).expect("fits"),
                Supply::of(Wh(engine), 500).expect("fits"),
                Supply::of(Wh(grid), factor).expect("fits"),
            ];
            // Certificates for at most the green energy, in the order of the homes.
            let mut certified = green;
            let mut rows: Vec<Consumer> = homes.iter().zip(0..).map(|(&(energy, a, b), account)| {
                let covered = (energy * a / 100).min(certified);
                let credited = ((energy - covered) * b / 100).min(certified - covered);
                certified -= covered + credited;
                consumer(account, energy, covered, credited)
            }).collect();
            rows.push(consumer(9, charge, charge.min(certified), 0));
            let f = compute_footprints(&supply, &rows, factor).expect("adds up");
            prop_assert_eq!(f.rows.iter().map(|r| r.location_mg).sum::<i64>(), f.location_mg);
            prop_assert_eq!(f.rows.iter().map(|r| r.market_mg).sum::<i64>(), f.market_mg + f.moved_mg);
            prop_assert!(f.moved_mg >= 0 && f.rows.iter().all(|r| r.location_mg >= 0 && r.market_mg >= 0));
            prop_assert!(rows.iter().zip(&f.rows).all(|(c, r)| c.covered < c.energy || r.market_mg == 0));
            storage.process_charge(Wh(charge), &f.rows[f.rows.len() - 1]).expect("fits");
            emitted += engine * 500 + grid * factor;
            location += f.rows[..homes.len()].iter().map(|r| r.location_mg).sum::<i64>();
            market += f.rows[..homes.len()].iter().map(|r| r.market_mg).sum::<i64>();
            moved += f.moved_mg;
        }
        prop_assert_eq!(location + storage.location_mg, emitted);
        prop_assert_eq!(market + storage.market_mg, emitted + moved);
    }
}
