//! How long to wait before the next try, and the randomness that spreads the tries.

use super::io::Millis;

/// Waits that grow from failure to failure: `base`, `base × factor`, `base × factor²` …, never above `cap`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The first wait.
    pub base: Millis,
    /// What each further one is multiplied by.
    pub factor: u32,
    /// The longest.
    pub cap: Millis,
}

impl Backoff {
    /// The longest wait after so many failures (counted from 1).
    #[must_use]
    pub fn ceiling(&self, failures: u32) -> Millis {
        let growth = u64::from(self.factor).saturating_pow(failures.saturating_sub(1));
        self.base.saturating_mul(growth).min(self.cap)
    }

    /// A wait after so many failures, drawn evenly between nothing and the [`ceiling`](Backoff::ceiling): full jitter, as
    /// in [Exponential Backoff And Jitter](https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
    pub(super) fn jittered(&self, failures: u32, rng: &mut Rng) -> Millis {
        rng.up_to(self.ceiling(failures))
    }
}

/// [SplitMix64](https://prng.di.unimi.it/splitmix64.c): spreads retries, and replays them from a seed.
#[derive(Clone, Debug)]
pub(super) struct Rng(u64);

impl Rng {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// An even draw from `0..=most`.
    pub(super) fn up_to(&mut self, most: u64) -> u64 {
        // The high half of a product: even to one part in 2^64 / most, without a division.
        ((u128::from(self.next()) * (u128::from(most) + 1)) >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::{Backoff, Rng};

    #[test]
    fn waits_grow_to_the_cap_and_never_overflow() {
        let backoff = Backoff { base: 200, factor: 2, cap: 30_000 };
        let ceilings = [1, 2, 3, 8, 9, u32::MAX].map(|failures| backoff.ceiling(failures));
        assert_eq!(ceilings, [200, 400, 800, 25_600, 30_000, 30_000]);
        assert_eq!(Backoff { base: u64::MAX, factor: u32::MAX, cap: u64::MAX }.ceiling(u32::MAX), u64::MAX);
    }

    #[test]
    fn a_draw_reaches_both_ends() {
        let mut rng = Rng::new(1);
        let draws: Vec<_> = (0..100).map(|_| rng.up_to(3)).collect();
        assert!((0..=3).all(|value| draws.contains(&value)) && draws.iter().all(|draw| *draw <= 3));
        assert_eq!(rng.up_to(0), 0);
        rng.up_to(u64::MAX);
    }
}
