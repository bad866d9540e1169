//! Randomness: one seeded stream per purpose, so that a new purpose never shifts an old one.
//!
//! ChaCha8 is a portable stream (the same words on every machine). The samplers stand on `libm`, because the
//! system's `exp` and `log` differ by processor. Normal: polar method (Marsaglia and Bray 1964). Gamma: Marsaglia and
//! Tsang, ACM TOMS 26 (2000) 363. Beta from two gammas. Poisson: Knuth's product for small means.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A stream of random numbers for one purpose; part of the world's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// The stream for `purpose` and `index` (say, the number of a house) under the scene's `seed`.
    #[must_use]
    pub fn new(seed: u64, purpose: &str, index: u64) -> Self {
        let mut hash = Sha256::new();
        hash.update(seed.to_le_bytes());
        hash.update(index.to_le_bytes());
        hash.update(purpose.as_bytes());
        Self(ChaCha8Rng::from_seed(hash.finalize().into()))
    }

    /// Uniform in `[0, 1)` with 53 bits.
    pub fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// Uniform in `[low, high)`.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// A whole number in `0..n`; 0 if `n` is 0.
    pub fn below(&mut self, n: u64) -> u64 {
        if n == 0 { 0 } else { ((u128::from(self.0.next_u64()) * u128::from(n)) >> 64) as u64 }
    }

    /// True with probability `p`.
    pub fn chance(&mut self, p: f64) -> bool {
        self.uniform() < p
    }

    /// 32 bytes, for seeds and keys.
    pub fn bytes32(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// Standard normal.
    pub fn normal(&mut self) -> f64 {
        loop {
            let (u, v) = (self.between(-1.0, 1.0), self.between(-1.0, 1.0));
            let s = u * u + v * v;
            if s > 0.0 && s < 1.0 {
                return u * (-2.0 * libm::log(s) / s).sqrt();
            }
        }
    }

    /// Exponential with the given mean.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * libm::log(1.0 - self.uniform())
    }

    /// Gamma with `shape` and `scale`, both positive.
    pub fn gamma(&mut self, shape: f64, scale: f64) -> f64 {
        if shape < 1.0 {
            let boost = libm::pow(1.0 - self.uniform(), 1.0 / shape);
            return self.gamma(shape + 1.0, scale) * boost;
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let t = 1.0 + c * x;
            let v = t * t * t;
            if v > 0.0 && libm::log(1.0 - self.uniform()) < 0.5 * x * x + d - d * v + d * libm::log(v) {
                return d * v * scale;
            }
        }
    }

    /// Beta with parameters `a` and `b`, both positive.
    pub fn beta(&mut self, a: f64, b: f64) -> f64 {
        let (x, y) = (self.gamma(a, 1.0), self.gamma(b, 1.0));
        x / (x + y)
    }

    /// Poisson with a mean of at most about 30.
    pub fn poisson(&mut self, mean: f64) -> u32 {
        let limit = libm::exp(-mean);
        let (mut product, mut count) = (self.uniform(), 0);
        while product > limit {
            product *= self.uniform();
            count += 1;
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_repeatable_and_apart() {
        let draw = |purpose, index| Stream::new(7, purpose, index).uniform();
        assert_eq!(draw("wind", 0), draw("wind", 0));
        assert_ne!(draw("wind", 0), draw("cloud", 0));
        assert_ne!(draw("wind", 0), draw("wind", 1));
    }

    #[test]
    fn samplers_have_their_means_and_variances() {
        let mut s = Stream::new(1, "test", 0);
        let n = 100_000;
        let mut check = |name: &str, mean: f64, var: f64, draw: &mut dyn FnMut(&mut Stream) -> f64| {
            let xs: Vec<f64> = (0..n).map(|_| draw(&mut s)).collect();
            let m = xs.iter().sum::<f64>() / f64::from(n);
            let v = xs.iter().map(|x| (x - m) * (x - m)).sum::<f64>() / f64::from(n);
            assert!(
                (m - mean).abs() < 0.03 * (1.0 + mean.abs()) && (v - var).abs() < 0.06 * (1.0 + var),
                "{name}: {m} {v}"
            );
        };
        check("normal", 0.0, 1.0, &mut |s| s.normal());
        check("exponential", 2.0, 4.0, &mut |s| s.exponential(2.0));
        check("gamma", 1.5, 0.75, &mut |s| s.gamma(3.0, 0.5));
        check("gamma below one", 0.5, 0.5, &mut |s| s.gamma(0.5, 1.0));
        check("beta", 0.4, 0.04, &mut |s| s.beta(2.0, 3.0));
        check("poisson", 3.0, 3.0, &mut |s| f64::from(s.poisson(3.0)));
    }
}
