//! A set of messages by their numbers, of a fixed size of 64 `W`.

/// The set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct MessageSet<const W: usize>(pub(super) [u64; W]);

impl<const W: usize> MessageSet<W> {
    pub(super) const EMPTY: Self = Self([0; W]);
    pub(super) const SIZE: usize = 64 * W;

    pub(super) fn insert(&mut self, number: u16) {
        self.0[usize::from(number / 64)] |= 1 << (number % 64);
    }

    pub(super) fn contains(&self, number: u16) -> bool {
        self.0[usize::from(number / 64)] >> (number % 64) & 1 == 1
    }

    /// The numbers of its messages, ascending.
    pub(super) fn get_numbers(&self) -> Box<[u16]> {
        (0..u16::try_from(Self::SIZE).unwrap_or(u16::MAX)).filter(|number| self.contains(*number)).collect()
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(a, b)| *a |= b);
    }

    pub(super) fn is_within(&self, other: &Self) -> bool {
        self.0.iter().zip(other.0).all(|(a, b)| a & !b == 0)
    }
}
