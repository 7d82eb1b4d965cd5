//! Proofs that the sender of a request holds a key (RFC 9449).

use signet_jose::{ExpectedProof, ProofError, SignatureAlgorithm, UnverifiedProof, VerifiedProof, base64url, digest};
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::spec::rfc9449;

use super::nonce::{self, Audience};
use crate::endpoints::Endpoint;
use crate::model::{Client, Purpose, Thumbprint, UsedRecord};
use crate::provider::Provider;
use crate::realm::RealmContext;

/// The header `DPoP` of a request (section 4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DpopHeader<'a> {
    /// There is none.
    Absent,
    /// There is one; what is no text is read as an empty one, which is no proof.
    One(&'a str),
    /// There is more than one (section 4.3, rule 1).
    Several,
}

impl<'a> DpopHeader<'a> {
    /// Counts the values that a request has.
    pub fn of(mut values: impl Iterator<Item = &'a [u8]>) -> Self {
        match (values.next(), values.next()) {
            (None, _) => Self::Absent,
            (Some(value), None) => Self::One(std::str::from_utf8(value).unwrap_or_default()),
            (Some(_), Some(_)) => Self::Several,
        }
    }
}

/// The request that a proof came with.
pub(super) struct Asked<'a> {
    pub(super) header: DpopHeader<'a>,
    pub(super) method: &'a str,
    pub(super) uris: &'a [String],
    pub(super) access_token: Option<&'a str>,
    pub(super) audience: Audience,
}

/// What a good proof says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proved {
    /// The key that its sender holds.
    pub key: Thumbprint,
    /// The mark that the proof leaves, to be written in the endpoint's transaction: it counts once.
    pub record: UsedRecord,
    /// How the proof was signed.
    pub(crate) algorithm: SignatureAlgorithm,
}

/// The algorithms that proofs of a client may have.
pub fn signing_algorithms(realm: &RealmContext, client: &Client) -> &'static [SignatureAlgorithm] {
    realm.profile_of(client).proof_algorithms
}

/// Checks the proof of a request to an endpoint where clients authenticate, if it has one.
///
/// # Errors
/// `invalid_dpop_proof` and `use_dpop_nonce`.
pub fn proved(
    provider: &Provider,
    realm: &RealmContext,
    client: &Client,
    (endpoint, header): (Endpoint, DpopHeader<'_>),
) -> Result<Option<Proved>, Refusal> {
    let uris = realm.urls.all_of(endpoint);
    let audience = Audience::AuthorizationServer;
    check(provider, realm, client, &Asked { header, method: "POST", uris: &uris, access_token: None, audience })
}

/// Checks the proof of a request, if it has one.
pub(super) fn check(
    provider: &Provider,
    realm: &RealmContext,
    client: &Client,
    asked: &Asked<'_>,
) -> Result<Option<Proved>, Refusal> {
    let text = match asked.header {
        DpopHeader::Absent => return Ok(None),
        DpopHeader::One(text) => text,
        DpopHeader::Several => return Err(invalid("send one DPoP header", "4.3")),
    };
    let now = provider.now();
    let proof = UnverifiedProof::parse(text).map_err(refused)?;
    let dated = if nonce::is_demanded(realm, client, asked.audience) {
        Some(realm.nonce_key.check(proof.nonce(), asked.audience, (now, clock_skew(realm))))
    } else {
        None
    };
    let expected = ExpectedProof {
        algorithms: signing_algorithms(realm, client),
        method: asked.method,
        uris: asked.uris,
        access_token: asked.access_token,
        clock_skew: clock_skew(realm),
        // One without a good nonce is refused in the end, and then for that: the client's clock may be wrong.
        is_dated_by_nonce: dated.is_some(),
    };
    let verified = proof.verify(&provider.proof_keys, &expected, now).map_err(refused)?;
    let valid_until = match dated {
        None => verified.issued_at.plus(signet_jose::dpop::PROOF_SECONDS + clock_skew(realm)),
        Some(Some(valid_until)) => valid_until,
        Some(None) => return Err(nonce::wanted()),
    };
    let record = record(&verified, valid_until);
    Ok(Some(Proved { key: Thumbprint(verified.thumbprint), record, algorithm: verified.algorithm }))
}

const fn clock_skew(realm: &RealmContext) -> i64 {
    realm.realm.settings.clock_skew_seconds
}

/// Section 11.1: a `jti` of a key counts once, for as long as the proof would be accepted.
fn record(proof: &VerifiedProof, expires_at: signet_protocol::time::UnixTime) -> UsedRecord {
    let mut message = proof.thumbprint.to_vec();
    message.extend_from_slice(proof.jwt_id.as_bytes());
    UsedRecord { purpose: Purpose::DpopProof, key: digest::sha256(&message), expires_at }
}

pub(super) fn invalid(reason: &'static str, section: &'static str) -> Refusal {
    ErrorCode::InvalidDpopProof.because(reason).per(rfc9449(section))
}

fn refused(error: ProofError) -> Refusal {
    ErrorCode::InvalidDpopProof.because(error.to_string()).per(rfc9449("4.3"))
}

pub(super) fn replayed() -> Refusal {
    invalid("the DPoP proof was used before; make a new one for each request", "11.1")
}

/// The key that an authorization code will be bound to (section 10): that of `dpop_jkt`, or that of the proof which came
/// with the request where it was pushed (section 10.1). Where there are both, they are the same.
///
/// # Errors
/// `invalid_request` for a `dpop_jkt` that is no thumbprint; `invalid_dpop_proof` for another key's proof.
pub fn authorized_key(dpop_jkt: Option<&str>, proof: Option<Thumbprint>) -> Result<Option<Thumbprint>, Refusal> {
    let Some(text) = dpop_jkt else { return Ok(proof) };
    let bytes = base64url::decode(text).ok().and_then(|bytes| bytes.try_into().ok());
    let named = bytes.map(Thumbprint).ok_or_else(|| {
        ErrorCode::InvalidRequest.because("dpop_jkt is not the base64url of a SHA-256 thumbprint").per(rfc9449("10"))
    })?;
    if proof.is_some_and(|proof| proof != named) {
        return Err(invalid("dpop_jkt is the thumbprint of another key than that of the DPoP proof", "10.1"));
    }
    Ok(Some(named))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc9449_4_3_the_header_is_there_once() {
        let of = |values: &[&'static [u8]]| DpopHeader::of(values.iter().copied());
        assert_eq!(of(&[]), DpopHeader::Absent);
        assert_eq!(of(&[b"a.b.c"]), DpopHeader::One("a.b.c"));
        assert_eq!(of(&[b"\xff"]), DpopHeader::One(""));
        assert_eq!(of(&[b"a.b.c", b"a.b.c"]), DpopHeader::Several);
    }

    #[test]
    fn rfc9449_10_the_key_of_a_code_is_named_by_parameter_or_proof_and_by_both_alike() {
        let (text, key) = ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", Thumbprint([0; 32]));
        assert_eq!(authorized_key(None, None), Ok(None));
        assert_eq!(authorized_key(Some(text), None), Ok(Some(key)));
        assert_eq!(authorized_key(None, Some(key)), Ok(Some(key)));
        assert_eq!(authorized_key(Some(text), Some(key)), Ok(Some(key)));
        let other = authorized_key(Some(text), Some(Thumbprint([1; 32])));
        assert_eq!(other.unwrap_err().code, ErrorCode::InvalidDpopProof);
        for wrong in ["", "AAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "a b"] {
            assert_eq!(authorized_key(Some(wrong), None).unwrap_err().code, ErrorCode::InvalidRequest, "{wrong}");
        }
    }
}
