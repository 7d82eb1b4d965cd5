//! Tokens that are bound to a key (RFC 9449 section 7).

use std::future::Future;

use http::{HeaderMap, HeaderValue};
use signet_jose::{
    DpopNonceKey, ExpectedProof, ProofError, ProofKeys, SignatureAlgorithm, UnverifiedProof, UsedProofs, digest, dpop,
};
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::spec::rfc9449;
use signet_protocol::time::UnixTime;
use zeroize::Zeroizing;

use super::{Possession, ProofCheck};
use crate::{Denial, GuardFault, TokenFacts};

/// Seconds by which clocks may differ.
const CLOCK_SKEW: i64 = 30;
/// What FAPI 2.0 permits (Security Profile section 5.4.1).
const ALGORITHMS: &[SignatureAlgorithm] =
    &[SignatureAlgorithm::PS256, SignatureAlgorithm::ES256, SignatureAlgorithm::EdDSA, SignatureAlgorithm::Ed25519];
/// What nonces are made for here; see [`DpopNonceKey::fresh`].
const PURPOSE: u8 = 2;

/// Remembers the proofs that were used (RFC 9449 section 11.1). Where an API has several processes, they share a memory,
/// or each takes a proof once.
pub trait ReplayWindow: Send + Sync {
    /// Marks a proof as used until `expires_at`; says whether this use is the first. `mark` is a hash of its key and its
    /// `jti`. Of several at once exactly one is the first.
    ///
    /// # Errors
    /// It cannot be told: then the proof is not taken.
    fn consume(
        &self,
        mark: [u8; 32],
        expires_at: UnixTime,
        now: UnixTime,
    ) -> impl Future<Output = Result<bool, GuardFault>> + Send;
}

/// Remembers the proofs of one process.
#[derive(Debug, Default)]
pub struct MemoryReplayWindow(UsedProofs);

impl ReplayWindow for MemoryReplayWindow {
    async fn consume(&self, mark: [u8; 32], expires_at: UnixTime, now: UnixTime) -> Result<bool, GuardFault> {
        let first = self.0.consume(mark, expires_at, now);
        first.map_err(|cause| GuardFault::caused("whether a DPoP proof was used before cannot be told", cause))
    }
}

/// Checks DPoP proofs for tokens of any issuer.
pub struct Dpop<R = MemoryReplayWindow> {
    algorithms: Vec<SignatureAlgorithm>,
    clock_skew: i64,
    keys: ProofKeys,
    window: R,
    nonces: Option<DpopNonceKey>,
}

impl Default for Dpop {
    fn default() -> Self {
        Self::remembering(MemoryReplayWindow::default())
    }
}

impl<R: ReplayWindow> Dpop<R> {
    /// Takes proofs signed with PS256, ES256 or Ed25519, made within the last minute; clocks may differ by 30 seconds.
    pub fn remembering(window: R) -> Self {
        let (keys, nonces) = (ProofKeys::default(), None);
        Self { algorithms: ALGORITHMS.to_vec(), clock_skew: CLOCK_SKEW, keys, window, nonces }
    }

    /// Takes these algorithms alone. Symmetric ones never are.
    #[must_use]
    pub fn algorithms(mut self, algorithms: &[SignatureAlgorithm]) -> Self {
        self.algorithms = algorithms.iter().copied().filter(|algorithm| !algorithm.is_symmetric()).collect();
        self
    }

    /// Seconds by which clocks may differ.
    #[must_use]
    pub fn clock_skew(mut self, seconds: u32) -> Self {
        self.clock_skew = seconds.into();
        self
    }

    /// Demands a nonce in each proof (section 9), made from the time under this key, a random one. Processes that share
    /// the key take each other's nonces. One is good for two to four minutes.
    #[must_use]
    pub fn with_nonces(mut self, key: Zeroizing<[u8; 32]>) -> Self {
        self.nonces = Some(DpopNonceKey::new(key));
        self
    }

    /// The key of the proof, the mark that it leaves, and until when.
    fn proved<T>(&self, possession: &Possession<'_, T>) -> Result<([u8; 32], [u8; 32], UnixTime), Refusal> {
        let proof = UnverifiedProof::parse(one_proof(possession.request.headers)?).map_err(refused)?;
        let time = (possession.now, self.clock_skew);
        let dated = self.nonces.as_ref().map(|key| key.check(proof.nonce(), PURPOSE, time));
        let expected = ExpectedProof {
            algorithms: &self.algorithms,
            method: possession.request.method,
            uris: possession.request.uris,
            access_token: Some(possession.text),
            clock_skew: self.clock_skew,
            // One without a good nonce is refused in the end, and then for that: the client's clock may be wrong.
            is_dated_by_nonce: dated.is_some(),
        };
        let verified = proof.verify(&self.keys, &expected, possession.now).map_err(refused)?;
        let valid_until = match dated {
            None => verified.issued_at.plus(dpop::PROOF_SECONDS + self.clock_skew),
            Some(Some(valid_until)) => valid_until,
            Some(None) => return Err(nonce_wanted()),
        };
        let mark = digest::sha256(&[verified.thumbprint.as_slice(), verified.jwt_id.as_bytes()].concat());
        Ok((verified.thumbprint, mark, valid_until))
    }
}

impl<T: TokenFacts, F: From<GuardFault>, R: ReplayWindow> ProofCheck<T, F> for Dpop<R> {
    fn algorithms(&self) -> &[SignatureAlgorithm] {
        &self.algorithms
    }

    async fn check(&self, possession: Possession<'_, T>) -> Result<(), Denial<F>> {
        let (key, mark, valid_until) = self.proved(&possession)?;
        if key != possession.key {
            let reason = "the access token is bound to another key than that of the DPoP proof";
            return Err(ErrorCode::InvalidToken.because(reason).per(rfc9449("7.1")).into());
        }
        let is_first = self.window.consume(mark, valid_until, possession.now).await;
        if is_first.map_err(|fault| Denial::Fault(fault.into()))? {
            return Ok(());
        }
        let reason = "the DPoP proof was used before; make a new one for each request";
        Err(ErrorCode::InvalidDpopProof.because(reason).per(rfc9449("11.1")).into())
    }

    fn nonce(&self, _: bool, now: UnixTime) -> Option<String> {
        self.nonces.as_ref().map(|key| key.fresh(PURPOSE, now))
    }
}

/// RFC 9449 section 4.3, rule 1. What is no text is read as an empty one, which is no proof.
fn one_proof(headers: &HeaderMap) -> Result<&str, Refusal> {
    let mut values = headers.get_all("dpop").iter().map(HeaderValue::as_bytes);
    match (values.next(), values.next()) {
        (None, _) => Err(invalid("the request has no DPoP proof", "7.1")),
        (Some(value), None) => Ok(std::str::from_utf8(value).unwrap_or_default()),
        (Some(_), Some(_)) => Err(invalid("send one DPoP header", "4.3")),
    }
}

fn invalid(reason: &'static str, section: &'static str) -> Refusal {
    ErrorCode::InvalidDpopProof.because(reason).per(rfc9449(section))
}

fn refused(error: ProofError) -> Refusal {
    ErrorCode::InvalidDpopProof.because(error.to_string()).per(rfc9449("4.3"))
}

fn nonce_wanted() -> Refusal {
    ErrorCode::UseDpopNonce.because("the DPoP proof needs the nonce of the header DPoP-Nonce").per(rfc9449("9"))
}

#[cfg(test)]
mod tests;
