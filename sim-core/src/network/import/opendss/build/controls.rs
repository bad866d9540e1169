//! Controls of taps and capacitor banks.

use super::Builder;
use crate::network::control::{CapacitorRule, Monitored, PhaseChoice, Regulator, Reverse, SwitchedBank};
use crate::network::import::opendss::class::{class, known};
use crate::network::import::opendss::store::{Object, Setting};
use crate::network::import::opendss::value::short;

impl Builder<'_> {
    /// All controls, once the elements they act on are there.
    pub(super) fn controls(&mut self) {
        let store = self.store;
        for (_, object) in store.of(known("RegControl")) {
            if let Some(regulator) = self.regulator(object) {
                self.net.regulators.push(regulator);
            }
        }
        for (_, object) in store.of(known("CapControl")) {
            if let Some(bank) = self.switched_bank(object) {
                self.net.switched_banks.push(bank);
            }
        }
    }

    fn regulator(&mut self, object: &Object) -> Option<Regulator> {
        let mut r = Regulator {
            name: object.full_name(),
            transformer: 0,
            winding: 0,
            tap_winding: 0,
            v_reg: 120.0,
            band: 3.0,
            pt_ratio: 60.0,
            ct_primary_a: 300.0,
            r: 0.0,
            x: 0.0,
            phase: PhaseChoice::Phase(0),
            monitored: None,
            delay_s: 15.0,
            tap_delay_s: 2.0,
            max_tap_change: 16,
            inverse_time: false,
            v_limit: 0.0,
            reverse: None,
            enabled: self.notes.enabled(object),
        };
        let mut reverse =
            Reverse { v_reg: 120.0, band: 3.0, r: 0.0, x: 0.0, threshold_kw: 100.0, delay_s: 60.0, neutral: false };
        let (mut transformer, mut bus, mut remote_ratio, mut tap_number) = (None, None, None, None);
        let mut reversible = false;
        for (property, setting) in object.replay() {
            match property {
                "transformer" => transformer = Some(setting),
                "winding" => {
                    r.winding = self.notes.count(setting, 1, 12)? - 1;
                    r.tap_winding = r.winding;
                }
                "tapwinding" => r.tap_winding = self.notes.count(setting, 1, 12)? - 1,
                "vreg" => self.notes.set(setting, &mut r.v_reg),
                "band" => self.notes.set(setting, &mut r.band),
                "ptratio" => self.notes.set_positive(setting, "a ratio", &mut r.pt_ratio),
                "ctprim" => self.notes.set_positive(setting, "a rated current", &mut r.ct_primary_a),
                "r" => self.notes.set(setting, &mut r.r),
                "x" => self.notes.set(setting, &mut r.x),
                "bus" => bus = Some(setting),
                "delay" => self.notes.set(setting, &mut r.delay_s),
                "tapdelay" => self.notes.set(setting, &mut r.tap_delay_s),
                "maxtapchange" => r.max_tap_change = self.notes.count(setting, 0, 1000)? as u32,
                "inversetime" => r.inverse_time = self.notes.flag(setting)?,
                "vlimit" => self.notes.set(setting, &mut r.v_limit),
                "ptphase" => r.phase = self.phase_choice(setting)?,
                "remoteptratio" => remote_ratio = self.notes.number(setting),
                "tapnum" => tap_number = self.notes.number(setting).map(|x| (x, setting)),
                "reversible" => reversible = self.notes.flag(setting)?,
                "revvreg" => self.notes.set(setting, &mut reverse.v_reg),
                "revband" => self.notes.set(setting, &mut reverse.band),
                "revr" => self.notes.set(setting, &mut reverse.r),
                "revx" => self.notes.set(setting, &mut reverse.x),
                "revthreshold" => self.notes.set(setting, &mut reverse.threshold_kw),
                "revdelay" => self.notes.set(setting, &mut reverse.delay_s),
                "revneutral" => reverse.neutral = self.notes.flag(setting)?,
                "ldc_z" | "rev_z" | "cogen" => {
                    self.notes.leave_out(setting.at, format!("{property}: the control works without it"));
                }
                _ => {}
            }
        }
        r.reverse = reversible.then_some(reverse);
        let transformer = transformer.or_else(|| {
            self.notes.fault(object.at, format!("{}: it names no transformer", object.full_name()));
            None
        })?;
        let index = self.named("Transformer", transformer)?;
        let element = *self.elements.get(&index)?;
        let Some(place) = self.net.transformers.iter().position(|t| t.element == element) else {
            self.notes.leave_out(object.at, format!("{}: its transformer is opened", object.full_name()));
            return None;
        };
        r.transformer = place as u32;
        let windings = self.net.transformers[place].data.windings.len();
        if r.winding.max(r.tap_winding) >= windings {
            let have = r.winding.max(r.tap_winding) + 1;
            self.notes.fault(object.at, format!("{}: winding {have} of a transformer with {windings}", r.name));
            return None;
        }
        if let Some((number, setting)) = tap_number {
            self.set_tap(place, r.tap_winding, number, setting);
        }
        if let Some(setting) = bus {
            r.monitored =
                self.monitored(setting).map(|at| (at, remote_ratio.filter(|x| *x > 0.0).unwrap_or(r.pt_ratio)));
        }
        Some(r)
    }

    /// Puts a transformer's tap to a position.
    fn set_tap(&mut self, transformer: usize, winding: usize, number: f64, setting: &Setting) {
        let own = &mut self.net.transformers[transformer];
        let w = &mut own.data.windings[winding];
        w.tap = ((w.max_tap + w.min_tap) / 2.0 + number.round() * w.tap_step()).clamp(w.min_tap, w.max_tap);
        match own.data.admittance() {
            Some(y) => self.net.elements[own.element as usize].y = y,
            None => self.notes.fault(setting.at, "tapnum: no such tap"),
        }
    }

    /// A bus and the node of it that is measured: the first one named, or its first.
    fn monitored(&mut self, setting: &Setting) -> Option<Monitored> {
        let text = setting.text.trim();
        let (name, node) =
            text.split_once('.').map_or((text, "1"), |(name, rest)| (name, rest.split('.').next().unwrap_or("1")));
        let Some(&bus) = self.buses.get(&name.to_lowercase()) else {
            self.notes.fault(setting.at, format!("there is no bus '{}'", short(name)));
            return None;
        };
        let nodes = &self.net.buses[bus as usize].nodes;
        let place = node.parse::<u8>().ok().and_then(|n| nodes.binary_search(&n).ok());
        match place {
            Some(k) => Some(Monitored { bus, node: k as u8 }),
            None => {
                self.notes.fault(setting.at, format!("bus '{}' has no node '{}'", short(name), short(node)));
                None
            }
        }
    }

    fn phase_choice(&mut self, setting: &Setting) -> Option<PhaseChoice> {
        let text = setting.text.trim().to_ascii_lowercase();
        match text.as_str() {
            t if t.starts_with("max") => Some(PhaseChoice::Largest),
            t if t.starts_with("min") => Some(PhaseChoice::Least),
            t if t.starts_with("av") => Some(PhaseChoice::Average),
            _ => self.notes.count(setting, 1, 4).map(|n| PhaseChoice::Phase(n - 1)),
        }
    }

    fn switched_bank(&mut self, object: &Object) -> Option<SwitchedBank> {
        let (mut rule, mut at, mut terminal, mut capacitor) = (CapacitorRule::Current, None, 0, None);
        let (mut pt_ratio, mut ct_ratio, mut on, mut off) = (60.0, 60.0, 300.0, 200.0);
        let (mut delay, mut delay_off, mut dead, mut limits) = (15.0, 15.0, 300.0, [115.0, 126.0]);
        let (mut over, mut bus) = (false, None);
        let (mut ct_phase, mut pt_phase) = (PhaseChoice::Phase(0), PhaseChoice::Phase(0));
        for (property, setting) in object.replay() {
            match property {
                "element" => at = Some(setting),
                "terminal" => terminal = self.notes.count(setting, 1, 12)? - 1,
                "capacitor" => capacitor = Some(setting),
                "type" => rule = self.rule(setting)?,
                "ptratio" => self.notes.set_positive(setting, "a ratio", &mut pt_ratio),
                "ctratio" => self.notes.set_positive(setting, "a ratio", &mut ct_ratio),
                "onsetting" => self.notes.set(setting, &mut on),
                "offsetting" => self.notes.set(setting, &mut off),
                "delay" => self.notes.set(setting, &mut delay),
                "delayoff" => self.notes.set(setting, &mut delay_off),
                "deadtime" => self.notes.set(setting, &mut dead),
                "voltoverride" => over = self.notes.flag(setting)?,
                "vmin" => self.notes.set(setting, &mut limits[0]),
                "vmax" => self.notes.set(setting, &mut limits[1]),
                "ctphase" => ct_phase = self.phase_choice(setting)?,
                "ptphase" => pt_phase = self.phase_choice(setting)?,
                "vbus" => bus = Some(setting),
                _ => {}
            }
        }
        let (Some(at), Some(capacitor)) = (at, capacitor) else {
            self.notes
                .fault(object.at, format!("{}: it needs an element to measure at and a capacitor", object.full_name()));
            return None;
        };
        let bank = self.named("Capacitor", capacitor)?;
        let element = *self.elements.get(&bank)?;
        let store = self.store;
        Some(SwitchedBank {
            name: object.full_name(),
            element,
            capacitor: self.bank_data(&store.objects[bank])?,
            rule,
            on,
            off,
            delay_s: delay,
            delay_off_s: delay_off,
            dead_time_s: dead,
            pt_ratio,
            ct_ratio,
            at_element: self.measured_element(at)?,
            at_terminal: terminal,
            ct_phase,
            pt_phase,
            monitored: match bus {
                Some(setting) => Some(self.monitored(setting)?.bus),
                None => None,
            },
            v_override: over.then_some(limits),
            enabled: self.notes.enabled(object),
        })
    }

    fn rule(&mut self, setting: &Setting) -> Option<CapacitorRule> {
        let text = setting.text.trim().to_ascii_lowercase();
        match text.chars().next() {
            Some('c') => Some(CapacitorRule::Current),
            Some('v') => Some(CapacitorRule::Voltage),
            Some('k') => Some(CapacitorRule::Kvar),
            Some('t') => Some(CapacitorRule::Time),
            Some('p') => Some(CapacitorRule::PowerFactor),
            _ => {
                let found = short(&text);
                self.notes.fault(setting.at, format!("'{found}'; expected current, voltage, kvar, time or pf"));
                None
            }
        }
    }

    /// The element that a `Class.name` means.
    fn measured_element(&mut self, setting: &Setting) -> Option<u32> {
        let found = setting.text.split_once('.').and_then(|(kind, name)| self.store.find(class(kind)?, name));
        let element = found.and_then(|index| self.elements.get(&index)).copied();
        if element.is_none() {
            let text = short(&setting.text);
            self.notes.fault(
                setting.at,
                format!("there is no line, transformer, capacitor or reactor '{text}' to measure at"),
            );
        }
        element
    }
}
