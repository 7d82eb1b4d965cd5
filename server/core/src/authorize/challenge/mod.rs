//! The authorization challenge endpoint (OAuth 2.0 for First-Party Applications): an application of the operator asks for
//! user name and password itself, and gets a code without a browser.
//!
//! It is the authorization endpoint without its pages: the same rules read the request, the same factors are checked with
//! the same limits, the same session begins and the same scripts are asked. What would be a page is an answer that says
//! what is missing, and what travels between two pages is the `auth_session`.

mod auth_session;
mod step;

use std::net::IpAddr;
use std::sync::Arc;

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::parameters::Parameters;
use signet_protocol::responses::AuthorizationChallengeResponse;
use signet_protocol::spec::first_party_apps;

use super::decisions::{narrow, tightened};
use super::interaction::{BrowserBinding, Interaction};
use super::pushed::{asked_beside_the_client, in_json};
use super::request_object::{MergedRequest, merge};
use super::{Accepted, Entry, accept};
use crate::binding::{authorized_key, conclude, proved, replayed};
use crate::endpoints::Endpoint;
use crate::events::{RefusedAt, Serving};
use crate::failure::Failure;
use crate::grants::ClientRequest;
use crate::model::{Client, Purpose, Thumbprint, UsedRecord};
use crate::ports::ProofsOutcome;
use crate::realm::RealmContext;
use auth_session::AuthSession;

/// What a request has for this endpoint alone.
const OWN_PARAMETERS: [&str; 3] = ["auth_session", "username", "password"];

/// What becomes of a request.
pub enum Challenged {
    /// The code.
    Code(AuthorizationChallengeResponse),
    /// What is missing, with what the application goes on with: `insufficient_authorization` or `redirect_to_web`.
    More(Refusal),
}

/// Serves a request of the authorization challenge endpoint.
///
/// # Errors
/// Those of client authentication, those of RFC 6749 section 4.1.2.1 and its extensions, and `invalid_session`.
pub async fn challenge(
    serving: &Serving<'_>,
    realm: &RealmContext,
    request: ClientRequest<'_>,
) -> Result<Challenged, Failure> {
    let outcome = take(serving, realm, request).await;
    serving.conclude(realm, outcome, (RefusedAt::Endpoint(Endpoint::AuthorizationChallenge), None)).await
}

/// A request whose client is known.
struct Asked<'a> {
    client: &'a Arc<Client>,
    form: &'a Parameters,
    /// The key that came along.
    key: Option<Thumbprint>,
    proofs: &'a [UsedRecord],
    address: IpAddr,
}

/// An interaction as far as it has come.
struct Progress {
    accepted: Accepted,
    interaction: Interaction,
    binding: BrowserBinding,
    /// Whether this is its first request.
    is_new: bool,
}

async fn take(serving: &Serving<'_>, realm: &RealmContext, request: ClientRequest<'_>) -> Result<Challenged, Failure> {
    let named = auth_session::with_client(realm, &request, serving.now());
    let request = ClientRequest { parameters: named.as_ref().unwrap_or(request.parameters), ..request };
    let client = request.authenticate(serving, realm, Endpoint::AuthorizationChallenge).await?;
    let mut proofs: Vec<UsedRecord> = client.assertion().into_iter().collect();
    let client = client.client();
    let outcome = match proved(serving, realm, client, (Endpoint::AuthorizationChallenge, request.dpop)) {
        Ok(proved) => {
            proofs.extend(proved.map(|proved| proved.record));
            let key = proved.map(|proved| proved.key);
            let (form, address) = (request.parameters, request.address);
            go_on(serving, realm, Asked { client, form, key, proofs: &proofs, address }).await
        }
        Err(refusal) => Err(refusal.into()),
    };
    conclude(serving, realm, &proofs, outcome).await
}

async fn go_on(serving: &Serving<'_>, realm: &RealmContext, asked: Asked<'_>) -> Result<Challenged, Failure> {
    is_first_party(realm, asked.client)?;
    let mut progress = match asked.form.get("auth_session") {
        None => begin(serving, realm, &asked).await?,
        Some(text) => resume(serving, realm, &asked, text).await?,
    };
    narrow(serving, realm, &mut progress.accepted, &mut progress.interaction.narrowing).await.map_err(in_json)?;
    if progress.is_new {
        serving.observe(realm, asked.client, &[progress.accepted.observed(false)]);
    }
    step::next(serving, realm, &asked, progress).await
}

/// Section 5: only applications that the operator vouches for.
fn is_first_party(realm: &RealmContext, client: &Client) -> Result<(), Refusal> {
    if realm.realm.settings.authorization_challenge && client.settings.authorization_challenge {
        return Ok(());
    }
    let reason = "the application may not ask for user name and password itself; send the user to a browser";
    Err(ErrorCode::UnauthorizedClient.because(reason).per(first_party_apps("5")))
}

/// What the application asks for, beside what is about the client and the user.
fn authorization_request(form: &Parameters) -> Parameters {
    OWN_PARAMETERS.iter().fold(asked_beside_the_client(form), |rest, name| rest.without(name))
}

/// Validates the request as the authorization endpoint would.
async fn begin(serving: &Serving<'_>, realm: &RealmContext, asked: &Asked<'_>) -> Result<Progress, Failure> {
    if asked.form.get("request_uri").is_some() {
        let reason = "request_uri is for the authorization endpoint";
        return Err(ErrorCode::InvalidRequest.because(reason).per(first_party_apps("5.1")).into());
    }
    let own = Parameters::default().with("client_id", asked.client.client_id.as_str());
    let parameters = own.superseded_by(&authorization_request(asked.form));
    let merged = merge(serving, realm, asked.client, (&parameters, Entry::Challenge)).await?;
    // Section 9.5.1: the key that came along is the one of the code.
    let merged = match authorized_key(merged.parameters().get("dpop_jkt"), asked.key)? {
        Some(key) => {
            let parameters = merged.parameters().without("dpop_jkt").with("dpop_jkt", &key.to_string());
            merged.with_parameters(parameters)
        }
        None => merged,
    };
    let accepted = accepted(serving, realm, (asked.client, merged)).await?;
    consume(serving, realm, asked.proofs, None).await?;
    let binding = BrowserBinding::of_application(&*serving.random);
    let interaction = Interaction::begin(serving, &accepted.merged, &binding);
    Ok(Progress { accepted, interaction, binding, is_new: true })
}

/// Applies the rules; where a script demands more than the profile, again under that.
async fn accepted(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (client, merged): (&Arc<Client>, MergedRequest),
) -> Result<Accepted, Failure> {
    let accept = |client, merged| accept(serving, realm, (client, merged), Entry::Challenge).map_err(in_json);
    let accepted = accept(Arc::clone(client), merged)?;
    match tightened(serving, realm, &accepted).await.map_err(in_json)? {
        Some(client) => accept(client, accepted.merged),
        None => Ok(accepted),
    }
}

/// Goes on where an `auth_session` stands: it counts once, before anything is tried with it.
async fn resume(
    serving: &Serving<'_>,
    realm: &RealmContext,
    asked: &Asked<'_>,
    text: &str,
) -> Result<Progress, Failure> {
    let session = AuthSession::open(serving, realm, text, (asked.client, asked.key))?;
    if !authorization_request(asked.form).is_within(session.address()) {
        let reason = "what is asked for is not what the auth_session began with; leave it out, or begin anew";
        return Err(ErrorCode::InvalidRequest.because(reason).per(first_party_apps("5.3")).into());
    }
    consume(serving, realm, asked.proofs, Some(session.record())).await?;
    serving.passed("auth_session");
    let merged = session.interaction().request(session.address());
    let accepted = accepted(serving, realm, (asked.client, merged)).await?;
    let (interaction, binding) = session.into_parts(serving)?;
    Ok(Progress { accepted, interaction, binding, is_new: false })
}

/// Marks what came along as used, in one transaction.
async fn consume(
    serving: &Serving<'_>,
    realm: &RealmContext,
    proofs: &[UsedRecord],
    session: Option<UsedRecord>,
) -> Result<(), Failure> {
    let records: Vec<UsedRecord> = proofs.iter().copied().chain(session).collect();
    if records.is_empty() {
        return Ok(());
    }
    match serving.store.consume_proofs(realm.id(), &records, &[]).await? {
        ProofsOutcome::First => Ok(()),
        ProofsOutcome::Replayed(Purpose::AuthSession) => Err(auth_session::invalid("used before").into()),
        ProofsOutcome::Replayed(purpose) => Err(replayed(purpose).into()),
    }
}
