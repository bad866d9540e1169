//! The vote sheet and the chain's dock over a chain that really runs, under each mechanism, message by message.

use super::Dock;
use super::sheet::Sheet;
use super::testing::Desk;
use super::tests::{harness, picture, shows};
use crate::bridge::Ask;
use crate::locale::{Language, Locale};
use crate::panels::look::Theme;
use bevy_egui::egui::{Key, Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use sim_core::ledger::mechanism::Mechanism;

const SMALL: Vec2 = vec2(960.0, 540.0);

/// The default scene under a mechanism, four minutes after its start.
fn desk(mechanism: Mechanism) -> Desk {
    let mut desk = Desk::new();
    (desk.now, _) = crate::bridge::testing::run(desk.scene.with_consensus(mechanism), &[], 4);
    desk
}

fn open(desk: Desk, size: Vec2) -> Harness<'static, Desk> {
    let mut h = harness(desk, size);
    h.state_mut().state.sheet.open = Some(Sheet::Votes);
    h.run_steps(3);
    h
}

/// Forwards and back through the messages of the last block: who told whom what, what it changed, until it is decided.
#[test]
fn the_last_block_is_walked_message_by_message() {
    let mut h = open(desk(Mechanism::Tendermint), SMALL);
    h.get_by_label("Step by step").click();
    h.run_steps(3);
    assert!(shows(&h, "Message 1 of") && shows(&h, "has made a block and shows it") && shows(&h, "bytes."));
    let (mut votes, mut decided) = (false, false);
    for _ in 0..120 {
        h.key_press(Key::ArrowRight);
        h.run_steps(2);
        votes |= shows(&h, "needed: it goes on listening") && shows(&h, "notes this first vote");
        decided |= shows(&h, "the block is decided");
        if votes && decided {
            break;
        }
    }
    assert!(votes && decided && shows(&h, "What Validator"));
    h.get_by_label("First message").click();
    h.run_steps(3);
    assert!(shows(&h, "Message 1 of"));
    h.get_by_label("Step by step").click();
    h.run_steps(3);
    assert!(shows(&h, "Validator Clinic: ") && !shows(&h, "Message 1 of"));
}

/// No column that means nothing: Raft shows who stored the leader's block, branches show who has which block.
#[test]
fn each_mechanism_shows_what_it_has_and_no_empty_columns() {
    let h = open(desk(Mechanism::Pbft), SMALL);
    assert!(shows(&h, "2nd vote") && shows(&h, "more than two thirds"));
    let h = open(desk(Mechanism::Raft), SMALL);
    assert!(shows(&h, "leads in term") && shows(&h, "Stored") && !shows(&h, "1st vote") && shows(&h, "more than half"));
    let h = open(desk(Mechanism::Clique), SMALL);
    assert!(shows(&h, "Final up to block") && shows(&h, "made it") && shows(&h, "has it") && !shows(&h, "1st vote"));
    let mut h = open(desk(Mechanism::Work), SMALL);
    assert!(shows(&h, "costs electricity") && shows(&h, "has it"));
    h.get_by_label("Step by step").click();
    h.run_steps(3);
    assert!(shows(&h, "takes the heaviest branch"));
}

/// The choice in the chain's dock begins the scene anew with another mechanism, each told in a line.
#[test]
fn who_decides_can_be_chosen() {
    let mut h = harness(desk(Mechanism::Tendermint), vec2(1280.0, 720.0));
    h.state_mut().state.dock.open = Some(Dock::Chain);
    h.run_steps(3);
    h.get_by_label("Who decides").click();
    h.run_steps(3);
    assert!(shows(&h, "Five ways to agree") && shows(&h, "One leader sends blocks"));
    h.get_by_label("Raft").click();
    h.run_steps(3);
    assert!(matches!(h.state().reply.asks.last(), Some(Ask::RestartWith(Mechanism::Raft))));
}

/// The pictures are written where GRIDTWIN_PICTURES says; without it, it is only checked that each shows something.
#[test]
fn every_mechanisms_sheet_can_be_drawn_in_both_languages() {
    let folder = std::env::var_os("GRIDTWIN_PICTURES").map(std::path::PathBuf::from);
    for mechanism in Mechanism::ALL {
        for (language, theme, size) in
            [(Language::En, Theme::Dark, SMALL), (Language::Zh, Theme::Light, vec2(1280.0, 720.0))]
        {
            let mut desk = desk(mechanism);
            desk.locale = Locale::new(language);
            desk.look.theme = theme;
            let picture = picture(desk, size, |desk| {
                desk.state.sheet.show(if language == Language::Zh { "vote-steps" } else { "votes" });
            });
            assert!(!picture.is_flat());
            if let Some(folder) = &folder {
                let name = format!("votes-{}-{language:?}.ppm", mechanism.get_name());
                picture.save(&folder.join(name)).expect("the folder can be written to");
            }
        }
    }
}
