//! Device secrets (OpenID Connect Native SSO for Mobile Apps 3.2 to 3.4): what one app of a vendor gets with its tokens, so
//! that the others on the device can sign the same user in. One is good in the session that it was made in, for the apps
//! of one group, and ends with the session.

use signet_jose::{Random, base64url, digest, random_token};
use signet_protocol::identifiers::{Lineage, SessionId, UserId};
use signet_protocol::scope::Scope;
use signet_protocol::standard_claims::DEVICE_SSO_SCOPE;
use zeroize::Zeroizing;

use super::GrantRequest;
use crate::authn::{note_use, session_of_apps};
use crate::failure::{Failure, Fault};
use crate::model::{BrowserSession, DeviceSecret, DeviceSecretHash};

/// What every device secret begins with: lets endpoints and secret scanners tell it apart.
const PREFIX: &str = "sd_";
/// Random bytes of one.
const BYTES: usize = 32;

/// A device secret as an app has it.
#[derive(Clone)]
pub(crate) struct SecretText(Zeroizing<String>);

impl SecretText {
    /// One that nobody can guess.
    fn new(random: &dyn Random) -> Self {
        Self(Zeroizing::new(format!("{PREFIX}{}", random_token(random, BYTES))))
    }

    /// Reads what may be one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let body = text.strip_prefix(PREFIX)?;
        let is_ours = base64url::decode(body).is_ok_and(|bytes| bytes.len() == BYTES);
        is_ours.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The stored form.
    pub(crate) fn hash(&self) -> DeviceSecretHash {
        DeviceSecretHash(digest::sha256(self.0.as_bytes()))
    }
}

/// The claim `ds_hash` of ID tokens that go with a secret (section 3.4.1). Nobody can tell the secret from it, nor the
/// row that the secret is stored in.
pub(super) fn ds_hash(hash: DeviceSecretHash) -> String {
    base64url::encode(digest::sha256(&[b"ds_hash".as_slice(), &hash.0].concat()))
}

/// A device secret that goes out with tokens, once these are recorded.
pub(super) struct NewSecret {
    text: SecretText,
    stored: DeviceSecret,
    session: BrowserSession,
    /// The one that the request brought, and that is good no more.
    rotated: Option<DeviceSecretHash>,
}

impl NewSecret {
    /// Makes the secret of some tokens, where their scope asks for one and the client shares logins. One that comes with
    /// the request is rotated; where it is of another session, user or group, it is as if none had come (section 3.4).
    pub(super) async fn prepare(
        request: &GrantRequest<'_>,
        scope: &Scope,
        (lineage, user_id, sid): (Lineage, UserId, Option<SessionId>),
    ) -> Result<Option<Self>, Failure> {
        let group = request.realm.native_sso_group(request.client.client());
        let group = group.filter(|_| scope.contains("openid") && scope.contains(DEVICE_SSO_SCOPE));
        let Some((group, sid)) = group.zip(sid) else { return Ok(None) };
        let session = session_of_apps(request.serving, request.realm, sid).await?;
        let Some(session) = session.filter(|session| session.user_id == user_id) else { return Ok(None) };
        let text = SecretText::new(&*request.serving.random);
        let rotated = presented(request, "device_secret").await?;
        let rotated = rotated.filter(|before| is_good(before, &session, group));
        let stored = DeviceSecret {
            realm_id: request.realm.id(),
            lineage,
            hash: text.hash(),
            sid,
            user_id,
            group: group.to_owned(),
            expires_at: session.expires_at,
        };
        Ok(Some(Self { text, stored, session, rotated: rotated.map(|before| before.hash) }))
    }

    /// The claim of the ID token that goes with it.
    pub(super) fn ds_hash(&self) -> String {
        ds_hash(self.stored.hash)
    }

    /// Keeps it: from now on it is good, and the session was used. Answers what the app is given.
    pub(super) async fn keep(self, request: &GrantRequest<'_>) -> Result<String, Fault> {
        request.serving.store.keep_device_secret(&self.stored, self.rotated).await?;
        note_use(request.serving, request.realm, &self.session).await?;
        Ok(self.text.0.to_string())
    }
}

/// The secret that a parameter of the request is, if there is one.
pub(super) async fn presented(request: &GrantRequest<'_>, parameter: &str) -> Result<Option<DeviceSecret>, Fault> {
    let Some(secret) = request.parameters.get(parameter).and_then(SecretText::parse) else { return Ok(None) };
    let stored = request.serving.store.device_secret(request.realm.id(), secret.hash()).await?;
    Ok(stored.filter(|stored| request.serving.now() < stored.expires_at))
}

/// Whether a secret is one of a live session, for the apps of a group.
pub(super) fn is_good(secret: &DeviceSecret, session: &BrowserSession, group: &str) -> bool {
    secret.sid == session.sid && secret.user_id == session.user_id && secret.group == group
}

#[cfg(test)]
mod tests {
    use signet_jose::SystemRandom;

    use super::*;

    #[test]
    fn native_sso_3_2_a_secret_reads_back_and_nothing_else_does() {
        let secret = SecretText::new(&SystemRandom::new());
        let read = SecretText::parse(&secret.0).unwrap();
        assert_eq!(read.hash(), secret.hash());
        assert_ne!(SecretText::new(&SystemRandom::new()).hash(), secret.hash());
        let longer = format!("{}A", &*secret.0);
        for other in ["", "sd_", "sd_AAAA", &secret.0[3..], &longer, "sr_AAAA"] {
            assert!(SecretText::parse(other).is_none(), "{other}");
        }
    }

    #[test]
    fn native_sso_3_4_1_the_hash_is_neither_the_secret_nor_what_is_stored() {
        let secret = SecretText::new(&SystemRandom::new());
        let claim = ds_hash(secret.hash());
        assert_eq!(claim.len(), 43);
        assert_ne!(claim, base64url::encode(secret.hash().0));
        assert!(!secret.0.contains(&claim));
    }
}
