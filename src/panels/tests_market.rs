//! The sheets of the market: a battery that many share, business models; footprints in the inspector.

use super::sheet::Sheet;
use super::testing::Desk;
use super::tests::{commands, harness, show_and_draw, shows};
use bevy_egui::egui::{Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use sim_core::command::Command;
use sim_core::ids::{BuildingId, Subject};

const SMALL: Vec2 = vec2(960.0, 540.0);

fn open(sheet: Sheet) -> Harness<'static, Desk> {
    let mut h = harness(Desk::new(), SMALL);
    h.state_mut().state.sheet.open = Some(sheet);
    h.run_steps(3);
    h
}

#[test]
fn the_storage_sheet_says_what_is_inside_whose_it_is_and_what_ageing_costs() {
    let h = open(Sheet::Storage);
    assert!(shows(&h, "176.4 kWh of 289.5 kWh") && shows(&h, "is the battery's own"));
    assert!(shows(&h, "0.060") && shows(&h, "0.037 pays for ageing"), "room, a day");
    assert!(shows(&h, "is offered"));
}

/// Another provider is chosen from the list; a click offers a tenth more of its battery, by its name.
#[test]
fn a_home_s_battery_is_looked_at_and_more_of_it_is_let() {
    let mut h = open(Sheet::Storage);
    h.get_by_label("Which battery").click();
    h.run_steps(3);
    h.get_by_label_contains("30 % offered").click();
    h.run_steps(3);
    assert!(shows(&h, "5.3 kWh of 9.6 kWh"));
    h.get_by_label_contains("Let more").click();
    h.run_steps(2);
    let all = commands(&h);
    let [Command::ShareStorage { element, share }] = &all[..] else { panic!("{all:?}") };
    assert_eq!(element, "battery-home-08");
    assert!((share - 0.4).abs() < 1e-9, "{share}");
}

#[test]
fn the_home_that_lets_its_battery_sees_what_it_earns() {
    let mut h = harness(Desk::new(), vec2(1280.0, 1600.0));
    let home = super::testing::scene().find("home-08");
    h.state_mut().selection.subject = home;
    h.run_steps(3);
    assert!(shows(&h, "leased by others") && shows(&h, "offered to others"));
}

#[test]
fn a_home_shows_its_part_of_the_storage_and_its_footprint() {
    let mut h = harness(Desk::new(), vec2(1280.0, 1600.0));
    h.state_mut().selection.subject = Some(Subject::Building(BuildingId(4)));
    h.run_steps(3);
    assert!(shows(&h, "Carbon footprint") && shows(&h, "131 g") && shows(&h, "Shared storage"));
}

#[test]
fn business_models_say_who_gains_and_their_dividend_runs_as_a_contract() {
    let mut h = open(Sheet::Business);
    assert!(shows(&h, "members gain") && shows(&h, "Solar company"));
    h.get_by_label("Tokens").click();
    h.run_steps(3);
    assert!(shows(&h, "Buyers elsewhere"));
    h.get_by_label("as a contract").click();
    h.run_steps(3);
    assert!(shows(&h, "750 shares") && shows(&h, "gas in all"));
    h.get_by_label("Company").click();
    h.run_steps(3);
    assert!(shows(&h, "no dividend"));
}

#[test]
fn every_sheet_of_the_market_fits_its_window_and_can_be_drawn() {
    show_and_draw(&["shared-battery", "shared-battery home", "business"], Desk::new);
}
