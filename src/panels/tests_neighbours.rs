//! Who may read a meter, the regulator's desk, and two communities: what is shown, what is asked for, that it fits.

use super::privacy::Part;
use super::sheet::Sheet;
use super::testing::Desk;
use super::tests::{commands, harness, show_and_draw, shows};
use bevy_egui::egui::{Key, Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use sim_core::command::{Command, Ground};
use sim_core::ids::Subject;
use sim_core::ledger::oversight::{ComplianceReport, Figures};
use sim_core::ledger::privacy::envelope::{Access, Envelope};
use sim_core::ledger::privacy::fine::{DeviceTrace, FineReading};
use sim_core::ledger::privacy::keys::ReaderSecret;
use sim_core::ledger::types::Cap;
use sim_core::quantity::{Price, Wh};
use sim_core::scene::Scene;
use sim_core::snapshot::{OversightView, SuspendedView};
use std::time::Duration;

const SMALL: Vec2 = vec2(960.0, 540.0);
const SEED: u64 = 1;

/// The first home's minutes, sealed for itself and the regulator.
fn envelope(scene: &Scene, home: u32, regulator: u32) -> Envelope {
    let name = &scene.file.buildings[home as usize].name;
    let own = ReaderSecret::derive(SEED, name);
    let mut access = Access::new(home, own.get_key());
    access.process_grant(regulator, ReaderSecret::derive(SEED, "regulator").get_key()).expect("new");
    let minutes: Vec<u32> = (0..15).map(|m| 3 + (m * 7) % 11).collect();
    let devices = vec![DeviceTrace { name: "roof-01".into(), watts: (0..15).map(|m| 400 + 30 * m).collect() }];
    let fine = FineReading { slot: 37, first_minutes: 1, import: minutes, export: vec![2; 15], devices };
    access.compute_envelope(&own, 37, &fine.encode()).expect("sealed")
}

fn home(scene: &Scene) -> u32 {
    let Some(Subject::Building(b)) = scene.find("home-01") else { panic!("a building") };
    b.0
}

fn desk() -> Desk {
    let mut desk = Desk::new();
    let operator = desk.scene.participants.len() as u32;
    let first = home(&desk.scene);
    desk.now.chain.oversight = OversightView {
        grants: vec![(first, operator + 1)],
        moving: Vec::new(),
        envelopes: vec![envelope(&desk.scene, first, operator + 1)],
        cap: Some(Cap { floor: Price(50), ceiling: Price(300) }),
        suspended: vec![SuspendedView { account: first + 1, slot: 40, ground: Ground::Meter }],
        report: Some(ComplianceReport {
            number: 3,
            first: 1,
            last: 720,
            figures: Figures { trades: 96, volume: Wh(412_000), settled: 96, ..Figures::default() },
            out: vec![first + 1],
            doubted: vec![first + 1],
            suspected: vec![0],
        }),
        operator,
        seed: SEED,
    };
    desk
}

fn open(part: Part) -> Harness<'static, Desk> {
    let mut h = harness(desk(), SMALL);
    h.state_mut().state.sheet.open = Some(Sheet::Privacy);
    h.state_mut().state.sheet.privacy.part = part;
    h.run_steps(3);
    h
}

/// The household and the regulator read the minutes, a neighbour sees ciphertext; letting in and withdrawing are commands.
#[test]
fn a_household_sees_who_may_read_it_and_what_each_sees() {
    let mut h = open(Part::Meter);
    assert!(shows(&h, "It adds up to the open count") && shows(&h, "0.40 to 0.82 kW"));
    h.get_by_label("Withdraw from Regulator").click();
    h.run_steps(2);
    h.get_by_label("Let Home 2 read").click();
    h.run_steps(2);
    let account = || "home-01".to_owned();
    assert_eq!(
        commands(&h),
        [
            Command::RevokeAccess { account: account(), to: "regulator".into() },
            Command::GrantAccess { account: account(), to: "home-02".into() },
        ]
    );
    h.get_all_by_label("Home 2").last().expect("among those who look").click();
    h.run_steps(2);
    assert!(shows(&h, "Closed for Home 2") && !shows(&h, "It adds up to the open count"));
    h.get_all_by_label("Regulator").last().expect("among those who look").click();
    h.run_steps(2);
    assert!(shows(&h, "It adds up to the open count"));
}

#[test]
fn the_desk_shows_limits_interventions_and_the_report_and_asks_for_them() {
    let mut h = open(Part::Desk);
    assert!(shows(&h, "In force") && shows(&h, "its meter is in doubt") && shows(&h, "412.0 kWh"));
    for label in ["Set", "Lift", "Keep out", "Let in again", "Report now"] {
        h.get_by_label(label).click();
        h.run_steps(2);
    }
    let [cap, lift, out, back, report] = &commands(&h)[..] else { panic!("{:?}", commands(&h)) };
    assert_eq!(*cap, Command::Cap { floor: 0.05, ceiling: 0.3 });
    assert_eq!(*lift, Command::Cap { floor: 0.0, ceiling: 0.0 });
    assert!(matches!(out, Command::Suspend { account, ground: Ground::Meter } if account == "home-01"));
    assert!(matches!(back, Command::Reinstate { account } if account == "home-02"));
    assert_eq!(*report, Command::ComplianceReport);
}

/// A story is played beside the window and told step by step; the end says who has what; another fault is another story.
#[test]
fn two_communities_tell_a_story_to_its_end() {
    let mut h = harness(Desk::new(), SMALL);
    h.state_mut().state.sheet.open = Some(Sheet::Neighbours);
    let wait = |h: &mut Harness<'static, Desk>| {
        for _ in 0..2_400 {
            h.run_steps(1);
            if h.state().state.sheet.neighbours.is_ready() {
                return h.run_steps(2);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("no story came");
    };
    wait(&mut h);
    assert!(shows(&h, "Ben wants 3.00 kWh from Ana") && !shows(&h, "come to zero together"));
    for _ in 0..8 {
        h.key_press(Key::ArrowRight);
        h.run_steps(2);
    }
    assert!(shows(&h, "Ana gets") && shows(&h, "all accounts of both chains come to zero together"));
    assert!(shows(&h, "7.0 of 10.0 kWh on the line"));
    h.get_by_label("Line full").click();
    wait(&mut h);
    h.key_press(Key::ArrowRight);
    h.run_steps(2);
    assert!(shows(&h, "the line has room for 2.00 kWh only"));
    h.get_by_label("Bridge with a proof").click();
    wait(&mut h);
    for _ in 0..4 {
        h.key_press(Key::ArrowRight);
        h.run_steps(2);
    }
    assert!(shows(&h, "The proof that was checked") && shows(&h, "What left one chain"));
}

/// The neighbour as it is: what flows, what is left, what is promised; a deal, the line's switch and "why?" are asked for.
#[test]
fn the_neighbour_is_shown_as_it_is_and_can_be_traded_with() {
    let mut with_neighbour = desk();
    let mut view = super::testing_market::neighbour();
    if let Some(help) = &mut view.help {
        help.since_event = Some(7);
    }
    with_neighbour.now.neighbour = Some(view);
    let mut h = harness(with_neighbour, vec2(1280.0, 1600.0));
    h.state_mut().state.sheet.open = Some(Sheet::Neighbours);
    h.run_steps(3);
    for words in ["come from Riverside", "3.4 kWh", "1.5 kWh", "helping"] {
        assert!(shows(&h, words), "{words}");
    }
    h.get_by_label("Open the line").click();
    h.run_steps(2);
    h.get_by_label("Agree").click();
    h.run_steps(2);
    h.get_by_label("Take back").click();
    h.run_steps(2);
    let [open, buy, back] = &commands(&h)[..] else { panic!("{:?}", commands(&h)) };
    assert_eq!(*open, Command::SetTie { closed: Some(false), capacity_kw: None });
    assert!(matches!(buy, Command::TradeWithNeighbour { slots: 4, kwh, .. } if *kwh > 0.9), "{buy:?}");
    assert!(matches!(back, Command::TradeWithNeighbour { kwh, .. } if *kwh == 0.0), "{back:?}");
    h.get_by_label("Energy sold").click();
    h.run_steps(2);
    assert!(!shows(&h, "come from Riverside"), "a story instead");
    h.state_mut().state.sheet.show("neighbour");
    h.run_steps(2);
    h.get_by_label("Why does it help?").click();
    h.run_steps(2);
    assert!(!shows(&h, "come from Riverside"), "its causes instead");
}

#[test]
fn the_neighbours_page_fits_its_window_and_can_be_drawn() {
    show_and_draw(&["neighbour"], || {
        let mut desk = desk();
        desk.now.neighbour = Some(super::testing_market::neighbour());
        desk
    });
}

#[test]
fn meter_desk_and_communities_fit_their_window_and_can_be_drawn() {
    show_and_draw(&["meter", "regulator", "two-communities"], desk);
}
