//! Initial access tokens (RFC 7591 section 3).

use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use signet_core::model;
use signet_core::protocol::identifiers::{InitialAccessTokenId, RealmName};
use signet_core::registry::{self, InitialAccessTokenRequest};

use crate::administrator::Administrator;
use crate::answer::{Answered, Created, Done, Shown};
use crate::body::New;
use crate::entity_tag::Changing;
use crate::openapi::Tag;
use crate::paging::{self, Cursor, Limit, Page};
use crate::path::Path;
use crate::problem::Problem;
use crate::timestamp::Timestamp;

/// What permits clients to register themselves.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct InitialAccessToken {
    /// Names it here. It is not the token.
    id: String,
    /// The token: in the answer to its creation, and in no later one.
    token: Option<String>,
    /// What it is for; scripts get to see it.
    description: String,
    /// Registrations that are left.
    uses_left: i64,
    /// When it ends.
    expires_at: Timestamp,
    /// When it was made.
    created_at: Timestamp,
}

impl InitialAccessToken {
    fn of(token: model::InitialAccessToken) -> Self {
        Self {
            id: token.id.to_string(),
            token: None,
            description: token.description,
            uses_left: token.uses_left,
            expires_at: Timestamp(token.expires_at),
            created_at: Timestamp(token.created_at),
        }
    }
}

/// What is decided about an initial access token.
#[derive(Object)]
pub(crate) struct NewInitialAccessToken {
    /// What it is for: at most 200 characters.
    #[oai(default)]
    description: String,
    /// Registrations it permits: 1 to 100000.
    #[oai(default = "once")]
    uses: i64,
    /// How long it lives, in seconds: 60 to 31536000.
    #[oai(default = "a_day")]
    seconds: i64,
}

fn once() -> i64 {
    1
}

fn a_day() -> i64 {
    86_400
}

/// The operations on initial access tokens.
pub(crate) struct InitialAccessTokens;

#[OpenApi(tag = "Tag::InitialAccessTokens")]
impl InitialAccessTokens {
    /// Lists the initial access tokens of a realm by `id`.
    #[oai(path = "/realms/:realm/initial-access-tokens", method = "get", operation_id = "listInitialAccessTokens")]
    async fn list(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        /// Most items of the page.
        limit: Limit,
        /// The `next` of the page before.
        cursor: Cursor<InitialAccessTokenId>,
    ) -> Result<Answered<Page<InitialAccessToken>>, Problem> {
        let realm = administrator.realm(&realm.0).await?;
        let wanted = paging::wanted(&limit, &cursor);
        let page = registry::list_initial_access_tokens(administrator.provider(), &realm, &wanted).await?;
        Ok(Answered::Answer(Json(Page::of(page, |token| Ok(InitialAccessToken::of(token)))?)))
    }

    /// Makes an initial access token, which is in this answer and in no later one.
    #[oai(path = "/realms/:realm/initial-access-tokens", method = "post", operation_id = "createInitialAccessToken")]
    async fn create(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        token: New<NewInitialAccessToken>,
    ) -> Result<Created<InitialAccessToken>, Problem> {
        let NewInitialAccessToken { description, uses, seconds } = token.read()?;
        let realm = administrator.realm(&realm.0).await?;
        let request = InitialAccessTokenRequest { description, uses, seconds };
        let issued = registry::create_initial_access_token(&administrator.serving(), &realm, request).await?;
        let id = issued.kept.id.to_string();
        let location = administrator.location(&["realms", realm.realm.name.as_str(), "initial-access-tokens", &id]);
        let token = Some(issued.token.as_str().to_owned());
        Ok(Created::at(location, InitialAccessToken { token, ..InitialAccessToken::of(issued.kept) }))
    }

    /// Shows an initial access token without the token itself.
    #[oai(path = "/realms/:realm/initial-access-tokens/:id", method = "get", operation_id = "showInitialAccessToken")]
    async fn show(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        id: Path<InitialAccessTokenId>,
    ) -> Result<Shown<InitialAccessToken>, Problem> {
        let realm = administrator.realm(&realm.0).await?;
        let token = registry::find_initial_access_token(administrator.provider(), &realm, id.0).await?;
        Ok(Shown::of(InitialAccessToken::of(token)))
    }

    /// Revokes an initial access token. Clients that were registered with it stay.
    #[oai(
        path = "/realms/:realm/initial-access-tokens/:id",
        method = "delete",
        operation_id = "revokeInitialAccessToken"
    )]
    async fn revoke(
        &self,
        by: Changing,
        realm: Path<RealmName>,
        id: Path<InitialAccessTokenId>,
    ) -> Result<Done, Problem> {
        let realm = by.administrator.realm(&realm.0).await?;
        let token = registry::find_initial_access_token(by.administrator.provider(), &realm, id.0).await?;
        by.seen.check(&InitialAccessToken::of(token))?;
        registry::revoke_initial_access_token(&by.administrator.serving(), &realm, id.0).await?;
        Ok(Done::Done)
    }
}
