//! What the snapshot says of the power on a way.

use crate::bridge::Live;
use sim_core::ids::Subject;
use sim_core::scene::Scene;
use sim_core::snapshot::{LineView, Snapshot};

/// Power along a way from its start to its end, and how it is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Reading {
    pub(super) kw: f32,
    pub(super) loading: f32,
    pub(super) live: bool,
    pub(super) shown: bool,
}

/// For each switch the line or transformer in series with it, and whether it counts in the same direction: a switch has
/// no reading of its power of its own.
#[derive(Default)]
pub(super) struct Neighbours(Vec<Option<(Subject, f32)>>);

impl Neighbours {
    pub(super) fn new(scene: &Scene) -> Self {
        let lines = scene.line_bus.iter().enumerate();
        let lines = lines.map(|(i, ends)| (Subject::Line(sim_core::ids::LineId::new(i)), *ends));
        let transformers = scene.transformer_bus.iter().enumerate();
        let transformers =
            transformers.map(|(i, ends)| (Subject::Transformer(sim_core::ids::TransformerId::new(i)), *ends));
        let all: Vec<_> = lines.chain(transformers).collect();
        let find = |[from, to]: [sim_core::ids::BusId; 2]| {
            let behind = all.iter().find_map(|(s, [a, b])| match () {
                () if *a == to => Some((*s, 1.0)),
                () if *b == to => Some((*s, -1.0)),
                () => None,
            });
            let before = all.iter().find_map(|(s, [a, b])| match () {
                () if *b == from => Some((*s, 1.0)),
                () if *a == from => Some((*s, -1.0)),
                () => None,
            });
            behind.or(before)
        };
        Self(scene.switch_bus.iter().map(|ends| find(*ends)).collect())
    }

    /// The reading of a way.
    pub(super) fn read(&self, live: &Live, subject: Subject) -> Option<Reading> {
        let (now, before, t) = (&*live.now, &*live.before, f64::from(live.blend));
        let ease = |old: Option<f64>, new: f64| (old.map_or(new, |o| o + (new - o) * t)) as f32;
        let of_line = |list: fn(&Snapshot) -> &Vec<LineView>, i: usize| {
            let view = list(now).get(i)?;
            let old = list(before).get(i).filter(|o| o.live == view.live);
            let kw = ease(old.map(|o| o.kw), view.kw);
            let loading = ease(old.map(|o| o.loading), view.loading);
            Some(Reading { kw, loading, live: view.live, shown: true })
        };
        match subject {
            Subject::Line(i) => of_line(|s| &s.lines, i.index()),
            Subject::Transformer(i) => of_line(|s| &s.transformers, i.index()),
            Subject::Switch(i) => {
                let closed = now.switches.get(i.index())?.closed;
                let reading = self.0.get(i.index()).copied().flatten().and_then(|(s, sign)| {
                    let r = self.read(live, s)?;
                    Some(Reading { kw: r.kw * sign, ..r })
                });
                let reading = reading.unwrap_or(Reading { live: true, shown: true, ..Default::default() });
                Some(Reading { shown: closed, ..reading })
            }
            Subject::Building(i) => {
                let view = now.buildings.get(i.index())?;
                let old = before.buildings.get(i.index()).filter(|o| o.live == view.live);
                // The way begins at the bus: what the building draws runs forwards.
                let kw = -ease(old.map(|o| o.net_kw), view.net_kw);
                Some(Reading { kw, loading: 0.0, live: view.live && !view.shed, shown: true })
            }
            Subject::Device(i) => {
                let view = now.devices.get(i.index())?;
                let bus = live.scene.device_bus.get(i.index())?;
                let alive = now.buses.get(bus.index()).is_some_and(|b| b.live);
                let old = before.devices.get(i.index()).filter(|o| o.status == view.status);
                Some(Reading { kw: -ease(old.map(|o| o.kw), view.kw), loading: 0.0, live: alive, shown: true })
            }
            Subject::Grid => {
                let kw = ease(Some(before.balance.grid), now.balance.grid);
                Some(Reading { kw, loading: 0.0, live: now.grid_alive, shown: true })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::ids::SwitchId;
    use sim_core::snapshot::SwitchView;
    use std::sync::Arc;

    /// A sectionaliser shows the power of the cable behind it, and nothing once it is open.
    #[test]
    fn a_switch_carries_what_its_neighbour_carries() {
        let scene = sim_core::scene::parse(include_str!("../../scenes/commons-2050.ron")).expect("valid");
        let neighbours = Neighbours::new(&scene);
        let line = (scene.line_bus.iter().enumerate())
            .find_map(|(i, [from, _])| {
                let switch = scene.switch_bus.iter().position(|ends| ends[1] == *from)?;
                Some((i, switch))
            })
            .expect("a switch before a line");
        let mut now = Snapshot {
            lines: vec![LineView { live: true, ..Default::default() }; scene.line_bus.len()],
            switches: vec![SwitchView { closed: true, ..Default::default() }; scene.switch_bus.len()],
            ..Default::default()
        };
        now.lines[line.0].kw = 42.0;
        let subject = Subject::Switch(SwitchId::new(line.1));
        let scene = Arc::new(scene);
        let live = |now: &Snapshot| {
            let now = Arc::new(now.clone());
            Live { scene: scene.clone(), now: now.clone(), before: now, blend: 0.5, study: None, world: 1 }
        };
        let closed = neighbours.read(&live(&now), subject).expect("a reading");
        assert!((closed.kw - 42.0).abs() < 1e-4 && closed.shown);
        now.switches[line.1].closed = false;
        assert!(!neighbours.read(&live(&now), subject).expect("a reading").shown);
    }
}
