//! Protection: relays and their breakers, loss of mains, ride-through of units, load shedding, synchronising.
//!
//! Pure modules with plain inputs: whoever calls computes currents and voltages, executes the orders and notes
//! `SwitchOpened` and `SwitchClosed` when it does, with the order's event as cause.

pub mod fault_levels;
pub mod loss_of_mains;
pub mod relay;
pub mod ride_through;
pub mod shedding;
pub mod sync;
pub mod unseen;

use crate::ids::{EventId, SwitchId};
use serde::{Deserialize, Serialize};

/// An order to a breaker or switch, to be executed now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Which.
    pub switch: SwitchId,
    /// True closes, false opens.
    pub close: bool,
    /// The event that explains it.
    pub event: EventId,
}
