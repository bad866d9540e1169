//! Carbon: footprints by two methods, what storages carry over, credits.
//!
//! `footprint` shares an hour's emissions among those who took its energy; `stored` keeps what went into a storage until
//! it comes out; `credit` turns surrendered certificates into credits; `books` holds it all for a community that runs. All in exact milligrams: Wh times g/kWh.

mod books;
mod credit;
mod footprint;
mod stored;
#[cfg(test)]
mod tests;

pub use books::{Behind, CarbonBooks, CarbonRow, Flow, Today, Uses};
pub use credit::{CreditHour, CreditReport, CreditRules, compute_credits};
pub use footprint::{CarbonError, Consumer, Footprint, HourFootprints, Supply, compute_footprints, to_grams};
pub use stored::StoredCarbon;
