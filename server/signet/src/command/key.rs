//! `signet key`.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use signet_core::model::{self, KeyState};
use signet_core::protocol::identifiers::KeyId;
use signet_core::registry::{self, Activation};

use super::arguments::{Confirmation, InRealm};
use super::context::Context;
use super::{CommandResult, terminal, views};

/// What can be asked about keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a key
    Create {
        #[command(flatten)]
        place: InRealm,
        #[command(flatten)]
        algorithm: KeyAlgorithm,
        /// Whether it is used at once or made ready ahead of use
        #[arg(long, value_enum, default_value = "future")]
        state: KeyStateName,
    },
    /// List keys
    List(InRealm),
    /// Show a key
    Show(NamedKey),
    /// Move a key to another state
    Update {
        #[command(flatten)]
        key: NamedKey,
        /// The new state
        #[arg(long, value_enum)]
        state: KeyStateName,
    },
    /// Replace the key of an algorithm by a new one, after a time in which clients and nodes get to know it; the old one
    /// still verifies or decrypts
    Rotate {
        #[command(flatten)]
        place: InRealm,
        #[command(flatten)]
        algorithm: KeyAlgorithm,
        /// Use the new key at once, before clients and nodes had the time to read it
        #[arg(long)]
        now: bool,
    },
    /// Delete a key; what was signed with it no longer verifies, what was encrypted to it no longer decrypts
    Delete {
        #[command(flatten)]
        key: NamedKey,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

/// A key of a realm.
#[derive(Debug, Args)]
pub(crate) struct NamedKey {
    #[command(flatten)]
    pub(crate) place: InRealm,
    /// Its identifier
    #[arg(value_name = "KID", allow_hyphen_values = true)]
    pub(crate) kid: KeyId,
}

/// Which algorithm a key is for.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct KeyAlgorithm {
    /// The JOSE algorithm: ES256, RS256 or EdDSA for a key that signs, RSA-OAEP-256 or ECDH-ES+A256KW for one that
    /// clients encrypt to
    #[arg(long, value_name = "ALG")]
    algorithm: model::KeyAlgorithm,
}

/// Where a key is in its life.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum KeyStateName {
    /// Not used yet: published, or ready to decrypt
    Future,
    /// Signs, or is published to encrypt to
    Active,
    /// Verifies or decrypts only
    Verifying,
    /// Neither published nor used
    Retired,
}

impl From<KeyStateName> for KeyState {
    fn from(name: KeyStateName) -> Self {
        match name {
            KeyStateName::Future => Self::Future,
            KeyStateName::Active => Self::Active,
            KeyStateName::Verifying => Self::Verifying,
            KeyStateName::Retired => Self::Retired,
        }
    }
}

pub(super) async fn run(command: KeyCommand, context: &Context) -> CommandResult {
    let (provider, serving) = (context.provider(), context.serving());
    match command {
        KeyCommand::Create { place, algorithm, state } => {
            let realm = context.realm(&place.realm).await?;
            let making = registry::create_key(&serving, &realm, algorithm.algorithm, state.into());
            context.output.object(&views::key(&terminal::waiting("making a key", making).await?))?;
        }
        KeyCommand::Rotate { place, algorithm, now } => {
            let realm = context.realm(&place.realm).await?;
            let activation = if now { Activation::Immediate } else { Activation::AfterPublication };
            let making = registry::rotate_key(&serving, &realm, algorithm.algorithm, activation);
            context.output.object(&views::key(&terminal::waiting("making a key", making).await?))?;
        }
        KeyCommand::List(place) => {
            let realm = context.realm(&place.realm).await?;
            let keys = registry::list_keys(provider, &realm).await?;
            let rows: Vec<Value> = keys.iter().map(views::key).collect();
            context.output.list(&rows, &["kid", "algorithm", "state"])?;
        }
        KeyCommand::Show(named) => {
            let realm = context.realm(&named.place.realm).await?;
            context.output.object(&views::key(&registry::find_key(provider, &realm, &named.kid).await?))?;
        }
        KeyCommand::Update { key, state } => {
            let realm = context.realm(&key.place.realm).await?;
            registry::set_key_state(&serving, &realm, &key.kid, state.into()).await?;
            context.output.object(&views::key(&registry::find_key(provider, &realm, &key.kid).await?))?;
        }
        KeyCommand::Delete { key, confirmation } => {
            let realm = context.realm(&key.place.realm).await?;
            registry::find_key(provider, &realm, &key.kid).await?;
            terminal::confirm(
                &format!(
                    "What was signed with key {} will no longer verify, what was encrypted to it no longer decrypt.",
                    key.kid
                ),
                &confirmation,
            )?;
            registry::delete_key(&serving, &realm, &key.kid).await?;
            let said = format!("Deleted key {}.", key.kid);
            context.output.done(&said, &json!({ "kid": key.kid.as_str(), "deleted": true }))?;
        }
    }
    Ok(())
}
