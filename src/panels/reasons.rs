//! Reasons and levers that the simulation gives in English sentences: said in the user's language where they are known,
//! introduced in it where they are not.

use super::names::{lever_key, name};
use crate::locale::{Language, Locale};
use sim_core::command::Lever;
use sim_core::scene::Scene;

/// Sentences of the simulation, with `{}` for what changes, and their words.
const KNOWN: [(&str, &str); 20] = [
    ("an open conductor carries no fault current; only the voltages beyond it change", "reason-open-conductor"),
    ("the faulty part has no voltage, so nothing feeds the fault", "reason-no-voltage"),
    ("no relay stands between the sources and the fault ({})", "reason-no-relay"),
    ("fault current {}", "reason-below-pickup"),
    ("the switch cannot be reached: no gateway answers for it", "reason-no-gateway"),
    ("the switch did not follow its order", "reason-did-not-follow"),
    ("tripped again after {} closings and nothing was found", "reason-nothing-found"),
    ("the grid is there", "reason-grid-there"),
    ("the grid is dead already", "reason-grid-dead"),
    ("nothing is broken", "reason-nothing-broken"),
    ("nothing is wrong with {}", "reason-nothing-wrong"),
    ("{} has no battery that can be let", "reason-no-battery"),
    ("the grid may at no hour pay more than it asks: {}", "reason-feed-in-above-import"),
    ("the price floor may not be above the price cap: {}", "reason-floor-above-cap"),
    ("no price shock is under way", "reason-no-shock"),
    ("{} has failed already", "reason-failed-already"),
    ("{} has a short circuit already; repair it first", "reason-fault-already"),
    ("{} is closed already", "reason-closed-already"),
    ("{} is open already", "reason-open-already"),
    ("{} would close out of step; the synchroniser closes it when all is within limits", "reason-out-of-step"),
];

/// A reason in the user's language.
pub(crate) fn reason(text: &str, scene: &Scene, locale: &Locale) -> String {
    if locale.language() == Language::En {
        return text.to_owned();
    }
    for (pattern, key) in KNOWN {
        let Some(rest) = rest(pattern, text) else { continue };
        let what = scene.find(rest).map_or_else(|| rest.to_owned(), |s| name(scene, s, locale));
        return locale.t_args(key, &[("what", what.into())]);
    }
    locale.t_args("reason-other", &[("what", text.to_owned().into())])
}

/// What stands in the place of `{}`; nothing where the pattern has none.
fn rest<'a>(pattern: &str, text: &'a str) -> Option<&'a str> {
    match pattern.split_once("{}") {
        None => (pattern == text).then_some(""),
        Some((before, after)) => text.strip_prefix(before)?.strip_suffix(after),
    }
}

/// A lever in the user's language.
pub(crate) fn lever(text: &str, locale: &Locale) -> String {
    let key = match text {
        "import tariff" => "row-import-tariff",
        "feed-in tariff" => "row-feed-in-tariff",
        "carbon price" => "row-carbon-price",
        "self-healing" => "controls-healing",
        "price shock" => "price-shock-factor",
        "network check" => "network-check",
        "storage share" => "lever-storage-share",
        _ => match Lever::ALL.into_iter().find(|l| l.name() == text) {
            Some(lever) => lever_key(lever),
            None => return text.to_owned(),
        },
    };
    locale.t(key)
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    #[test]
    fn known_reasons_are_translated_and_others_are_introduced() {
        let (scene, zh) = (testing::scene(), Locale::new(Language::Zh));
        for (pattern, key) in KNOWN {
            let said = reason(&pattern.replace("{}", "f1-c3"), &scene, &zh);
            assert!(said != *key && !said.contains("already") && !said.contains("{}"), "{said}");
        }
        assert!(reason("nothing is wrong with home-07", &scene, &zh).contains("7号住宅"));
        assert!(reason("something new", &scene, &zh).contains("something new"));
        assert_eq!(reason("something new", &scene, &Locale::new(Language::En)), "something new");
    }
}
