//! Deploying packages and choosing the version that decides.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use signet_core::model::ScriptBinding;
use signet_core::protocol::identifiers::{ClientId, RealmName};
use signet_core::realm::RealmContext;
use signet_core::registry::{self, DeploymentRequest, ScriptState, VersionPrefix};

use super::{NamedScript, views};
use crate::command::arguments::Confirmation;
use crate::command::context::Context;
use crate::command::{CommandResult, terminal};

/// A package that is to be deployed.
pub(super) struct Request {
    pub(super) files: BTreeMap<String, String>,
    pub(super) client_id: Option<ClientId>,
    pub(super) position: Option<i64>,
    pub(super) store_only: bool,
}

pub(super) async fn deploy(
    context: &Context,
    realm: &RealmName,
    request: Request,
    accept: Vec<String>,
) -> CommandResult {
    let realm = context.realm(realm).await?;
    let Request { files, client_id, position, store_only } = request;
    let request = DeploymentRequest { files, client_id, position, activate: !store_only, accept };
    let serving = context.serving();
    let deploying = registry::deploy_script(&serving, &realm, request);
    let deployed = terminal::waiting("deploying", deploying).await?;
    let state = registry::find_script(context.provider(), &realm, &deployed.binding.target).await?;
    context.output.object(&json!({
        "version": deployed.summary.version.to_string(),
        "is_new": deployed.is_new,
        "script": views::script(&state),
    }))
}

pub(super) async fn list(context: &Context, realm: &RealmName) -> CommandResult {
    let realm = context.realm(realm).await?;
    let states = registry::list_scripts(context.provider(), &realm).await?;
    let row = if context.output.is_json() { views::script } else { views::script_row };
    let rows: Vec<Value> = states.iter().map(row).collect();
    context.output.list(&rows, &["name", "client_id", "active", "previous", "shadow", "hooks", "problem"])
}

/// A script as it is in the database at this moment.
async fn find(context: &Context, script: &NamedScript) -> CommandResult<(Arc<RealmContext>, ScriptState)> {
    let realm = context.realm(&script.package.place.realm).await?;
    let state = registry::find_script(context.provider(), &realm, &script.target()).await?;
    Ok((realm, state))
}

async fn show_changed(context: &Context, realm: &RealmContext, binding: &ScriptBinding) -> CommandResult {
    let state = registry::find_script(context.provider(), realm, &binding.target).await?;
    context.output.object(&views::script(&state))
}

pub(super) async fn show(context: &Context, script: &NamedScript) -> CommandResult {
    let (_, state) = find(context, script).await?;
    context.output.object(&views::script(&state))
}

pub(super) async fn promote(
    context: &Context,
    script: &NamedScript,
    chosen: (&VersionPrefix, &[String]),
) -> CommandResult {
    let (realm, before) = find(context, script).await?;
    let serving = context.serving();
    let after = registry::promote_script(&serving, &realm, before.binding, chosen).await?;
    show_changed(context, &realm, &after).await
}

pub(super) async fn roll_back(context: &Context, script: &NamedScript) -> CommandResult {
    let (realm, before) = find(context, script).await?;
    let serving = context.serving();
    let after = registry::roll_back_script(&serving, &realm, before.binding).await?;
    show_changed(context, &realm, &after).await
}

pub(super) async fn shadow(
    context: &Context,
    script: &NamedScript,
    tried: Option<(&VersionPrefix, u8, &[String])>,
) -> CommandResult {
    let (realm, before) = find(context, script).await?;
    let serving = context.serving();
    let after = registry::shadow_script(&serving, &realm, before.binding, tried).await?;
    show_changed(context, &realm, &after).await
}

pub(super) async fn delete(context: &Context, script: &NamedScript, confirmation: &Confirmation) -> CommandResult {
    let (realm, state) = find(context, script).await?;
    let name = &script.package.name;
    terminal::confirm(&format!("Script {name} will not decide any more."), confirmation)?;
    registry::delete_script(&context.serving(), &realm, &state.binding).await?;
    let client_id = script.decides.client.as_ref().map(ClientId::as_str);
    let object = json!({ "name": name.as_str(), "client_id": client_id, "deleted": true });
    context.output.done(&format!("Deleted script {name}."), &object)
}
