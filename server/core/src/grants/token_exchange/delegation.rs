//! Who acts for whom: `act` and `may_act` (RFC 8693 sections 1.1, 4.1 and 4.4).

use serde_json::{Map, Value};
use signet_protocol::error::Refusal;

use super::super::GrantRequest;
use super::invalid;
use super::presented::Presented;
use crate::model::TokenExchangePolicy;
use crate::tokens::party;

/// The longest chain of actors.
const MOST_ACTORS: usize = 5;

/// The claim `act` of the token: the actor, with those before inside it. Nothing where the client becomes the subject.
///
/// # Errors
/// `invalid_request` where the policy wants it otherwise, `may_act` names somebody else, or the chain is too long.
pub(super) fn act(
    request: &GrantRequest<'_>,
    policy: &TokenExchangePolicy,
    (subject, actor): (&Presented, Option<&Presented>),
) -> Result<Option<Value>, Refusal> {
    let acting = match actor {
        None if !policy.impersonation => return Err(invalid("the client's policy wants an actor_token")),
        Some(_) if !policy.delegation => return Err(invalid("the client's policy has no actors")),
        None => party(&request.client.client().client_id),
        Some(actor) => actor.as_actor(),
    };
    check_may_act(request, subject, &acting)?;
    let act = match actor {
        // Whoever acted before still did.
        None => subject.act().cloned(),
        Some(_) => Some(nested(acting, subject.act())),
    };
    measured(act)
}

/// The claim `act` of a token that the client asks for in its own name, and in which nobody new acts.
///
/// # Errors
/// `invalid_request` where `may_act` names somebody else, or the chain is too long.
pub(super) fn carried(request: &GrantRequest<'_>, subject: &Presented) -> Result<Option<Value>, Refusal> {
    check_may_act(request, subject, &party(&request.client.client().client_id))?;
    measured(subject.act().cloned())
}

/// The same with one more actor, who comes between the client and those before.
///
/// # Errors
/// As of [`carried`].
pub(super) fn chained(request: &GrantRequest<'_>, subject: &Presented, actor: Value) -> Result<Option<Value>, Refusal> {
    check_may_act(request, subject, &party(&request.client.client().client_id))?;
    measured(Some(nested(actor, subject.act())))
}

fn check_may_act(request: &GrantRequest<'_>, subject: &Presented, acting: &Value) -> Result<(), Refusal> {
    if subject.may_act.as_ref().is_some_and(|may_act| !names(may_act, acting, request.realm.issuer())) {
        return Err(invalid("the subject token lets another party act"));
    }
    Ok(())
}

/// A chain of actors that is well-formed and not too long.
fn measured(act: Option<Value>) -> Result<Option<Value>, Refusal> {
    match act.as_ref().map(depth) {
        None | Some(Some(1..=MOST_ACTORS)) => Ok(act),
        Some(None) => Err(invalid("the subject token has a claim act that is no actor")),
        Some(Some(_)) => Err(invalid("too many actors have acted one for the other")),
    }
}

/// Whether `may_act` is about a party: each of its members is, and there is one.
fn names(may_act: &Value, party: &Value, issuer: &str) -> bool {
    let is_of_party = |(name, value): (&String, &Value)| match name.as_str() {
        "iss" => value.as_str() == Some(issuer),
        name => party.get(name) == Some(value),
    };
    may_act.as_object().is_some_and(|members| members.contains_key("sub") && members.iter().all(is_of_party))
}

/// An actor with the one before it (section 4.1).
fn nested(actor: Value, before: Option<&Value>) -> Value {
    let mut members = match actor {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    if let Some(before) = before {
        members.insert("act".to_owned(), before.clone());
    }
    members.into()
}

/// How many actors a claim has; nothing where it is not well-formed.
pub(in crate::grants) fn depth(act: &Value) -> Option<usize> {
    let (mut depth, mut next) = (0, Some(act));
    while let Some(actor) = next {
        actor.as_object()?;
        depth += 1;
        next = actor.get("act");
    }
    Some(depth)
}

/// Whether a claim that somebody else made can stand in a token of this server.
pub(in crate::grants) fn is_acceptable(act: &Value) -> bool {
    matches!(depth(act), Some(1..=MOST_ACTORS))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rfc8693_4_1_the_last_actor_is_outside_and_each_one_counts() {
        let first = json!({"sub": "a"});
        let second = nested(json!({"sub": "b", "client_id": "b"}), Some(&first));
        assert_eq!(second, json!({"sub": "b", "client_id": "b", "act": {"sub": "a"}}));
        assert_eq!((depth(&first), depth(&second)), (Some(1), Some(2)));
        for odd in [json!("a"), json!([]), json!(null), json!({"sub": "a", "act": 1})] {
            assert_eq!(depth(&odd), None, "{odd}");
            assert!(!is_acceptable(&odd));
        }
        let chain = (0..5).fold(first, |before, _| nested(json!({"sub": "c"}), Some(&before)));
        assert_eq!((depth(&chain), is_acceptable(&chain)), (Some(6), false));
    }

    #[test]
    fn rfc8693_4_4_every_member_of_may_act_must_fit() {
        let party = json!({"sub": "gateway", "client_id": "gateway"});
        let names = |may_act: Value| names(&may_act, &party, "https://op.test");
        assert!(names(json!({"sub": "gateway"})) && names(json!({"sub": "gateway", "client_id": "gateway"})));
        assert!(names(json!({"sub": "gateway", "iss": "https://op.test"})));
        for other in [
            json!({}),
            json!("gateway"),
            json!({"client_id": "gateway"}),
            json!({"sub": "other"}),
            json!({"sub": "gateway", "iss": "https://other.test"}),
            json!({"sub": "gateway", "role": "admin"}),
        ] {
            assert!(!names(other.clone()), "{other}");
        }
    }
}
