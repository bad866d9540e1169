//! `gridsim business`: a solar plant under several business models, party by party.

use crate::Failure;
use crate::files::{print, read_text};
use serde_json::{Value, json};
use sim_core::business::{BusinessError, Case, MAX_BYTES, Model, PartyResult, Projection, pay_by_contract, project};
use std::fmt::Write as _;
use std::path::PathBuf;

/// Arguments of `business`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The case (.json or .ron): plant, tariffs, members, models.
    case: PathBuf,
    /// One JSON object with every flow, in millionths of the currency.
    #[arg(long)]
    json: bool,
}

/// Projects every model of the case.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let text = read_text(&args.case, MAX_BYTES as u64)?;
    let file = args.case.display();
    let bad = |e: BusinessError| match e {
        BusinessError::Text { .. } => Failure::Input(format!("{file}:{e}")),
        e => Failure::Input(format!("{file}: {e}")),
    };
    let is_ron = args.case.extension().is_some_and(|e| e == "ron");
    let case = if is_ron { Case::parse_ron(&text) } else { Case::parse_json(&text) }.map_err(bad)?;
    let projections: Vec<Projection> =
        case.models.iter().map(|m| project(&case, m)).collect::<Result<_, _>>().map_err(bad)?;
    print(&if args.json { format!("{}\n", answer(&case, &projections)) } else { table(&case, &projections) })
}

fn answer(case: &Case, projections: &[Projection]) -> Value {
    let party = |p: &PartyResult| {
        json!({
            "name": p.name, "member": p.is_member, "npv": p.npv, "irr": p.irr, "payback_years": p.payback,
            "bill_before": p.bill_before, "flows_millionths": p.flows,
        })
    };
    let first = |p: &Projection| {
        let sum = |q: &PartyResult| json!({"name": q.name, "flow_millionths": q.flows.get(1)});
        json!({"parties": p.parties.iter().map(sum).collect::<Vec<_>>(), "payments": p.first_year})
    };
    let model = |(p, m): (&Projection, &Model)| {
        let by_contract = match pay_by_contract(case, m, &p.plant) {
            Ok(run) => json!({"paid_millionths": run.paid, "gas": run.gas}),
            Err(why) => json!({ "refused": why }),
        };
        json!({
            "model": p.model, "parties": p.parties.iter().map(party).collect::<Vec<_>>(), "fairness": p.fairness,
            "first_year": first(p), "by_contract": by_contract,
        })
    };
    let models: Vec<Value> = projections.iter().zip(&case.models).map(model).collect();
    json!({"years": case.years, "discount_rate": case.discount_rate, "models": models})
}

fn table(case: &Case, projections: &[Projection]) -> String {
    let mut out = String::new();
    let or_dash = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    // Writing to a String cannot fail.
    let _ =
        writeln!(out, "{} years, {} % a year; against life without the plant", case.years, case.discount_rate * 1e2);
    for p in projections {
        let _ = writeln!(
            out,
            "\n{:<20} {:>14} {:>14} {:>9} {:>9} {:>10}",
            p.model, "first year", "present value", "return", "back in", "of bill"
        );
        for q in &p.parties {
            let rate = or_dash(q.irr.map(|r| format!("{:.1} %", r * 1e2)));
            let back = or_dash(q.payback.map(|y| format!("{y:.1} y")));
            let of_bill = or_dash((q.bill_before > 0.0).then(|| format!("{:.1} %", q.npv / q.bill_before * 1e2)));
            let year = q.flows.get(1).map_or(0.0, |f| f.0 as f64 / 1e6);
            let (name, npv) = (&q.name, q.npv);
            let _ = writeln!(out, "  {name:<18} {year:>14.2} {npv:>14.2} {rate:>9} {back:>9} {of_bill:>10}");
        }
        let f = &p.fairness;
        let gini = or_dash(f.gini.map(|g| format!("{g:.3}")));
        let _ = writeln!(
            out,
            "  members: {:.2} in all, {} gain, {} lose, Gini coefficient of gains {gini}",
            f.members_gain, f.winners, f.losers
        );
    }
    out
}
