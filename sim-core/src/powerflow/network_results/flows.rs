//! Currents, powers, losses and loading of every element.

use crate::complex::Complex;
use crate::network::{Element, ElementKind, NODE_GROUND, Network, Representation};

/// Why power is lost in an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Current through its series impedance.
    Series,
    /// What a transformer takes without load: magnetising current and iron loss.
    NoLoad,
    /// Shunts: charging of lines, capacitors, reactors, bus shunts. Its reactive part is what they draw (negative:
    /// they feed).
    Shunt,
}

/// Losses by cause, in the network's unit of power.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Losses {
    /// In series impedances.
    pub series: Complex,
    /// Of transformers without load.
    pub no_load: Complex,
    /// In shunts.
    pub shunt: Complex,
}

impl Losses {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> Complex {
        self.series + self.no_load + self.shunt
    }

    /// Of one cause.
    #[must_use]
    pub fn of(&self, cause: Cause) -> Complex {
        match cause {
            Cause::Series => self.series,
            Cause::NoLoad => self.no_load,
            Cause::Shunt => self.shunt,
        }
    }

    fn add(&mut self, cause: Cause, s: Complex) {
        match cause {
            Cause::Series => self.series += s,
            Cause::NoLoad => self.no_load += s,
            Cause::Shunt => self.shunt += s,
        }
    }
}

/// Currents and powers of all elements; those out of service read zero.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Flows {
    currents: Vec<Complex>,
    powers: Vec<Complex>,
    first: Vec<[u32; 2]>,
    /// Losses of each element.
    pub losses: Vec<Losses>,
    /// Largest share of its rating that each element carries; 0 without a rating.
    pub loading: Vec<f64>,
}

impl Flows {
    /// Currents into an element, over the conductors of all its terminals.
    #[must_use]
    pub fn currents(&self, element: usize) -> &[Complex] {
        &self.currents[self.first[element][0] as usize..self.first[element + 1][0] as usize]
    }

    /// Power into an element at each terminal.
    #[must_use]
    pub fn powers(&self, element: usize) -> &[Complex] {
        &self.powers[self.first[element][1] as usize..self.first[element + 1][1] as usize]
    }

    /// Losses of all elements.
    #[must_use]
    pub fn total(&self) -> Losses {
        self.losses.iter().fold(Losses::default(), |mut sum, l| {
            sum.series += l.series;
            sum.no_load += l.no_load;
            sum.shunt += l.shunt;
            sum
        })
    }
}

/// The flows at given node voltages (numbered as [`Network::first_node`]).
#[must_use]
pub fn flows(net: &Network, voltages: &[Complex]) -> Flows {
    let first_node = net.first_node();
    let mut out = Flows::default();
    out.first.reserve_exact(net.elements.len() + 1);
    out.losses.reserve_exact(net.elements.len());
    out.loading.reserve_exact(net.elements.len());
    let mut v = Vec::new();
    for element in &net.elements {
        out.first.push([out.currents.len() as u32, out.powers.len() as u32]);
        element_voltages(element, &first_node, voltages, &mut v);
        let (i0, s0) = (out.currents.len(), out.powers.len());
        for row in element.y.chunks_exact(v.len().max(1)) {
            let i = row.iter().zip(&v).fold(Complex::ZERO, |sum, (y, v)| sum + *y * *v);
            out.currents.push(if element.in_service { i } else { Complex::ZERO });
        }
        let mut k = i0;
        for terminal in &element.terminals {
            let n = terminal.conductors().len();
            out.powers.push((0..n).fold(Complex::ZERO, |sum, j| sum + v[k - i0 + j] * out.currents[k + j].conj()));
            k += n;
        }
        let total = out.powers[s0..].iter().fold(Complex::ZERO, |sum, s| sum + *s);
        out.losses.push(if element.in_service { split(element, &v, total) } else { Losses::default() });
        let carried = match net.representation {
            Representation::Balanced => out.powers[s0..].iter().map(|s| s.norm()).fold(0.0, f64::max),
            Representation::Phases => out.currents[i0..].iter().map(|i| i.norm()).fold(0.0, f64::max),
        };
        out.loading.push(if element.rating > 0.0 { carried / element.rating } else { 0.0 });
    }
    out.first.push([out.currents.len() as u32, out.powers.len() as u32]);
    out
}

fn element_voltages(element: &Element, first_node: &[usize], voltages: &[Complex], out: &mut Vec<Complex>) {
    out.clear();
    for terminal in &element.terminals {
        let first = first_node[terminal.bus as usize];
        let at = |node: &u8| if *node == NODE_GROUND { Complex::ZERO } else { voltages[first + *node as usize] };
        out.extend(terminal.conductors().iter().map(at));
    }
}

/// The losses of an element by cause; `v` are the voltages of its conductors, `total` what it takes.
fn split(element: &Element, v: &[Complex], total: Complex) -> Losses {
    let mut out = Losses::default();
    let to_earth = match element.kind {
        ElementKind::Transformer => Cause::NoLoad,
        ElementKind::Line | ElementKind::Capacitor | ElementKind::Reactor | ElementKind::Shunt => Cause::Shunt,
    };
    let [a, b] = element.terminals.as_slice() else {
        out.add(if element.terminals.len() == 1 { to_earth } else { Cause::Series }, total);
        return out;
    };
    let (n, m) = (a.conductors().len(), b.conductors().len());
    let by_phases_transformer = element.kind == ElementKind::Transformer && (n > 1 || m > 1);
    if n != m || by_phases_transformer {
        out.add(Cause::Series, total);
        return out;
    }
    // The from side's voltage behind the tap: then both series entries are -ytf t.
    let input = |name: &str| element.inputs.iter().find(|i| i.name == name).map_or(0.0, |i| i.value);
    let (ratio, shift) = (input("ratio"), input("shift"));
    let t = Complex::from_polar(if ratio == 0.0 { 1.0 } else { ratio }, shift.to_radians());
    let series = (0..n).fold(Complex::ZERO, |sum, r| {
        let i = (0..n).fold(Complex::ZERO, |i, c| i - element.y[(n + r) * 2 * n + c] * t * (v[c] / t - v[n + c]));
        sum + (v[r] / t - v[n + r]) * i.conj()
    });
    out.add(Cause::Series, series);
    out.add(to_earth, total - series);
    out
}
