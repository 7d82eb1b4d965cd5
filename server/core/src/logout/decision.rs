//! `on_logout`: a session is about to end at its user's wish. Whoever forbids it is heard; further clients of all scripts
//! are told, and the first script that names a registered redirect URI chooses where the browser goes. Nobody who took
//! part is left out.

use signet_hooks::points::OnLogout;
use signet_hooks::points::on_logout::{LogoutDecision, LogoutFacts, LogoutNotice};
use signet_hooks::{Hook, NoFacts};
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::identifiers::ClientId;

use super::request::LogoutRequest;
use crate::account::Account;
use crate::events::Serving;
use crate::failure::Failure;
use crate::hooks::Subject;
use crate::model::Client;
use crate::realm::RealmContext;

/// What scripts add to a logout, all together.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct LogoutPlan {
    /// Clients that are told although they did not take part.
    pub(super) also_notify: Vec<ClientId>,
    /// Where the browser goes instead.
    pub(super) redirect_uri: Option<String>,
}

impl LogoutPlan {
    fn merge(mut self, client: Option<&Client>, notice: LogoutNotice) -> Self {
        let further = notice.clients.iter().filter_map(|text| text.parse().ok());
        for client_id in further {
            if !self.also_notify.contains(&client_id) {
                self.also_notify.push(client_id);
            }
        }
        let registered = client.map_or(&[][..], |client| &client.metadata.post_logout_redirect_uris);
        let chosen = notice.redirect_uri.filter(|uri| registered.contains(uri));
        self.redirect_uri = self.redirect_uri.or(chosen);
        self
    }
}

/// Asks. Where no script is bound nothing is read.
///
/// # Errors
/// A script forbids the logout; faults.
pub(super) async fn plan(
    serving: &Serving<'_>,
    realm: &RealmContext,
    account: &Account,
    request: Option<&LogoutRequest>,
) -> Result<LogoutPlan, Failure> {
    let client = request.and_then(|request| request.client.as_deref());
    if realm.hooks.at(Hook::OnLogout, client.map(|client| &client.client_id)).is_empty() {
        return Ok(LogoutPlan::default());
    }
    let participants = serving.store.session_participants(realm.id(), account.sid()).await?;
    let subject = Subject { client, user: Some(&account.user), session: Some(account.session()) };
    let facts = || LogoutFacts {
        clients: participants.iter().map(ToString::to_string).collect(),
        redirect_uri: request.and_then(LogoutRequest::location),
        by_client: client.is_some(),
    };
    let answers = serving.ask::<OnLogout>(realm, subject, || (NoFacts {}, facts())).await?;
    let mut plan = LogoutPlan::default();
    for answer in answers {
        match answer.decision {
            LogoutDecision::None {} | LogoutDecision::Allow {} => {}
            LogoutDecision::Keep {} => return Err(forbidden().into()),
            LogoutDecision::Notify(notice) => plan = plan.merge(client, notice),
        }
    }
    Ok(plan)
}

fn forbidden() -> Refusal {
    ErrorCode::AccessDenied.because("signing out was not permitted")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn further_clients_add_up_and_only_registered_addresses_are_chosen() {
        let notice = |clients: &[&str], redirect_uri: Option<&str>| LogoutNotice {
            clients: clients.iter().map(ToString::to_string).collect(),
            redirect_uri: redirect_uri.map(str::to_owned),
        };
        let plan = LogoutPlan::default()
            .merge(None, notice(&["a", "b"], Some("https://evil.test/")))
            .merge(None, notice(&["b", "c", "\u{0}"], None));
        let expected: Vec<ClientId> = ["a", "b", "c"].into_iter().map(|id| id.parse().unwrap()).collect();
        assert_eq!(plan, LogoutPlan { also_notify: expected, redirect_uri: None });
    }
}
