//! Access tokens that are JWTs (RFC 9068), checked by their signature. Nobody is asked about a token, so one that was
//! revoked is served until it ends.

use signet_jose::{
    SignatureAlgorithm, UnverifiedToken, VerificationError, VerificationProfile, VerifiedClaims, verify,
};
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::spec::rfc9068;
use signet_protocol::time::UnixTime;

use super::TokenCheck;
use super::keys::{KeyCache, KeySource};
use crate::{AccessToken, Denial, GuardFault};

/// Checks JWT access tokens of one issuer for one API (RFC 9068 section 4): `typ` is `at+jwt`, signed by a key of the
/// issuer's set, `iss` and `aud` as configured, not expired.
///
/// Keys are fetched with the first token and kept for 5 minutes. A token that names an unknown key has them fetched again,
/// at most every 30 seconds. Where the issuer does not answer, keys count for an hour.
pub struct JwtCheck<K> {
    issuer: String,
    audience: Vec<String>,
    algorithms: Vec<SignatureAlgorithm>,
    keys: KeyCache<K>,
}

impl<K: KeySource> JwtCheck<K> {
    /// Takes tokens of `issuer` whose `aud` names `audience`, the identifier of the API (RFC 8707), signed with keys that
    /// `keys` fetches.
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>, keys: K) -> Self {
        let (issuer, audience) = (issuer.into(), vec![audience.into()]);
        Self { issuer, audience, algorithms: SignatureAlgorithm::ASYMMETRIC.to_vec(), keys: KeyCache::new(keys) }
    }

    /// Another identifier of the API.
    #[must_use]
    pub fn or_audience(mut self, audience: impl Into<String>) -> Self {
        self.audience.push(audience.into());
        self
    }

    /// Takes these algorithms alone, of those with a public key.
    #[must_use]
    pub fn algorithms(mut self, algorithms: &[SignatureAlgorithm]) -> Self {
        self.algorithms = algorithms.iter().copied().filter(|algorithm| !algorithm.is_symmetric()).collect();
        self
    }

    async fn verified(&self, token: &str, now: UnixTime) -> Result<VerifiedClaims, Denial<GuardFault>> {
        let audience: Vec<&str> = self.audience.iter().map(String::as_str).collect();
        let profile = VerificationProfile::access_token(&self.issuer, &audience, &self.algorithms);
        let read = || UnverifiedToken::parse(token).map_err(|error| refused(error.into()));
        let unverified = read()?;
        // What is no access token of anybody's is no reason to fetch anything.
        if !profile.algorithms.contains(&unverified.algorithm()) {
            return Err(refused(VerificationError::AlgorithmNotAllowed).into());
        }
        if !profile.typ.accepts(unverified.typ()) {
            return Err(refused(VerificationError::WrongType).into());
        }
        let keys = self.keys.current(now).await.map_err(Denial::Fault)?;
        match verify(unverified, keys.as_slice(), &profile, now) {
            Err(VerificationError::UnknownKey) => {}
            checked => return Ok(checked.map_err(refused)?),
        }
        let others = self.keys.others(&keys, now).await.map_err(Denial::Fault)?;
        let keys = others.ok_or_else(|| refused(VerificationError::UnknownKey))?;
        Ok(verify(read()?, keys.as_slice(), &profile, now).map_err(refused)?)
    }
}

impl<K: KeySource> TokenCheck for JwtCheck<K> {
    type Token = AccessToken;
    type Fault = GuardFault;

    async fn check(&self, token: &str, now: UnixTime) -> Result<AccessToken, Denial<GuardFault>> {
        let claims = self.verified(token, now).await?;
        let read = AccessToken::read(claims.claims().clone());
        Ok(read.map_err(|error| ErrorCode::InvalidToken.because(error.to_string()).per(rfc9068("4")))?)
    }
}

/// The reason names a claim, never what it says.
fn refused(error: VerificationError) -> Refusal {
    ErrorCode::InvalidToken.because(error.to_string()).per(rfc9068("4"))
}

#[cfg(test)]
mod tests;
