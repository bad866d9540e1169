//! The sheets of the market: a battery that many share, business models; footprints in the inspector.

use super::sheet::Sheet;
use super::testing::Desk;
use super::tests::{commands, harness, show_and_draw, shows};
use bevy_egui::egui::{Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use sim_core::command::{BusinessModel, Command};
use sim_core::ids::{BuildingId, Subject};
use sim_core::ledger::contract::plant::Plant;
use sim_core::snapshot::ContractView;

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
fn business_models_say_who_gains_and_their_first_year_runs_as_a_contract() {
    let mut h = open(Sheet::Business);
    assert!(shows(&h, "members gain") && shows(&h, "Solar company"));
    h.get_by_label("as a contract").click();
    for (model, owner) in [("Company", "Solar company"), ("Tokens", "Buyers elsewhere"), ("Mixed", "Utility")] {
        h.get_by_label(model).click();
        h.run_steps(3);
        assert!(
            shows(&h, owner) && shows(&h, "the same, to the last millionth") && !shows(&h, "They differ"),
            "{model}"
        );
    }
}

/// A plant that stands on the chain: Home 1 has 60 of 100 shares, the operator runs it.
fn plant() -> Plant {
    Plant {
        plant: 45,
        manager: Some(53),
        fee: 60_000,
        next: 36,
        energy: 41_200,
        income: 4_211_000,
        owners: vec![(0, 60), (53, 40)],
        paid: [(0, 2_375_004), (53, 1_835_996)].into(),
        ..Plant::default()
    }
}

fn standing() -> Desk {
    let mut desk = Desk::new();
    desk.now.chain.oversight.operator = 53;
    let contract = ContractView { name: "solar-field".into(), business: Some(plant()), ..ContractView::default() };
    desk.now.chain.contracts = vec![contract];
    desk
}

#[test]
fn a_press_founds_the_business_with_the_owners_that_were_set() {
    let mut h = open(Sheet::Business);
    h.get_by_label("Mixed").click();
    h.get_by_label("on the chain").click();
    h.run_steps(3);
    assert!(shows(&h, "Utility: Market maker, 51 %"), "who would be who");
    h.get_by_label("Found it on the chain").click();
    h.run_steps(3);
    let [Command::FoundBusiness { plant, model, stakes, manager, fee, .. }] = &commands(&h)[..] else {
        panic!("{:?}", commands(&h));
    };
    assert_eq!((plant.as_str(), *model, manager.as_str()), ("solar-field", BusinessModel::MixedOwnership, "operator"));
    assert!((fee - 0.06).abs() < 1e-9 && stakes.iter().map(|s| s.1).sum::<u32>() == 100, "{stakes:?}");
    assert!(shows(&h, "on its way to a block"));
}

#[test]
fn a_standing_business_shows_what_each_was_paid_beside_the_projection_and_gives_shares() {
    let mut h = harness(standing(), vec2(1280.0, 1600.0));
    h.state_mut().state.sheet.show("business-chain");
    h.run_steps(3);
    assert!(shows(&h, "41.2 kWh metered, 4.21") && shows(&h, "2.38") && shows(&h, "1.84") && shows(&h, "60 %"));
    h.get_by_label("Give shares").click();
    h.run_steps(3);
    let given = commands(&h);
    assert!(
        matches!(&given[..], [Command::TransferShares { plant, shares: 1, .. }] if plant == "solar-field"),
        "{given:?}"
    );
    h.get_by_label("In the editor").click();
    h.run_steps(3);
    assert_eq!(h.state().state.sheet.open, Some(Sheet::Contract));
}

#[test]
fn an_owners_bill_has_its_dividend() {
    let mut desk = standing();
    desk.now.market.bills = vec![sim_core::snapshot::Bill::default(); 54];
    let mut h = harness(desk, vec2(1280.0, 1600.0));
    h.state_mut().selection.subject = Some(Subject::Building(BuildingId(0)));
    h.run_steps(3);
    assert!(shows(&h, "Dividend of Solar Field") && shows(&h, "2.38"));
}

#[test]
fn every_sheet_of_the_market_fits_its_window_and_can_be_drawn() {
    show_and_draw(&["shared-battery", "shared-battery home", "business"], Desk::new);
    show_and_draw(&["business-chain"], standing);
}
