//! Reading a realm from the database and decrypting its keys.

use signet_jose::{ColumnCipher, ColumnPlace, RefreshTokenKey, SealingKey, SealingKeyRing, TrustAnchors};
use signet_protocol::identifiers::RealmName;
use signet_protocol::time::UnixTime;

use super::{EncryptionKeys, PairwiseSalts, RealmContext, SigningKeys, hooks};
use crate::binding::NonceKey;
use crate::details::DetailsTypes;
use crate::endpoints::RealmUrls;
use crate::events::open_chain;
use crate::failure::Fault;
use crate::model::{Realm, SealingKeyRecord};
use crate::provider::Provider;

/// Number of the data key in stored columns.
const DATA_KEY_VERSION: u32 = 1;
/// Number of the refresh token key, derived from the data key.
pub(crate) const REFRESH_KEY_VERSION: u32 = 1;
/// Seconds between a sealing key's publication and its first use, so that every node has read it (design section 6).
pub(crate) const SEALING_KEY_LEAD_SECONDS: i64 = 300;

pub(super) async fn load(provider: &Provider, name: &RealmName) -> Result<Option<RealmContext>, Fault> {
    let Some(realm) = provider.store.realm_by_name(name).await? else { return Ok(None) };
    let signing = provider.store.signing_keys(realm.id).await?;
    let sealing = provider.store.sealing_keys(realm.id).await?;
    let salts = provider.store.pairwise_salts(realm.id).await?;
    let resource_servers = provider.store.resource_servers(realm.id).await?;
    let trusted_issuers = provider.store.trusted_issuers(realm.id).await?;
    let details_types = DetailsTypes::load(provider.store.details_types(realm.id).await?)?;
    let data_key = data_key(provider, &realm)?;
    let columns = ColumnCipher::new(DATA_KEY_VERSION, data_key.clone());
    let encryption_keys = EncryptionKeys::load(&realm, &signing, &columns)?;
    Ok(Some(RealmContext {
        urls: RealmUrls::new(&provider.bases, realm.name.as_str()),
        signing_keys: SigningKeys::load(&realm, &signing, &columns, &encryption_keys)?,
        encryption_keys,
        pairwise_salts: PairwiseSalts::load(&realm, &salts, &columns)?,
        resource_servers,
        trusted_issuers,
        details_types,
        hooks: hooks::load(provider, realm.id, &columns).await?,
        trust_anchors: trust_anchors(&realm)?,
        event_keys: open_chain(provider, realm.id).await?,
        refresh_token_key: RefreshTokenKey::new(REFRESH_KEY_VERSION, *data_key.derive(b"signet refresh token key")),
        nonce_key: NonceKey::new(data_key.derive(b"signet dpop nonce")),
        sealing_keys: sealing_ring(&realm, &sealing, &columns, provider.now())?,
        approval_key: data_key.derive(b"signet approval token"),
        user_code_key: data_key.derive(b"signet user code"),
        client_secret_key: data_key.derive(b"signet client secret"),
        columns,
        realm,
    }))
}

fn data_key(provider: &Provider, realm: &Realm) -> Result<signet_jose::DataKey, Fault> {
    provider
        .root_key
        .unwrap_key(&realm.id.to_string(), &realm.wrapped_data_key)
        .map_err(|error| Fault::internal("the root key does not open this realm's data key", error))
}

fn trust_anchors(realm: &Realm) -> Result<Option<TrustAnchors>, Fault> {
    let pem = &realm.settings.client_certificate_authorities;
    let read = || TrustAnchors::from_pem(pem.as_bytes());
    (!pem.is_empty())
        .then(read)
        .transpose()
        .map_err(|error| Fault::internal("the realm's certificate authorities do not read", error))
}

/// The cipher of a realm's columns, outside a loaded realm.
pub(crate) fn column_cipher(provider: &Provider, realm: &Realm) -> Result<ColumnCipher, Fault> {
    Ok(ColumnCipher::new(DATA_KEY_VERSION, data_key(provider, realm)?))
}

/// Where an encrypted signing key is stored.
pub(crate) fn signing_key_place<'a>(realm: &'a str, kid: &'a str) -> ColumnPlace<'a> {
    ColumnPlace { realm, table: "signing_keys", column: "encrypted_private_key", row: kid.as_bytes() }
}

/// Where an encrypted sealing key is stored; `row` is its number in big-endian order.
pub(crate) const fn sealing_key_place<'a>(realm: &'a str, row: &'a [u8; 8]) -> ColumnPlace<'a> {
    ColumnPlace { realm, table: "sealing_keys", column: "encrypted_key", row }
}

fn sealing_ring(
    realm: &Realm,
    records: &[SealingKeyRecord],
    columns: &ColumnCipher,
    now: UnixTime,
) -> Result<SealingKeyRing, Fault> {
    let realm_text = realm.id.to_string();
    let mut keys = Vec::with_capacity(records.len());
    for record in records {
        let row = record.id.to_be_bytes();
        let place = sealing_key_place(&realm_text, &row);
        let plaintext = columns
            .decrypt(place, &record.encrypted_key)
            .map_err(|error| Fault::internal("a sealing key does not decrypt", error))?;
        let (Ok(bytes), Ok(id)) = (<[u8; 32]>::try_from(plaintext.as_slice()), u32::try_from(record.id)) else {
            return Err(Fault::Internal("a sealing key has the wrong length or number", None));
        };
        keys.push((record.created_at, SealingKey::new(id, bytes)));
    }
    let ready = |created_at: UnixTime| now.since(created_at) >= SEALING_KEY_LEAD_SECONDS;
    let position = keys.iter().rposition(|(created_at, _)| ready(*created_at)).unwrap_or(0);
    if keys.is_empty() {
        return Err(Fault::Internal("the realm has no sealing key", None));
    }
    let (_, current) = keys.remove(position);
    Ok(SealingKeyRing::new(current, keys.into_iter().map(|(_, key)| key).collect()))
}
