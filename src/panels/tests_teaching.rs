//! The sheets that teach: contracts in an editor with their sandbox, and the ways of certificates.

use super::sheet::Sheet;
use super::testing::{Desk, FakePast};
use super::tests::{LOOKS, harness, picture, show_fitting, shows};
use crate::bridge::Ask;
use crate::locale::{Language, Locale};
use crate::panels::explorer::Page;
use crate::panels::look::Theme;
use bevy_egui::egui::{Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use sim_core::command::Command;
use sim_core::event::{Event, EventKind};
use sim_core::ids::{EventId, Subject};
use sim_core::ledger::certificate::{CertificateEvent, CertificateId, HourMeter, Origin, Purpose, Source, Totals};
use sim_core::quantity::Wh;
use sim_core::scene::{Participant, Scene};
use sim_core::snapshot::ContractView;
use sim_core::time::{MINUTE_US, SimTime};

const SMALL: Vec2 = vec2(960.0, 540.0);
const LARGE: Vec2 = vec2(1280.0, 720.0);
const SHEETS: [&str; 3] = ["contract", "contract mistake", "trace"];

/// Index of the account of a building or device.
fn account(scene: &Scene, name: &str) -> u32 {
    let subject = scene.find(name).expect(name);
    let is_it = |p: &Participant| match p {
        Participant::Building(b) => Subject::Building(*b) == subject,
        Participant::Device(d) => Subject::Device(*d) == subject,
        _ => false,
    };
    let place = scene.participants.iter().position(is_it).expect(name);
    u32::try_from(place).expect("few accounts")
}

/// A roof's hour that goes to two homes and through the battery, and an hour of wind; each in a block of its own.
fn certificates(scene: &Scene) -> Vec<(SimTime, CertificateEvent)> {
    use CertificateEvent as C;
    let [roof, wind, battery] = ["home-08", "wind", "battery"].map(|n| account(scene, n));
    let [one, two] = ["home-01", "home-02"].map(|n| account(scene, n));
    let operator = u32::try_from(scene.participants.len()).expect("few accounts");
    let id = |produced, number| CertificateId { produced, number };
    let issued = |certificate: CertificateId, plant, source, wh| C::Issued {
        certificate,
        origin: Origin { plant, produced: certificate.produced, source },
        energy: Wh(wh),
    };
    let moved = |certificate, parent, from, to, wh| C::Transferred { certificate, parent, from, to, energy: Wh(wh) };
    let claimed = |certificate, account, hour, wh| C::Claimed {
        certificate,
        account,
        hour,
        energy: Wh(wh),
        purpose: Purpose::Footprint,
    };
    let [sun, sun_in, sun_one, sun_two] = [0, 1, 2, 3].map(|n| id(8, n));
    let [air, air_one, sun_out, sun_late] = [id(9, 4), id(9, 5), id(8, 6), id(8, 7)];
    let out = C::Released {
        certificate: sun_out,
        parent: sun_in,
        storage: battery,
        hour: 9,
        energy: Wh(1_000),
        loss: Wh(150),
    };
    let events = [
        issued(sun, roof, Source::Solar, 3_000),
        moved(sun, sun, roof, operator, 3_000),
        moved(sun_in, sun, operator, battery, 1_200),
        moved(sun_one, sun, operator, one, 300),
        moved(sun_two, sun, operator, two, 500),
        C::Stored { certificate: sun_in, storage: battery, energy: Wh(1_200) },
        claimed(sun_one, one, 8, 300),
        claimed(sun_two, two, 8, 500),
        issued(air, wind, Source::Wind, 900),
        moved(air, air, wind, operator, 900),
        moved(air_one, air, operator, one, 200),
        claimed(air_one, one, 9, 200),
        out,
        moved(sun_out, sun_out, battery, operator, 1_000),
        moved(sun_late, sun_out, operator, one, 140),
        claimed(sun_late, one, 9, 140),
    ];
    (1_u64..).zip(events).map(|(i, e)| (SimTime(i * MINUTE_US), e)).collect()
}

fn desk() -> Desk {
    let mut desk = Desk::new();
    let block = |i: u64| Event {
        id: EventId(i),
        time_us: i * MINUTE_US,
        cause: None,
        also: Vec::new(),
        subject: Subject::Chain,
        kind: EventKind::BlockCommitted { height: 100 + i, round: 0, transactions: 3 },
    };
    desk.past = FakePast::of((1..=16).map(block).collect(), super::testing_chain::chain(&desk.scene));
    desk.past.certificates = certificates(&desk.scene);
    let one = account(&desk.scene, "home-01");
    let meter = |import, claimed| HourMeter { import: Wh(import), claimed: Wh(claimed), ..HourMeter::default() };
    let view = &mut desk.now.chain.certificates;
    view.hours = vec![(8, one, meter(420, 300)), (9, one, meter(400, 340))];
    view.totals = Totals {
        issued: Wh(3_900),
        held: Wh(2_560),
        stored: Wh(50),
        claimed: Wh(1_140),
        lost: Wh(150),
        ..Totals::default()
    };
    desk
}

fn open(desk: Desk, sheet: &str) -> Harness<'static, Desk> {
    let mut h = harness(desk, SMALL);
    h.state_mut().state.sheet.show(sheet);
    h.run_steps(3);
    h
}

fn commands(h: &Harness<'static, Desk>) -> Vec<Command> {
    let commands = h.state().reply.asks.iter().filter_map(|a| match a {
        Ask::Do(command) => Some(command.clone()),
        _ => None,
    });
    commands.collect()
}

#[test]
fn the_example_is_played_step_by_step_and_money_is_seen_to_move() {
    let mut h = open(desk(), "contract");
    assert!(shows(&h, "Ben buys a used battery from Ana for 40") && shows(&h, "It gives back 1"));
    assert!(shows(&h, "Ben: 60.00") && shows(&h, "Contract: 40.00") && shows(&h, "of 50000"));
    h.get_by_label_contains("Next step").click();
    h.run_steps(3);
    assert!(shows(&h, "Refused, as it should be: the contract itself says no") && shows(&h, "only the buyer"));
    h.get_by_label("All").click();
    h.run_steps(3);
    assert!(shows(&h, "Ana: 140.00") && shows(&h, "Contract: 0.00") && shows(&h, "8 / 8"));
    h.get_by_label("Begin again").click();
    h.run_steps(3);
    assert!(shows(&h, "Ben: 100.00") && shows(&h, "0 / 8"));
}

#[test]
fn a_mistake_has_its_line_and_column_and_stops_what_would_run() {
    let mut h = open(desk(), "contract mistake");
    assert!(shows(&h, "1 mistake") && shows(&h, "is `emit` meant?") && shows(&h, "column"));
    h.state_mut().state.sheet.contract.turn_to_chain(true);
    h.run_steps(3);
    assert!(shows(&h, "There are mistakes in the text"));
    h.get_by_label("Send the contract").click();
    h.run_steps(3);
    assert_eq!(commands(&h), []);
    h.get_by_label("Back to the library's text").click();
    h.run_steps(3);
    assert!(shows(&h, "no mistakes") && shows(&h, "release(id)"));
}

#[test]
fn a_call_by_hand_runs_what_stands_in_the_editor() {
    let mut h = open(desk(), "contract");
    h.get_by_label("Begin again").click();
    h.run_steps(3);
    h.get_by_label("Deploy in the sandbox").click();
    h.run_steps(3);
    assert!(shows(&h, "Ana: init()"));
    h.get_all_by_label("Call").next().expect("a way to call").click();
    h.run_steps(3);
    assert!(shows(&h, "an argument is empty"));
}

#[test]
fn the_text_is_sent_to_the_chain_and_what_stands_there_is_called() {
    let mut h = harness(desk(), LARGE);
    h.state_mut().state.sheet.show("contract");
    h.run_steps(3);
    h.get_by_label("Shares of a solar field").click();
    h.run_steps(3);
    h.state_mut().state.sheet.contract.turn_to_chain(true);
    h.run_steps(3);
    h.get_by_label("Send the contract").click();
    h.run_steps(3);
    let [Command::DeployContract { by, name, source, args, .. }] = &commands(&h)[..] else {
        panic!("{:?}", commands(&h));
    };
    assert!(h.state().scene.find(by).is_some());
    assert_eq!((name.as_str(), args.len()), ("dividend", 1));
    assert!(source.contains("fn init("));
    h.state_mut().state.sheet.contract.turn_to_chain(false);
    h.run_steps(3);
    assert!(shows(&h, "No contract stands on the chain yet"));
    let source = sim_core::ledger::contract::get_library()[5].source.to_owned();
    let storage = vec![("deal/1".to_owned(), "{\"amount\":40000000}".to_owned())];
    let view = ContractView {
        name: "deals".into(),
        id: "ab".into(),
        source,
        balance: 40_000_000,
        storage,
        ..Default::default()
    };
    h.state_mut().now.chain.contracts = vec![view];
    h.state_mut().reply.asks.clear();
    h.run_steps(3);
    assert!(shows(&h, "deal/1") && shows(&h, "40.00"));
    h.get_by_label("Send the call").click();
    h.run_steps(3);
    assert!(matches!(&commands(&h)[..], [Command::CallContract { contract, .. }] if contract == "deals"));
}

#[test]
fn a_claimed_kilowatt_hour_is_followed_from_its_roof_through_the_battery() {
    let mut h = open(desk(), "trace");
    assert!(shows(&h, "0.140 kWh of what Home 1 used at 09:00–10:00 came from: Home 8, through a battery"));
    for words in ["Into battery", "Out of battery", "0.150 kWh lost as heat", "1.800 kWh to others", "Used by"] {
        assert!(shows(&h, words), "{words}");
    }
    assert!(shows(&h, "0.940 kWh used by 2, 0.150 kWh lost, 1.910 kWh still on its way"));
    assert!(shows(&h, "0.400 kWh taken, 0.340 kWh covered by certificates, 0.060 kWh not"));
    assert!(shows(&h, "All 3.9 kWh ever certified here"));
    h.get_by_label_contains("08:00–09:00: 0.420 kWh taken").click();
    h.run_steps(3);
    assert!(shows(&h, "0.300 kWh of what Home 1 used at 08:00–09:00") && !shows(&h, "Into battery"));
    h.get_by_label("Block 107").click();
    h.run_steps(3);
    assert_eq!(h.state().state.sheet.open, Some(Sheet::Explorer), "the block of the claim opens");
    assert_eq!(h.state().reply.page, Some(Page::Block(Some(107))));
}

#[test]
fn before_the_first_claim_the_trace_says_what_to_wait_for() {
    let mut desk = desk();
    desk.past.certificates.clear();
    let h = open(desk, "trace");
    assert!(shows(&h, "No certificates have been claimed yet") && shows(&h, "Let time run on"));
}

/// Nothing that is told lies outside the window, in both sizes, languages and themes.
#[test]
fn both_sheets_fit_their_window_in_both_languages() {
    for (size, language, theme) in LOOKS {
        let mut desk = desk();
        desk.locale = Locale::new(language);
        desk.look.theme = theme;
        let mut h = harness(desk, size);
        for sheet in SHEETS {
            show_fitting(&mut h, sheet, size);
        }
    }
}

/// The pictures are written where GRIDTWIN_PICTURES says; without it, it is only checked that each shows something.
#[test]
fn both_sheets_can_be_drawn_in_both_languages_and_themes() {
    let folder = std::env::var_os("GRIDTWIN_PICTURES").map(std::path::PathBuf::from);
    for (i, sheet) in ["contract", "contract mistake", "deploy", "trace"].iter().enumerate() {
        for (language, theme, size) in [
            (Language::En, Theme::Dark, LARGE),
            (Language::Zh, Theme::Light, SMALL),
            (Language::En, Theme::Light, SMALL),
        ] {
            let mut desk = desk();
            desk.locale = Locale::new(language);
            desk.look.theme = theme;
            let picture = picture(desk, size, |desk| {
                desk.state.sheet.show(if *sheet == "deploy" { "contract" } else { sheet });
                if *sheet == "deploy" {
                    desk.state.sheet.contract.turn_to_chain(true);
                }
            });
            assert!(!picture.is_flat());
            if let Some(folder) = &folder {
                let name = format!("teaching-{i}-{language:?}-{theme:?}.ppm");
                picture.save(&folder.join(name)).expect("the folder can be written to");
            }
        }
    }
}
