//! Attacks on the default scene, drawn from a seed: what was found, when, and what was found that was not there.

use super::{Run, commons_at};
use sim_core::command::{Attack, Command};
use sim_core::event::{Event, EventKind};
use sim_core::ids::Subject;
use sim_core::ledger::audit::{self, Auditor};
use sim_core::ledger::chain_file::read_block;
use sim_core::ledger::commit::Finality;
use sim_core::ledger::watch::{Doubt, Evidence, Finding, Known, Offence, Verdict};
use sim_core::rng::Stream;
use sim_core::scene::Scene;
use sim_core::time::{MINUTE_US, SimTime};

/// All kinds of attacks, with the minutes that are given to find each.
pub const KINDS: [(&str, u64); 12] = [
    ("forged transaction", 2),
    ("replayed transaction", 2),
    ("double spend", 2),
    ("double issue", 5),
    ("stolen key", 2),
    ("lying meter", 720),
    ("silent validator", 10),
    ("two votes", 5),
    ("censoring validator", 360),
    ("partition", 10),
    ("invalid block", 10),
    ("changed block", 0),
];

/// Victims that are tried in turn.
const TRIES: u32 = 20;

/// What came of a run.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Seconds from the attack to the first finding that fits.
    pub after_s: Option<f64>,
    /// The finding names who did it or to whom it was done.
    pub is_named: bool,
    /// Every evidence object holds for who has only the chain.
    pub is_sound: bool,
    /// Every finding has its entry in the log.
    pub is_entered: bool,
    /// "Why?" of every finding leads back to the attack.
    pub is_explained: bool,
    /// Findings that fit nothing.
    pub false_alarms: u32,
    /// What was done, in words.
    pub what: String,
}

fn pick(names: &[String], dice: &mut Stream) -> String {
    names[dice.below(names.len() as u64) as usize].clone()
}

/// Draws an attack of a kind; none for a changed block, which is no command.
pub fn draw(kind: usize, scene: &Scene, dice: &mut Stream) -> Option<Attack> {
    let f = &scene.file;
    let mut validators: Vec<String> = f.validators.iter().map(|v| v.name.clone()).collect();
    let buildings: Vec<String> = f.buildings.iter().map(|b| b.name.clone()).collect();
    let is_solar = |b: usize| {
        let mut kinds = scene.building_devices[b].iter().map(|d| &f.devices[d.index()].kind);
        kinds.any(|kind| matches!(kind, sim_core::scene::schema::DeviceKind::Solar(_)))
    };
    let plants: Vec<String> = (0..buildings.len()).filter(|b| is_solar(*b)).map(|b| buildings[b].clone()).collect();
    let (building, validator) = (pick(&buildings, dice), pick(&validators, dice));
    Some(match kind {
        0 => Attack::Forge { building },
        1 => Attack::Replay { building },
        2 => Attack::DoubleSpend { building },
        3 => Attack::DoubleIssue { building: pick(&plants, dice) },
        4 => Attack::StolenKey { building },
        5 => Attack::LieAtMeter { building, factor: dice.between(0.2, 0.8) },
        6 => Attack::Silence { validator },
        7 => Attack::Equivocate { validator },
        8 => Attack::Censor { validator, building },
        9 => {
            let cut = 1 + dice.below(2) as usize;
            while validators.len() > cut {
                validators.remove(dice.below(validators.len() as u64) as usize);
            }
            Attack::Partition { validators }
        }
        10 => Attack::InvalidBlock { validator, building },
        _ => return None,
    })
}

/// One run: an hour and some minutes in peace, then the attack. An attack that cannot begin (a plant that has had nothing
/// certified yet) is none: another victim is drawn.
pub fn run(seed: u64, kind: usize) -> Outcome {
    let mut dice = Stream::new(seed, "attacks", kind as u64);
    let hour = 6 + dice.below(12);
    let scene = commons_at(&format!("2050-06-21T{hour:02}:00:00"));
    let mut run = Run::new(&scene, seed);
    let mut at = SimTime(scene.start.0 + (70 + dice.below(12)) * MINUTE_US);
    run.until_time(at);
    let mut attack = None;
    for _ in 0..TRIES {
        let Some(drawn) = draw(kind, &scene, &mut dice) else { return change_block(&run, &mut dice) };
        let given = run.events().len();
        at = run.world.now();
        run.give(Command::Attack { kind: drawn.clone() });
        run.seconds(1.0);
        let refused = |e: &Event| matches!(e.kind, EventKind::CommandRefused { .. });
        attack = Some(drawn);
        if !run.events()[given..].iter().any(refused) {
            break;
        }
    }
    let Some(attack) = attack else { return Outcome::default() };
    run.until_time(SimTime(at.0 + KINDS[kind].1 * MINUTE_US));
    judge(&run, &attack, at)
}

/// What a world says of an attack at `at`.
pub fn judge(run: &Run, attack: &Attack, at: SimTime) -> Outcome {
    let scene = run.world.scene();
    let what = format!("{attack:?}");
    let mut outcome = Outcome { is_sound: true, is_entered: true, is_explained: true, what, ..Outcome::default() };
    let is_entry = |k: &EventKind| matches!(k, EventKind::EvidenceFound { .. } | EventKind::SuspicionRaised { .. });
    let is_attack = |k: &EventKind| matches!(k, EventKind::CommandGiven { command: Command::Attack { .. } });
    for finding in run.world.findings() {
        let is_named = attack.names().any(|name| scene.find(name) == Some(finding.subject));
        let is_sum = finding.subject == Subject::Community && matches!(attack, Attack::LieAtMeter { .. });
        if finding.time < at || finding.verdict != get_verdict(attack) || !(is_named || is_sum) {
            outcome.false_alarms += 1;
            outcome.what += &format!(" {:?} of {}", finding.verdict, scene.name(finding.subject));
            continue;
        }
        outcome.after_s.get_or_insert(finding.time.since(at) as f64 / 1e6);
        outcome.is_named |= is_named;
        outcome.is_sound &= is_sound(run, finding);
        outcome.is_entered &= run.recorder.event(finding.event).is_some_and(|e| is_entry(&e.kind));
        outcome.is_explained &= run.recorder.why(finding.event).iter().any(|(e, _)| is_attack(&e.kind));
    }
    let lines = run.recorder.chain().iter().map(String::as_bytes);
    outcome.is_sound &= audit::verify(lines).is_ok();
    outcome
}

fn get_verdict(attack: &Attack) -> Verdict {
    match attack {
        Attack::Forge { .. } => Verdict::Proven(Offence::Forged),
        Attack::Replay { .. } => Verdict::Proven(Offence::Replayed),
        Attack::DoubleSpend { .. } => Verdict::Proven(Offence::DoubleSpend),
        Attack::DoubleIssue { .. } => Verdict::Proven(Offence::DoubleIssue),
        Attack::Equivocate { .. } => Verdict::Proven(Offence::Equivocation),
        Attack::InvalidBlock { .. } => Verdict::Proven(Offence::InvalidBlock),
        Attack::StolenKey { .. } => Verdict::Suspected(Doubt::StolenKey),
        Attack::LieAtMeter { .. } => Verdict::Suspected(Doubt::LyingMeter),
        Attack::Silence { .. } | Attack::Partition { .. } => Verdict::Suspected(Doubt::Silence),
        Attack::Censor { .. } => Verdict::Suspected(Doubt::Censorship),
    }
}

/// Evidence holds, is nobody's opinion, and does not hold on a chain that is not this one; a suspicion has passed its bound.
fn is_sound(run: &Run, finding: &Finding) -> bool {
    let block = |height: u64| run.recorder.chain().get(height as usize).and_then(|line| read_block(line.as_bytes()));
    match finding.statistic {
        Some((statistic, threshold)) => {
            statistic >= threshold || finding.verdict == Verdict::Suspected(Doubt::LyingMeter)
        }
        None => run.world.is_proven(finding, &block),
    }
}

/// A byte of an old block is changed in a copy of the chain: the auditor stops there, and the evidence holds.
fn change_block(run: &Run, dice: &mut Stream) -> Outcome {
    let mut lines: Vec<Vec<u8>> = run.recorder.chain().iter().map(|line| line.clone().into_bytes()).collect();
    let height = 1 + dice.below(lines.len() as u64 - 1) as usize;
    let place = dice.below(lines[height].len() as u64) as usize;
    let original = lines[height].clone();
    lines[height][place] ^= 1 + dice.below(255) as u8;
    let Err(error) = audit::verify(&lines) else { return Outcome::default() };
    let found = error.height;
    let (mut auditor, mut outcome) = (Auditor::default(), Outcome::default());
    outcome.what = format!("byte {place} of block {height}, found at {found:?}");
    for line in &lines[..height] {
        auditor.process_line(line).expect("what stands before it is sound");
    }
    let (Some((genesis, state)), Some(block)) = (auditor.get_state_mut(), read_block(&original)) else {
        return outcome;
    };
    let chain = genesis.compute_hash();
    let known = Known { finality: Finality::of(genesis, &chain), state, block: &|_| None };
    let evidence = |copy: Vec<u8>| Evidence::ChangedBlock {
        header: Box::new(block.header.clone()),
        commit: block.commit.clone(),
        copy,
    };
    outcome.is_sound = evidence(lines[height].clone()).is_valid(&known) && !evidence(original).is_valid(&known);
    outcome.is_named = found == Some(height as u64);
    outcome.after_s = outcome.is_named.then_some(0.0);
    // A copy outside has no log: the auditor's message is its entry, if it leads to the line, and its explanation.
    outcome.is_entered = error.line == height + 1 && error.column > 0;
    outcome.is_explained = !error.reason.is_empty();
    outcome
}
