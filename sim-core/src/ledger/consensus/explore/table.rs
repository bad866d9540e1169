//! The states that were seen, each with the one it came from: 24 to 32 bytes a state.
//!
//! An ordered map would take three times as much; nothing here depends on the order of the slots.

/// No state.
const NONE: u32 = u32::MAX;

/// States in the order in which they were found.
#[derive(Clone, Debug)]
pub(super) struct Table {
    states: Vec<u128>,
    parents: Vec<u32>,
    slots: Vec<u32>,
}

impl Table {
    pub(super) fn new() -> Self {
        Self { states: Vec::new(), parents: Vec::new(), slots: vec![NONE; 1 << 12] }
    }

    pub(super) fn len(&self) -> usize {
        self.states.len()
    }

    pub(super) fn get(&self, at: usize) -> Option<u128> {
        self.states.get(at).copied()
    }

    pub(super) fn get_parent(&self, at: usize) -> Option<usize> {
        self.parents.get(at).filter(|parent| **parent != NONE).map(|parent| *parent as usize)
    }

    /// Bytes in use.
    pub(super) fn compute_bytes(&self) -> usize {
        16 * self.states.capacity() + 4 * self.parents.capacity() + 4 * self.slots.capacity()
    }

    /// Adds a state that comes from `parent`; false if it is known.
    pub(super) fn insert(&mut self, state: u128, parent: Option<usize>) -> bool {
        // Three quarters full at most, so that a search stays short.
        if 4 * self.states.len() >= 3 * self.slots.len() {
            self.slots = vec![NONE; 2 * self.slots.len()];
            for at in 0..self.states.len() {
                let slot = self.find(self.states[at]);
                self.slots[slot] = to_u32(at);
            }
        }
        let slot = self.find(state);
        if self.slots[slot] != NONE {
            return false;
        }
        self.slots[slot] = to_u32(self.states.len());
        self.states.push(state);
        self.parents.push(parent.map_or(NONE, to_u32));
        true
    }

    /// The slot of a state, or the free one where it belongs.
    fn find(&self, state: u128) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = usize::try_from(mix(state)).unwrap_or_default() & mask;
        while self.slots[slot] != NONE && self.states[self.slots[slot] as usize] != state {
            slot = (slot + 1) & mask;
        }
        slot
    }
}

fn to_u32(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(NONE)
}

/// Spreads the bits of a state over 63 (the finaliser of SplitMix64: Steele, Lea, Flood, OOPSLA 2014).
fn mix(state: u128) -> u64 {
    #[expect(clippy::cast_possible_truncation, reason = "both halves are taken")]
    let (low, high) = (state as u64, (state >> 64) as u64);
    let mut z = low ^ high.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) >> 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_kept_once_with_where_they_came_from() {
        let mut table = Table::new();
        assert!(table.insert(0, None));
        for i in 1..20_000_u128 {
            assert!(table.insert(i << 50 | i, Some(i as usize - 1)));
            assert!(!table.insert(i << 50 | i, Some(0)));
        }
        assert_eq!((table.len(), table.get_parent(0), table.get_parent(500)), (20_000, None, Some(499)));
        assert_eq!(table.get(7), Some(7 << 50 | 7));
        assert!(table.compute_bytes() < 64 * 20_000);
    }
}
