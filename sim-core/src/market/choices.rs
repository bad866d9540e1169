//! What people decide for a household instead of its agent: its bid, and whom it prefers to deal with.

use super::exchange::{ENERGY_LIMIT, Market, PRICE_LIMIT};
use super::mechanism::{Party, Preference};
use super::{MarketError, Situation, UserBid, agents};
use crate::ids::ParticipantId;
use crate::quantity::{Price, Wh};

impl Market {
    /// Whom a participant prefers to deal with.
    #[must_use]
    pub fn preference(&self, participant: ParticipantId) -> Preference {
        let chosen = self.preferences.get(&participant).copied();
        chosen.unwrap_or_else(|| agents::draw_preference(participant, self.parameters.seed))
    }

    /// Changes that; returns what it was.
    pub fn set_preference(&mut self, participant: ParticipantId, to: Preference) -> Preference {
        let from = self.preference(participant);
        self.preferences.insert(participant, to);
        from
    }

    /// The bid the user makes for a participant, if any.
    #[must_use]
    pub fn user_bid(&self, participant: ParticipantId) -> Option<UserBid> {
        self.user_bids.get(&participant).copied()
    }

    /// Takes over the bids of a participant, or gives them back with `None`. Fails on a negative or absurd bid.
    pub fn set_user_bid(&mut self, participant: ParticipantId, bid: Option<UserBid>) -> Result<(), MarketError> {
        let Some(bid) = bid else {
            self.user_bids.remove(&participant);
            return Ok(());
        };
        let quantity = bid.quantity.unwrap_or(Wh::ZERO);
        if quantity < Wh::ZERO {
            return Err(MarketError::NegativeQuantity { participant, quantity });
        }
        if quantity > ENERGY_LIMIT || bid.price > PRICE_LIMIT || bid.price < Price(-PRICE_LIMIT.0) {
            return Err(MarketError::Overflow { what: "a user's bid" });
        }
        self.user_bids.insert(participant, bid);
        Ok(())
    }

    /// What others may know of a participant.
    pub(super) fn party_of(&self, s: &Situation) -> Party {
        Party { place: s.place, green: s.green, preference: self.preference(s.participant) }
    }
}
