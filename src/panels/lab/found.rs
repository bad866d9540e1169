//! Two liars of four: a run that was searched for, told message by message, and why it ends in two decisions.

use super::bench::{Answer, Trouble};
use super::signs;
use crate::panels::data::PanelData;
use crate::panels::widgets::{Row, row};
use bevy_egui::egui::{Label, RichText, Ui, vec2};
use fluent_bundle::FluentValue;
use sim_core::ledger::lab::conflict::{Beat, Conflict, NODES};
use sim_core::ledger::lab::setup::Mechanism;

/// Height of what is said, four lines.
pub(super) const SAID: f32 = 76.0;
/// Height of the numbers.
pub(super) const FIGURES: f32 = 80.0;

/// Why what one sees comes about, where a sentence about it does not say so.
pub(super) fn why(data: &PanelData<'_>, answer: &Answer) -> Option<String> {
    let has = |mechanism| answer.question.ways.iter().any(|way| way.0 == mechanism);
    match answer.question.trouble {
        Trouble::Waiting => has(Mechanism::Clique).then(|| data.t("lab-why-waiting")),
        Trouble::Liars => {
            let votes = [Mechanism::Tendermint, Mechanism::Pbft].into_iter().find(|m| has(*m));
            let votes = votes.map(|mechanism| {
                let needed = signs::quorum(mechanism, NODES).unwrap_or(0);
                let shared = 2 * needed - NODES;
                let args = [("n", NODES.into()), ("needed", needed.into()), ("shared", shared.into())];
                data.locale.t_args("lab-why-liars", &args)
            });
            let believes = has(Mechanism::Raft).then(|| data.t("lab-why-liars-raft"));
            Some(votes.into_iter().chain(believes).collect::<Vec<_>>().join(&data.t("lab-found-between")))
        }
        _ => None,
    }
}

/// How many messages have been heard at a time, where that is what is shown.
pub(super) fn step(data: &PanelData<'_>, answer: &Answer, now: u64) -> Option<String> {
    let films = answer.parts.iter().filter(|part| part.conflict().is_some()).map(|part| part.film.count(now));
    let (n, all) = films.max()?;
    Some(data.locale.t_args("lab-found-step", &[("n", n.into()), ("all", all.into())]))
}

/// How it ends, as the end of a sentence.
pub(super) fn verdict(data: &PanelData<'_>, conflict: &Conflict, nodes: u32) -> String {
    let mut args = decisions(conflict);
    args.extend([("liars", conflict.liars.len().into()), ("n", nodes.into())]);
    data.locale.t_args("lab-found-verdict", &args)
}

/// Who decides for which block: the first and the second.
fn decisions(conflict: &Conflict) -> Vec<(&'static str, FluentValue<'static>)> {
    let names = [("first", "a"), ("second", "b")];
    let both = names.into_iter().zip(conflict.get_decisions());
    both.flat_map(|((who, what), (node, value))| [(who, (node + 1).into()), (what, value.to_string().into())]).collect()
}

/// Four numbers.
pub(super) fn figures(conflict: &Conflict, nodes: u32) -> Vec<Row> {
    vec![
        row("found-liars", format!("{} / {nodes}", conflict.liars.len())),
        row("found-double", conflict.count_double().to_string()),
        row("found-messages", conflict.beats.len().to_string()),
        row("found-states", conflict.states.to_string()),
    ]
}

/// The last message in words, and what follows from it.
pub(super) fn said(ui: &mut Ui, data: &PanelData<'_>, conflict: &Conflict, now: u64) {
    let heard = conflict.beats.iter().take_while(|beat| beat.hop.arrives_us <= now).count();
    let words = match heard.checked_sub(1).and_then(|at| conflict.beats.get(at)) {
        Some(beat) => sentences(data, conflict, beat, heard),
        None => data.t("lab-silent"),
    };
    ui.scope(|ui| {
        ui.set_min_size(vec2(ui.available_width(), SAID - 4.0));
        ui.add(Label::new(RichText::new(words)).wrap());
    });
}

fn sentences(data: &PanelData<'_>, conflict: &Conflict, beat: &Beat, heard: usize) -> String {
    let t = |key: &str, args: &[(&str, FluentValue<'_>)]| data.locale.t_args(key, args);
    let name = |kind| data.t(signs::look(kind).1);
    let letter = |value: Option<char>| value.map(String::from).unwrap_or_default();
    let (from, to) = (beat.hop.from + 1, beat.hop.to + 1);
    let lies = if conflict.liars.contains(&beat.hop.from) { "yes" } else { "no" };
    let mut words = vec![t(
        "lab-found-said",
        &[
            ("from", from.into()),
            ("to", to.into()),
            ("lies", lies.into()),
            ("kind", name(beat.hop.kind).into()),
            ("value", letter(beat.value).into()),
        ],
    )];
    if let Some((other, value)) = beat.otherwise {
        words.push(t("lab-found-twice", &[("other", (other + 1).into()), ("value", value.to_string().into())]));
    }
    let needed = signs::quorum(conflict.mechanism, NODES).filter(|_| signs::is_vote(beat.hop.kind));
    if let Some(needed) = needed {
        let args = [("to", to.into()), ("n", beat.counted.into()), ("needed", needed.into())];
        words.push(t("lab-found-counts", &args));
    }
    for (kind, value) in &beat.says {
        let args = [("to", to.into()), ("kind", name(*kind).into()), ("value", letter(*value).into())];
        words.push(t("lab-found-says", &args));
    }
    if let Some(value) = beat.decides {
        words.push(t("lab-found-decides", &[("to", to.into()), ("value", value.to_string().into())]));
    }
    if heard == conflict.beats.len() {
        words.push(t("lab-found-breaks", &decisions(conflict)));
    }
    words.join(&data.t("lab-found-between"))
}
