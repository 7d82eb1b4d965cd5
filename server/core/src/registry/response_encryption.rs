//! Rules for the encryption of what a client is sent, and of what it sends (OpenID Connect Registration 2, OpenID Connect
//! Core 10.2).

use signet_jose::{ContentEncryptionAlgorithm, JwkSet, KeyManagementAlgorithm};
use signet_protocol::client_metadata::ClientMetadata;

use super::RegistryError;
use crate::tokens::{EncryptedResponse, RegisteredEncryption};

/// Checks what a client is registered with for each kind of response.
///
/// # Errors
/// Names the field that is wrong.
pub(super) fn check(metadata: &ClientMetadata) -> Result<(), RegistryError> {
    for response in EncryptedResponse::ALL {
        let (alg_field, enc_field) = (response.alg_field(), response.enc_field());
        let (alg, enc) = response.registered(metadata);
        let Some(alg) = alg else {
            if enc.is_some() {
                return Err(RegistryError::invalid(enc_field, format!("needs {alg_field}")));
            }
            continue;
        };
        check_recipient(metadata, alg_field, key_management(alg_field, alg)?)?;
        if let Some(enc) = enc {
            check_content(enc_field, enc)?;
        }
    }
    check_request_objects(metadata)
}

/// A client that encrypts with its secret must have one; to a key of the realm anybody encrypts.
fn check_request_objects(metadata: &ClientMetadata) -> Result<(), RegistryError> {
    let (alg_field, enc_field) = ("request_object_encryption_alg", "request_object_encryption_enc");
    let enc = metadata.request_object_encryption_enc.as_deref();
    let Some(alg) = &metadata.request_object_encryption_alg else {
        return match enc {
            Some(_) => Err(RegistryError::invalid(enc_field, format!("needs {alg_field}"))),
            None => Ok(()),
        };
    };
    let is_symmetric = key_management(alg_field, alg)?.is_symmetric();
    if is_symmetric && !metadata.authentication_method().needs_secret() {
        return Err(RegistryError::invalid(alg_field, "symmetric algorithms need a client with a secret"));
    }
    enc.map_or(Ok(()), |enc| check_content(enc_field, enc))
}

fn key_management(field: &str, name: &str) -> Result<KeyManagementAlgorithm, RegistryError> {
    name.parse().map_err(|_| RegistryError::invalid(field, "is not a key management algorithm of this server"))
}

fn check_content(field: &str, name: &str) -> Result<(), RegistryError> {
    let known = name.parse::<ContentEncryptionAlgorithm>();
    known.map(drop).map_err(|_| RegistryError::invalid(field, "is not a content encryption algorithm of this server"))
}

/// OpenID Connect Core 10.2: a public client has no secret to share, and an asymmetric algorithm needs a key.
fn check_recipient(
    metadata: &ClientMetadata,
    field: &str,
    algorithm: KeyManagementAlgorithm,
) -> Result<(), RegistryError> {
    if algorithm.is_symmetric() {
        if metadata.authentication_method().needs_secret() {
            return Ok(());
        }
        return Err(RegistryError::invalid(field, "symmetric algorithms need a client with a secret"));
    }
    match (&metadata.jwks, &metadata.jwks_uri) {
        (None, None) => Err(RegistryError::invalid(field, "needs jwks or jwks_uri with a key to encrypt to")),
        (Some(jwks), _) => {
            let set = JwkSet::parse(jwks.to_string().as_bytes())
                .map_err(|problem| RegistryError::invalid("jwks", problem.to_string()))?;
            if set.recipient(algorithm).is_some() {
                return Ok(());
            }
            Err(RegistryError::invalid("jwks", format!("has no key for {field}, which is {algorithm}")))
        }
        // What is behind the address may change at any time; it is looked at when something is encrypted.
        (None, Some(_)) => Ok(()),
    }
}

/// The shortest secret, in octets, that the symmetric algorithms of a client need (OpenID Connect Core 16.19); nothing
/// where none of them is symmetric.
pub(super) fn shortest_secret(metadata: &ClientMetadata) -> Option<usize> {
    let responses = EncryptedResponse::ALL.into_iter().map(|response| response.registration(metadata));
    responses
        .chain([RegisteredEncryption::of_request_objects(metadata)])
        .filter_map(|registered| registered.ok().flatten())
        .filter_map(|registered| registered.algorithm.secret_length(registered.content))
        .max()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn refused_field(members: &Value) -> Option<String> {
        let metadata: ClientMetadata = serde_json::from_value(members.clone()).unwrap();
        let error = check(&metadata).err()?.to_string();
        error.split(':').next().map(str::to_owned)
    }

    #[test]
    fn oidcr_2_the_wrong_field_is_named() {
        let uri = "https://rp.test/jwks";
        for kind in ["id_token", "userinfo", "authorization", "introspection"] {
            let (alg, enc) = (format!("{kind}_encrypted_response_alg"), format!("{kind}_encrypted_response_enc"));
            assert_eq!(refused_field(&json!({})), None);
            assert_eq!(refused_field(&json!({ &alg: "RSA-OAEP", "jwks_uri": uri })), None);
            assert_eq!(refused_field(&json!({ &alg: "ECDH-ES", &enc: "A256GCM", "jwks_uri": uri })), None);
            assert_eq!(refused_field(&json!({ &alg: "dir" })), None);
            assert_eq!(refused_field(&json!({ &enc: "A128GCM" })), Some(enc.clone()));
            assert_eq!(refused_field(&json!({ &alg: "dir", &enc: "A128CBC" })), Some(enc.clone()));
            for unknown in ["RSA1_5", "PBES2-HS256+A128KW", "none", "RS256", ""] {
                assert_eq!(refused_field(&json!({ &alg: unknown, "jwks_uri": uri })), Some(alg.clone()), "{unknown}");
            }
            assert_eq!(refused_field(&json!({ &alg: "RSA-OAEP" })), Some(alg.clone()));
            assert_eq!(refused_field(&json!({ &alg: "RSA-OAEP", "jwks": { "keys": [] } })), Some("jwks".to_owned()));
            for method in ["none", "private_key_jwt", "tls_client_auth"] {
                let members = json!({ &alg: "A128KW", "token_endpoint_auth_method": method, "jwks_uri": uri });
                assert_eq!(refused_field(&members), Some(alg.clone()), "{method}");
            }
        }
    }

    #[test]
    fn oidcc_16_19_the_secret_has_as_many_octets_as_the_derived_key() {
        let shortest = |members: Value| shortest_secret(&serde_json::from_value(members).unwrap());
        assert_eq!(shortest(json!({})), None);
        assert_eq!(shortest(json!({ "id_token_encrypted_response_alg": "RSA-OAEP" })), None);
        assert_eq!(shortest(json!({ "id_token_encrypted_response_alg": "A192KW" })), Some(24));
        let both = json!({
            "id_token_encrypted_response_alg": "dir",
            "userinfo_encrypted_response_alg": "dir", "userinfo_encrypted_response_enc": "A256CBC-HS512",
        });
        assert_eq!(shortest(both), Some(64));
        assert_eq!(shortest(json!({ "request_object_encryption_alg": "RSA-OAEP" })), None);
        let direct = json!({ "request_object_encryption_alg": "dir", "request_object_encryption_enc": "A192GCM" });
        assert_eq!(shortest(direct), Some(24));
    }

    #[test]
    fn oidcr_2_request_objects_need_no_key_of_the_client() {
        let (alg, enc) = ("request_object_encryption_alg", "request_object_encryption_enc");
        assert_eq!(refused_field(&json!({ alg: "RSA-OAEP" })), None);
        assert_eq!(
            refused_field(&json!({ alg: "ECDH-ES", enc: "A256GCM", "token_endpoint_auth_method": "none" })),
            None
        );
        assert_eq!(refused_field(&json!({ alg: "dir" })), None);
        assert_eq!(refused_field(&json!({ enc: "A128GCM" })), Some(enc.to_owned()));
        assert_eq!(refused_field(&json!({ alg: "dir", enc: "A128CBC" })), Some(enc.to_owned()));
        for unknown in ["RSA1_5", "PBES2-HS256+A128KW", "none", "RS256", ""] {
            assert_eq!(refused_field(&json!({ alg: unknown })), Some(alg.to_owned()), "{unknown}");
        }
        for method in ["none", "private_key_jwt", "tls_client_auth"] {
            let members = json!({ alg: "A128KW", "token_endpoint_auth_method": method });
            assert_eq!(refused_field(&members), Some(alg.to_owned()), "{method}");
        }
    }
}
