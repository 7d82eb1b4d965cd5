//! Letting a request through to a resource, or not.

use http::HeaderValue;
use signet_core::binding::{Audience, fresh_nonce};
use signet_core::endpoints::OwnResource;
use signet_core::provider::Provider;
use signet_core::realm::RealmContext;
use signet_core::tokens::{CheckedAccessToken, check_access_token};
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::scope::Scope;
use signet_protocol::spec::{rfc6750, rfc9068};

use crate::{Denial, Place, PresentedToken, Proof, RequiredAuthentication, Scheme};

/// What an access token must be good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requirement<'a> {
    /// The resource. What was registered for it of the authentication of users holds.
    pub resource: OwnResource,
    /// What `aud` must name: the issuer.
    pub audience: &'a str,
    /// Scope values of which one suffices. The first is the narrowest; clients are told to ask for that one.
    pub scopes: &'a [&'a str],
}

impl Requirement<'_> {
    fn check(&self, audience: &[String], scope: &Scope) -> Result<(), Refusal> {
        if !audience.iter().any(|value| value == self.audience) {
            let reason = "the access token is for another audience";
            return Err(ErrorCode::InvalidToken.because(reason).per(rfc9068("4")));
        }
        if !self.scopes.iter().any(|value| scope.contains(value)) {
            let reason = "the access token was not granted the scope that this request needs";
            return Err(ErrorCode::InsufficientScope.because(reason).per(rfc6750("3.1")));
        }
        Ok(())
    }
}

/// Stands before a resource: lets through who has an access token of `realm` that meets `requirement`.
pub struct Guard<'a> {
    /// The services.
    pub provider: &'a Provider,
    /// The realm whose tokens count.
    pub realm: &'a RealmContext,
    /// What they must be good for.
    pub requirement: Requirement<'a>,
}

impl Guard<'_> {
    /// Checks a presented token, and that the request proves to hold what it is bound to.
    ///
    /// # Errors
    /// `invalid_token`, `invalid_dpop_proof`, `use_dpop_nonce`, `insufficient_scope`,
    /// `insufficient_user_authentication`, or a fault.
    pub async fn admit(&self, presented: &PresentedToken, proof: Proof<'_>) -> Result<CheckedAccessToken, Denial> {
        let checked = check_access_token(self.provider, self.realm, presented.as_str()).await?;
        let token = checked.ok_or_else(|| {
            ErrorCode::InvalidToken
                .because("the access token is expired, revoked or not valid here")
                .per(rfc6750("3.1"))
        })?;
        proof.check((self.provider, self.realm), presented, &token).await?;
        self.requirement.check(&token.audience, &token.scope)?;
        let registered = self.realm.resource_server(&self.requirement.resource.identifier(&self.realm.urls));
        registered.map_or(Ok(()), |server| RequiredAuthentication::of(server).check(&token, self.provider.now()))?;
        Ok(token)
    }

    /// The `WWW-Authenticate` header for a request that was not let through; see [`Denial::challenge_to`]. `scheme` is
    /// that of the request.
    pub fn challenge(&self, denial: &Denial, scheme: Scheme) -> Option<HeaderValue> {
        let scope = self.requirement.scopes.first().copied().unwrap_or_default();
        let algorithms = self.realm.realm.settings.profile.profile().proof_algorithms;
        let algorithms: Vec<&str> = algorithms.iter().map(|algorithm| algorithm.as_str()).collect();
        let metadata = self.requirement.resource.metadata_url(&self.realm.urls);
        let place = Place { realm: &self.realm.realm.name, scope, resource_metadata: Some(&metadata) };
        denial.challenge_to(scheme, place, &algorithms.join(" "))
    }

    /// The header `DPoP-Nonce` for a request that was not let through, where it needs one (RFC 9449 section 9).
    pub fn nonce(&self, denial: &Denial) -> Option<HeaderValue> {
        let nonce = match denial.code() {
            Some(ErrorCode::UseDpopNonce) => self.realm.dpop_nonce(Audience::Resource, self.provider.now()),
            _ => fresh_nonce(self.realm, None, Audience::Resource, self.provider.now())?,
        };
        HeaderValue::try_from(nonce).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(audience: &[&str], scope: &str) -> Result<(), ErrorCode> {
        let scopes = &["read", "all"];
        let requirement = Requirement { resource: OwnResource::UserInfo, audience: "https://a.test", scopes };
        let audience: Vec<String> = audience.iter().map(ToString::to_string).collect();
        requirement.check(&audience, &scope.parse().unwrap()).map_err(|refusal| refusal.code)
    }

    #[test]
    fn rfc9068_4_the_audience_must_name_the_resource_exactly() {
        assert_eq!(checked(&["https://b.test", "https://a.test"], "read"), Ok(()));
        for audience in [&[][..], &["https://b.test"], &["https://a.test/"], &["HTTPS://A.TEST"]] {
            assert_eq!(checked(audience, "read all"), Err(ErrorCode::InvalidToken), "{audience:?}");
        }
    }

    #[test]
    fn rfc6750_3_1_one_of_the_scope_values_suffices_and_none_does_not() {
        assert_eq!(checked(&["https://a.test"], "x all"), Ok(()));
        for scope in ["", "x", "READ", "read.all"] {
            assert_eq!(checked(&["https://a.test"], scope), Err(ErrorCode::InsufficientScope), "{scope}");
        }
    }
}
