//! Finding the one access token of a request (RFC 6750 section 2, RFC 9449 section 7.1).

use std::fmt;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::parameters::Parameters;
use signet_protocol::spec::rfc6750;

use crate::Denial;

/// Why there is no one access token in a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoToken {
    /// There is none.
    #[error("the request has no access token")]
    NothingPresented,
    /// What there is cannot be taken for one.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl<F> From<NoToken> for Denial<F> {
    fn from(reason: NoToken) -> Self {
        match reason {
            NoToken::NothingPresented => Self::NothingPresented,
            NoToken::Refused(refusal) => Self::Refused(refusal),
        }
    }
}

/// The parameter that carries a token in a form body (RFC 6750 section 2.2), and must not in a query.
const PARAMETER: &str = "access_token";

/// An access token as presented. Nothing about it has been verified.
#[derive(Clone, PartialEq, Eq)]
pub struct BearerToken(String);

impl BearerToken {
    /// The token.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The token is a credential: it does not show.
impl fmt::Debug for BearerToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("BearerToken(..)")
    }
}

/// The authentication scheme that a token comes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// RFC 6750 section 2.1; also in a form body.
    Bearer,
    /// RFC 9449 section 7.1.
    Dpop,
}

impl Scheme {
    /// The schemes that an access token may come with.
    const ALL: &[Self] = &[Self::Bearer, Self::Dpop];

    /// The registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
        }
    }

    /// The scheme that the `Authorization` header of a request names; that of a bearer where it names none of them.
    pub fn of(headers: &HeaderMap) -> Self {
        let named = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        named.and_then(|text| Self::named(text.split(' ').next().unwrap_or_default())).unwrap_or(Self::Bearer)
    }

    /// RFC 9110 section 11.1: names of schemes have no case.
    fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|scheme| name.eq_ignore_ascii_case(scheme.as_str()))
    }
}

/// An access token as presented, with the scheme it came with. Nothing about it has been verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresentedToken {
    scheme: Scheme,
    token: BearerToken,
}

impl PresentedToken {
    /// How it was presented.
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The token.
    pub fn as_str(&self) -> &str {
        self.token.as_str()
    }
}

/// The one access token that a request presents, of a bearer or with a proof. `form` is the form body of an endpoint that
/// takes tokens there, and nothing everywhere else.
///
/// # Errors
/// [`NoToken::NothingPresented`]; `invalid_request` for a token in the query, for more than one, and for a header
/// without one; `invalid_token` for what cannot be a token.
pub fn access_token(headers: &HeaderMap, query: &str, form: Option<&Parameters>) -> Result<PresentedToken, NoToken> {
    presented(headers, query, (form, Scheme::ALL))
}

/// The one token of a bearer that a request presents, where no token has any other form.
///
/// # Errors
/// Those of [`access_token`].
pub fn bearer_token(headers: &HeaderMap, query: &str, form: Option<&Parameters>) -> Result<BearerToken, NoToken> {
    presented(headers, query, (form, &[Scheme::Bearer])).map(|presented| presented.token)
}

fn presented(
    headers: &HeaderMap,
    query: &str,
    (form, schemes): (Option<&Parameters>, &[Scheme]),
) -> Result<PresentedToken, NoToken> {
    refuse_in_query(query)?;
    let in_form = form.map(form_token).transpose()?.flatten().map(|token| (Scheme::Bearer, token));
    match (header_token(headers, schemes)?, in_form) {
        (Some(_), Some(_)) => Err(malformed("send the access token once", "2").into()),
        (Some((scheme, token)), None) | (None, Some((scheme, token))) if is_b64token(token) => {
            Ok(PresentedToken { scheme, token: BearerToken(token.to_owned()) })
        }
        (None, None) => Err(NoToken::NothingPresented),
        _ => {
            let reason = "the access token has characters that no token has";
            Err(ErrorCode::InvalidToken.because(reason).per(rfc6750("2.1")).into())
        }
    }
}

fn malformed(reason: &'static str, section: &'static str) -> Refusal {
    ErrorCode::InvalidRequest.because(reason).per(rfc6750(section))
}

/// RFC 6750 section 2.3 and RFC 9700 section 4.3.2: addresses end up in logs and histories. The token that came this
/// way is not served, so that nobody builds on it.
fn refuse_in_query(query: &str) -> Result<(), Refusal> {
    let parameters = Parameters::parse(query).map_err(|_| malformed("the query does not read", "3.1"))?;
    // Also one that is empty or repeated, which reads as absent.
    if parameters.without(PARAMETER) != parameters {
        return Err(malformed("send the access token in the Authorization header, not in the address", "2.3"));
    }
    Ok(())
}

fn form_token(form: &Parameters) -> Result<Option<&str>, Refusal> {
    if form.is_repeated(PARAMETER) {
        return Err(malformed("send the access token once", "2.2"));
    }
    Ok(form.get(PARAMETER))
}

/// The token of the `Authorization` header. Another scheme counts as no authentication (RFC 6750 section 3.1).
fn header_token<'h>(headers: &'h HeaderMap, schemes: &[Scheme]) -> Result<Option<(Scheme, &'h str)>, Refusal> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(malformed("send one Authorization header", "2.1"));
    }
    let text = value.to_str().map_err(|_| malformed("the Authorization header is not ASCII text", "2.1"))?;
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    let Some(scheme) = Scheme::named(scheme).filter(|scheme| schemes.contains(scheme)) else { return Ok(None) };
    match token.trim_matches(' ') {
        "" => Err(malformed("the Authorization header has no token", "2.1")),
        token => Ok(Some((scheme, token))),
    }
}

/// RFC 6750 section 2.1, `b64token`.
fn is_b64token(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/');
    !body.is_empty() && body.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&'static str]) -> HeaderMap {
        values.iter().map(|value| (AUTHORIZATION, http::HeaderValue::from_static(value))).collect()
    }

    /// The code of a refusal; nothing for a request without a token.
    fn code(reason: NoToken) -> Option<ErrorCode> {
        Denial::<crate::GuardFault>::from(reason).code()
    }

    fn form(body: &str) -> Parameters {
        Parameters::parse(body).unwrap()
    }

    /// The token, or the code of the denial; `None` for nothing presented.
    fn found(values: &[&'static str], query: &str, body: Option<&str>) -> Result<String, Option<ErrorCode>> {
        let form = body.map(form);
        bearer_token(&headers(values), query, form.as_ref()).map(|token| token.as_str().to_owned()).map_err(code)
    }

    #[test]
    fn rfc6750_2_1_the_scheme_is_read_in_any_case() {
        for header in ["Bearer a.b-c_~+/==", "bearer a.b-c_~+/==", "BEARER   a.b-c_~+/== "] {
            assert_eq!(found(&[header], "", None), Ok("a.b-c_~+/==".to_owned()), "{header}");
        }
    }

    #[test]
    fn rfc6750_3_1_another_scheme_counts_as_no_authentication() {
        for values in [&[][..], &["Basic YTpi"], &["DPoP abc"], &["Bearerabc"], &[""]] {
            assert_eq!(found(values, "", None), Err(None), "{values:?}");
        }
    }

    #[test]
    fn rfc9449_7_1_the_scheme_dpop_is_read_in_any_case_where_tokens_may_be_bound() {
        for (header, scheme) in [
            ("DPoP a.b", Scheme::Dpop),
            ("dPoP a.b", Scheme::Dpop),
            ("DPOP  a.b", Scheme::Dpop),
            ("bEARER a.b", Scheme::Bearer),
        ] {
            let presented = access_token(&headers(&[header]), "", None).unwrap();
            assert_eq!((presented.scheme(), presented.as_str()), (scheme, "a.b"), "{header}");
            assert_eq!(Scheme::of(&headers(&[header])), scheme, "{header}");
        }
        let refused = |values: &[&'static str], body: Option<&str>| {
            code(access_token(&headers(values), "", body.map(form).as_ref()).unwrap_err())
        };
        assert_eq!(refused(&["DPoP"], None), Some(ErrorCode::InvalidRequest));
        assert_eq!(refused(&["DPoP a,b"], None), Some(ErrorCode::InvalidToken));
        assert_eq!(refused(&["DPoP a", "Bearer a"], None), Some(ErrorCode::InvalidRequest));
        assert_eq!(refused(&["DPoP a"], Some("access_token=a")), Some(ErrorCode::InvalidRequest));
        assert_eq!(refused(&["Basic YTpi"], None), None);
        assert_eq!(access_token(&headers(&[]), "", Some(&form("access_token=a"))).unwrap().scheme(), Scheme::Bearer);
    }

    #[test]
    fn rfc6750_2_1_a_header_without_a_token_is_malformed() {
        for header in ["Bearer", "Bearer ", "bearer    "] {
            assert_eq!(found(&[header], "", None), Err(Some(ErrorCode::InvalidRequest)), "{header}");
        }
    }

    #[test]
    fn rfc6750_2_1_what_cannot_be_a_token_is_invalid() {
        for header in ["Bearer a b", "Bearer a,b", "Bearer \"a\"", "Bearer =", "Bearer a=b", "Bearer a\tb"] {
            assert_eq!(found(&[header], "", None), Err(Some(ErrorCode::InvalidToken)), "{header}");
        }
    }

    #[test]
    fn rfc6750_2_only_one_token_in_one_place() {
        assert_eq!(found(&["Bearer a", "Bearer a"], "", None), Err(Some(ErrorCode::InvalidRequest)));
        assert_eq!(found(&["Bearer a"], "", Some("access_token=a")), Err(Some(ErrorCode::InvalidRequest)));
        assert_eq!(found(&[], "", Some("access_token=a&access_token=a")), Err(Some(ErrorCode::InvalidRequest)));
    }

    #[test]
    fn rfc6750_2_2_a_form_body_is_read_only_where_the_endpoint_takes_it() {
        assert_eq!(found(&[], "", Some("x=1&access_token=a")), Ok("a".to_owned()));
        assert_eq!(found(&["Basic YTpi"], "", Some("access_token=a")), Ok("a".to_owned()));
        assert_eq!(found(&[], "", Some("x=1")), Err(None));
        assert_eq!(found(&[], "", Some("access_token=")), Err(None));
        assert_eq!(found(&[], "", None), Err(None));
    }

    #[test]
    fn rfc6750_2_3_a_token_in_the_query_is_refused_even_beside_a_good_one() {
        for query in ["access_token=a", "p=q&access_token=a", "access%5Ftoken=a", "access_token="] {
            assert_eq!(found(&["Bearer a"], query, None), Err(Some(ErrorCode::InvalidRequest)), "{query}");
            assert_eq!(found(&[], query, None), Err(Some(ErrorCode::InvalidRequest)), "{query}");
        }
        assert_eq!(found(&["Bearer a"], "limit=5&x=access_token", None), Ok("a".to_owned()));
        assert_eq!(found(&["Bearer a"], "x=%ff", None), Err(Some(ErrorCode::InvalidRequest)));
    }

    #[test]
    fn tokens_do_not_show_in_debug_output() {
        let token = bearer_token(&headers(&["Bearer secret"]), "", None).unwrap();
        assert!(!format!("{token:?}").contains("secret"));
    }
}
