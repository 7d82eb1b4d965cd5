//! Whether an app may have what it asks for without its user being asked (Native SSO for Mobile Apps 4.3, rule 6): by the
//! same rules as at the authorization endpoint. Nobody can be asked here.

use signet_hooks::points::on_consent::{ConsentFacts, RememberedConsent};
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::identifiers::AuthorizationId;
use signet_protocol::scope::Scope;
use signet_protocol::spec::native_sso;

use crate::authorize::{consent_terms, is_asked_again};
use crate::failure::Failure;
use crate::grants::GrantRequest;
use crate::hooks::Subject;
use crate::model::{Authorization, BrowserSession, DEFAULT_SLOT, Epoch, User};

/// What the user agreed to before, where the tokens rest on it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Given {
    pub(super) id: AuthorizationId,
    pub(super) epoch: Epoch,
}

/// The agreement of the user; nothing where the administrator gave it.
///
/// # Errors
/// `interaction_required` where the user would have to be asked; what a script refuses with.
pub(super) async fn given(
    request: &GrantRequest<'_>,
    (user, session): (&User, &BrowserSession),
    (scope, resources): (&Scope, &[String]),
) -> Result<Option<Given>, Failure> {
    let (serving, realm, client) = (request.serving, request.realm, request.client.client());
    let stored = serving.store.authorization(realm.id(), user.id, &client.client_id, DEFAULT_SLOT).await?;
    let covers = |stored: &Authorization| {
        scope.is_within(&stored.scope) && resources.iter().all(|resource| stored.resources.contains(resource))
    };
    // FAPI 1.0 Part 1 section 5.2.2-12.
    let does_without = client.settings.skip_consent && !realm.profile_of(client).consent_is_always_asked;
    let is_needed = !does_without && !stored.as_ref().is_some_and(covers);
    let facts = || ConsentFacts {
        scope: words(scope),
        claims: Vec::new(),
        resources: resources.to_vec(),
        authorization_details: Vec::new(),
        remembered: stored.as_ref().map(remembered),
        is_needed,
    };
    let subject = Subject::client(client).and_user(Some(user)).and_session(Some(session));
    let terms = consent_terms(serving, realm, subject, facts).await?;
    if is_needed || is_asked_again(&terms, stored.as_ref(), serving.now()) {
        return Err(is_required().into());
    }
    let stored = stored.filter(|_| !does_without);
    Ok(stored.map(|stored| Given { id: stored.id, epoch: stored.epoch }))
}

fn is_required() -> Refusal {
    let reason = "the user has to agree; send an authorization request";
    ErrorCode::InteractionRequired.because(reason).per(native_sso("4.3"))
}

fn words(scope: &Scope) -> Vec<String> {
    scope.iter().map(str::to_owned).collect()
}

fn remembered(stored: &Authorization) -> RememberedConsent {
    RememberedConsent {
        scope: words(&stored.scope),
        claims: stored.claims.clone(),
        resources: stored.resources.clone(),
        created_at: stored.created_at.0,
        updated_at: stored.updated_at.0,
    }
}
