//! How long tokens live where scripts shorten it.

use signet_protocol::scope::Scope;
use signet_protocol::time::UnixTime;

use super::access_token::target;
use crate::failure::Failure;
use crate::model::Client;
use crate::realm::RealmContext;

/// The longest that tokens may live, in seconds; nothing where the server's own rules say all there is to say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Lifetimes {
    pub(crate) access_token: Option<i64>,
    pub(crate) id_token: Option<i64>,
}

impl Lifetimes {
    /// No access token lives longer than until then, where there is such an end.
    pub(crate) fn until(end: Option<UnixTime>, now: UnixTime) -> Self {
        Self { access_token: end.map(|end| end.since(now)), id_token: None }
    }

    /// The shorter of both.
    pub(crate) fn at_most(self, other: Self) -> Self {
        let shorter = |one: Option<i64>, other: Option<i64>| one.into_iter().chain(other).min();
        Self {
            access_token: shorter(self.access_token, other.access_token),
            id_token: shorter(self.id_token, other.id_token),
        }
    }
}

/// How long an access token for `resources` lives by the server's own rules, in seconds.
pub(crate) fn access_token_seconds(
    realm: &RealmContext,
    client: &Client,
    resources: &[String],
    scope: &Scope,
) -> Result<i64, Failure> {
    Ok(target(realm, client, resources, scope)?.lifetime_seconds)
}
