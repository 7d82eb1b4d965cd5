//! The form of an introspection response: JSON (RFC 7662), or a JWT that the caller can keep as evidence (RFC 9701).

use serde::Serialize;
use signet_jose::sign;
use signet_protocol::responses::IntrospectionResponse;

use crate::failure::{Failure, Fault};
use crate::model::Client;
use crate::provider::Provider;
use crate::realm::RealmContext;
use crate::tokens::{Content, EncryptedResponse, response_algorithm, signing_key};

/// RFC 9701 section 5: what keeps the response from passing for any other token.
const TYPE: &str = "token-introspection+jwt";

/// The form that a caller asks for (RFC 9701 section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntrospectionForm {
    /// `application/json`.
    Json,
    /// `application/token-introspection+jwt`.
    Jwt,
}

/// An answer of the introspection endpoint.
#[derive(Debug, Clone, PartialEq)]
pub enum Introspection {
    /// `application/json`.
    Response(IntrospectionResponse),
    /// `application/token-introspection+jwt`.
    Jwt(String),
}

/// The claims of RFC 9701 section 5. There is no `sub` and no `exp`: those of the token are inside.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    iat: i64,
    token_introspection: IntrospectionResponse,
}

impl IntrospectionForm {
    /// Puts a response into the form. It is signed, and encrypted to a caller that is registered for that.
    ///
    /// # Errors
    /// `invalid_client_metadata` where the caller wants encryption and has no key for it: nothing is sent in the clear
    /// instead.
    pub(super) async fn answer(
        self,
        (provider, realm): (&Provider, &RealmContext),
        caller: &Client,
        response: IntrospectionResponse,
    ) -> Result<Introspection, Failure> {
        if self == Self::Json {
            return Ok(Introspection::Response(response));
        }
        let registered = caller.metadata.introspection_signed_response_alg.as_deref();
        let key = signing_key(realm, caller, response_algorithm(realm, caller, registered)?)?;
        let claims = Claims {
            iss: realm.issuer(),
            aud: caller.client_id.as_str(),
            iat: provider.now().0,
            token_introspection: response,
        };
        let signed = sign(&key, Some(TYPE), &claims)
            .map_err(|error| Fault::internal("an introspection response could not be signed", error))?;
        let encrypting = EncryptedResponse::Introspection.encrypt((provider, realm), caller, Content::Signed(&signed));
        Ok(Introspection::Jwt(encrypting.await?.unwrap_or(signed)))
    }
}
