//! The provider: everything the services need from outside, wired once by the binary.

use std::sync::Arc;

use arc_swap::ArcSwap;
use signet_hooks::{ScriptEngine, ScriptTools};
use signet_jose::{ProofKeys, Random, RevocationLists, RootKey};
use signet_protocol::error::ErrorCode;
use signet_protocol::identifiers::RealmName;
use signet_protocol::time::{Clock, UnixTime};
use tokio::sync::Notify;

use crate::authn::PasswordHasher;
use crate::binding::ReplayWindow;
use crate::client_auth::SecretFingerprints;
use crate::endpoints::Bases;
use crate::events::{Checks, EventQueue};
use crate::failure::Failure;
use crate::grants::PollPace;
use crate::hooks::{Runs, ScriptMetrics};
use crate::ports::{SharedStore, outbound::OutboundHttp};
use crate::profile::TrafficCounts;
use crate::realm::{Programs, RealmCache, RealmContext};
use crate::registry::ClientUses;

/// Client secrets that are hashed at a time: one, so that guessers of them use one core at most.
const PARALLEL_SECRET_HASHES: usize = 1;
/// Client secrets that may wait for that.
const WAITING_SECRETS: usize = 32;

/// The provider: what it was wired from, and what it remembers.
pub struct Provider {
    parts: ProviderParts,
    /// Operator-chosen client secrets that were checked the slow way since start.
    pub(crate) secret_fingerprints: SecretFingerprints,
    /// Hashes client secrets, apart from the passwords of people.
    pub(crate) client_secrets: PasswordHasher,
    realms: RealmCache,
    /// Script packages that were compiled since start.
    pub(crate) programs: Programs,
    /// What is remembered of the scripts that ran.
    pub(crate) runs: Runs,
    /// Events that wait to be written.
    pub(crate) events: EventQueue,
    /// When uses of clients were last written.
    pub(crate) client_uses: ClientUses,
    /// What clients did, held against the profiles above theirs.
    pub(crate) traffic: Arc<TrafficCounts>,
    /// Checks of chains of events that are under way.
    pub(crate) checks: Checks,
    /// Keys that DPoP proofs were signed with lately.
    pub(crate) proof_keys: ProofKeys,
    /// DPoP proofs that were used at resources.
    pub(crate) used_proofs: ReplayWindow,
    /// Which client certificates were taken back; replaced while the server runs.
    pub revocation_lists: ArcSwap<RevocationLists>,
    /// When clients asked last for what is answered elsewhere.
    pub(crate) poll_pace: PollPace,
    /// Told when there is something to tell of CIBA.
    pub(crate) notifications: Notify,
    /// Told when sessions ended here, so that clients learn of it at once.
    pub(crate) logouts: Notify,
}

impl std::ops::Deref for Provider {
    type Target = ProviderParts;

    fn deref(&self) -> &Self::Target {
        &self.parts
    }
}

impl Provider {
    /// Wires a provider.
    pub fn new(parts: ProviderParts) -> Self {
        let secret_fingerprints = SecretFingerprints::new(&*parts.random);
        let client_secrets = parts.passwords.beside(PARALLEL_SECRET_HASHES, WAITING_SECRETS);
        Self {
            parts,
            secret_fingerprints,
            client_secrets,
            realms: RealmCache::default(),
            programs: Programs::default(),
            runs: Runs::default(),
            events: EventQueue::default(),
            client_uses: ClientUses::default(),
            traffic: Arc::default(),
            checks: Checks::default(),
            proof_keys: ProofKeys::default(),
            used_proofs: ReplayWindow::default(),
            revocation_lists: ArcSwap::default(),
            poll_pace: PollPace::default(),
            notifications: Notify::new(),
            logouts: Notify::new(),
        }
    }

    /// The current time.
    pub fn now(&self) -> UnixTime {
        self.clock.now()
    }

    /// Counts of the scripts that ran.
    pub fn script_metrics(&self) -> &Arc<ScriptMetrics> {
        &self.runs.metrics
    }

    /// The enabled realm of this name, with its keys. Answered from memory while the configuration has not changed.
    ///
    /// # Errors
    /// A refusal if there is none or it is disabled: to a stranger the two are the same.
    pub async fn realm(&self, name: &RealmName) -> Result<Arc<RealmContext>, Failure> {
        let realm = self.realms.get(self, name).await?;
        realm
            .filter(|realm| realm.realm.enabled)
            .ok_or_else(|| ErrorCode::InvalidRequest.because("there is no such realm").into())
    }

    /// The realm of this name even if it is disabled; for administration.
    pub async fn realm_for_administration(&self, name: &RealmName) -> Result<Option<Arc<RealmContext>>, Failure> {
        Ok(self.realms.get(self, name).await?)
    }
}

/// What a provider is wired from: everything the services need from outside.
pub struct ProviderParts {
    /// The database.
    pub store: SharedStore,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Random bytes.
    pub random: Arc<dyn Random>,
    /// The one way out to other servers.
    pub outbound: Arc<dyn OutboundHttp>,
    /// The bounded pool that hashes passwords.
    pub passwords: PasswordHasher,
    /// Compiles scripts.
    pub scripts: Arc<dyn ScriptEngine>,
    /// Tries scripts that are not deployed.
    pub script_tools: Arc<dyn ScriptTools>,
    /// The key that wraps the realms' data keys.
    pub root_key: RootKey,
    /// Where this deployment is reached.
    pub bases: Bases,
}
