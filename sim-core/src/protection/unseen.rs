//! Why no relay sees a fault, in words with figures.
//!
//! A relay sees a fault when a quantity passes a setting of the group in force (see [`super::relay`]). For a fault
//! that none sees this names the relay on the fault's feeding path that comes nearest to one of its settings.

use super::relay::{Measured, Relays};
use crate::ids::SwitchId;
use crate::scene::schema::RelayGroup;

/// Resistance from which a fault counts as one of high resistance, ohm: at 230 V it then draws under 60 A.
const HIGH_RESISTANCE_OHM: f64 = 4.0;

/// What is known of the fault.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fault<'a> {
    /// A conductor broke and touches nothing.
    pub open_conductor: bool,
    /// Current into the fault, A.
    pub current_a: f64,
    /// Resistance of arc or contact, ohm.
    pub resistance_ohm: f64,
    /// Most current that the inverters of the island can feed, A; `None` where the grid feeds the fault.
    pub island_limit_a: Option<f64>,
    /// The faulty part has voltage.
    pub energised: bool,
    /// Closed breakers between the sources and the fault.
    pub path: &'a [SwitchId],
}

/// The reason why no relay on the path picks up with `measured` (index: switch); `None` if one does.
///
/// `name` gives a switch's name by its index.
#[must_use]
pub fn unseen_reason(
    name: &dyn Fn(usize) -> String,
    relays: &Relays,
    measured: &[Measured],
    fault: &Fault<'_>,
) -> Option<String> {
    if fault.path.iter().any(|s| relays.is_picked_up(*s)) {
        return None;
    }
    if fault.open_conductor {
        return Some("an open conductor carries no fault current; only the voltages beyond it change".into());
    }
    if !fault.energised {
        return Some("the faulty part has no voltage, so nothing feeds the fault".into());
    }
    let island = fault.island_limit_a.is_some();
    let reading = |s: SwitchId| measured.get(s.index()).copied().unwrap_or_default();
    let nearness = |s: SwitchId, g: &RelayGroup| {
        let m = reading(s);
        (m.current_a() / g.phase_a).max(m.residual_a / g.earth_a)
    };
    let on_path = fault.path.iter().filter_map(|s| Some((*s, relays.group(*s, island)?)));
    let Some((switch, group)) = on_path.max_by(|a, b| nearness(a.0, a.1).total_cmp(&nearness(b.0, b.1))) else {
        return Some(format!("no relay stands between the sources and the fault ({:.0} A)", fault.current_a));
    };
    let m = reading(switch);
    let mut reason = format!(
        "fault current {:.0} A is below every pickup: {}, the nearest to it, measures {:.0} A (setting {:.0} A), \
         residual {:.0} A (setting {:.0} A)",
        fault.current_a,
        name(switch.index()),
        m.current_a(),
        group.phase_a,
        m.residual_a,
        group.earth_a
    );
    if fault.resistance_ohm >= HIGH_RESISTANCE_OHM {
        reason.push_str(&format!("; the fault's resistance is high, {:.1} ohm", fault.resistance_ohm));
    }
    if let Some(limit_a) = fault.island_limit_a {
        reason.push_str(&format!("; in the island the inverters are limited to {limit_a:.0} A"));
        if let Some(setting_pu) = group.under_voltage_pu {
            let lowest_pu = m.lowest_pu();
            reason.push_str(&format!(", and the lowest voltage is {lowest_pu:.2} pu (setting {setting_pu:.2} pu)"));
        }
    }
    Some(reason)
}
