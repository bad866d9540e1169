//! Controls of taps and capacitor banks as plain data: what a file says of them. `powerflow` runs them.

use super::elements::{Capacitor, Transformer};

/// A transformer whose inputs are known, so that a tap can move later.
#[derive(Clone, Debug, PartialEq)]
pub struct TappedTransformer {
    /// Its element, an index into [`Network::elements`](super::Network::elements).
    pub element: u32,
    /// Its inputs; [`Transformer::admittance`] gives the element's matrix for other taps.
    pub data: Transformer,
}

/// Where a control measures voltage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Monitored {
    /// Bus.
    pub bus: u32,
    /// Position of the node within the bus.
    pub node: u8,
}

/// How a regulator treats power that flows backwards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reverse {
    /// Voltage to hold, in volts on the secondary side of the voltage transformer.
    pub v_reg: f64,
    /// Width of the band around it.
    pub band: f64,
    /// Line-drop compensation, volts at the rated primary current.
    pub r: f64,
    /// Its reactive part.
    pub x: f64,
    /// Power backwards that counts as reverse, in kW.
    pub threshold_kw: f64,
    /// Time it must last, in s.
    pub delay_s: f64,
    /// Goes to the neutral tap instead of regulating.
    pub neutral: bool,
}

/// A tap changer's control: it holds the voltage at one winding within a band.
#[derive(Clone, Debug, PartialEq)]
pub struct Regulator {
    /// Its name in the file (`RegControl.creg1a`).
    pub name: String,
    /// Index into [`Network::transformers`](super::Network::transformers).
    pub transformer: u32,
    /// Winding whose voltage and current it measures, from 0.
    pub winding: usize,
    /// Winding whose tap it moves, from 0.
    pub tap_winding: usize,
    /// Voltage to hold, in volts on the secondary side of the voltage transformer.
    pub v_reg: f64,
    /// Width of the band around it, in volts.
    pub band: f64,
    /// Ratio of the voltage transformer.
    pub pt_ratio: f64,
    /// Rated primary current of the current transformer, in A; at it the compensation is `r`, `x` volts.
    pub ct_primary_a: f64,
    /// Line-drop compensation, resistive part, in volts.
    pub r: f64,
    /// Its reactive part, in volts.
    pub x: f64,
    /// Phase of the winding it measures, from 0; of the phases, the largest or the least voltage with [`PhaseChoice`].
    pub phase: PhaseChoice,
    /// A bus elsewhere that it measures instead, with its own voltage transformer's ratio.
    pub monitored: Option<(Monitored, f64)>,
    /// Time out of the band before the first step, in s.
    pub delay_s: f64,
    /// Time from step to step, in s.
    pub tap_delay_s: f64,
    /// Steps at most in one action; 0 holds the tap.
    pub max_tap_change: u32,
    /// The delay is shorter the farther the voltage is out.
    pub inverse_time: bool,
    /// Voltage at the transformer that must not be passed, in secondary volts; 0: none.
    pub v_limit: f64,
    /// Power that flows backwards.
    pub reverse: Option<Reverse>,
    /// Takes part.
    pub enabled: bool,
}

/// Which phase a control looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhaseChoice {
    /// A phase, from 0.
    Phase(usize),
    /// The mean of all.
    Average,
    /// The one with the largest value.
    Largest,
    /// The one with the least.
    Least,
}

/// What a capacitor control measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CapacitorRule {
    /// Voltage on the secondary side of its voltage transformer.
    Voltage,
    /// Current on the secondary side of its current transformer.
    Current,
    /// Reactive power in kvar.
    Kvar,
    /// Hour of the day.
    Time,
    /// Power factor.
    PowerFactor,
}

/// A capacitor bank with a control that switches its steps.
#[derive(Clone, Debug, PartialEq)]
pub struct SwitchedBank {
    /// The control's name in the file (`CapControl.c1`).
    pub name: String,
    /// The bank's element, an index into [`Network::elements`](super::Network::elements).
    pub element: u32,
    /// The bank's inputs with the steps that are closed; [`Capacitor::admittance`] gives the element's matrix.
    pub capacitor: Capacitor,
    /// What it measures.
    pub rule: CapacitorRule,
    /// Value at which it closes.
    pub on: f64,
    /// Value at which it opens.
    pub off: f64,
    /// Delay before it closes, in s.
    pub delay_s: f64,
    /// Delay before it opens, in s.
    pub delay_off_s: f64,
    /// Time after opening during which it must not close again, in s.
    pub dead_time_s: f64,
    /// Ratio of the voltage transformer.
    pub pt_ratio: f64,
    /// Ratio of the current transformer.
    pub ct_ratio: f64,
    /// Element it measures at, an index into [`Network::elements`](super::Network::elements).
    pub at_element: u32,
    /// Terminal of that element, from 0.
    pub at_terminal: usize,
    /// Phase of the current it measures.
    pub ct_phase: PhaseChoice,
    /// Phase of the voltage it measures.
    pub pt_phase: PhaseChoice,
    /// A bus elsewhere whose voltage counts for the override.
    pub monitored: Option<u32>,
    /// Voltages (secondary side) below which it closes and above which it opens whatever the rule says.
    pub v_override: Option<[f64; 2]>,
    /// Takes part.
    pub enabled: bool,
}
