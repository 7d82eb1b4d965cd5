//! `on_rar_validate` and `on_rar_enrich`: what the realm's scripts say of the objects that a client asks for, and what
//! they fill in when a user has agreed. The first refusal counts.

use serde_json::{Map, Value};
use signet_hooks::points::on_rar_enrich::{EnrichDecision, EnrichmentFacts};
use signet_hooks::points::on_rar_validate::{Detail, DetailFacts, ValidateDecision};
use signet_hooks::points::{OnRarEnrich, OnRarValidate};
use signet_protocol::error::Refusal;

use super::form::is_another_form;
use super::request::{invalid, type_of};
use super::{DetailsType, MOST_GRANTED_BYTES, length};
use crate::events::Serving;
use crate::hooks::Subject;
use crate::model::{AuthorizationDetail, Client};
use crate::realm::RealmContext;

/// The objects as scripts leave them: refused, written in another form, or with fewer rights.
///
/// # Errors
/// That of a script; `invalid_authorization_details` if one made something else of an object.
pub(crate) async fn validated(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client: &Client,
    details: Vec<AuthorizationDetail>,
) -> Result<Vec<AuthorizationDetail>, Refusal> {
    let mut good = Vec::with_capacity(details.len());
    for mut detail in details {
        let kind = type_of(realm, client, &detail)?;
        let asked = || (facts(kind), Detail(detail.members().clone()));
        let answers = serving.ask::<OnRarValidate>(realm, Subject::client(client), asked).await?;
        for answer in answers {
            match answer.decision {
                ValidateDecision::None {} | ValidateDecision::Allow {} => {}
                ValidateDecision::Deny(denial) => return Err(denial.refusal()),
                ValidateDecision::Normalise { normalise: members } => detail = another_form(&detail, members, kind)?,
            }
        }
        good.push(detail);
    }
    Ok(good)
}

fn facts(kind: &DetailsType) -> DetailFacts {
    let definition = &kind.stored.definition;
    DetailFacts { additive: definition.additive.clone(), enriched: definition.enriched.clone() }
}

fn another_form(
    old: &AuthorizationDetail,
    members: Map<String, Value>,
    kind: &DetailsType,
) -> Result<AuthorizationDetail, Refusal> {
    let new = AuthorizationDetail::new(members).filter(|new| is_another_form(new, old, kind));
    let new = new.filter(|new| kind.schema.check(new.members()).is_ok());
    new.ok_or_else(|| {
        invalid("the authorization details are not accepted").detail("a script made another object of it")
    })
}

/// The objects with what scripts fill in: members that the type leaves to them, in the form that its schema has for
/// them.
///
/// # Errors
/// That of a script; `invalid_authorization_details` if one filled in what it may not, or too much.
pub(crate) async fn enriched(
    serving: &Serving<'_>,
    realm: &RealmContext,
    subject: Subject<'_>,
    (client, details): (&Client, Vec<AuthorizationDetail>),
) -> Result<Vec<AuthorizationDetail>, Refusal> {
    let mut whole = Vec::with_capacity(details.len());
    for mut detail in details {
        let kind = type_of(realm, client, &detail)?;
        let facts = || EnrichmentFacts { enriched: kind.stored.definition.enriched.clone() };
        let asked = || (facts(), Detail(detail.members().clone()));
        for answer in serving.ask::<OnRarEnrich>(realm, subject, asked).await? {
            match answer.decision {
                EnrichDecision::None {} | EnrichDecision::Allow {} => {}
                EnrichDecision::Deny(denial) => return Err(denial.refusal()),
                EnrichDecision::Enrich { enrich } => detail = filled(detail, enrich, kind)?,
            }
        }
        whole.push(detail);
    }
    if length(&whole) > MOST_GRANTED_BYTES {
        return Err(invalid("the authorization details are too long for a token"));
    }
    Ok(whole)
}

fn filled(
    detail: AuthorizationDetail,
    more: Map<String, Value>,
    kind: &DetailsType,
) -> Result<AuthorizationDetail, Refusal> {
    let is_permitted = more.keys().all(|name| kind.is_enriched(name));
    let detail = more.into_iter().fold(detail, |detail, (name, value)| detail.with(&name, value));
    if is_permitted && kind.schema.check(detail.members()).is_ok() {
        Ok(detail)
    } else {
        Err(invalid("the authorization details could not be completed").detail("a script filled in what it may not"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::details::compare::tests::{detail, types};

    #[test]
    fn scripts_fill_in_what_the_type_leaves_to_them_and_nothing_else() {
        let types = types();
        let kind = types.find("accounts").unwrap();
        let agreed = detail(json!({"actions": ["read"], "limit": 5}));
        let fill = |more: Value| filled(agreed.clone(), more.as_object().unwrap().clone(), kind).ok();
        let whole = detail(json!({"actions": ["read"], "limit": 5, "accounts": ["1"]}));
        assert_eq!(fill(json!({"accounts": ["1"]})), Some(whole));
        for bad in [json!({"limit": 500}), json!({"actions": ["read", "write"]}), json!({"accounts": [1]})] {
            assert_eq!(fill(bad.clone()), None, "{bad}");
        }
        assert_eq!(fill(json!({"type": "other"})), None);
    }
}
