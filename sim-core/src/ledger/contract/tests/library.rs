//! The library: every contract is free of mistakes, and its worked example comes out as it says.

use super::super::check::{check, get_functions};
use super::super::library::get_library;
use super::super::sandbox::{Sandbox, Step};
use super::text;
use crate::quantity::Money;

#[test]
fn every_contract_is_without_mistakes_and_explains_itself() {
    for contract in get_library() {
        let name = contract.name;
        assert_eq!(check(contract.source), [], "{name}");
        assert!(contract.source.starts_with("// ") && contract.source.contains("In plain words"), "{name}");
        assert!(contract.source.contains(&format!("gridsim contract example {name}")), "{name}");
        for function in get_functions(contract.source).expect(name) {
            assert!(!function.is_public || !function.doc.is_empty(), "{name}: {} has no comment", function.name);
        }
    }
}

#[test]
fn every_worked_example_comes_out_as_it_says() {
    for contract in get_library() {
        let steps: Vec<Step> =
            serde_json::from_str(contract.example).unwrap_or_else(|e| panic!("{}: {e}", contract.name));
        let (mut sandbox, code) = (Sandbox::default(), text(contract.source));
        for (place, step) in steps.iter().enumerate() {
            let result = sandbox.process_step(contract.name, &code, step);
            result.unwrap_or_else(|e| panic!("{} step {}, \"{}\": {e}", contract.name, place + 1, step.say));
            assert_eq!(sandbox.compute_money(), Some(Money(500_000_000)), "{}: money is conserved", contract.name);
        }
        assert!(steps.iter().any(|s| s.refused.is_some()), "{}: an example shows a refusal", contract.name);
    }
}

/// A step that expects something else is noticed: the test above can fail.
#[test]
fn a_wrong_expectation_is_noticed() {
    let contract = get_library()[0];
    let play = |steps: &str| {
        let steps: Vec<Step> = serde_json::from_str(steps).expect("steps");
        let mut sandbox = Sandbox::default();
        steps.iter().try_for_each(|s| sandbox.process_step("it", &text(contract.source), s).map(|_| ()))
    };
    assert!(play(r#"[{"by": "Ana", "deploy": []}]"#).is_ok());
    assert!(
        play(r#"[{"by": "Ana", "deploy": []}, {"by": "Ana", "call": "offer", "args": [40, 1, 1], "gives": 2}]"#)
            .is_err()
    );
    assert!(play(r#"[{"by": "Ana", "deploy": [], "refused": "no"}]"#).is_err());
    assert!(play(r#"[{"by": "Eve", "deploy": []}]"#).is_err());
    assert!(play(r#"[{"balances": {"Ana": 1}}]"#).is_err());
}
