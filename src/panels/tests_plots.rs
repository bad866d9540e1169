//! Plots over time: a lever that was moved is a thin line on each, and says so where it is pointed at.

use super::data::Past;
use super::marks::Marks;
use super::plot::{self, Picture, Series};
use super::testing::{Desk, FakePast, NOW};
use super::tests::shows;
use super::words::describe;
use bevy_egui::egui::{Color32, pos2, vec2};
use egui_kittest::Harness;
use egui_plot::LineStyle;
use sim_core::command::{Mechanism, Tariff, TariffShape};
use sim_core::event::{Event, EventKind};
use sim_core::ids::{EventId, Subject};
use sim_core::time::{MINUTE_US, SECOND_US, SimTime};

/// Height of the plot and width of the window, points.
const HEIGHT: f32 = 160.0;
const WIDTH: f32 = 400.0;

/// A desk whose past is that of the market's levers: a second each, the first an hour ago.
fn desk(moved: Vec<EventKind>) -> Desk {
    let event = |(i, kind): (usize, EventKind)| Event {
        id: EventId(i as u64 + 1),
        time_us: NOW.0 - 60 * MINUTE_US + i as u64 * SECOND_US,
        cause: None,
        also: Vec::new(),
        subject: Subject::Market,
        kind,
    };
    let mut desk = Desk::new();
    desk.past = FakePast::of(moved.into_iter().enumerate().map(event).collect(), Vec::new());
    desk
}

/// A plot of the last two hours and nothing else.
fn plot(desk: Desk) -> Harness<'static, Desk> {
    Harness::builder().with_size(vec2(WIDTH, HEIGHT + 40.0)).build_ui_state(
        |ui, desk: &mut Desk| {
            let mut marks = Marks::default();
            marks.follow(&desk.past);
            let points = (0..120).map(|m| [plot::hour(SimTime(NOW.0 - (120 - m) * MINUTE_US)), 1.0]).collect();
            let line = Series { name: String::new(), colour: Color32::WHITE, points, style: LineStyle::Solid };
            let picture = Picture {
                id: "levers",
                unit: "kW",
                hours: 2.0,
                height: HEIGHT,
                bands: Vec::new(),
                lines: vec![line],
                include: vec![0.0, 40.0],
            };
            plot::show(ui, &desk.data(), picture, marks.all());
        },
        desk,
    )
}

/// Where along the plot some words are shown, points from the left.
fn found(h: &mut Harness<'static, Desk>, words: &str) -> Vec<f32> {
    let mut found = Vec::new();
    let mut x = 40.0;
    while x < WIDTH {
        h.hover_at(pos2(x, HEIGHT / 2.0));
        h.run_steps(2);
        if shows(h, words) {
            found.push(x);
        }
        x += 2.0;
    }
    found
}

/// Nobody had marked them: a plot of the power told of faults and not of the tariff that moved it.
#[test]
fn a_lever_that_was_moved_says_so_on_a_plot_and_nowhere_else_on_it() {
    let tariff = EventKind::LeverSet { lever: "import tariff".into(), from: 0.32, to: 0.42 };
    let mut h = plot(desk(vec![tariff]));
    let at = found(&mut h, "changed from 0.320 to 0.420");
    let (first, last) = (at.first().copied().unwrap_or_default(), at.last().copied().unwrap_or_default());
    assert!(!at.is_empty() && last - first <= 10.0, "one thin line: {at:?}");
    let middle = 40.0 + (WIDTH - 40.0) / 2.0;
    assert!((first - middle).abs() < 60.0, "in the middle of two hours: {first}");
}

#[test]
fn every_lever_of_the_market_is_marked_and_many_at_once_stay_few_words() {
    let mechanism = |to| EventKind::MechanismSet { from: Mechanism::UniformPrice, to };
    let moved = vec![
        EventKind::TariffShapeSet { tariff: Tariff::FeedIn, from: TariffShape::Flat, to: TariffShape::TimeOfUse },
        EventKind::CapSet { floor_milli: Some(50), ceiling_milli: Some(300) },
        mechanism(Mechanism::PeerToPeer),
        mechanism(Mechanism::PayAsBid),
    ];
    let mut marks = Marks::default();
    marks.follow(&desk(moved.clone()).past);
    assert!(marks.all().len() == moved.len() && marks.all().iter().all(|m| m.lever));
    let mut h = plot(desk(moved));
    assert!(!found(&mut h, "(and 1 more)").is_empty());
}

/// The name of the market stood where the words for its new rule belong: "the import tariff is Market".
#[test]
fn a_rule_of_the_market_is_said_with_its_own_words() {
    let desk = desk(vec![
        EventKind::TariffShapeSet { tariff: Tariff::Import, from: TariffShape::Flat, to: TariffShape::TimeOfUse },
        EventKind::TariffShapeSet { tariff: Tariff::FeedIn, from: TariffShape::Flat, to: TariffShape::CriticalPeak },
        EventKind::MechanismSet { from: Mechanism::UniformPrice, to: Mechanism::PayAsBid },
    ]);
    let said: Vec<String> = desk.past.events().iter().map(|e| describe(e, &desk.scene, &desk.locale)).collect();
    assert!(said[0].starts_with("The import tariff is by time of use"), "{said:?}");
    assert!(said[1].starts_with("The feed-in tariff is with a critical peak"), "{said:?}");
    assert!(said[2].contains("pay as bid") || said[2].contains("own price"), "{said:?}");
}
