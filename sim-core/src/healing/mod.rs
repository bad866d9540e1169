//! Healing: locate the faulty section, cut it off, restore the rest, mend it, return to normal.

pub mod zones;

pub use zones::Zones;
