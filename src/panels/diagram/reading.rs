//! What the snapshot says of a way of the drawing: power, state, colour.

use super::super::data::PanelData;
use super::super::{numbers, theme};
use super::drawing::Edge;
use crate::overlay::{Overlay, VOLTAGE_SCALE_PU, scale_color};
use crate::palette;
use bevy_egui::egui::{Color32, Ui};
use sim_core::ids::{BusId, Subject};
use sim_core::snapshot::LineView;

/// From this share of the rating on a line is heavily loaded.
const HEAVY: f64 = 0.8;
/// Power below which no direction is shown, kW.
const STILL_KW: f64 = 0.03;

/// How a way is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Reading {
    /// From its start to its end, kW.
    pub kw: f64,
    pub loading: f64,
    pub live: bool,
    /// A switch that lets current pass; lines always do.
    pub closed: bool,
    pub fault_at: Option<f64>,
    pub broken: bool,
    pub isolated: bool,
}

impl Reading {
    fn of(view: &LineView) -> Self {
        Self {
            kw: view.kw,
            loading: view.loading,
            live: view.live,
            closed: true,
            fault_at: view.fault_at,
            broken: view.broken,
            isolated: view.isolated,
        }
    }

    /// Power runs along it, in this direction.
    pub(super) fn direction(&self) -> Option<f64> {
        (self.live && self.closed && self.kw.abs() > STILL_KW).then(|| self.kw.signum())
    }
}

/// The reading of a way.
pub(super) fn read(data: &PanelData<'_>, edge: &Edge) -> Reading {
    let view = |subject: Subject| match subject {
        Subject::Line(i) => data.now.lines.get(i.index()),
        Subject::Transformer(i) => data.now.transformers.get(i.index()),
        _ => None,
    };
    if let Some(view) = view(edge.subject) {
        return Reading::of(view);
    }
    let mut reading =
        Reading { kw: 0.0, loading: 0.0, live: false, closed: true, fault_at: None, broken: false, isolated: false };
    if let Subject::Switch(i) = edge.subject {
        reading.closed = data.now.switches.get(i.index()).is_some_and(|s| s.closed);
        let ends = data.scene.switch_bus.get(i.index());
        reading.live = ends.is_some_and(|e| e.iter().all(|b| is_live(data, *b)));
        if let Some((view, sign)) = edge.series.and_then(|(s, sign)| Some((view(s)?, sign))) {
            reading.kw = if reading.closed { view.kw * sign } else { 0.0 };
            reading.loading = view.loading;
        }
    }
    reading
}

/// A bus has voltage.
pub(super) fn is_live(data: &PanelData<'_>, bus: BusId) -> bool {
    data.now.buses.get(bus.index()).is_some_and(|b| b.live)
}

/// Colours of the diagram.
pub(super) struct Colors {
    pub ground: Color32,
    pub dead: Color32,
    pub healthy: Color32,
    pub heavy: Color32,
    pub fault: Color32,
    pub text: Color32,
    pub weak: Color32,
}

impl Colors {
    pub(super) fn new(ui: &Ui) -> Self {
        Self {
            ground: ui.visuals().extreme_bg_color,
            dead: theme::rgb(palette::GRID),
            healthy: theme::rgb(palette::HEALTHY),
            heavy: theme::rgb(palette::HEAVY),
            fault: theme::fault(ui),
            text: ui.visuals().strong_text_color(),
            weak: ui.visuals().weak_text_color(),
        }
    }

    /// Of a way: the layer's, or what its loading says.
    pub(super) fn way(&self, data: &PanelData<'_>, overlay: Overlay, subject: Subject, r: &Reading) -> Color32 {
        if !r.live {
            return self.dead;
        }
        if let Some(share) = overlay.share(data.scene, data.now, subject) {
            return theme::rgb(scale_color(share));
        }
        match r.loading {
            x if x > 1.0 => self.fault,
            x if x >= HEAVY => self.heavy,
            _ => self.healthy,
        }
    }

    /// Of a bus: the layer's, or whether its voltage is within limits.
    pub(super) fn bus(&self, data: &PanelData<'_>, overlay: Overlay, bus: BusId) -> Color32 {
        let Some(view) = data.now.buses.get(bus.index()).filter(|b| b.live) else { return self.dead };
        if let Some(share) = overlay.bus_share(view) {
            return theme::rgb(scale_color(share));
        }
        let band = VOLTAGE_SCALE_PU.0..=VOLTAGE_SCALE_PU.1;
        let good = view.voltage_pu.iter().filter(|v| **v > 0.0).all(|v| band.contains(v));
        if good { self.text } else { self.fault }
    }
}

/// Power in as few characters as say enough.
pub(super) fn short(kw: f64) -> String {
    let (value, unit) = if kw.abs() >= 1000.0 { (kw / 1000.0, "M") } else { (kw, "") };
    format!("{}{unit}", numbers::number(value, usize::from(value.abs() < 9.95)))
}
