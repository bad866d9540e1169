//! The sheets of the laboratory: two mechanisms under the same trouble, what a chain can carry, readings that stay at home.

use super::sheet::Sheet;
use super::testing::Desk;
use super::tests::{harness, show_and_draw, shows};
use crate::locale::Language;
use bevy_egui::egui::{Key, Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use std::time::Duration;

const SMALL: Vec2 = vec2(960.0, 540.0);

fn open(sheet: Sheet) -> Harness<'static, Desk> {
    let mut h = harness(Desk::new(), SMALL);
    h.state_mut().state.sheet.open = Some(sheet);
    h.run_steps(3);
    h
}

/// Draws until the threads beside have answered, two minutes at most.
fn wait(h: &mut Harness<'static, Desk>, is_ready: impl Fn(&Desk) -> bool) {
    for _ in 0..2_400 {
        h.run_steps(1);
        if is_ready(h.state()) {
            h.run_steps(2);
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("no answer came");
}

fn shown(name: &'static str) -> Harness<'static, Desk> {
    let mut h = harness(Desk::new(), SMALL);
    h.state_mut().state.sheet.show(name);
    h.run_steps(3);
    h
}

/// The sheet asks by itself, answers beside the window, and says in a sentence what one sees.
#[test]
fn two_mechanisms_are_compared_and_the_sentence_says_what_differs() {
    let mut h = open(Sheet::Lab);
    wait(&mut h, |desk| desk.state.sheet.lab.is_ready());
    assert!(shows(&h, "3 and 4 cannot hear each other") && shows(&h, "loses nothing"));
    assert!(shows(&h, "taken back") || shows(&h, "take back"));
    assert!(shows(&h, "Tendermint") && shows(&h, "Proof of work") && shows(&h, "Nobody votes here"));
    assert!(shows(&h, "Validator 5"), "validators have names for screen readers");
}

#[test]
fn it_goes_message_by_message_with_the_arrow_keys() {
    let mut h = shown("two-mechanisms");
    let time = |h: &Harness<'_, Desk>| h.state().state.sheet.lab.time_us();
    let start = time(&h);
    h.key_press(Key::ArrowRight);
    h.run_steps(2);
    let next = time(&h);
    assert!(next > start && next < start + 10_000_000, "{start} {next}");
    h.key_press(Key::ArrowLeft);
    h.run_steps(2);
    assert!(time(&h) <= start);
    h.get_by_label("Next message").click();
    h.run_steps(2);
    assert!(shows(&h, "half way at"));
    h.get_by_label("Let the time run").click();
    h.run_steps(4);
    assert!(time(&h) > start);
    h.get_by_label("Stop here").click();
    h.run_steps(2);
    let stopped = time(&h);
    h.run_steps(3);
    assert_eq!(time(&h), stopped);
}

#[test]
fn another_choice_is_another_answer() {
    let mut h = shown("partition");
    assert!(shows(&h, "those cut off wait and catch up"), "Raft goes on with its majority");
    h.state_mut().state.sheet.lab.ask_about_a_liar();
    h.run_steps(1);
    assert!(shows(&h, "Both are being run"));
    wait(&mut h, |desk| desk.state.sheet.lab.is_ready());
    assert!(shows(&h, "lies whenever it brings a block") && shows(&h, "it breaks"));
}

/// The run that a search found is played to its end: who lies, what is counted, and two honest ones on two blocks.
#[test]
fn two_liars_of_four_are_played_message_by_message_until_two_blocks_count() {
    let mut h = shown("two-mechanisms");
    h.state_mut().state.sheet.lab.ask_about_two_liars();
    wait(&mut h, |desk| desk.state.sheet.lab.is_ready());
    assert!(shows(&h, "it breaks with 2 of 4 lying: the honest 1 and 3 hold different blocks for good, A and B"));
    assert!(shows(&h, "one of 4 is borne, two are not") && shows(&h, "PBFT") && shows(&h, "Tendermint"));
    assert!(shows(&h, "Message 0 of 10") && shows(&h, "Nobody has said anything yet"));
    h.key_press(Key::ArrowRight);
    h.run_steps(2);
    assert!(shows(&h, "Message 1 of 10") && shows(&h, "Validator 2, a liar, to validator 1: Proposal for block A"));
    for heard in 2..=10 {
        h.key_press(Key::ArrowRight);
        h.run_steps(2);
        // PBFT's run is two messages shorter.
        let is_over = shows(&h, "Two honest validators hold two different blocks");
        assert_eq!(is_over, heard >= 8, "{heard} messages");
    }
    assert!(shows(&h, "Message 10 of 10") && shows(&h, "Two honest validators hold two different blocks"));
}

/// The end of that run, and the stall of two sealers, in both languages.
#[test]
fn the_end_of_both_stories_is_told_in_both_languages() {
    let mut h = shown("two-liars");
    assert!(shows(&h, "Message 10 of 10") && shows(&h, "two answers where one is allowed"));
    assert!(shows(&h, "Validator 3 now has 3 of the 3 votes it needs"));
    assert!(shows(&h, "Two honest validators hold two different blocks for good: 1 has A, 3 has B"));
    assert!(shows(&h, "Validator 1: for it block A counts for good") && shows(&h, "for two blocks at once, AB: a lie"));
    h.state_mut().locale.set_language(Language::Zh);
    h.run_steps(2);
    assert!(shows(&h, "两个诚实的验证者把两个不同的区块当作定局") && shows(&h, "一个承受得住，两个就不行"));
    let mut h = shown("two-sealers");
    assert!(shows(&h, "Authority EIP-225") && shows(&h, "Authority EIP-3436"));
    assert!(shows(&h, "EIP-225 does not say which one counts") && shows(&h, "it stands still for"));
    assert!(shows(&h, "it goes on, and some have to take back 1 block"));
    h.state_mut().locale.set_language(Language::Zh);
    h.run_steps(2);
    assert!(shows(&h, "EIP-225 没有说哪个算数") && shows(&h, "停住"));
}

#[test]
fn limits_say_what_bounds_each_mechanism_and_whose_numbers_they_are() {
    let mut h = open(Sheet::Limits);
    assert!(shows(&h, "our own numbers") && shows(&h, "limited by the delay of messages, from 10 by the width"));
    h.get_by_label("delay of the network").click();
    h.run_steps(3);
    assert!(shows(&h, "limited by the checking of signatures, from"));
}

#[test]
fn a_street_adds_up_without_a_reading_and_a_lie_is_caught() {
    let mut h = open(Sheet::Privacy);
    wait(&mut h, |desk| desk.state.sheet.privacy.is_ready());
    assert!(shows(&h, "as much as the street") && shows(&h, "sealed") && shows(&h, "For teaching, not for production"));
    h.get_by_label("the regulator").click();
    h.run_steps(3);
    assert!(shows(&h, "0.82 / 5.31 kWh"), "the regulator reads where it was granted access");
    h.get_by_label("−1 kWh").click();
    wait(&mut h, |desk| desk.state.sheet.privacy.is_ready());
    assert!(shows(&h, "refused") && shows(&h, "somebody lies") && shows(&h, "no proof can be made"));
    assert!(shows(&h, "does not fit"));
    h.get_by_label("Home 1 lets the regulator read").click();
    wait(&mut h, |desk| desk.state.sheet.privacy.is_ready());
    assert!(shows(&h, "sealed"));
}

#[test]
fn every_sheet_of_the_laboratory_fits_its_window_and_can_be_drawn() {
    show_and_draw(
        &["two-mechanisms", "partition", "two-liars", "two-sealers", "limits", "privacy", "pulse"],
        Desk::new,
    );
}

/// The pulse says in a sentence how the chain does, and shows its plots in both languages, themes and sizes.
#[test]
fn the_pulse_is_shown_and_says_how_the_chain_does() {
    let h = shown("pulse");
    assert!(
        shows(&h, "Seconds from proposal to decision") && shows(&h, "every block was decided at the first attempt")
    );
    assert!(shows(&h, "Messages a minute") && shows(&h, "7 / 7"));
}
