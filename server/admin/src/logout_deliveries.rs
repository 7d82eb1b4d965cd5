//! Back-channel logouts that wait to be delivered.

use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use signet_core::model;
use signet_core::protocol::identifiers::RealmName;
use signet_core::registry;

use crate::administrator::Administrator;
use crate::answer::{Answered, Done};
use crate::openapi::Tag;
use crate::paging::{self, Cursor, Limit, Page};
use crate::path::Path;
use crate::problem::Problem;
use crate::query::Choice;
use crate::timestamp::Timestamp;

/// A client that is to be told of the end of a session.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct LogoutDelivery {
    /// Its number.
    #[oai(read_only)]
    id: String,
    /// Who is to be told.
    #[oai(read_only)]
    client_id: String,
    /// The session that ended.
    #[oai(read_only)]
    session_id: String,
    /// Whose it was.
    #[oai(read_only)]
    user_id: String,
    /// Whether it was given up.
    #[oai(read_only)]
    dead: bool,
    /// How often it was tried since the session ended, or since somebody asked for it.
    #[oai(read_only)]
    attempts: i64,
    /// Why the last attempt failed.
    #[oai(read_only)]
    problem: Option<String>,
    /// When the session ended, or when somebody asked for another round of attempts.
    #[oai(read_only)]
    created_at: Timestamp,
    /// Not tried again before.
    #[oai(read_only)]
    next_at: Timestamp,
}

impl LogoutDelivery {
    fn of(delivery: model::LogoutDelivery) -> Self {
        Self {
            id: delivery.number.to_string(),
            client_id: delivery.client_id.to_string(),
            session_id: delivery.sid.to_string(),
            user_id: delivery.user_id.to_string(),
            dead: delivery.dead,
            attempts: delivery.attempts,
            problem: delivery.problem,
            created_at: Timestamp(delivery.created_at),
            next_at: Timestamp(delivery.next_at),
        }
    }
}

/// The operations on deliveries.
pub(crate) struct LogoutDeliveries;

#[OpenApi(tag = "Tag::Sessions")]
impl LogoutDeliveries {
    /// Lists the clients of a realm that are to be told of the end of a session, oldest first.
    #[expect(clippy::too_many_arguments, reason = "each query parameter of the operation is one")]
    #[oai(path = "/realms/:realm/logout-deliveries", method = "get", operation_id = "listLogoutDeliveries")]
    async fn list(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        /// `true` for those that were given up only, `false` for the others only.
        dead: Choice<bool>,
        /// Most items of the page.
        limit: Limit,
        /// The `next` of the page before.
        cursor: Cursor<i64>,
    ) -> Result<Answered<Page<LogoutDelivery>>, Problem> {
        let realm = administrator.realm(&realm.0).await?;
        let wanted = paging::wanted(&limit, &cursor);
        let page = registry::list_logout_deliveries(administrator.provider(), &realm, dead.0, &wanted).await?;
        Ok(Answered::Answer(Json(Page::of(page, |delivery| Ok(LogoutDelivery::of(delivery)))?)))
    }

    /// Begins a new round of attempts, now.
    #[oai(path = "/realms/:realm/logout-deliveries/:id/retry", method = "post", operation_id = "retryLogoutDelivery")]
    async fn retry(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        id: Path<i64>,
    ) -> Result<Done, Problem> {
        let realm = administrator.realm(&realm.0).await?;
        registry::retry_logout_delivery(&administrator.serving(), &realm, id.0).await?;
        Ok(Done::Done)
    }
}
