//! `signet user`.

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use signet_core::model::User;
use signet_core::protocol::identifiers::UserId;
use signet_core::realm::RealmContext;
use signet_core::registry::{self, RegistryError, UserChange};

use super::arguments::{Confirmation, InRealm};
use super::context::{Context, every};
use super::members::{Members, Patch, read_members, take_enabled, take_identity, take_object, take_text};
use super::{CommandError, CommandResult, Status, terminal, views};

/// What can be asked about users.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Make a user
    Create {
        #[command(flatten)]
        place: InRealm,
        /// The login name
        username: String,
        /// Also set a password, asked for at the prompt or read from standard input
        #[arg(long)]
        with_password: bool,
        #[command(flatten)]
        fields: UserFields,
    },
    /// List users
    List(InRealm),
    /// Show a user
    Show(NamedUser),
    /// Change a user; what is not named stays as it is
    Update {
        #[command(flatten)]
        user: NamedUser,
        /// A new login name
        #[arg(long, value_name = "USERNAME")]
        rename: Option<String>,
        #[command(flatten)]
        fields: UserFields,
    },
    /// Revoke everything that was issued for a user until now, and end the user's sessions
    RevokeAll {
        #[command(flatten)]
        user: NamedUser,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Delete a user for ever
    Delete {
        #[command(flatten)]
        user: NamedUser,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Set the password, asked for at the prompt or read from standard input; ends the user's sessions and tokens
    SetPassword(NamedUser),
}

/// A user of a realm.
#[derive(Debug, Args)]
pub(crate) struct NamedUser {
    #[command(flatten)]
    pub(crate) place: InRealm,
    /// The login name or the identifier
    #[arg(value_name = "USER", allow_hyphen_values = true, value_parser = NonEmptyStringValueParser::new())]
    pub(crate) user: String,
}

/// What can be decided about a user.
#[derive(Debug, Args)]
pub(crate) struct UserFields {
    /// A standard claim of OpenID Connect, such as email=ana@example.com; the value in JSON or as text; null removes
    /// it; may be repeated
    #[arg(long = "claim", value_name = "NAME=VALUE")]
    claims: Vec<String>,
    /// What the organization knows besides, for scripts whose manifests name it, such as department=sales; the value in
    /// JSON or as text; null removes it; may be repeated
    #[arg(long = "attribute", value_name = "NAME=VALUE")]
    attributes: Vec<String>,
    /// Whether the user may log in
    #[arg(long, value_name = "true|false")]
    enabled: Option<bool>,
    #[command(flatten)]
    members: Members,
}

impl UserFields {
    fn patch(&self, username: Option<&str>) -> CommandResult<Patch> {
        let mut patch = self.members.patch()?;
        for claim in &self.claims {
            patch.assign(&format!("claims.{claim}"))?;
        }
        for attribute in &self.attributes {
            patch.assign_within("attributes", attribute)?;
        }
        patch.option("username", username).option("enabled", self.enabled);
        Ok(patch)
    }
}

/// What an administrator decides about a user, as one object.
fn change_of(mut object: Map<String, Value>) -> CommandResult<UserChange> {
    let username = take_text(&mut object, "username")?.unwrap_or_default();
    let enabled = take_enabled(&mut object)?;
    let claims = take_object(&mut object, "claims")?;
    let attributes = take_object(&mut object, "attributes")?;
    if object.contains_key("password") {
        let said = "password: set it with: signet user set-password";
        return Err(CommandError::new(Status::Usage, said));
    }
    read_members::<Nothing>(object)?;
    Ok(UserChange { username, enabled, claims, attributes })
}

/// An object without members.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// The user of a login name, else of an identifier.
pub(super) async fn find(context: &Context, realm: &RealmContext, named: &str) -> CommandResult<User> {
    let provider = context.provider();
    match (registry::find_user_by_name(provider, realm, named).await, named.parse::<UserId>()) {
        (Err(RegistryError::NotFound(_)), Ok(id)) => Ok(registry::find_user(provider, realm, id).await?),
        (found, _) => Ok(found?),
    }
}

pub(super) async fn run(command: UserCommand, context: &Context) -> CommandResult {
    let (provider, serving) = (context.provider(), context.serving());
    match command {
        UserCommand::Create { place, username, with_password, fields } => {
            let realm = context.realm(&place.realm).await?;
            let change = change_of(fields.patch(Some(&username))?.apply(Map::new()))?;
            let password = with_password.then(|| terminal::read_secret("password")).transpose()?;
            let made = registry::create_user(&serving, &realm, change, password.as_ref().map(|text| text.as_str()));
            context.output.object(&views::user(&made.await?))?;
        }
        UserCommand::List(place) => {
            let realm = context.realm(&place.realm).await?;
            let users = every(async |page| registry::list_users(provider, &realm, &page).await).await?;
            let rows: Vec<Value> = users.iter().map(views::user).collect();
            context.output.list(&rows, &["id", "username", "enabled"])?;
        }
        UserCommand::Show(named) => {
            let realm = context.realm(&named.place.realm).await?;
            context.output.object(&views::user(&find(context, &realm, &named.user).await?))?;
        }
        UserCommand::Update { user, rename, fields } => {
            let realm = context.realm(&user.place.realm).await?;
            let before = find(context, &realm, &user.user).await?;
            let object = views::members(&json!({
                "username": before.username, "enabled": before.enabled, "claims": before.claims,
                "attributes": before.attributes,
            }));
            let mut object = fields.patch(rename.as_deref())?.apply(object);
            take_identity(&mut object, "id", &before.id.to_string())?;
            let change = change_of(object)?;
            let after = registry::update_user(&serving, &realm, before, change).await?;
            context.output.object(&views::user(&after))?;
        }
        UserCommand::RevokeAll { user, confirmation } => revoke_all(context, &user, &confirmation).await?,
        UserCommand::Delete { user, confirmation } => {
            let realm = context.realm(&user.place.realm).await?;
            let found = find(context, &realm, &user.user).await?;
            let question = format!("User {} and everything that was issued for them will be gone for ever.", user.user);
            terminal::confirm(&question, &confirmation)?;
            registry::delete_user(&serving, &realm, found.id).await?;
            let object = json!({ "id": found.id.to_string(), "username": found.username, "deleted": true });
            context.output.done(&format!("Deleted user {}.", user.user), &object)?;
        }
        UserCommand::SetPassword(named) => {
            let realm = context.realm(&named.place.realm).await?;
            let found = find(context, &realm, &named.user).await?;
            let password = terminal::read_secret("password")?;
            registry::set_password(&serving, &realm, found.id, &password).await?;
            let said = format!("Set the password of user {}; sessions and tokens have ended.", named.user);
            context.output.done(&said, &json!({ "id": found.id.to_string(), "username": found.username }))?;
        }
    }
    Ok(())
}

async fn revoke_all(context: &Context, user: &NamedUser, confirmation: &Confirmation) -> CommandResult {
    let realm = context.realm(&user.place.realm).await?;
    let found = find(context, &realm, &user.user).await?;
    let question = format!("Everything ends that was issued for user {}, and every session.", user.user);
    terminal::confirm(&question, confirmation)?;
    registry::revoke_all_of_user(&context.serving(), &realm, found.id).await?;
    let said = format!("Revoked everything that was issued for user {}.", user.user);
    let object = json!({ "id": found.id.to_string(), "username": found.username, "revoked": true });
    context.output.done(&said, &object)
}
