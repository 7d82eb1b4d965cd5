//! Trusted issuers (RFC 7523 section 3, RFC 8693 section 2.1).

use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use serde_json::Value;
use signet_core::model;
use signet_core::protocol::identifiers::{ClientId, RealmName, TrustedIssuerId};
use signet_core::registry::{self, TrustedIssuerChange};

use crate::administrator::Administrator;
use crate::answer::{Answered, Created, Done, Shown};
use crate::body::{New, Patch};
use crate::entity_tag::Precondition;
use crate::enumerations::{SubjectMapping, TrustedIssuerUse};
use crate::openapi::Tag;
use crate::paging::{self, Cursor, Limit, Page};
use crate::path::Path;
use crate::problem::Problem;
use crate::timestamp::Timestamp;

/// An issuer outside the realm whose tokens are believed.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct TrustedIssuer {
    /// For ever.
    #[oai(read_only)]
    id: String,
    /// The claim `iss` of its tokens: 1 to 500 visible ASCII characters; unique in the realm, and not the realm itself.
    issuer: String,
    /// Whether it is trusted at all.
    #[oai(default = "yes")]
    enabled: bool,
    /// Its public keys by value; or
    jwks: Option<Value>,
    /// by reference: an https URL.
    jwks_uri: Option<String>,
    /// What its tokens are good for; nothing where this is empty.
    #[oai(default)]
    uses: Vec<TrustedIssuerUse>,
    /// The clients that may bring its tokens, by identifier; nobody where this is empty.
    #[oai(default)]
    clients: Vec<String>,
    /// What `aud` may name beside this server.
    #[oai(default)]
    audiences: Vec<String>,
    /// How its tokens name a user of the realm.
    #[oai(default = "user_id")]
    subject_mapping: SubjectMapping,
    /// The claim that does. An `email` counts only if `email_verified` is true.
    #[oai(default = "sub")]
    subject_claim: String,
    /// When it was registered.
    #[oai(read_only)]
    created_at: Timestamp,
    /// When it last changed.
    #[oai(read_only)]
    updated_at: Timestamp,
}

fn yes() -> bool {
    true
}

fn user_id() -> SubjectMapping {
    SubjectMapping::UserId
}

fn sub() -> String {
    "sub".to_owned()
}

impl TrustedIssuer {
    fn of(trusted: model::TrustedIssuer) -> Self {
        let definition = trusted.definition;
        Self {
            id: trusted.id.to_string(),
            issuer: trusted.issuer,
            enabled: definition.enabled,
            jwks: definition.jwks,
            jwks_uri: definition.jwks_uri,
            uses: definition.uses.into_iter().map(Into::into).collect(),
            clients: definition.clients.iter().map(ToString::to_string).collect(),
            audiences: definition.audiences,
            subject_mapping: definition.subject_mapping.into(),
            subject_claim: definition.subject_claim,
            created_at: Timestamp(trusted.created_at),
            updated_at: Timestamp(trusted.updated_at),
        }
    }

    fn into_change(self) -> Result<TrustedIssuerChange, Problem> {
        let clients = self.clients.into_iter().map(ClientId::try_from).collect::<Result<Vec<_>, _>>();
        let definition = model::TrustedIssuerDefinition {
            enabled: self.enabled,
            jwks: self.jwks,
            jwks_uri: self.jwks_uri,
            uses: self.uses.into_iter().map(Into::into).collect(),
            clients: clients.map_err(|error| Problem::invalid("clients", error.0))?,
            audiences: self.audiences,
            subject_mapping: self.subject_mapping.into(),
            subject_claim: self.subject_claim,
        };
        Ok(TrustedIssuerChange { issuer: self.issuer, definition })
    }
}

/// The operations on trusted issuers.
pub(crate) struct TrustedIssuers;

#[OpenApi(tag = "Tag::TrustedIssuers")]
impl TrustedIssuers {
    /// Lists the trusted issuers of a realm by `id`.
    #[oai(path = "/realms/:realm/trusted-issuers", method = "get", operation_id = "listTrustedIssuers")]
    async fn list(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        /// Most items of the page.
        limit: Limit,
        /// The `next` of the page before.
        cursor: Cursor<TrustedIssuerId>,
    ) -> Result<Answered<Page<TrustedIssuer>>, Problem> {
        let realm = administrator.realm(&realm.0).await?;
        let issuers = registry::list_trusted_issuers(administrator.provider(), &realm).await?;
        let page = paging::cut(issuers, &paging::wanted(&limit, &cursor), |trusted| trusted.id.to_string());
        Ok(Answered::Answer(Json(Page::of(page, |trusted| Ok(TrustedIssuer::of(trusted)))?)))
    }

    /// Registers a trusted issuer.
    #[oai(path = "/realms/:realm/trusted-issuers", method = "post", operation_id = "createTrustedIssuer")]
    async fn create(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        trusted: New<TrustedIssuer>,
    ) -> Result<Created<TrustedIssuer>, Problem> {
        let change = trusted.read()?.into_change()?;
        let realm = administrator.realm(&realm.0).await?;
        let made = registry::create_trusted_issuer(&administrator.serving(), &realm, change).await?;
        let id = made.id.to_string();
        let place = ["realms", realm.realm.name.as_str(), "trusted-issuers", &id];
        Ok(Created::at(administrator.location(&place), TrustedIssuer::of(made)))
    }

    /// Shows a trusted issuer.
    #[oai(path = "/realms/:realm/trusted-issuers/:id", method = "get", operation_id = "showTrustedIssuer")]
    async fn show(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        id: Path<TrustedIssuerId>,
    ) -> Result<Shown<TrustedIssuer>, Problem> {
        let realm = administrator.realm(&realm.0).await?;
        let trusted = registry::find_trusted_issuer(administrator.provider(), &realm, id.0).await?;
        Ok(Shown::of(TrustedIssuer::of(trusted)))
    }

    /// Changes a trusted issuer.
    #[oai(path = "/realms/:realm/trusted-issuers/:id", method = "patch", operation_id = "updateTrustedIssuer")]
    async fn update(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        id: Path<TrustedIssuerId>,
        patch: Patch<TrustedIssuer>,
    ) -> Result<Shown<TrustedIssuer>, Problem> {
        let (provider, realm) = (administrator.provider(), administrator.realm(&realm.0).await?);
        let mut edit = administrator.edit().await;
        loop {
            let done = async {
                let before = registry::find_trusted_issuer(provider, &realm, id.0).await?;
                let change = patch.onto(&TrustedIssuer::of(before.clone()))?.into_change()?;
                let after = registry::update_trusted_issuer(&administrator.serving(), &realm, before, change).await?;
                Ok(Shown::of(TrustedIssuer::of(after)))
            };
            let done = done.await;
            if edit.ends_with(&done) {
                return done;
            }
        }
    }

    /// Deletes a trusted issuer. What was issued for its tokens lives on until it ends.
    #[oai(path = "/realms/:realm/trusted-issuers/:id", method = "delete", operation_id = "deleteTrustedIssuer")]
    async fn delete(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        id: Path<TrustedIssuerId>,
        precondition: Precondition,
    ) -> Result<Done, Problem> {
        let (provider, realm) = (administrator.provider(), administrator.realm(&realm.0).await?);
        let _edit = administrator.edit().await;
        let before = registry::find_trusted_issuer(provider, &realm, id.0).await?;
        precondition.check(&TrustedIssuer::of(before))?;
        registry::delete_trusted_issuer(&administrator.serving(), &realm, id.0).await?;
        Ok(Done::Done)
    }
}
