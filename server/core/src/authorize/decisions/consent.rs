//! `on_consent`: whether and how a user is asked to agree. Whoever wants the user asked is heard; of texts the first
//! script's counts.

use signet_hooks::NoFacts;
use signet_hooks::points::OnConsent;
use signet_hooks::points::on_consent::{ConsentDecision, ConsentFacts, ConsentTerms, RememberedConsent};
use signet_hooks::points::on_rar_validate::Detail;
use signet_protocol::error::Refusal;
use signet_protocol::time::UnixTime;

use super::UsedSession;
use crate::authorize::agreement::claims_to_consent;
use crate::authorize::{Accepted, AuthorizeError};
use crate::events::Serving;
use crate::hooks::Subject;
use crate::model::Authorization;
use crate::realm::RealmContext;

/// What scripts say about the agreement, all together. `stored` is what was agreed to before; `is_needed`, whether the
/// server's own rules ask anyway.
pub(in crate::authorize) async fn agreement(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (accepted, used): (&Accepted, &UsedSession),
    (stored, is_needed): (Option<&Authorization>, bool),
) -> Result<ConsentTerms, AuthorizeError> {
    let subject = Subject::client(&accepted.client).and_user(used.user.as_ref()).and_session(used.session.as_ref());
    let facts = || ConsentFacts {
        scope: words(accepted.request.scope().iter()),
        claims: claims_to_consent(&accepted.request),
        resources: accepted.request.resources().to_vec(),
        authorization_details: accepted.request.details().iter().map(|one| Detail(one.members().clone())).collect(),
        remembered: stored.map(|stored| RememberedConsent {
            scope: words(stored.scope.iter()),
            claims: stored.claims.clone(),
            resources: stored.resources.clone(),
            created_at: stored.created_at.0,
            updated_at: stored.updated_at.0,
        }),
        is_needed,
    };
    consent_terms(serving, realm, subject, facts).await.map_err(|refusal| accepted.refuse(refusal))
}

/// What scripts say about an agreement, wherever it is needed.
///
/// # Errors
/// The first refusal.
pub(crate) async fn consent_terms(
    serving: &Serving<'_>,
    realm: &RealmContext,
    subject: Subject<'_>,
    facts: impl FnOnce() -> ConsentFacts,
) -> Result<ConsentTerms, Refusal> {
    let mut terms = ConsentTerms::default();
    for answer in serving.ask::<OnConsent>(realm, subject, || (NoFacts {}, facts())).await? {
        match answer.decision {
            ConsentDecision::None {} | ConsentDecision::Allow {} => {}
            ConsentDecision::Deny(denial) => return Err(denial.refusal()),
            ConsentDecision::Consent(more) => terms = merged(terms, more),
        }
    }
    Ok(terms)
}

fn words<'a>(words: impl Iterator<Item = &'a str>) -> Vec<String> {
    words.map(str::to_owned).collect()
}

fn merged(terms: ConsentTerms, more: ConsentTerms) -> ConsentTerms {
    let mut texts = more.texts;
    texts.extend(terms.texts);
    ConsentTerms {
        ask: terms.ask || more.ask,
        remember_seconds: terms.remember_seconds.into_iter().chain(more.remember_seconds).min(),
        notice: terms.notice.or(more.notice),
        texts,
        order: if terms.order.is_empty() { more.order } else { terms.order },
    }
}

/// Whether the user is asked although the server's own rules would not.
pub(crate) fn is_asked_again(terms: &ConsentTerms, stored: Option<&Authorization>, now: UnixTime) -> bool {
    let is_too_old = |stored: &Authorization| {
        terms.remember_seconds.is_some_and(|seconds| now.since(stored.updated_at) > seconds.get())
    };
    terms.ask || stored.is_some_and(is_too_old)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whoever_wants_the_user_asked_is_heard_and_the_first_text_counts() {
        let terms = |value: serde_json::Value| serde_json::from_value::<ConsentTerms>(value).unwrap();
        let first = terms(json!({
            "remember_seconds": 900, "notice": {"en": "first"}, "texts": {"a": {"en": "first a"}},
        }));
        let second = terms(json!({
            "ask": true, "remember_seconds": 600, "notice": {"en": "second"},
            "texts": {"a": {"en": "second a"}, "b": {"en": "second b"}}, "order": ["b"],
        }));
        let both = merged(merged(ConsentTerms::default(), first), second);
        let expected = terms(json!({
            "ask": true, "remember_seconds": 600, "notice": {"en": "first"},
            "texts": {"a": {"en": "first a"}, "b": {"en": "second b"}}, "order": ["b"],
        }));
        assert_eq!(both, expected);
        assert!(is_asked_again(&both, None, UnixTime(0)));
        assert!(!is_asked_again(&ConsentTerms::default(), None, UnixTime(0)));
    }
}
