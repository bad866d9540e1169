//! From readings to green energy: what of an account's export may be certified.
//!
//! The chain knows the net import `i` and export `e` of a slot, not what happens behind the meter. A plant without a
//! storage exports only its own energy: all of `e` is green, up to the plant's rating in the hour. Behind a meter with a
//! storage of capacity `C`, energy from the network could have been charged and given back. The registry bounds that
//! grey content `g` from above (all import goes into the storage) and lets it go out first:
//!
//! ```text
//! g(0) = C;    each slot: out = min(e, g + i),   green = e - out,   g <- min(C, g + i - out)
//! ```
//!
//! Then, at every moment, the sum of green is at most what the plant has produced. Proof: with content `b`, production
//! `P` and certified `G`, `b <= g + P - G` and `G <= P` hold at the start and are kept by each slot: without the limit
//! both sides change alike (`b` grows by at most production + i - e); if `e > g + i` then `g = 0` and `b >= 0` gives
//! `G <= P`, else `G` stays; and where the limit holds, `b <= C = g`. A property test drives a simulated home.
//! Limits: the hour of such a certificate is that of the delivery to the network, which a storage may shift by its
//! content; a home that imports much certifies little, which a meter of its own for the plant would cure.

use super::entries::EntryKey;
use super::registry::Registry;
use super::types::{Facility, HourMeter, MAX_ENERGY};
use crate::quantity::Wh;

impl Registry {
    /// Takes a meter's counts of a slot; the chain has checked that it is the account's only one of that slot, that they
    /// come in order of slots, and that they lie within 0 to [`MAX_ENERGY`] (what does not is cut off there).
    pub fn process_reading(&mut self, account: u32, slot: u32, import: Wh, export: Wh) {
        let clip = |energy: Wh| energy.0.clamp(0, MAX_ENERGY.0);
        let (import, export) = (clip(import), clip(export));
        let hour = slot / self.get_rules().slots_per_hour.max(1);
        let before = self.get_meter(hour, account);
        let green = match self.get_facility(account) {
            Some(Facility::Plant(plant)) => match plant.storage {
                Some(capacity) => self.process_grey(account, capacity, import, export),
                None => export.min(plant.rated.0.saturating_sub(before.green.0)).max(0),
            },
            _ => 0,
        };
        if hour < self.get_first_hour() {
            return;
        }
        // A slot adds at most 1 GWh, an hour has finitely many slots: no sum comes near the end of 64 bits.
        let add = |sum: Wh, energy: i64| Wh(sum.0.saturating_add(energy));
        let meter = HourMeter {
            import: add(before.import, import),
            export: add(before.export, export),
            green: add(before.green, green),
            ..before
        };
        self.put_meter(hour, account, meter);
    }

    /// The green part of an export, with the bound on the grey content carried on.
    fn process_grey(&mut self, account: u32, capacity: Wh, import: i64, export: i64) -> i64 {
        let capacity = capacity.0.max(0);
        let grey = self.grey.get(&account).map_or(capacity, |g| g.0).saturating_add(import);
        let out = export.min(grey);
        let left = (grey - out).min(capacity);
        if self.grey.get(&account) != Some(&Wh(left)) {
            self.grey.change().insert(account, Wh(left));
            self.note(EntryKey::Grey(account));
        }
        export - out
    }
}
