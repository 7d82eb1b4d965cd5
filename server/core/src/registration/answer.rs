//! What a registered client is told (RFC 7591 section 3.2.1, RFC 7592 section 3).

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::document::written;
use crate::endpoints::Endpoint;
use crate::model::{Client, Registration};
use crate::realm::RealmContext;

/// The client information response. It may hold a secret and always holds a token: it is neither logged nor cached.
pub struct ClientInformation(Map<String, Value>);

impl ClientInformation {
    /// Its members.
    pub const fn members(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The response about a client. A secret is there only if it was made just now.
    pub(super) fn of(
        realm: &RealmContext,
        (client, registration): (&Client, &Registration),
        token: &str,
        secret: Option<&Zeroizing<String>>,
    ) -> Self {
        let mut members = written(&client.metadata);
        let mut insert = |name: &str, value: Value| members.insert(name.to_owned(), value);
        insert("client_id", client.client_id.as_str().into());
        insert("client_id_issued_at", client.created_at.0.into());
        if let Some(secret) = secret {
            insert("client_secret", secret.as_str().into());
        }
        if client.secret.is_some() {
            insert("client_secret_expires_at", client.secret_life.expires_at.map_or(0, |end| end.0).into());
        }
        if let Some(statement) = &registration.software_statement {
            insert("software_statement", statement.as_str().into());
        }
        let uri = format!("{}/{}", realm.urls.of(Endpoint::Registration), client.client_id);
        insert("registration_client_uri", uri.into());
        insert("registration_access_token", token.into());
        Self(members)
    }
}
