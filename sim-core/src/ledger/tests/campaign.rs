//! Single-byte changes, missing, doubled and exchanged lines, proofs.

use super::create_chain;
use crate::ledger::audit::{Auditor, verify};
use crate::ledger::chain_file::BlockLine;
use crate::ledger::json::{Reader, write_line};
use crate::ledger::proof::{ProofError, check_proof, prove};
use crate::ledger::types::FORMAT;
use crate::rng::Stream;

/// 2,000 random changes of one byte in a chain of 200 blocks: every one is found, at least 95 in 100 with height,
/// transaction (where the byte lies in one) and field.
#[test]
fn every_changed_byte_is_found_and_placed() {
    let lines = create_chain(4, 200);
    let mut before = vec![Auditor::default()];
    for line in &lines {
        let mut next = before[before.len() - 1].clone();
        next.process_line(line).expect("a valid chain");
        before.push(next);
    }
    let (mut stream, mut placed, mut in_transaction, mut with_transaction) = (Stream::new(1, "campaign", 0), 0, 0, 0);
    let total: usize = lines.iter().map(|line| line.len() + 1).sum();
    for case in 0..2_000 {
        let mut at = usize::try_from(stream.below(total as u64)).expect("small");
        let mut number = 0;
        while at > lines[number].len() {
            at -= lines[number].len() + 1;
            number += 1;
        }
        let mut tail = lines[number..lines.len().min(number + 3)].join(&b'\n');
        tail.push(b'\n');
        tail[at] ^= 1 + stream.below(255) as u8;
        let mut auditor = before[number].clone();
        let body = tail.strip_suffix(b"\n").unwrap_or(&tail);
        let error = body.split(|b| *b == b'\n').find_map(|line| auditor.process_line(line).err());
        let error = error.unwrap_or_else(|| panic!("case {case}: line {} byte {at} went unnoticed", number + 1));
        assert!(error.line > 0 && error.column > 0);
        let is_placed = error.line == number + 1 && error.height == Some(number as u64) && error.field.is_some();
        placed += usize::from(is_placed);
        let start = lines[number].windows(16).position(|w| w == b"\"transactions\":[").map_or(usize::MAX, |p| p + 16);
        let end = lines[number].windows(10).position(|w| w == b"],\"commit\"").unwrap_or(0);
        if (start..end).contains(&at) {
            in_transaction += 1;
            with_transaction += usize::from(error.transaction.is_some());
        }
    }
    eprintln!("2000 changes found, {placed} placed; {with_transaction} of {in_transaction} in transactions name one");
    assert!(placed >= 1_900 && with_transaction * 100 >= in_transaction * 95);
}

#[test]
fn lines_missing_doubled_or_exchanged_are_found() {
    let lines = create_chain(3, 12);
    for end in 1..=lines.len() {
        assert_eq!(verify(&lines[..end]).expect("a prefix is valid").height, end as u64 - 1);
    }
    let height_of = |changed: &[Vec<u8>]| verify(changed).expect_err("a changed chain").height;
    let mut missing = lines.clone();
    missing.remove(5);
    assert_eq!(height_of(&missing), Some(5));
    let mut doubled = lines.clone();
    doubled.insert(5, lines[5].clone());
    assert_eq!(height_of(&doubled), Some(6));
    let mut exchanged = lines.clone();
    exchanged.swap(5, 6);
    assert_eq!(height_of(&exchanged), Some(5));
    assert_eq!(height_of(&lines[1..]), Some(0));
    assert_eq!(height_of(&[]), Some(0));
    let spaced = String::from_utf8(lines[3].clone()).expect("text").replacen(":", ": ", 1).into_bytes();
    let error = verify([&lines[0], &lines[1], &lines[2], &spaced]).expect_err("another spelling");
    assert_eq!((error.line, error.column), (4, 9), "{error}");
}

/// Broken off lines, noise and foreign files: a message with its place, never a panic.
#[test]
fn what_is_no_chain_is_refused_with_its_place() {
    let lines = create_chain(3, 4);
    let mut before = Auditor::default();
    for line in &lines {
        for end in (0..line.len()).step_by(7).chain([line.len() - 1]) {
            let error = before.clone().process_line(&line[..end]).expect_err("a broken off line");
            // A name is read as a whole, so its fault lies at its start.
            assert!(error.column <= end + 1 && error.column + 64 > end, "{error}, broken off at {end}");
        }
        before.process_line(line).expect("a valid chain");
    }
    let mut stream = Stream::new(4, "noise", 0);
    for length in 0..300 {
        let noise: Vec<u8> = (0..length).map(|_| stream.below(256) as u8).collect();
        assert!(verify([&noise]).is_err() && before.clone().process_line(&noise).is_err());
        assert!(check_proof(&noise).is_err());
    }
    let text = String::from_utf8(lines[0].clone()).expect("text");
    let format = format!("\"format\":{FORMAT}");
    let newer = text.replace(&format, &format!("\"format\":{}", FORMAT + 1));
    let older = text.replace(&format, "\"format\":1").replace(",\"least_fee\":1000", "");
    for (other, format) in [(newer, FORMAT + 1), (older, 1)] {
        let error = verify([other]).expect_err("another format");
        assert_eq!(error.field.as_deref(), Some("genesis.format"), "{error}");
        assert!(error.reason.starts_with(&format!("format {format} ")), "{error}");
    }
    let crlf = [lines[0].as_slice(), b"\r"].concat();
    assert_eq!(verify([crlf]).expect_err("another line end").column, lines[0].len() + 1);
}

#[test]
fn a_line_is_json_and_has_one_spelling() {
    for line in create_chain(3, 8).iter().skip(1) {
        let value: serde_json::Value = serde_json::from_slice(line).expect("JSON");
        assert!(value["header"]["height"].is_u64());
        let read: BlockLine = Reader::read_all(line).expect("canonical");
        assert_eq!(write_line(&read).as_bytes(), line);
    }
}

/// Every transaction has a proof that holds, and no proof holds with a byte changed.
#[test]
fn proofs_hold_and_changed_proofs_do_not() {
    let lines = create_chain(5, 6);
    let mut stream = Stream::new(2, "proofs", 0);
    let mut count = 0;
    for line in &lines[1..] {
        let block: BlockLine = Reader::read_all(line).expect("canonical");
        for tx in &block.transactions {
            let proof = prove(&lines, &tx.hash).expect("it is there").into_bytes();
            let shown = check_proof(&proof).expect("it holds");
            assert_eq!((shown.hash, shown.height, shown.block), (tx.hash, block.header.height, block.hash));
            for _ in 0..10 {
                let mut changed = proof.clone();
                let at = usize::try_from(stream.below(proof.len() as u64)).expect("small");
                changed[at] ^= 1 + stream.below(255) as u8;
                // The path's length fixes the size only up to the tree's shape; everything else is bound.
                if let Ok(still) = check_proof(&changed) {
                    assert_eq!((still.hash, still.block, still.chain), (shown.hash, shown.block, shown.chain));
                    assert!(find_key(&proof, b"\"index\":") < at && at < find_key(&proof, b"\"path\":"), "byte {at}");
                }
            }
            count += 1;
        }
    }
    assert!(count > 20, "{count}");
    assert!(matches!(prove(&lines, &[0; 32]), Err(ProofError::NotFound { blocks: 6, .. })));
}

fn find_key(text: &[u8], key: &[u8]) -> usize {
    text.windows(key.len()).position(|w| w == key).expect("there")
}
