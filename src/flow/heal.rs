//! The path of healing: before a switch takes up what lies dark behind it, that way draws itself from the switch on.

use crate::bridge::{Happened, Live};
use crate::panels::Look;
use crate::stage::{StageMap, StageSystems, arc_lengths};
use bevy::prelude::*;
use sim_core::event::EventKind;
use sim_core::ids::{BusId, LineId, Subject, SwitchId};
use sim_core::scene::Scene;
use std::collections::{BTreeMap, VecDeque};

/// Seconds of the wall clock that a path takes to draw itself; then the picture shows what is.
const DRAW_S: f32 = 1.1;
/// A drawn path waits so long for its switch, s.
const WAIT_S: f32 = 4.0;
/// What was dark so recently counts as dark: at high speed a switch closes in the frame in which it was ordered, s.
const LATELY_S: f32 = 0.5;

/// One line of a path.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Drawn {
    /// Drawn so far, m.
    pub(super) drawn: f32,
    /// Its length, m.
    pub(super) length: f32,
    /// 1 from its start, -1 from its end.
    pub(super) way: f32,
    /// Where on the path it begins, m.
    begins: f32,
    /// How long the whole path is, m.
    whole: f32,
    age: f32,
}

/// The paths that are being drawn.
#[derive(Resource, Default)]
pub(super) struct Healing {
    paths: BTreeMap<Subject, Drawn>,
    dark: Vec<f32>,
    world: u32,
}

impl Healing {
    /// The path of a line or switch, while it draws itself.
    pub(super) fn path_of(&self, subject: Subject) -> Option<Drawn> {
        self.paths.get(&subject).copied()
    }
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Healing>().add_systems(
        Update,
        draw_paths.in_set(StageSystems::Follow).before(super::show_runs).run_if(resource_exists::<Live>),
    );
}

fn draw_paths(
    live: Res<Live>,
    map: Res<StageMap>,
    look: Option<Res<Look>>,
    time: Res<Time>,
    mut happened: MessageReader<Happened>,
    mut healing: ResMut<Healing>,
) {
    let dt = time.delta_secs().min(0.2);
    let now = &live.now;
    if healing.world != map.world || healing.dark.len() != now.lines.len() {
        *healing = Healing { world: map.world, dark: vec![0.0; now.lines.len()], ..default() };
    }
    let still = look.is_some_and(|l| l.reduce_motion);
    let Healing { paths, dark, .. } = &mut *healing;
    for (left, line) in dark.iter_mut().zip(&now.lines) {
        let waits = !line.live && line.fault_at.is_none() && !line.isolated && !line.broken;
        *left = if waits { LATELY_S } else { *left - dt };
    }
    for Happened(event) in happened.read() {
        let (EventKind::SwitchOrdered { closed: true }, Subject::Switch(switch)) = (&event.kind, event.subject) else {
            continue;
        };
        let length = |line: LineId| {
            let path = map.path(Subject::Line(line));
            path.and_then(|p| arc_lengths(&p.points).last().copied()).unwrap_or(0.0)
        };
        let closed = |i: usize| now.switches.get(i).is_some_and(|s| s.closed);
        let lines = way_behind(&live.scene, switch, |i| dark[i] > 0.0, closed, length);
        let whole = lines.iter().map(|l| l.1 + l.2).fold(1.0, f32::max);
        for (line, begins, length, way) in lines {
            let drawn = Drawn { drawn: 0.0, length, way, begins, whole, age: 0.0 };
            paths.entry(Subject::Line(line)).or_insert(drawn);
        }
    }
    paths.retain(|subject, path| {
        path.age += if still { DRAW_S } else { dt };
        let front = path.whole * path.age / DRAW_S;
        path.drawn = (front - path.begins).clamp(0.0, path.length);
        let Subject::Line(line) = *subject else { return false };
        let view = now.lines.get(line.index());
        let waits = view.is_some_and(|l| !l.live && l.fault_at.is_none());
        path.age < if waits { WAIT_S } else { DRAW_S }
    });
}

/// The dark lines that a switch takes up, each once: where on the path it begins, its length, from which end (m).
fn way_behind(
    scene: &Scene,
    switch: SwitchId,
    dark: impl Fn(usize) -> bool,
    closed: impl Fn(usize) -> bool,
    length: impl Fn(LineId) -> f32,
) -> Vec<(LineId, f32, f32, f32)> {
    let Some(ends) = scene.switch_bus.get(switch.index()) else { return Vec::new() };
    let mut reached: BTreeMap<BusId, f32> = ends.iter().map(|b| (*b, 0.0)).collect();
    let mut todo: VecDeque<BusId> = ends.iter().copied().collect();
    let mut lines: Vec<(LineId, f32, f32, f32)> = Vec::new();
    while let Some(bus) = todo.pop_front() {
        let at = reached.get(&bus).copied().unwrap_or(0.0);
        let mut reach = |next: BusId, far: f32| {
            if let std::collections::btree_map::Entry::Vacant(place) = reached.entry(next) {
                place.insert(far);
                todo.push_back(next);
            }
        };
        for (i, [from, to]) in scene.line_bus.iter().enumerate() {
            let id = LineId::new(i);
            if !dark(i) || lines.iter().any(|l| l.0 == id) || (*from != bus && *to != bus) {
                continue;
            }
            let way = if *from == bus { 1.0 } else { -1.0 };
            let long = length(id);
            lines.push((id, at, long, way));
            reach(if way > 0.0 { *to } else { *from }, at + long);
        }
        // Through closed switches only where something dark lies behind: the loop above sees to that.
        for (i, [from, to]) in scene.switch_bus.iter().enumerate() {
            if i != switch.index() && closed(i) && (*from == bus || *to == bus) {
                reach(if *from == bus { *to } else { *from }, at);
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From a tie, everything dark behind it is drawn, the nearest first, and nothing that has power.
    #[test]
    fn a_path_grows_from_its_switch() {
        let scene = sim_core::scene::parse(include_str!("../../scenes/commons-2050.ron")).expect("valid");
        let tie = (scene.file.switches.iter())
            .position(|s| s.kind == sim_core::scene::schema::SwitchKind::Tie)
            .map(SwitchId::new)
            .expect("a tie");
        let none = way_behind(&scene, tie, |_| false, |_| true, |_| 10.0);
        assert!(none.is_empty());
        let all = way_behind(&scene, tie, |_| true, |_| true, |_| 10.0);
        assert!(all.len() > 4, "{}", all.len());
        assert!(all.iter().any(|l| l.1 == 0.0) && all.iter().any(|l| l.1 >= 20.0));
        let mut ids: Vec<_> = all.iter().map(|l| l.0).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all.len());
    }
}
