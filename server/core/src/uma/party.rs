//! Who the requesting party is (UMA Grant sections 3.3.1 to 3.3.3): by what the client pushes, by what was gathered in the
//! browser, or by claims that persist.

use serde::Serialize;
use serde::de::DeserializeOwned;
use signet_jose::{ColumnPlace, base64url, digest, random, random_token};
use signet_protocol::identifiers::Lineage;

use crate::events::{Fact, Parties, Serving, TokenKind};
use crate::failure::Fault;
use crate::model::{Client, TrustedIssuerUse, UmaClaims, UmaClaimsReference, UmaParty, UmaTicket, User};
use crate::provider::Provider;
use crate::realm::RealmContext;

/// Random bytes of a persisted claims token.
const BYTES: usize = 32;

/// A requesting party who is known.
pub(crate) struct Party {
    pub(crate) user: User,
    pub(crate) found: UmaParty,
}

/// What a client pushed.
pub(crate) enum Pushed {
    /// Nothing.
    Nothing,
    /// Something that says nothing here: of another format, of nobody who is believed, not for this client, expired, or
    /// about somebody who is not there any more.
    NotGood,
    /// Who the requesting party is.
    Party(Box<Party>),
}

/// What is known of the requesting party.
pub(crate) enum Claims {
    /// Nothing.
    Nothing,
    /// Something was pushed that says nothing here.
    NotGood,
    /// Who it is, with the persisted claims token that says so, where one does.
    Party(Box<Party>, Option<UmaClaims>),
}

impl Claims {
    /// The requesting party.
    pub(crate) const fn party(&self) -> Option<&Party> {
        match self {
            Self::Party(party, _) => Some(party),
            Self::Nothing | Self::NotGood => None,
        }
    }

    /// The persisted claims token that says who it is.
    pub(crate) const fn persisted(&self) -> Option<&UmaClaims> {
        match self {
            Self::Party(_, persisted) => persisted.as_ref(),
            Self::Nothing | Self::NotGood => None,
        }
    }
}

/// Whoever a ticket is used for. A claim token that is pushed must be about whoever was asked in the browser; persisted
/// claims count where there is nothing else.
pub(crate) async fn claims_of(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (client, ticket): (&Client, &UmaTicket),
    (pushed, persisted_claims_token): (Pushed, Option<&str>),
) -> Result<Claims, Fault> {
    let gathered = gathered(serving, realm, (client, ticket)).await?;
    Ok(match (pushed, gathered) {
        (Pushed::NotGood, _) => Claims::NotGood,
        (Pushed::Party(pushed), Some(gathered)) if pushed.user.id != gathered.user.id => Claims::NotGood,
        (Pushed::Party(pushed), Some(gathered)) => {
            let asserted = pushed.found.asserted.or(gathered.found.asserted);
            let found = UmaParty { asserted, ..gathered.found };
            Claims::Party(Box::new(Party { found, ..gathered }), None)
        }
        (Pushed::Nothing, Some(gathered)) => Claims::Party(Box::new(gathered), None),
        (Pushed::Party(pushed), None) => Claims::Party(pushed, None),
        (Pushed::Nothing, None) => match persisted_claims_token {
            Some(text) => persisted(serving, realm, (client, text)).await?,
            None => Claims::Nothing,
        },
    })
}

/// The issuers besides this one whose ID tokens a client may push. Only clients that prove who they are may (UMA Grant
/// section 5.7): anybody can say to be a public one.
pub(crate) fn believed_issuers<'a>(realm: &'a RealmContext, client: &'a Client) -> impl Iterator<Item = &'a str> {
    let trusted = realm.trusted_issuers.iter().filter(|trusted| {
        client.metadata.is_confidential() && trusted.is_trusted_for(TrustedIssuerUse::ClaimToken, &client.client_id)
    });
    trusted.map(|trusted| trusted.issuer.as_str())
}

/// The requesting party of a ticket, if the user is still who that was, and whoever said so is still believed.
async fn gathered(
    provider: &Provider,
    realm: &RealmContext,
    (client, ticket): (&Client, &UmaTicket),
) -> Result<Option<Party>, Fault> {
    let Some(sealed) = &ticket.party else { return Ok(None) };
    let sealed = base64url::decode(sealed).map_err(|error| Fault::internal("a ticket does not read back", error))?;
    let found: UmaParty = decrypt(realm, ("uma_tickets", &ticket.reference.0), &sealed)?;
    let is_believed = |issuer: &str| believed_issuers(realm, client).any(|believed| believed == issuer);
    if found.asserted.as_ref().is_some_and(|asserted| !is_believed(&asserted.issuer)) {
        return Ok(None);
    }
    live(provider, realm, (client, found)).await
}

/// The requesting party, unless it was found out before everything of realm, client or user was revoked.
async fn live(
    provider: &Provider,
    realm: &RealmContext,
    (client, found): (&Client, UmaParty),
) -> Result<Option<Party>, Fault> {
    if found.epochs.is_some_and(|epochs| !epochs.stand(&realm.realm, client)) {
        return Ok(None);
    }
    let user = provider.store.user(realm.id(), found.user_id).await?;
    let user = user.filter(|user| user.enabled && user.epoch == found.user_epoch);
    Ok(user.map(|user| Party { user, found }))
}

/// What a persisted claims token says. One that was used before has been copied: it ends with all that came of it.
async fn persisted(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (client, text): (&Client, &str),
) -> Result<Claims, Fault> {
    let found = serving.store.uma_claims(realm.id(), claims_reference(text)).await?;
    let Some(found) = found.filter(|found| found.client_id == client.client_id) else { return Ok(Claims::NotGood) };
    if found.used {
        let revoked =
            Fact::TokenRevoked { token: TokenKind::PersistedClaimsToken, lineage: Lineage(found.family).into() };
        let parties = Parties::client(&client.client_id).and_user(Some(found.user_id));
        let events = serving.with_event(realm, revoked.concerning(parties));
        if serving.store.end_uma_claims(realm.id(), found.family, &events).await? {
            serving.written(&events);
        }
        return Ok(Claims::NotGood);
    }
    if serving.now() >= found.expires_at || realm.realm.settings.uma_claims_seconds == 0 {
        return Ok(Claims::NotGood);
    }
    let party = decrypt(realm, ("uma_claims", &found.reference.0), &found.content)?;
    let party = live(serving, realm, (client, party)).await?;
    Ok(party.map_or(Claims::NotGood, |party| Claims::Party(Box::new(party), Some(found))))
}

/// The name under which a persisted claims token is kept.
pub(crate) fn claims_reference(text: &str) -> UmaClaimsReference {
    UmaClaimsReference(digest::sha256(text.as_bytes()))
}

/// The persisted claims token that follows (section 3.3.5), where the requesting party lets claims persist: a new family,
/// or the next of the one that was used, which lives no longer for it.
pub(crate) fn persisting(
    provider: &Provider,
    realm: &RealmContext,
    (client, claims): (&Client, &Claims),
) -> Result<Option<(String, UmaClaims)>, Fault> {
    let seconds = realm.realm.settings.uma_claims_seconds;
    let Some(party) = claims.party().filter(|party| party.found.persists && seconds > 0) else { return Ok(None) };
    let text = random_token(&*provider.random, BYTES);
    let (reference, now) = (claims_reference(&text), provider.now());
    let before = claims.persisted();
    // Claims outlive the session that they were gathered in; what another issuer says counts as long as its token.
    let found = UmaParty { sid: None, asserted: None, ..party.found.clone() };
    let kept = UmaClaims {
        realm_id: realm.id(),
        reference,
        family: before.map_or_else(|| random::random_bytes(&*provider.random), |before| before.family),
        client_id: client.client_id.clone(),
        user_id: party.user.id,
        content: encrypt(provider, realm, ("uma_claims", &reference.0), &found)?,
        used: false,
        created_at: before.map_or(now, |before| before.created_at),
        expires_at: before.map_or_else(|| now.plus(seconds), |before| before.expires_at),
    };
    Ok(Some((text, kept)))
}

/// What is found out, as the ticket of this name carries it.
pub(crate) fn sealed_for(
    provider: &Provider,
    realm: &RealmContext,
    (ticket, party): (&UmaTicket, &UmaParty),
) -> Result<String, Fault> {
    encrypt(provider, realm, ("uma_tickets", &ticket.reference.0), party).map(base64url::encode)
}

pub(super) fn encrypt(
    provider: &Provider,
    realm: &RealmContext,
    (table, row): (&'static str, &[u8]),
    party: &impl Serialize,
) -> Result<Vec<u8>, Fault> {
    let json = serde_json::to_vec(party).map_err(|error| Fault::internal("claims do not serialise", error))?;
    let id = realm.id().to_string();
    let encrypted = realm.columns().encrypt(place(&id, table, row), &json, &*provider.random);
    encrypted.map_err(|error| Fault::internal("claims could not be encrypted", error))
}

pub(super) fn decrypt<T: DeserializeOwned>(
    realm: &RealmContext,
    (table, row): (&'static str, &[u8]),
    stored: &[u8],
) -> Result<T, Fault> {
    let id = realm.id().to_string();
    let decrypted = realm.columns().decrypt(place(&id, table, row), stored);
    let json = decrypted.map_err(|error| Fault::internal("claims do not decrypt", error))?;
    serde_json::from_slice(&json).map_err(|error| Fault::internal("claims do not read back", error))
}

fn place<'a>(realm: &'a str, table: &'static str, row: &'a [u8]) -> ColumnPlace<'a> {
    ColumnPlace { realm, table, column: "party", row }
}
