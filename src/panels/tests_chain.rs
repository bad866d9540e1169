//! The sheets: the chain opened, who voted, and how a price comes about.

use super::Dock;
use super::explorer::{Page, Stop};
use super::sheet::Sheet;
use super::testing::{Desk, FakePast};
use super::testing_chain::chain;
use super::tests::{LOOKS, harness, picture, show_fitting, shows};
use crate::locale::{Language, Locale};
use crate::panels::look::Theme;
use bevy_egui::egui::{Key, Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use sim_core::event::{Event, EventKind};
use sim_core::ids::{EventId, ParticipantId, Subject, ValidatorId};
use sim_core::quantity::{Price, Wh};
use sim_core::snapshot::{CastView, Order, Side, Stage, TallyView};
use sim_core::time::{SECOND_US, SimTime};

const SMALL: Vec2 = vec2(960.0, 540.0);
const LARGE: Vec2 = vec2(1280.0, 720.0);

fn desk() -> Desk {
    let mut desk = Desk::new();
    desk.past.chain = chain(&desk.scene);
    desk.now.chain.tallies = tallies();
    let book = &mut desk.now.market.book;
    (book.orders, book.price_milli, book.volume_wh) = (orders(), Some(180), 2_100);
    desk
}

fn open(desk: Desk, size: Vec2, sheet: Sheet) -> Harness<'static, Desk> {
    let mut h = harness(desk, size);
    h.state_mut().state.sheet.open = Some(sheet);
    h.run_steps(3);
    h
}

/// A transaction's way at a stop, with a byte changed or not.
fn at(stop: Stop, changed: bool) -> Harness<'static, Desk> {
    let mut h = open(desk(), SMALL, Sheet::Explorer);
    h.state_mut().state.sheet.explorer.present(Some(stop), changed);
    h.run_steps(3);
    h
}

fn tallies() -> Vec<TallyView> {
    let cast = |validator, round, stage, nil| CastView { validator, round, stage, nil, ..CastView::default() };
    let votes = |round: u32, who: std::ops::Range<u32>, nil| {
        who.flat_map(move |v| [cast(v, round, Stage::Prevote, nil), cast(v, round, Stage::Precommit, nil)])
    };
    let mut decided = vec![cast(3, 0, Stage::Proposal, false)];
    decided.extend(votes(0, 0..7, false));
    let mut open = vec![cast(5, 1, Stage::Proposal, false)];
    open.extend(votes(0, 0..4, true).chain(votes(1, 0..4, false)));
    let committed = Some(SimTime(60 * SECOND_US));
    vec![
        TallyView { height: 411, committed, round: 0, proposers: vec![3], casts: decided },
        TallyView { height: 412, committed: None, round: 1, proposers: vec![4, 5], casts: open },
    ]
}

/// Five orders that meet at 0.180 for 2.1 kWh.
pub(super) fn orders() -> Vec<Order> {
    let order = |n: u64, side, quantity, price| Order {
        participant: ParticipantId(u32::try_from(n).unwrap_or(0)),
        side,
        quantity: Wh(quantity),
        price: Price(price),
        sequence: n,
    };
    vec![
        order(0, Side::Buy, 900, 300),
        order(1, Side::Sell, 1_500, 120),
        order(2, Side::Buy, 1_200, 240),
        order(3, Side::Sell, 800, 180),
        order(4, Side::Buy, 600, 100),
    ]
}

#[test]
fn the_whole_way_of_a_transaction_is_walked_with_the_arrow_keys() {
    let mut h = at(Stop::Leaf, false);
    assert!(shows(&h, "This is the message, byte by byte") && shows(&h, "checked just now") && shows(&h, "kWh taken"));
    for words in [
        "Two fingerprints side by side",
        "one line of the block's header",
        "holds fast the one before",
        "have signed exactly",
    ] {
        h.key_press(Key::ArrowRight);
        h.run_steps(3);
        assert!(shows(&h, words), "{words}");
    }
    assert!(shows(&h, "more than two thirds, the block holds") && shows(&h, "signed this fingerprint"));
    h.key_press(Key::ArrowLeft);
    h.run_steps(3);
    assert!(shows(&h, "they agree"));
}

/// The goal of the view: what a changed byte does is told at each stop, up to why it is noticed.
#[test]
fn a_changed_byte_breaks_everything_above_it_and_says_why() {
    let mut h = at(Stop::Leaf, false);
    assert!(!shows(&h, "▲"));
    h.get_by_label("Change one byte").click();
    h.run_steps(3);
    assert!(shows(&h, "one byte is another") && shows(&h, "not made by") && shows(&h, "▲"));
    for (stop, words) in [
        ("Up the tree", "still the root is another"),
        ("The header", "the fingerprint of block"),
        ("The next block", "they differ"),
        ("The signatures", "would have to sign a lie"),
    ] {
        h.get_by_label(stop).click();
        h.run_steps(3);
        assert!(shows(&h, words) && shows(&h, "▲"), "{stop}: {words}");
    }
    assert!(shows(&h, "signed the old one") && shows(&h, "0 of 7"));
    h.get_by_label("Undo the change").click();
    h.run_steps(3);
    assert!(shows(&h, "have signed exactly") && !shows(&h, "signed the old one"));
}

#[test]
fn a_block_is_opened_from_the_dock_and_left_again_with_escape() {
    let mut h = harness(desk(), LARGE);
    h.state_mut().state.dock.open = Some(Dock::Chain);
    h.run_steps(3);
    h.get_by_label("Open the chain").click();
    h.run_steps(3);
    assert!(shows(&h, "Root of the transactions") && shows(&h, "this ties the two together"));
    h.state_mut().state.sheet.explorer.open(Page::Block(Some(1)));
    h.run_steps(3);
    h.get_by_label_contains("0.312 kWh taken").click();
    h.run_steps(3);
    assert!(shows(&h, "This is the message, byte by byte"));
    for _ in 0..3 {
        h.key_press(Key::Escape);
        h.run_steps(3);
    }
    assert_eq!(h.state().state.sheet.open, None, "transaction, block, newest block, closed");
}

#[test]
fn heights_names_and_fingerprints_are_found() {
    let mut h = open(desk(), SMALL, Sheet::Explorer);
    let hash = h.state().past.chain[2].get(9..19).expect("a fingerprint").to_owned();
    let search = |h: &mut Harness<'static, Desk>, text: &str| {
        h.get_by_label("Find in the chain").focus();
        h.run_steps(1);
        h.get_by_label("Find in the chain").type_text(text);
        h.run_steps(1);
        h.key_press(Key::Enter);
        h.run_steps(3);
    };
    search(&mut h, "Home 1");
    assert!(shows(&h, "Its public key"));
    h.get_by_label("Its last transactions").click();
    h.run_steps(3);
    assert!(shows(&h, "kWh taken"));
    search(&mut h, "#1");
    assert!(shows(&h, "23 transactions"));
    search(&mut h, &hash);
    assert!(shows(&h, "Block 2") && shows(&h, "Nothing was waiting"));
    search(&mut h, "no such thing");
    assert!(shows(&h, "Nothing found"));
}

/// The second home sends the first 5, on credit; the first sends 3 of them on and pays a fee.
#[test]
fn the_money_of_an_account_is_listed_and_followed_back() {
    let mut h = open(desk(), LARGE, Sheet::Explorer);
    h.state_mut().state.sheet.explorer.open(Page::Account(0));
    h.run_steps(3);
    assert!(shows(&h, "received 5.000000") && shows(&h, "paid 3.001000") && shows(&h, "1.999000"));
    assert!(shows(&h, "+5.0000") && shows(&h, "sent, from") && shows(&h, "sent, to") && shows(&h, "fee for the block"));
    h.get_all_by_label("Where did this money come from?").last().expect("a payment").click();
    h.run_steps(3);
    assert!(shows(&h, "first in, first out") && shows(&h, "on credit") && shows(&h, "3.0000"));
    h.get_by_label("All its money").click();
    h.run_steps(3);
    h.get_by_label_contains("sent, to").click();
    h.run_steps(3);
    assert!(shows(&h, "This is the message, byte by byte"));
    h.key_press(Key::Escape);
    h.run_steps(3);
    // Time is turned back: what is not on the chain any more is gone.
    h.state_mut().past.chain.truncate(3);
    h.run_steps(3);
    assert!(shows(&h, "received 5.000000") && !shows(&h, "sent, to"));
}

#[test]
fn the_votes_say_who_is_missing_and_why() {
    let mut desk = desk();
    desk.now.validators[5].powered = false;
    desk.now.validators[6].connected = false;
    let silent = |id: u64, v: u32, powered| Event {
        id: EventId(id),
        time_us: SECOND_US * id,
        cause: None,
        also: Vec::new(),
        subject: Subject::Validator(ValidatorId(v)),
        kind: EventKind::ValidatorSilent { powered, connected: powered },
    };
    desk.past = FakePast::of(vec![silent(1_001, 5, false), silent(1_002, 6, true)], desk.past.chain);
    let mut h = open(desk, SMALL, Sheet::Votes);
    assert!(shows(&h, "4 of 7: 5 are needed") && shows(&h, "no power: it cannot vote"));
    assert!(
        shows(&h, "One round came to nothing") && shows(&h, "2nd vote, missing") && shows(&h, "1st vote, for no block")
    );
    h.get_by_label("Block 411").click();
    h.run_steps(3);
    assert!(shows(&h, "7 of 7: more than two thirds") && shows(&h, "Nobody is missing"));
    h.get_by_label("Block 412").click();
    h.run_steps(3);
    h.get_all_by_label("Why?").next().expect("the way to the causes").click();
    h.run_steps(3);
    assert_eq!((h.state().state.sheet.open, h.state().state.inspector.event), (None, Some(EventId(1_001))));
}

/// Validators behind a cut of the network are crossed out with the reason, and what waits on their side is told.
#[test]
fn a_side_that_is_not_heard_is_told_with_what_waits_there() {
    let mut desk = desk();
    desk.now.chain.apart = 107;
    desk.now.validators[5].apart = true;
    let mut h = open(desk, SMALL, Sheet::Votes);
    assert!(shows(&h, "cut off with others"));
    h.state_mut().state.sheet.open = None;
    h.state_mut().state.dock.open = Some(Dock::Chain);
    h.run_steps(3);
    assert!(shows(&h, "107 wait on another side"));
}

#[test]
fn the_curve_grows_order_by_order_to_its_price() {
    let mut h = open(desk(), SMALL, Sheet::Curve);
    assert!(shows(&h, "All 5 orders are in") && shows(&h, "Price where the two lines meet"));
    for (count, words) in [(0, "No order has come yet"), (1, "do not meet"), (2, "Price if no more orders came")] {
        h.state_mut().state.sheet.curve.show_first(Some(count));
        h.run_steps(3);
        assert!(shows(&h, words), "{count}: {words}");
    }
    h.get_by_label("One order more").click();
    h.run_steps(3);
    assert!(shows(&h, "wants to buy 1.20 kWh"));
}

/// Nothing that is told lies outside the window, in both sizes, languages and themes.
#[test]
fn every_sheet_fits_its_window_in_both_languages() {
    for (size, language, theme) in LOOKS {
        let mut desk = desk();
        desk.locale = Locale::new(language);
        desk.look.theme = theme;
        let mut h = open(desk, size, Sheet::Explorer);
        for sheet in ["block", "leaf", "path", "path changed", "header", "next", "signatures", "votes", "curve"] {
            show_fitting(&mut h, sheet, size);
        }
    }
}

/// The pictures are written where GRIDTWIN_PICTURES says; without it, it is only checked that each shows something.
#[test]
fn the_sheets_can_be_drawn_in_both_languages_and_themes() {
    let folder = std::env::var_os("GRIDTWIN_PICTURES").map(std::path::PathBuf::from);
    for (i, sheet) in
        ["block", "leaf", "path changed", "header", "next", "signatures", "votes", "curve"].iter().enumerate()
    {
        for (language, theme, size) in [(Language::En, Theme::Light, SMALL), (Language::Zh, Theme::Light, LARGE)] {
            let mut desk = desk();
            desk.locale = Locale::new(language);
            desk.look.theme = theme;
            let picture = picture(desk, size, |desk| desk.state.sheet.show(sheet));
            assert!(!picture.is_flat());
            if let Some(folder) = &folder {
                let name = format!("sheet-{i}-{language:?}.ppm");
                picture.save(&folder.join(name)).expect("the folder can be written to");
            }
        }
    }
}
