//! Stories of two communities: what is told happened on the chains, and nobody has lost both at the end.

use crate::ledger::bridge::relay::Trouble;
use crate::ledger::bridge::story::{Plot, Said, Share, Story};
use crate::ledger::bridge::{Fault, Moment, Party};
use crate::quantity::{Money, Wh};

fn play(plot: Plot) -> Story {
    let story = Story::play(plot).expect("two chains");
    assert!(story.is_whole, "{:?}", story.steps);
    assert!(story.steps.windows(2).all(|w| w[0].at_us <= w[1].at_us));
    assert!(story.blocks.iter().all(|b| !b.is_empty()));
    story
}

fn told(story: &Story, fits: impl Fn(&Said) -> bool) -> bool {
    story.steps.iter().any(|s| fits(&s.said))
}

/// A trade that fits is settled on both chains with loss and fee; one that does not is refused with what is left; help is
/// refused without an outage and drawn in one, on the part of the line that was kept for it.
#[test]
fn the_line_carries_refuses_and_keeps_room_for_help() {
    let trade = play(Plot::Trade);
    let settled = trade.steps.iter().filter(|s| matches!(s.said, Said::Settled(_))).count();
    assert_eq!((settled, told(&trade, |s| matches!(s, Said::Wheeled(_)))), (2, true));
    assert_eq!((trade.shares[0].money, trade.shares[1].energy), (Money(540_000), Wh(2_910)));
    assert_eq!(trade.shares[1].money, Money(-600_000), "energy, and 0.02 a kWh for the line");
    assert_eq!(trade.steps.last().expect("steps").tie.flow, 7_000);
    let full = play(Plot::Full);
    assert!(told(&full, |s| *s == Said::Full(Wh(2_000))));
    assert_eq!(full.shares, [Share::default(); 2]);
    let help = play(Plot::Outage);
    assert!(told(&help, |s| *s == Said::NotIslanded) && told(&help, |s| matches!(s, Said::Drawn(_))));
    assert_eq!(help.steps[0].tie.kept, 4_000);
}

/// Without a fault each has the other's; with Ben away after the secret a watcher brings him the money; with Ana away
/// before it each has the own back.
#[test]
fn a_swap_ends_well_with_and_without_a_fault() {
    let plain = play(Plot::Swap(Fault::None));
    assert_eq!((plain.shares[0].certified, plain.shares[1].money), (Wh(2_000), Money(25_000_000)));
    let crash = |who, at| Plot::Swap(Fault::Crash { who, at, for_us: None });
    let watched = play(crash(Party::Ben, Moment::SecretShown));
    assert!(told(&watched, |s| *s == Said::MoneyClaimed { watcher: true }));
    let back = play(crash(Party::Ana, Moment::CertificateLocked));
    assert!(told(&back, |s| matches!(s, Said::MoneyReturned { .. })));
    assert!(told(&back, |s| matches!(s, Said::CertificateReturned { .. })));
    assert_eq!(back.shares, [Share::default(); 2]);
}

/// The bridge keeps the money, hears of the headers, checks the proof and pays, in this order.
#[test]
fn a_bridge_pays_after_headers_and_proof() {
    let story = play(Plot::Relay(Trouble::default()));
    let order: Vec<_> = story.steps.iter().map(|s| s.said).collect();
    let [Said::Sent, Said::Headers(height), Said::Released] = order[..] else { panic!("{order:?}") };
    assert_eq!(story.proof.expect("a proof").height, height);
    assert_eq!((story.shares[0].money, story.shares[1].money), (Money(-25_000_000), Money(25_000_000)));
}
