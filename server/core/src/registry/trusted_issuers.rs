//! Trusted issuers (RFC 7523 section 3, RFC 8693 section 2.1).

use signet_jose::{JwkSet, random};
use signet_protocol::identifiers::TrustedIssuerId;
use url::Url;

use super::RegistryError;
use super::changes::{administered, trusted_issuer_fields};
use crate::events::{Action, Object, Parties, Serving};
use crate::model::{SubjectMapping, TrustedIssuer, TrustedIssuerDefinition, TrustedIssuerUse};
use crate::provider::Provider;
use crate::realm::RealmContext;

/// Most trusted issuers of a realm.
const MAXIMUM: usize = 100;
/// Most entries of a list.
const MAXIMUM_LIST: usize = 100;

/// What an administrator decides about a trusted issuer.
#[derive(Debug, Clone, PartialEq)]
pub struct TrustedIssuerChange {
    /// The claim `iss` of its tokens.
    pub issuer: String,
    /// Whose tokens are believed, for what and from whom.
    pub definition: TrustedIssuerDefinition,
}

fn is_visible(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(|byte| (0x21..=0x7e).contains(&byte))
}

fn check(realm: &RealmContext, change: &TrustedIssuerChange) -> Result<(), RegistryError> {
    let TrustedIssuerChange { issuer, definition } = change;
    if !is_visible(issuer, 500) {
        return Err(RegistryError::invalid("issuer", "must have 1 to 500 visible ASCII characters"));
    }
    // The Identity Assertion JWT Authorization Grant, section 8.3: nobody takes an assertion of their own for a grant.
    if issuer == realm.issuer() {
        return Err(RegistryError::invalid("issuer", "must not be the realm itself"));
    }
    check_keys(definition)?;
    check_lists(definition)?;
    if !is_visible(&definition.subject_claim, 100) {
        return Err(RegistryError::invalid("subject_claim", "must have 1 to 100 visible ASCII characters"));
    }
    let has_other_uses = definition.uses.iter().any(|usage| *usage != TrustedIssuerUse::AssertionGrant);
    if definition.subject_mapping == SubjectMapping::Script && has_other_uses {
        let problem = "script is for the use assertion_grant alone";
        return Err(RegistryError::invalid("subject_mapping", problem));
    }
    Ok(())
}

/// By value or by reference, and not both.
fn check_keys(definition: &TrustedIssuerDefinition) -> Result<(), RegistryError> {
    match (&definition.jwks, &definition.jwks_uri) {
        (Some(jwks), None) => {
            let set = JwkSet::parse(jwks.to_string().as_bytes());
            if set.is_ok_and(|set| !set.keys().is_empty()) {
                return Ok(());
            }
            Err(RegistryError::invalid("jwks", "must be a key set with a public key that can be used"))
        }
        (None, Some(uri)) if uri.len() <= 2048 && Url::parse(uri).is_ok_and(|url| url.scheme() == "https") => Ok(()),
        (None, Some(_)) => Err(RegistryError::invalid("jwks_uri", "must be an https URL of at most 2048 characters")),
        _ => Err(RegistryError::invalid("jwks", "is needed, or jwks_uri, and not both")),
    }
}

fn check_lists(definition: &TrustedIssuerDefinition) -> Result<(), RegistryError> {
    let too_many = |field: &'static str| RegistryError::invalid(field, "has more than 100 entries");
    if definition.clients.len() > MAXIMUM_LIST {
        return Err(too_many("clients"));
    }
    if definition.uses.len() > MAXIMUM_LIST {
        return Err(too_many("uses"));
    }
    let audiences = &definition.audiences;
    if audiences.len() > MAXIMUM_LIST || !audiences.iter().all(|audience| is_visible(audience, 500)) {
        let problem = "must be at most 100 texts of 1 to 500 visible ASCII characters";
        return Err(RegistryError::invalid("audiences", problem));
    }
    Ok(())
}

/// Registers a trusted issuer.
///
/// # Errors
/// `Invalid`, `Duplicate`.
pub async fn create_trusted_issuer(
    serving: &Serving<'_>,
    realm: &RealmContext,
    change: TrustedIssuerChange,
) -> Result<TrustedIssuer, RegistryError> {
    check(realm, &change)?;
    if realm.trusted_issuers.len() >= MAXIMUM {
        return Err(RegistryError::Forbidden("a realm has at most 100 trusted issuers"));
    }
    let now = serving.now();
    let trusted = TrustedIssuer {
        realm_id: realm.id(),
        id: TrustedIssuerId(random::random_bytes(&*serving.random)),
        issuer: change.issuer,
        definition: change.definition,
        created_at: now,
        updated_at: now,
        revision: 0,
    };
    let object = (Object::TrustedIssuer, trusted.id.to_string());
    let created = administered(serving, object, Action::Created, Vec::new());
    let events = serving.with_event(realm, created.concerning(Parties::default()));
    serving.store.insert_trusted_issuer(&trusted, &events).await?;
    serving.written(&events);
    Ok(trusted)
}

/// The realm's trusted issuers by name.
///
/// # Errors
/// Faults only.
pub async fn list_trusted_issuers(
    provider: &Provider,
    realm: &RealmContext,
) -> Result<Vec<TrustedIssuer>, RegistryError> {
    Ok(provider.store.trusted_issuers(realm.id()).await?)
}

/// One trusted issuer.
///
/// # Errors
/// `NotFound`.
pub async fn find_trusted_issuer(
    provider: &Provider,
    realm: &RealmContext,
    id: TrustedIssuerId,
) -> Result<TrustedIssuer, RegistryError> {
    let issuers = list_trusted_issuers(provider, realm).await?;
    issuers.into_iter().find(|trusted| trusted.id == id).ok_or(RegistryError::NotFound("trusted issuer"))
}

/// Replaces what an administrator decides about a trusted issuer, which must still be as it was read.
///
/// # Errors
/// `Invalid`, `NotFound`, `Duplicate`, `Changed`.
pub async fn update_trusted_issuer(
    serving: &Serving<'_>,
    realm: &RealmContext,
    before: TrustedIssuer,
    change: TrustedIssuerChange,
) -> Result<TrustedIssuer, RegistryError> {
    check(realm, &change)?;
    let mut trusted = TrustedIssuer {
        issuer: change.issuer,
        definition: change.definition,
        updated_at: serving.now(),
        ..before.clone()
    };
    let object = (Object::TrustedIssuer, trusted.id.to_string());
    let updated = administered(serving, object, Action::Updated, trusted_issuer_fields(&before, &trusted));
    let events = serving.with_event(realm, updated.concerning(Parties::default()));
    serving.store.update_trusted_issuer(&trusted, &events).await?;
    serving.written(&events);
    trusted.revision += 1;
    Ok(trusted)
}

/// Deletes a trusted issuer. What was issued for its tokens lives on until it ends.
///
/// # Errors
/// `NotFound`.
pub async fn delete_trusted_issuer(
    serving: &Serving<'_>,
    realm: &RealmContext,
    id: TrustedIssuerId,
) -> Result<(), RegistryError> {
    let object = (Object::TrustedIssuer, id.to_string());
    let deleted = administered(serving, object, Action::Deleted, Vec::new());
    let events = serving.with_event(realm, deleted.concerning(Parties::default()));
    serving.store.delete_trusted_issuer(realm.id(), id, &events).await?;
    serving.written(&events);
    Ok(())
}
