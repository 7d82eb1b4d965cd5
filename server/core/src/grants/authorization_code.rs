//! The authorization code grant (RFC 6749 section 4.1.3, OpenID Connect Core 3.1.3).

use signet_jose::{OpenError, base64url, digest};
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::names::{CodeChallengeMethod, GrantType};
use signet_protocol::responses::TokenResponse;
use signet_protocol::spec::{rfc6749, rfc7636, rfc9700};

use super::user_tokens::{Granted, check_key, invalid_grant, issue};
use super::{GrantRequest, details, resources};
use crate::events::Fact;
use crate::failure::Failure;
use crate::model::{Purpose, TokenBasis, UsedRecord};
use crate::ports::Redeemable;
use crate::tokens::AuthorizationCode;

/// Seconds a closed lineage stays on the deny list: the longest an access token may live.
pub(crate) const LONGEST_ACCESS_TOKEN_SECONDS: i64 = 86_400;

pub(super) async fn exchange(request: &GrantRequest<'_>) -> Result<TokenResponse, Failure> {
    let code = read_code(request).await?;
    request.serving.passed("code");
    check_redirect_uri(request, &code)?;
    request.serving.passed("redirect_uri");
    if let Err(refusal) = check_verifier(request.parameters.get("code_verifier"), code.challenge.as_ref()) {
        return Err(refuse_verifier(request, &code, refusal).await?.into());
    }
    request.serving.passed("code_verifier");
    check_key(request, code.key)?;
    request.serving.passed("dpop_jkt");
    let resources = resources::narrowed(request, &code.basis.resources)?;
    request.serving.passed("resource");
    let details = details::narrowed(request, &code.basis.details)?;
    let granted = Granted {
        grant_type: GrantType::AuthorizationCode,
        redeemable: Redeemable::Code(used_record(request, &code)),
        lineage: code.lineage,
        user_id: code.user_id,
        sid: Some(code.sid),
        nonce: code.nonce.as_deref(),
        basis: &code.basis,
        pushed: None,
    };
    match issue(request, &granted, (&resources, &details)).await? {
        Some(response) => Ok(response),
        None => Err(refuse_reuse(request, &granted).await?.into()),
    }
}

/// Unknown, forged, expired and foreign codes are one answer; none of them is used up by asking.
async fn read_code(request: &GrantRequest<'_>) -> Result<AuthorizationCode, Failure> {
    let text = request
        .parameters
        .get("code")
        .ok_or_else(|| ErrorCode::InvalidRequest.because("code is missing").per(rfc6749("4.1.3")))?;
    let refused =
        |detail: String| invalid_grant("the code is not valid for this client", rfc6749("5.2")).detail(detail);
    let code = AuthorizationCode::open(request.serving, request.realm, text)
        .map_err(|error: OpenError| refused(error.to_string()))?;
    if code.client_id != request.client.client().client_id {
        return Err(refused("the code was issued to another client".to_owned()).into());
    }
    let details = code.details.clone().unpack(request.serving, request.realm).await?;
    let details = details.ok_or_else(|| refused("its authorization details are kept no longer".to_owned()))?;
    Ok(AuthorizationCode { basis: TokenBasis { details, ..code.basis }, ..code })
}

/// RFC 6749 section 4.1.3: where the authorization request had a redirect URI, the token request has the same. Those of
/// applications that show no browser had none (First-Party Apps 6).
fn check_redirect_uri(request: &GrantRequest<'_>, code: &AuthorizationCode) -> Result<(), Refusal> {
    let expected = Some(code.redirect_uri.as_str()).filter(|uri| !uri.is_empty());
    if request.parameters.get("redirect_uri") == expected {
        Ok(())
    } else {
        Err(invalid_grant("redirect_uri is not the one of the authorization request", rfc6749("4.1.3")))
    }
}

/// RFC 7636 section 4.6.
fn check_verifier(verifier: Option<&str>, challenge: Option<&(CodeChallengeMethod, String)>) -> Result<(), Refusal> {
    match (verifier, challenge) {
        (None, None) => Ok(()),
        (Some(_), None) => {
            Err(invalid_grant("code_verifier without a code_challenge in the authorization request", rfc9700("4.8.2")))
        }
        (None, Some(_)) => Err(invalid_grant("code_verifier is missing", rfc7636("4.6"))),
        (Some(verifier), Some((method, challenge))) => {
            let computed = match method {
                CodeChallengeMethod::S256 => base64url::encode(digest::sha256(verifier.as_bytes())),
                CodeChallengeMethod::Plain => verifier.to_owned(),
            };
            // RFC 7636 section 4.1: the verifier has as many characters as the entropy needs, and no more.
            let well_formed = (43..=128).contains(&verifier.len());
            if well_formed && digest::equal_in_constant_time(computed.as_bytes(), challenge.as_bytes()) {
                Ok(())
            } else {
                Err(invalid_grant("code_verifier does not fit code_challenge", rfc7636("4.6")))
            }
        }
    }
}

/// A wrong verifier burns the code: whoever sent it has somebody else's code, and gets no second guess. A verifier that
/// is missing is no guess. Who comes with a wrong one after the code was redeemed revokes nothing.
async fn refuse_verifier(
    request: &GrantRequest<'_>,
    code: &AuthorizationCode,
    refusal: Refusal,
) -> Result<Refusal, Failure> {
    if request.parameters.get("code_verifier").is_some() && code.challenge.is_some() {
        request.consume_proofs().await?;
        request.serving.store.consume(request.realm.id(), &used_record(request, code), &[]).await?;
    }
    Ok(refusal)
}

/// The mark of a code that is used up.
fn used_record(request: &GrantRequest<'_>, code: &AuthorizationCode) -> UsedRecord {
    let mut key = [0; 32];
    key[..16].copy_from_slice(&code.lineage.0);
    let expires_at = request.serving.now().plus(request.realm.realm.settings.authorization_code_seconds);
    UsedRecord { purpose: Purpose::AuthorizationCode, key, expires_at }
}

/// RFC 6749 section 4.1.2: whoever redeemed it first may be the thief, so everything from it ends.
async fn refuse_reuse(request: &GrantRequest<'_>, granted: &Granted<'_>) -> Result<Refusal, Failure> {
    let reused = Fact::CodeReuse { lineage: granted.lineage.into() }.concerning(granted.parties(request));
    let events = request.serving.with_event(request.realm, reused);
    let denied_until = request.serving.now().plus(LONGEST_ACCESS_TOKEN_SECONDS);
    request.serving.store.close_lineage(request.realm.id(), granted.lineage, denied_until, &events).await?;
    request.serving.written(&events);
    Ok(invalid_grant("the code was used before; everything issued for it is revoked", rfc6749("4.1.2")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    fn s256(challenge: &str) -> (CodeChallengeMethod, String) {
        (CodeChallengeMethod::S256, challenge.to_owned())
    }

    #[test]
    fn rfc7636_b_example_verifies() {
        let challenge = s256("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert_eq!(check_verifier(Some(VERIFIER), Some(&challenge)), Ok(()));
    }

    #[test]
    fn rfc7636_4_6_wrong_missing_and_unasked_verifiers_are_invalid_grant() {
        let challenge = s256("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        let plain = (CodeChallengeMethod::Plain, VERIFIER.to_owned());
        for (verifier, challenge) in [
            (Some("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl"), Some(&challenge)),
            (Some("short"), Some(&challenge)),
            (Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"), Some(&plain)),
            (None, Some(&challenge)),
            (Some(VERIFIER), None),
        ] {
            assert_eq!(check_verifier(verifier, challenge).unwrap_err().code, ErrorCode::InvalidGrant);
        }
        assert_eq!(check_verifier(Some(VERIFIER), Some(&plain)), Ok(()));
        assert_eq!(check_verifier(None, None), Ok(()));
    }
}
