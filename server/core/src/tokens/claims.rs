//! Which claims about a user go where (OpenID Connect Core 5.4 and 5.5).

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use signet_protocol::scope::Scope;
use signet_protocol::standard_claims;

use crate::model::User;

/// Claims that only the server decides; asking for them by name changes nothing here.
pub(crate) const SERVER_CLAIMS: &[&str] = &[
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "nbf",
    "jti",
    "nonce",
    "auth_time",
    "acr",
    "amr",
    "azp",
    "at_hash",
    "c_hash",
    "s_hash",
    "ds_hash",
    "sid",
    "cnf",
    "act",
    "events",
    "scope",
    "client_id",
    "authorization_details",
    "active",
];

/// The claims of `user` that `scope` or `names` ask for. Besides a claim itself, its forms in the languages of
/// `locales` are given (section 5.2). Absent claims are left out, never null (section 5.3.2).
pub(crate) fn user_claims(user: &User, scope: &Scope, names: &[String], locales: &[String]) -> Map<String, Value> {
    let is_wanted = |claim: &str| {
        let base = standard_claims::base_name(claim);
        let by_base = standard_claims::is_requested_by(scope, base) || names.iter().any(|name| name == base);
        let in_language = claim.split_once('#').is_none_or(|(_, tag)| locales.iter().any(|locale| covers(locale, tag)));
        (by_base && in_language) || names.iter().any(|name| name == claim)
    };
    let mut claims: Map<String, Value> = user
        .claims
        .iter()
        .filter(|(claim, _)| is_wanted(claim))
        .map(|(claim, value)| (claim.clone(), value.clone()))
        .collect();
    if is_wanted("updated_at") {
        claims.insert("updated_at".to_owned(), user.updated_at.0.into());
    }
    claims
}

/// Leaves out the claims whose values are not among those that will do (OpenID Connect Core 5.5.1), in every language.
pub(crate) fn leave_out_other_values(claims: &mut Map<String, Value>, acceptable: &BTreeMap<String, Vec<Value>>) {
    let will_do = |name: &str, value: &Value| acceptable.get(name).is_none_or(|values| values.contains(value));
    claims.retain(|name, value| will_do(name, value) && will_do(standard_claims::base_name(name), value));
}

/// Whether a wanted language covers a tag: `de` covers `de-CH`, not the other way round (RFC 4647 section 3.3.1).
fn covers(locale: &str, tag: &str) -> bool {
    let head = tag.get(..locale.len());
    head.is_some_and(|head| head.eq_ignore_ascii_case(locale))
        && matches!(tag.as_bytes().get(locale.len()), None | Some(b'-'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use signet_protocol::identifiers::{RealmId, UserId};
    use signet_protocol::time::UnixTime;

    use super::*;

    fn user() -> User {
        let claims = json!({"name": "Ana", "name#de-CH": "Anna", "name#fr": "Anne", "email": "a@b.test", "email_verified": false});
        User {
            realm_id: RealmId([0; 16]),
            id: UserId([1; 16]),
            username: "ana".to_owned(),
            username_normalised: "ana".to_owned(),
            enabled: true,
            claims: claims.as_object().unwrap().clone(),
            attributes: Map::from_iter([("department".to_owned(), "never shown by itself".into())]),
            epoch: 0,
            created_at: UnixTime(1),
            updated_at: UnixTime(2),
            revision: 0,
        }
    }

    fn names(scope: &str, names: &[&str], locales: &[&str]) -> Vec<String> {
        let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        user_claims(&user(), &scope.parse().unwrap(), &owned(names), &owned(locales)).keys().cloned().collect()
    }

    #[test]
    fn oidc_core_5_4_scopes_bring_their_claims_only() {
        assert_eq!(names("openid", &[], &[]), [""; 0]);
        assert_eq!(names("openid email", &[], &[]), ["email", "email_verified"]);
        assert_eq!(names("profile", &[], &[]), ["name", "updated_at"]);
    }

    #[test]
    fn oidc_core_5_5_single_claims_are_brought_by_name() {
        assert_eq!(names("openid", &["name", "unknown", "sub"], &[]), ["name"]);
    }

    #[test]
    fn oidc_core_5_5_1_other_values_are_left_out() {
        let mut claims = user().claims;
        let will_do = BTreeMap::from([
            ("email".to_owned(), vec![json!("other@b.test")]),
            ("name".to_owned(), vec![json!("Ana"), json!("Anne")]),
            ("email_verified".to_owned(), vec![json!("false")]),
        ]);
        leave_out_other_values(&mut claims, &will_do);
        assert_eq!(claims.keys().collect::<Vec<_>>(), ["name", "name#fr"]);
    }

    #[test]
    fn oidc_core_5_2_languages_are_brought_when_wanted() {
        assert_eq!(names("openid", &["name"], &["de"]), ["name", "name#de-CH"]);
        assert_eq!(names("openid", &["name#fr"], &[]), ["name#fr"]);
        assert_eq!(names("openid", &["name"], &["d"]), ["name"]);
    }
}
