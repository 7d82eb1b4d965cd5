//! Keys that sign or decrypt, whose public halves are in the realm's JWK set and whose private halves are nowhere outside
//! the server; and the salt of pairwise subjects, which never leaves it.

use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use signet_core::model::{KeyAlgorithm, SigningKeyRecord};
use signet_core::protocol::identifiers::{KeyId, RealmName};
use signet_core::registry::{self, Activation};

use crate::administrator::Administrator;
use crate::answer::{Answered, Created, Done, Shown};
use crate::body::{New, Patch};
use crate::entity_tag::Precondition;
use crate::enumerations::KeyState;
use crate::openapi::Tag;
use crate::paging::{self, Cursor, Limit, Page};
use crate::path::Path;
use crate::problem::Problem;
use crate::timestamp::Timestamp;

/// A key of a realm: one that signs, or one that clients encrypt to.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct Key {
    /// The key identifier: the `kid` of tokens and of the JWK set.
    #[oai(read_only)]
    kid: String,
    /// The JOSE algorithm it signs with, or that clients encrypt to it with: RSA-OAEP, RSA-OAEP-256, ECDH-ES,
    /// ECDH-ES+A128KW, ECDH-ES+A192KW or ECDH-ES+A256KW. Never changed after creation.
    algorithm: String,
    /// Where the key is in its life. A new one is `future` or `active`; `active` takes the place of the key that
    /// was in use for its algorithm so far, which becomes `verifying`. An encryption key decrypts in every state but
    /// `retired` and is published only while it is `active`.
    #[oai(default = "future")]
    state: KeyState,
    /// When it was made.
    #[oai(read_only)]
    created_at: Timestamp,
    /// When its state last changed.
    #[oai(read_only)]
    state_since: Timestamp,
    /// When a `future` key becomes `active` by itself; absent where that is left to you.
    #[oai(read_only)]
    activates_at: Option<Timestamp>,
}

/// Which key to rotate.
#[derive(Object)]
pub(crate) struct KeyRotation {
    /// The JOSE algorithm whose key is replaced.
    algorithm: String,
    /// Whether the new key signs at once, before clients had the time to read it. Otherwise it is published first, for
    /// as long as the realm's `signing_key_lead_seconds` say.
    #[oai(default)]
    immediately: bool,
}

/// The salt that the pairwise subjects of new users are made with.
#[derive(Object)]
pub(crate) struct PairwiseSalt {
    /// From when on users who are added get it. Those who are there keep their subjects.
    #[oai(read_only)]
    since: Timestamp,
}

fn future() -> KeyState {
    KeyState::Future
}

impl Key {
    fn of(key: &SigningKeyRecord) -> Self {
        Self {
            kid: key.kid.to_string(),
            algorithm: key.algorithm.clone(),
            state: key.state.into(),
            created_at: Timestamp(key.created_at),
            state_since: Timestamp(key.state_since),
            activates_at: key.activates_at.map(Timestamp),
        }
    }
}

fn unknown_algorithm() -> Problem {
    Problem::invalid("algorithm", "is not an algorithm of this server")
}

/// The operations on keys.
pub(crate) struct Keys;

#[OpenApi(tag = "Tag::Keys")]
impl Keys {
    /// Lists the keys of a realm by identifier.
    #[oai(path = "/realms/:realm/keys", method = "get", operation_id = "listKeys")]
    async fn list(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        /// Most items of the page.
        limit: Limit,
        /// The `next` of the page before.
        cursor: Cursor<KeyId>,
    ) -> Result<Answered<Page<Key>>, Problem> {
        let realm = administrator.realm(&realm.0).await?;
        let keys = registry::list_keys(administrator.provider(), &realm).await?;
        let page = paging::cut(keys, &paging::wanted(&limit, &cursor), |key| key.kid.to_string());
        Ok(Answered::Answer(Json(Page::of(page, |key| Ok(Key::of(&key)))?)))
    }

    /// Makes a key: `future` to publish it ahead of its use, `active` to sign with it at once.
    #[oai(path = "/realms/:realm/keys", method = "post", operation_id = "createKey")]
    async fn create(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        key: New<Key>,
    ) -> Result<Created<Key>, Problem> {
        let document = key.read()?;
        let realm = administrator.realm(&realm.0).await?;
        let algorithm: KeyAlgorithm = document.algorithm.parse().map_err(|_| unknown_algorithm())?;
        let made = registry::create_key(&administrator.serving(), &realm, algorithm, document.state.into()).await?;
        let location = administrator.location(&["realms", realm.realm.name.as_str(), "keys", made.kid.as_str()]);
        Ok(Created::at(location, Key::of(&made)))
    }

    /// Replaces the key that signs with an algorithm by a new one, which is published before it signs unless that is
    /// wanted at once. The old one stays published for verification.
    #[oai(path = "/realms/:realm/keys/rotate", method = "post", operation_id = "rotateKey")]
    async fn rotate(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        rotation: New<KeyRotation>,
    ) -> Result<Created<Key>, Problem> {
        let rotation = rotation.read()?;
        let realm = administrator.realm(&realm.0).await?;
        let algorithm: KeyAlgorithm = rotation.algorithm.parse().map_err(|_| unknown_algorithm())?;
        let activation = if rotation.immediately { Activation::Immediate } else { Activation::AfterPublication };
        let made = registry::rotate_key(&administrator.serving(), &realm, algorithm, activation).await?;
        let location = administrator.location(&["realms", realm.realm.name.as_str(), "keys", made.kid.as_str()]);
        Ok(Created::at(location, Key::of(&made)))
    }

    /// Replaces the salt of pairwise subjects for users to come. Nobody's subject changes.
    #[oai(path = "/realms/:realm/pairwise-salt/rotate", method = "post", operation_id = "rotatePairwiseSalt")]
    async fn rotate_pairwise_salt(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
    ) -> Result<Answered<PairwiseSalt>, Problem> {
        let realm = administrator.realm(&realm.0).await?;
        let made = registry::rotate_pairwise_salt(&administrator.serving(), &realm).await?;
        Ok(Answered::Answer(Json(PairwiseSalt { since: Timestamp(made.since) })))
    }

    /// Shows a key.
    #[oai(path = "/realms/:realm/keys/:kid", method = "get", operation_id = "showKey")]
    async fn show(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        kid: Path<KeyId>,
    ) -> Result<Shown<Key>, Problem> {
        let realm = administrator.realm(&realm.0).await?;
        Ok(Shown::of(Key::of(&registry::find_key(administrator.provider(), &realm, &kid.0).await?)))
    }

    /// Moves a key to another state. One that signs is rotated first.
    #[oai(path = "/realms/:realm/keys/:kid", method = "patch", operation_id = "updateKey")]
    async fn update(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        kid: Path<KeyId>,
        patch: Patch<Key>,
    ) -> Result<Shown<Key>, Problem> {
        let (provider, realm) = (administrator.provider(), administrator.realm(&realm.0).await?);
        let _edit = administrator.edit().await;
        let before = Key::of(&registry::find_key(provider, &realm, &kid.0).await?);
        let document = patch.onto(&before)?;
        if document.algorithm != before.algorithm {
            return Err(Problem::invalid("algorithm", "cannot be changed; make another key"));
        }
        if document.state != before.state {
            registry::set_key_state(&administrator.serving(), &realm, &kid.0, document.state.into()).await?;
        }
        Ok(Shown::of(Key::of(&registry::find_key(provider, &realm, &kid.0).await?)))
    }

    /// Deletes a key that does not sign. What was signed with it no longer verifies.
    #[oai(path = "/realms/:realm/keys/:kid", method = "delete", operation_id = "deleteKey")]
    async fn delete(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        kid: Path<KeyId>,
        precondition: Precondition,
    ) -> Result<Done, Problem> {
        let (provider, realm) = (administrator.provider(), administrator.realm(&realm.0).await?);
        let _edit = administrator.edit().await;
        precondition.check(&Key::of(&registry::find_key(provider, &realm, &kid.0).await?))?;
        registry::delete_key(&administrator.serving(), &realm, &kid.0).await?;
        Ok(Done::Done)
    }
}
