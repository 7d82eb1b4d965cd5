//! The check of access tokens in-process: their own validity, and whether what they rest on still stands.

use std::borrow::Cow;

use serde_json::{Map, Value};
use signet_core::failure::Fault;
use signet_core::model;
use signet_core::protocol::error::ErrorCode;
use signet_core::protocol::scope::Scope;
use signet_core::protocol::spec::rfc6750;
use signet_core::protocol::time::UnixTime;
use signet_core::provider::Provider;
use signet_core::realm::RealmContext;
use signet_core::tokens::{CheckedAccessToken, check_access_token};
use signet_guard::{Confirmation, TokenCheck, TokenFacts, for_audience};

use crate::Denial;

/// Takes the access tokens of a realm that name its issuer in `aud`.
pub struct OwnTokens<'a> {
    /// The services.
    pub provider: &'a Provider,
    /// The realm whose tokens count.
    pub realm: &'a RealmContext,
}

/// A good access token of this server.
#[derive(Debug)]
pub struct OwnToken(pub CheckedAccessToken);

impl TokenCheck for OwnTokens<'_> {
    type Token = OwnToken;
    type Fault = Fault;

    /// The services have their own time.
    async fn check(&self, token: &str, _: UnixTime) -> Result<OwnToken, Denial> {
        let checked = check_access_token(self.provider, self.realm, token).await.map_err(Denial::Fault)?;
        let token = checked.ok_or_else(|| {
            ErrorCode::InvalidToken
                .because("the access token is expired, revoked or not valid here")
                .per(rfc6750("3.1"))
        })?;
        for_audience(&token.audience, self.realm.issuer())?;
        Ok(OwnToken(token))
    }
}

impl TokenFacts for OwnToken {
    fn scope(&self) -> &Scope {
        &self.0.scope
    }

    fn confirmation(&self) -> Confirmation {
        match self.0.confirmation {
            None => Confirmation::default(),
            Some(model::Confirmation::Key(key)) => Confirmation { key: Some(key.0), certificate: None },
            Some(model::Confirmation::Certificate(certificate)) => {
                Confirmation { key: None, certificate: Some(certificate.0) }
            }
        }
    }

    fn acr(&self) -> Option<&str> {
        self.0.acr.as_deref()
    }

    fn authenticated_at(&self) -> Option<UnixTime> {
        self.0.authenticated_at
    }

    fn authorization_details(&self) -> Vec<Cow<'_, Map<String, Value>>> {
        self.0.authorization_details.iter().map(|detail| Cow::Borrowed(detail.members())).collect()
    }
}
