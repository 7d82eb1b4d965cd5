//! Clients.

use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use signet_core::model;
use signet_core::protocol::identifiers::{ClientId, RealmName};
use signet_core::registry::{self, ClientRegistration, IssuedSecret};
use zeroize::Zeroizing;

use crate::administrator::Administrator;
use crate::answer::{Answered, Created, Done, Shown};
use crate::body::{New, Patch};
use crate::client_metadata::{ClientMetadata, ClientSettings};
use crate::entity_tag::Precondition;
use crate::mirror;
use crate::openapi::Tag;
use crate::paging::{self, Cursor, Limit, Page};
use crate::path::Path;
use crate::problem::Problem;
use crate::timestamp::Timestamp;

/// A client: its metadata (RFC 7591 section 2), and what this server adds.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct Client {
    /// The client identifier: 1 to 200 printable ASCII characters. Made where it is absent at creation; never changed
    /// afterwards.
    #[oai(rename = "client_id")]
    id: Option<String>,
    /// The client secret. May be chosen at creation: 16 to 512 printable ASCII characters. Otherwise one is made where
    /// the client needs it, and shown in that answer alone.
    #[oai(rename = "client_secret")]
    secret: Option<String>,
    /// Whether the client may do anything. Disabling it ends everything that was issued to it.
    #[oai(default = "yes")]
    enabled: bool,
    #[oai(flatten)]
    metadata: ClientMetadata,
    /// What this server adds to the metadata.
    #[oai(default)]
    settings: ClientSettings,
    /// When it was registered.
    #[oai(read_only)]
    created_at: Timestamp,
    /// When it last changed.
    #[oai(read_only)]
    updated_at: Timestamp,
}

/// A client secret: the only time it is seen.
#[derive(Object)]
pub(crate) struct ClientSecret {
    /// The client identifier.
    client_id: String,
    /// The new secret. The old one stays good for as long as the realm's `client_secret_overlap_seconds` says.
    client_secret: String,
}

fn yes() -> bool {
    true
}

impl Client {
    fn of(client: &model::Client) -> Result<Self, Problem> {
        Ok(Self {
            id: Some(client.client_id.to_string()),
            secret: None,
            enabled: client.enabled,
            metadata: mirror::shown(&client.metadata)?,
            settings: mirror::shown(&client.settings)?,
            created_at: Timestamp(client.created_at),
            updated_at: Timestamp(client.updated_at),
        })
    }

    /// The client with the secret that was made just now.
    fn issued(issued: &IssuedSecret) -> Result<Self, Problem> {
        let secret = issued.secret.as_ref().map(|secret| secret.as_str().to_owned());
        Ok(Self { secret, ..Self::of(&issued.client)? })
    }

    fn registration(&self) -> Result<ClientRegistration, Problem> {
        Ok(ClientRegistration {
            metadata: mirror::stored(&self.metadata, "")?,
            settings: mirror::stored(&self.settings, "settings.")?,
            enabled: self.enabled,
        })
    }

    /// What an update may not touch.
    fn check_kept(&self, client_id: &ClientId) -> Result<(), Problem> {
        if self.id.as_deref() != Some(client_id.as_str()) {
            return Err(Problem::invalid("client_id", "cannot be changed; register another client"));
        }
        if self.secret.is_some() {
            return Err(Problem::invalid("client_secret", "is replaced by a POST to the client's secret"));
        }
        Ok(())
    }
}

/// The operations on clients.
pub(crate) struct Clients;

#[OpenApi(tag = "Tag::Clients")]
impl Clients {
    /// Lists the clients of a realm by identifier.
    #[oai(path = "/realms/:realm/clients", method = "get", operation_id = "listClients")]
    async fn list(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        /// Most items of the page.
        limit: Limit,
        /// The `next` of the page before.
        cursor: Cursor<ClientId>,
    ) -> Result<Answered<Page<Client>>, Problem> {
        let realm = administrator.realm(&realm.0).await?;
        let wanted = paging::wanted(&limit, &cursor);
        let page = registry::list_clients(administrator.provider(), &realm, &wanted).await?;
        Ok(Answered::Answer(Json(Page::of(page, |client| Client::of(&client))?)))
    }

    /// Registers a client. A secret that is made for it is in this answer and in no later one.
    #[oai(path = "/realms/:realm/clients", method = "post", operation_id = "createClient")]
    async fn create(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        client: New<Client>,
    ) -> Result<Created<Client>, Problem> {
        let mut document = client.read()?;
        let realm = administrator.realm(&realm.0).await?;
        let registration = document.registration()?;
        let client_id = document.id.take().map(ClientId::try_from).transpose();
        let client_id = client_id.map_err(|error| Problem::invalid("client_id", error.0))?;
        let chosen = document.secret.take().map(Zeroizing::new);
        let issued = registry::create_client(&administrator.serving(), &realm, client_id, registration, chosen).await?;
        let client_id = issued.client.client_id.as_str();
        let location = administrator.location(&["realms", realm.realm.name.as_str(), "clients", client_id]);
        Ok(Created::at(location, Client::issued(&issued)?))
    }

    /// Shows a client, without its secret.
    #[oai(path = "/realms/:realm/clients/:client_id", method = "get", operation_id = "showClient")]
    async fn show(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        client_id: Path<ClientId>,
    ) -> Result<Shown<Client>, Problem> {
        let realm = administrator.realm(&realm.0).await?;
        let client = registry::find_client(administrator.provider(), &realm, &client_id.0).await?;
        Ok(Shown::of(Client::of(&client)?))
    }

    /// Changes a client. Where it needs another kind of secret afterwards, one is made and is in this answer.
    #[oai(path = "/realms/:realm/clients/:client_id", method = "patch", operation_id = "updateClient")]
    async fn update(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        client_id: Path<ClientId>,
        patch: Patch<Client>,
    ) -> Result<Shown<Client>, Problem> {
        let (provider, realm) = (administrator.provider(), administrator.realm(&realm.0).await?);
        let mut edit = administrator.edit().await;
        loop {
            let done = async {
                let before = registry::client_as_stored(provider, &realm, &client_id.0).await?;
                let document = patch.onto(&Client::of(&before)?)?;
                document.check_kept(&client_id.0)?;
                let issued =
                    registry::update_client(&administrator.serving(), &realm, before, document.registration()?).await?;
                Ok(Shown::of(Client::issued(&issued)?))
            };
            let done = done.await;
            if edit.ends_with(&done) {
                return done;
            }
        }
    }

    /// Deletes a client and everything that was issued to it.
    #[oai(path = "/realms/:realm/clients/:client_id", method = "delete", operation_id = "deleteClient")]
    async fn delete(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        client_id: Path<ClientId>,
        precondition: Precondition,
    ) -> Result<Done, Problem> {
        let (provider, realm) = (administrator.provider(), administrator.realm(&realm.0).await?);
        let _edit = administrator.edit().await;
        let before = registry::client_as_stored(provider, &realm, &client_id.0).await?;
        precondition.check(&Client::of(&before)?)?;
        registry::delete_client(&administrator.serving(), &realm, &client_id.0).await?;
        Ok(Done::Done)
    }

    /// Revokes everything that a client was issued until now: tokens, codes and requests that wait. Its secret and what
    /// users allowed it stay.
    #[oai(path = "/realms/:realm/clients/:client_id/revocation", method = "post", operation_id = "revokeAllOfClient")]
    async fn revoke_all(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        client_id: Path<ClientId>,
    ) -> Result<Done, Problem> {
        let realm = administrator.realm(&realm.0).await?;
        registry::revoke_all_of_client(&administrator.serving(), &realm, &client_id.0).await?;
        Ok(Done::Done)
    }

    /// Replaces a client's secret by a new one, which is in this answer and in no later one.
    #[oai(path = "/realms/:realm/clients/:client_id/secret", method = "post", operation_id = "rotateClientSecret")]
    async fn rotate_secret(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        client_id: Path<ClientId>,
    ) -> Result<Answered<ClientSecret>, Problem> {
        let realm = administrator.realm(&realm.0).await?;
        let mut edit = administrator.edit().await;
        let issued = loop {
            let done = registry::rotate_client_secret(&administrator.serving(), &realm, &client_id.0)
                .await
                .map_err(Problem::from);
            if edit.ends_with(&done) {
                break done?;
            }
        };
        let client_secret = issued.secret.as_ref().map(|secret| secret.as_str().to_owned()).unwrap_or_default();
        Ok(Answered::Answer(Json(ClientSecret { client_id: client_id.0.to_string(), client_secret })))
    }
}
