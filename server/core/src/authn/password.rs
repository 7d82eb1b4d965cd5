//! Hashing passwords: Argon2id on a bounded pool with a bounded queue, so that a flood of logins cannot starve the rest
//! (RFC 9106, NIST SP 800-63B section 5.1.1).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use signet_jose::Random;
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use super::common_passwords::{is_common, is_obvious};
use crate::failure::Fault;

/// Longest password in bytes: hashing cost does not depend on it, but reading it should end.
const MAXIMUM_BYTES: usize = 1024;

/// Cost and bounds of password hashing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordOptions {
    /// Memory of one hash in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub iterations: u32,
    /// Hashes at a time.
    pub parallel_hashes: usize,
    /// Hashes that may wait; one more is refused as overload.
    pub queue: usize,
}

impl Default for PasswordOptions {
    /// 19 MiB and two passes: about 40 ms of one core.
    fn default() -> Self {
        Self { memory_kib: 19 * 1024, iterations: 2, parallel_hashes: 2, queue: 64 }
    }
}

/// Hashes and verifies passwords.
#[derive(Clone)]
pub struct PasswordHasher {
    argon2: Arc<Argon2<'static>>,
    permits: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    queue: usize,
    /// The hash of no password: verified against where a user has none, so that the answer takes as long.
    decoy: Arc<str>,
}

impl PasswordHasher {
    /// A pool with these bounds.
    ///
    /// # Errors
    /// If the cost parameters are out of Argon2's range.
    pub fn new(options: PasswordOptions, random: &dyn Random) -> Result<Self, Fault> {
        let params = Params::new(options.memory_kib, options.iterations, 1, None)
            .map_err(|error| Fault::internal("the password hashing cost is out of range", error))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let unguessable = signet_jose::random_token(random, 32);
        let decoy = hash(&argon2, unguessable.as_bytes(), &signet_jose::random::random_bytes(random))?;
        Ok(Self {
            argon2: Arc::new(argon2),
            permits: Arc::new(Semaphore::new(options.parallel_hashes.max(1))),
            waiting: Arc::default(),
            queue: options.queue,
            decoy: decoy.into(),
        })
    }

    /// The same work on threads of its own: who waits here is in nobody's way there.
    pub(crate) fn beside(&self, parallel_hashes: usize, queue: usize) -> Self {
        let permits = Arc::new(Semaphore::new(parallel_hashes.max(1)));
        Self { permits, waiting: Arc::default(), queue, ..self.clone() }
    }

    /// The Argon2id string of a password, in its normal form.
    pub async fn hash(&self, password: &str, random: &dyn Random) -> Result<String, Fault> {
        let salt: [u8; 16] = signet_jose::random::random_bytes(random);
        let password = normalised(password);
        self.run(move |argon2| hash(argon2, password.as_bytes(), &salt)).await?
    }

    /// Whether a password is the one behind `stored`. Without a stored one the same work is done and the answer is no.
    pub async fn verify(&self, password: &str, stored: Option<&str>) -> Result<bool, Fault> {
        let normal = normalised(password);
        let exists = stored.is_some() && normal.len() <= MAXIMUM_BYTES;
        let stored = stored.unwrap_or(&self.decoy);
        let mut matches = self.is_behind(&normal, stored).await?;
        // Hashes from before there was a normal form are of the text as it was typed. Tried whatever came of the first,
        // and whether there is a user: only the text that was typed decides how long this takes.
        if normal.as_str() != password {
            matches |= self.is_behind(password, stored).await?;
        }
        Ok(matches && exists)
    }

    async fn is_behind(&self, password: &str, stored: &str) -> Result<bool, Fault> {
        let stored = stored.to_owned();
        let password = Zeroizing::new(password.chars().take(MAXIMUM_BYTES).collect::<String>());
        self.run(move |argon2| verify(argon2, password.as_bytes(), &stored)).await?
    }

    /// Runs one hash on the blocking pool when its turn comes.
    async fn run<T: Send + 'static>(&self, work: impl FnOnce(&Argon2<'_>) -> T + Send + 'static) -> Result<T, Fault> {
        let place = QueuePlace::take(&self.waiting, self.queue + self.permits.available_permits())?;
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let permit = permit.map_err(|error| Fault::internal("the password pool is closed", error))?;
        drop(place);
        let argon2 = Arc::clone(&self.argon2);
        let running = tokio::task::spawn_blocking(move || {
            let result = work(&argon2);
            drop(permit);
            result
        });
        running.await.map_err(|error| Fault::internal("a password hash did not finish", error))
    }
}

/// The one form of a password that is hashed: Normalization Form C (Unicode Standard Annex 15), so that a letter with an
/// accent is the same however a keyboard composes it (NIST SP 800-63B section 5.1.1.2). Nothing else is changed: no case,
/// no space, no compatibility form.
fn normalised(password: &str) -> Zeroizing<String> {
    Zeroizing::new(password.nfc().collect())
}

/// A place in the queue; leaving it, also by cancellation, frees it.
struct QueuePlace<'a>(&'a AtomicUsize);

impl<'a> QueuePlace<'a> {
    fn take(waiting: &'a AtomicUsize, capacity: usize) -> Result<Self, Fault> {
        if waiting.fetch_add(1, Ordering::Relaxed) >= capacity {
            waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(Fault::Overloaded("password hashing"));
        }
        Ok(Self(waiting))
    }
}

impl Drop for QueuePlace<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn hash(argon2: &Argon2<'_>, password: &[u8], salt: &[u8; 16]) -> Result<String, Fault> {
    let hash: PasswordHash = argon2
        .hash_password_with_salt(password, salt)
        .map_err(|error| Fault::internal("a password could not be hashed", error))?;
    Ok(hash.to_string())
}

fn verify(argon2: &Argon2<'_>, password: &[u8], stored: &str) -> Result<bool, Fault> {
    let stored =
        PasswordHash::new(stored).map_err(|error| Fault::internal("a stored password hash does not read", error))?;
    Ok(argon2.verify_password(password, &stored).is_ok())
}

/// Why a new password is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordPolicyViolation {
    /// NIST SP 800-63B section 5.1.1.2.
    #[error("the password needs at least {0} characters")]
    TooShort(usize),
    /// A bound for the work of reading it.
    #[error("the password has more than 1024 bytes")]
    TooLong,
    /// NIST SP 800-63B section 5.1.1.2: values known to be common or expected.
    #[error(
        "the password is one of those that guessers try first: a common word or the user name with a few signs, keys side \
         by side, a repetition, a date; choose another"
    )]
    Common,
}

/// Checks a new password (NIST SP 800-63B section 5.1.1.2): length and commonness, no composition rules.
///
/// # Errors
/// Says what to change.
pub fn check_policy(password: &str, username: &str, minimum_length: usize) -> Result<(), PasswordPolicyViolation> {
    let password = normalised(password);
    if password.chars().count() < minimum_length {
        return Err(PasswordPolicyViolation::TooShort(minimum_length));
    }
    if password.len() > MAXIMUM_BYTES {
        return Err(PasswordPolicyViolation::TooLong);
    }
    if is_common(&password, username) {
        return Err(PasswordPolicyViolation::Common);
    }
    Ok(())
}

/// Fewest characters of a user code. People may have to enter it with ten keys.
const SHORTEST_CODE: usize = 6;

/// Whether a text may be a user code (CIBA Core 7.1.2): as a password, but a short number will do, because guesses are
/// counted and nobody gets at the hash.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check_user_code_policy(code: &str, username: &str) -> Result<(), PasswordPolicyViolation> {
    let code = normalised(code);
    if code.chars().count() < SHORTEST_CODE {
        return Err(PasswordPolicyViolation::TooShort(SHORTEST_CODE));
    }
    if is_obvious(&code, username) {
        return Err(PasswordPolicyViolation::Common);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cheap(queue: usize) -> PasswordHasher {
        let options = PasswordOptions { memory_kib: 64, iterations: 1, parallel_hashes: 1, queue };
        PasswordHasher::new(options, &signet_jose::SystemRandom::new()).unwrap()
    }

    #[tokio::test]
    async fn nist_800_63b_5_1_1_the_right_password_verifies_and_others_do_not() {
        let hasher = cheap(4);
        let random = signet_jose::SystemRandom::new();
        let stored = hasher.hash("correct horse", &random).await.unwrap();
        assert!(stored.starts_with("$argon2id$"));
        assert!(hasher.verify("correct horse", Some(&stored)).await.unwrap());
        assert!(!hasher.verify("correct horsf", Some(&stored)).await.unwrap());
        assert!(!hasher.verify("correct horse", None).await.unwrap());
        assert_ne!(stored, hasher.hash("correct horse", &random).await.unwrap());
    }

    #[tokio::test]
    async fn nist_800_63b_5_1_1_2_both_spellings_of_a_letter_are_the_same_password() {
        let (hasher, random) = (cheap(4), signet_jose::SystemRandom::new());
        let (composed, decomposed) = ("p\u{e4}ssli mit umlaut", "pa\u{308}ssli mit umlaut");
        for set in [composed, decomposed] {
            let stored = hasher.hash(set, &random).await.unwrap();
            for typed in [composed, decomposed] {
                assert!(hasher.verify(typed, Some(&stored)).await.unwrap(), "{set} {typed}");
            }
            assert!(!hasher.verify("passli mit umlaut", Some(&stored)).await.unwrap());
        }
        assert!(!hasher.verify(decomposed, None).await.unwrap());
        // A hash from before there was a normal form.
        let before = hash(&hasher.argon2, decomposed.as_bytes(), &[7; 16]).unwrap();
        assert!(hasher.verify(decomposed, Some(&before)).await.unwrap());
        // Compatibility forms stay apart: they are other characters.
        let stored = hasher.hash("\u{ff41} wide letter", &random).await.unwrap();
        assert!(!hasher.verify("a wide letter", Some(&stored)).await.unwrap());
        // The rule of length counts letters, not the parts that they are made of.
        assert_eq!(
            check_policy(&"u\u{308}o\u{308}a\u{308}".repeat(2), "ana", 8),
            Err(PasswordPolicyViolation::TooShort(8))
        );
    }

    #[tokio::test]
    async fn a_full_queue_is_refused_as_overload() {
        let hasher = cheap(0);
        let held = Arc::clone(&hasher.permits).acquire_owned().await.unwrap();
        let refused = hasher.verify("x", None).await;
        assert!(matches!(refused, Err(Fault::Overloaded(_))));
        drop(held);
        assert!(!hasher.verify("x", None).await.unwrap());
    }

    #[test]
    fn nist_800_63b_5_1_1_2_common_short_and_long_passwords_are_refused() {
        assert_eq!(check_user_code_policy("739164", "ana"), Ok(()));
        assert_eq!(check_user_code_policy("73916", "ana"), Err(PasswordPolicyViolation::TooShort(6)));
        for obvious in ["123456", "111111", "121212", "654321", "qwertz", "ana123"] {
            assert_eq!(check_user_code_policy(obvious, "ana"), Err(PasswordPolicyViolation::Common), "{obvious}");
        }
        assert_eq!(check_policy("Ab3$efg", "ana", 8), Err(PasswordPolicyViolation::TooShort(8)));
        assert_eq!(check_policy("Password123", "ana", 8), Err(PasswordPolicyViolation::Common));
        assert_eq!(check_policy("zzzzzzzzzz", "ana", 8), Err(PasswordPolicyViolation::Common));
        assert_eq!(check_policy("Ana.Example", "ana.example", 8), Err(PasswordPolicyViolation::Common));
        assert_eq!(check_policy(&"ab".repeat(600), "ana", 8), Err(PasswordPolicyViolation::TooLong));
        assert_eq!(check_policy("p\u{e4}ssli mit umlaut", "ana", 8), Ok(()));
    }
}
