//! Tests of the crate through its public interface: published examples, a second library, and every strictness rule.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod certificates;
mod columns;
mod differential;
mod encryption;
mod encryption_interoperability;
mod encryption_vectors;
mod interoperability;
mod keys;
mod proofs;
mod sealed_values;
mod seeded;
mod signatures;
mod tokens;
mod vectors;
mod verification;
