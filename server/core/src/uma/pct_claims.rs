//! What a resource server learns of the claims of a requesting party: `pct_claims` at introspection, an extension. It is
//! what an administrator permits the resource server by name, and of answers what the requesting party was told (UMA Grant
//! section 6.2). The persisted claims token is no part of it (section 5.2).

use serde_json::{Map, Value};
use signet_jose::base64url;
use signet_protocol::identifiers::Lineage;

use super::party::{decrypt, encrypt};
use crate::failure::Fault;
use crate::model::{Client, UmaParty};
use crate::provider::Provider;
use crate::realm::RealmContext;

/// Longest JSON of the claims, in bytes: they travel in tokens.
const LONGEST_CLAIMS: usize = 1_024;

/// What a resource server may learn of what an assessment rests on. What another issuer says comes before what the
/// requesting party says. What is too long together is not told at all: a part of it might mislead.
pub(crate) fn pct_claims(server: &Client, found: &UmaParty) -> Map<String, Value> {
    let told = found.told.as_ref().filter(|told| told.server == server.client_id);
    let claim = |name: &String| {
        let asserted = found.asserted.as_ref().and_then(|asserted| asserted.claims.get(name));
        let answered = told.filter(|told| told.names.contains(name)).and_then(|_| found.answers.get(name));
        asserted.or(answered).map(|value| (name.clone(), value.clone()))
    };
    let claims: Map<String, Value> = server.settings.pct_claims.iter().filter_map(claim).collect();
    let length = serde_json::to_vec(&claims).map_or(usize::MAX, |json| json.len());
    if length > LONGEST_CLAIMS { Map::new() } else { claims }
}

/// What a resource server may still learn of claims that were for it.
pub(crate) fn still_permitted(server: &Client, mut claims: Map<String, Value>) -> Map<String, Value> {
    claims.retain(|name, _| server.settings.pct_claims.contains(name));
    claims
}

/// The claims for a resource server, as the refresh token family keeps them; nothing where there are none.
pub(crate) fn kept_claims(
    provider: &Provider,
    realm: &RealmContext,
    (lineage, claims): (Lineage, &Map<String, Value>),
) -> Result<Option<String>, Fault> {
    if claims.is_empty() {
        return Ok(None);
    }
    encrypt(provider, realm, ("refresh_families", &lineage.0), claims).map(base64url::encode).map(Some)
}

/// What a refresh token family keeps of them.
pub(crate) fn claims_kept(realm: &RealmContext, (lineage, kept): (Lineage, &str)) -> Result<Map<String, Value>, Fault> {
    let kept = base64url::decode(kept).map_err(|error| Fault::internal("kept claims do not read back", error))?;
    decrypt(realm, ("refresh_families", &lineage.0), &kept)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use signet_protocol::client_metadata::ClientMetadata;
    use signet_protocol::identifiers::{RealmId, UserId};
    use signet_protocol::time::UnixTime;

    use super::*;
    use crate::model::{AssertedClaims, ClientSettings, SecretLife, ToldClaims};

    fn learnt(told: Option<(&str, &[&str])>, asserted: Option<&Value>, answers: &Value) -> Value {
        let pct_claims = ["role", "why"].map(str::to_owned).to_vec();
        let server = Client {
            realm_id: RealmId([0; 16]),
            client_id: "album".parse().unwrap(),
            enabled: true,
            metadata: ClientMetadata::default(),
            settings: ClientSettings { pct_claims, ..ClientSettings::default() },
            secret: None,
            secret_life: SecretLife::default(),
            epoch: 0,
            created_at: UnixTime(0),
            updated_at: UnixTime(0),
            revision: 0,
        };
        let found = UmaParty {
            user_id: UserId([1; 16]),
            user_epoch: 0,
            epochs: None,
            sid: None,
            authenticated_at: UnixTime(0),
            acr: None,
            asserted: asserted.map(|claims| AssertedClaims {
                issuer: "https://partner.test".to_owned(),
                claims: claims.as_object().cloned().unwrap(),
            }),
            answers: answers.as_object().cloned().unwrap(),
            told: told.map(|(server, names)| ToldClaims {
                server: server.parse().unwrap(),
                names: names.iter().map(ToString::to_string).collect(),
            }),
            persists: false,
        };
        super::pct_claims(&server, &found).into()
    }

    #[test]
    fn uma_grant_6_2_answers_are_for_the_resource_server_that_people_were_told_of() {
        let answers = &json!({"role": "nurse", "why": "fun", "more": 1});
        assert_eq!(learnt(Some(("album", &["why", "more"])), None, answers), json!({"why": "fun"}));
        assert_eq!(learnt(Some(("other", &["why"])), None, answers), json!({}));
        assert_eq!(learnt(None, None, answers), json!({}));
        let said = json!({"role": "doctor", "sub": "bea"});
        let said = Some(&said);
        assert_eq!(learnt(None, said, answers), json!({"role": "doctor"}));
        assert_eq!(learnt(Some(("album", &["role", "why"])), said, answers), json!({"role": "doctor", "why": "fun"}));
        let long = json!({"role": "x".repeat(1_024)});
        assert_eq!(learnt(Some(("album", &["why"])), Some(&long), answers), json!({}));
    }
}
