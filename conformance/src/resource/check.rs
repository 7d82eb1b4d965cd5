//! Whether a request may see the resource: what Signet says of its access token (RFC 7662), and the certificate or key
//! that the token is bound to (RFC 8705 section 3, RFC 9449 section 7).

use super::proof::{self, Proven};
use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;
use serde::Deserialize;
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use url::Url;

/// What Signet says of a token.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Introspected {
    pub(super) active: bool,
    #[serde(default)]
    pub(super) cnf: Confirmation,
}

/// What a token is bound to (RFC 7800).
#[derive(Debug, Default, Deserialize)]
pub(super) struct Confirmation {
    #[serde(rename = "x5t#S256")]
    pub(super) certificate: Option<String>,
    pub(super) jkt: Option<String>,
}

/// A request as the checks need it.
pub(super) struct Asked<'a> {
    pub(super) method: &'a str,
    pub(super) url: &'a Url,
    pub(super) headers: &'a HeaderMap,
    /// The thumbprint of the certificate that the client showed.
    pub(super) certificate: Option<&'a str>,
    /// Seconds since 1970.
    pub(super) now: u64,
}

/// The scheme and the token of the one `Authorization` header. Schemes are alike in any case (RFC 9110 section 11.1).
pub(super) fn presented(headers: &HeaderMap) -> Option<(String, String)> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    Some((scheme.to_ascii_lowercase(), token.trim().to_owned()))
}

/// The proofs that were used.
#[derive(Default)]
pub(super) struct Used(Mutex<HashSet<String>>);

impl Used {
    fn take(&self, proof: &proof::Proof) -> bool {
        let key = format!("{} {}", proof.thumbprint, proof.jti);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key)
    }
}

/// Whether the client holds what the token is bound to. A token that is bound to nothing is not taken.
pub(super) fn holds(
    asked: &Asked<'_>,
    (scheme, token): (&str, &str),
    introspected: &Introspected,
    used: &Used,
) -> Result<(), &'static str> {
    if !introspected.active {
        return Err("the token is not active");
    }
    match (&introspected.cnf.certificate, &introspected.cnf.jkt, scheme) {
        (Some(bound), None, "bearer") if asked.certificate == Some(bound.as_str()) => Ok(()),
        (Some(_), None, "bearer") => Err("the token is bound to another certificate"),
        (None, Some(bound), "dpop") => {
            let mut proofs = asked.headers.get_all("dpop").iter();
            let (Some(text), None) = (proofs.next(), proofs.next()) else { return Err("there is not one proof") };
            let text = text.to_str().map_err(|_| "the proof is no text")?;
            let proven = Proven { method: asked.method, url: asked.url, access_token: token, now: asked.now };
            let proof = proof::check(text, &proven)?;
            if proof.thumbprint != *bound {
                return Err("the token is bound to another key");
            }
            if used.take(&proof) { Ok(()) } else { Err("the proof was used before") }
        }
        _ => Err("the token is not bound as it is presented"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credentials::{ClientKey, KeyAlgorithm};
    use crate::resource::proof::tests::{TOKEN, good};

    const URL: &str = "https://localhost:1/accounts";

    fn held(
        scheme: &str,
        cnf: Confirmation,
        (certificate, proofs): (Option<&str>, &[&str]),
        used: &Used,
    ) -> Result<(), &'static str> {
        let mut headers = HeaderMap::new();
        for proof in proofs {
            headers.append("dpop", proof.parse().unwrap());
        }
        let url = Url::parse(URL).unwrap();
        let asked = Asked { method: "GET", url: &url, headers: &headers, certificate, now: 1000 };
        holds(&asked, (scheme, TOKEN), &Introspected { active: true, cnf }, used)
    }

    fn certificate(name: &str) -> Confirmation {
        Confirmation { certificate: Some(name.to_owned()), jkt: None }
    }

    #[test]
    fn rfc8705_3_a_token_needs_its_certificate() {
        let used = Used::default();
        assert!(held("bearer", certificate("a"), (Some("a"), &[]), &used).is_ok());
        for shown in [Some("b"), None] {
            assert!(held("bearer", certificate("a"), (shown, &[]), &used).is_err(), "{shown:?}");
        }
        assert!(held("dpop", certificate("a"), (Some("a"), &[]), &used).is_err());
        assert!(held("bearer", Confirmation::default(), (Some("a"), &[]), &used).is_err());
    }

    #[test]
    fn rfc9449_7_a_token_needs_a_proof_by_its_key_which_counts_once() {
        let (used, key) = (Used::default(), ClientKey::generate(KeyAlgorithm::ES256, "k").unwrap());
        let other = ClientKey::generate(KeyAlgorithm::ES256, "o").unwrap();
        let text = good(&key, URL, 1000);
        let url = Url::parse(URL).unwrap();
        let proven = Proven { method: "GET", url: &url, access_token: TOKEN, now: 1000 };
        let jkt = proof::check(&text, &proven).unwrap().thumbprint;
        let bound = || Confirmation { certificate: None, jkt: Some(jkt.clone()) };
        assert!(held("bearer", bound(), (None, &[&text]), &used).is_err());
        assert!(held("dpop", bound(), (None, &[]), &used).is_err());
        assert!(held("dpop", bound(), (None, &[&text, &text]), &used).is_err());
        assert!(held("dpop", bound(), (None, &[&good(&other, URL, 1000)]), &used).is_err());
        assert!(held("dpop", bound(), (None, &[&text]), &used).is_ok());
        assert!(held("dpop", bound(), (None, &[&text]), &used).is_err());
    }

    #[test]
    fn rfc9110_11_1_schemes_are_alike_in_any_case_and_there_is_one_header() {
        let mut headers = HeaderMap::new();
        assert!(presented(&headers).is_none());
        headers.append(AUTHORIZATION, "dPoP t".parse().unwrap());
        assert_eq!(presented(&headers), Some(("dpop".to_owned(), "t".to_owned())));
        headers.append(AUTHORIZATION, "Bearer t".parse().unwrap());
        assert!(presented(&headers).is_none());
    }
}
