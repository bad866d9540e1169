//! Scenes good and bad: `tests/data/scenes`, and the default scene bent in many ways.

use super::*;
use crate::rng::Stream;

const COMMONS: &str = include_str!("../../../scenes/commons-2050.ron");
const SMALL: &str = include_str!("../../tests/data/scenes/small.ron");

fn load(text: &str) -> Scene {
    parse(text).unwrap_or_else(|e| panic!("{e:#?}"))
}

fn complaints(text: &str) -> String {
    let Err(errors) = parse(text) else { return "accepted\n".into() };
    errors.iter().map(|e| e.to_string() + "\n").collect()
}

#[test]
fn the_default_scene_is_what_the_issue_lists() {
    let scene = load(COMMONS);
    let f = &scene.file;
    assert_eq!(scene.notices, Vec::<String>::new());
    let kind = |k| f.buildings.iter().filter(|b| b.kind == k).count();
    assert_eq!(
        (kind(schema::BuildingKind::Home), kind(schema::BuildingKind::Apartments), f.buildings.len()),
        (34, 4, 44)
    );
    let device = |want: fn(&schema::DeviceKind) -> bool| f.devices.iter().filter(|d| want(&d.kind)).count();
    assert_eq!(device(|k| matches!(k, schema::DeviceKind::Solar(_))), 27);
    assert_eq!(device(|k| matches!(k, schema::DeviceKind::Battery(_))), 9);
    assert_eq!(device(|k| matches!(k, schema::DeviceKind::EvCharger(_))), 6);
    assert_eq!((f.validators.len(), f.gateways.len()), (7, 4));
    let mut fed: Vec<_> = scene.validator_bus.clone();
    fed.sort();
    fed.dedup();
    assert_eq!(fed.len(), 7, "each validator on a bus of its own");
    for feeder in 0..3 {
        let single = |p| {
            let here = |i: &usize| scene.bus_feeder[scene.building_bus[*i].index()] == Some(feeder);
            (0..f.buildings.len()).filter(here).filter(|i| f.buildings[*i].phases == p).count()
        };
        let counts = [Phases::A, Phases::B, Phases::C].map(single);
        assert!(counts.iter().max().zip(counts.iter().min()).is_some_and(|(a, b)| a - b <= 1), "{feeder}: {counts:?}");
    }
    assert!(scene.bus_gateway.iter().all(Option::is_some));
    assert_eq!(scene.find("f1-c3").map(|s| scene.name(s)), Some("f1-c3"));
    assert_eq!(scene.participants.len(), 44 + 8 + 2);
}

#[test]
fn what_is_written_is_read_back() {
    for text in [COMMONS, SMALL] {
        let scene = load(text);
        assert_eq!(load(&format(&scene.file)), scene);
    }
}

#[test]
fn every_error_of_a_file_is_reported_with_its_place() {
    macro_rules! case {
        ($name:literal) => {
            (
                $name,
                include_str!(concat!("../../tests/data/scenes/", $name, ".ron")),
                include_str!(concat!("../../tests/data/scenes/", $name, ".expected")),
            )
        };
    }
    for (name, text, expected) in
        [case!("bad-values"), case!("bad-structure"), case!("bad-network"), case!("bad-sources"), case!("bad-mixed")]
    {
        assert_eq!(complaints(text), expected, "\n{name} says\n{}", complaints(text));
    }
}

#[test]
fn hopeless_input_gets_one_clear_message() {
    let says = |text: &str, part: &str| {
        let errors = parse(text).expect_err("refused");
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert!(errors[0].what.contains(part), "{}", errors[0]);
    };
    says("", "the file is empty");
    says(" \n\t", "the file is empty");
    says("\u{0}\u{1}PNG", "control character U+0000");
    says("(\n  format: 1, \u{7f}", "binary file");
    says(&COMMONS[..COMMONS.len() / 2], "ends too early");
    says(&" ".repeat(MAX_BYTES + 1), "16 MB at most");
    says(&COMMONS.replace("format: 1,", "format: 7, novelty: 3,"), "newer Gridtwin");
    says(&COMMONS.replace("format: 1,", "format: 0,"), "no format 0");
    says(&(COMMONS.to_owned() + ")"), "nothing may stand behind the scene");
    says(&"[".repeat(100_000), "(...)");
    says("hello", "");
}

#[test]
fn large_broken_files_are_answered_quickly_and_briefly() {
    let text = format(&generate(2000, 1));
    assert!(text.len() < MAX_BYTES / 4, "{} bytes", text.len());
    let wrong = text.replace("bus: \"f", "bus: \"g").replace("yearly_kwh: ", "yearly_kwh: -");
    assert_eq!(parse(&wrong).map_err(|e| e.len()), Err(201));
    let fields = text.replace("yearly_kwh", "yearly_kw");
    assert!(parse(&fields).is_err_and(|e| (5..=50).contains(&e.len())));
    let hostile = std::format!("(buses: [{}", "(1,),".repeat(MAX_BYTES / 5 - 10));
    assert_eq!(parse(&hostile).map_err(|e| e.len()), Err(1));
}

#[test]
fn a_dead_part_that_a_switch_could_energise_loads_with_a_notice() {
    let open = SMALL.replace("kind: Feeder,", "kind: Feeder, normally_open: true,");
    let scene = load(&open);
    assert_eq!(scene.notices.len(), 1);
    assert!(scene.notices[0].contains("f1-b1, f1-b2, f1-b3"), "{:?}", scene.notices);
    assert_eq!(scene.bus_feeder[scene.file.buses.len() - 1], None);
}

#[test]
fn references_are_resolved() {
    let scene = load(SMALL);
    assert_eq!(scene.bus_feeder, [None, None, None, Some(0), Some(0), Some(0)]);
    assert_eq!(scene.device_bus, [BusId(4), BusId(2)]);
    assert_eq!(scene.device_phases, [Phases::A, Phases::ABC]);
    assert_eq!(scene.device_at, [(40.0, 14.0), (-30.0, -12.0)]);
    assert_eq!(scene.building_devices[0], [DeviceId(0)]);
    assert_eq!(scene.switch_gateway, [Some(GatewayId(0)), Some(GatewayId(0))]);
    assert_eq!(scene.participants.len(), 3 + 1 + 2);
    assert_eq!(scene.start.clock(), "08:00:00");
}

/// Bytes deleted, doubled, swapped and overwritten at random: an answer every time, places inside the text.
#[test]
fn no_mutation_makes_it_panic() {
    let mut draw = Stream::new(2050, "fuzz", 0);
    let mut pick = |n: usize| usize::try_from(draw.below(n as u64)).unwrap_or(0);
    let junk = [
        "(",
        ")",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "-",
        "NaN",
        "inf",
        "1e308",
        "9999999999999",
        "é",
        "/*",
        "//",
        "r#\"",
        "'",
        "\\",
    ];
    let mut refused = 0;
    for round in 0..3_000 {
        let mut text: Vec<char> = if round % 10 == 0 { COMMONS } else { SMALL }.chars().collect();
        for _ in 0..=pick(3) {
            let (at, other) = (pick(text.len()), pick(text.len()));
            match pick(5) {
                0 => drop(text.drain(at..(at + 1 + pick(20)).min(text.len()))),
                1 => text.swap(at, other),
                2 => text.truncate(at.max(1)),
                3 => text[at] = text[other],
                _ => drop(text.splice(at..at, junk[pick(junk.len())].chars())),
            }
        }
        let text: String = text.into_iter().collect();
        if let Err(errors) = parse(&text) {
            refused += 1;
            assert!(!errors.is_empty());
            let lines = text.lines().count() + 1;
            assert!(errors.iter().all(|e| (1..=lines).contains(&e.line) && e.column >= 1), "{errors:?}");
        }
    }
    assert!(refused > 1_500, "only {refused} of 3000 were refused");
}
