//! Tokens that are brought to be exchanged (RFC 8693 section 2.1): read, verified, and found to stand.

use serde_json::{Map, Value};
use signet_jose::RefreshToken;
use signet_protocol::error::Refusal;
use signet_protocol::identifiers::{ClientId, Lineage, UserId};
use signet_protocol::names::TokenType;
use signet_protocol::scope::Scope;
use signet_protocol::time::UnixTime;

use super::super::GrantRequest;
use super::super::trusted::{self, Vouched};
use super::transaction::Replaced;
use super::{id_token, invalid, transaction_subject};
use crate::failure::Failure;
use crate::model::{
    Confirmation, Epoch, ExchangeOrigin, Exchanged, TokenBasis, TokenExchangePolicy, TrustedIssuerUse, User,
};
use crate::ports::{Standing, StandingQuery};
use crate::tokens::{TokenReference, check_access_token, party, subject_for};

/// The longest way from a login to a token, in exchanges.
const MOST_EXCHANGES: usize = 5;

/// A token that is good.
pub(in crate::grants) struct Presented {
    pub(super) token_type: TokenType,
    /// The client it was issued to; nobody where another issuer made it.
    pub(super) issued_to: Option<ClientId>,
    /// Who made it, where that was not this server.
    pub(super) issuer: Option<String>,
    /// `sub`.
    pub(super) subject: String,
    /// Whom it is for; nobody for a client's own token.
    pub(super) user: Option<User>,
    /// What it may be used for; nothing where a token of its kind does not say.
    pub(super) scope: Option<Scope>,
    pub(super) expires_at: UnixTime,
    /// The party that may act for its subject (section 4.4).
    pub(super) may_act: Option<Value>,
    pub(super) confirmation: Option<Confirmation>,
    /// Whom an access token is for.
    pub(super) audience: Vec<String>,
    /// What it says of its transaction, where it is a transaction token.
    pub(super) replaces: Option<Replaced>,
    /// What tokens that are exchanged for it rest on. Scope and resources are still to be filled in.
    pub(super) basis: TokenBasis,
}

impl Presented {
    /// The actors so far (section 4.1).
    pub(super) fn act(&self) -> Option<&Value> {
        self.basis.exchanged.as_ref().and_then(|exchanged| exchanged.act.as_ref())
    }

    /// Who it is about, as an actor (sections 4.1 and 4.3).
    pub(super) fn as_actor(&self) -> Value {
        let mut actor = Map::new();
        actor.insert("sub".to_owned(), self.subject.as_str().into());
        if let Some(client_id) = &self.issued_to {
            actor.insert("client_id".to_owned(), client_id.as_str().into());
        }
        actor.into()
    }
}

/// The subject token: one that this client may bring, and of a kind that becomes what is wanted.
pub(super) async fn subject_token(
    request: &GrantRequest<'_>,
    policy: &TokenExchangePolicy,
    wanted: TokenType,
) -> Result<Presented, Failure> {
    let presented = read(request, "subject_token", "subject_token_type").await?;
    let presented = presented.ok_or_else(|| invalid("subject_token is missing"))?;
    becomes(policy, &presented, wanted)?;
    let client_id = &request.client.client().client_id;
    let is_own = presented.issued_to.as_ref() == Some(client_id);
    let is_open = match &presented.issued_to {
        // Whom the tokens of another issuer may be brought by stands at the issuer.
        None => true,
        Some(issued_to) => {
            is_own
                || policy.subject_clients.contains(issued_to)
                || presented.audience.iter().any(|audience| audience == client_id.as_str())
        }
    };
    if !is_open {
        return Err(unacceptable().into());
    }
    if is_own {
        proves_key(request, &presented)?;
    }
    let origins = presented.basis.exchanged.as_ref().map_or(0, |exchanged| exchanged.origins.len());
    if origins > MOST_EXCHANGES {
        return Err(invalid("the subject token was exchanged too often already").into());
    }
    Ok(presented)
}

/// Whether a token of this kind may become what is wanted.
fn becomes(policy: &TokenExchangePolicy, presented: &Presented, wanted: TokenType) -> Result<(), Refusal> {
    let kind = presented.token_type;
    match wanted {
        // Transaction Tokens section 13.3; section 13.14: nobody knows the scope of an ID token.
        TokenType::TxnToken if matches!(kind, TokenType::RefreshToken | TokenType::IdToken) => {
            return Err(invalid("a transaction token is issued for an access token, a JWT or a transaction token"));
        }
        TokenType::IdJag if !matches!(kind, TokenType::RefreshToken | TokenType::IdToken) => {
            return Err(invalid("an identity assertion grant is issued for an ID token or a refresh token"));
        }
        TokenType::TxnToken | TokenType::IdJag => {}
        _ if kind == TokenType::TxnToken => {
            return Err(invalid("a transaction token becomes a transaction token only"));
        }
        _ => {}
    }
    let replaces = policy.transaction_tokens.as_ref().is_some_and(|policy| policy.replacement);
    if kind == TokenType::TxnToken && !replaces {
        return Err(invalid("the client's policy lets it replace no transaction token"));
    }
    if presented.user.is_none() {
        if !policy.client_subjects {
            return Err(invalid("the subject token is a client's own, which the client's policy does not permit"));
        }
        if !matches!(wanted, TokenType::AccessToken | TokenType::TxnToken) {
            return Err(invalid("a client's own token becomes an access token or a transaction token"));
        }
    }
    Ok(())
}

/// The actor token, if there is one: issued to the client itself, because nobody else may act in its requests.
pub(super) async fn actor_token(request: &GrantRequest<'_>) -> Result<Option<Presented>, Failure> {
    let Some(presented) = read(request, "actor_token", "actor_token_type").await? else { return Ok(None) };
    if presented.issued_to.as_ref() != Some(&request.client.client().client_id) {
        return Err(invalid("the actor token was not issued to the client").into());
    }
    proves_key(request, &presented)?;
    Ok(Some(presented))
}

/// Whoever stole a bound token of this client cannot make a free one of it (RFC 9449 section 7, RFC 8705 section 3).
fn proves_key(request: &GrantRequest<'_>, presented: &Presented) -> Result<(), Refusal> {
    if presented.confirmation.is_none() || presented.confirmation == request.binding.confirmation() {
        Ok(())
    } else {
        Err(invalid("a token is bound to a key that the request does not prove to hold"))
    }
}

/// One answer for what is expired, revoked, forged, somebody else's, or of another kind than it is said to be.
pub(super) fn unacceptable() -> Refusal {
    invalid("the token is not acceptable")
}

async fn read(
    request: &GrantRequest<'_>,
    name: &'static str,
    type_name: &'static str,
) -> Result<Option<Presented>, Failure> {
    let (text, kind) = match (request.parameters.get(name), request.parameters.get(type_name)) {
        (None, None) => return Ok(None),
        (Some(text), Some(kind)) => (text, kind),
        _ => return Err(invalid("a token and its token type come together").into()),
    };
    let kind = kind.parse().map_err(|_| invalid("the token type is unknown"))?;
    let presented = match kind {
        TokenType::AccessToken => access_token(request, text).await?,
        TokenType::RefreshToken => refresh_token(request, text).await?,
        TokenType::IdToken if !trusted::is_foreign(request, text) => id_token::read(request, text).await?,
        // One is the actor of a request that shares a login, and of no other (Native SSO for Mobile Apps 4.1).
        TokenType::DeviceSecret => return Err(invalid("a device secret is an actor_token for an ID token").into()),
        TokenType::IdToken | TokenType::Jwt => foreign(request, (text, kind)).await?,
        // Transaction Tokens section 13.12: nobody acts with one.
        TokenType::TxnToken if name == "subject_token" => transaction_subject::read(request, text).await?,
        TokenType::TxnToken | TokenType::IdJag => None,
    };
    presented.map(Some).ok_or_else(|| unacceptable().into())
}

/// What it was exchanged from, with the token itself at the end.
pub(super) fn with_origin(before: Option<&Exchanged>, origin: ExchangeOrigin) -> Exchanged {
    let mut exchanged = before.cloned().unwrap_or_default();
    exchanged.origins.push(origin);
    exchanged
}

async fn access_token(request: &GrantRequest<'_>, text: &str) -> Result<Option<Presented>, Failure> {
    let Some(token) = check_access_token(request.serving, request.realm, text).await? else { return Ok(None) };
    let of = (&token.client_id, Some(token.jti_hash()));
    let authenticated_at = token.authenticated_at.unwrap_or(token.issued_at);
    let Some((user, basis)) = resting(request, &token.reference, of, authenticated_at).await? else { return Ok(None) };
    let basis = TokenBasis { acr: token.acr.clone(), ..basis };
    Ok(Some(Presented {
        token_type: TokenType::AccessToken,
        may_act: token.reference.may_act.as_ref().map(party),
        issued_to: Some(token.client_id),
        issuer: None,
        subject: token.subject,
        user,
        scope: Some(token.scope),
        expires_at: token.expires_at,
        confirmation: token.confirmation,
        audience: token.audience,
        replaces: None,
        basis,
    }))
}

/// Whose a token of this realm is, and what tokens that are exchanged for it rest on; nothing where its user may do nothing
/// any more. `token` is the hash by which it can be denied alone, where it can.
pub(super) async fn resting(
    request: &GrantRequest<'_>,
    reference: &TokenReference,
    (client_id, token): (&ClientId, Option<[u8; 32]>),
    authenticated_at: UnixTime,
) -> Result<Option<(Option<User>, TokenBasis)>, Failure> {
    let user = match reference.user {
        Some((id, epoch)) => match live_user(request, id, epoch).await? {
            Some(user) => Some(user),
            None => return Ok(None),
        },
        None => None,
    };
    let origin = ExchangeOrigin {
        client: Some((client_id.clone(), reference.client_epoch)),
        lineage: Some(reference.lineage),
        token,
    };
    let basis = TokenBasis {
        authorization_id: reference.authorization.map(|(id, _)| id),
        authorization_epoch: reference.authorization.map_or(0, |(_, epoch)| epoch),
        sid: reference.sid,
        realm_epoch: reference.realm_epoch,
        user_epoch: reference.user.map_or(0, |(_, epoch)| epoch),
        exchanged: Some(with_origin(reference.exchanged.as_ref(), origin)),
        ..request.basis(authenticated_at)
    };
    Ok(Some((user, basis)))
}

/// The user, if that user may do anything and nothing was revoked since.
pub(super) async fn live_user(request: &GrantRequest<'_>, id: UserId, epoch: Epoch) -> Result<Option<User>, Failure> {
    let user = request.serving.store.user(request.realm.id(), id).await?;
    Ok(user.filter(|user| user.enabled && user.epoch == epoch))
}

/// A refresh token is good for nobody but the client that it was issued to, and stays as it is.
async fn refresh_token(request: &GrantRequest<'_>, text: &str) -> Result<Option<Presented>, Failure> {
    let Ok(token) = RefreshToken::parse(text) else { return Ok(None) };
    if !token.is_genuine(&request.realm.refresh_token_key) {
        return Ok(None);
    }
    let (client, now) = (request.client.client(), request.serving.now());
    let family = request.serving.store.refresh_family(request.realm.id(), Lineage(token.family())).await?;
    let family = family.filter(|family| {
        family.active
            && i64::try_from(token.generation()) == Ok(family.generation)
            && family.client_id == client.client_id
            && now < family.idle_expires_at
            && now < family.expires_at
    });
    let Some(family) = family else { return Ok(None) };
    let query = StandingQuery::of_refresh(&family, now, request.realm.realm.settings.session_idle_seconds);
    if request.serving.store.standing(request.realm.id(), &query).await? != Standing::Stands {
        return Ok(None);
    }
    let Some(user) = live_user(request, family.user_id, family.content.user_epoch).await? else { return Ok(None) };
    let origin = ExchangeOrigin {
        client: Some((family.client_id.clone(), family.content.client_epoch)),
        lineage: Some(family.lineage),
        token: None,
    };
    let content = &family.content;
    let basis = TokenBasis {
        acr: content.acr.clone(),
        amr: content.amr.clone(),
        authorization_id: content.authorization_id,
        authorization_epoch: content.authorization_epoch,
        sid: content.sid,
        realm_epoch: content.realm_epoch,
        user_epoch: content.user_epoch,
        exchanged: Some(with_origin(content.exchanged.as_ref(), origin)),
        ..request.basis(content.authenticated_at)
    };
    Ok(Some(Presented {
        token_type: TokenType::RefreshToken,
        issuer: None,
        subject: subject_for(request.realm, client, &user)?,
        user: Some(user),
        scope: Some(content.scope.clone()),
        expires_at: UnixTime(family.expires_at.0.min(family.idle_expires_at.0)),
        may_act: client.settings.may_act.as_ref().map(party),
        confirmation: content.confirmation,
        audience: Vec::new(),
        replaces: None,
        issued_to: Some(family.client_id),
        basis,
    }))
}

/// A JWT of a trusted issuer.
async fn foreign(request: &GrantRequest<'_>, (text, kind): (&str, TokenType)) -> Result<Option<Presented>, Failure> {
    let vouched = trusted::verified(request, text, TrustedIssuerUse::TokenExchange).await?;
    let Ok(Vouched { trusted, claims }) = vouched else { return Ok(None) };
    let Some(user) = trusted::user_of(request, trusted, &claims).await? else { return Ok(None) };
    let Some((subject, expires_at)) = claims.subject().zip(claims.expires_at()) else { return Ok(None) };
    let scope = match claims.text("scope").map(str::parse::<Scope>) {
        Some(Err(_)) => return Ok(None),
        Some(Ok(scope)) => Some(scope),
        None => None,
    };
    let confirmation = claims.get("cnf").map(|cnf| serde_json::from_value(cnf.clone())).transpose();
    let Ok(confirmation) = confirmation else { return Ok(None) };
    let authenticated_at = claims.get("auth_time").and_then(Value::as_i64).map(UnixTime);
    let authenticated_at = authenticated_at.or(claims.issued_at()).unwrap_or_else(|| request.serving.now());
    let act = claims.get("act").cloned();
    let exchanged = with_origin(
        Some(&Exchanged { act, ..Exchanged::default() }),
        // Nothing of it can be revoked here.
        ExchangeOrigin::default(),
    );
    let basis = TokenBasis { user_epoch: user.epoch, exchanged: Some(exchanged), ..request.basis(authenticated_at) };
    Ok(Some(Presented {
        token_type: kind,
        issued_to: None,
        issuer: Some(trusted.issuer.clone()),
        subject: subject.to_owned(),
        user: Some(user),
        scope,
        expires_at,
        may_act: claims.get("may_act").cloned(),
        confirmation,
        audience: Vec::new(),
        replaces: None,
        basis,
    }))
}
