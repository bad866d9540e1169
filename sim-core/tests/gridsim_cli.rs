//! The program itself: its exit statuses, its messages, and that a failure leaves nothing half-written.
//!
//! Status 3 (an energised island without a solution) has no case here: every scene tried, with loads of gigawatts,
//! sources of kilovolt-amperes and batteries of a watt, is solved by the power flow with its voltage-dependent loads.
#[path = "support/cli.rs"]
mod cli;

use cli::*;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Output;

#[test]
fn a_run_writes_its_files_and_its_replay_agrees() {
    let out = run_folder();
    let mut names = files(out);
    names.sort();
    assert_eq!(
        names,
        ["chain.jsonl", "events.jsonl", "neighbour-chain.jsonl", "replay.ron", "series.csv", "summary.json"]
    );
    let summary: Value = serde_json::from_str(&read(&out.join("summary.json"))).expect("a JSON object");
    assert_eq!(summary["digest"].as_str().map(str::len), Some(64));
    assert!(summary["max_kcl_residual_pu"].as_f64().is_some_and(|r| r < 1e-6), "{summary}");
    // The neighbour next door, and its chain as a file that is checked like any other.
    let neighbour = &summary["neighbour"];
    assert!(
        neighbour["name"] == "riverside" && neighbour["from_kwh"].as_f64().is_some_and(|kwh| kwh > 0.0),
        "{summary}"
    );
    assert_eq!(summary["energy_kwh"]["to_neighbour"].as_f64(), Some(0.0));
    expect(&["chain", "verify", text(&out.join("neighbour-chain.jsonl"))], 0, &[]);
    let series = read(&out.join("series.csv"));
    let columns = series.lines().next().map_or(0, |l| l.split(',').count());
    assert!(series.lines().count() == 19 && series.lines().all(|l| l.split(',').count() == columns));
    let again = folder("again");
    let output = expect(&["replay", text(&out.join("replay.ron")), "--out", text(&again)], 0, &[]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("the same"));
    for name in ["chain.jsonl", "events.jsonl", "series.csv"] {
        assert!(read(&out.join(name)) == read(&again.join(name)), "{name} of the replay differs");
    }
}

/// A folder with results holds those of the last run alone: what only an older one had, with attacks and a neighbour, goes.
#[test]
fn results_of_an_older_run_do_not_stay() {
    let home = folder("older");
    let (village, out) = (home.join("village.ron"), home.join("out"));
    fs::write(&village, expect(&["generate", "--homes", "5"], 0, &[]).stdout).expect("a scene without a neighbour");
    fs::create_dir(&out).expect("a folder");
    for name in ["evidence.jsonl", "neighbour-chain.jsonl", "notes.txt"] {
        fs::write(out.join(name), "older").expect("an older file");
    }
    expect(&["run", text(&village), "--for", "1m", "--out", text(&out)], 0, &[]);
    let mut names = files(&out);
    names.sort();
    let own = ["chain.jsonl", "events.jsonl", "notes.txt", "replay.ron", "series.csv", "summary.json"];
    assert_eq!(names, own, "and what is nobody's result stays");
    fs::write(out.join("evidence.jsonl"), "older").expect("an older file");
    expect(&["replay", text(&out.join("replay.ron")), "--out", text(&out)], 0, &[]);
    assert!(!out.join("evidence.jsonl").exists());
}

/// Saved at a time and continued: the same digest as straight through.
#[test]
fn a_saved_run_is_continued() {
    let home = folder("saved");
    let (scene, save) = (commons_path(), home.join("run.save"));
    let (a, b) = (home.join("a"), home.join("b"));
    let scene = text(&scene);
    expect(&["run", scene, "--for", "6m", "--save-at", "4m", text(&save), "--out", text(&a)], 0, &[]);
    expect(&["run", scene, "--for", "6m", "--from", text(&save), "--out", text(&b)], 0, &[]);
    for name in ["chain.jsonl", "events.jsonl", "series.csv"] {
        assert!(read(&a.join(name)) == read(&b.join(name)), "{name} differs");
    }
    let cut = home.join("cut.save");
    let bytes = fs::read(&save).expect("the saved run");
    fs::write(&cut, &bytes[..bytes.len() / 2]).expect("half of it");
    let c = home.join("c");
    expect(&["run", scene, "--for", "6m", "--from", text(&cut), "--out", text(&c)], 2, &["cut.save"]);
    expect(&["run", scene, "--for", "2m", "--from", text(&save), "--out", text(&c)], 2, &["08:04:00"]);
    expect(&["run", scene, "--for", "2m", "--save-at", "4m", text(&save), "--out", text(&c)], 2, &["--save-at"]);
    let more = |option: &str, value: &[&str], words: &[&str]| {
        let args = ["run", scene, "--for", "6m", "--from", text(&save), "--out", text(&c), option];
        expect(&[&args, value].concat(), 2, &[&[option], words].concat());
    };
    more("--script", &["any.ron"], &["--from"]);
    more("--seed", &["1"], &["--from"]);
    more("--save-at", &["4m", text(&save)], &["08:04:00", "a later time"]);
    assert!(!c.exists(), "a refused run leaves no folder");
    let later = home.join("later.save");
    let args = ["run", scene, "--for", "6m", "--from", text(&save), "--save-at", "5m", text(&later), "--out", text(&c)];
    expect(&args, 0, &[]);
    expect(&["run", scene, "--for", "6m", "--from", text(&later), "--out", text(&b)], 0, &[]);
    assert!(read(&a.join("chain.jsonl")) == read(&b.join("chain.jsonl")), "saved twice, the chain differs");
}

/// An endless device and a pipe with too much are read up to the limit and refused; one with less is read.
#[cfg(unix)]
#[test]
fn limits_hold_for_devices_and_pipes() {
    use std::io::Write as _;
    use std::process::{Command, Stdio};
    let zero = "/dev/zero";
    let out = folder("devices").join("out");
    expect(&["run", zero, "--for", "1m", "--out", text(&out)], 2, &[zero, "more than", "Is it the right file?"]);
    expect(&["clear", zero], 2, &[zero, "at most 67108864 are read"]);
    expect(&["chain", "check-proof", zero], 2, &[zero, "at most 16777216 are read"]);
    expect(&["chain", "verify", zero], 5, &["/dev/zero:1: longer than"]);
    expect(&["powerflow", zero], 2, &[zero]);
    let pipe = |bytes: &[u8]| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_gridsim"));
        program.args(["chain", "check-proof", "/dev/stdin"]);
        program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = program.spawn().expect("gridsim runs");
        // The program stops reading at the limit.
        let _ = child.stdin.take().expect("its input").write_all(bytes);
        let output = child.wait_with_output().expect("it ends");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (status, said) = pipe(&vec![b' '; (16 << 20) + 1]);
    assert!(status == Some(2) && said.contains("more than 16777216 bytes"), "{status:?}: {said}");
    let (status, said) = pipe(b"{}");
    assert!(status == Some(5) && said.contains("line 1, column"), "{status:?}: {said}");
}

/// Commands that the run ends before are told, with the first one's time; one in the last second happens.
#[test]
fn commands_after_the_end_are_told() {
    let home = folder("late");
    let (scene, script, out) = (commons_path(), home.join("script.ron"), home.join("out"));
    let run = |commands: &str| {
        fs::write(&script, format!("(format: 1, commands: [{commands}])")).expect("a script");
        let args = ["run", text(&scene), "--for", "1m", "--script", text(&script), "--out", text(&out)];
        String::from_utf8_lossy(&expect(&args, 0, &[]).stderr).into_owned()
    };
    let said = run(r#"(at: "08:00:59", do: LoseGrid), (at: "09:00", do: RepairAll), (at: "08:01", do: RestoreGrid)"#);
    assert!(said.contains("note: 2 commands of the script will not happen: the first is for 08:01:00"), "{said}");
    assert!(
        read(&out.join("events.jsonl")).contains("LoseGrid")
            && !read(&out.join("events.jsonl")).contains("RestoreGrid")
    );
    assert!(!run(r#"(at: "08:00:59", do: LoseGrid)"#).contains("will not happen"), "nothing to tell");
}

/// Malformed, cut short, binary, empty and huge scenes; each refused with its place, with nothing written.
#[test]
fn bad_scenes_are_refused_with_their_place() {
    let home = folder("scenes");
    let scene = read(&commons_path());
    let out = home.join("out");
    let refuse = |name: &str, bytes: &[u8], words: &[&str]| {
        let path = home.join(name);
        fs::write(&path, bytes).expect("a scene to refuse");
        expect(&["run", text(&path), "--for", "1m", "--out", text(&out)], 2, &[&[name], words].concat());
        expect(&["powerflow", text(&path)], 2, &[name]);
        assert!(!out.exists(), "{name} left a folder");
    };
    refuse("malformed.ron", scene.replacen("kv: 20,", "kv 20,", 1).as_bytes(), &["line", "column"]);
    refuse("unknown.ron", scene.replacen("opening_ms", "openning_ms", 1).as_bytes(), &["line", "opening_ms"]);
    refuse("truncated.ron", scene.as_bytes()[..scene.len() / 2].as_ref(), &["line", "column"]);
    refuse("empty.ron", b"", &["line 1"]);
    refuse("binary.ron", &[0x7f, b'E', b'L', b'F', 0, 0xff, 0xfe, 0, 1, 2], &["not text"]);
    refuse("zeros.ron", &[0; 4096], &["line"]);
    let neutral = scene.replacen("neutral: true", "neutral: false", 1);
    assert_ne!(neutral, scene);
    refuse("neutral.ron", neutral.as_bytes(), &["neutral", "battery", "line"]);
    let two = scene.replacen("name: \"f1-c3\"", "name: \"f1-c2\"", 1).replacen("length_m: 30", "length_m: -30", 1);
    refuse("two-errors.ron", two.as_bytes(), &["f1-c2", "length_m"]);
    let huge = home.join("huge.ron");
    fs::File::create(&huge).and_then(|f| f.set_len(200 << 20)).expect("a file with a hole of 200 MB");
    expect(&["run", text(&huge), "--for", "1m", "--out", text(&out)], 2, &["huge.ron", "bytes"]);
    expect(&["run", text(&home.join("none.ron")), "--for", "1m", "--out", text(&out)], 2, &["no such file"]);
    expect(&["run", text(&home), "--for", "1m", "--out", text(&out)], 2, &[]);
    assert!(!out.exists());
}

#[test]
fn bad_arguments_and_scripts_are_refused() {
    let home = folder("arguments");
    let (scene, out) = (commons_path(), home.join("out"));
    let scene = text(&scene);
    let run = |more: &[&str], words: &[&str]| {
        let args = [&["run", scene, "--out", text(&out)], more].concat();
        expect(&args, 2, words);
        assert!(!out.exists(), "{more:?} left a folder");
    };
    run(&["--for", "1m", "--seed", "9007199254740992"], &["seed"]);
    run(&["--for", "1m", "--seed=-1"], &["seed"]);
    run(&["--for", "1m", "--seed", "one"], &["seed"]);
    run(&["--for", "yesterday"], &["--for"]);
    run(&["--for", "0s"], &["--for"]);
    run(&["--for", "1m", "--mechanism", "dice"], &["--mechanism", "tendermint, pbft, raft, clique, work"]);
    run(&["--for", "99999d"], &["--for"]);
    let script = |name: &str, body: &str, words: &[&str]| {
        let path = home.join(name);
        fs::write(&path, body).expect("a script");
        run(&["--for", "1m", "--script", text(&path)], &[&[name], words].concat());
    };
    script("device.ron", r#"(format: 1, commands: [(at: "09:00", do: Fail(element: "windd"))])"#, &["windd", "'wind'"]);
    script(
        "cable.ron",
        r#"(format: 1, commands: [(at: "09:00", do: OpenConductor(cable: "clinic", phase: 1))])"#,
        &["clinic", "line"],
    );
    script("command.ron", r#"(format: 1, commands: [(at: "09:00", do: Explode)])"#, &["line 1", "Explode"]);
    script("time.ron", r#"(format: 1, commands: [(at: "25:00", do: LoseGrid)])"#, &["25:00"]);
    script("number.ron", r#"(format: 1, commands: [(at: "09:00", do: CarbonPrice(price: -1))])"#, &["price"]);
    script("newer.ron", "(format: 9, commands: [])", &["newer"]);
    script("field.ron", "(format: 1, commands: [], extra: 1)", &["extra"]);
    script("empty.ron", "", &["line 1"]);
    expect(&["run"], 2, &[]);
    expect(&["fly"], 2, &["fly"]);
    expect(&[], 2, &[]);
}

/// A folder that cannot be written: below a file, which stops even a superuser.
#[test]
fn a_folder_that_cannot_be_written_is_refused_before_any_work() {
    let home = folder("read-only");
    let file = home.join("file");
    fs::write(&file, "in the way").expect("a file");
    let (scene, below) = (commons_path(), file.join("out"));
    expect(&["run", text(&scene), "--for", "3650d", "--out", text(&below)], 2, &["no files can be written"]);
    let replay = run_folder().join("replay.ron");
    expect(&["replay", text(&replay), "--out", text(&below)], 2, &["no files can be written"]);
    assert_eq!(read(&file), "in the way");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let locked = home.join("locked");
        fs::create_dir(&locked).expect("a folder");
        fs::set_permissions(&locked, fs::Permissions::from_mode(0o555)).expect("a read-only folder");
        if fs::write(locked.join("probe"), "").is_ok() {
            eprintln!("this user writes into read-only folders: that case was left out");
        } else {
            let out = locked.join("out");
            expect(&["run", text(&scene), "--for", "2d", "--out", text(&out)], 2, &["permission denied"]);
        }
        fs::set_permissions(&locked, fs::Permissions::from_mode(0o755)).expect("a folder to be removed");
    }
}

/// A replay whose scene was edited is refused; one with another seed or command differs, and the stage is named.
#[test]
fn replays_that_were_edited_do_not_pass() {
    let home = folder("replays");
    let replay = read(&run_folder().join("replay.ron"));
    let edit = |name: &str, from: &str, to: &str| {
        assert!(replay.contains(from), "the replay has '{from}'");
        let path = home.join(name);
        fs::write(&path, replay.replacen(from, to, 1)).expect("an edited replay");
        path
    };
    let scene = edit("scene.ron", "altitude_m: 520", "altitude_m: 521");
    expect(&["replay", text(&scene)], 2, &["was made with scene"]);
    let seed = edit("seed.ron", "seed: 1", "seed: 2");
    expect(&["replay", text(&seed), "--trace"], 4, &["digests differ", "first differing part of the state"]);
    let command = edit("command.ron", "at: 0.4", "at: 0.6");
    let output = expect(&["replay", text(&command), "--trace"], 4, &["08:02:00.250", "first differing part"]);
    assert!(output.stdout.is_empty());
    let format = edit("format.ron", "format: 1", "format: 7");
    expect(&["replay", text(&format)], 2, &["newer"]);
    let cut = home.join("cut.ron");
    fs::write(&cut, &replay[..replay.len() / 3]).expect("a third of a replay");
    expect(&["replay", text(&cut)], 2, &["line"]);
    expect(&["replay", text(&commons_path())], 2, &["line"]);
}

/// What a party can read depends on who it is; the report says what the blocks come to; bad names have one message.

#[test]
fn why_leads_from_the_fault_to_its_command() {
    let events = run_folder().join("events.jsonl");
    let all: Vec<Value> = read(&events).lines().map(|l| serde_json::from_str(l).expect("an event")).collect();
    let trip = all.iter().find(|e| e["kind"] == "RelayTripped").expect("a trip");
    let id = trip["id"].to_string();
    let output = expect(&["why", text(&events), "--event", &id], 0, &[]);
    let words = String::from_utf8_lossy(&output.stdout);
    assert!(words.contains("because") && words.contains("command: ThreePhase fault on f1-c5"), "{words}");
    expect(&["why", text(&events), "--event", "999999"], 2, &["999999"]);
    expect(&["why", text(&commons_path()), "--event", "1"], 2, &[]);
    for e in &all {
        let (id, causes) = (e["id"].as_u64(), e["also"].as_array().cloned().unwrap_or_default());
        assert!(causes.iter().chain([&e["cause"]]).all(|c| c.is_null() || c.as_u64() < id), "{e}");
    }
}

/// The field of `tests/data/business` as a table and as JSON, with the value that an independent projection has; a case
/// with a mistake is refused with its place.
#[test]
fn business_models_are_projected_and_bad_cases_refused() {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/business/");
    let field = format!("{data}field.json");
    let output = expect(&["business", &field, "--json"], 0, &[]);
    let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let expected = fs::read_to_string(format!("{data}expected.json")).expect("the expected values");
    let expected: Value = serde_json::from_str(&expected).expect("JSON");
    let provider = &answer["models"][0]["parties"][5];
    assert_eq!(provider["name"], "sunco");
    let off = provider["npv"].as_f64().expect("a number")
        - expected["models"][0]["parties"]["sunco"]["npv"].as_f64().expect("a number");
    assert!(off.abs() < 0.01, "off by {off}");
    let output = expect(&["business", &field], 0, &[]);
    let table = String::from_utf8_lossy(&output.stdout);
    assert!(table.contains("energy_service") && table.contains("Gini coefficient"), "{table}");
    let bad = folder("business").join("bad.json");
    fs::write(&bad, "{\"format\": 1,\n \"yearz\": 3}").expect("a file");
    expect(&["business", text(&bad)], 2, &["bad.json:2:", "unknown field `yearz`"]);
}

/// The textbook book, and a vector that is right and one that is not.
#[test]
fn books_clear_and_vectors_are_recomputed() {
    let home = folder("books");
    let (book, vectors) = (home.join("book.json"), home.join("vectors.json"));
    let order = |id: &str, side, wh, price, seq| {
        format!(r#"{{"id":"{id}","side":"{side}","qty_wh":{wh},"price_meur_kwh":{price},"seq":{seq}}}"#)
    };
    let orders = [order("b", "buy", 1_000, 151, 0), order("s", "sell", 600, 100, 1), order("t", "sell", 600, 140, 2)];
    fs::write(&book, format!(r#"{{"orders":[{}]}}"#, orders.join(","))).expect("a file");
    let output = expect(&["clear", text(&book), "--json"], 0, &[]);
    let json: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    assert_eq!(json["uniform"]["volume_max_wh"], 1_000);
    assert_eq!(json["uniform"]["price_mid_meur_kwh"], 140);
    assert_eq!(json["filled_price_time_priority"]["t"], 400);
    assert_eq!(json["pay_as_bid"]["sellers_get_wh_meur"], 600 * 100 + 400 * 140);
    assert_eq!(json["discriminatory_p2p_midpoint"]["trades"][0][3], 125.5);
    let output = expect(&["clear", text(&book)], 0, &[]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("1000 Wh at 140"));
    fs::write(&book, format!(r#"{{"orders":[{}]}}"#, orders[0].replace("1000", "-1"))).expect("a file");
    expect(&["clear", text(&book)], 2, &["order 1 (b)", "qty_wh is -1"]);
    // 999999999999999 Wh at 100.5: no float carries that sum.
    let huge = [order("b", "buy", 999_999_999_999_999_i64, 101, 0), order("s", "sell", 999_999_999_999_999, 100, 1)];
    fs::write(&book, format!(r#"{{"orders":[{}]}}"#, huge.join(","))).expect("a file");
    let words = ["book.json: payments_at_mid_wh_meur would be 100499999999999899.5", "smaller quantities"];
    for more in [None, Some("--json")] {
        let args: Vec<&str> = ["clear", text(&book)].into_iter().chain(more).collect();
        assert!(expect(&args, 2, &words).stdout.is_empty());
    }
    let even = huge.join(",").replace("101", "102");
    fs::write(&book, format!(r#"{{"orders":[{even}]}}"#)).expect("a file");
    let output = expect(&["clear", text(&book), "--json"], 0, &[]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("\"payments_at_mid_wh_meur\":100999999999999899,"), "{said}");
    fs::write(&book, "[").expect("a file");
    expect(&["clear", text(&book)], 2, &["book.json:1:"]);

    let sha = |md| format!(r#"{{"fips":[{{"msg_ascii":"abc","md":"{md}"}}],"cavp":[]}}"#);
    let right = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    fs::write(&vectors, sha(right)).expect("a file");
    let output = expect(&["vectors", text(&vectors), "--json"], 0, &[]);
    let json: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    assert_eq!(json["fips"][0]["md"], right);
    fs::write(&vectors, sha("00")).expect("a file");
    expect(&["vectors", text(&vectors)], 3, &["1 vectors differ"]);
    fs::write(&vectors, "{}").expect("a file");
    expect(&["vectors", text(&vectors)], 2, &["expected a list"]);
}

#[test]
fn the_rest_of_the_subcommands_answer() {
    let output = expect(&["commands"], 0, &[]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("Fault(cable:"));
    let output = expect(&["commands", "--json"], 0, &[]);
    let json: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    assert_eq!(json["commands"].as_array().map(Vec::len), Some(39));
    let home = folder("rest");
    let village = home.join("village.ron");
    let output = expect(&["generate", "--homes", "20", "--seed", "3"], 0, &[]);
    fs::write(&village, &output.stdout).expect("a village");
    expect(&["run", text(&village), "--for", "2m", "--out", text(&home.join("out"))], 0, &[]);
    expect(&["generate", "--homes", "0"], 2, &["homes"]);
    let scene = commons_path();
    let output = expect(&["powerflow", text(&scene), "--json"], 0, &[]);
    let json: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    assert_eq!(json["converged"], Value::Bool(true), "{json}");
    assert!(json["kcl_residual_pu"].as_f64().is_some_and(|r| r <= 1e-6));
    let output = expect(&["powerflow", text(&scene), "--csv"], 0, &[]);
    let csv = String::from_utf8(output.stdout).expect("text");
    assert!(csv.starts_with("bus,node,v_re,v_im\n") && csv.lines().count() > 100);
    assert!(csv.lines().skip(1).all(|l| l.split(',').skip(2).all(|v| v.parse::<f64>().is_ok_and(f64::is_finite))));
    expect(&["powerflow", text(&home.join("case.m"))], 2, &["case.m"]);
    let output = expect(&["--help"], 0, &[]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("powerflow"));
}

#[test]
fn short_circuit_currents_of_a_case_and_of_a_scene() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/short_circuit_3bus/case.json");
    let value = |output: Output| serde_json::from_slice::<Value>(&output.stdout).expect("a JSON object");
    let case = value(expect(&["short-circuit", text(&file), "--json"], 0, &[]));
    let number = |v: &Value, bus: &str, key: &str| v[bus][key].as_f64().expect("a number");
    assert!((number(&case, "1", "ikss_ka") - 1.844_122).abs() < 1e-6, "{case}");
    assert!((number(&case, "0", "skss_mw") - 200.0).abs() < 1e-9, "{case}");
    let args = ["short-circuit", text(&file), "--fault", "1ph", "--case", "min", "--json"];
    assert!((number(&value(expect(&args, 0, &[])), "2", "ikss_ka") - 17.651_184).abs() < 1e-6);
    let scene = value(expect(&["short-circuit", text(&commons_path()), "--json"], 0, &[]));
    assert!(number(&scene, "busbar", "ikss_ka") > 15.0, "{scene}");
    let home = folder("short_circuit");
    let bad = home.join("bad.json");
    fs::write(&bad, read(&file).replace("\"to_bus\": 1", "\"to_bus\": 9")).expect("a file");
    expect(&["short-circuit", text(&bad), "--json"], 2, &["bad.json: line[0].to_bus: no bus has the number 9"]);
}
