//! Cross-sections of overhead lines: wires, their places, and which of them are phases.

use super::Builder;
use super::line_code::MOST_CONDUCTORS;
use crate::network::elements::{EarthModel, Overhead, Wire};
use crate::network::import::opendss::store::{Object, Setting};
use crate::network::import::opendss::value;

/// A cross-section.
pub(super) struct Section {
    wires: Vec<Wire>,
    /// Conductors that the line keeps; the others are neutrals at earth.
    pub(super) keep: usize,
    /// Rated current in A.
    pub(super) rating: f64,
}

impl Section {
    pub(super) fn overhead(&self, earth: EarthModel, rho: f64) -> Overhead {
        Overhead { wires: self.wires.clone(), earth, rho }
    }
}

/// A wire's data without its place.
struct Kind {
    rac: f64,
    rdc: f64,
    gmr: f64,
    radius: f64,
    cap_radius: f64,
    rating: f64,
}

/// A conductor of a geometry while its settings are replayed.
#[derive(Clone, Default)]
struct Conductor {
    wire: Option<usize>,
    x: f64,
    height: f64,
    /// Metres of the unit of its place.
    units: Option<Option<f64>>,
}

/// Feet, the unit of a geometry that names none.
const FOOT: Option<f64> = Some(0.3048);

impl Builder<'_> {
    /// The cross-section of a `LineGeometry`.
    pub(super) fn geometry(&mut self, index: usize) -> Option<Section> {
        let object = &self.store.objects[index];
        let mut conductors = vec![Conductor::default(); 3];
        let (mut phases, mut reduce, mut active, mut last_unit, mut rating) = (3, false, 0, FOOT, None);
        for (property, setting) in object.replay() {
            match property {
                "nconds" => {
                    if let Some(n) = self.notes.count(setting, 1, MOST_CONDUCTORS) {
                        conductors = vec![Conductor::default(); n];
                        (active, last_unit) = (0, FOOT);
                    }
                }
                "nphases" => phases = self.notes.count(setting, 1, MOST_CONDUCTORS).unwrap_or(phases),
                "cond" => {
                    active = self.notes.count(setting, 1, conductors.len()).map_or(active, |n| n - 1);
                    conductors[active].units.get_or_insert(last_unit);
                }
                "wire" => conductors[active].wire = self.named("WireData", setting),
                "x" => self.notes.set(setting, &mut conductors[active].x),
                "h" => self.notes.set(setting, &mut conductors[active].height),
                "units" => {
                    last_unit = self.notes.take(setting, value::metres(&setting.text)).unwrap_or(last_unit);
                    conductors[active].units = Some(last_unit);
                }
                "reduce" => reduce = self.notes.flag(setting).unwrap_or(reduce),
                "normamps" => rating = self.notes.number(setting),
                "wires" => self.geometry_wires(setting, &mut conductors),
                "spacing" => self.geometry_spacing(setting, &mut conductors),
                "cncable" | "tscable" | "cncables" | "tscables" => {
                    let message =
                        format!("{property}: cables by their cross-section are not modelled; give a line code");
                    self.notes.fault(setting.at, message);
                }
                _ => {}
            }
        }
        let keep = if reduce { phases.min(conductors.len()) } else { conductors.len() };
        self.section(object, &conductors, keep, rating)
    }

    fn geometry_wires(&mut self, setting: &Setting, conductors: &mut [Conductor]) {
        let names = value::words(&setting.text);
        if names.len() != conductors.len() {
            let (have, want) = (names.len(), conductors.len());
            return self.notes.fault(setting.at, format!("{have} wires for {want} conductors"));
        }
        for (c, name) in conductors.iter_mut().zip(names) {
            c.wire = self.named_text("WireData", name, setting.at);
        }
    }

    fn geometry_spacing(&mut self, setting: &Setting, conductors: &mut [Conductor]) {
        let Some(index) = self.named("LineSpacing", setting) else { return };
        let (places, _) = self.places(index);
        if places.len() != conductors.len() {
            let (have, want) = (places.len(), conductors.len());
            return self.notes.fault(setting.at, format!("a spacing of {have} conductors for {want}"));
        }
        for (c, place) in conductors.iter_mut().zip(places) {
            *c = Conductor { wire: c.wire, ..place };
        }
    }

    /// Places of a `LineSpacing` and its number of phases.
    fn places(&mut self, index: usize) -> (Vec<Conductor>, usize) {
        let object = &self.store.objects[index];
        let mut places = vec![Conductor::default(); 3];
        let (mut phases, mut units) = (3, FOOT);
        for (property, setting) in object.replay() {
            match property {
                "nconds" => {
                    let n = self.notes.count(setting, 1, MOST_CONDUCTORS).unwrap_or(places.len());
                    places.resize(n, Conductor::default());
                }
                "nphases" => phases = self.notes.count(setting, 1, MOST_CONDUCTORS).unwrap_or(phases),
                "x" | "h" => {
                    for (place, value) in places.iter_mut().zip(self.notes.list(setting).unwrap_or_default()) {
                        *(if property == "x" { &mut place.x } else { &mut place.height }) = value;
                    }
                }
                "units" => units = self.notes.take(setting, value::metres(&setting.text)).unwrap_or(units),
                _ => {}
            }
        }
        places.iter_mut().for_each(|p| p.units = Some(units));
        (places, phases)
    }

    /// The cross-section of a line's spacing and wires.
    pub(super) fn spacing(&mut self, line: &Object, index: usize, wires: Option<&Setting>) -> Option<Section> {
        let (mut places, phases) = self.places(index);
        let Some(wires) = wires else {
            self.notes.fault(line.at, format!("{} has a spacing and no wires", line.full_name()));
            return None;
        };
        self.geometry_wires(wires, &mut places);
        let keep = phases.min(places.len());
        self.section(line, &places, keep, None)
    }

    fn section(
        &mut self,
        owner: &Object,
        conductors: &[Conductor],
        keep: usize,
        rating: Option<f64>,
    ) -> Option<Section> {
        let mut wires = Vec::new();
        let mut first_rating = 0.0;
        for (k, c) in conductors.iter().enumerate() {
            let Some(index) = c.wire else {
                let name = owner.full_name();
                self.notes.fault(owner.at, format!("{name}: conductor {} has no wire", k + 1));
                return None;
            };
            let kind = self.wire(index)?;
            if k == 0 {
                first_rating = kind.rating.max(0.0);
            }
            let metres = c.units.unwrap_or(FOOT).unwrap_or(1.0);
            if c.height <= 0.0 {
                let name = owner.full_name();
                self.notes.fault(owner.at, format!("{name}: conductor {} has no height above the earth (h)", k + 1));
                return None;
            }
            wires.push(Wire {
                x: c.x * metres,
                height: c.height * metres,
                rac: kind.rac,
                rdc: kind.rdc,
                gmr: kind.gmr,
                radius: kind.radius,
                cap_radius: kind.cap_radius,
            });
        }
        Some(Section { wires, keep, rating: rating.unwrap_or(first_rating) })
    }

    /// A `WireData`; what it does not give follows from what it gives.
    fn wire(&mut self, index: usize) -> Option<Kind> {
        /// Geometric mean radius of a round wire over its radius.
        const ROUND: f64 = 0.7788;
        /// Resistance at power frequency over that to direct current.
        const AC_OVER_DC: f64 = 1.02;
        let object = &self.store.objects[index];
        let (mut rac, mut rdc, mut gmr, mut radius, mut cap, mut rating) = (None, None, None, None, None, 0.0);
        let (mut r_units, mut gmr_units, mut rad_units) = (None, None, None);
        for (property, setting) in object.replay() {
            let mut number = || self.notes.number(setting);
            match property {
                "rdc" => {
                    rdc = number();
                    rac = rac.or(rdc.map(|r| r * AC_OVER_DC));
                }
                "rac" => {
                    rac = number();
                    rdc = rdc.or(rac.map(|r| r / AC_OVER_DC));
                }
                "gmrac" => {
                    gmr = number();
                    radius = radius.or(gmr.map(|g| g / ROUND));
                }
                "radius" | "diam" => {
                    radius = number().map(|r| if property == "diam" { r / 2.0 } else { r });
                    gmr = gmr.or(radius.map(|r| r * ROUND));
                    cap = cap.or(radius);
                }
                "capradius" => cap = number(),
                "runits" => r_units = self.notes.take(setting, value::metres(&setting.text)).flatten(),
                "gmrunits" => {
                    gmr_units = self.notes.take(setting, value::metres(&setting.text)).flatten();
                    rad_units = rad_units.or(gmr_units);
                }
                "radunits" => {
                    rad_units = self.notes.take(setting, value::metres(&setting.text)).flatten();
                    gmr_units = gmr_units.or(rad_units);
                }
                "normamps" => rating = number().unwrap_or(rating),
                _ => {}
            }
        }
        let metres = |units: Option<f64>| units.unwrap_or(1.0);
        match (rac, rdc, gmr, radius) {
            (Some(rac), Some(rdc), Some(gmr), Some(radius)) if rac > 0.0 && rdc > 0.0 && gmr > 0.0 && radius > 0.0 => {
                Some(Kind {
                    rac: rac / metres(r_units),
                    rdc: rdc / metres(r_units),
                    gmr: gmr * metres(gmr_units),
                    radius: radius * metres(rad_units),
                    cap_radius: cap.filter(|c| *c > 0.0).unwrap_or(radius) * metres(rad_units),
                    rating,
                })
            }
            _ => {
                let name = object.full_name();
                self.notes
                    .fault(object.at, format!("{name}: expected a resistance and a radius above 0 (rac, gmrac, diam)"));
                None
            }
        }
    }
}
