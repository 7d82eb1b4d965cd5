//! Token revocation (RFC 7009), also of device secrets: what kinds of tokens there are is left to the server (section 2.1).

use signet_hooks::Hook;
use signet_hooks::points::on_revocation::{RevokedKind, RevokedToken};
use signet_jose::RefreshToken;
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::identifiers::{Lineage, UserId};
use signet_protocol::spec::rfc7009;

use super::Endpoint;
use super::decision::revokes_lineage;
use crate::events::{Event, Fact, Parties, RefusedAt, Serving, TokenKind};
use crate::failure::Failure;
use crate::grants::{ClientRequest, LONGEST_ACCESS_TOKEN_SECONDS, SecretText};
use crate::hooks::Subject;
use crate::model::Client;
use crate::realm::RealmContext;
use crate::tokens::check_access_token;
use crate::uma::claims_reference;

/// Revokes a token of the client. An unknown or foreign token is no error (section 2.2): the client can do nothing about
/// it, and would only learn what it should not.
///
/// # Errors
/// `invalid_client`, `invalid_request`; a fault if nothing could be written: then nothing is revoked either; the refusal of
/// a script that failed: then the token is revoked all the same.
pub async fn revoke(serving: &Serving<'_>, realm: &RealmContext, request: ClientRequest<'_>) -> Result<(), Failure> {
    let outcome = revoke_token(serving, realm, request).await;
    serving.conclude(realm, outcome, (RefusedAt::Endpoint(Endpoint::Revocation), None)).await
}

async fn revoke_token(serving: &Serving<'_>, realm: &RealmContext, request: ClientRequest<'_>) -> Result<(), Failure> {
    let client = request.authenticate(serving, realm, Endpoint::Revocation).await?;
    client.consume_assertion(serving, realm).await?;
    let token = request.parameters.get("token");
    let token = token.ok_or_else(|| ErrorCode::InvalidRequest.because("token is missing").per(rfc7009("2.1")))?;
    if let Some(secret) = SecretText::parse(token) {
        return revoke_device_secret(serving, realm, client.client(), &secret).await;
    }
    match RefreshToken::parse(token) {
        Ok(token) => revoke_family(serving, realm, client.client(), &token).await,
        Err(_) if revoke_claims(serving, realm, client.client(), token).await? => Ok(()),
        Err(_) => revoke_access_token(serving, realm, client.client(), token).await,
    }
}

/// UMA Grant section 3.7: a persisted claims token goes with all of its family. Says whether it was one of the client.
async fn revoke_claims(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client: &Client,
    token: &str,
) -> Result<bool, Failure> {
    if !realm.realm.settings.uma {
        return Ok(false);
    }
    let found = serving.store.uma_claims(realm.id(), claims_reference(token)).await?;
    let Some(found) = found.filter(|found| found.client_id == client.client_id) else { return Ok(false) };
    serving.passed("persisted_claims_token");
    let whose = (client, Some(found.user_id));
    let events = serving.with_event(realm, revoked(whose, (Lineage(found.family), TokenKind::PersistedClaimsToken)));
    serving.store.end_uma_claims(realm.id(), found.family, &events).await?;
    serving.written(&events);
    Ok(true)
}

/// Section 2.1: with a refresh token go all tokens of the same authorization.
async fn revoke_family(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client: &Client,
    token: &RefreshToken,
) -> Result<(), Failure> {
    if !token.is_genuine(&realm.refresh_token_key) {
        return Ok(());
    }
    let lineage = Lineage(token.family());
    let family = serving.store.refresh_family(realm.id(), lineage).await?;
    let Some(family) = family.filter(|family| family.client_id == client.client_id) else { return Ok(()) };
    serving.passed("refresh_token");
    let facts = || RevokedToken {
        kind: RevokedKind::RefreshToken,
        scope: family.content.scope.iter().map(str::to_owned).collect(),
        expires_at: family.expires_at.0.min(family.idle_expires_at.0),
    };
    // Its lineage goes in any case; whether a script failed is told when it is gone.
    let asked = ask(serving, realm, (client, Some(family.user_id)), facts).await?;
    close_lineage(serving, realm, (client, Some(family.user_id)), (lineage, TokenKind::RefreshToken)).await?;
    Ok(asked.map(drop)?)
}

/// A device secret is no token of one client: each app of its group has it, and may end it. The tokens that came of it stay
/// until the session ends, unless a script has everything go that the secret came with.
async fn revoke_device_secret(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client: &Client,
    secret: &SecretText,
) -> Result<(), Failure> {
    let stored = serving.store.device_secret(realm.id(), secret.hash()).await?;
    let group = client.settings.native_sso_group.as_ref();
    let Some(stored) = stored.filter(|stored| Some(&stored.group) == group) else { return Ok(()) };
    serving.passed("device_secret");
    let whose = (client, Some(stored.user_id));
    let facts = || RevokedToken { kind: RevokedKind::DeviceSecret, scope: Vec::new(), expires_at: stored.expires_at.0 };
    let asked = ask(serving, realm, whose, facts).await?;
    if matches!(asked, Ok(true)) {
        return close_lineage(serving, realm, whose, (stored.lineage, TokenKind::DeviceSecret)).await;
    }
    let events = serving.with_event(realm, revoked(whose, (stored.lineage, TokenKind::DeviceSecret)));
    if serving.store.forget_device_secret(realm.id(), stored.hash, &events).await? {
        serving.written(&events);
    }
    Ok(asked.map(drop)?)
}

async fn revoke_access_token(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client: &Client,
    token: &str,
) -> Result<(), Failure> {
    let token = check_access_token(serving, realm, token).await?;
    let Some(token) = token.filter(|token| token.client_id == client.client_id) else { return Ok(()) };
    serving.passed("access_token");
    let facts = || RevokedToken {
        kind: RevokedKind::AccessToken,
        scope: token.scope.iter().map(str::to_owned).collect(),
        expires_at: token.expires_at.0,
    };
    let (lineage, whose) = (token.reference.lineage, (client, token.user_id()));
    let asked = ask(serving, realm, whose, facts).await?;
    if matches!(asked, Ok(true)) {
        return close_lineage(serving, realm, whose, (lineage, TokenKind::AccessToken)).await;
    }
    let events = serving.with_event(realm, revoked(whose, (lineage, TokenKind::AccessToken)));
    serving.store.deny_token(realm.id(), &token.jti_hash(), token.expires_at, &events).await?;
    serving.written(&events);
    Ok(asked.map(drop)?)
}

/// Whether scripts want the whole lineage revoked; or that one of them failed, which keeps no token alive.
async fn ask(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (client, user_id): (&Client, Option<UserId>),
    token: impl FnOnce() -> RevokedToken,
) -> Result<Result<bool, Refusal>, Failure> {
    let user = match (user_id, realm.hooks.at(Hook::OnRevocation, Some(&client.client_id))) {
        (None, _) | (_, []) => None,
        (Some(user_id), _) => serving.store.user(realm.id(), user_id).await?,
    };
    Ok(revokes_lineage(serving, realm, Subject::client(client).and_user(user.as_ref()), token).await)
}

fn revoked((client, user_id): (&Client, Option<UserId>), (lineage, token): (Lineage, TokenKind)) -> Event {
    let parties = Parties::client(&client.client_id).and_user(user_id);
    Fact::TokenRevoked { token, lineage: lineage.into() }.concerning(parties)
}

async fn close_lineage(
    serving: &Serving<'_>,
    realm: &RealmContext,
    whose: (&Client, Option<UserId>),
    (lineage, token): (Lineage, TokenKind),
) -> Result<(), Failure> {
    let events = serving.with_event(realm, revoked(whose, (lineage, token)));
    let denied_until = serving.now().plus(LONGEST_ACCESS_TOKEN_SECONDS);
    serving.store.close_lineage(realm.id(), lineage, denied_until, &events).await?;
    serving.written(&events);
    Ok(())
}
