//! What an access token must be good for.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::spec::{rfc6750, rfc9396, rfc9700};
use signet_protocol::time::UnixTime;

use crate::{Denial, TokenFacts};

/// Whether a detail allows what a request is about to do.
type Allows = Arc<dyn Fn(&Map<String, Value>) -> bool + Send + Sync>;

/// What an access token must be good for, for one resource or one method of it. Everything that is demanded counts.
#[derive(Clone)]
#[must_use]
pub struct Requirement {
    scopes: Vec<Vec<Cow<'static, str>>>,
    details: Vec<(Cow<'static, str>, Allows)>,
    acr_values: Vec<String>,
    max_age: Option<u64>,
    is_bound: bool,
}

impl fmt::Debug for Requirement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let types: Vec<&str> = self.details.iter().map(|(name, _)| name.as_ref()).collect();
        formatter
            .debug_struct("Requirement")
            .field("scopes", &self.scopes)
            .field("details", &types)
            .field("acr_values", &self.acr_values)
            .field("max_age", &self.max_age)
            .field("is_bound", &self.is_bound)
            .finish()
    }
}

impl Requirement {
    /// Any token for this resource will do, whatever its scope.
    pub const fn any_token() -> Self {
        Self { scopes: Vec::new(), details: Vec::new(), acr_values: Vec::new(), max_age: None, is_bound: false }
    }

    /// A token with this scope value.
    pub fn scope(value: impl Into<Cow<'static, str>>) -> Self {
        Self::any_token().and_scope(value)
    }

    /// A token with one of these scope values, the narrowest first: clients are told to ask for that one. Without any
    /// value no token will do.
    pub fn one_of<S: Into<Cow<'static, str>>>(values: impl IntoIterator<Item = S>) -> Self {
        Self::any_token().and_one_of(values)
    }

    /// And this scope value.
    pub fn and_scope(self, value: impl Into<Cow<'static, str>>) -> Self {
        self.and_one_of([value])
    }

    /// And one of these scope values.
    pub fn and_one_of<S: Into<Cow<'static, str>>>(mut self, values: impl IntoIterator<Item = S>) -> Self {
        self.scopes.push(values.into_iter().map(Into::into).collect());
        self
    }

    /// And an authorization detail of this `type` (RFC 9396) that `allows` what the request is about to do.
    pub fn and_detail(
        mut self,
        kind: impl Into<Cow<'static, str>>,
        allows: impl Fn(&Map<String, Value>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.details.push((kind.into(), Arc::new(allows)));
        self
    }

    /// And a user who was authenticated in one of these ways, `acr`, in order of preference (RFC 9470).
    pub fn and_acr<S: Into<String>>(mut self, values: impl IntoIterator<Item = S>) -> Self {
        self.acr_values.extend(values.into_iter().map(Into::into));
        self
    }

    /// And a user who was authenticated at most this many seconds ago (RFC 9470).
    pub const fn and_max_age(mut self, seconds: u64) -> Self {
        self.max_age = Some(seconds);
        self
    }

    /// And a token that is bound to a key or a certificate: one of a bearer will not do (RFC 9700 section 2.2.1).
    pub const fn sender_constrained(mut self) -> Self {
        self.is_bound = true;
        self
    }

    /// What clients are told to ask for, space-delimited.
    pub fn scope_to_ask_for(&self) -> String {
        let narrowest: Vec<&str> = self.scopes.iter().filter_map(|values| values.first()).map(AsRef::as_ref).collect();
        narrowest.join(" ")
    }

    /// Checks what a good token is good for, at `now`.
    ///
    /// # Errors
    /// `invalid_token` for one of a bearer where it must be bound, `insufficient_scope`, and
    /// [`Denial::InsufficientUserAuthentication`].
    pub fn check<F>(&self, token: &impl TokenFacts, now: UnixTime) -> Result<(), Denial<F>> {
        if self.is_bound && !token.confirmation().is_bound() {
            let reason = "the access token is bound to nothing, and this resource takes only such as are";
            return Err(ErrorCode::InvalidToken.because(reason).per(rfc9700("2.2.1")).into());
        }
        self.check_scope(token)?;
        self.check_details(token)?;
        if self.is_authenticated(token, now) {
            return Ok(());
        }
        Err(Denial::InsufficientUserAuthentication { acr_values: self.acr_values.clone(), max_age: self.max_age })
    }

    fn check_scope(&self, token: &impl TokenFacts) -> Result<(), Refusal> {
        let scope = token.scope();
        if self.scopes.iter().all(|values| values.iter().any(|value| scope.contains(value))) {
            return Ok(());
        }
        let reason = "the access token was not granted the scope that this request needs";
        Err(ErrorCode::InsufficientScope.because(reason).per(rfc6750("3.1")))
    }

    fn check_details(&self, token: &impl TokenFacts) -> Result<(), Refusal> {
        if self.details.is_empty() {
            return Ok(());
        }
        let details = token.authorization_details();
        let is_met = |(kind, allows): &(Cow<'static, str>, Allows)| {
            let of_type =
                |detail: &Map<String, Value>| detail.get("type").and_then(Value::as_str) == Some(kind.as_ref());
            details.iter().any(|detail| of_type(detail) && allows(detail))
        };
        if self.details.iter().all(is_met) {
            return Ok(());
        }
        let reason = "the access token was not granted the authorization details that this request needs";
        Err(ErrorCode::InsufficientScope.because(reason).per(rfc9396("9")))
    }

    /// RFC 9470 section 5: what a token does not say of the authentication is not so.
    fn is_authenticated(&self, token: &impl TokenFacts, now: UnixTime) -> bool {
        let is_asked = |acr: &str| self.acr_values.iter().any(|value| value == acr);
        let is_well = self.acr_values.is_empty() || token.acr().is_some_and(is_asked);
        let is_recent = self.max_age.is_none_or(|seconds| {
            let longest = i64::try_from(seconds).unwrap_or(i64::MAX);
            token.authenticated_at().is_some_and(|moment| now.since(moment) <= longest)
        });
        is_well && is_recent
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AccessToken;
    use serde_json::json;

    const NOW: UnixTime = UnixTime(1_000);

    fn checked(requirement: &Requirement, claims: Value) -> Result<(), Option<ErrorCode>> {
        let Value::Object(claims) = claims else { panic!("claims are an object") };
        let token = AccessToken::read(claims).unwrap();
        requirement.check::<crate::GuardFault>(&token, NOW).map_err(|denial| denial.code())
    }

    #[test]
    fn rfc6750_3_1_one_of_the_scope_values_suffices_and_none_does_not() {
        let requirement = Requirement::one_of(["read", "all"]);
        assert_eq!(checked(&requirement, json!({ "scope": "x all" })), Ok(()));
        for scope in ["", "x", "READ", "read.all"] {
            let refused = Err(Some(ErrorCode::InsufficientScope));
            assert_eq!(checked(&requirement, json!({ "scope": scope })), refused, "{scope}");
        }
        assert_eq!(checked(&requirement, json!({})), Err(Some(ErrorCode::InsufficientScope)));
        assert_eq!(requirement.scope_to_ask_for(), "read");
    }

    #[test]
    fn rfc6750_3_1_of_several_demands_each_counts() {
        let requirement = Requirement::one_of(["read", "all"]).and_scope("pay");
        assert_eq!(checked(&requirement, json!({ "scope": "pay read" })), Ok(()));
        for scope in ["pay", "read", "read all"] {
            assert!(checked(&requirement, json!({ "scope": scope })).is_err(), "{scope}");
        }
        assert_eq!(requirement.scope_to_ask_for(), "read pay");
        assert_eq!(checked(&Requirement::any_token(), json!({})), Ok(()));
        assert!(checked(&Requirement::one_of(Vec::<&str>::new()), json!({ "scope": "a" })).is_err());
    }

    #[test]
    fn rfc9396_9_a_detail_of_the_type_allows_what_the_request_does() {
        let reads =
            |detail: &Map<String, Value>| detail["actions"].as_array().is_some_and(|all| all.contains(&json!("read")));
        let requirement = Requirement::any_token().and_detail("account", reads);
        let with = |details: Value| checked(&requirement, json!({ "authorization_details": details }));
        let (read, write) =
            (json!({ "type": "account", "actions": ["read"] }), json!({ "type": "account", "actions": [] }));
        let other = json!({ "type": "payment", "actions": ["read"] });
        assert_eq!(with(json!([write, read])), Ok(()));
        for details in [json!([]), json!([write]), json!([other])] {
            assert_eq!(with(details.clone()), Err(Some(ErrorCode::InsufficientScope)), "{details}");
        }
        assert_eq!(checked(&requirement, json!({})), Err(Some(ErrorCode::InsufficientScope)));
    }

    #[test]
    fn rfc9470_5_what_a_token_does_not_say_of_the_authentication_is_not_so() {
        let requirement = Requirement::any_token().and_acr(["high", "higher"]).and_max_age(10);
        for (claims, is_good) in [
            (json!({ "acr": "higher", "auth_time": 990 }), true),
            (json!({ "acr": "high", "auth_time": 1_005 }), true),
            (json!({ "acr": "high", "auth_time": 989 }), false),
            (json!({ "acr": "HIGH", "auth_time": 1_000 }), false),
            (json!({ "acr": "high higher", "auth_time": 1_000 }), false),
            (json!({ "acr": "high" }), false),
            (json!({ "auth_time": 1_000 }), false),
        ] {
            let expected = if is_good { Ok(()) } else { Err(Some(ErrorCode::InsufficientUserAuthentication)) };
            assert_eq!(checked(&requirement, claims.clone()), expected, "{claims}");
        }
        assert_eq!(checked(&Requirement::any_token().and_max_age(u64::MAX), json!({ "auth_time": 0 })), Ok(()));
    }

    #[test]
    fn rfc9700_2_2_1_where_tokens_must_be_bound_one_of_a_bearer_will_not_do() {
        let requirement = Requirement::any_token().sender_constrained();
        assert_eq!(checked(&requirement, json!({})), Err(Some(ErrorCode::InvalidToken)));
        let bound = json!({ "cnf": { "jkt": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" } });
        assert_eq!(checked(&requirement, bound), Ok(()));
    }
}
