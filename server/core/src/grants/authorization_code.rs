//! The authorization code grant (RFC 6749 section 4.1.3, OpenID Connect Core 3.1.3).

use signet_jose::{OpenError, base64url, digest};
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::names::{CodeChallengeMethod, GrantType};
use signet_protocol::responses::TokenResponse;
use signet_protocol::spec::{SpecRef, rfc6749, rfc7636, rfc9449, rfc9700};

use super::decision::{Planned, decide, go_on};
use super::{GrantRequest, aim_grant, details, resources};
use crate::binding::replayed;
use crate::events::{Event, Fact, Parties};
use crate::failure::Failure;
use crate::model::{Purpose, RefreshFamily, TokenBasis, UsedRecord, User};
use crate::ports::{Redemption, RedemptionOutcome, StandingQuery};
use crate::realm::REFRESH_KEY_VERSION;
use crate::tokens::{AuthorizationCode, UserTokens, issue_user_tokens};

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
    check_key(request, &code)?;
    request.serving.passed("dpop_jkt");
    let resources = resources::narrowed(request, &code.basis.resources)?;
    request.serving.passed("resource");
    let details = details::narrowed(request, &code.basis.details)?;
    let user = live_user(request, &code).await?;
    request.serving.passed("user");
    go_on(request, &code.basis)?;
    let grant_type = GrantType::AuthorizationCode;
    let aimed = aim_grant(request, (grant_type, Some(&user)), &code.basis.scope, (resources, details)).await?;
    let planned = Planned {
        grant_type,
        scope: &aimed.scope,
        resources: &aimed.resources,
        user: Some((&user, &code.basis)),
        refresh_token: is_refreshable(request, &code),
    };
    let permitted = decide(request, &planned).await?;
    let refresh_family = permitted.refresh_token.then(|| new_family(request, &code));
    let refresh_token = refresh_family
        .as_ref()
        .map(|family| request.realm.refresh_token_key.token(family.lineage.0, family.generation.unsigned_abs()));
    let tokens = UserTokens {
        client: request.client.client(),
        user: &user,
        lineage: code.lineage,
        basis: &code.basis,
        scope: &permitted.scope,
        resources: &aimed.resources,
        details: &aimed.details,
        lifetimes: permitted.lifetimes.at_most(aimed.lifetimes),
        confirmation: request.binding.confirmation(),
        nonce: code.nonce.as_deref(),
        state: None,
        sid: Some(code.sid),
        refresh_token,
    };
    let response = issue_user_tokens(request.serving, request.realm, tokens).await?;
    let issued = Fact::TokenIssued {
        grant: grant_type,
        lineage: code.lineage.into(),
        scope: permitted.scope,
        resources: aimed.resources,
        id_token: response.id_token.is_some(),
        refresh_generation: refresh_family.as_ref().map(|family| family.generation),
    };
    redeem(request, &code, refresh_family, issued.concerning(parties(&code))).await?;
    Ok(response)
}

fn invalid_grant(reason: &'static str, spec: SpecRef) -> Refusal {
    ErrorCode::InvalidGrant.because(reason).per(spec)
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

/// RFC 6749 section 4.1.3: the authorization request had a redirect URI, so the token request has the same.
fn check_redirect_uri(request: &GrantRequest<'_>, code: &AuthorizationCode) -> Result<(), Refusal> {
    if request.parameters.get("redirect_uri") == Some(code.redirect_uri.as_str()) {
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

/// RFC 9449 section 10: the request proves to hold the key that the code was asked for with.
fn check_key(request: &GrantRequest<'_>, code: &AuthorizationCode) -> Result<(), Refusal> {
    if code.key.is_none() || code.key == request.binding.key() {
        Ok(())
    } else {
        Err(invalid_grant("the code is bound to a key, and the request has no DPoP proof of it", rfc9449("10")))
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

async fn live_user(request: &GrantRequest<'_>, code: &AuthorizationCode) -> Result<User, Failure> {
    let user = request.serving.store.user(request.realm.id(), code.user_id).await?;
    user.filter(|user| user.enabled && user.epoch == code.basis.user_epoch).ok_or_else(|| fallen().into())
}

fn fallen() -> Refusal {
    invalid_grant("what the code rests on was revoked", rfc6749("5.2"))
}

/// A refresh token needs the client's registration, and offline access where the request was an OpenID Connect one
/// (OpenID Connect Core 11).
fn is_refreshable(request: &GrantRequest<'_>, code: &AuthorizationCode) -> bool {
    let scope = &code.basis.scope;
    request.client.client().metadata.grant_types().contains(&GrantType::RefreshToken)
        && (scope.contains("offline_access") || !scope.contains("openid"))
}

fn new_family(request: &GrantRequest<'_>, code: &AuthorizationCode) -> RefreshFamily {
    let now = request.serving.now();
    let settings = &request.realm.realm.settings;
    let is_public = !request.client.client().metadata.is_confidential();
    RefreshFamily {
        realm_id: request.realm.id(),
        lineage: code.lineage,
        client_id: code.client_id.clone(),
        user_id: code.user_id,
        generation: 1,
        rotated_at: now,
        active: true,
        content: TokenBasis {
            confirmation: request.binding.confirmation().filter(|_| is_public),
            ..code.basis.clone()
        },
        key_version: i64::from(REFRESH_KEY_VERSION),
        idle_expires_at: now.plus(settings.refresh_token_idle_seconds),
        expires_at: now.plus(settings.refresh_token_absolute_seconds),
    }
}

/// Whom a code concerns.
fn parties(code: &AuthorizationCode) -> Parties {
    Parties::client(&code.client_id).and_user(Some(code.user_id)).and_session(Some(code.sid))
}

async fn redeem(
    request: &GrantRequest<'_>,
    code: &AuthorizationCode,
    refresh_family: Option<RefreshFamily>,
    issued: Event,
) -> Result<(), Failure> {
    let now = request.serving.now();
    let redemption = Redemption {
        code: used_record(request, code),
        // The code itself ends with the session it was issued in, also where the tokens outlive it.
        standing: StandingQuery {
            session: Some(code.sid),
            ..StandingQuery::of_basis(&code.basis, (code.lineage, &code.client_id, code.user_id))
        },
        refresh_family,
        participant: Some((code.sid, code.client_id.clone())),
        proofs: request.proofs(),
    };
    let events = request.serving.with_event(request.realm, issued);
    match request.serving.store.redeem(request.realm.id(), &redemption, &events).await? {
        RedemptionOutcome::Redeemed => {
            request.serving.written(&events);
            Ok(())
        }
        RedemptionOutcome::Fallen => Err(fallen().into()),
        RedemptionOutcome::ProofReplayed(purpose) => Err(replayed(purpose).into()),
        RedemptionOutcome::AlreadyUsed => {
            // RFC 6749 section 4.1.2: whoever redeemed it first may be the thief, so everything from it ends.
            let reused = Fact::CodeReuse { lineage: code.lineage.into() }.concerning(parties(code));
            let events = request.serving.with_event(request.realm, reused);
            let denied_until = now.plus(LONGEST_ACCESS_TOKEN_SECONDS);
            request.serving.store.close_lineage(request.realm.id(), code.lineage, denied_until, &events).await?;
            request.serving.written(&events);
            Err(invalid_grant("the code was used before; everything issued for it is revoked", rfc6749("4.1.2")).into())
        }
    }
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
