//! What a token must be for one use (RFC 8725 sections 3.8 to 3.12): a token good for one thing is refused for every
//! other. Policy is data here; [`crate::verify()`] applies it.

use crate::algorithm::SignatureAlgorithm;

/// Seconds by which clocks may differ unless a profile says otherwise: FAPI 2.0 (section 5.3.2.1) wants 10 accepted and
/// 60 refused.
pub const CLOCK_SKEW: i64 = 30;

/// Seconds into the future that a client assertion may expire. Its `jti` is remembered for that long.
pub const LONGEST_ASSERTION: i64 = 600;

/// The rule for the header's `typ` (RFC 8725 section 3.11). Compared without case and without the prefix
/// `application/` (RFC 7515 section 4.1.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypeRule<'a> {
    /// The one value; absence is refused.
    Exactly(&'a str),
    /// Absent, or one of these: for tokens that existed before explicit typing.
    AbsentOrOneOf(&'a [&'a str]),
}

/// The rule for `aud` (RFC 7519 section 4.1.3). Strings are compared byte by byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AudienceRule<'a> {
    /// `aud` contains at least one of these.
    AnyOf(&'a [&'a str]),
    /// `aud` is exactly this one string and no array (FAPI 2.0 section 5.3.2.1 for client assertions).
    ExactString(&'a str),
    /// The audience is someone else: an ID token that comes back as a hint.
    Unchecked,
}

/// Everything that is checked about a token beside its signature.
#[derive(Debug, Clone)]
pub struct VerificationProfile<'a> {
    /// The rule for `typ`.
    pub typ: TypeRule<'a>,
    /// The algorithms that this use allows. The key must permit the token's one too.
    pub algorithms: &'a [SignatureAlgorithm],
    /// The `iss` it must have; `None` leaves the issuer to the caller, who chose the keys by it.
    pub issuer: Option<&'a str>,
    /// The `sub` it must have; `None` leaves the subject to the caller.
    pub subject: Option<&'a str>,
    /// The rule for `aud`.
    pub audience: AudienceRule<'a>,
    /// Claims that must be there; strings among them must not be empty.
    pub required: &'a [&'static str],
    /// Seconds of tolerance on `exp`, `nbf` and `iat`.
    pub clock_skew: i64,
    /// Seconds after now that `exp` may be at most.
    pub furthest_expiry: Option<i64>,
    /// Seconds before now that `iat` may be at most. Needs `iat`: put it into `required`.
    pub oldest_issue: Option<i64>,
    /// Seconds before now that `nbf` may be at most. Needs `nbf`: put it into `required`.
    pub oldest_beginning: Option<i64>,
    /// Seconds from `nbf` to `exp` at most. Needs both: put them into `required`.
    pub longest_validity: Option<i64>,
    /// No tolerance on `exp`, as for tokens of this server's own; it stays for `nbf` and `iat`, because the node that
    /// checks may be a little behind the one that issued.
    pub expiry_is_exact: bool,
    /// Accepts tokens whose `exp` has passed.
    pub expired_is_accepted: bool,
    /// Leaves the moment of `iat` alone, because something better than the signer's clock says when the token was made.
    pub issue_is_undated: bool,
}

impl<'a> VerificationProfile<'a> {
    /// What the profiles begin with: a JWT of whoever it is of, for whomever, that has these claims and may be as old and
    /// as long good as it says.
    const fn of_anybody(typ: TypeRule<'a>, algorithms: &'a [SignatureAlgorithm], required: &'a [&'static str]) -> Self {
        Self {
            typ,
            algorithms,
            issuer: None,
            subject: None,
            audience: AudienceRule::Unchecked,
            required,
            clock_skew: CLOCK_SKEW,
            furthest_expiry: None,
            oldest_issue: None,
            oldest_beginning: None,
            longest_validity: None,
            expiry_is_exact: false,
            expired_is_accepted: false,
            issue_is_undated: false,
        }
    }

    /// A JWT that authenticates a client (RFC 7523 section 3; `iss` and `sub` are the client: OpenID Connect Core
    /// section 9). A `typ` of another kind of token is refused.
    pub const fn client_assertion(
        client_id: &'a str,
        audience: AudienceRule<'a>,
        algorithms: &'a [SignatureAlgorithm],
    ) -> Self {
        Self {
            issuer: Some(client_id),
            subject: Some(client_id),
            audience,
            furthest_expiry: Some(LONGEST_ASSERTION),
            ..Self::of_anybody(
                TypeRule::AbsentOrOneOf(&["JWT", "client-authentication+jwt"]),
                algorithms,
                &["iss", "sub", "aud", "exp", "jti"],
            )
        }
    }

    /// A request object of a client (RFC 9101 section 4, OpenID Connect Core section 6). What a security profile demands
    /// beyond that is for the caller to add.
    pub const fn request_object(
        client_id: &'a str,
        audience: AudienceRule<'a>,
        algorithms: &'a [SignatureAlgorithm],
    ) -> Self {
        Self {
            issuer: Some(client_id),
            audience,
            ..Self::of_anybody(TypeRule::AbsentOrOneOf(&["JWT", "oauth-authz-req+jwt"]), algorithms, &["iss", "aud"])
        }
    }

    /// A software statement (RFC 7591 section 2.3). Whom it is for is not said there; `required` has `jti` and `exp` too
    /// where statements count once.
    pub const fn software_statement(
        issuer: &'a str,
        algorithms: &'a [SignatureAlgorithm],
        required: &'a [&'static str],
    ) -> Self {
        Self {
            issuer: Some(issuer),
            ..Self::of_anybody(TypeRule::AbsentOrOneOf(&["JWT", "software-statement+jwt"]), algorithms, required)
        }
    }

    /// An ID token of this issuer that comes back as `id_token_hint` (OpenID Connect Core section 3.1.2.1): it may have
    /// expired, and its audience is the client.
    pub const fn id_token_hint(issuer: &'a str, algorithms: &'a [SignatureAlgorithm]) -> Self {
        Self {
            issuer: Some(issuer),
            expiry_is_exact: true,
            expired_is_accepted: true,
            ..Self::of_anybody(TypeRule::AbsentOrOneOf(&["JWT"]), algorithms, &["iss", "sub", "aud", "exp", "iat"])
        }
    }

    /// A JWT of a trusted issuer that is an authorization grant (RFC 7523 section 3; the Identity Assertion JWT
    /// Authorization Grant section 3). Its `jti` is remembered until it expires, which is soon.
    pub const fn assertion_grant(
        issuer: &'a str,
        audience: AudienceRule<'a>,
        algorithms: &'a [SignatureAlgorithm],
    ) -> Self {
        Self {
            typ: TypeRule::AbsentOrOneOf(&["JWT", "oauth-id-jag+jwt"]),
            subject: None,
            ..Self::client_assertion(issuer, audience, algorithms)
        }
    }

    /// A JWT of a trusted issuer that is exchanged (RFC 8693 section 2.1): what comes of it ends when it does.
    pub const fn foreign_token(
        issuer: &'a str,
        audience: AudienceRule<'a>,
        algorithms: &'a [SignatureAlgorithm],
    ) -> Self {
        Self {
            typ: TypeRule::AbsentOrOneOf(&["JWT", "at+jwt"]),
            required: &["iss", "sub", "aud", "exp"],
            furthest_expiry: None,
            expiry_is_exact: true,
            ..Self::assertion_grant(issuer, audience, algorithms)
        }
    }

    /// An ID token of a trusted issuer that says who a requesting party is (UMA Grant section 3.3.1; OpenID Connect Core
    /// section 2). It may come again for as long as it lives.
    pub const fn claim_token(
        issuer: &'a str,
        audience: AudienceRule<'a>,
        algorithms: &'a [SignatureAlgorithm],
    ) -> Self {
        Self {
            typ: TypeRule::AbsentOrOneOf(&["JWT"]),
            required: &["iss", "sub", "aud", "exp", "iat"],
            ..Self::foreign_token(issuer, audience, algorithms)
        }
    }

    /// A transaction token of this server that comes back to be replaced (Transaction Tokens section 13.15): no tolerance
    /// on `exp`.
    pub const fn transaction_token(
        issuer: &'a str,
        trust_domain: AudienceRule<'a>,
        algorithms: &'a [SignatureAlgorithm],
    ) -> Self {
        Self {
            typ: TypeRule::Exactly("txntoken+jwt"),
            audience: trust_domain,
            required: &["iss", "sub", "aud", "exp", "iat", "txn", "scope", "req_wl"],
            ..Self::access_token(issuer, &[], algorithms)
        }
    }

    /// A proof that its sender holds a key (RFC 9449 section 4.2). What it says of the request is checked by
    /// [`crate::dpop`].
    pub const fn dpop_proof(algorithms: &'a [SignatureAlgorithm]) -> Self {
        Self {
            oldest_issue: Some(crate::dpop::PROOF_SECONDS),
            ..Self::of_anybody(TypeRule::Exactly("dpop+jwt"), algorithms, &["jti", "htm", "htu", "iat"])
        }
    }

    /// A JWT access token for one of `resources` (RFC 9068 section 4). This server's own tokens: no tolerance on `exp`.
    pub const fn access_token(issuer: &'a str, resources: &'a [&'a str], algorithms: &'a [SignatureAlgorithm]) -> Self {
        Self {
            issuer: Some(issuer),
            audience: AudienceRule::AnyOf(resources),
            expiry_is_exact: true,
            ..Self::of_anybody(
                TypeRule::Exactly("at+jwt"),
                algorithms,
                &["iss", "exp", "aud", "sub", "client_id", "iat", "jti"],
            )
        }
    }
}

impl TypeRule<'_> {
    /// Whether a header with this `typ` fits.
    pub fn accepts(&self, typ: Option<&str>) -> bool {
        match (self, typ) {
            (Self::Exactly(expected), Some(typ)) => is_same_type(expected, typ),
            (Self::AbsentOrOneOf(expected), Some(typ)) => expected.iter().any(|expected| is_same_type(expected, typ)),
            (Self::Exactly(_), None) => false,
            (Self::AbsentOrOneOf(_), None) => true,
        }
    }
}

fn is_same_type(expected: &str, typ: &str) -> bool {
    let prefix = "application/";
    let short = match typ.get(..prefix.len()) {
        Some(start) if start.eq_ignore_ascii_case(prefix) => &typ[prefix.len()..],
        _ => typ,
    };
    short.eq_ignore_ascii_case(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc7515_4_1_9_typ_is_a_media_type_whose_prefix_may_be_left_out() {
        let rule = TypeRule::Exactly("at+jwt");
        for accepted in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
            assert!(rule.accepts(Some(accepted)), "{accepted}");
        }
        for refused in
            [None, Some("JWT"), Some("application/"), Some(""), Some("x-application/at+jwt"), Some("éé/at+jwt")]
        {
            assert!(!rule.accepts(refused), "{refused:?}");
        }
    }

    #[test]
    fn rfc8725_3_11_a_rule_for_untyped_tokens_refuses_other_types() {
        let rule = TypeRule::AbsentOrOneOf(&["JWT"]);
        assert!(rule.accepts(None) && rule.accepts(Some("jwt")));
        assert!(!rule.accepts(Some("at+jwt")) && !rule.accepts(Some("logout+jwt")) && !rule.accepts(Some("dpop+jwt")));
    }
}
