//! Work that could be lost, narrow windows, bursts, keys.

use super::testing::{Desk, FakePast};
use super::tests::{asked, commands, harness, shows};
use super::{Dock, PanelAsk};
use crate::bridge::Ask;
use bevy_egui::egui::{Key, Modifiers, Vec2, vec2};
use egui_kittest::kittest::Queryable;
use sim_core::command::Command;
use sim_core::ids::{BuildingId, Subject};
use std::path::PathBuf;

const WINDOW: Vec2 = vec2(1280.0, 720.0);
const NARROW: Vec2 = vec2(960.0, 540.0);

#[test]
fn a_restart_after_a_command_asks_and_cancel_keeps_everything() {
    let mut h = harness(Desk::new(), WINDOW);
    h.key_press_modifiers(Modifiers::COMMAND, Key::R);
    h.run_steps(2);
    assert_eq!(asked(&h), ["Restart(None)"], "nothing was done yet: nothing is asked");
    h.key_press(Key::H);
    h.run_steps(2);
    h.key_press_modifiers(Modifiers::COMMAND, Key::R);
    h.run_steps(3);
    assert!(shows(&h, "Keep what you did?"));
    h.get_by_label("Cancel").click();
    h.run_steps(3);
    assert!(!shows(&h, "Keep what you did?"));
    assert_eq!(h.state().reply.asks.len(), 2, "the restart and the command");
}

#[test]
fn what_is_saved_first_goes_on_once_it_is_saved() {
    let mut h = harness(Desk::new(), WINDOW);
    h.state_mut().state.guard.given();
    h.state_mut().state.files.dropped.push(PathBuf::from("other.ron"));
    h.run_steps(3);
    assert!(h.state().reply.asks.is_empty(), "a dropped file waits for the answer");
    h.get_by_label("Save replay …").click();
    h.run_steps(3);
    h.get_by_label("Save").click();
    h.run_steps(3);
    assert!(matches!(&h.state().reply.asks[..], [Ask::SaveReplay(_)]));
    h.state_mut().state.guard.saved();
    h.run_steps(3);
    assert!(matches!(&h.state().reply.asks[..], [_, Ask::Open(p)] if p.ends_with("other.ron")));
}

#[test]
fn a_file_that_could_not_be_written_leaves_the_run_as_it_is() {
    let mut h = harness(Desk::new(), WINDOW);
    h.state_mut().state.guard.given();
    h.key_press_modifiers(Modifiers::COMMAND, Key::Q);
    h.run_steps(3);
    assert!(h.state().reply.panel.is_empty(), "it does not quit");
    h.get_by_label("Save replay …").click();
    h.run_steps(3);
    h.get_by_label("Save").click();
    h.run_steps(3);
    h.state_mut().state.guard.refused();
    h.run_steps(3);
    assert!(!shows(&h, "Keep what you did?") && h.state().reply.panel.is_empty());
    h.key_press_modifiers(Modifiers::COMMAND, Key::Q);
    h.run_steps(3);
    h.get_by_label("Discard").click();
    h.run_steps(3);
    assert_eq!(h.state().reply.panel, [PanelAsk::Quit]);
}

#[test]
fn in_a_narrow_window_a_selection_opens_the_inspector_with_its_causes() {
    let mut desk = Desk::new();
    desk.now.buildings[5].live = false;
    desk.now.buildings[5].dark_event = Some(7);
    let mut h = harness(desk, NARROW);
    h.state_mut().state.dock.open = None;
    h.state_mut().selection.subject = Some(Subject::Building(BuildingId(5)));
    h.run_steps(3);
    assert!(shows(&h, "Consumption") && shows(&h, "Home 4"));
    h.key_press(Key::W);
    h.run_steps(3);
    for text in ["14 customers", "opened", "orders it to open", "You asked"] {
        assert!(shows(&h, text), "{text}");
    }
    h.state_mut().selection.subject = None;
    h.run_steps(3);
    assert!(!shows(&h, "orders it to open"), "the drawer went with the selection");
}

#[test]
fn a_burst_is_one_row_until_it_is_unfolded() {
    let mut desk = Desk::new();
    desk.past = FakePast::burst(12);
    let mut h = harness(desk, WINDOW);
    h.state_mut().state.dock.open = Some(Dock::Events);
    h.run_steps(3);
    assert!(shows(&h, "(and 11 more like it)") && shows(&h, "12 events"));
    assert_eq!(h.query_all_by_label_contains("no grid to follow").count(), 1);
    h.get_by_label_contains("more like it").click();
    h.run_steps(3);
    assert!(h.query_all_by_label_contains("no grid to follow").count() > 4);
}

#[test]
fn keys_do_what_the_tooltips_promise() {
    let mut h = harness(Desk::new(), WINDOW);
    for key in [Key::H, Key::R, Key::M, Key::P, Key::N, Key::G] {
        h.key_press(key);
        h.run_steps(2);
    }
    assert_eq!(commands(&h), [Command::SelfHealing { enabled: false }, Command::RepairAll]);
    assert!(asked(&h).contains(&"SlowMotion(false)".to_owned()));
    assert_eq!(h.state().reply.panel.len(), 3, "presenter, theme, language");
    h.key_press_modifiers(Modifiers::COMMAND, Key::Num3);
    h.run_steps(3);
    assert!(shows(&h, "Last blocks"));
    h.key_press(Key::V);
    h.run_steps(2);
    assert_eq!(h.state().reply.panel.last(), Some(&PanelAsk::VerifyChain));
    assert!(!asked(&h).iter().any(|a| a.starts_with("Speed")), "Ctrl and a digit is no speed");
}

#[test]
fn the_market_tells_the_price_before_the_switching() {
    let mut desk = Desk::new();
    desk.past = FakePast::all_kinds(1);
    desk.now.market.clearing = 1;
    desk.now.market.price_milli = 198;
    let mut h = harness(desk, WINDOW);
    h.state_mut().state.dock.open = Some(Dock::Market);
    h.run_steps(3);
    assert!(shows(&h, "0.198") && shows(&h, "before the switching 0.145"));
}

#[test]
fn presenting_draws_a_ring_and_folds_the_panels() {
    let mut desk = Desk::new();
    desk.look.presenter = true;
    let mut h = harness(desk, WINDOW);
    h.hover_at(bevy_egui::egui::pos2(600.0, 300.0));
    h.run_steps(3);
    assert!(!shows(&h, "Nothing is selected") && !shows(&h, "Now"), "sides and dock are folded");
    assert!(h.state().free.area() > 0.8 * h.state().window.area());
}
