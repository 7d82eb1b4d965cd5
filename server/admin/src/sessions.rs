//! Browser sessions.

use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use signet_core::model::BrowserSession;
use signet_core::protocol::identifiers::{RealmName, SessionId, UserId};
use signet_core::registry::{self, ListedSession};

use crate::administrator::Administrator;
use crate::answer::{Answered, Done, Shown};
use crate::entity_tag::Precondition;
use crate::openapi::Tag;
use crate::paging::{self, Cursor, Limit, Page};
use crate::path::Path;
use crate::problem::Problem;
use crate::query::Choice;
use crate::timestamp::Timestamp;

/// A browser in which a user is signed in.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct Session {
    /// Its public name: the `sid` claim. It opens nothing.
    #[oai(read_only)]
    id: String,
    /// Who is signed in.
    #[oai(read_only)]
    user_id: String,
    /// How they proved it (RFC 8176).
    #[oai(read_only)]
    methods: Vec<String>,
    /// When they proved it.
    #[oai(read_only)]
    authenticated_at: Timestamp,
    /// The last use, to the minute.
    #[oai(read_only)]
    last_seen_at: Timestamp,
    /// Its end, whatever happens.
    #[oai(read_only)]
    expires_at: Timestamp,
    /// The clients that got ID tokens in it; where one session is shown.
    #[oai(read_only)]
    clients: Option<Vec<String>>,
}

impl Session {
    fn of(session: &BrowserSession) -> Self {
        Self {
            id: session.sid.to_string(),
            user_id: session.user_id.to_string(),
            methods: session.amr.split(' ').filter(|method| !method.is_empty()).map(str::to_owned).collect(),
            authenticated_at: Timestamp(session.authenticated_at),
            last_seen_at: Timestamp(session.last_seen_at),
            expires_at: Timestamp(session.expires_at),
            clients: None,
        }
    }

    fn with_clients(listed: &ListedSession) -> Self {
        let clients = listed.clients.iter().map(ToString::to_string).collect();
        Self { clients: Some(clients), ..Self::of(&listed.session) }
    }
}

/// The operations on sessions.
pub(crate) struct Sessions;

#[OpenApi(tag = "Tag::Sessions")]
impl Sessions {
    /// Lists the sessions of a realm by identifier, or those of one user.
    #[expect(clippy::too_many_arguments, reason = "each query parameter of the operation is one")]
    #[oai(path = "/realms/:realm/sessions", method = "get", operation_id = "listSessions")]
    async fn list(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        /// Only those of this user.
        user: Choice<UserId>,
        /// Most items of the page.
        limit: Limit,
        /// The `next` of the page before.
        cursor: Cursor<SessionId>,
    ) -> Result<Answered<Page<Session>>, Problem> {
        let realm = administrator.realm(&realm.0).await?;
        let wanted = paging::wanted(&limit, &cursor);
        let page = registry::list_sessions(administrator.provider(), &realm, user.0, &wanted).await?;
        Ok(Answered::Answer(Json(Page::of(page, |session| Ok(Session::of(&session)))?)))
    }

    /// Shows a session with the clients that take part in it.
    #[oai(path = "/realms/:realm/sessions/:id", method = "get", operation_id = "showSession")]
    async fn show(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        id: Path<SessionId>,
    ) -> Result<Shown<Session>, Problem> {
        let realm = administrator.realm(&realm.0).await?;
        let listed = registry::find_session(administrator.provider(), &realm, id.0).await?;
        Ok(Shown::of(Session::with_clients(&listed)))
    }

    /// Ends a session with everything that is bound to it. Its clients are told by the back channel.
    #[oai(path = "/realms/:realm/sessions/:id", method = "delete", operation_id = "endSession")]
    async fn end(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        id: Path<SessionId>,
        precondition: Precondition,
    ) -> Result<Done, Problem> {
        let (provider, realm) = (administrator.provider(), administrator.realm(&realm.0).await?);
        precondition.check(&Session::with_clients(&registry::find_session(provider, &realm, id.0).await?))?;
        registry::end_session(&administrator.serving(), &realm, id.0).await?;
        Ok(Done::Done)
    }

    /// Ends every session of a user. Their clients are told by the back channel.
    #[oai(path = "/realms/:realm/users/:id/sign-out", method = "post", operation_id = "signOutUser")]
    async fn sign_out(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        id: Path<UserId>,
    ) -> Result<Done, Problem> {
        let realm = administrator.realm(&realm.0).await?;
        registry::end_sessions_of_user(&administrator.serving(), &realm, id.0).await?;
        Ok(Done::Done)
    }
}
