//! Types of authorization details (RFC 9396 section 2.1).

use std::collections::BTreeMap;

use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use serde_json::Value;
use signet_core::model;
use signet_core::protocol::identifiers::{AuthorizationDetailsTypeId, RealmName};
use signet_core::registry::{self, DetailsTypeChange};

use crate::administrator::Administrator;
use crate::answer::{Answered, Created, Done, Shown};
use crate::body::{New, Patch};
use crate::entity_tag::Precondition;
use crate::openapi::Tag;
use crate::paging::{self, Cursor, Limit, Page};
use crate::path::Path;
use crate::problem::Problem;
use crate::timestamp::Timestamp;

/// A type of authorization details: what clients may ask for in detail, and what people are told of it.
#[derive(Object)]
pub(crate) struct AuthorizationDetailsType {
    /// For ever.
    #[oai(read_only)]
    id: String,
    /// The value of the member `type` of the objects: 1 to 200 visible ASCII characters; unique in the realm.
    #[oai(rename = "type")]
    name: String,
    /// A JSON Schema (draft 2020-12) of the objects without their member `type`, of the keywords that the documentation
    /// lists. Objects are closed.
    schema: Value,
    /// What people are told, by language tag; `en` is required and stands in for every other.
    texts: BTreeMap<String, DetailsText>,
    /// Members that are lists of rights: fewer elements are fewer rights.
    #[oai(default)]
    additive: Vec<String>,
    /// Members that clients leave empty and scripts fill in after the consent.
    #[oai(default)]
    enriched: Vec<String>,
    /// Whether a user who agreed once is not asked again for the same or less.
    #[oai(default)]
    remembered: bool,
    /// Whether clients that an administrator registered may ask for it for themselves, without a user.
    #[oai(default)]
    client_credentials: bool,
    /// When it was registered.
    #[oai(read_only)]
    created_at: Timestamp,
    /// When it last changed.
    #[oai(read_only)]
    updated_at: Timestamp,
}

/// What people are told of an object, in one language. Members stand in braces: `{instructedAmount.amount}`.
#[derive(Object)]
pub(crate) struct DetailsText {
    /// What it is about: 1 to 300 characters.
    title: String,
    /// One sentence a line, at most 20; one that names a member which is not there is left out.
    #[oai(default)]
    lines: Vec<String>,
    /// The words for values, by member and value.
    #[oai(default)]
    values: BTreeMap<String, BTreeMap<String, String>>,
}

impl AuthorizationDetailsType {
    fn of(kind: model::AuthorizationDetailsType) -> Self {
        let definition = kind.definition;
        let text = |text: model::DetailsText| DetailsText { title: text.title, lines: text.lines, values: text.values };
        Self {
            id: kind.id.to_string(),
            name: kind.name,
            schema: definition.schema,
            texts: definition.texts.into_iter().map(|(tag, words)| (tag, text(words))).collect(),
            additive: definition.additive,
            enriched: definition.enriched,
            remembered: definition.remembered,
            client_credentials: definition.client_credentials,
            created_at: Timestamp(kind.created_at),
            updated_at: Timestamp(kind.updated_at),
        }
    }

    fn into_change(self) -> DetailsTypeChange {
        let text = |text: DetailsText| model::DetailsText { title: text.title, lines: text.lines, values: text.values };
        let definition = model::DetailsDefinition {
            schema: self.schema,
            texts: self.texts.into_iter().map(|(tag, words)| (tag, text(words))).collect(),
            additive: self.additive,
            enriched: self.enriched,
            remembered: self.remembered,
            client_credentials: self.client_credentials,
        };
        DetailsTypeChange { name: self.name, definition }
    }
}

/// The operations on types of authorization details.
pub(crate) struct AuthorizationDetailsTypes;

#[OpenApi(tag = "Tag::AuthorizationDetailsTypes")]
impl AuthorizationDetailsTypes {
    /// Lists the types of authorization details of a realm by `id`.
    #[oai(
        path = "/realms/:realm/authorization-details-types",
        method = "get",
        operation_id = "listAuthorizationDetailsTypes"
    )]
    async fn list(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        /// Most items of the page.
        limit: Limit,
        /// The `next` of the page before.
        cursor: Cursor<AuthorizationDetailsTypeId>,
    ) -> Result<Answered<Page<AuthorizationDetailsType>>, Problem> {
        let realm = administrator.realm(&realm.0).await?;
        let types = registry::list_details_types(administrator.provider(), &realm).await?;
        let page = paging::cut(types, &paging::wanted(&limit, &cursor), |kind| kind.id.to_string());
        Ok(Answered::Answer(Json(Page::of(page, |kind| Ok(AuthorizationDetailsType::of(kind)))?)))
    }

    /// Registers a type of authorization details.
    #[oai(
        path = "/realms/:realm/authorization-details-types",
        method = "post",
        operation_id = "createAuthorizationDetailsType"
    )]
    async fn create(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        kind: New<AuthorizationDetailsType>,
    ) -> Result<Created<AuthorizationDetailsType>, Problem> {
        let change = kind.read()?.into_change();
        let realm = administrator.realm(&realm.0).await?;
        let made = registry::create_details_type(&administrator.serving(), &realm, change).await?;
        let id = made.id.to_string();
        let place = ["realms", realm.realm.name.as_str(), "authorization-details-types", &id];
        Ok(Created::at(administrator.location(&place), AuthorizationDetailsType::of(made)))
    }

    /// Shows a type of authorization details.
    #[oai(
        path = "/realms/:realm/authorization-details-types/:id",
        method = "get",
        operation_id = "showAuthorizationDetailsType"
    )]
    async fn show(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        id: Path<AuthorizationDetailsTypeId>,
    ) -> Result<Shown<AuthorizationDetailsType>, Problem> {
        let realm = administrator.realm(&realm.0).await?;
        let kind = registry::find_details_type(administrator.provider(), &realm, id.0).await?;
        Ok(Shown::of(AuthorizationDetailsType::of(kind)))
    }

    /// Changes a type of authorization details.
    #[oai(
        path = "/realms/:realm/authorization-details-types/:id",
        method = "patch",
        operation_id = "updateAuthorizationDetailsType"
    )]
    async fn update(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        id: Path<AuthorizationDetailsTypeId>,
        patch: Patch<AuthorizationDetailsType>,
    ) -> Result<Shown<AuthorizationDetailsType>, Problem> {
        let (provider, realm) = (administrator.provider(), administrator.realm(&realm.0).await?);
        let mut edit = administrator.edit().await;
        loop {
            let done = async {
                let before = registry::find_details_type(provider, &realm, id.0).await?;
                let change = patch.onto(&AuthorizationDetailsType::of(before.clone()))?.into_change();
                let after = registry::update_details_type(&administrator.serving(), &realm, before, change).await?;
                Ok(Shown::of(AuthorizationDetailsType::of(after)))
            };
            let done = done.await;
            if edit.ends_with(&done) {
                return done;
            }
        }
    }

    /// Deletes a type of authorization details. Clients get no tokens for it any more, not by refresh either.
    #[oai(
        path = "/realms/:realm/authorization-details-types/:id",
        method = "delete",
        operation_id = "deleteAuthorizationDetailsType"
    )]
    async fn delete(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        id: Path<AuthorizationDetailsTypeId>,
        precondition: Precondition,
    ) -> Result<Done, Problem> {
        let (provider, realm) = (administrator.provider(), administrator.realm(&realm.0).await?);
        let _edit = administrator.edit().await;
        let before = registry::find_details_type(provider, &realm, id.0).await?;
        precondition.check(&AuthorizationDetailsType::of(before))?;
        registry::delete_details_type(&administrator.serving(), &realm, id.0).await?;
        Ok(Done::Done)
    }
}
