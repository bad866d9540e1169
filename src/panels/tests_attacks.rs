//! The attack laboratory: attacks are really tried in a world, and what is found is opened, checked again and explained.

use super::attacks::AttackKind;
use super::explorer::Page;
use super::sheet::Sheet;
use super::testing::{Desk, FakePast};
use super::tests::{LOOKS, asked, harness, picture, show_fitting, shows};
use crate::locale::Locale;
use bevy_egui::egui::{Key, Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use sim_core::command::{Attack, Command};
use sim_core::recorder::Recorder;
use sim_core::snapshot::Snapshot;
use sim_core::time::{MINUTE_US, SimTime};
use std::sync::OnceLock;
use std::time::Duration;

const SMALL: Vec2 = vec2(960.0, 540.0);

/// Half an hour of the default scene with five attacks in it, as the panels see it.
fn attacked() -> Desk {
    static RUN: OnceLock<(Snapshot, Recorder)> = OnceLock::new();
    let (now, recorder) = RUN.get_or_init(|| {
        let building = || "home-07".to_owned();
        let attacks = [
            (17, Attack::Forge { building: building() }),
            (18, Attack::Replay { building: building() }),
            (19, Attack::StolenKey { building: building() }),
            (20, Attack::Silence { validator: "validator-school".into() }),
            (26, Attack::Equivocate { validator: "validator-hall".into() }),
            (28, Attack::DoubleSpend { building: "home-09".into() }),
        ];
        let commands = attacks.map(|(minute, kind)| (minute, Command::Attack { kind }));
        crate::bridge::testing::run(super::testing::scene(), &commands, 30)
    });
    let mut desk = Desk::new();
    desk.now = now.clone();
    desk.past = FakePast::of(recorder.events().to_vec(), recorder.chain().to_vec());
    desk
}

/// Draws until the threads beside have answered, two minutes at most.
fn wait(h: &mut Harness<'static, Desk>) {
    for _ in 0..2_400 {
        h.run_steps(2);
        if h.state().state.sheet.attacks.is_ready() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("no answer came");
}

fn open(desk: Desk, kind: AttackKind) -> Harness<'static, Desk> {
    let mut h = harness(desk, SMALL);
    h.state_mut().state.sheet.open = Some(Sheet::Attacks);
    h.state_mut().state.sheet.attacks.choose(kind);
    h.run_steps(3);
    h
}

/// Each attack says what it tries and what should stop it; "Try it" sends it, and what goes on can be stopped.
#[test]
fn an_attack_is_explained_tried_and_stopped() {
    let mut h = open(Desk::new(), AttackKind::Censor);
    assert!(shows(&h, "never takes the messages of one household") && shows(&h, "The next validator takes them"));
    assert!(shows(&h, "Nothing so far"));
    h.get_by_label("Try it").click();
    h.run_steps(2);
    let asks = asked(&h);
    assert!(asks.iter().any(|a| a.contains("Censor") && a.contains("home-07")), "{asks:?}");
    let mut h = open(attacked(), AttackKind::Silence);
    assert!(shows(&h, "Suspected after"), "the silence was noticed after some minutes");
    h.get_by_label_contains("Stop all 2 attacks").click();
    h.run_steps(2);
    assert!(asked(&h).iter().any(|a| a.contains("EndAttacks")));
}

/// A double vote: both signatures are shown, checked from the genesis alone as often as one likes, and explained.
#[test]
fn a_proof_is_opened_checked_again_and_explained() {
    let mut h = open(attacked(), AttackKind::Equivocate);
    h.get_by_label_contains("Proven after").click();
    h.run_steps(2);
    wait(&mut h);
    assert!(shows(&h, "One vote") && shows(&h, "The other vote") && shows(&h, "made with the key of"));
    assert!(shows(&h, "It holds. Checked once") && shows(&h, "the same in both"));
    h.get_by_label("Check it again").click();
    h.run_steps(1);
    wait(&mut h);
    assert!(shows(&h, "Checked 2 times") && shows(&h, "Number") && shows(&h, "after the attack began"));
    assert!(shows(&h, "votes twice"), "the chain of causes leads to the attack");
    h.key_press(Key::Escape);
    h.run_steps(3);
    assert!(shows(&h, "What it tries") && h.state().state.sheet.open == Some(Sheet::Attacks));
}

/// What each other finding shows: a signature that is another's, bytes that stand on the chain, two payments, a number.
#[test]
fn every_finding_shows_what_it_rests_on() {
    for (kind, words) in [
        (AttackKind::Forge, ["not made with the key of Home 7", "The signature is not the sender’s."]),
        (AttackKind::Replay, ["What stands in block", "agreed on holds the same message"]),
        (AttackKind::DoubleSpend, ["The other message, number", "payments of one sender"]),
    ] {
        let mut h = open(attacked(), kind);
        h.get_by_label_contains("Proven after").click();
        h.run_steps(2);
        wait(&mut h);
        for words in words {
            assert!(shows(&h, words), "{kind:?}: {words}");
        }
        assert!(shows(&h, "It holds."), "{kind:?}");
    }
    for (kind, words) in [
        (AttackKind::StolenKey, ["bits of surprise", "one chance in 4,096"]),
        (AttackKind::Silence, ["score adds up", "1.2 million blocks"]),
    ] {
        let mut h = open(attacked(), kind);
        h.get_by_label_contains("Suspected after").click();
        h.run_steps(3);
        for words in words {
            assert!(shows(&h, words), "{kind:?}: {words}");
        }
        assert!(shows(&h, "This is a suspicion, no proof") && shows(&h, "said from"));
    }
}

/// A byte of an old block is changed on a copy: more than two thirds have signed something else. The lesson is one click
/// away.
#[test]
fn a_changed_block_is_found_on_a_copy_and_leads_to_the_lesson() {
    let mut h = open(attacked(), AttackKind::ChangedBlock);
    h.get_by_label("Try it").click();
    h.run_steps(3);
    h.get_by_label_contains("Found at once").click();
    h.run_steps(2);
    wait(&mut h);
    assert!(shows(&h, "As it was agreed on") && shows(&h, "It holds.") && shows(&h, "The copy does not fit"));
    h.get_by_label("See step by step why it is noticed").click();
    h.run_steps(4);
    assert!(h.state().state.sheet.open == Some(Sheet::Explorer) && shows(&h, "one byte is another"));
}

/// The race of 51 % is run beside the window, with our own odds beside theory.
#[test]
fn the_race_says_how_often_the_attacker_wins() {
    let mut h = open(Desk::new(), AttackKind::Majority);
    wait(&mut h);
    h.run_steps(2);
    assert!(shows(&h, "Of 10,000 races with 6 blocks to wait for he wins") && shows(&h, "theory says 16 %"));
    h.get_by_label("Another race").click();
    h.run_steps(2);
    wait(&mut h);
}

fn search(h: &mut Harness<'static, Desk>, text: &str) {
    h.state_mut().state.sheet.open = Some(Sheet::Explorer);
    h.run_steps(2);
    h.get_by_label("Find in the chain").focus();
    h.run_steps(1);
    h.get_by_label("Find in the chain").type_text(text);
    h.run_steps(2);
}

/// Evidence, contracts and certificates are suggested while one types and opened; a miss says what one can search for.
#[test]
fn anything_is_found_and_a_miss_says_what_can_be() {
    use sim_core::ledger::certificate::{CertificateEvent, CertificateId, Origin, Source};
    let mut desk = attacked();
    let digest = desk.now.chain.findings.iter().find(|f| f.evidence.is_some()).expect("evidence").get_digest();
    let contract = sim_core::snapshot::ContractView {
        name: "deals".into(),
        id: "abcdef0123".into(),
        source: "fn init() {}".into(),
        ..Default::default()
    };
    desk.now.chain.contracts.push(contract);
    let certificate = CertificateId { produced: 9, number: 118 };
    let origin = Origin { plant: 3, produced: 9, source: Source::Solar };
    let issued = CertificateEvent::Issued { certificate, origin, energy: sim_core::quantity::Wh(1_200) };
    desk.past.certificates.push((SimTime(9 * 60 * MINUTE_US), issued));
    let mut h = harness(desk, SMALL);
    search(&mut h, &digest[..8]);
    assert!(shows(&h, "Evidence, "));
    h.key_press(Key::Enter);
    h.run_steps(3);
    wait(&mut h);
    h.run_steps(2);
    assert!(h.state().state.sheet.open == Some(Sheet::Attacks) && shows(&h, "Does it hold?"));
    search(&mut h, "deal");
    h.get_by_label("Contract deals").click();
    h.run_steps(3);
    assert!(shows(&h, "fn init() {}") && shows(&h, "Put on the chain by"));
    search(&mut h, "9-1");
    h.get_by_label("Certificate 9-118: 1.200 kWh").click();
    h.run_steps(3);
    assert!(h.state().state.sheet.open == Some(Sheet::Trace) && shows(&h, "Nobody has used it yet"));
    search(&mut h, "home 1");
    for home in ["Home 1", "Home 10"] {
        assert!(shows(&h, home));
    }
    h.key_press(Key::Enter);
    h.run_steps(3);
    assert!(shows(&h, "Its public key"), "the exact name comes first");
    search(&mut h, "nothing of the kind");
    assert!(shows(&h, "Nothing found") && shows(&h, "a certificate: hour and number"));
}

/// Who spent twice stands on top of the list, at 100, and its page says why.
#[test]
fn accounts_are_sorted_by_their_risk_and_each_reason_can_be_asked_why() {
    let mut h = harness(attacked(), SMALL);
    h.state_mut().state.sheet.open = Some(Sheet::Explorer);
    h.run_steps(3);
    h.get_by_label("All accounts").click();
    h.run_steps(3);
    assert!(shows(&h, "100 · high") && shows(&h, "low"));
    h.get_by_label("Narrow by name").focus();
    h.run_steps(1);
    h.get_by_label("Narrow by name").type_text("home 9");
    h.run_steps(2);
    assert!(!shows(&h, "Home 10"));
    h.get_by_label("Home 9").click();
    h.run_steps(3);
    assert!(shows(&h, "Proven: the same money was to be spent twice") && shows(&h, "A suspicion halves every day"));
    h.get_by_label_contains("Why? Proven").click();
    h.run_steps(2);
    let event = h.state().state.inspector.event.expect("an event is explained");
    let past = &h.state().past;
    use super::data::Past;
    assert!(matches!(past.event(event).map(|e| &e.kind), Some(sim_core::event::EventKind::EvidenceFound { .. })));
}

/// Nothing that is told lies outside the window, in both sizes, languages and themes; with GRIDTWIN_PICTURES each is
/// written there.
#[test]
fn the_sheet_fits_its_window_and_can_be_drawn() {
    let folder = std::env::var_os("GRIDTWIN_PICTURES").map(std::path::PathBuf::from);
    for (size, language, theme) in LOOKS {
        let desk = || {
            let mut desk = attacked();
            desk.locale = Locale::new(language);
            desk.look.theme = theme;
            desk
        };
        let mut h = harness(desk(), size);
        for sheet in ["attacks", "attacks race"] {
            show_fitting(&mut h, sheet, size);
            let Some(folder) = &folder else { continue };
            let picture = picture(desk(), size, |desk| {
                desk.state.sheet.show(sheet);
                std::thread::sleep(Duration::from_millis(300));
            });
            assert!(!picture.is_flat());
            picture.save(&folder.join(format!("{sheet}-{language:?}-{}.ppm", size.x))).expect("a folder");
        }
        let Some(folder) = &folder else { continue };
        for (name, page) in [("accounts", Page::Accounts), ("risk", Page::Account(8))] {
            let picture = picture(desk(), size, |desk| desk.state.sheet.read(page));
            picture.save(&folder.join(format!("explorer-{name}-{language:?}-{}.ppm", size.x))).expect("a folder");
        }
        for (name, kind) in [("list", AttackKind::Equivocate), ("meter", AttackKind::LyingMeter)] {
            let picture = picture(desk(), size, |desk| {
                desk.state.sheet.open = Some(Sheet::Attacks);
                desk.state.sheet.attacks.choose(kind);
            });
            picture.save(&folder.join(format!("attacks-{name}-{language:?}-{}.ppm", size.x))).expect("a folder");
        }
    }
}
