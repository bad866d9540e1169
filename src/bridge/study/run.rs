//! A study that is open: its network, its solver, and the levers that solve it anew.

use super::scene::{Made, make};
use super::view::{Eye, Seen, scale_of};
use super::{Behind, Study};
use sim_core::complex::Complex;
use sim_core::ids::BusId;
use sim_core::network::Network;
use sim_core::powerflow::control::{ControlMode, ControlledEngine};
use sim_core::powerflow::engine::{EngineError, Options};
use sim_core::scene::Scene;
use sim_core::snapshot::Snapshot;
use std::sync::Arc;

/// Factors on the loads.
const SCALES: std::ops::RangeInclusive<f64> = 0.0..=5.0;

/// A study that is open.
pub(crate) struct Run {
    network: Arc<Network>,
    first: Vec<usize>,
    made: Made,
    scene: Arc<Scene>,
    engine: ControlledEngine,
    controls: ControlMode,
    /// Solves with moved taps at most.
    most: u32,
    /// Powers of the injections at factor 1.
    nominal: Vec<Complex>,
    scale: f64,
    closed: Vec<bool>,
    lists: Lists,
}

/// What stands behind the things of the scene, shared with every [`Study`].
struct Lists {
    lines: Arc<[u32]>,
    transformers: Arc<[u32]>,
    devices: Arc<[Behind]>,
    buildings: Arc<[u32]>,
    sources: Arc<[BusId]>,
}

impl Run {
    /// # Errors
    /// The first part of the network that cannot be solved with.
    pub(crate) fn new(network: Network, controls: ControlMode, most: u32) -> Result<Self, EngineError> {
        let engine = ControlledEngine::new(network.clone())?;
        let made = make(&network);
        let lists = Lists {
            lines: made.lines.as_slice().into(),
            transformers: made.transformers.as_slice().into(),
            devices: made.devices.as_slice().into(),
            buildings: made.buildings.as_slice().into(),
            sources: made.sources.as_slice().into(),
        };
        Ok(Self {
            first: network.first_node(),
            closed: network.joints.iter().map(|j| j.closed).collect(),
            scene: Arc::new(made.scene.clone()),
            nominal: network.injections.iter().map(|i| i.s).collect(),
            network: Arc::new(network),
            scale: 1.0,
            made,
            engine,
            controls,
            most,
            lists,
        })
    }

    pub(crate) fn scene(&self) -> Arc<Scene> {
        self.scene.clone()
    }

    /// Another factor on the loads.
    pub(crate) fn set_scale(&mut self, scale: f64) {
        if scale.is_finite() {
            self.scale = scale.clamp(*SCALES.start(), *SCALES.end());
        }
    }

    /// Moves the switch of a name; false if there is none.
    pub(crate) fn operate(&mut self, name: &str, closed: bool) -> bool {
        let Some(joint) = self.network.joints.iter().position(|j| j.name == name) else { return false };
        self.closed[joint] = closed;
        true
    }

    /// Takes over the taps and banks that the controls moved; the loads stay those of factor 1.
    fn take_taps(&mut self) {
        let mut network = self.engine.network().clone();
        network.injections.iter_mut().zip(&self.nominal).for_each(|(i, s)| i.s = *s);
        self.network = Arc::new(network);
    }

    /// Solves, and shows what came out.
    pub(crate) fn solve(&mut self) -> (Arc<Snapshot>, Arc<Study>) {
        for (i, injection) in self.network.injections.iter().enumerate() {
            self.engine.set_power(i, injection.s * scale_of(injection, self.scale));
        }
        self.engine.set_joints(&self.closed);
        let outcome = self.engine.solve(&Options::default(), self.controls, 0.0, self.most);
        if outcome.actions > 0 {
            self.take_taps();
        }
        let solved = outcome.solution;
        let eye = Eye {
            network: &self.network,
            first: &self.first,
            made: &self.made,
            voltages: &solved.voltages,
            closed: &self.closed,
            scale: self.scale,
        };
        let Seen { snapshot, flows, loss_kw } = eye.see();
        let study = Study {
            network: self.network.clone(),
            lines: self.lists.lines.clone(),
            transformers: self.lists.transformers.clone(),
            devices: self.lists.devices.clone(),
            buildings: self.lists.buildings.clone(),
            sources: self.lists.sources.clone(),
            has_world: self.made.has_world,
            scale: self.scale,
            flows,
            method: solved.method.to_owned(),
            iterations: solved.iterations,
            residual_pu: solved.kcl_residual_pu,
            loss_kw,
            troubles: solved.troubles().map(ToString::to_string).collect(),
        };
        (Arc::new(snapshot), Arc::new(study))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use sim_core::ids::{DeviceId, LineId, Subject};

    #[test]
    fn a_study_looks_like_a_scene_and_its_power_adds_up() {
        let mut run = testing::run();
        let (scene, (now, study)) = (run.scene(), run.solve());
        assert_eq!((scene.file.lines.len(), scene.file.transformers.len(), scene.file.switches.len()), (4, 1, 1));
        assert_eq!((scene.file.buildings.len(), scene.file.devices.len()), (3, 2));
        assert_eq!(scene.line_bus.len(), now.lines.len());
        // What leaves the source is what the first line carries, and all of it is used or lost.
        let used: f64 = now.buildings.iter().map(|b| b.load_kw).sum();
        assert!((used - 55.0).abs() < 1e-9, "{used}");
        let fed = now.lines[0].kw + 9.0;
        assert!((fed - used - study.loss_kw).abs() < 1e-6, "{fed} {used} {}", study.loss_kw);
        assert!((now.balance.grid - now.lines[0].kw).abs() < 1e-6);
        assert!(now.lines[0].phases.iter().map(|p| p.kw).sum::<f64>() - now.lines[0].kw < 1e-9);
        // Single-phase homes: the end of the street is unbalanced, the source is not.
        assert!(now.buses[0].unbalance < 1e-9 && now.buses[4].unbalance > 1e-3);
        assert!(now.buses.iter().all(|b| b.live));
        // A bank of capacitors gives reactive power.
        let bank = Subject::Device(DeviceId(0));
        assert_eq!(scene.name(bank), "Capacitor.bank");
        assert!(study.kind(bank).is_some() && now.devices[0].kvar > 10.0);
        let line = study.element(Subject::Line(LineId(1))).expect("an element");
        assert_eq!(study.network.elements[line as usize].name, "Line.mill1");
        assert_eq!(study.flows[line as usize].len(), 6);
        assert_eq!(study.dropped().len(), 1);
    }

    #[test]
    fn more_load_means_less_voltage_and_a_switch_is_found_by_its_name() {
        let mut run = testing::run();
        let least = |now: &sim_core::snapshot::Snapshot| now.buses[4].voltage_pu[1];
        let before = least(&run.solve().0);
        run.set_scale(2.0);
        let (now, study) = run.solve();
        assert!((now.buildings[0].load_kw - 28.0).abs() < 1e-9 && study.scale > 1.9);
        assert!(least(&now) < before - 0.005);
        run.set_scale(f64::NAN);
        assert!(run.operate("Line.tie", true) && !run.operate("Line.none", true));
        assert!(run.solve().0.switches[0].closed);
    }

    /// A tree of 10,000 buses opens at once: it is laid out and drawn as a diagram, and no world is built of it.
    #[test]
    fn ten_thousand_buses_become_a_scene_without_a_world() {
        let mut network = testing::village();
        let (bus, line) = (network.buses[3].clone(), network.elements[2].clone());
        for i in network.buses.len() as u32..10_000 {
            network.buses.push(sim_core::network::Bus { name: format!("b{i}"), ..bus.clone() });
            let mut line = line.clone();
            (line.terminals[0].bus, line.terminals[1].bus) = (2 + (i - 2) / 2, i);
            network.elements.push(line);
        }
        let made = super::make(&network);
        assert!(!made.has_world);
        assert_eq!((made.scene.file.buses.len(), made.scene.file.lines.len()), (10_000, 4 + 9_994));
        assert!(made.scene.file.buses.iter().all(|b| b.at.0.is_finite() && b.at.1.is_finite()));
    }
}
