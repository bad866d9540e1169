//! The conductors of a bus, and sets of them.

use serde::{Deserialize, Serialize};

/// One conductor of a bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Conductor {
    /// Phase A (L1).
    A,
    /// Phase B (L2).
    B,
    /// Phase C (L3).
    C,
    /// The neutral.
    N,
}

impl Conductor {
    /// A, B, C, N in this order.
    pub const ALL: [Self; 4] = [Self::A, Self::B, Self::C, Self::N];

    /// 0 to 3.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The phase with number `k` modulo 3.
    #[must_use]
    pub const fn phase(k: usize) -> Self {
        match k % 3 {
            0 => Self::A,
            1 => Self::B,
            _ => Self::C,
        }
    }
}

/// A set of conductors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Conductors(u8);

impl Conductors {
    /// None.
    pub const NONE: Self = Self(0);
    /// Three phases, the neutral reduced or absent.
    pub const ABC: Self = Self(0b0111);
    /// Three phases and a neutral.
    pub const ABCN: Self = Self(0b1111);
    /// The neutral alone.
    pub const N: Self = Self(0b1000);

    /// The set of one.
    #[must_use]
    pub const fn one(c: Conductor) -> Self {
        Self(1 << c as u8)
    }

    /// The set of those listed.
    #[must_use]
    pub fn of(list: &[Conductor]) -> Self {
        Self(list.iter().fold(0, |m, &c| m | 1 << c as u8))
    }

    /// One phase and the neutral.
    #[must_use]
    pub const fn phase_and_neutral(c: Conductor) -> Self {
        Self(1 << c as u8 | 0b1000)
    }

    /// True if `c` is among them.
    #[must_use]
    pub const fn has(self, c: Conductor) -> bool {
        self.0 >> c as u8 & 1 == 1
    }

    /// True if the conductor with index `i` (0 to 3) is among them.
    #[must_use]
    pub const fn has_index(self, i: usize) -> bool {
        self.0 >> i & 1 == 1
    }

    /// True if all of `other` are among them.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// Those of `self` that are not in `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Those in either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// How many.
    #[must_use]
    pub const fn count(self) -> usize {
        self.0.count_ones() as usize
    }

    /// The phases among them.
    #[must_use]
    pub const fn phases(self) -> Self {
        Self(self.0 & 0b0111)
    }

    /// The indices 0 to 3 of those present, in order.
    pub fn indices(self) -> impl Iterator<Item = usize> {
        (0..4).filter(move |&i| self.has_index(i))
    }
}
