//! The control room without a window: clicks by label, keys, what is asked for, what is on the screen.

use super::data::PanelAsk;
use super::dock::Dock;
use super::shell::dock_height;
use super::testing::{Desk, FakePast, fault, kinds, outcome};
use super::words::describe;
use super::{Theme, context, facts, fonts, theme};
use crate::bridge::Ask;
use crate::locale::{Language, Locale};
use bevy_egui::egui::{self, Key, Modifiers, Vec2, vec2};
use egui_kittest::kittest::Queryable;
use egui_kittest::{Harness, Node};
use sim_core::command::{Command, FaultKind};
use sim_core::ids::{BuildingId, BusId, DeviceId, GatewayId, LineId, Subject, SwitchId, TransformerId, ValidatorId};

/// The window most tests have.
const WINDOW: Vec2 = vec2(1280.0, 720.0);

pub(super) fn harness(desk: Desk, size: Vec2) -> Harness<'static, Desk> {
    let mut harness =
        Harness::builder().with_size(size).with_step_dt(0.05).build_ui_state(|ui, desk: &mut Desk| desk.show(ui), desk);
    let (fonts, _) = fonts::definitions();
    harness.ctx.set_fonts(fonts);
    let look = harness.state().look;
    theme::apply(&harness.ctx, look.theme, true);
    harness.run_steps(3);
    harness.state_mut().reply = super::Reply::default();
    harness
}

fn open(dock: Dock) -> Harness<'static, Desk> {
    let mut harness = harness(Desk::new(), WINDOW);
    harness.state_mut().state.dock.open = Some(dock);
    harness.run_steps(3);
    harness
}

pub(super) fn asked(harness: &Harness<'_, Desk>) -> Vec<String> {
    harness.state().reply.asks.iter().map(|a| format!("{a:?}")).collect()
}

pub(super) fn commands(harness: &Harness<'_, Desk>) -> Vec<Command> {
    let asks = harness.state().reply.asks.iter();
    asks.filter_map(|a| if let Ask::Do(c) = a { Some(c.clone()) } else { None }).collect()
}

pub(super) fn shows(harness: &Harness<'_, Desk>, text: &str) -> bool {
    harness.query_all_by_label_contains(text).next().is_some()
}

#[test]
fn the_time_bar_plays_steps_and_sets_the_speed() {
    let mut h = harness(Desk::new(), WINDOW);
    h.get_by_label("Pause").click();
    h.run_steps(2);
    h.get_by_label("One step").click();
    h.run_steps(2);
    h.get_by_label("300×").click();
    h.run_steps(2);
    assert_eq!(asked(&h), ["Play(false)", "Step", "Speed(300.0)"]);
    assert!(shows(&h, "09:42:17") && shows(&h, "reached 58×"));
}

#[test]
fn keys_work_everywhere_but_not_while_typing() {
    let mut h = harness(Desk::new(), WINDOW);
    for key in [Key::Space, Key::Period, Key::Num6, Key::L] {
        h.key_press(key);
        h.run_steps(2);
    }
    assert_eq!(asked(&h), ["Play(false)", "Step", "Speed(3600.0)"]);
    assert!(shows(&h, "Pulses run in the direction of power"), "the legend is open");
    h.key_press(Key::Escape);
    h.run_steps(2);
    assert!(!shows(&h, "Pulses run in the direction of power"));
    h.get_by_label("Search").focus();
    h.run_steps(2);
    h.key_press(Key::Space);
    h.key_press(Key::Num1);
    h.run_steps(3);
    assert_eq!(h.state().reply.asks.len(), 3, "typing is not commanding");
}

#[test]
fn the_tree_is_searched_and_selects() {
    let mut h = harness(Desk::new(), WINDOW);
    assert!(!shows(&h, "Cable f1-c3"), "groups are closed at first");
    h.get_by_label("Search").focus();
    h.run_steps(1);
    h.get_by_label("Search").type_text("f1-c3");
    h.run_steps(3);
    h.get_by_label("Cable f1-c3").click();
    h.run_steps(2);
    let wanted = h.state().scene.find("f1-c3");
    assert!(wanted.is_some());
    assert_eq!(h.state().selection.subject, wanted);
    h.get_by_label("Search").focus();
    h.run_steps(1);
    h.get_by_label("Search").type_text(" nowhere");
    h.run_steps(3);
    assert!(shows(&h, "Nothing is called"));
}

#[test]
fn the_inspector_shows_numbers_with_units_and_offers_faults() {
    let mut desk = Desk::new();
    desk.selection.subject = desk.scene.find("f1-c1");
    let mut h = harness(desk, WINDOW);
    for text in ["42.5 kW", "31 %", "64.0 A", "f1-b1 → f1-b2"] {
        assert!(shows(&h, text), "{text}");
    }
    h.get_by_label("Details").click();
    h.run_steps(3);
    assert!(shows(&h, "3.2 kvar") && shows(&h, "31 m"));
    h.get_by_label_contains("Break it").click();
    h.run_steps(3);
    h.get_by_label("Short circuit, three phases").click();
    h.run_steps(2);
    assert_eq!(commands(&h), [fault()]);
    h.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    h.run_steps(2);
    assert_eq!(commands(&h)[1], Command::Repair { element: "f1-c1".into() }, "undo of a fault is its repair");
}

#[test]
fn why_lists_the_causes_back_to_the_root() {
    let mut desk = Desk::new();
    desk.selection.subject = Some(Subject::Switch(SwitchId(1)));
    let mut h = harness(desk, vec2(1280.0, 900.0));
    h.get_by_label_contains("Why?").click();
    h.run_steps(3);
    for text in ["opened", "orders it to open", "sees too much current", "You asked"] {
        assert!(shows(&h, text), "{text}");
    }
}

#[test]
fn a_tariff_is_asked_for_when_the_slider_is_let_go() {
    let mut h = open(Dock::Market);
    assert!(shows(&h, "0.145"));
    let rect = slider(&h, "Import tariff").rect();
    let (from, to) = (rect.left_center() + vec2(60.0, 0.0), rect.left_center() + vec2(100.0, 0.0));
    h.hover_at(from);
    h.run_steps(1);
    h.drag_at(from);
    h.run_steps(1);
    h.hover_at(to);
    h.run_steps(2);
    assert!(commands(&h).is_empty(), "nothing is asked while dragging");
    h.drop_at(to);
    h.run_steps(3);
    let asked = commands(&h);
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert!(matches!(asked[0], Command::Tariff { import: Some(p), feed_in: None } if (0.0..=1.0).contains(&p)));
}

fn slider<'a>(h: &'a Harness<'_, Desk>, name: &'a str) -> Node<'a> {
    h.get_by_role_and_label(egui::accesskit::Role::Slider, name)
}

#[test]
fn controls_break_mend_and_restart() {
    let mut desk = Desk::new();
    desk.now.lines[4].fault_at = Some(0.5);
    let name = desk.scene.file.lines[4].name.clone();
    let mut h = harness(desk, WINDOW);
    h.state_mut().state.dock.open = Some(Dock::Controls);
    h.run_steps(2);
    for label in ["Lose the grid", "Clear fault", "Repair all"] {
        h.get_by_label(label).click();
        h.run_steps(2);
    }
    assert_eq!(commands(&h), [Command::LoseGrid, Command::Repair { element: name }, Command::RepairAll]);
    h.get_by_label("Self-healing").click();
    h.run_steps(2);
    assert_eq!(commands(&h).last(), Some(&Command::SelfHealing { enabled: false }));
    h.get_by_label_contains("Restart with a new seed").click();
    h.run_steps(2);
    h.get_by_label("Discard").click();
    h.run_steps(2);
    assert!(matches!(h.state().reply.asks.last(), Some(Ask::Restart(Some(_)))));
}

#[test]
fn the_chain_shows_votes_blocks_and_verifies() {
    let mut h = open(Dock::Chain);
    h.get_by_label("Block 407").click();
    h.run_steps(2);
    assert!(shows(&h, &format!("a1b2c3d4e5f6{:04x}…", 407)));
    h.get_by_label("Verify everything").click();
    h.run_steps(2);
    assert_eq!(h.state().reply.panel, [PanelAsk::VerifyChain]);
    h.state_mut().now.chain.stalled = true;
    h.state_mut().now.chain.voting = 4;
    h.state_mut().now.validators[0].powered = false;
    h.run_steps(2);
    assert!(shows(&h, "The chain stands still: 4 of 7 validators can vote, 5 are needed"));
}

#[test]
fn the_outcome_card_tells_the_cost_and_tries_again() {
    let mut desk = Desk::new();
    desk.now.outcome = Some(outcome());
    let mut h = harness(desk, vec2(1280.0, 900.0));
    for text in ["What the fault did", "0 (14)", "6.3 min", "0.21 kWh", "142 ms", "0.08 EUR"] {
        assert!(shows(&h, text), "{text}");
    }
    h.get_by_label("Self-healing off").click();
    h.run_steps(2);
    h.get_by_label("Try the same fault again").click();
    h.run_steps(2);
    assert_eq!(commands(&h), [Command::SelfHealing { enabled: false }, Command::RepairAll, fault()]);
    h.get_by_label("Close the card").click();
    h.run_steps(2);
    assert!(!shows(&h, "What the fault did"));
}

#[test]
fn a_right_click_offers_the_faults_that_fit() {
    let mut h = harness(Desk::new(), WINDOW);
    let at = egui::pos2(600.0, 300.0);
    h.state_mut().state.context = Some(context::Open::new(Subject::Line(LineId(2)), at, Some(0.25)));
    h.run_steps(3);
    assert!(shows(&h, "at 25 % of its length"));
    h.get_by_label("Short circuit to earth").click();
    h.run_steps(2);
    let cable = h.state().scene.file.lines[2].name.clone();
    let wanted = Command::Fault { cable, at: 0.25, kind: FaultKind::PhaseToGround, resistance_ohm: 0.0 };
    assert_eq!(commands(&h), [wanted]);
    assert!(h.state().state.context.is_none());
}

#[test]
fn a_household_bid_is_placed() {
    let mut desk = Desk::new();
    desk.selection.subject = Some(Subject::Building(BuildingId(0)));
    let mut h = harness(desk, vec2(1280.0, 1000.0));
    h.get_by_label("Place bid").click();
    h.run_steps(2);
    assert!(matches!(commands(&h)[..], [Command::Bid { .. }]));
}

#[test]
fn the_log_is_virtual_and_a_click_selects() {
    let mut desk = Desk::new();
    desk.past = FakePast::all_kinds(500);
    let mut h = harness(desk, WINDOW);
    h.state_mut().state.dock.open = Some(Dock::Events);
    h.run_steps(3);
    let rows = h.query_all_by_label_contains("Cable mv-c1").count();
    assert!((1..30).contains(&rows), "{rows} rows of 35,500 events are built");
    h.query_all_by_label_contains("Cable mv-c1").last().expect("a row").click();
    h.run_steps(3);
    assert_eq!(h.state().selection.subject, Some(Subject::Line(LineId(0))));
}

#[test]
fn the_language_changes_while_running() {
    let mut h = harness(Desk::new(), WINDOW);
    h.get_by_label("中文").click();
    h.run_steps(2);
    assert_eq!(h.state().reply.panel, [PanelAsk::Speak(Language::Zh)]);
    h.state_mut().locale.set_language(Language::Zh);
    h.run_steps(3);
    for text in ["电力", "市场", "区块链", "控制", "事件", "2050年", "实际 58×", "没有选中任何对象"]
    {
        assert!(shows(&h, text), "{text}");
    }
}

#[test]
fn every_event_and_every_number_has_words_in_both_languages() {
    let mut desk = Desk::new();
    desk.past = FakePast::all_kinds(1);
    assert!(kinds().len() >= 60);
    for language in [Language::En, Language::Zh] {
        desk.locale = Locale::new(language);
        let data = desk.data();
        for event in data.past.events() {
            let text = describe(event, data.scene, data.locale);
            assert!(!text.starts_with("event-") && !text.contains('{') && !text.contains('$'), "{text}");
        }
        let subjects = [
            Subject::Line(LineId(0)),
            Subject::Transformer(TransformerId(0)),
            Subject::Switch(SwitchId(0)),
            Subject::Building(BuildingId(0)),
            Subject::Bus(BusId(0)),
            Subject::Gateway(GatewayId(0)),
            Subject::Validator(ValidatorId(0)),
            Subject::Grid,
            Subject::Market,
            Subject::Chain,
            Subject::Weather,
            Subject::Community,
        ];
        let devices = (0..data.scene.file.devices.len()).map(|i| Subject::Device(DeviceId::new(i)));
        for subject in subjects.into_iter().chain(devices) {
            let rows = facts::facts(&data, subject);
            assert!(!rows.is_empty(), "{subject:?}");
            for row in rows {
                let keys = [format!("row-{}", row.what), format!("term-{}", row.what)];
                assert!(keys.iter().all(|k| data.t(k) != *k), "{keys:?}");
            }
        }
    }
}

#[test]
fn the_world_keeps_its_share_and_nothing_leaves_the_window() {
    for (size, scale) in [(WINDOW, 1.0), (vec2(960.0, 540.0), 1.0), (vec2(1920.0, 1080.0), 1.0), (WINDOW / 2.0, 2.0)] {
        for dock in [Dock::Power, Dock::Market, Dock::Chain, Dock::Controls, Dock::Events, Dock::Profile] {
            for language in [Language::En, Language::Zh] {
                let mut desk = Desk::new();
                desk.locale = Locale::new(language);
                desk.selection.subject = Some(Subject::Line(LineId(0)));
                let mut h = harness(desk, size);
                h.state_mut().state.dock.open = Some(dock);
                h.run_steps(3);
                let free = h.state().free;
                let share = free.area() / h.state().window.area();
                assert!(share >= 0.4 - 1e-4, "{size:?} x{scale} {dock:?}: the world has {share}");
            }
        }
    }
    assert!(dock_height(720.0) >= 220.0 && dock_height(360.0) < 180.0);
}

#[test]
fn captions_of_the_opening_have_two_lines_at_most() {
    let opening = include_str!("../../assets/walkthroughs/opening.ron");
    let opening = crate::tour::Walkthrough::parse(opening).expect("opening walkthrough");
    let desk = Desk::new();
    assert_eq!(opening.check(&desk.scene), []);
    let ctx = egui::Context::default();
    let (fonts, chinese) = fonts::definitions();
    ctx.set_fonts(fonts);
    let mut checked = 0;
    let mut output = ctx.run_ui(egui::RawInput::default(), |ui| {
        for step in &opening.steps {
            let texts = [Some(&step.text.0), chinese.then_some(&step.text.1)];
            for text in texts.into_iter().flatten() {
                let font = egui::FontId::proportional(theme::HEADING);
                let galley = ui.painter().layout(text.clone(), font, egui::Color32::WHITE, 640.0 - 32.0);
                assert!(galley.rows.len() <= 2, "{} lines: {text}", galley.rows.len());
                checked += 1;
            }
        }
    });
    output.textures_delta.clear();
    assert!(checked >= opening.steps.len());
}

#[test]
fn the_opening_is_played_by_clicking_and_can_be_left() {
    let mut desk = Desk::new();
    desk.tour.play_opening();
    let mut h = harness(desk, WINDOW);
    h.get_by_label("Next").click();
    h.run_steps(2);
    h.get_by_label("Next").click();
    h.run_steps(2);
    h.get_by_label("Break this cable").click();
    h.run_steps(2);
    assert!(matches!(&commands(&h)[..], [Command::Fault { cable, .. }] if cable == "f1-c3"));
    assert!(asked(&h).iter().any(|a| a.starts_with("FlyTo")));
    h.get_by_label("Leave").click();
    h.run_steps(2);
    assert!(!h.state().tour.is_playing());
}

/// Sizes, languages and themes in which every sheet is tried.
pub(super) const LOOKS: [(Vec2, Language, Theme); 3] = [
    (vec2(960.0, 540.0), Language::En, Theme::Dark),
    (vec2(960.0, 540.0), Language::Zh, Theme::Light),
    (vec2(1280.0, 720.0), Language::Zh, Theme::Dark),
];

/// Shows a sheet by its name in the list of pictures, and checks that it lies within the window and can be closed.
pub(super) fn show_fitting(h: &mut Harness<'_, Desk>, sheet: &str, size: Vec2) {
    h.state_mut().state.sheet.show(sheet);
    h.run_steps(3);
    let close = h.get_by_label(&h.state().locale.t("sheet-close")).rect();
    assert!(close.right() <= size.x && close.top() >= 0.0, "{sheet} {size:?}: {close:?}");
    let area = h.ctx.memory(|m| m.area_rect("sheet")).expect("a sheet");
    assert!(area.right() <= size.x && area.bottom() <= size.y, "{sheet} {size:?}: {area:?}");
}

/// Nothing that sheets tell lies outside the window, in both sizes, languages and themes; with GRIDTWIN_PICTURES each is
/// written there.
pub(super) fn show_and_draw(sheets: &[&str], desk: impl Fn() -> Desk) {
    let folder = std::env::var_os("GRIDTWIN_PICTURES").map(std::path::PathBuf::from);
    for (size, language, theme) in LOOKS {
        let dressed = || {
            let mut desk = desk();
            desk.locale = Locale::new(language);
            desk.look.theme = theme;
            desk
        };
        for sheet in sheets {
            let mut h = harness(dressed(), size);
            show_fitting(&mut h, sheet, size);
            let Some(folder) = &folder else { continue };
            let picture = picture(dressed(), size, |desk| desk.state.sheet.show(sheet));
            assert!(!picture.is_flat());
            let name = format!("{sheet}-{language:?}-{}.ppm", size.x);
            picture.save(&folder.join(name)).expect("the folder can be written to");
        }
    }
}

/// One frame of the control room, drawn on the processor.
pub(super) fn picture(mut desk: Desk, size: Vec2, prepare: impl Fn(&mut Desk)) -> super::raster::Picture {
    let (fonts, _) = fonts::definitions();
    let mut screen = super::raster::Screen::new(fonts);
    theme::apply(&screen.ctx, desk.look.theme, true);
    let [r, g, b] = crate::palette::MEADOW;
    let ground = egui::Color32::from_rgb(r, g, b);
    screen.frame(size, ground, |ui| desk.show(ui));
    prepare(&mut desk);
    for _ in 0..3 {
        screen.frame(size, ground, |ui| desk.show(ui));
    }
    screen.frame(size, ground, |ui| desk.show(ui))
}

/// The pictures are written where GRIDTWIN_PICTURES says; without it, it is only checked that each shows something.
#[test]
fn the_control_room_can_be_drawn_in_both_languages_and_themes() {
    let folder = std::env::var_os("GRIDTWIN_PICTURES").map(std::path::PathBuf::from);
    let docks = [Dock::Power, Dock::Market, Dock::Chain, Dock::Controls, Dock::Events];
    let mut cases = Vec::new();
    for (i, dock) in docks.into_iter().enumerate() {
        let (language, theme) = if i % 2 == 0 { (Language::En, Theme::Dark) } else { (Language::Zh, Theme::Light) };
        cases.push((dock, language, theme, WINDOW));
        let (language, theme) = if i % 2 == 0 { (Language::Zh, Theme::Light) } else { (Language::En, Theme::Dark) };
        cases.push((dock, language, theme, vec2(960.0, 540.0)));
        // As at 200 % in a small window.
        cases.push((dock, Language::Zh, theme, vec2(640.0, 360.0)));
    }
    for (i, (dock, language, theme, size)) in cases.into_iter().enumerate() {
        let mut desk = Desk::new();
        desk.locale = Locale::new(language);
        desk.look.theme = theme;
        desk.selection.subject = Some(match i % 5 {
            0 => Subject::Line(LineId(0)),
            1 => Subject::Building(BuildingId(4)),
            2 => Subject::Switch(SwitchId(1)),
            3 => Subject::Device(DeviceId(0)),
            _ => Subject::Market,
        });
        let picture = picture(desk, size, |desk| {
            desk.state.dock.open = Some(dock);
            desk.state.inspector.why = i % 2 == 0;
            match dock {
                Dock::Controls => desk.now.outcome = Some(outcome()),
                Dock::Power if size == WINDOW => desk.tour.play_opening(),
                Dock::Chain if i % 4 == 1 => {
                    desk.now.chain.stalled = true;
                    desk.now.chain.voting = 4;
                    desk.now.validators[0].powered = false;
                    desk.now.validators[2].connected = false;
                }
                Dock::Events => desk.state.menu.legend = size == WINDOW,
                _ => desk.state.drawer = Some(super::shell::Side::Right),
            }
        });
        assert!(!picture.is_flat());
        if let Some(folder) = &folder {
            picture.save(&folder.join(format!("{i:02}-{dock:?}.ppm"))).expect("the folder can be written to");
        }
    }
}
