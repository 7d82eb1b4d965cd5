//! `on_client_registration`: what the realm's scripts take from a registration. Everything that is taken is gone, the
//! shortest life counts, and the first refusal is the answer.

use serde_json::{Map, Value};
use signet_hooks::points::OnClientRegistration;
use signet_hooks::points::on_client_registration::{
    RegistrationDecision, RegistrationFacts, RegistrationNarrowing, RegistrationOperation,
};
use signet_hooks::{NoFacts, Seconds};
use signet_protocol::client_metadata::ClientMetadata;
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::spec::rfc7591;

use super::document::written;
use crate::events::Serving;
use crate::hooks::Subject;
use crate::model::{Client, ClientSettings};
use crate::realm::RealmContext;

/// What a client does with its registration.
#[derive(Clone, Copy)]
pub(super) enum Operation<'a> {
    /// It registers itself.
    Create {
        /// What the initial access token is for.
        initial_access_token: Option<&'a str>,
    },
    /// It changes itself.
    Update(&'a Client),
    /// It deletes itself.
    Delete(&'a Client),
}

/// What scripts demand of the settings of a client.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Limits {
    access_token_seconds: Option<i64>,
    require_pkce: bool,
}

impl Limits {
    /// The settings with what scripts demand. Nothing gets wider.
    pub(super) fn onto(self, mut settings: ClientSettings) -> ClientSettings {
        let seconds = [settings.access_token_seconds, self.access_token_seconds];
        settings.access_token_seconds = seconds.into_iter().flatten().min();
        if self.require_pkce {
            settings.require_pkce = Some(true);
        }
        settings
    }
}

/// Asks about a registration.
///
/// # Errors
/// The first refusal; `invalid_client_metadata` if nothing is left of the scope or the grants.
pub(super) async fn decide(
    serving: &Serving<'_>,
    realm: &RealmContext,
    metadata: &mut ClientMetadata,
    (operation, statement): (Operation<'_>, Option<&Map<String, Value>>),
) -> Result<Limits, Refusal> {
    let (name, token, client) = match operation {
        Operation::Create { initial_access_token } => (RegistrationOperation::Create, initial_access_token, None),
        Operation::Update(client) => (RegistrationOperation::Update, None, Some(client)),
        Operation::Delete(client) => (RegistrationOperation::Delete, None, Some(client)),
    };
    let subject = client.map_or_else(Subject::default, Subject::client);
    let facts = || RegistrationFacts {
        operation: name,
        metadata: written(metadata),
        software_statement: statement.cloned(),
        initial_access_token: token.map(str::to_owned),
    };
    let answers = serving.ask::<OnClientRegistration>(realm, subject, || (NoFacts {}, facts())).await?;
    let mut limits = Limits::default();
    for answer in answers {
        match answer.decision {
            RegistrationDecision::None {} | RegistrationDecision::Allow {} => {}
            RegistrationDecision::Deny(denial) => return Err(denial.refusal()),
            RegistrationDecision::Narrow(narrowing) => narrow(metadata, &mut limits, &narrowing)?,
        }
    }
    Ok(limits)
}

fn narrow(
    metadata: &mut ClientMetadata,
    limits: &mut Limits,
    narrowing: &RegistrationNarrowing,
) -> Result<(), Refusal> {
    let nothing_left = |member: &str| {
        let reason = format!("{member}: nothing of it is open to this client");
        ErrorCode::InvalidClientMetadata.because(reason).per(rfc7591("3.2.2"))
    };
    let dropped = |names: &[String], name: &str| names.iter().any(|dropped| dropped == name);
    if let Some(scope) = &mut metadata.scope {
        let left = scope.filtered(|value| !dropped(&narrowing.drop_scopes, value));
        if left.is_empty() && !scope.is_empty() {
            return Err(nothing_left("scope"));
        }
        *scope = left;
    }
    if let Some(grants) = &mut metadata.grant_types {
        grants.retain(|grant| !dropped(&narrowing.drop_grant_types, grant.as_str()));
        if grants.is_empty() {
            return Err(nothing_left("grant_types"));
        }
    }
    let seconds = [limits.access_token_seconds, narrowing.access_token_seconds.map(Seconds::get)];
    limits.access_token_seconds = seconds.into_iter().flatten().min();
    limits.require_pkce |= narrowing.require_pkce;
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn everything_that_is_taken_is_gone_and_the_shortest_life_counts() {
        let metadata =
            json!({"scope": "openid email payments", "grant_types": ["authorization_code", "refresh_token"]});
        let mut metadata: ClientMetadata = serde_json::from_value(metadata).unwrap();
        let mut limits = Limits::default();
        for narrowing in [
            json!({"drop_scopes": ["payments"], "access_token_seconds": 300}),
            json!({"drop_grant_types": ["refresh_token", "unknown"], "access_token_seconds": 60, "require_pkce": true}),
        ] {
            narrow(&mut metadata, &mut limits, &serde_json::from_value(narrowing).unwrap()).unwrap();
        }
        let left = json!({"scope": "openid email", "grant_types": ["authorization_code"]});
        assert_eq!(serde_json::to_value(&metadata).unwrap(), left);
        let settings = limits.onto(ClientSettings { access_token_seconds: Some(90), ..ClientSettings::default() });
        assert_eq!((settings.access_token_seconds, settings.require_pkce), (Some(60), Some(true)));
        let all = serde_json::from_value(json!({"drop_scopes": ["openid", "email"]})).unwrap();
        assert!(narrow(&mut metadata, &mut limits, &all).is_err());
    }
}
