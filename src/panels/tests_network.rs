//! Diagram, profile, layers and imported networks without a window.

use super::dock::Dock;
use super::look::{MapLayer, Theme};
use super::testing::Desk;
use super::tests::{asked, commands, harness, picture, shows};
use crate::bridge::study::testing;
use crate::locale::{Language, Locale};
use bevy_egui::egui::{Key, vec2};
use egui_kittest::kittest::Queryable;
use sim_core::command::{Command, FaultKind};
use sim_core::event::NetworkLimit;
use sim_core::ids::{BuildingId, BusId, LineId, ParticipantId, Subject};
use sim_core::quantity::Wh;
use sim_core::snapshot::Curtailment;

fn desk(diagram: bool) -> Desk {
    let mut desk = Desk::new();
    desk.layers.diagram = diagram;
    desk
}

/// A desk on which the village is open.
fn village() -> Desk {
    let mut run = testing::run();
    let (now, study) = run.solve();
    let mut desk = desk(false);
    desk.scene = (*run.scene()).clone();
    (desk.now, desk.study, desk.world) = ((*now).clone(), Some(study), 2);
    desk
}

#[test]
fn the_diagram_is_toggled_and_a_click_selects_the_same_thing() {
    let mut h = harness(desk(false), vec2(1600.0, 900.0));
    assert!(h.query_by_label("Cable f2-c5").is_none());
    h.key_press(Key::S);
    h.run_steps(3);
    assert!(shows(&h, "Numbers in kW"), "the diagram is shown");
    h.get_by_label("Cable f2-c5").click();
    h.run_steps(3);
    let wanted = h.state().scene.find("f2-c5");
    assert_eq!(h.state().selection.subject, wanted);
    assert!(shows(&h, "f2-b6 → f2-b7"), "the inspector shows it");
    h.get_by_label("Single-line diagram").click();
    h.run_steps(3);
}

/// The diagram showed nothing of a trade that the network did not carry.
#[test]
fn the_diagram_marks_what_stopped_a_trade() {
    let mut desk = desk(true);
    let cut = |element, allowed| Curtailment {
        seller: ParticipantId(1),
        buyer: ParticipantId(2),
        element,
        wanted: Wh(900),
        allowed: Wh(allowed),
        limit: NetworkLimit::Loading,
        value_thousandths: 1_120,
        bound_thousandths: 1_000,
    };
    let (cable, bus) = (Subject::Line(LineId(3)), Subject::Bus(BusId(7)));
    desk.now.market.book.curtailed = vec![cut(cable, 0), cut(bus, 100), cut(cable, 500)];
    let mut h = harness(desk, vec2(1600.0, 900.0));
    assert!(shows(&h, ": 2 trades stopped") && shows(&h, ": trade stopped"));
    h.state_mut().layers.contracts = false;
    h.run_steps(3);
    assert!(!shows(&h, "stopped"), "contracts are hidden");
}

#[test]
fn a_right_click_in_the_diagram_offers_the_same_faults() {
    let mut h = harness(desk(true), vec2(1600.0, 900.0));
    h.get_by_label("Cable f2-c5").click_secondary();
    h.run_steps(3);
    h.get_by_label("Short circuit to earth").click();
    h.run_steps(2);
    let given = commands(&h);
    assert!(
        matches!(&given[..], [Command::Fault { cable, kind: FaultKind::PhaseToGround, at, .. }]
        if cable == "f2-c5" && (0.4..0.6).contains(at)),
        "{given:?}"
    );
}

#[test]
fn the_profile_is_drawn_and_every_layer_has_its_scale() {
    let mut h = harness(desk(false), vec2(1280.0, 720.0));
    h.state_mut().state.dock.open = Some(Dock::Profile);
    h.run_steps(3);
    assert!(shows(&h, "Voltage along the way from the source"));
    for (map, title) in [
        (MapLayer::Voltage, "Lowest phase voltage"),
        (MapLayer::Loading, "Loading"),
        (MapLayer::Unbalance, "Voltage unbalance"),
        (MapLayer::Price, "pay or earn"),
    ] {
        h.state_mut().layers.map = Some(map);
        h.run_steps(2);
        assert!(shows(&h, title), "{map:?}");
    }
    h.state_mut().now.buses.iter_mut().for_each(|b| b.live = false);
    h.run_steps(2);
    assert!(shows(&h, "No bus has voltage"));
}

#[test]
fn a_cable_shows_its_phases_and_the_inputs_of_its_equations() {
    let mut desk = desk(false);
    desk.now.lines[1].phases[0].kw = 12.5;
    desk.selection.subject = Some(Subject::Line(LineId(1)));
    let mut h = harness(desk, vec2(1280.0, 1000.0));
    assert!(shows(&h, "12.5 kW · 0.0 kvar"));
    h.get_by_label("Details").click();
    h.run_steps(3);
    assert!(shows(&h, "Ω/km") && shows(&h, "nF/km"));
}

#[test]
fn an_imported_network_opens_with_its_diagram_and_leads_back() {
    let mut h = harness(village(), vec2(1280.0, 720.0));
    assert!(h.state().layers.diagram, "the diagram is the first one sees");
    for text in ["Left out of the file: 1", "village.dss:46", "Solution", "power flow at one instant"] {
        assert!(shows(&h, text), "{text}");
    }
    assert!(h.query_by_label("Market").is_none(), "there is no market in a file");
    h.get_by_label("2.0 ×").click();
    h.run_steps(2);
    h.get_by_label("Back").click();
    h.run_steps(2);
    assert_eq!(asked(&h), ["ScaleLoads(2.0)", "CloseStudy"]);
    let community = Desk::new();
    let state = h.state_mut();
    (state.scene, state.now, state.study, state.world) = (community.scene, community.now, None, 3);
    h.run_steps(3);
    assert!(!h.state().layers.diagram && shows(&h, "Market"), "all is as it was");
}

#[test]
fn an_imported_line_shows_every_conductor_and_its_inputs() {
    let mut desk = village();
    desk.selection.subject = Some(Subject::Line(LineId(1)));
    let mut h = harness(desk, vec2(1280.0, 1000.0));
    for text in ["What each conductor carries", "mill1.2", "Inputs of its equations", "0.207", "ohm/km"] {
        assert!(shows(&h, text), "{text}");
    }
    h.state_mut().selection.subject = Some(Subject::Building(BuildingId(1)));
    h.run_steps(3);
    assert!(shows(&h, "22.0 kW · 5.5 kvar") && shows(&h, "mill2"));
    h.get_by_label("Line.tie").click_secondary();
    h.run_steps(3);
    h.query_all_by_label("Close").last().expect("an entry of the menu").click();
    h.run_steps(2);
    assert_eq!(commands(&h), [Command::Operate { switch: "Line.tie".into(), closed: true }]);
}

/// The pictures are written where GRIDTWIN_PICTURES says; without it, it is only checked that each shows something.
#[test]
fn diagram_profile_and_study_can_be_drawn_in_both_languages_and_themes() {
    let folder = std::env::var_os("GRIDTWIN_PICTURES").map(std::path::PathBuf::from);
    let mut number = 0;
    for (language, theme) in [(Language::En, Theme::Dark), (Language::Zh, Theme::Light)] {
        for (name, size, open) in [
            ("diagram", vec2(1280.0, 720.0), None),
            ("profile", vec2(960.0, 540.0), Some(Dock::Profile)),
            ("study", vec2(1280.0, 720.0), Some(Dock::Study)),
            ("small", vec2(640.0, 360.0), Some(Dock::Study)),
        ] {
            let mut desk = if open == Some(Dock::Study) { village() } else { desk(true) };
            (desk.locale, desk.look.theme) = (Locale::new(language), theme);
            desk.selection.subject = Some(Subject::Line(LineId(2)));
            desk.layers.map = open.map(|_| MapLayer::Unbalance);
            let picture = picture(desk, size, |desk| desk.state.dock.open = open);
            assert!(!picture.is_flat());
            number += 1;
            if let Some(folder) = &folder {
                let file = format!("network-{number:02}-{name}.ppm");
                picture.save(&folder.join(file)).expect("the folder can be written to");
            }
        }
    }
}
