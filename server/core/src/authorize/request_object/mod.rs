//! Request objects (OpenID Connect Core 6, RFC 9101): parameters of an authorization request as a JWT, by value or by
//! reference. What is checked here is the object. What it asks for is then checked by the rules of the matrix, which see
//! the merged request and know no difference.

mod content;
mod decrypt;
mod reference;
mod verify;

use serde::{Deserialize, Serialize};
use signet_jose::VerifiedClaims;
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::parameters::Parameters;
use signet_protocol::scope::Scope;
use signet_protocol::spec::{SpecRef, oidc_core, rfc9101};

pub(super) use verify::backchannel_parameters;

use super::Entry;
use super::decisions::Narrowing;
use crate::failure::Failure;
use crate::model::{Client, DeferredReference, PushedReference, TicketReference};
use crate::profile::RequestMerging;
use crate::profile::conformity::ObservedObject;
use crate::provider::Provider;
use crate::realm::RealmContext;

/// Longest merged request as JSON, in bytes. It travels sealed in an address, and addresses have at most 8,000.
const MAXIMUM_BYTES: usize = 4_500;

/// The parameters that count: those of the address, those that a request object made of them, or those that were pushed.
#[derive(Clone)]
pub(super) struct MergedRequest {
    parameters: Parameters,
    /// What the addresses of our own forms and redirects carry of the request.
    address: Parameters,
    origin: Origin,
    /// What demands of profiles are about in the request object, where it came with this request.
    observed: Option<ObservedObject>,
}

/// Where the parameters that count stood.
#[derive(Clone)]
enum Origin {
    /// In the address, or in the body of a push.
    Parameters,
    /// In a request object.
    Object(Proof),
    /// In a push.
    Push(Box<Pushed>),
    /// In a request that is answered elsewhere.
    Deferral(Box<Deferred>),
    /// In a request of the claims interaction endpoint.
    Gathering(TicketReference),
}

/// What is known of a request that is answered elsewhere.
#[derive(Debug, Clone)]
pub(super) struct Deferred {
    pub(super) reference: DeferredReference,
    /// What scripts took from the request when it was made.
    pub(super) narrowing: Narrowing,
}

/// What is known of a request that was pushed.
#[derive(Debug, Clone)]
pub(super) struct Pushed {
    pub(super) reference: PushedReference,
    /// What the request object proved that was pushed, if there was one.
    pub(super) proof: Option<Proof>,
    /// What scripts took from the request when it was pushed.
    pub(super) narrowing: Narrowing,
}

/// Whether the object proves that the client made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Proof {
    /// The client signed it.
    #[serde(rename = "s")]
    Signed,
    /// Nobody did.
    #[serde(rename = "n")]
    None,
}

impl MergedRequest {
    /// A request of parameters alone.
    pub(super) fn plain(parameters: &Parameters) -> Self {
        Self { parameters: parameters.clone(), address: parameters.clone(), origin: Origin::Parameters, observed: None }
    }

    /// What an object made of a request. An object may have expired by the time that the user has logged in, or may have
    /// been taken away: from here on the parameters travel in the interaction.
    pub(super) fn of_object(parameters: Parameters, address: Parameters, proof: Proof) -> Self {
        Self { parameters, address, origin: Origin::Object(proof), observed: None }
    }

    /// What was pushed. It stays in the database until the request is answered.
    pub(super) fn of_push(parameters: Parameters, address: Parameters, pushed: Pushed) -> Self {
        Self { parameters, address, origin: Origin::Push(Box::new(pushed)), observed: None }
    }

    /// What was asked elsewhere. It stays in the database until the client has its tokens.
    pub(super) fn of_deferral(parameters: Parameters, address: Parameters, deferred: Deferred) -> Self {
        Self { parameters, address, origin: Origin::Deferral(Box::new(deferred)), observed: None }
    }

    /// What a requesting party is asked for claims with. The ticket stays in the database until that is answered.
    pub(super) fn of_gathering(address: &Parameters, reference: TicketReference) -> Self {
        Self { origin: Origin::Gathering(reference), ..Self::plain(address) }
    }

    /// The same request with other parameters, which have what the client proved beside them.
    pub(super) fn with_parameters(self, parameters: Parameters) -> Self {
        let address = if self.object().is_some() { self.address } else { parameters.clone() };
        Self { parameters, address, ..self }
    }

    pub(super) const fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    pub(super) const fn address(&self) -> &Parameters {
        &self.address
    }

    /// What demands of profiles are about in the request object.
    pub(super) const fn observed(&self) -> Option<ObservedObject> {
        self.observed
    }

    /// What the request object proved, wherever it was.
    pub(super) fn proof(&self) -> Option<Proof> {
        match &self.origin {
            Origin::Parameters | Origin::Deferral(_) | Origin::Gathering(_) => None,
            Origin::Object(proof) => Some(*proof),
            Origin::Push(pushed) => pushed.proof,
        }
    }

    /// The proof of an object that came through the browser.
    pub(super) const fn object(&self) -> Option<Proof> {
        match &self.origin {
            Origin::Object(proof) => Some(*proof),
            Origin::Parameters | Origin::Push(_) | Origin::Deferral(_) | Origin::Gathering(_) => None,
        }
    }

    pub(super) fn pushed(&self) -> Option<&Pushed> {
        match &self.origin {
            Origin::Push(pushed) => Some(pushed),
            Origin::Parameters | Origin::Object(_) | Origin::Deferral(_) | Origin::Gathering(_) => None,
        }
    }

    pub(super) fn deferred(&self) -> Option<&Deferred> {
        match &self.origin {
            Origin::Deferral(deferred) => Some(deferred),
            Origin::Parameters | Origin::Object(_) | Origin::Push(_) | Origin::Gathering(_) => None,
        }
    }

    /// The ticket that claims are gathered for.
    pub(super) const fn gathering(&self) -> Option<TicketReference> {
        match &self.origin {
            Origin::Gathering(reference) => Some(*reference),
            Origin::Parameters | Origin::Object(_) | Origin::Push(_) | Origin::Deferral(_) => None,
        }
    }

    /// What scripts took from a request that was sent by the client itself.
    pub(super) fn narrowing(&self) -> Option<&Narrowing> {
        match &self.origin {
            Origin::Push(pushed) => Some(&pushed.narrowing),
            Origin::Deferral(deferred) => Some(&deferred.narrowing),
            Origin::Parameters | Origin::Object(_) | Origin::Gathering(_) => None,
        }
    }
}

/// Whether every request of the client must be a signed request object (RFC 9101 section 10.5): because of the realm, the
/// profile or its registration.
pub(super) fn must_be_signed(realm: &RealmContext, client: &Client) -> bool {
    realm.realm.settings.require_signed_request_object
        || realm.profile_of(client).request_objects.are_required
        || client.metadata.require_signed_request_object == Some(true)
}

/// Merges the parameters of the address, or of the body of a push, with those of the request object, if there is one.
pub(super) async fn merge(
    provider: &Provider,
    realm: &RealmContext,
    client: &Client,
    (parameters, entry): (&Parameters, Entry),
) -> Result<MergedRequest, Failure> {
    let (by_value, by_reference) = (parameters.get("request"), parameters.get("request_uri"));
    if by_value.is_none() && by_reference.is_none() {
        return Ok(MergedRequest::plain(parameters));
    }
    if parameters.repeated().is_some() {
        return Err(invalid_request("a parameter appears more than once", rfc9101("5")).into());
    }
    let rules = &realm.profile_of(client).request_objects;
    let object = match (by_value, by_reference) {
        (Some(_), Some(_)) => {
            return Err(invalid_request("request and request_uri exclude each other", rfc9101("5")).into());
        }
        (Some(object), None) if rules.by_value || entry.is_direct() => object.to_owned(),
        (None, Some(uri)) if rules.by_reference => reference::fetch(provider, client, uri).await?,
        (None, Some(_)) => {
            let reason = "this server does not take request objects by reference";
            return Err(ErrorCode::RequestUriNotSupported.because(reason).per(oidc_core("6.2")).into());
        }
        _ => {
            let reason = "this server does not take request objects";
            return Err(ErrorCode::RequestNotSupported.because(reason).per(oidc_core("6.1")).into());
        }
    };
    let object = decrypt::decrypted(provider, realm, client, object)?;
    let (claims, proof) = verify::verified(provider, realm, client, &object).await?;
    let inside = content::parameters(claims.claims())?;
    // RFC 9126 section 3: what stands beside an object that is pushed authenticates the client, and is nothing else.
    let is_alone = entry.is_direct() || must_be_signed(realm, client);
    let merging = if is_alone { RequestMerging::ObjectAlone } else { rules.merging };
    let parameters = merged(&parameters.without("request").without("request_uri"), &inside, merging)?;
    let observed = Some(observed(provider, realm, &claims, (&parameters, &inside)));
    let travels = matches!(entry, Entry::Authorization | Entry::Challenge);
    if travels && serde_json::to_vec(&parameters).map_or(true, |json| json.len() > MAXIMUM_BYTES) {
        let reason = "the request object asks for more than 4500 bytes of parameters";
        return Err(invalid_object(reason, rfc9101("5.2")).into());
    }
    let address = parameters.only("client_id");
    Ok(MergedRequest { observed, ..MergedRequest::of_object(parameters, address, proof) })
}

/// What demands of profiles are about in a request object that made these parameters.
fn observed(
    provider: &Provider,
    realm: &RealmContext,
    claims: &VerifiedClaims,
    (merged, inside): (&Parameters, &Parameters),
) -> ObservedObject {
    let earliest_now = provider.now().minus(realm.realm.settings.clock_skew_seconds);
    let begins = claims.not_before();
    let number = |parameters: &Parameters| parameters.without("client_id").count();
    ObservedObject {
        algorithm: claims.algorithm(),
        begun_for: begins.map(|begins| earliest_now.since(begins)),
        good_for: begins.zip(claims.expires_at()).map(|(begins, ends)| ends.since(begins)),
        is_whole: number(merged) == number(inside),
    }
}

/// Core 6.1 and RFC 9101 section 6.3: which parameters count, and which must stand outside whatever stands inside.
fn merged(outside: &Parameters, inside: &Parameters, merging: RequestMerging) -> Result<Parameters, Refusal> {
    let client_id = outside.only("client_id");
    if inside.get("client_id").is_some_and(|inside| Some(inside) != outside.get("client_id")) {
        return Err(invalid_object("client_id differs inside and outside the request object", rfc9101("6.3")));
    }
    if merging == RequestMerging::ObjectAlone {
        return Ok(client_id.superseded_by(inside));
    }
    let Some(response_type) = outside.get("response_type") else {
        return Err(invalid_request("response_type must stand outside the request object too", oidc_core("6.1")));
    };
    if inside.get("response_type").is_some_and(|inside| inside != response_type) {
        return Err(invalid_object("response_type differs inside and outside the request object", oidc_core("6.1")));
    }
    let asks_for_openid = |parameters: &Parameters| {
        let scope = parameters.get("scope").and_then(|scope| scope.parse::<Scope>().ok());
        scope.is_some_and(|scope| scope.contains("openid"))
    };
    if asks_for_openid(inside) && !asks_for_openid(outside) {
        return Err(invalid_request("scope openid must stand outside the request object too", oidc_core("6.1")));
    }
    Ok(outside.superseded_by(inside))
}

fn invalid_request(reason: &'static str, spec: SpecRef) -> Refusal {
    ErrorCode::InvalidRequest.because(reason).per(spec)
}

fn invalid_object(reason: &'static str, spec: SpecRef) -> Refusal {
    ErrorCode::InvalidRequestObject.because(reason).per(spec)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merge_texts(outside: &str, inside: &str, merging: RequestMerging) -> Result<String, ErrorCode> {
        let parse = |text| Parameters::parse(text).unwrap();
        merged(&parse(outside), &parse(inside), merging)
            .map(|parameters| parameters.encode())
            .map_err(|refusal| refusal.code)
    }

    #[test]
    fn oidc_core_6_1_the_object_supersedes_and_the_rest_stays() {
        let merged = merge_texts(
            "client_id=c&response_type=code&scope=openid&state=x&redirect_uri=bad",
            "client_id=c&scope=openid+email&redirect_uri=good",
            RequestMerging::ObjectSupersedes,
        );
        let expected = "client_id=c&response_type=code&state=x&scope=openid+email&redirect_uri=good";
        assert_eq!(merged, Ok(expected.replace("client_id=c&", "").replacen("scope", "client_id=c&scope", 1)));
    }

    #[test]
    fn oidc_core_6_1_what_oauth_demands_stands_outside_and_matches() {
        for (outside, inside, code) in [
            ("client_id=c&scope=openid", "response_type=code&scope=openid", ErrorCode::InvalidRequest),
            ("client_id=c&response_type=code", "scope=openid", ErrorCode::InvalidRequest),
            ("client_id=c&response_type=code&scope=email", "scope=openid", ErrorCode::InvalidRequest),
            ("client_id=c&response_type=code", "response_type=token", ErrorCode::InvalidRequestObject),
            ("client_id=c&response_type=code", "client_id=d", ErrorCode::InvalidRequestObject),
        ] {
            assert_eq!(merge_texts(outside, inside, RequestMerging::ObjectSupersedes), Err(code), "{outside} {inside}");
        }
        assert!(merge_texts("client_id=c&response_type=code", "scope=read", RequestMerging::ObjectSupersedes).is_ok());
    }

    #[test]
    fn rfc9101_6_3_parameters_outside_do_not_count() {
        let outside = "client_id=c&response_type=code&scope=openid&state=x&redirect_uri=u&nonce=n";
        let alone = RequestMerging::ObjectAlone;
        assert_eq!(merge_texts(outside, "scope=read", alone), Ok("client_id=c&scope=read".to_owned()));
        assert_eq!(merge_texts("client_id=c", "client_id=d", alone), Err(ErrorCode::InvalidRequestObject));
    }
}
