//! Types of authorization details (RFC 9396 section 2.1).

use signet_jose::random;
use signet_protocol::identifiers::AuthorizationDetailsTypeId;

use super::RegistryError;
use super::changes::{administered, details_type_fields};
use crate::details::{Schema, check_texts};
use crate::events::{Action, Object, Parties, Serving};
use crate::model::{AuthorizationDetailsType, DetailsDefinition};
use crate::provider::Provider;
use crate::realm::RealmContext;

/// Most types of a realm.
const MAXIMUM: usize = 100;

/// What an administrator decides about a type of authorization details.
#[derive(Debug, Clone, PartialEq)]
pub struct DetailsTypeChange {
    /// The value of the member `type`.
    pub name: String,
    /// What its objects look like, and what people are told of them.
    pub definition: DetailsDefinition,
}

fn check(change: &DetailsTypeChange) -> Result<(), RegistryError> {
    let DetailsTypeChange { name, definition } = change;
    if !(1..=200).contains(&name.len()) || !name.bytes().all(|byte| (0x21..=0x7e).contains(&byte)) {
        let problem = "must have 1 to 200 visible ASCII characters (RFC 9396 section 2.1)";
        return Err(RegistryError::invalid("type", problem));
    }
    let schema =
        Schema::read(&definition.schema).map_err(|error| RegistryError::invalid("schema", error.to_string()))?;
    check_texts(&definition.texts, &schema).map_err(|problem| RegistryError::invalid("texts", problem))?;
    if !definition.additive.iter().all(|member| schema.is_list(member)) {
        return Err(RegistryError::invalid("additive", "must name members that the schema has as lists"));
    }
    if !definition.enriched.iter().all(|member| schema.has(member) && !member.contains('.')) {
        return Err(RegistryError::invalid("enriched", "must name members of the schema"));
    }
    if definition.enriched.iter().any(|member| schema.requires(member)) {
        return Err(RegistryError::invalid("enriched", "must not name a member that the schema requires"));
    }
    Ok(())
}

/// Registers a type.
///
/// # Errors
/// `Invalid`, `Duplicate`.
pub async fn create_details_type(
    serving: &Serving<'_>,
    realm: &RealmContext,
    change: DetailsTypeChange,
) -> Result<AuthorizationDetailsType, RegistryError> {
    check(&change)?;
    if realm.details_types.len() >= MAXIMUM {
        return Err(RegistryError::Forbidden("a realm has at most 100 types of authorization details"));
    }
    let now = serving.now();
    let kind = AuthorizationDetailsType {
        realm_id: realm.id(),
        id: AuthorizationDetailsTypeId(random::random_bytes(&*serving.random)),
        name: change.name,
        definition: change.definition,
        created_at: now,
        updated_at: now,
        revision: 0,
    };
    let object = (Object::AuthorizationDetailsType, kind.id.to_string());
    let created = administered(serving, object, Action::Created, Vec::new());
    let events = serving.with_event(realm, created.concerning(Parties::default()));
    serving.store.insert_details_type(&kind, &events).await?;
    serving.written(&events);
    Ok(kind)
}

/// The realm's types by name.
///
/// # Errors
/// Faults only.
pub async fn list_details_types(
    provider: &Provider,
    realm: &RealmContext,
) -> Result<Vec<AuthorizationDetailsType>, RegistryError> {
    Ok(provider.store.details_types(realm.id()).await?)
}

/// One type.
///
/// # Errors
/// `NotFound`.
pub async fn find_details_type(
    provider: &Provider,
    realm: &RealmContext,
    id: AuthorizationDetailsTypeId,
) -> Result<AuthorizationDetailsType, RegistryError> {
    let types = list_details_types(provider, realm).await?;
    types.into_iter().find(|kind| kind.id == id).ok_or(RegistryError::NotFound("type of authorization details"))
}

/// Replaces what an administrator decides about a type, which must still be as it was read.
///
/// # Errors
/// `Invalid`, `NotFound`, `Duplicate`, `Changed`.
pub async fn update_details_type(
    serving: &Serving<'_>,
    realm: &RealmContext,
    before: AuthorizationDetailsType,
    change: DetailsTypeChange,
) -> Result<AuthorizationDetailsType, RegistryError> {
    check(&change)?;
    let mut kind = AuthorizationDetailsType {
        name: change.name,
        definition: change.definition,
        updated_at: serving.now(),
        ..before.clone()
    };
    let object = (Object::AuthorizationDetailsType, kind.id.to_string());
    let updated = administered(serving, object, Action::Updated, details_type_fields(&before, &kind));
    let events = serving.with_event(realm, updated.concerning(Parties::default()));
    serving.store.update_details_type(&kind, &events).await?;
    serving.written(&events);
    kind.revision += 1;
    Ok(kind)
}

/// Deletes a type. Clients get no tokens for it any more, not by refresh either.
///
/// # Errors
/// `NotFound`.
pub async fn delete_details_type(
    serving: &Serving<'_>,
    realm: &RealmContext,
    id: AuthorizationDetailsTypeId,
) -> Result<(), RegistryError> {
    let object = (Object::AuthorizationDetailsType, id.to_string());
    let deleted = administered(serving, object, Action::Deleted, Vec::new());
    let events = serving.with_event(realm, deleted.concerning(Parties::default()));
    serving.store.delete_details_type(realm.id(), id, &events).await?;
    serving.written(&events);
    Ok(())
}
