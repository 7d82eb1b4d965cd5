//! What scripts are told. Everything is copied, and only where a script is bound.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value};
use signet_hooks::{
    ClientType, ClientView, Context, NetworkView, RealmView, SessionView, TlsView, TooMuchHandedOn, handed_on,
};
use signet_jose::{base64url, digest};

use crate::events::{Parties, Serving};
use crate::model::{BrowserSession, Client, User};
use crate::profile::ProfileName;
use crate::realm::RealmContext;
use crate::tokens::subject_for;

/// Most of a `User-Agent` header that scripts get, in bytes.
const USER_AGENT_BYTES: usize = 512;

/// What scripts are told where the profiles of realm and client exclude each other.
const NO_PROFILE: &str = "none";

/// What the connection of a request tells scripts. Borrowed: a request that no script is asked about copies nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Connection<'a> {
    /// The `User-Agent` header.
    pub user_agent: Option<&'a str>,
    /// The client's certificate, in DER.
    pub certificate: Option<&'a [u8]>,
}

/// What scripts are told of a request besides its events' origin, and what they hand on to each other: in this request,
/// and from the requests of the same transaction before it.
#[derive(Default)]
pub(crate) struct Transaction<'a> {
    pub(crate) connection: Connection<'a>,
    vars: Mutex<Map<String, Value>>,
}

impl Transaction<'_> {
    fn locked(&self) -> MutexGuard<'_, Map<String, Value>> {
        self.vars.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What scripts handed on so far.
    pub(crate) fn vars(&self) -> Map<String, Value> {
        self.locked().clone()
    }

    /// Hands on more; a name that is there already gets the later value.
    ///
    /// # Errors
    /// It would be too large together; nothing of it is taken.
    pub(crate) fn hand_on(&self, more: &Map<String, Value>) -> Result<(), TooMuchHandedOn> {
        let mut vars = self.locked();
        *vars = handed_on(&vars, more)?;
        Ok(())
    }

    /// Goes on with what an earlier request of the same transaction handed on. What this request has handed on already
    /// is later.
    ///
    /// # Errors
    /// It would be too large together.
    pub(crate) fn go_on(&self, earlier: &Map<String, Value>) -> Result<(), TooMuchHandedOn> {
        if earlier.is_empty() {
            return Ok(());
        }
        let mut vars = self.locked();
        *vars = handed_on(earlier, &vars)?;
        Ok(())
    }
}

/// Whom a question is about, as far as it is known for certain.
#[derive(Clone, Copy, Default)]
pub(crate) struct Subject<'a> {
    /// The client.
    pub(crate) client: Option<&'a Client>,
    /// The user.
    pub(crate) user: Option<&'a User>,
    /// The browser session.
    pub(crate) session: Option<&'a BrowserSession>,
}

impl<'a> Subject<'a> {
    /// A client alone.
    pub(crate) const fn client(client: &'a Client) -> Self {
        Self { client: Some(client), user: None, session: None }
    }

    /// And a user, where there is one.
    pub(crate) const fn and_user(self, user: Option<&'a User>) -> Self {
        Self { user, ..self }
    }

    /// And a session, where there is one.
    pub(crate) const fn and_session(self, session: Option<&'a BrowserSession>) -> Self {
        Self { session, ..self }
    }

    pub(super) fn parties(self) -> Parties {
        Parties {
            user: self.user.map(|user| user.id).or_else(|| self.session.map(|session| session.user_id)),
            client: self.client.map(|client| client.client_id.clone()),
            session: self.session.map(|session| session.sid),
        }
    }
}

/// The common members of `ctx` for a question in a request.
pub(super) fn context(serving: &Serving<'_>, realm: &RealmContext, subject: Subject<'_>) -> Context {
    let origin = serving.origin();
    let transaction = serving.transaction();
    Context {
        now: serving.now().0,
        request_id: origin.request_id.to_string(),
        realm: realm_view(realm),
        client: subject.client.map(|client| client_view(realm, client)),
        net: network(origin.address, transaction.connection),
        user: subject.user.map(|user| attributes(realm, subject.client, user)),
        session: subject.session.map(session_view),
        vars: transaction.vars(),
    }
}

pub(super) fn realm_view(realm: &RealmContext) -> RealmView {
    RealmView { name: realm.realm.name.to_string(), display_name: realm.realm.display_name.clone() }
}

fn network(address: Option<std::net::IpAddr>, connection: Connection<'_>) -> NetworkView {
    NetworkView {
        ip: address.map(|address| address.to_canonical().to_string()),
        user_agent: connection.user_agent.map(|text| text[..text.floor_char_boundary(USER_AGENT_BYTES)].to_owned()),
        tls: connection.certificate.map(|der| TlsView { cert_thumbprint: base64url::encode(digest::sha256(der)) }),
    }
}

pub(super) fn client_view(realm: &RealmContext, client: &Client) -> ClientView {
    let metadata = &client.metadata;
    let confidential = metadata.is_confidential();
    ClientView {
        id: client.client_id.to_string(),
        name: metadata.client_name.clone(),
        client_type: if confidential { ClientType::Confidential } else { ClientType::Public },
        auth_method: metadata.authentication_method().as_str().to_owned(),
        application_type: metadata.application_type().as_str().to_owned(),
        profile: realm.profile_name_of(client).map_or(NO_PROFILE, ProfileName::as_str).to_owned(),
        first_party: client.settings.skip_consent,
        grant_types: metadata.grant_types().iter().map(|grant| grant.as_str().to_owned()).collect(),
        scope: realm.scope_of(client).iter().map(str::to_owned).collect(),
    }
}

/// Everything that a script may ever see of a user: the claims, the organization's attributes, the name, and what the
/// token would call them. There is no way from here to a password, its hash, a secret or a token: the type of a user holds none.
fn attributes(realm: &RealmContext, client: Option<&Client>, user: &User) -> Map<String, Value> {
    let mut attributes = user.attributes.clone();
    attributes.extend(user.claims.clone());
    let subject = client.map_or_else(|| Ok(user.id.to_string()), |client| subject_for(realm, client, user));
    // A name that cannot be made is not there: no other one stands in for it.
    if let Ok(subject) = subject {
        attributes.insert("sub".to_owned(), subject.into());
    }
    attributes.insert("username".to_owned(), user.username.as_str().into());
    attributes.insert("updated_at".to_owned(), user.updated_at.0.into());
    attributes
}

fn session_view(session: &BrowserSession) -> SessionView {
    SessionView {
        id: session.sid.to_string(),
        authenticated_at: session.authenticated_at.0,
        amr: session.amr.split(' ').filter(|method| !method.is_empty()).map(str::to_owned).collect(),
        last_seen_at: session.last_seen_at.0,
        expires_at: session.expires_at.0,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use signet_hooks::VARS_MAXIMUM_BYTES;

    use super::*;

    fn map(value: &Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn later_values_win_and_what_is_too_large_together_is_not_taken() {
        let transaction = Transaction::default();
        transaction.hand_on(&map(&json!({"risk": 1, "source": "a"}))).unwrap();
        transaction.hand_on(&map(&json!({"risk": 2}))).unwrap();
        let large = map(&json!({"large": "x".repeat(VARS_MAXIMUM_BYTES)}));
        assert_eq!(transaction.hand_on(&large), Err(TooMuchHandedOn));
        transaction.go_on(&map(&json!({"risk": 0, "earlier": true}))).unwrap();
        assert_eq!(transaction.go_on(&large), Err(TooMuchHandedOn));
        assert_eq!(Value::Object(transaction.vars()), json!({"risk": 2, "source": "a", "earlier": true}));
    }

    #[test]
    fn sc_012_of_a_connection_only_the_thumbprint_is_told() {
        let long = "\u{e4}".repeat(400);
        let connection = Connection { user_agent: Some(&long), certificate: Some(b"abc") };
        let view = network("::ffff:192.0.2.1".parse().ok(), connection);
        assert_eq!(view.ip.as_deref(), Some("192.0.2.1"));
        assert_eq!(view.user_agent.unwrap().len(), USER_AGENT_BYTES);
        // The SHA-256 of "abc" from FIPS 180-4, in base64url.
        assert_eq!(view.tls.unwrap().cert_thumbprint, "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
    }
}
