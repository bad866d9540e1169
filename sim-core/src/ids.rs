//! Identifiers: indices into the lists of a [`Scene`](crate::scene::Scene), one type each.

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u32);
        impl $name {
            /// As an index.
            #[must_use]
            pub fn index(self) -> usize { self.0 as usize }
            /// From an index.
            #[must_use]
            pub fn new(index: usize) -> Self {
                #[expect(clippy::cast_possible_truncation, reason = "scenes hold far fewer than 2^32 things")]
                Self(index as u32)
            }
        }
    )+};
}

id!(
    /// A bus (node of the network).
    BusId,
    /// A line or cable.
    LineId,
    /// A transformer.
    TransformerId,
    /// A switch or circuit breaker.
    SwitchId,
    /// A building.
    BuildingId,
    /// A generator, storage or charger.
    DeviceId,
    /// A communication gateway.
    GatewayId,
    /// A validator of the chain.
    ValidatorId,
    /// A market participant: each building, then each device with a meter of its own, then the grid.
    ParticipantId,
);

/// Identifier of an event, ascending from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(pub u64);

/// Anything of a scene that can be named, clicked, or stand in an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Subject {
    /// The community as a whole.
    Community,
    /// The grid beyond the point of common coupling.
    Grid,
    /// A bus.
    Bus(BusId),
    /// A line or cable.
    Line(LineId),
    /// A transformer.
    Transformer(TransformerId),
    /// A switch or breaker.
    Switch(SwitchId),
    /// A building.
    Building(BuildingId),
    /// A device.
    Device(DeviceId),
    /// A communication gateway.
    Gateway(GatewayId),
    /// A validator.
    Validator(ValidatorId),
    /// The market.
    Market,
    /// The chain.
    Chain,
    /// The weather.
    Weather,
}
