//! Voltages of a network as a snapshot, and what each conductor carries.

use super::scene::{Made, load_powers, phases_of};
use super::{Behind, EndFlow};
use sim_core::complex::{Complex, unbalance};
use sim_core::ids::BusId;
use sim_core::network::{Element, Injection, NODE_GROUND, Network, Representation};
use sim_core::powerflow::network_results::flows;
use sim_core::snapshot::{
    Balance, BuildingView, BusView, DeviceStatus, DeviceView, LineView, PhaseView, Snapshot, SwitchView, WeatherView,
};
use sim_core::time::{HOUR_US, SimTime};

/// A solved network seen from the panels.
pub(super) struct Seen {
    pub snapshot: Snapshot,
    pub flows: Vec<Vec<EndFlow>>,
    pub loss_kw: f64,
}

/// What is looked at.
pub(super) struct Eye<'a> {
    pub network: &'a Network,
    pub first: &'a [usize],
    pub made: &'a Made,
    pub voltages: &'a [Complex],
    pub closed: &'a [bool],
    pub scale: f64,
}

impl Eye<'_> {
    pub(super) fn see(&self) -> Seen {
        let network = self.network;
        let carried = flows(network, self.voltages);
        let elements = network.elements.iter().enumerate();
        let flows: Vec<Vec<EndFlow>> = elements.map(|(i, e)| self.flow(e, carried.currents(i))).collect();
        let series = |f: &Vec<EndFlow>| f.iter().map(|e| e.kw).sum::<f64>();
        // What goes into an element and does not come out: of lines and transformers it is loss, of shunts their own.
        let loss_kw = flows.iter().map(series).sum();
        let buses: Vec<BusView> = (0..network.buses.len()).map(|b| self.bus(b)).collect();
        let view = |element: &u32| self.way(&network.elements[*element as usize], &flows[*element as usize], &buses);
        let made = self.made;
        let loads = self.load_powers();
        let buildings = made.buildings.iter().zip(&made.scene.building_bus);
        let buildings: Vec<BuildingView> = buildings
            .map(|(load, bus)| {
                let kw = loads[*load as usize].re;
                BuildingView { load_kw: -kw, net_kw: kw, live: buses[bus.index()].live, ..BuildingView::default() }
            })
            .collect();
        let devices = made.devices.iter().zip(&made.scene.device_bus);
        let held = self.held_kvar(&flows, &loads);
        let devices: Vec<DeviceView> =
            devices.map(|(d, bus)| self.device(*d, *bus, &flows, &loads, &held, &buses)).collect();
        let generation: f64 = devices
            .iter()
            .zip(&made.devices)
            .map(|(v, d)| match d {
                Behind::Element(_) => 0.0,
                Behind::Generator(_) | Behind::Load(_) => v.kw,
            })
            .sum();
        let load: f64 = buildings.iter().map(|b| b.load_kw).sum();
        let lines = made.lines.iter().map(view).collect();
        let transformers = made.transformers.iter().map(view).collect();
        let snapshot = Snapshot {
            time: SimTime(12 * HOUR_US),
            weather: WeatherView {
                sun_elevation_deg: 52.0,
                sun_azimuth_deg: 150.0,
                ghi_w_m2: 800.0,
                ..Default::default()
            },
            grid_alive: made.sources.iter().any(|b| buses[b.index()].live),
            balance: Balance { grid: load + loss_kw - generation, load, loss: loss_kw, ..Balance::default() },
            switches: self.closed.iter().map(|c| SwitchView { closed: *c, ..SwitchView::default() }).collect(),
            buses,
            lines,
            transformers,
            buildings,
            devices,
            ..Snapshot::default()
        };
        Seen { snapshot, flows, loss_kw }
    }

    fn voltage(&self, bus: u32, node: u8) -> Complex {
        if node == NODE_GROUND {
            return Complex::ZERO;
        }
        self.voltages.get(self.first[bus as usize] + usize::from(node)).copied().unwrap_or(Complex::ZERO)
    }

    fn bus(&self, b: usize) -> BusView {
        let bus = &self.network.buses[b];
        let mut view = BusView::default();
        let mut phasors = [Complex::ZERO; 3];
        for (k, number) in bus.nodes.iter().enumerate() {
            let v = self.voltages.get(self.first[b] + k).copied().unwrap_or(Complex::ZERO);
            for phase in phases_of(self.network, *number) {
                view.voltage_pu[phase] = v.norm() / if bus.v_base > 0.0 { bus.v_base } else { 1.0 };
                phasors[phase] = v;
            }
            view.live |= v.norm_sq() > 0.0;
        }
        if self.network.representation == Representation::Phases && view.voltage_pu.iter().all(|v| *v > 0.0) {
            view.unbalance = unbalance(phasors).unwrap_or(0.0);
        }
        view
    }

    /// A on a current of the network's own unit at a bus.
    fn amperes(&self, bus: u32) -> f64 {
        match self.network.representation {
            Representation::Phases => 1.0,
            Representation::Balanced => {
                let kv = self.network.buses[bus as usize].kv;
                if kv > 0.0 { self.network.va_per_unit / (3.0_f64.sqrt() * kv * 1e3) } else { 0.0 }
            }
        }
    }

    /// What each conductor of an element carries; `currents` run over the conductors of all its terminals.
    fn flow(&self, element: &Element, currents: &[Complex]) -> Vec<EndFlow> {
        let kilo = self.network.va_per_unit / 1e3;
        let conductors = (0_u8..)
            .zip(&element.terminals)
            .flat_map(|(terminal, end)| end.conductors().iter().map(move |node| (terminal, end.bus, *node)));
        let flow = |((terminal, bus, node), i): ((u8, u32, u8), &Complex)| {
            let s = self.voltage(bus, node) * i.conj();
            let number = self.network.buses[bus as usize].nodes.get(usize::from(node)).copied().unwrap_or(0);
            EndFlow {
                terminal,
                node: number,
                kw: s.re * kilo,
                kvar: s.im * kilo,
                current_a: i.norm() * self.amperes(bus),
            }
        };
        conductors.zip(currents).map(flow).collect()
    }

    /// A line or transformer from its first end to its second.
    fn way(&self, element: &Element, flows: &[EndFlow], buses: &[BusView]) -> LineView {
        let mut view = LineView::default();
        let first = || flows.iter().filter(|f| f.terminal == 0);
        view.kw = first().map(|f| f.kw).sum();
        view.kvar = first().map(|f| f.kvar).sum();
        view.loss_kw = flows.iter().map(|f| f.kw).sum();
        view.current_a = flows.iter().map(|f| f.current_a).fold(0.0, f64::max);
        view.live = element.in_service && element.terminals.iter().any(|t| buses[t.bus as usize].live);
        if element.rating > 0.0 {
            view.loading = match self.network.representation {
                Representation::Phases => view.current_a / element.rating,
                Representation::Balanced => {
                    let end = |t: u8| {
                        let of = || flows.iter().filter(move |f| f.terminal == t);
                        Complex::new(of().map(|f| f.kw).sum(), of().map(|f| f.kvar).sum()).norm()
                    };
                    end(0).max(end(1)) / (element.rating * self.network.va_per_unit / 1e3)
                }
            };
        }
        for flow in first() {
            let share = if self.network.representation == Representation::Balanced { 1.0 / 3.0 } else { 1.0 };
            for phase in phases_of(self.network, flow.node) {
                view.phases[phase] =
                    PhaseView { kw: flow.kw * share, kvar: flow.kvar * share, current_a: flow.current_a };
            }
        }
        view
    }

    /// What each load really injects, kW and kvar.
    fn load_powers(&self) -> Vec<Complex> {
        let mut powers = vec![Complex::ZERO; self.network.loads.len()];
        for injection in &self.network.injections {
            if !self.network.loads.get(injection.load as usize).is_some_and(|l| l.in_service) {
                continue;
            }
            let u = self.voltage(injection.bus, injection.plus) - self.voltage(injection.bus, injection.minus);
            if !u.is_zero() {
                let factor = scale_of(injection, self.scale) * self.network.va_per_unit / 1e3;
                powers[injection.load as usize] += injection.power(u) * factor;
            }
        }
        powers
    }

    /// Reactive power of each generator that holds its voltage: what the elements at its bus take beyond what the loads
    /// there give, in equal parts (Kirchhoff's law). 0 at the ends of switches, whose currents are not known here.
    fn held_kvar(&self, flows: &[Vec<EndFlow>], loads: &[Complex]) -> Vec<f64> {
        let network = self.network;
        let mut taken = vec![0.0; network.buses.len()];
        let mut number = vec![0.0_f64; network.buses.len()];
        for (element, flows) in network.elements.iter().zip(flows) {
            for flow in flows {
                taken[element.terminals[usize::from(flow.terminal)].bus as usize] += flow.kvar;
            }
        }
        for (power, (_, bus)) in loads.iter().zip(load_powers(network)) {
            if let Some(bus) = bus {
                taken[bus as usize] -= power.im;
            }
        }
        network.generators.iter().filter(|g| g.in_service).for_each(|g| number[g.bus as usize] += 1.0);
        network.joints.iter().flat_map(|j| [j.a, j.b]).for_each(|b| taken[b as usize] = 0.0);
        network.generators.iter().map(|g| taken[g.bus as usize] / number[g.bus as usize].max(1.0)).collect()
    }

    fn device(
        &self,
        behind: Behind,
        bus: BusId,
        flows: &[Vec<EndFlow>],
        loads: &[Complex],
        held: &[f64],
        buses: &[BusView],
    ) -> DeviceView {
        let (kw, kvar, on) = match behind {
            Behind::Element(e) => {
                let (element, flows) = (&self.network.elements[e as usize], &flows[e as usize]);
                let sum = |of: fn(&EndFlow) -> f64| flows.iter().map(of).sum::<f64>();
                (-sum(|f| f.kw), -sum(|f| f.kvar), element.in_service)
            }
            Behind::Load(l) => {
                let s = loads[l as usize];
                (s.re, s.im, self.network.loads[l as usize].in_service)
            }
            Behind::Generator(g) => {
                let generator = &self.network.generators[g as usize];
                (generator.p * self.network.va_per_unit / 1e3, held[g as usize], generator.in_service)
            }
        };
        let live = buses.get(bus.index()).is_some_and(|b| b.live);
        let status = if on && live { DeviceStatus::On } else { DeviceStatus::Off };
        let (kw, kvar) = if status == DeviceStatus::On { (kw, kvar) } else { (0.0, 0.0) };
        DeviceView { kw, kvar, available_kw: kw, status, ..DeviceView::default() }
    }
}

/// The lever's factor on an injection: it is for what is consumed; generators stay as they are.
pub(super) fn scale_of(injection: &Injection, scale: f64) -> f64 {
    if injection.s.re > 0.0 { 1.0 } else { scale }
}
