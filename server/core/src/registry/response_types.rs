//! Response types of a client: each is one that the realm offers, and they correspond to the grant types (OpenID Connect Registration 2).

use signet_protocol::client_metadata::ClientMetadata;
use signet_protocol::names::{GrantType, ResponseType};

use super::RegistryError;
use crate::model::Client;
use crate::realm::RealmContext;

/// Checks the response types of a client.
///
/// # Errors
/// Names `response_types`, or `grant_types` where `implicit` is not used.
pub(super) fn check(realm: &RealmContext, client: &Client) -> Result<(), RegistryError> {
    let offered: Vec<ResponseType> = realm.response_types().collect();
    check_offered(&client.metadata, &offered)?;
    check_correspondence(&client.metadata)
}

fn invalid(problem: String) -> RegistryError {
    RegistryError::invalid("response_types", problem)
}

fn named(metadata: &ClientMetadata) -> &[ResponseType] {
    metadata.response_types.as_deref().unwrap_or_default()
}

fn check_offered(metadata: &ClientMetadata, offered: &[ResponseType]) -> Result<(), RegistryError> {
    match named(metadata).iter().find(|response_type| !offered.contains(response_type)) {
        Some(foreign) => {
            Err(invalid(format!("the realm does not offer {foreign}; its own response_types say what it does")))
        }
        None => Ok(()),
    }
}

fn check_correspondence(metadata: &ClientMetadata) -> Result<(), RegistryError> {
    let (response_types, grant_types) = (metadata.response_types(), metadata.grant_types());
    for response_type in named(metadata) {
        let needed = response_type.grant_types().iter().find(|grant| !grant_types.contains(grant));
        if let Some(needed) = needed {
            return Err(invalid(format!("{response_type} needs the grant {needed}")));
        }
    }
    let uses = |grant: GrantType| response_types.iter().any(|kind| kind.grant_types().contains(&grant));
    for grant in [GrantType::AuthorizationCode, GrantType::Implicit] {
        if grant_types.contains(&grant) && !uses(grant) {
            return Err(invalid(format!("the grant {grant} needs a response type that uses it")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(json: serde_json::Value) -> Result<(), String> {
        let metadata: ClientMetadata = serde_json::from_value(json).unwrap();
        check_offered(&metadata, ResponseType::ALL)
            .and_then(|()| check_correspondence(&metadata))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn openid_registration_2_response_types_and_grant_types_correspond() {
        for (response_types, grant_types) in [
            (serde_json::json!(["code"]), serde_json::json!(["authorization_code", "refresh_token"])),
            (serde_json::json!(["id_token", "token id_token"]), serde_json::json!(["implicit"])),
            (serde_json::json!(["code token"]), serde_json::json!(["authorization_code", "implicit"])),
            (serde_json::json!(["none", "code"]), serde_json::json!(["authorization_code"])),
            (serde_json::json!(["none"]), serde_json::json!(["client_credentials"])),
            (serde_json::json!([]), serde_json::json!(["client_credentials"])),
        ] {
            let json = serde_json::json!({"response_types": response_types, "grant_types": grant_types});
            assert_eq!(checked(json.clone()), Ok(()), "{json}");
        }
        assert_eq!(checked(serde_json::json!({"grant_types": ["client_credentials"]})), Ok(()));
        for (response_types, grant_types) in [
            (serde_json::json!(["id_token"]), serde_json::json!(["authorization_code"])),
            (serde_json::json!(["code id_token"]), serde_json::json!(["authorization_code"])),
            (serde_json::json!(["code id_token"]), serde_json::json!(["implicit"])),
            (serde_json::json!(["code"]), serde_json::json!(["authorization_code", "implicit"])),
            (serde_json::json!(["id_token"]), serde_json::json!(["authorization_code", "implicit"])),
            (serde_json::json!([]), serde_json::json!(["authorization_code"])),
            (serde_json::Value::Null, serde_json::json!(["implicit"])),
        ] {
            let json = serde_json::json!({"response_types": response_types, "grant_types": grant_types});
            let error = checked(json.clone()).unwrap_err();
            assert!(error.starts_with("response_types: "), "{json} gave {error}");
        }
    }

    #[test]
    fn rfc9700_2_1_2_what_the_realm_does_not_offer_is_not_registered() {
        let metadata = |text: &str| ClientMetadata {
            response_types: Some(vec![text.parse().unwrap()]),
            ..ClientMetadata::default()
        };
        assert!(check_offered(&metadata("code"), &[ResponseType::Code]).is_ok());
        assert!(check_offered(&metadata("id_token"), &[ResponseType::Code]).is_err());
    }
}
