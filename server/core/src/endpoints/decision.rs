//! `on_discovery`, `on_introspection` and `on_revocation`: what the realm's scripts add to the discovery document, what
//! they keep from a caller, and what they revoke besides.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use signet_hooks::NoFacts;
use signet_hooks::points::on_discovery::{DiscoveryDecision, DiscoveryDocument};
use signet_hooks::points::on_introspection::{IntrospectedToken, IntrospectionDecision, IntrospectionNarrowing};
use signet_hooks::points::on_revocation::{RevocationDecision, RevokedToken};
use signet_hooks::points::{OnDiscovery, OnIntrospection, OnRevocation};
use signet_protocol::error::Refusal;
use signet_protocol::provider_metadata::ProviderMetadata;

use crate::events::Serving;
use crate::hooks::Subject;
use crate::realm::RealmContext;

/// What scripts add to the discovery document; of two members of one name the first counts. Whatever goes wrong with
/// them, the document is answered.
pub(super) async fn added(
    serving: &Serving<'_>,
    realm: &RealmContext,
    metadata: &ProviderMetadata,
) -> BTreeMap<String, Value> {
    let document = || match serde_json::to_value(metadata) {
        Ok(Value::Object(metadata)) => DiscoveryDocument { metadata },
        _ => DiscoveryDocument { metadata: Map::new() },
    };
    let answers = serving.ask::<OnDiscovery>(realm, Subject::default(), || (NoFacts {}, document())).await;
    let mut members = BTreeMap::new();
    for answer in answers.unwrap_or_default() {
        match answer.decision {
            DiscoveryDecision::None {} => {}
            DiscoveryDecision::Add(addition) => {
                for (name, value) in addition.members() {
                    members.entry(name).or_insert(value);
                }
            }
        }
    }
    members
}

/// What a caller gets to see of a good token: a member that every script shows. Nothing if any script calls the token
/// inactive. The subject's client is the caller.
///
/// # Errors
/// A script failed that fails closed.
pub(super) async fn shown(
    serving: &Serving<'_>,
    realm: &RealmContext,
    subject: Subject<'_>,
    (members, token): (Map<String, Value>, impl FnOnce(Vec<String>) -> IntrospectedToken),
) -> Result<Option<Map<String, Value>>, Refusal> {
    let names = || members.keys().cloned().collect();
    let answers = serving.ask::<OnIntrospection>(realm, subject, || (NoFacts {}, token(names()))).await?;
    let narrowings = answers.into_iter().filter_map(|answer| match answer.decision {
        IntrospectionDecision::None {} | IntrospectionDecision::Allow {} => None,
        IntrospectionDecision::Narrow(narrowing) => Some(narrowing),
    });
    Ok(narrowed(members, &narrowings.collect::<Vec<_>>()))
}

fn narrowed(members: Map<String, Value>, narrowings: &[IntrospectionNarrowing]) -> Option<Map<String, Value>> {
    if narrowings.iter().any(|narrowing| narrowing.inactive) {
        return None;
    }
    let is_shown = |name: &String| narrowings.iter().all(|narrowing| narrowing.shows(name));
    Some(members.into_iter().filter(|(name, _)| is_shown(name)).collect())
}

/// Whether everything of the token's lineage is revoked with it: if any script says so.
///
/// # Errors
/// A script failed that fails closed. The token is revoked all the same.
pub(super) async fn revokes_lineage(
    serving: &Serving<'_>,
    realm: &RealmContext,
    subject: Subject<'_>,
    token: impl FnOnce() -> RevokedToken,
) -> Result<bool, Refusal> {
    let answers = serving.ask::<OnRevocation>(realm, subject, || (NoFacts {}, token())).await?;
    Ok(answers.into_iter().any(|answer| match answer.decision {
        RevocationDecision::None {} | RevocationDecision::Allow {} => false,
        RevocationDecision::Revoke(more) => more.lineage,
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_member_is_shown_if_every_script_shows_it_and_what_checks_need_always_is() {
        let members = || json!({"sub": "a", "username": "ana", "scope": "x", "exp": 1, "department": "sales"});
        let members = || members().as_object().cloned().unwrap();
        let narrowing = |value: Value| serde_json::from_value::<IntrospectionNarrowing>(value).unwrap();
        let first = narrowing(json!({"show": ["sub", "username"]}));
        let second = narrowing(json!({"show": ["sub", "department"]}));
        let shown = narrowed(members(), &[first.clone(), second, narrowing(json!({}))]);
        assert_eq!(shown.map(Value::Object), Some(json!({"sub": "a", "scope": "x", "exp": 1})));
        assert_eq!(narrowed(members(), &[first, narrowing(json!({"inactive": true}))]), None);
        assert_eq!(narrowed(members(), &[]), Some(members()));
    }
}
