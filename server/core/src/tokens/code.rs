//! Authorization codes (RFC 6749 section 4.1.2): sealed, so that no row exists before one is redeemed.

use serde::{Deserialize, Serialize};
use signet_jose::{OpenError, Purpose};
use signet_protocol::identifiers::{ClientId, Lineage, SessionId, UserId};
use signet_protocol::names::CodeChallengeMethod;

use crate::details::Carried;
use crate::failure::Fault;
use crate::model::{AuthorizationDetail, Thumbprint, TokenBasis};
use crate::provider::Provider;
use crate::realm::RealmContext;

/// What a code stands for. The short member names keep the code short in URLs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AuthorizationCode {
    #[serde(rename = "l")]
    pub lineage: Lineage,
    #[serde(rename = "c")]
    pub client_id: ClientId,
    #[serde(rename = "u")]
    pub user_id: UserId,
    /// Compared at the token endpoint (RFC 6749 section 4.1.3); empty where the request had none.
    #[serde(rename = "r")]
    pub redirect_uri: String,
    /// RFC 7636 section 4.4.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<(CodeChallengeMethod, String)>,
    /// The key that whoever redeems the code proves to hold (RFC 9449 section 10).
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Thumbprint>,
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// The browser session, for the `sid` claim; the tokens end with it only if the basis says so.
    #[serde(rename = "s")]
    pub sid: SessionId,
    #[serde(rename = "b")]
    pub basis: TokenBasis,
    /// The authorization details of the basis on their way.
    #[serde(rename = "x", default, skip_serializing_if = "Carried::is_empty")]
    pub details: Carried,
}

impl AuthorizationCode {
    /// The text of the code, good for some authorization details.
    pub(crate) async fn seal(
        mut self,
        provider: &Provider,
        realm: &RealmContext,
        details: &[AuthorizationDetail],
    ) -> Result<String, Fault> {
        let expires_at = provider.now().plus(realm.realm.settings.authorization_code_seconds);
        self.details = Carried::pack(provider, realm, (self.lineage, details), expires_at).await?;
        realm.seal(Purpose::AuthorizationCode, expires_at, &self, &*provider.random)
    }

    /// Reads a code.
    pub(crate) fn open(provider: &Provider, realm: &RealmContext, text: &str) -> Result<Self, OpenError> {
        realm.open(Purpose::AuthorizationCode, text, provider.now())
    }
}
