//! Against manuals' examples, closed forms, an independent projection, and by sums that must be zero.

use super::*;
use crate::quantity::Money;
use proptest::prelude::*;

const FIELD: &str = include_str!("../../tests/data/business/field.json");
const EXPECTED: &str = include_str!("../../tests/data/business/expected.json");

fn field() -> Case {
    Case::parse_json(FIELD).expect("a valid case")
}

/// IRR and NPV examples of the manuals of Excel and of numpy-financial.
#[test]
fn the_manuals_examples_come_out() {
    let irr = |flows: &[f64]| compute_irr(flows).expect("one change of sign");
    // Excel, IRR: a business that costs 70,000: -2.1 % after four years, 8.7 % after five.
    let business = [-70_000.0, 12_000.0, 15_000.0, 18_000.0, 21_000.0, 26_000.0];
    assert!((irr(&business[..5]) + 0.021).abs() < 5e-4);
    assert!((irr(&business) - 0.087).abs() < 5e-4);
    // Excel, NPV: 10 %, -10,000, 3,000, 4,200, 6,800, all a year later than here: 1,188.44.
    assert!((compute_npv(0.1, &[0.0, -10_000.0, 3_000.0, 4_200.0, 6_800.0]) - 1_188.44).abs() < 5e-3);
    // numpy-financial, npv and irr.
    assert!((compute_npv(0.08, &[-40_000.0, 5_000.0, 8_000.0, 12_000.0, 30_000.0]) - 3_065.222_67).abs() < 5e-6);
    assert!((irr(&[-100.0, 39.0, 59.0, 55.0, 20.0]) - 0.280_948).abs() < 1e-6);
    assert!((irr(&[-100.0, 0.0, 0.0, 74.0]) + 0.095_5).abs() < 5e-5);
}

/// An annuity, a bond at par, a doubling; and no rate where there is none or could be two.
#[test]
fn closed_forms_come_out() {
    let mut annuity = vec![-1_000.0];
    annuity.extend([90.0; 20]);
    let discount = (0..20).fold(1.0, |d, _| d / 1.05);
    assert!((compute_npv(0.05, &annuity) - (90.0 * (1.0 - discount) / 0.05 - 1_000.0)).abs() < 1e-9);
    let bond = [-500.0, 35.0, 35.0, 35.0, 535.0];
    assert!((compute_irr(&bond).expect("a bond") - 0.07).abs() < 1e-12);
    let doubled = compute_irr(&[-1.0, 0.0, 2.0]).expect("a root");
    assert!((doubled - (libm::sqrt(2.0) - 1.0)).abs() < 1e-12);
    for none in [&[1.0, 2.0][..], &[-1.0, -2.0], &[0.0], &[], &[-100.0, 230.0, -132.0]] {
        assert_eq!(compute_irr(none), None, "{none:?}");
    }
    // 100 advanced, 40 a year: back after two and a half years; a late repair takes it away again.
    assert_eq!(compute_payback(&[-100.0, 40.0, 40.0, 40.0]), Some(2.5));
    assert_eq!(compute_payback(&[-100.0, 120.0, -50.0, 60.0]), Some(2.5));
    assert_eq!(compute_payback(&[-100.0, 40.0]), None);
    assert_eq!(compute_payback(&[0.0, 40.0]), Some(0.0));
}

/// All alike, one has all of four, and 1 to 5 (4/15), by the definition.
#[test]
fn the_gini_coefficient_by_hand() {
    let near = |values: &[f64], gini: f64| (compute_gini(values).expect("gains") - gini).abs() < 1e-12;
    assert!(near(&[3.0; 7], 0.0) && near(&[0.0, 0.0, 8.0, 0.0], 0.75));
    assert!(near(&[5.0, 3.0, 1.0, 2.0, 4.0], 4.0 / 15.0));
    assert_eq!((compute_gini(&[1.0, -1.0, 3.0]), compute_gini(&[0.0])), (None, None));
}

/// The field of `tests/data/business`: every party's value and rate as an independent projection in Python has them.
#[test]
fn four_models_agree_with_an_independent_projection() {
    let expected: serde_json::Value = serde_json::from_str(EXPECTED).expect("JSON");
    let money = expected["tolerance_currency"].as_f64().expect("a number");
    let rate = expected["tolerance_rate"].as_f64().expect("a number");
    let case = field();
    for (model, expected) in case.models.iter().zip(expected["models"].as_array().expect("a list")) {
        let projection = project(&case, model).expect("fits");
        let parties = expected["parties"].as_object().expect("parties");
        let inside: Vec<_> = projection.parties.iter().filter(|p| parties.contains_key(&p.name)).collect();
        assert_eq!((inside.len(), projection.parties.len()), (parties.len(), parties.len() + 2));
        for party in inside {
            let (npv, irr) = (parties[&party.name]["npv"].as_f64(), parties[&party.name]["irr"].as_f64());
            let off = party.npv - npv.expect("a number");
            assert!(off.abs() < money, "{} {}: {} off by {off}", projection.model, party.name, party.npv);
            match (party.irr, irr) {
                (Some(a), Some(b)) => assert!((a - b).abs() < rate, "{} {}: {a}, {b}", projection.model, party.name),
                (a, b) => assert_eq!(a, b, "{} {}", projection.model, party.name),
            }
        }
    }
}

/// An energy service of one year's term, one home: 1,000 kWh, half of it used at 0.20 instead of 0.30, the rest fed in at
/// 0.10, 20 of upkeep. The company pays 500 and gets 100 + 50 - 20; in the second year that is the home's.
#[test]
fn an_energy_service_by_hand() {
    let text = r#"(format: 1, years: 2, discount_rate: 0.0,
        plant: (investment: 500, upkeep_per_year: 20, energy_kwh: 1000, self_consumption: 0.5, degradation: 0),
        tariffs: (import: 0.3, feed_in: 0.1, growth: 0), members: [(name: "home", demand_kwh: 2000, weight: 1)],
        models: [EnergyService(provider: "sunco", price: 0.2, term_years: 1)])"#;
    let case = Case::parse_ron(text).expect("valid");
    let p = project(&case, &case.models[0]).expect("fits");
    let flows: Vec<(&str, Vec<i64>)> =
        p.parties.iter().map(|p| (p.name.as_str(), p.flows.iter().map(|f| f.0 / 1_000_000).collect())).collect();
    let expected = [
        ("home", vec![0, 50, 180]),
        ("sunco", vec![-500, 130, 0]),
        ("grid", vec![0, -200, -200]),
        ("installer", vec![500, 20, 20]),
    ];
    assert_eq!(flows, expected);
    assert!((p.parties[0].bill_before - 1_200.0).abs() < 1e-9);
    assert_eq!((p.fairness.winners, p.fairness.losers), (1, 0));
    assert!((p.fairness.relative_range.0 - 230.0 / 1_200.0).abs() < 1e-9);
}

#[test]
fn bad_cases_are_refused_with_their_place() {
    let error = |from: &str, to: &str| Case::parse_json(&FIELD.replacen(from, to, 1)).expect_err(to).to_string();
    assert_eq!(error("\"years\": 25", "\"years\": 0"), "years is 0; expected 1 to 100");
    assert!(error("\"degradation\": 0.005", "\"degradation\": -0.1").starts_with("plant.degradation is -0.1"));
    assert!(error("\"name\": \"lin\"", "\"name\": \"bakery\"").contains("\"bakery\" is empty, taken or reserved"));
    assert!(error("\"name\": \"lin\"", "\"name\": \"grid\"").contains("reserved"));
    assert!(error("\"years\": 25", "\"yearz\": 25").starts_with("4:9: unknown field `yearz`"));
    assert!(error("\"years\": 25", "\"years\": 1e999").contains("number out of range"));
    let zero = error("{ \"bakery\": 40, \"clinic\": 40, \"lin\": 10, \"moser\": 10 }", "{ \"bakery\": 0 }");
    assert!(zero.starts_with("stakes: all weights are zero"));
    let missing = Case::parse_ron("(format: 1, years: )").expect_err("not RON").to_string();
    assert!(missing.starts_with("1:"), "{missing}");
}

fn cases() -> impl Strategy<Value = Case> {
    let plant = (0..500_000_i64, 0..20_000_i64, 0..300_000_i64, 0..=1_000_000_i64, 0..=1_000_000_i64);
    let tariffs = (0..1_000_000_i64, 0..500_000_i64, -500_000..500_000_i64, 0..1_000_000_i64);
    let member = (0..90_000_u32, 0..50_u32, 0..50_u32);
    let fee = 0..=1_000_000_i64;
    (plant, tariffs, proptest::collection::vec(member, 1..8), fee, 1..30_u32).prop_map(|(p, t, m, fee, years)| {
        let members: Vec<Member> = (0..)
            .zip(&m)
            .map(|(i, &(demand_kwh, weight, _))| Member {
                name: format!("m{i}"),
                demand_kwh,
                weight: weight + u32::from(i == 0),
            })
            .collect();
        let mut stakes: std::collections::BTreeMap<String, u32> =
            (0..).zip(&m).map(|(i, (.., stake))| (format!("m{i}"), stake + u32::from(i == 0))).collect();
        let shared = Ownership::Shared { stakes: stakes.clone() };
        stakes.insert("other".into(), 17);
        let other = || "other".to_owned();
        let ownerships = [
            shared,
            Ownership::EnergyService { provider: other(), term: years.div_ceil(2) },
            Ownership::Mixed { operator: other(), fee, stakes: stakes.clone() },
            Ownership::Tokenised { platform: "house".into(), fee, tokens: stakes },
        ];
        Case {
            years,
            discount_rate: 0.04,
            investment: Money(p.0 * 1_000_003),
            upkeep: Money(p.1 * 999_983),
            energy: crate::quantity::Wh(p.2 * 1_009),
            self_consumption: p.3,
            degradation: p.4,
            tariffs: Tariffs { import: t.0, feed_in: t.1, growth: t.2 },
            members,
            models: ownerships.into_iter().map(|ownership| Model { ownership, price: t.3 }).collect(),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Every year of every model sums to zero over all parties, to the millionth; and what members who own everything gain
    /// together does not depend on the price they pay themselves.
    #[test]
    fn money_is_conserved_in_every_period(case in cases(), price in 0..900_000_i64) {
        for model in &case.models {
            let p = project(&case, model).expect("fits");
            for year in 0..=case.years as usize {
                prop_assert_eq!(p.parties.iter().map(|party| party.flows[year].0).sum::<i64>(), 0, "{} {}", p.model, year);
            }
        }
        let gain = |price| {
            let p = project(&case, &Model { price, ..case.models[0].clone() }).expect("fits");
            p.parties.iter().filter(|p| p.is_member).fold(vec![0; case.years as usize + 1], |mut sum, p| {
                sum.iter_mut().zip(&p.flows).for_each(|(s, f)| *s += f.0);
                sum
            })
        };
        prop_assert_eq!(gain(case.models[0].price), gain(price));
    }

    /// Shares sum to the total, each within one unit of its exact share, larger weights never getting less.
    #[test]
    fn shares_are_exact(total in any::<i64>(), weights in proptest::collection::vec(any::<u32>(), 1..20)) {
        prop_assume!(weights.iter().any(|w| *w > 0) && total != i64::MIN);
        let shares = share_out(total, &weights).expect("a weight");
        prop_assert_eq!(shares.iter().map(|s| i128::from(*s)).sum::<i128>(), i128::from(total));
        let sum: i128 = weights.iter().map(|w| i128::from(*w)).sum();
        for (share, weight) in shares.iter().zip(&weights) {
            let off = i128::from(*share) * sum - i128::from(total) * i128::from(*weight);
            prop_assert!(off.abs() < sum);
        }
        for (a, b) in shares.iter().zip(&weights).zip(shares.iter().zip(&weights).skip(1)) {
            prop_assert!(a.1.cmp(b.1) != std::cmp::Ordering::Less || a.0.abs() <= b.0.abs());
        }
    }
}

#[test]
fn nobody_gets_anything_without_a_weight() {
    assert_eq!((share_out(5, &[]), share_out(5, &[0, 0])), (None, None));
    assert_eq!(share_out(-10, &[1, 1, 1]), Some(vec![-4, -3, -3]));
}
