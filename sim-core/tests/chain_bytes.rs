//! The chain of a real run under attack: single bytes changed, blocks missing, doubled, exchanged, broken off.

mod support;

use sim_core::command::{Command, FaultKind};
use sim_core::ledger::audit::{Auditor, ChainError, verify};
use sim_core::rng::Stream;
use std::sync::OnceLock;
use support::{Run, commons, fault};

const BLOCKS: usize = 200;
const CHANGES: usize = 2_000;

/// Two hundred blocks of a run with slots, settlements, a fault and a loss of the grid.
fn chain() -> &'static [Vec<u8>] {
    static CHAIN: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    CHAIN.get_or_init(|| {
        let mut run = Run::new(&commons(), 1);
        run.plan(&[("08:20:00", fault("f1-c5", FaultKind::ThreePhase)), ("08:40:00", Command::LoseGrid)]);
        run.plan(&[("09:00:00", Command::RepairAll)]);
        while run.recorder.chain().len() <= BLOCKS {
            run.seconds(60.0);
        }
        run.recorder.chain()[..=BLOCKS].iter().map(|l| l.clone().into_bytes()).collect()
    })
}

/// A checkpoint before each line, so that a change is judged without verifying all that precedes it again.
fn checkpoints(lines: &[Vec<u8>]) -> Vec<Auditor> {
    let mut before = vec![Auditor::default()];
    for line in lines {
        let mut next = before[before.len() - 1].clone();
        next.process_line(line).expect("a valid chain");
        before.push(next);
    }
    before
}

/// Where a byte of a line lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Genesis,
    Header,
    Transaction,
    Commit,
}

fn part_of(lines: &[Vec<u8>], number: usize, at: usize) -> Part {
    let find = |wanted: &[u8]| lines[number].windows(wanted.len()).position(|w| w == wanted);
    match (number, find(b"\"transactions\":["), find(b"],\"commit\":")) {
        (0, ..) => Part::Genesis,
        (_, Some(from), _) if at < from + b"\"transactions\":[".len() => Part::Header,
        (_, _, Some(to)) if at < to => Part::Transaction,
        _ => Part::Commit,
    }
}

/// 2,000 random changes of one byte: every one is found. Each with its block and field, those in transactions with the
/// transaction too; whatever is not so placed has at least line and column.
#[test]
fn two_thousand_changed_bytes_are_found_and_placed() {
    let lines = chain();
    let before = checkpoints(lines);
    let total: usize = lines.iter().map(|line| line.len() + 1).sum();
    let mut stream = Stream::new(1, "chain bytes", 0);
    // Of each part: changes, with block and field, with the transaction too.
    let mut counts = std::collections::BTreeMap::from(
        [Part::Genesis, Part::Header, Part::Transaction, Part::Commit].map(|part| (part, [0_usize; 3])),
    );
    for case in 0..CHANGES {
        let mut at = stream.below(total as u64) as usize;
        let mut number = 0;
        while at > lines[number].len() {
            at -= lines[number].len() + 1;
            number += 1;
        }
        // What a reader of the changed file would meet from this line on.
        let mut tail = lines[number..lines.len().min(number + 2)].join(&b'\n');
        tail.push(b'\n');
        tail[at] ^= 1 + stream.below(255) as u8;
        let mut auditor = before[number].clone();
        let body = tail.strip_suffix(b"\n").unwrap_or(&tail);
        let found = body.split(|b| *b == b'\n').find_map(|line| auditor.process_line(line).err());
        let error = found.unwrap_or_else(|| panic!("change {case} in line {}, byte {at} went unnoticed", number + 1));
        assert!(error.line > 0 && error.column > 0, "{error}");
        let count = counts.entry(part_of(lines, number, at)).or_default();
        let placed = error.line == number + 1 && error.height == Some(number as u64) && error.field.is_some();
        count[0] += 1;
        count[1] += usize::from(placed);
        count[2] += usize::from(placed && error.transaction.is_some());
    }
    let sum = |i: usize| counts.values().map(|c| c[i]).sum::<usize>();
    let share = |n: usize, of: usize| 100.0 * n as f64 / of.max(1) as f64;
    let [inside, _, named] = counts[&Part::Transaction];
    eprintln!(
        "{CHANGES} changes in {} bytes, all found; of each part [changes, placed, with transaction]: {counts:?}",
        total
    );
    eprintln!(
        "with block and field {:.1} %; with block, transaction and field {:.1} % of all, {:.1} % of those in transactions",
        share(sum(1), CHANGES),
        share(sum(2), CHANGES),
        share(named, inside)
    );
    assert!(share(sum(1), CHANGES) >= 95.0, "{counts:?}");
    assert!(share(named, inside) >= 95.0, "{counts:?}");
}

fn refusal(lines: &[&[u8]]) -> ChainError {
    verify(lines.iter().copied()).expect_err("a changed chain is refused")
}

/// Blocks missing, doubled and exchanged, lines cut short, an empty file: each with its line and height.
#[test]
fn chains_with_missing_doubled_exchanged_or_cut_lines_are_refused() {
    let lines: Vec<&[u8]> = chain()[..60].iter().map(Vec::as_slice).collect();
    assert_eq!(verify(lines.iter().copied()).expect("a prefix is valid").height, 59);
    let place = |e: &ChainError| (e.line, e.height);
    let mut missing = lines.clone();
    missing.remove(30);
    let error = refusal(&missing);
    assert_eq!((place(&error), error.field.as_deref()), ((31, Some(30)), Some("header.height")), "{error}");
    let mut doubled = lines.clone();
    doubled.insert(30, lines[30]);
    assert_eq!(place(&refusal(&doubled)), (32, Some(31)));
    let mut exchanged = lines.clone();
    exchanged.swap(30, 31);
    assert_eq!(place(&refusal(&exchanged)), (31, Some(30)));
    for cut in [0, 1, 100, lines[40].len() / 2, lines[40].len() - 1] {
        let mut short = lines[..41].to_vec();
        short[40] = &lines[40][..cut];
        let error = refusal(&short);
        assert_eq!(place(&error), (41, Some(40)), "{error}");
        assert!(error.column <= cut + 1, "{error}");
    }
    assert_eq!(place(&refusal(&lines[1..])), (1, Some(0)));
    assert_eq!(place(&refusal(&[])), (1, Some(0)));
}
