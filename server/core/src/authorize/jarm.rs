//! Responses that are JWTs (JARM 2): signed, and encrypted to a client that is registered for that.

use serde_json::{Map, Value};
use signet_jose::sign;

use super::AuthorizationResponse;
use crate::failure::{Failure, Fault};
use crate::provider::Provider;
use crate::realm::RealmContext;
use crate::tokens::{Content, EncryptedResponse, response_algorithm, signing_key};

/// How long a response is good. Codes live shorter, and nothing but the way through a browser needs the time (JARM 2.1:
/// at most ten minutes).
const LIFETIME_SECONDS: i64 = 300;

/// Makes the parameters of a response one JWT, where the response mode asks for that.
///
/// # Errors
/// `invalid_client_metadata` where the client wants encryption and has no key for it: nothing is sent in the clear instead.
pub(super) async fn secure(
    provider: &Provider,
    realm: &RealmContext,
    response: &mut AuthorizationResponse,
) -> Result<(), Failure> {
    let Some(parameters) = response.to_secure() else { return Ok(()) };
    let client = &response.client;
    let registered = client.metadata.authorization_signed_response_alg.as_deref();
    let key = signing_key(realm, client, response_algorithm(realm, client, registered)?)?;
    let mut claims: Map<String, Value> =
        parameters.iter().map(|(name, value)| ((*name).to_owned(), claim(name, value))).collect();
    claims.insert("iss".to_owned(), realm.issuer().into());
    claims.insert("aud".to_owned(), client.client_id.as_str().into());
    claims.insert("exp".to_owned(), provider.now().plus(LIFETIME_SECONDS).0.into());
    let signed = sign(&key, None, &claims)
        .map_err(|error| Fault::internal("an authorization response could not be signed", error))?;
    let encrypting = EncryptedResponse::Authorization.encrypt((provider, realm), client, Content::Signed(&signed));
    let jwt = encrypting.await?.unwrap_or(signed);
    response.secured(jwt);
    Ok(())
}

/// JARM 2.1: strings are strings, numbers are numbers.
fn claim(name: &str, value: &str) -> Value {
    let number = if name == "expires_in" { value.parse::<i64>().ok() } else { None };
    number.map_or_else(|| value.into(), Value::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jarm_2_1_numbers_are_json_numbers() {
        assert_eq!(claim("expires_in", "600"), 600);
        assert_eq!(claim("state", "600"), "600");
    }
}
