//! `gridsim chain` from the outside: verifying, reading, proving, following money; what is wrong is said with its place.

#[path = "support/chain.rs"]
#[allow(dead_code, unreachable_pub, reason = "other test programs use the rest")]
mod chain;
#[path = "support/cli.rs"]
mod cli;

use chain::Community;
use cli::*;
use serde_json::Value;
use sim_core::ledger::chain_file::{encode_genesis, encode_line};
use sim_core::ledger::network::NetworkSettings;
use sim_core::ledger::oversight::{ComplianceReport, Figures};
use sim_core::ledger::types::Payload;
use sim_core::ledger::{Ledger, OccurrenceKind};
use sim_core::time::SimTime;
use std::fs;

#[test]
fn a_chain_is_read_by_who_has_a_grant_and_tells_its_report() {
    let chain = run_folder().join("chain.jsonl");
    let read_as = |who: &str| {
        let output = expect(&["chain", "read", text(&chain), "--as", who, "--json"], 0, &[]);
        serde_json::from_slice::<Value>(&output.stdout).expect("one JSON object")
    };
    let open = read_as("regulator");
    assert_eq!(open["readings"][0]["account"], "home-01");
    assert_eq!(open["readings"][0]["import_wh"].as_array().map(Vec::len), Some(11), "the minutes since the grant");
    assert!(read_as("home-02")["readings"][0]["closed"].as_str().is_some_and(|why| why.contains("no grant")));
    let output = expect(&["chain", "disclose", text(&chain), "--as", "home-01"], 0, &[]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("adds up to the settled count"));
    expect(&["chain", "read", text(&chain), "--as", "regulater"], 2, &["did you mean 'regulator'?"]);
    let output = expect(&["chain", "report", text(&chain)], 0, &[]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("every figure follows from the blocks"));
    let output = expect(&["chain", "report", text(&chain), "--json"], 0, &[]);
    let json: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    assert_eq!((&json["reports"][0]["number"], &json["reports"][0]["figures"]["sealed"]), (&1.into(), &1.into()));
}

/// A chain whose regulator has signed figures that are not its blocks': the report is shown, and the status says that it
/// does not hold, as verifying says.
#[test]
fn a_report_with_other_figures_than_its_blocks_does_not_hold() {
    let mut community = Community::new(3, 1);
    let mut ledger = Ledger::new(community.genesis.clone(), NetworkSettings::default(), 1).expect("a valid genesis");
    let mut seen = community.play_slot(&mut ledger, 0);
    let figures = Figures { trades: 99, ..Figures::default() };
    let report = ComplianceReport { number: 1, first: 1, last: 1, figures, ..ComplianceReport::default() };
    let regulator = community.meters + 3;
    community.send(&mut ledger, SimTime(60_000_000), regulator, Payload::Report(report));
    seen.extend(community.play_slot(&mut ledger, 1));
    let blocks = seen.iter().filter_map(|o| match &o.kind {
        OccurrenceKind::Committed { block, .. } => Some(encode_line(block) + "\n"),
        _ => None,
    });
    let path = folder("figures").join("figures.jsonl");
    let blocks: String = blocks.collect();
    fs::write(&path, format!("{}\n{blocks}", encode_genesis(&community.genesis))).expect("a chain");
    let words = ["figures.jsonl", "the figures of compliance report 1 do not follow"];
    expect(&["chain", "verify", text(&path)], 5, &words);
    let output = expect(&["chain", "report", text(&path)], 5, &words);
    assert!(String::from_utf8_lossy(&output.stdout).contains("THE FIGURES DO NOT FOLLOW"));
    let output = expect(&["chain", "report", text(&path), "--json"], 5, &words);
    let json: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    assert_eq!(json["reports"][0]["figures_follow_from_blocks"], false);
}

#[test]
fn a_chain_is_verified_and_a_changed_one_is_not() {
    let home = folder("chains");
    let chain = run_folder().join("chain.jsonl");
    let output = expect(&["chain", "verify", text(&chain)], 0, &[]);
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("valid"));
    let output = expect(&["chain", "verify", text(&chain), "--json"], 0, &[]);
    let json: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    assert_eq!(json["valid"], Value::Bool(true));
    let whole = read(&chain);
    let lines: Vec<&str> = whole.lines().collect();
    let refuse = |name: &str, body: String, words: &[&str]| {
        let path = home.join(name);
        fs::write(&path, body).expect("a chain to refuse");
        expect(&["chain", "verify", text(&path)], 5, &[&[name], words].concat());
    };
    let mut missing = lines.clone();
    missing.remove(4);
    refuse("missing.jsonl", missing.join("\n") + "\n", &["line 5", "block 4", "header.height"]);
    refuse("cut.jsonl", whole[..whole.len() - 30].to_owned(), &["line", "column", "block"]);
    refuse("empty.jsonl", String::new(), &["empty"]);
    refuse("noise.jsonl", "noise\n".into(), &["line 1"]);
    let at = whole.find("\"MeterReading\"").expect("a reading");
    let digit = at + whole[at..].find("\"import\":").expect("its import") + 9;
    let mut changed = whole.clone().into_bytes();
    changed[digit] = if changed[digit] == b'9' { b'8' } else { b'9' };
    refuse("changed.jsonl", String::from_utf8(changed).expect("text"), &["transaction", "field"]);
    expect(&["chain", "verify", text(&home.join("none.jsonl"))], 2, &[]);
}

/// Every account's entries add up to its balance; a transaction's money is followed back; what is asked for and not there is
/// said, and nothing is told of a chain that does not hold.
#[test]
fn money_is_followed_through_a_chain_file() {
    let chain = run_folder().join("chain.jsonl");
    let list = |account: &str| -> Value {
        let output = expect(&["chain", "trace", text(&chain), "--account", account, "--json"], 0, &[]);
        serde_json::from_slice(&output.stdout).expect("a JSON object")
    };
    for account in ["home-01", "grid", "losses"] {
        let value = list(account);
        let entries = value["entries"].as_array().expect("entries");
        let sum: i64 = entries.iter().filter_map(|e| e["amount"].as_i64()).sum();
        assert_eq!((Some(sum), value["adds_up"].as_bool()), (value["balance"].as_i64(), Some(true)), "{account}");
        assert!(!entries.is_empty() && entries.iter().all(|e| e["why"] != "unexplained"), "{value}");
    }
    let fee = list("home-01")["entries"].as_array().and_then(|e| e.iter().find(|e| e["why"] == "fee").cloned());
    let fee = fee.expect("the grant costs a fee");
    let hash = fee["hash"].as_str().expect("a hash").to_owned();
    let output = expect(&["chain", "trace", text(&chain), "--tx", &hash, "--json"], 0, &[]);
    let value: Value = serde_json::from_slice(&output.stdout).expect("a JSON object");
    let paid = &value["payments"][0];
    let origins = paid["origins"].as_array().expect("origins").iter().filter_map(|o| o["amount"].as_i64());
    assert_eq!((Some(origins.sum::<i64>()), paid["from"].as_str()), (paid["amount"].as_i64(), Some("home-01")));
    let output = expect(&["chain", "trace", text(&chain), "--tx", &hash], 0, &[]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("first in, first out"));
    let output = expect(&["chain", "trace", text(&chain), "--account", "home-01"], 0, &[]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("they add up to the balance"));
    let bill = list("home-01")["entries"].as_array().and_then(|e| e.iter().find(|e| e["why"] == "grid fee").cloned());
    if let Some(bill) = bill.as_ref().and_then(|b| b["hash"].as_str()) {
        expect(&["chain", "trace", text(&chain), "--tx", bill], 2, &["Settlement", "--account"]);
        expect(&["chain", "trace", text(&chain), "--tx", bill, "--account", "home-01"], 0, &[]);
    }
    expect(&["chain", "trace", text(&chain), "--account", "home-1"], 2, &["there is no such account", "did you mean"]);
    expect(&["chain", "trace", text(&chain), "--tx", "12"], 2, &["--tx"]);
    expect(&["chain", "trace", text(&chain), "--tx", &"0".repeat(64)], 2, &["chain.jsonl", "no transaction"]);
    expect(&["chain", "trace", text(&chain)], 2, &["--account"]);
    let path = folder("money").join("forged.jsonl");
    fs::write(
        &path,
        read(&chain).replacen("\"amount\":", "\"amount\":1", 1).replacen("\"import\":", "\"import\":1", 1),
    )
    .expect("a chain to refuse");
    let output = expect(&["chain", "trace", text(&path), "--account", "home-01"], 5, &["forged.jsonl"]);
    assert!(output.stdout.is_empty(), "nothing is told of a chain that does not hold");
}

/// The command line chooses how the validators agree; the chain file says so, verifies by that mechanism's rule, and the
/// replay carries it.
#[test]
fn the_validators_agree_as_the_command_line_says() {
    let (home, scene) = (folder("mechanisms"), commons_path());
    for name in ["pbft", "raft", "clique", "work"] {
        let out = home.join(name);
        expect(&["run", text(&scene), "--for", "3m", "--mechanism", name, "--out", text(&out)], 0, &[]);
        let output = expect(&["chain", "verify", text(&out.join("chain.jsonl")), "--json"], 0, &[]);
        let json: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
        assert_eq!(json["mechanism"], Value::String(name.into()));
        assert!(json["height"].as_u64() >= Some(2), "{name}: {json}");
        expect(&["replay", text(&out.join("replay.ron"))], 0, &[]);
    }
}

/// A proof for a transaction of the run is made and checked with the header alone; a tampered one is refused.
#[test]
fn a_proof_goes_round_and_a_tampered_one_does_not_pass() {
    let home = folder("proofs");
    let chain = run_folder().join("chain.jsonl");
    let whole = read(&chain);
    let block: Value = whole
        .lines()
        .skip(1)
        .map(|l| serde_json::from_str::<Value>(l).expect("a block"))
        .find(|b| b["transactions"].as_array().is_some_and(|t| t.len() > 5))
        .expect("a block with transactions");
    let hash = block["transactions"][3]["hash"].as_str().expect("its hash").to_owned();
    let output = expect(&["chain", "prove", text(&chain), "--tx", &hash], 0, &[]);
    let proof = String::from_utf8(output.stdout).expect("text");
    let path = home.join("proof.json");
    fs::write(&path, &proof).expect("a proof");
    let output = expect(&["chain", "check-proof", text(&path)], 0, &[]);
    assert!(String::from_utf8_lossy(&output.stdout).contains(&hash));
    // One kind of file in the place of the other.
    let words = ["this is a chain file, not a proof", "gridsim chain verify", "gridsim chain prove"];
    expect(&["chain", "check-proof", text(&chain)], 5, &words);
    let long = home.join("long.jsonl");
    fs::copy(&chain, &long)
        .and_then(|_| fs::File::options().append(true).open(&long)?.set_len(80 << 20))
        .expect("a file");
    expect(&["chain", "check-proof", text(&long)], 5, &words);
    let of_account = home.join("account.json");
    let output = expect(&["chain", "prove", text(&chain), "--account", "home-01"], 0, &[]);
    fs::write(&of_account, output.stdout).expect("a proof");
    for proof in [text(&path), text(&of_account)] {
        let words = ["this is a proof, not a chain file", "gridsim chain check-proof"];
        expect(&["chain", "verify", proof], 5, &words);
        expect(&["chain", "prove", proof, "--tx", &hash], 5, &words);
        expect(&["chain", "prove", proof, "--account", "home-01"], 5, &words);
        expect(&["chain", "report", proof], 5, &words);
        expect(&["chain", "trace", proof, "--tx", &hash], 5, &words);
        expect(&["chain", "read", proof, "--as", "home-01"], 5, &words);
    }
    let mut refused = 0;
    for at in (0..proof.trim_end().len()).step_by(211) {
        let mut bytes = proof.clone().into_bytes();
        bytes[at] = if bytes[at] == b'1' { b'2' } else { b'1' };
        let tampered = home.join("tampered.json");
        fs::write(&tampered, bytes).expect("a tampered proof");
        expect(&["chain", "check-proof", text(&tampered)], 5, &["tampered.json"]);
        refused += 1;
    }
    assert!(refused > 5);
    expect(&["chain", "prove", text(&chain), "--tx", &"0".repeat(64)], 2, &["chain.jsonl", "no transaction"]);
    expect(&["chain", "prove", text(&chain), "--account", "home-1"], 2, &["chain.jsonl", "`home-1`"]);
    let genesis: Value = serde_json::from_str(whole.lines().next().expect("a line")).expect("a genesis");
    let own = genesis["hash"].as_str().expect("its hash");
    expect(&["chain", "check-proof", text(&path), "--chain", own], 0, &[]);
    expect(&["chain", "check-proof", text(&path), "--chain", &"0".repeat(64)], 5, &["another chain", own]);
    // Another line end is another spelling; a folder and a line without an end are told as what they are.
    let spelled = home.join("crlf.jsonl");
    fs::write(&spelled, whole.replace('\n', "\r\n")).expect("another spelling");
    expect(&["chain", "verify", text(&spelled)], 5, &["line 1"]);
    expect(&["chain", "verify", text(&home)], 2, &["it is a folder"]);
    let endless = home.join("endless.jsonl");
    fs::File::create(&endless).and_then(|file| file.set_len(80 << 20)).expect("a sparse file");
    expect(&["chain", "verify", text(&endless)], 5, &["endless.jsonl:1", "longer than"]);
    expect(&["chain", "prove", text(&chain), "--tx", "12"], 2, &["--tx"]);
}

/// No proof is written that would not be accepted: not from a chain with a changed signature in the block's votes, of the
/// transaction or in its content, nor from blocks behind the genesis of another community. The place is said.
#[test]
fn no_proof_is_made_of_a_chain_that_does_not_hold() {
    let home = folder("no-proofs");
    let whole = read(&run_folder().join("chain.jsonl"));
    let lines: Vec<&str> = whole.lines().collect();
    let has_many = |line: &&str| line.matches("{\"hash\":").count() > 5;
    let number = lines.iter().skip(1).position(has_many).expect("a block with transactions") + 1;
    let line = lines[number];
    let block: Value = serde_json::from_str(line).expect("a block");
    let hash = block["transactions"][3]["hash"].as_str().expect("its hash");
    let refuse = |name: &str, at: usize, changed: &str, words: &[&str]| {
        let path = home.join(name);
        let mut all = lines.clone();
        all[at] = changed;
        fs::write(&path, all.join("\n") + "\n").expect("a chain to refuse");
        let output = expect(&["chain", "prove", text(&path), "--tx", hash], 5, &[&[name], words].concat());
        assert!(output.stdout.is_empty(), "{name}: no proof is written");
        expect(&["chain", "verify", text(&path)], 5, &[name]);
    };
    let change = |at: usize| {
        let digit = if line.as_bytes()[at] == b'0' { "1" } else { "0" };
        format!("{}{digit}{}", &line[..at], &line[at + 1..])
    };
    let place = format!("line {}, column 1: block {number}", number + 1);
    let vote = line.rfind("\"signature\":\"").expect("a vote") + 20;
    refuse("vote.jsonl", number, &change(vote), &[&place, "field commit"]);
    let wanted = line.find(hash).expect("the transaction");
    let signature = wanted + line[wanted..].find("\"signature\":\"").expect("its signature") + 20;
    refuse("signature.jsonl", number, &change(signature), &[&place, "transaction 3"]);
    let header = line.find("\"tx_root\":\"").expect("the root") + 20;
    refuse("header.jsonl", number, &change(header), &[&place, "field block"]);
    let neighbour = read(&run_folder().join("neighbour-chain.jsonl"));
    let genesis = neighbour.lines().next().expect("its genesis");
    refuse("genesis.jsonl", 0, genesis, &[&place, "genesis"]);
    // What is not there is bad input only where the chain holds.
    let vote = home.join("vote.jsonl");
    expect(&["chain", "prove", text(&vote), "--tx", &"0".repeat(64)], 5, &["vote.jsonl", &format!("block {number}")]);
}

/// What a run with attacks has proven is checked again by somebody who has its two files: all holds; changed in a digit, cut
/// short, beside another chain or of another format it is refused with its line.
#[test]
fn evidence_is_written_and_checked_by_who_was_not_there() {
    let home = folder("evidence");
    let script = home.join("script.ron");
    let attacks = r#"(format: 1, commands: [
        (at: "08:03", do: Attack(kind: Forge(building: "home-01"))),
        (at: "08:04", do: Attack(kind: DoubleSpend(building: "home-02"))),
        (at: "08:05", do: Attack(kind: Equivocate(validator: "validator-hall"))),
        (at: "08:07", do: EndAttacks),
        (at: "08:08", do: Attack(kind: InvalidBlock(validator: "validator-school", building: "home-03"))),
        (at: "08:16", do: EndAttacks),
        (at: "08:17", do: Attack(kind: Replay(building: "home-02"))),
    ])"#;
    fs::write(&script, attacks).expect("a script");
    let (scene, out) = (commons_path(), home.join("out"));
    expect(
        &["run", text(&scene), "--for", "19m", "--seed", "2", "--script", text(&script), "--out", text(&out)],
        0,
        &[],
    );
    let (evidence, chain) = (out.join("evidence.jsonl"), out.join("chain.jsonl"));
    let check = |file: &std::path::Path, chain: &std::path::Path, status, words: &[&str]| {
        expect(&["chain", "check-evidence", text(file), "--chain", text(chain)], status, words)
    };
    let said = String::from_utf8(check(&evidence, &chain, 0, &[]).stdout).expect("text");
    for words in [
        "holds: Forged, home-01: the sender has an account; the signature is not the sender's",
        "holds: DoubleSpend, home-02",
        "holds: Equivocation, validator-hall",
        "holds: InvalidBlock, validator-school: the validator that made the block has signed it",
        "holds: Replayed, home-02",
        "5 of 5 hold",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let all = read(&evidence);
    let changed = home.join("changed.jsonl");
    let refuse = |content: String, words: &[&str]| {
        fs::write(&changed, content).expect("a file");
        check(&changed, &chain, 5, words);
    };
    refuse(all.replace("\"height\":", "\"height\":1"), &["line 3, it does not hold that the first signature"]);
    refuse(all.replace("\"format\":1", "\"format\":9"), &["line 1, column 1, field format: 9, and this program reads"]);
    refuse(all[..all.len() / 2].to_owned(), &["changed.jsonl: line"]);
    refuse(String::new(), &["it is empty"]);
    check(&evidence, &run_folder().join("chain.jsonl"), 5, &["line 1, field chain: of the chain"]);
    check(&evidence, &evidence, 5, &["evidence.jsonl: line 1, column 3"]);
}
