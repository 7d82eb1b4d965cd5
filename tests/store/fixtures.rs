//! Rows for the store's tests: valid, small, each different from the next in what identifies it.

use serde_json::json;
use signet_core::model::{
    Authorization, BrowserSession, Client, ClientSecret, ClientSettings, Completion, DEFAULT_SLOT, DeferredKind,
    DeferredReference, DeferredRequest, DeferredState, Epochs, KeyState, PairwiseSaltRecord, PasswordCredential,
    Purpose, PushedReference, PushedRequest, Realm, RealmSettings, RefreshFamily, ResourceScope, ResourceServer,
    SealingKeyRecord, SecretLife, SessionIdHash, SigningKeyRecord, TokenBasis, UsedRecord, User,
};
use signet_core::ports::{
    Clients, Deferral, Login, Push, Realms, Redeemable, Redemption, Rotation, Sessions, SingleUse, StandingQuery,
    StoreError, Users,
};
use signet_protocol::client_metadata::ClientMetadata;
use signet_protocol::identifiers::{
    AuthorizationId, ClientId, CredentialId, Lineage, RealmId, ResourceServerId, SessionId, UserId,
};
use signet_protocol::names::AccessTokenFormat;
use signet_protocol::time::UnixTime;
use signet_store::Database;

/// When the tests play.
pub(crate) const NOW: UnixTime = UnixTime(1_800_000_000);

pub(crate) fn realm(number: u8) -> Realm {
    Realm {
        id: RealmId([number; 16]),
        name: format!("realm-{number}").parse().unwrap(),
        display_name: format!("Realm {number}"),
        enabled: true,
        settings: RealmSettings::default(),
        epoch: 1,
        timeline: 1,
        wrapped_data_key: vec![number, 0, 255],
        root_key_id: "root-1".to_owned(),
        created_at: NOW,
        updated_at: NOW,
        revision: 0,
    }
}

pub(crate) fn signing_key(realm_id: RealmId, kid: &str, state: KeyState) -> SigningKeyRecord {
    SigningKeyRecord {
        realm_id,
        kid: kid.parse().unwrap(),
        algorithm: "ES256".to_owned(),
        state,
        encrypted_private_key: vec![0, 1, 2, 255],
        created_at: NOW,
        state_since: NOW,
        activates_at: None,
    }
}

pub(crate) fn sealing_key(realm_id: RealmId, id: i64) -> SealingKeyRecord {
    SealingKeyRecord { realm_id, id, encrypted_key: vec![7; 48], created_at: NOW }
}

pub(crate) fn pairwise_salt(realm_id: RealmId, id: i64) -> PairwiseSaltRecord {
    PairwiseSaltRecord { realm_id, id, encrypted_salt: vec![9; 60], since: NOW.plus(id) }
}

pub(crate) fn client(realm_id: RealmId, client_id: &str) -> Client {
    Client {
        realm_id,
        client_id: client_id.parse().unwrap(),
        enabled: true,
        metadata: ClientMetadata {
            redirect_uris: vec!["https://app.example/callback?a=b".to_owned()],
            client_name: Some("Größe \u{1f512}".to_owned()),
            jwks: Some(json!({"keys": [{"kty": "EC", "crv": "P-256"}]})),
            ..ClientMetadata::default()
        },
        settings: ClientSettings { skip_consent: true, ..ClientSettings::default() },
        secret: Some(ClientSecret::Keyed([9; 32])),
        secret_life: SecretLife::default(),
        epoch: 1,
        created_at: NOW,
        updated_at: NOW,
        revision: 0,
    }
}

pub(crate) fn user(realm_id: RealmId, number: u8, username: &str) -> User {
    let serde_json::Value::Object(claims) = json!({"name": "Zoë", "address": {"locality": "Łódź"}}) else {
        unreachable!("an object")
    };
    User {
        realm_id,
        id: UserId([number; 16]),
        username: username.to_owned(),
        username_normalised: signet_core::model::normalise_username(username),
        enabled: true,
        claims,
        attributes: serde_json::Map::from_iter([("büro".to_owned(), json!({"floors": [1, 2]}))]),
        epoch: 1,
        created_at: NOW,
        updated_at: NOW,
        revision: 0,
    }
}

pub(crate) fn password(number: u8) -> PasswordCredential {
    PasswordCredential { id: CredentialId([number; 16]), hash: format!("$argon2id${number}"), updated_at: NOW }
}

pub(crate) fn session(user: &User, number: u8) -> BrowserSession {
    BrowserSession {
        realm_id: user.realm_id,
        cookie_hash: SessionIdHash([number; 32]),
        sid: SessionId([number; 16]),
        user_id: user.id,
        user_epoch: user.epoch,
        realm_epoch: 1,
        authenticated_at: NOW,
        amr: "pwd otp".to_owned(),
        last_seen_at: NOW,
        expires_at: NOW.plus(86_400),
    }
}

pub(crate) fn used(purpose: Purpose, number: u8) -> UsedRecord {
    UsedRecord { purpose, key: [number; 32], expires_at: NOW.plus(60) }
}

/// The mark of an answered form.
pub(crate) fn answered(number: u8) -> Completion {
    Completion::Interaction(used(Purpose::Interaction, number))
}

/// A pushed request, and nothing that came along.
pub(crate) fn push(realm_id: RealmId, number: u8) -> Push {
    Push {
        request: PushedRequest {
            realm_id,
            reference: PushedReference([number; 32]),
            client_id: "app".parse().unwrap(),
            content: vec![number, 0, 255],
            completed: false,
            opens_until: NOW.plus(60),
            expires_at: NOW.plus(660),
        },
        proofs: Vec::new(),
        now: NOW,
        most: 100,
    }
}

pub(crate) fn login(session: BrowserSession, form: u8) -> Login {
    Login { form: used(Purpose::Interaction, form), session, replaces: None, account: None }
}

pub(crate) fn authorization(user: &User, client: &Client, number: u8) -> Authorization {
    Authorization {
        realm_id: user.realm_id,
        id: AuthorizationId([number; 16]),
        user_id: user.id,
        client_id: client.client_id.clone(),
        slot: DEFAULT_SLOT.to_owned(),
        scope: "openid email".parse().unwrap(),
        claims: vec!["birthdate".to_owned()],
        resources: vec!["https://api.example/".to_owned()],
        details: Vec::new(),
        epoch: 1,
        created_at: NOW,
        updated_at: NOW,
    }
}

pub(crate) fn resource_server(realm_id: RealmId, number: u8) -> ResourceServer {
    ResourceServer {
        realm_id,
        id: ResourceServerId([number; 16]),
        identifier: format!("https://api-{number}.example/"),
        display_name: "An API".to_owned(),
        scopes: vec![ResourceScope { name: "read".to_owned(), description: "Read everything".to_owned() }],
        token_format: AccessTokenFormat::Opaque,
        algorithm: None,
        access_token_seconds: Some(300),
        required_acr_values: vec!["urn:example:acr".to_owned()],
        max_authentication_age_seconds: Some(600),
        created_at: NOW,
        updated_at: NOW,
        revision: 0,
    }
}

/// A realm with a client, a user with a password, and a browser session of that user.
pub(crate) struct World {
    pub(crate) store: Database,
    pub(crate) realm: Realm,
    pub(crate) client: Client,
    pub(crate) user: User,
    pub(crate) session: BrowserSession,
}

impl World {
    pub(crate) async fn in_store(store: Database) -> Self {
        let realm = realm(1);
        insert_realm(&store, &realm).await.unwrap();
        let client = client(realm.id, "app");
        store.insert_client(&client, &[]).await.unwrap();
        let user = user(realm.id, 1, "Zoë");
        store.insert_user(&user, Some(&password(1)), &[]).await.unwrap();
        let session = session(&user, 1);
        store.open_session(&login(session.clone(), 200), &[]).await.unwrap();
        Self { store, realm, client, user, session }
    }

    pub(crate) fn client_id(&self) -> ClientId {
        self.client.client_id.clone()
    }

    /// Everything the world has, under its epochs.
    pub(crate) fn standing(&self, lineage: Lineage) -> StandingQuery {
        StandingQuery {
            realm_epoch: 1,
            client: (self.client_id(), 1),
            user: Some((self.user.id, 1)),
            authorization: None,
            session: Some(self.session.sid),
            session_limits: None,
            lineage: Some(lineage),
            token: None,
            origins: Vec::new(),
        }
    }

    pub(crate) fn family(&self, lineage: Lineage) -> RefreshFamily {
        RefreshFamily {
            realm_id: self.realm.id,
            lineage,
            client_id: self.client_id(),
            user_id: self.user.id,
            generation: 1,
            rotated_at: NOW,
            active: true,
            content: TokenBasis {
                scope: "openid offline_access".parse().unwrap(),
                resources: vec!["https://api-1.example/".to_owned()],
                details: Vec::new(),
                is_managed: false,
                claims_request: Some("{\"userinfo\":{\"email\":null}}".to_owned()),
                authenticated_at: NOW,
                acr: None,
                amr: "pwd".to_owned(),
                confirmation: None,
                authorization_id: None,
                authorization_epoch: 0,
                sid: Some(self.session.sid),
                realm_epoch: 1,
                client_epoch: 1,
                user_epoch: 1,
                claims_locales: vec!["de".to_owned()],
                exchanged: None,
                permitted: None,
                vars: serde_json::Map::from_iter([("risk".to_owned(), 7.into())]),
            },
            key_version: 1,
            idle_expires_at: NOW.plus(3600),
            expires_at: NOW.plus(7200),
        }
    }

    /// The redemption of a code with all that can come with it.
    pub(crate) fn redemption(&self, number: u8) -> Redemption {
        let lineage = Lineage([number; 16]);
        Redemption {
            redeemable: Redeemable::Code(used(Purpose::AuthorizationCode, number)),
            standing: self.standing(lineage),
            refresh_family: Some(self.family(lineage)),
            participant: Some((self.session.sid, self.client_id())),
            proofs: Vec::new(),
        }
    }

    /// A family in the store, opened by redeeming a code.
    pub(crate) async fn open_family(&self, number: u8) -> Lineage {
        self.store.redeem(self.realm.id, &self.redemption(number), &[]).await.unwrap();
        Lineage([number; 16])
    }

    pub(crate) fn rotation(&self, lineage: Lineage, generation: i64) -> Rotation {
        Rotation {
            lineage,
            generation,
            next_generation: generation + 1,
            rotated_at: NOW.plus(100),
            idle_expires_at: NOW.plus(3700),
            standing: self.standing(lineage),
            proofs: Vec::new(),
        }
    }
}

/// A request of a device that waits.
pub(crate) fn deferral(realm_id: RealmId, number: u8) -> Deferral {
    Deferral {
        request: DeferredRequest {
            realm_id,
            reference: DeferredReference([number; 32]),
            kind: DeferredKind::Device,
            user_code: Some([number; 32]),
            client_id: "app".parse().unwrap(),
            user_id: None,
            content: (0..=255).cycle().take(20_000).collect(),
            epochs: Some(Epochs { realm: 1, client: 1 }),
            state: DeferredState::Pending,
            interval: 5,
            answer: None,
            expires_at: NOW.plus(600),
        },
        proofs: Vec::new(),
        now: NOW,
        most: 100,
        most_of_user: None,
        notification: None,
    }
}

pub(crate) async fn insert_realm(store: &Database, realm: &Realm) -> Result<(), StoreError> {
    let signing = [signing_key(realm.id, "first", KeyState::Active)];
    store.insert_realm(realm, &signing, &sealing_key(realm.id, 1), &[]).await
}

/// Whether a store said that something exists already.
#[track_caller]
pub(crate) fn assert_duplicate<T: std::fmt::Debug>(answer: Result<T, StoreError>, what: &str) {
    match answer {
        Err(StoreError::Duplicate(named)) => assert_eq!(named, what),
        other => panic!("expected a duplicate {what}, got {other:?}"),
    }
}

/// Whether a store said that something is not there.
#[track_caller]
pub(crate) fn assert_missing<T: std::fmt::Debug>(answer: Result<T, StoreError>, what: &str) {
    match answer {
        Err(StoreError::Missing(named)) => assert_eq!(named, what),
        other => panic!("expected a missing {what}, got {other:?}"),
    }
}
