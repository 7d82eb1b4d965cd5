//! User codes (CIBA Core 7.1.2): a secret of the user, without which a client that can ask for it does not reach the user's
//! device.

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::parameters::Parameters;
use signet_protocol::spec::ciba;

use crate::authn::counter_key;
use crate::events::Serving;
use crate::failure::Failure;
use crate::model::{Client, User};
use crate::realm::RealmContext;

/// How many times the limit of one client all clients together may use up for one user.
const ALL_CLIENTS_FACTOR: i64 = 20;

/// Whether the request may reach the user. Clients that are not registered for user codes need none: they know the user
/// otherwise (section 7.1.2).
///
/// # Errors
/// `missing_user_code` and `invalid_user_code`; `temporarily_unavailable` after too many wrong ones.
pub(super) async fn check(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client: &Client,
    (user, parameters): (&User, &Parameters),
) -> Result<(), Failure> {
    let is_asked = client.metadata.backchannel_user_code_parameter == Some(true);
    if !realm.realm.settings.backchannel_user_code || !is_asked {
        return Ok(());
    }
    let stored = serving.store.user_code(realm.id(), user.id).await?;
    let Some(code) = parameters.get("user_code") else {
        if stored.is_none() {
            return Ok(());
        }
        let reason = "the user has a user code, which the request lacks";
        return Err(ErrorCode::MissingUserCode.because(reason).per(ciba("13")).into());
    };
    let counters = Counters::new(realm, client, user);
    if !counters.count(serving, realm).await? {
        return Err(too_many().into());
    }
    // Without a code of the user the same work is done, and the answer is no.
    let matches = match serving.passwords.verify(code, stored.as_deref()).await {
        Ok(matches) => matches,
        Err(fault) => {
            // It was never looked at.
            counters.forgive(serving, realm).await?;
            return Err(fault.into());
        }
    };
    if !matches {
        return Err(ErrorCode::InvalidUserCode.because("the user code is wrong").per(ciba("13")).into());
    }
    counters.forgive(serving, realm).await
}

fn too_many() -> Refusal {
    let reason = "too many wrong user codes; come back later";
    ErrorCode::TemporarilyUnavailable.because(reason).per(ciba("7.1.2"))
}

/// What a guess falls under: the user at this client, the client alone, which may go from user to user, and the user at
/// all clients.
struct Counters([[u8; 32]; 3]);

impl Counters {
    fn new(realm: &RealmContext, client: &Client, user: &User) -> Self {
        let client = client.client_id.as_str().as_bytes();
        let key = |parts: &[&[u8]]| counter_key(realm, parts);
        Self([
            key(&[b"ciba-code-user-client", &user.id.0, client]),
            key(&[b"ciba-code-client", client]),
            key(&[b"ciba-code-user", &user.id.0]),
        ])
    }

    /// Counts a guess before the code is looked at, so that parallel guesses count too. What the narrow limits refuse does
    /// not reach the wide counter: one client alone cannot fill it.
    async fn count(&self, serving: &Serving<'_>, realm: &RealmContext) -> Result<bool, Failure> {
        let settings = &realm.realm.settings;
        let (narrow, wide) = self.0.split_at(2);
        let limits = [settings.password_attempts_per_account, settings.password_attempts_per_address];
        if !within(serving, realm, (narrow, &limits)).await? {
            return Ok(false);
        }
        let limit = settings.password_attempts_per_account.saturating_mul(ALL_CLIENTS_FACTOR);
        within(serving, realm, (wide, &[limit])).await
    }

    /// Takes back what a right code has used up.
    async fn forgive(&self, serving: &Serving<'_>, realm: &RealmContext) -> Result<(), Failure> {
        Ok(serving.store.forgive_attempt(realm.id(), &self.0).await?)
    }
}

async fn within(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (keys, limits): (&[[u8; 32]], &[i64]),
) -> Result<bool, Failure> {
    let window = realm.realm.settings.password_attempt_window_seconds;
    let counted = serving.store.count_attempts(realm.id(), keys, serving.now(), window).await?;
    Ok(counted.iter().zip(limits).all(|(attempts, limit)| attempts.count <= *limit))
}
