//! Randomness that is the same in every run, and a key of each algorithm made once.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};

use signet_jose::{Random, SignatureAlgorithm, SigningKey, digest};

/// Random-looking bytes from a seed.
pub(crate) struct Seeded {
    seed: u64,
    block: AtomicU64,
}

impl Seeded {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, block: AtomicU64::new(0) }
    }

    /// A number below `bound`.
    pub(crate) fn below(&self, bound: usize) -> usize {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        usize::try_from(u64::from_be_bytes(bytes) % u64::try_from(bound).unwrap()).unwrap()
    }

    /// One of the elements.
    pub(crate) fn pick<T: Copy>(&self, elements: &[T]) -> T {
        elements[self.below(elements.len())]
    }
}

impl Random for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let block = self.block.fetch_add(1, Ordering::Relaxed);
            let hash = digest::sha256(&[self.seed.to_be_bytes(), block.to_be_bytes()].concat());
            chunk.copy_from_slice(&hash[..chunk.len()]);
        }
    }
}

/// A shared secret long enough for HS512.
pub(crate) const SECRET: &[u8] = b"a client secret of more than sixty-four bytes, as every generated one here is";

/// A key for the algorithm, generated at its first use.
pub(crate) fn signing_key(algorithm: SignatureAlgorithm) -> SigningKey {
    static KEYS: LazyLock<Mutex<Vec<SigningKey>>> = LazyLock::new(Mutex::default);
    let mut keys = KEYS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(key) = keys.iter().find(|key| key.algorithm() == algorithm) {
        return key.clone();
    }
    let key = if algorithm.is_symmetric() {
        SigningKey::symmetric(algorithm, SECRET)
    } else {
        SigningKey::generate(algorithm)
    };
    keys.push(key.unwrap());
    keys.last().unwrap().clone()
}

/// The key that verifies what [`signing_key`] signs.
pub(crate) fn verifying_key(algorithm: SignatureAlgorithm) -> signet_jose::VerifyingKey {
    let key = signing_key(algorithm);
    key.verifying_key().cloned().unwrap_or_else(|| signet_jose::VerifyingKey::symmetric(SECRET))
}
