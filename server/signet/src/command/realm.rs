//! `signet realm`.

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use signet_core::model::Realm;
use signet_core::profile::ProfileName;
use signet_core::protocol::identifiers::RealmName;
use signet_core::registry::{self, RealmChange, RegistryError};

use super::arguments::Confirmation;
use super::context::{Context, every};
use super::members::{Members, Patch, read_members, take_enabled, take_identity, take_text};
use super::{CommandError, CommandResult, terminal, views};

/// What can be asked about realms.
#[derive(Debug, Subcommand)]
pub(crate) enum RealmCommand {
    /// Make a realm with its first keys
    Create {
        /// The path segment in its issuer
        name: RealmName,
        #[command(flatten)]
        fields: RealmFields,
    },
    /// List realms
    List,
    /// Show a realm
    Show {
        /// Which
        name: RealmName,
    },
    /// Change a realm; what is not named stays as it is
    Update {
        /// Which
        name: RealmName,
        /// A new name; changes the issuer
        #[arg(long, value_name = "NAME")]
        rename: Option<RealmName>,
        #[command(flatten)]
        fields: RealmFields,
    },
    /// After a restore or a failover: let nothing be used that was issued before and may have been used
    #[command(
        long_about = "After a restore or a failover: let nothing be used that was issued before and may have been used.\n\n\
                      Authorization codes, open log-ins and forms, and access tokens from before are dead. Sessions, \
                      refresh tokens and consents stay."
    )]
    NewTimeline {
        /// Which
        #[arg(required_unless_present = "all", value_name = "NAME")]
        names: Vec<RealmName>,
        /// Every realm
        #[arg(long, conflicts_with = "names")]
        all: bool,
    },
    /// Revoke everything that was issued until now
    #[command(
        long_about = "Revoke everything that was issued until now: tokens, codes, requests that wait, tickets, and every \
                      session.\n\nClients are told by the back channel. Clients, users, credentials and consents stay."
    )]
    RevokeAll {
        /// Which
        name: RealmName,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Delete a realm and everything in it
    Delete {
        /// Which
        name: RealmName,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

/// What can be decided about a realm.
#[derive(Debug, Args)]
pub(crate) struct RealmFields {
    /// The name on pages
    #[arg(long, value_name = "TEXT")]
    display_name: Option<String>,
    /// The security profile that every client has at least: base, fapi1_advanced, fapi2_security or
    /// fapi2_message_signing
    #[arg(long, value_name = "PROFILE")]
    profile: Option<ProfileName>,
    /// Whether it answers
    #[arg(long, value_name = "true|false")]
    enabled: Option<bool>,
    #[command(flatten)]
    members: Members,
}

impl RealmFields {
    fn patch(&self) -> CommandResult<Patch> {
        let mut patch = self.members.patch()?;
        patch.option("display_name", self.display_name.clone()).option("enabled", self.enabled);
        patch.option("profile", self.profile.map(ProfileName::as_str));
        Ok(patch)
    }
}

/// What an administrator decides about a realm, as one object: policy, and three members beside.
fn change_of(mut object: Map<String, Value>, name: RealmName) -> CommandResult<RealmChange> {
    let display_name = take_text(&mut object, "display_name")?.unwrap_or_else(|| name.as_str().to_owned());
    let enabled = take_enabled(&mut object)?;
    Ok(RealmChange { name, display_name, enabled, settings: read_members(object)? })
}

/// The core knows the policy as a member of its own; here its members are the realm's.
fn refused(error: RegistryError) -> CommandError {
    match error {
        RegistryError::Invalid { field, problem } => {
            RegistryError::invalid(field.strip_prefix("settings.").unwrap_or(&field), problem).into()
        }
        other => other.into(),
    }
}

pub(super) async fn run(command: RealmCommand, context: &Context) -> CommandResult {
    let (provider, serving) = (context.provider(), context.serving());
    match command {
        RealmCommand::Create { name, fields } => {
            let mut object = fields.patch()?.apply(Map::new());
            take_identity(&mut object, "name", name.as_str())?;
            let change = change_of(object, name)?;
            let made =
                terminal::waiting("making keys", registry::create_realm(&serving, change)).await.map_err(refused)?;
            context.output.object(&views::realm(&made.realm, made.issuer()))?;
        }
        RealmCommand::List => {
            let realms = every(async |page| registry::list_realms(provider, &page).await).await?;
            let base = &provider.bases.public;
            let issuer = |realm: &Realm| format!("{base}/realms/{}", realm.name);
            let rows = realms.iter().map(|realm| views::realm(realm, &issuer(realm)));
            context.output.list(&rows.collect::<Vec<_>>(), &["name", "display_name", "enabled", "issuer"])?;
        }
        RealmCommand::Show { name } => {
            let found = context.realm(&name).await?;
            context.output.object(&views::realm(&found.realm, found.issuer()))?;
        }
        RealmCommand::Update { name, rename, fields } => {
            let before = registry::realm_as_stored(provider, &name).await?;
            let mut object = views::members(&before.settings);
            object.insert("display_name".to_owned(), before.display_name.clone().into());
            object.insert("enabled".to_owned(), before.enabled.into());
            let mut object = fields.patch()?.apply(object);
            take_identity(&mut object, "name", name.as_str())?;
            let change = change_of(object, rename.unwrap_or_else(|| name.clone()))?;
            let after = registry::update_realm(&serving, before, change).await.map_err(refused)?;
            context.output.object(&views::realm(&after.realm, after.issuer()))?;
        }
        RealmCommand::NewTimeline { mut names, all } => {
            if all {
                let realms = every(async |page| registry::list_realms(provider, &page).await).await?;
                names = realms.into_iter().map(|realm| realm.name).collect();
            }
            for name in &names {
                let before = registry::realm_as_stored(provider, name).await?;
                registry::begin_timeline(&serving, before).await?;
            }
            let names: Vec<&str> = names.iter().map(RealmName::as_str).collect();
            let said = format!("Nothing opens any more that was sealed before, in: {}.", names.join(", "));
            context.output.done(&said, &json!({ "names": names, "new_timeline": true }))?;
        }
        RealmCommand::RevokeAll { name, confirmation } => revoke_all(context, &name, &confirmation).await?,
        RealmCommand::Delete { name, confirmation } => {
            context.realm(&name).await?;
            let question = format!("Realm {name} and all its clients, users and keys will be gone for ever.");
            terminal::confirm(&question, &confirmation)?;
            registry::delete_realm(&serving, &name).await?;
            context
                .output
                .done(&format!("Deleted realm {name}."), &json!({ "name": name.as_str(), "deleted": true }))?;
        }
    }
    Ok(())
}

async fn revoke_all(context: &Context, name: &RealmName, confirmation: &Confirmation) -> CommandResult {
    context.realm(name).await?;
    let question = format!("Everything ends that was issued in realm {name}; all users have to log in again.");
    terminal::confirm(&question, confirmation)?;
    registry::revoke_all_of_realm(&context.serving(), name).await?;
    let said = format!("Revoked everything that was issued in realm {name}.");
    context.output.done(&said, &json!({ "name": name.as_str(), "revoked": true }))
}
