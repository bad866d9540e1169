//! The scene's network as a circuit, and the way between their numbers.

use crate::ids::{BuildingId, BusId, DeviceId, ValidatorId};
use crate::powerflow::{Circuit, Complex, Conductor, Conductors, Injection, Joint, Line, PerKm, Source, Transformer};
pub(super) use crate::protection::fault_levels::FOLLOWER_LIMIT_PU;
use crate::scene::Scene;
use crate::scene::schema::{Battery, DeviceKind, Forming, Phases};

/// Rank of the grid as a reference: first of all.
const GRID_RANK: u32 = 0;
/// Rank of a generator set as a reference: after all inverters that can form.
const GENSET_RANK: u32 = 1_000;
/// Subtransient current of a small synchronous machine into a short circuit, per unit of its rating.
const GENSET_FAULT_PU: f64 = 3.0;
/// Below this voltage between the buses of a scene (kV) a bus carries single-phase loads.
const LOW_VOLTAGE_KV: f64 = 1.0;

/// Who stands behind an injection of the circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// The consumption of a building.
    Load(BuildingId),
    /// A device.
    Device(DeviceId),
    /// A miner on a bus without a building: nobody's meter counts it, so it is among the network's losses.
    Miner(ValidatorId),
}

/// Who stands behind a source of the circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Former {
    /// The grid beyond the coupling point.
    Grid,
    /// A device that can form an island.
    Device(DeviceId),
}

/// The circuit of a scene and what its numbers mean. Buses, lines, transformers and joints have the scene's indices.
#[derive(Clone, Debug)]
pub(super) struct Wiring {
    /// The circuit, without faults.
    pub(super) circuit: Circuit,
    /// Owner of each injection, with the share of its power that the injection carries.
    pub(super) owners: Vec<(Owner, f64)>,
    /// Who stands behind each source.
    pub(super) formers: Vec<Former>,
    /// Rating of each line, A.
    pub(super) ampacity_a: Vec<f64>,
    /// Rating of each transformer, kVA.
    pub(super) transformer_kva: Vec<f64>,
}

impl Wiring {
    /// The circuit of a valid scene.
    pub(super) fn new(scene: &Scene) -> Self {
        let f = &scene.file;
        let base_va = f.transformers.iter().map(|t| t.kva).fold(100.0, f64::max) * 1e3;
        let mut w = Self {
            circuit: Circuit::new(base_va),
            owners: Vec::new(),
            formers: Vec::new(),
            ampacity_a: Vec::new(),
            transformer_kva: f.transformers.iter().map(|t| t.kva).collect(),
        };
        for bus in &f.buses {
            w.circuit.add_bus(Conductors::ABC, bus.kv * 1e3 / 3.0_f64.sqrt());
        }
        w.add_lines(scene);
        w.add_transformers(scene);
        w.circuit.joints = f
            .switches
            .iter()
            .zip(&scene.switch_bus)
            .map(|(s, [a, b])| Joint { a: a.index(), b: b.index(), closed: !s.normally_open })
            .collect();
        w.add_grid(scene);
        w.add_loads(scene);
        w.add_devices(scene);
        w.add_miners(scene);
        w
    }

    fn add_lines(&mut self, scene: &Scene) {
        let omega = 2.0 * std::f64::consts::PI * scene.file.upstream.frequency_hz;
        for ((line, ends), cable) in scene.file.lines.iter().zip(&scene.line_bus).zip(&scene.line_cable) {
            let c = &scene.file.cable_types[*cable];
            let per_km = PerKm {
                z1: Complex::new(c.r1, c.x1),
                z0: Complex::new(c.r0, c.x0),
                b1: omega * c.c1_nf * 1e-9,
                b0: omega * c.c0_nf * 1e-9,
            };
            let [a, b] = ends.map(BusId::index);
            self.circuit.lines.push(Line::three_wire(a, b, &per_km, line.length_m / 1e3));
            self.ampacity_a.push(c.ampacity_a);
        }
    }

    fn add_transformers(&mut self, scene: &Scene) {
        for (t, ends) in scene.file.transformers.iter().zip(&scene.transformer_bus) {
            let [hv, lv] = ends.map(BusId::index);
            let mut unit = Transformer::dyn_group(
                hv,
                lv,
                t.clock,
                t.kva * 1e3,
                t.hv_kv * 1e3,
                t.lv_kv * 1e3,
                t.uk_pct / 100.0,
                t.ur_pct / 100.0,
                false,
            );
            unit.p0_pu = t.no_load_kw / t.kva;
            unit.i0_pu = (t.no_load_current_pct / 100.0).max(unit.p0_pu);
            self.circuit.transformers.push(unit);
        }
    }

    fn add_grid(&mut self, scene: &Scene) {
        let up = &scene.file.upstream;
        let bus = scene.upstream_bus.index();
        let v_ln = self.circuit.buses[bus].v_nominal;
        // |Z| = U^2 / S_k (IEC 60909-0, 6.2), split by R/X; the zero sequence of a solidly earthed network alike.
        let z = 3.0 * v_ln * v_ln / (up.short_circuit_mva * 1e6);
        let x = z / (1.0 + up.r_over_x * up.r_over_x).sqrt();
        let z1 = Complex::new(x * up.r_over_x, x);
        let mut source = Source::balanced(bus, v_ln * up.voltage_pu, 0.0, z1, Some(z1));
        source.rank = GRID_RANK;
        self.push_source(Former::Grid, source);
    }

    fn add_loads(&mut self, scene: &Scene) {
        for (i, (building, bus)) in scene.file.buildings.iter().zip(&scene.building_bus).enumerate() {
            self.add_injections(Owner::Load(BuildingId::new(i)), bus.index(), building.phases, None);
        }
    }

    /// Miners that stand at no building's bus.
    fn add_miners(&mut self, scene: &Scene) {
        for (v, bus) in scene.validator_bus.iter().enumerate() {
            if super::mining::host_of(scene, v).is_none() && super::mining::mines(scene) {
                self.add_injections(Owner::Miner(ValidatorId::new(v)), bus.index(), Phases::ABC, None);
            }
        }
    }

    fn add_devices(&mut self, scene: &Scene) {
        for (i, device) in scene.file.devices.iter().enumerate() {
            let (bus, phases) = (scene.device_bus[i].index(), scene.device_phases[i]);
            let v = self.circuit.buses[bus].v_nominal;
            let wires = if phases == Phases::ABC { 3.0 } else { 1.0 };
            let amperes = |kva: f64, pu: f64| kva * 1e3 / (wires * v) * pu;
            let limit = match &device.kind {
                DeviceKind::Solar(d) => Some(amperes(d.inverter_kva, FOLLOWER_LIMIT_PU)),
                DeviceKind::Wind(d) => Some(amperes(d.rated_kw, FOLLOWER_LIMIT_PU)),
                DeviceKind::FuelCell(d) => Some(amperes(d.rated_kw, FOLLOWER_LIMIT_PU)),
                DeviceKind::Genset(d) => Some(amperes(d.rated_kw, GENSET_FAULT_PU)),
                DeviceKind::Battery(d) => Some(amperes(d.kw, FOLLOWER_LIMIT_PU)),
                DeviceKind::Flywheel(d) => Some(amperes(d.kw, FOLLOWER_LIMIT_PU)),
                DeviceKind::Tie(d) => Some(amperes(d.capacity_kw, FOLLOWER_LIMIT_PU)),
                DeviceKind::EvCharger(_) => None,
            };
            self.add_injections(Owner::Device(DeviceId::new(i)), bus, phases, limit);
            match &device.kind {
                DeviceKind::Battery(b) => {
                    if let Some(forming) = &b.forming {
                        self.add_forming(DeviceId::new(i), bus, b, forming);
                    }
                }
                DeviceKind::Genset(g) => {
                    let z_base = 3.0 * v * v / (g.rated_kw * 1e3);
                    let z1 = Complex::new(0.1 * g.xd2_pu * z_base, g.xd2_pu * z_base);
                    // Zero sequence of a salient-pole machine with earthed star point: about 0.3 of x''d (Kundur, table 4.2).
                    let mut source = Source::balanced(bus, v, 0.0, z1, Some(z1 * 0.3));
                    source.rank = GENSET_RANK + self.formers.len() as u32;
                    source.current_limit_a = Some(amperes(g.rated_kw, GENSET_FAULT_PU));
                    source.in_service = false;
                    self.push_source(Former::Device(DeviceId::new(i)), source);
                }
                _ => {}
            }
        }
    }

    fn add_forming(&mut self, id: DeviceId, bus: usize, battery: &Battery, forming: &Forming) {
        let v = self.circuit.buses[bus].v_nominal;
        let z_base = 3.0 * v * v / (battery.kw * 1e3);
        let ohm = |(r, x): (f64, f64)| Complex::new(r * z_base, x * z_base);
        let z0 = forming.neutral.then(|| ohm(forming.z0_pu));
        let mut source = Source::balanced(bus, v, 0.0, ohm(forming.z1_pu), z0);
        source.rank = 1 + forming.rank;
        source.current_limit_a = Some(battery.kw * 1e3 / (3.0 * v) * forming.current_limit_pu);
        self.push_source(Former::Device(id), source);
    }

    fn push_source(&mut self, former: Former, source: Source) {
        self.formers.push(former);
        self.circuit.sources.push(source);
    }

    fn add_injections(&mut self, owner: Owner, bus: usize, phases: Phases, limit_a: Option<f64>) {
        let v = self.circuit.buses[bus].v_nominal;
        let wires: &[Conductor] = match phases {
            Phases::A => &[Conductor::A],
            Phases::B => &[Conductor::B],
            Phases::C => &[Conductor::C],
            Phases::ABC => &[Conductor::A, Conductor::B, Conductor::C],
        };
        for wire in wires {
            let mut injection = Injection::to_neutral(bus, *wire, v);
            injection.current_limit_a = limit_a;
            self.circuit.injections.push(injection);
            self.owners.push((owner, 1.0 / wires.len() as f64));
        }
    }

    /// The source that a device is, if it can form an island.
    pub(super) fn source_of(&self, device: DeviceId) -> Option<usize> {
        self.formers.iter().position(|f| *f == Former::Device(device))
    }

    /// True for buses whose voltage people live with.
    pub(super) fn is_low_voltage(scene: &Scene, bus: BusId) -> bool {
        scene.file.buses[bus.index()].kv < LOW_VOLTAGE_KV
    }
}
