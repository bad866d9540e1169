//! Swaps under every single fault, and under terms that do not hold one.

use crate::ledger::bridge::{Ending, Fault, Moment, Party, Report, Swap, Terms, Timing, get_faults};
use crate::ledger::types::Parameters;
use crate::quantity::{Money, Wh};
use crate::time::SECOND_US;
use std::collections::BTreeMap;

const STALL_US: u64 = 60 * SECOND_US;

fn swap(change: impl FnOnce(&mut Terms)) -> (Swap, Terms) {
    let parameters = Parameters::default();
    let mut terms = Terms::new(Money(25_000_000), Wh(2_000), Timing::new(&parameters, STALL_US));
    change(&mut terms);
    (Swap::new(5, &parameters, terms).expect("it is set up"), terms)
}

fn count(reports: &[Report]) -> BTreeMap<Ending, usize> {
    let mut counts = BTreeMap::new();
    for report in reports {
        *counts.entry(report.ending).or_default() += 1;
    }
    counts
}

/// Without a fault each has the other's within four blocks, long before any lock ends; all moments are passed in order.
#[test]
fn a_swap_without_a_fault_takes_four_blocks() {
    let (swap, terms) = swap(|_| {});
    let report = swap.run(Fault::None);
    assert_eq!((report.ending, report.is_conserved, report.is_loss()), (Ending::Swapped, true, false), "{report:?}");
    assert_eq!(report.moments.iter().map(|(m, _)| *m).collect::<Vec<_>>(), Moment::ALL);
    assert!(report.moments.windows(2).all(|pair| pair[0].1 <= pair[1].1), "{report:?}");
    assert!(report.took_us < 4 * terms.timing.include_us, "{} s", report.took_us / SECOND_US);
    assert_eq!(report, swap.run(Fault::None), "the same again");
}

/// Every single fault at every moment: nobody who keeps to the rules ends with neither asset, the sums are what they
/// were and nothing stays locked, with a party down for ever and with a chain standing still for as long as was reckoned.
#[test]
fn with_any_single_fault_nobody_loses_both() {
    let (swap, terms) = swap(|_| {});
    let faults = get_faults(&terms.timing);
    let reports: Vec<Report> = faults.iter().map(|fault| swap.run(*fault)).collect();
    for report in &reports {
        assert!(!report.is_loss() && report.is_conserved, "{report:?}");
        assert!(matches!(report.ending, Ending::Swapped | Ending::Returned), "{report:?}");
    }
    let counts = count(&reports);
    assert!(counts[&Ending::Swapped] > 20 && counts[&Ending::Returned] > 5, "{counts:?}");
}

/// The second lock ends after the first: Ana takes her money back and shows the secret then. The same search finds it.
#[test]
fn timeouts_the_wrong_way_round_are_found_to_cost_somebody_both() {
    let (swap, terms) = swap(|terms| terms.lead_us = -terms.lead_us);
    assert_eq!(swap.run(Fault::None).ending, Ending::Swapped, "it looks well while nothing goes wrong");
    let report = swap.run(Fault::Late { who: Party::Ana });
    assert_eq!((report.ending, report.is_loss(), report.is_conserved), (Ending::BenLost, true, true), "{report:?}");
    assert!(get_faults(&terms.timing).contains(&report.fault), "it is one of those that are tried");
}
