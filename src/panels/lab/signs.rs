//! Every kind of message in its shape: squares bring a block, discs answer or vote first, diamonds vote last, triangles
//! choose who leads, dots are signs of life, rings help one that was away.

use bevy_egui::egui::{Color32, Painter, Pos2, Shape, Stroke, vec2};
use sim_core::ledger::lab::setup::{ForkChoice, Mechanism};
use sim_core::ledger::lab::trace::Kind;

/// What a shape stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::panels) enum Figure {
    Square,
    Disc,
    Diamond,
    Triangle,
    Dot,
    Ring,
    Lines,
}

/// Shapes with their words.
pub(in crate::panels) const FIGURES: [(Figure, &str); 6] = [
    (Figure::Square, "lab-figure-block"),
    (Figure::Disc, "lab-figure-first"),
    (Figure::Diamond, "lab-figure-second"),
    (Figure::Triangle, "lab-figure-election"),
    (Figure::Dot, "lab-figure-heartbeat"),
    (Figure::Ring, "lab-figure-help"),
];

/// The shape of a kind of message, and its name.
pub(in crate::panels) fn look(kind: Kind) -> (Figure, &'static str) {
    match kind {
        Kind::Proposal => (Figure::Square, "lab-kind-proposal"),
        Kind::Prevote => (Figure::Disc, "lab-kind-prevote"),
        Kind::Precommit => (Figure::Diamond, "lab-kind-precommit"),
        Kind::PrePrepare => (Figure::Square, "lab-kind-preprepare"),
        Kind::Prepare => (Figure::Disc, "lab-kind-prepare"),
        Kind::Commit => (Figure::Diamond, "lab-kind-commit"),
        Kind::ViewChange => (Figure::Triangle, "lab-kind-viewchange"),
        Kind::NewView => (Figure::Square, "lab-kind-newview"),
        Kind::RequestVote => (Figure::Triangle, "lab-kind-requestvote"),
        Kind::Vote => (Figure::Triangle, "lab-kind-vote"),
        Kind::Append => (Figure::Square, "lab-kind-append"),
        Kind::Heartbeat => (Figure::Dot, "lab-kind-heartbeat"),
        Kind::Appended => (Figure::Disc, "lab-kind-appended"),
        Kind::Block => (Figure::Square, "lab-kind-block"),
        Kind::Ask => (Figure::Ring, "lab-kind-ask"),
        Kind::Decided => (Figure::Ring, "lab-kind-decided"),
        Kind::Transactions => (Figure::Lines, "lab-kind-transactions"),
    }
}

/// The steps of a round that the matrix shows.
pub(in crate::panels) fn steps(mechanism: Mechanism) -> &'static [Kind] {
    match mechanism {
        Mechanism::Tendermint => &[Kind::Proposal, Kind::Prevote, Kind::Precommit],
        Mechanism::Pbft => &[Kind::PrePrepare, Kind::Prepare, Kind::Commit],
        Mechanism::Raft => &[Kind::Appended],
        Mechanism::Clique | Mechanism::Work => &[Kind::Block],
    }
}

/// The steps in which liars say two things.
pub(super) fn lies(mechanism: Mechanism) -> &'static [Kind] {
    if mechanism == Mechanism::Raft { &[Kind::Append] } else { steps(mechanism) }
}

/// Whether it is a vote, of which enough decide a step.
pub(super) fn is_vote(kind: Kind) -> bool {
    matches!(kind, Kind::Prevote | Kind::Precommit | Kind::Prepare | Kind::Commit)
}

/// Votes that decide a step; none where nobody votes.
pub(in crate::panels) fn quorum(mechanism: Mechanism, nodes: u32) -> Option<u32> {
    match mechanism {
        Mechanism::Tendermint | Mechanism::Pbft => Some(nodes * 2 / 3 + 1),
        // The leader counts itself.
        Mechanism::Raft => Some(nodes / 2),
        Mechanism::Clique | Mechanism::Work => None,
    }
}

/// Words for a mechanism: its name and what it is.
pub(in crate::panels) fn mechanism(mechanism: Mechanism) -> (&'static str, &'static str) {
    match mechanism {
        Mechanism::Tendermint => ("lab-tendermint", "term-lab-tendermint"),
        Mechanism::Pbft => ("lab-pbft", "term-lab-pbft"),
        Mechanism::Raft => ("lab-raft", "term-lab-raft"),
        Mechanism::Clique => ("lab-clique", "term-lab-clique"),
        Mechanism::Work => ("lab-work", "term-lab-work"),
    }
}

/// The same where two rules of proof of authority are told apart.
pub(super) fn way((mechanism, choice): (Mechanism, ForkChoice)) -> (&'static str, &'static str) {
    match (mechanism, choice) {
        (Mechanism::Clique, ForkChoice::Eip3436) => ("lab-clique-mended", "term-lab-clique-mended"),
        (Mechanism::Clique, _) => ("lab-clique-open", "term-lab-clique-open"),
        _ => self::mechanism(mechanism),
    }
}

/// Draws a shape of radius `r`; hollow for a vote for nothing.
pub(in crate::panels) fn draw(painter: &Painter, at: Pos2, r: f32, figure: Figure, hollow: bool, colour: Color32) {
    let stroke = Stroke::new((r * 0.3).clamp(1.0, 2.0), colour);
    let fill = if hollow { Color32::TRANSPARENT } else { colour };
    let polygon = |points: &[(f32, f32)]| {
        Shape::convex_polygon(points.iter().map(|(x, y)| at + vec2(x * r, y * r)).collect(), fill, stroke)
    };
    match figure {
        Figure::Square => painter.add(polygon(&[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)])),
        Figure::Diamond => painter.add(polygon(&[(0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)])),
        Figure::Triangle => painter.add(polygon(&[(0.0, -1.1), (1.1, 0.9), (-1.1, 0.9)])),
        Figure::Disc => painter.circle(at, r, fill, stroke),
        Figure::Dot => painter.circle_filled(at, r * 0.45, colour),
        Figure::Ring => painter.circle_stroke(at, r, stroke),
        Figure::Lines => {
            let line = |y: f32| Shape::line_segment([at + vec2(-r, y * r), at + vec2(r, y * r)], stroke);
            painter.add(Shape::Vec(vec![line(-0.7), line(0.0), line(0.7)]))
        }
    };
}
