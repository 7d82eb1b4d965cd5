//! An event: a fact, and whom it concerns.

use signet_hooks::Hook;
use signet_protocol::identifiers::{ClientId, SessionId, UserId};

use super::fact::Fact;

/// What happened, and to whom.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// What happened.
    pub fact: Fact,
    /// To whom.
    pub parties: Parties,
}

impl Event {
    /// Whether somebody whom the server does not know can cause it, as often as they please.
    pub(super) const fn is_cheap_to_cause(&self) -> bool {
        match &self.fact {
            Fact::ScriptDecision { hook, .. } => {
                // A public client proves nothing: whoever knows its name has it authenticated.
                let before_login = matches!(
                    hook,
                    Hook::OnClientPolicy
                        | Hook::OnClientAuthenticated
                        | Hook::OnAuthorizeRequest
                        | Hook::OnRarValidate
                        | Hook::OnIdentify
                        | Hook::OnAuthStart
                        | Hook::OnFactorResult
                        | Hook::OnError
                        | Hook::OnDiscovery
                        | Hook::OnDeviceRequest
                        | Hook::OnDeviceVerify
                );
                before_login && self.parties.user.is_none()
            }
            fact => fact.is_refusal(),
        }
    }
}

/// Who was concerned, as far as it is known for certain: what a request merely claims is not recorded, because people
/// and programs put secrets into the wrong field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parties {
    /// The person.
    pub user: Option<UserId>,
    /// The application.
    pub client: Option<ClientId>,
    /// The browser session, by its public name.
    pub session: Option<SessionId>,
}

impl Parties {
    /// Takes over whoever is not named here.
    pub(super) fn fill_from(&mut self, known: &Self) {
        self.user = self.user.or(known.user);
        self.client = self.client.take().or_else(|| known.client.clone());
        self.session = self.session.or(known.session);
    }

    /// An application.
    pub fn client(client: &ClientId) -> Self {
        Self { client: Some(client.clone()), ..Self::default() }
    }

    /// A person.
    pub fn user(user: UserId) -> Self {
        Self { user: Some(user), ..Self::default() }
    }

    /// And an application.
    #[must_use]
    pub fn and_client(self, client: &ClientId) -> Self {
        Self { client: Some(client.clone()), ..self }
    }

    /// And a person, where there is one.
    #[must_use]
    pub fn and_user(self, user: Option<UserId>) -> Self {
        Self { user, ..self }
    }

    /// And a session, where there is one.
    #[must_use]
    pub fn and_session(self, session: Option<SessionId>) -> Self {
        Self { session, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::super::vocabulary::ScriptVersion;
    use super::*;

    #[test]
    fn decisions_that_anybody_can_cause_are_cheap_to_cause() {
        let decided = |hook, user: Option<UserId>| {
            let fact = Fact::ScriptDecision {
                hook,
                script: ScriptVersion { package: "a".to_owned(), version: "b".to_owned() },
                decision: "none".to_owned(),
                operations: 1,
                microseconds: 1,
                outcome: "decided".to_owned(),
            };
            fact.concerning(Parties::default().and_user(user)).is_cheap_to_cause()
        };
        for hook in [
            Hook::OnClientPolicy,
            Hook::OnClientAuthenticated,
            Hook::OnAuthorizeRequest,
            Hook::OnIdentify,
            Hook::OnAuthStart,
            Hook::OnFactorResult,
            Hook::OnError,
        ] {
            assert!(decided(hook, None), "{hook}");
            assert!(!decided(hook, Some(UserId([1; 16]))), "{hook}");
        }
        for hook in [Hook::OnTokenRequest, Hook::OnClaims, Hook::OnIntrospection, Hook::OnRevocation] {
            assert!(!decided(hook, None), "{hook}: whoever causes it had to prove something");
        }
    }
}
