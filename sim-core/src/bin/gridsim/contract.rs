//! `gridsim contract`: list, check, run and play contracts in a sandbox.

use crate::Failure;
use crate::files::{print, read_text, write_atomically};
use serde_json::{Value as Json, json};
use sim_core::ledger::contract::limits::{DEFAULT_GAS, MAX_SOURCE_BYTES};
use sim_core::ledger::contract::native::Native;
use sim_core::ledger::contract::sandbox::{Request, Sandbox, Step};
use sim_core::ledger::contract::{Code, Party, Receipt, Value, check, get_functions, get_library, library};
use sim_core::quantity::{Money, Wh};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Most bytes of a sandbox's file.
const MAX_STATE_BYTES: u64 = 64 << 20;

/// Subcommands of `contract`.
#[derive(clap::Subcommand)]
pub(crate) enum Verb {
    /// Lists the contracts of the library.
    List,
    /// Writes the source of a contract of the library to stdout.
    Show {
        /// Its name, as `list` has it.
        name: String,
    },
    /// Plays the worked example of a contract of the library, step by step.
    Example {
        /// Its name, as `list` has it.
        name: String,
    },
    /// Checks a contract's source: mistakes with line and column, or its functions.
    Check {
        /// Source (.rhai).
        file: PathBuf,
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Deploys a contract in a sandbox of five accounts and calls one of its functions.
    Run(RunArgs),
}

/// Arguments of `contract run`.
#[derive(clap::Args)]
#[command(after_help = "Example: the first call offers 2,000 Wh of slot 38 at 0.30 a kWh, the second accepts it.\n  \
    gridsim contract show p2p-settlement > p2p.rhai\n  \
    gridsim contract run p2p.rhai --call offer --args '[38, 2000, 300]' --as Ana --state s.json\n  \
    gridsim contract run p2p.rhai --call accept --args '[1]' --as Ben --attach 600000 --state s.json\n\
    Accounts: Ana, Ben, Cleo, Dan with meters, Coop the organiser; 100 (100000000 millionths) each.\n\
    Exit status: 2 bad input, 3 a call or deployment that failed.")]
pub(crate) struct RunArgs {
    /// Source (.rhai), or `native:p2p-settlement` for the contract written in Rust.
    file: PathBuf,
    /// Name of the function; without it the contract is only deployed.
    #[arg(long)]
    call: Option<String>,
    /// Arguments of the call, a JSON list; a text "@Ana" is the number of the account Ana.
    #[arg(long, default_value = "[]")]
    args: String,
    /// Arguments of `init` where the contract is deployed, a JSON list.
    #[arg(long, default_value = "[]")]
    init: String,
    /// Money that goes to `init`, in millionths.
    #[arg(long, default_value_t = 0)]
    init_attach: i64,
    /// Who deploys, where it is not deployed yet.
    #[arg(long, default_value = "Coop")]
    deployer: String,
    /// Who calls.
    #[arg(long = "as", default_value = "Ana")]
    by: String,
    /// Money that goes along, in millionths.
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    attach: i64,
    /// Most gas of the call.
    #[arg(long, default_value_t = DEFAULT_GAS)]
    gas: u64,
    /// Slots of 15 minutes that pass before the call.
    #[arg(long, default_value_t = 0)]
    wait_slots: u32,
    /// A meter counts before the call: account:slot:taken:given, in Wh. Can be given more than once.
    #[arg(long)]
    meter: Vec<String>,
    /// Keeps the sandbox in this file from call to call (.json).
    #[arg(long)]
    state: Option<PathBuf>,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

/// Does it.
pub(crate) fn run(verb: &Verb) -> Result<(), Failure> {
    match verb {
        Verb::List => {
            let lines = get_library().iter().map(|c| format!("{:<22} {}\n", c.name, c.summary));
            print(&lines.collect::<String>())
        }
        Verb::Show { name } => print(find(name)?.source),
        Verb::Example { name } => play(name),
        Verb::Check { file, json } => check_file(file, *json),
        Verb::Run(args) => run_call(args),
    }
}

fn find(name: &str) -> Result<&'static library::LibraryContract, Failure> {
    library::find_contract(name).ok_or_else(|| {
        let names: Vec<&str> = get_library().iter().map(|c| c.name).collect();
        Failure::Input(format!("there is no contract \"{name}\" in the library; there are {}", names.join(", ")))
    })
}

fn play(name: &str) -> Result<(), Failure> {
    let contract = find(name)?;
    let steps: Vec<Step> = serde_json::from_str(contract.example).map_err(|e| Failure::Other(e.into()))?;
    let (mut sandbox, code) = (Sandbox::default(), Code::Text(contract.source.to_owned()));
    let mut out = format!("{}\n", contract.summary);
    for (place, step) in steps.iter().enumerate() {
        let receipt = sandbox
            .process_step(contract.name, &code, step)
            .map_err(|e| Failure::No(format!("{name}, step {}, {}: {e}", place + 1, step.say)))?;
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{:>2}. {}", place + 1, step.say);
        if let Some(receipt) = receipt {
            out.push_str(&show(&sandbox, &receipt, "      "));
        }
    }
    print(&out)
}

fn read_source(file: &Path) -> Result<String, Failure> {
    read_text(file, MAX_SOURCE_BYTES as u64)
}

fn check_file(file: &Path, json: bool) -> Result<(), Failure> {
    let source = read_source(file)?;
    let mistakes = check(&source);
    if !mistakes.is_empty() {
        let lines: Vec<String> =
            mistakes.iter().map(|m| format!("{}:{}:{}: {}", file.display(), m.line, m.column, m.message)).collect();
        return Err(Failure::Input(lines.join("\ngridsim: ")));
    }
    let functions = get_functions(&source).map_err(|e| Failure::Input(format!("{}: {e}", file.display())))?;
    if json {
        let list: Vec<Json> = functions
            .iter()
            .map(|f| json!({ "name": f.name, "parameters": f.parameters, "public": f.is_public, "doc": f.doc }))
            .collect();
        return print(&format!("{}\n", json!({ "ok": true, "bytes": source.len(), "functions": list })));
    }
    let mut out = format!("{}: no mistakes, {} bytes\n", file.display(), source.len());
    for f in functions.iter().filter(|f| f.is_public) {
        let _ = writeln!(out, "{}({})\n    {}", f.name, f.parameters.join(", "), f.doc.replace('\n', "\n    "));
    }
    print(&out)
}

fn read_code(file: &Path) -> Result<Code, Failure> {
    match file.to_str().and_then(|f| f.strip_prefix("native:")) {
        Some(name) => Native::find(name)
            .map(Code::Native)
            .ok_or_else(|| Failure::Input(format!("there is no native contract \"{name}\"; there is p2p-settlement"))),
        None => read_source(file).map(Code::Text),
    }
}

fn read_state(path: &Path) -> Result<Sandbox, Failure> {
    if !path.exists() {
        return Ok(Sandbox::default());
    }
    let text = read_text(path, MAX_STATE_BYTES)?;
    serde_json::from_str(&text).map_err(|e| {
        Failure::Input(format!("{}:{}:{}: no sandbox of `contract run`: {e}", path.display(), e.line(), e.column()))
    })
}

fn parse_list(option: &str, text: &str) -> Result<Vec<Json>, Failure> {
    serde_json::from_str(text)
        .map_err(|e| Failure::Input(format!("{option} '{text}': expected a JSON list such as '[1, \"@Ben\"]' ({e})")))
}

fn process_meter(sandbox: &mut Sandbox, text: &str) -> Result<(), Failure> {
    let parse = || {
        let mut parts = text.split(':');
        let account = sandbox.find_account(parts.next()?)?;
        let slot = parts.next()?.parse::<u32>().ok()?;
        let mut wh = || parts.next()?.parse::<i64>().ok().filter(|n| *n >= 0);
        let (taken, given) = (wh()?, wh()?);
        parts.next().is_none().then_some((account, slot, taken, given))
    };
    let (account, slot, taken, given) = parse().ok_or_else(|| {
        Failure::Input(format!("--meter {text}: expected account:slot:taken:given, such as Ana:38:0:1500"))
    })?;
    sandbox.process_reading(account, slot, Wh(taken), Wh(given));
    Ok(())
}

fn run_call(args: &RunArgs) -> Result<(), Failure> {
    let code = read_code(&args.file)?;
    let mut sandbox = args.state.as_deref().map_or_else(|| Ok(Sandbox::default()), read_state)?;
    let name = args.file.file_stem().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let account = |sandbox: &Sandbox, name: &str| {
        sandbox.find_account(name).ok_or_else(|| {
            Failure::Input(format!("there is no account \"{name}\"; there are Ana, Ben, Cleo, Dan, Coop"))
        })
    };
    let values = |sandbox: &Sandbox, option: &str, text: &str| -> Result<Vec<Value>, Failure> {
        sandbox.parse_args(&parse_list(option, text)?).map_err(|e| Failure::Input(format!("{option}: {e}")))
    };
    let by = account(&sandbox, &args.by)?;
    let call_args = values(&sandbox, "--args", &args.args)?;
    let mut receipt = None;
    let deployed = sandbox.names.get(&name).and_then(|id| sandbox.contracts.get(id));
    match deployed {
        Some(contract) if contract.code != code => {
            let file = args.file.display();
            return Err(Failure::Input(format!(
                "{file}: another text was deployed as {name} in this sandbox; a contract never changes, so start \
                 another --state or rename the file"
            )));
        }
        Some(_) => {}
        None => {
            let (sender, init) = (account(&sandbox, &args.deployer)?, values(&sandbox, "--init", &args.init)?);
            let asked = Request { sender, args: &init, attached: Money(args.init_attach), gas_limit: u64::MAX };
            receipt = Some(("deploy", sandbox.process_deploy(&name, &code, &asked)));
        }
    }
    let failed = receipt.as_ref().is_some_and(|(_, r)| !r.is_done());
    if let (Some(function), false) = (&args.call, failed) {
        sandbox.process_wait_slots(args.wait_slots);
        args.meter.iter().try_for_each(|m| process_meter(&mut sandbox, m))?;
        let id = sandbox.names.get(&name).copied().unwrap_or_default();
        let asked = Request { sender: by, args: &call_args, attached: Money(args.attach), gas_limit: args.gas };
        receipt = Some((function, sandbox.process_call(id, function, &asked)));
    }
    let Some((what, receipt)) = receipt else {
        return Err(Failure::Input(format!("{name} is deployed already; say with --call what to do")));
    };
    if let (Some(path), true) = (&args.state, receipt.is_done()) {
        let text = serde_json::to_vec_pretty(&sandbox).map_err(|e| Failure::Other(e.into()))?;
        write_atomically(path, &text)?;
    }
    print(&if args.json { format!("{}\n", to_json(&sandbox, &receipt)) } else { show(&sandbox, &receipt, "") })?;
    match receipt.status {
        Ok(_) => Ok(()),
        Err(e) => Err(Failure::No(format!("{}: {what}: {e}", args.file.display()))),
    }
}

fn get_party(sandbox: &Sandbox, party: Party) -> String {
    match party {
        Party::Account(index) => {
            sandbox.get_accounts().get(index as usize).map_or_else(|| index.to_string(), |a| a.name.clone())
        }
        Party::Contract(_) => "the contract".to_owned(),
    }
}

fn show(sandbox: &Sandbox, receipt: &Receipt, indent: &str) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = match &receipt.status {
        Ok(Some(value)) => writeln!(out, "{indent}gives {}, gas {}", value.to_json(), receipt.gas_used),
        Ok(None) => writeln!(out, "{indent}done, gas {}", receipt.gas_used),
        Err(e) => writeln!(out, "{indent}refused at {e}; gas {}", receipt.gas_used),
    };
    for line in &receipt.printed {
        let _ = writeln!(out, "{indent}printed {line}");
    }
    for event in &receipt.events {
        let _ = writeln!(out, "{indent}event {} {}", event.name, event.fields.to_json());
    }
    for t in &receipt.transfers {
        let (from, to) = (get_party(sandbox, t.from), get_party(sandbox, t.to));
        let _ = writeln!(out, "{indent}{} from {from} to {to}", t.amount.0);
    }
    out
}

fn to_json(sandbox: &Sandbox, receipt: &Receipt) -> Json {
    let events: Vec<Json> =
        receipt.events.iter().map(|e| json!({ "name": e.name, "fields": e.fields.to_json() })).collect();
    let transfers: Vec<Json> = receipt
        .transfers
        .iter()
        .map(|t| json!({ "from": get_party(sandbox, t.from), "to": get_party(sandbox, t.to), "amount": t.amount.0 }))
        .collect();
    let value = receipt.status.as_ref().ok().and_then(Option::as_ref).map(Value::to_json);
    let failure =
        receipt.status.as_ref().err().map(
            |f| json!({ "kind": format!("{:?}", f.kind), "message": f.message, "line": f.line, "column": f.column }),
        );
    let balances: serde_json::Map<String, Json> =
        sandbox.get_accounts().iter().map(|a| (a.name.clone(), a.balance.0.into())).collect();
    json!({
        "contract": receipt.contract.to_string(), "ok": receipt.is_done(), "value": value, "failure": failure,
        "gas_used": receipt.gas_used, "events": events, "transfers": transfers, "printed": receipt.printed,
        "balances": balances,
    })
}
