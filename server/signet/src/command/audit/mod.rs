//! `signet audit` and `signet explain`.

mod arguments;
mod cef;
mod explain;

pub(crate) use arguments::{AuditCommand, ExplainArguments};
use arguments::{Checkpoint, Filter, Format, NamedRealm};
use serde_json::{Value, json};
use signet_core::events::{EventKind, ListedRecord, Verification};
use signet_core::ports::EventQuery;
use signet_core::protocol::identifiers::{RealmId, RealmName};
use signet_core::registry::{self, RegistryError};

use super::context::Context;
use super::{CommandError, CommandResult, Status, views};
use crate::output;

/// Events that are read at a time.
const PAGE: u64 = 1000;

/// What is to be explained of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    /// Every event.
    Everything,
    /// Every event of a request in which scripts decided, and what they were told, where that was recorded.
    Scripts,
}

impl About {
    fn is_answered_by(self, events: &[ListedRecord]) -> bool {
        let decided = |event: &ListedRecord| event.record.kind == EventKind::ScriptDecision.as_str();
        match self {
            Self::Everything => !events.is_empty(),
            Self::Scripts => events.iter().any(decided),
        }
    }

    /// Why there may be nothing.
    const fn nothing(self) -> &'static str {
        match self {
            Self::Everything => {
                "no event has this support code; it may be older than audit.retention_days, or of another deployment"
            }
            Self::Scripts => {
                "no decision of a script has this support code; `signet explain` shows what else happened in the request"
            }
        }
    }
}

pub(super) async fn run(command: AuditCommand, context: &Context) -> CommandResult {
    match command {
        AuditCommand::List { place, filter, limit } => list(context, &place.realm, &filter, limit).await,
        AuditCommand::Export { place, filter, format } => export(context, &place.realm, &filter, format).await,
        AuditCommand::Verify { realm: Some(realm), checkpoint } => {
            let realm_id = find(context, &realm).await?;
            let found = registry::verify_events(context.provider(), realm_id).await?;
            let checkpoint = match &checkpoint {
                Some(checkpoint) => Some(is_met(context, realm_id, checkpoint).await?),
                None => None,
            };
            report(context, &[(realm.0, found, checkpoint)])
        }
        AuditCommand::Verify { realm: None, .. } => {
            let mut all = Vec::new();
            for (realm_id, name) in every_realm(context).await? {
                all.push((name, registry::verify_events(context.provider(), realm_id).await?, None));
            }
            report(context, &all)
        }
    }
}

/// The realm of a name, else of an identifier.
async fn find(context: &Context, realm: &NamedRealm) -> CommandResult<RealmId> {
    let by_name = match realm.0.parse::<RealmName>() {
        Ok(name) => context.provider().store.realm_by_name(&name).await?,
        Err(_) => None,
    };
    match (by_name, realm.0.parse::<RealmId>()) {
        (Some(found), _) => Ok(found.id),
        (None, Ok(id)) => Ok(id),
        (None, Err(_)) => Err(CommandError::new(Status::NotFound, "there is no such realm")),
    }
}

/// Every realm that has events, with its name, or its identifier where it was deleted.
async fn every_realm(context: &Context) -> CommandResult<Vec<(RealmId, String)>> {
    let provider = context.provider();
    let named = super::context::every(async |page| registry::list_realms(provider, &page).await).await?;
    let name = |id: RealmId| {
        let realm = named.iter().find(|realm| realm.id == id);
        realm.map_or_else(|| id.to_string(), |realm| realm.name.to_string())
    };
    Ok(registry::realms_with_events(provider).await?.into_iter().map(|id| (id, name(id))).collect())
}

async fn list(context: &Context, realm: &NamedRealm, filter: &Filter, limit: u64) -> CommandResult {
    let realm_id = find(context, realm).await?;
    let query = EventQuery { newest_first: true, ..filter.query(context.provider().clock.now_in_milliseconds()) };
    let page = registry::list_events(context.provider(), realm_id, &query, limit).await?;
    let rows: Vec<Value> = page.items.iter().rev().map(views::event).collect();
    context.output.list(&rows, &["recorded_at", "kind", "user_id", "client_id", "address", "request_id", "details"])
}

async fn export(context: &Context, realm: &NamedRealm, filter: &Filter, format: Format) -> CommandResult {
    let realm_id = find(context, realm).await?;
    let mut query = filter.query(context.provider().clock.now_in_milliseconds());
    loop {
        let page = registry::list_events(context.provider(), realm_id, &query, PAGE).await?;
        let line = |listed: &ListedRecord| match format {
            Format::Jsonl => views::event(listed).to_string(),
            Format::Cef => cef::line(&realm.0, listed),
        };
        let lines: Vec<String> = page.items.iter().map(line).collect();
        if !lines.is_empty() {
            output::print(&lines.join("\n"))?;
        }
        query.after = page.items.last().map(|last| last.record.id);
        if page.next.is_none() {
            return Ok(());
        }
    }
}

/// Whether an event still has the hash that was noted.
async fn is_met(context: &Context, realm_id: RealmId, noted: &Checkpoint) -> CommandResult<bool> {
    let rows = context.provider().store.sealed_events(realm_id, noted.sequence - 1, 1).await?;
    Ok(rows.first().is_some_and(|row| row.sequence == noted.sequence && row.hash == noted.hash))
}

fn report(context: &Context, found: &[(String, Verification, Option<bool>)]) -> CommandResult {
    let rows: Vec<Value> = found.iter().map(|(realm, found, met)| verification(realm, found, *met)).collect();
    let columns = ["realm", "holds", "sealed", "waiting", "first", "checkpoint", "first_break", "damage"];
    context.output.list(&rows, &columns)?;
    let broken: Vec<&str> = found
        .iter()
        .filter(|(_, found, met)| !found.holds() || *met == Some(false))
        .map(|(realm, ..)| realm.as_str())
        .collect();
    if broken.is_empty() {
        return Ok(());
    }
    let said =
        format!("events were tampered with in: {}; compare with exports and logs kept elsewhere", broken.join(", "));
    Err(CommandError::new(Status::Tampered, said))
}

fn verification(realm: &str, found: &Verification, met: Option<bool>) -> Value {
    let first = found.breaks.first();
    let damage = match (first, found.forged_waiting, met) {
        (Some(first), ..) => Some(first.damage.to_string()),
        (None, 1.., _) => {
            Some("an event that waits to be sealed was changed, or was not written by this server".to_owned())
        }
        (None, 0, Some(false)) => Some("the event of the checkpoint is not there any more".to_owned()),
        (None, 0, _) => None,
    };
    json!({
        "realm": realm,
        "holds": found.holds() && met != Some(false),
        "sealed": found.sealed,
        "waiting": found.waiting,
        "first": found.first,
        "checkpoint": found.checkpoint(),
        "checked": found.checked,
        "broken": found.broken,
        "first_break": first.map(|first| first.sequence),
        "damage": damage,
        "breaks": found.breaks.iter().map(|found| json!({
            "sequence": found.sequence, "damage": found.damage.to_string(),
        })).collect::<Vec<_>>(),
    })
}

/// `signet explain`.
pub(super) async fn explain(arguments: ExplainArguments, about: About, context: &Context) -> CommandResult {
    let realms = match &arguments.realm {
        Some(realm) => vec![(find(context, realm).await?, realm.0.clone())],
        None => every_realm(context).await?,
    };
    let mut found = Vec::new();
    for (realm_id, name) in realms {
        let explained = match registry::explain_request(context.provider(), realm_id, &arguments.request).await {
            Err(RegistryError::NotFound(_)) => continue,
            other => other?,
        };
        if about.is_answered_by(&explained.events) {
            let recordings = if about == About::Scripts { explained.recordings } else { Vec::new() };
            found.push((name, explained.events, recordings));
        }
    }
    if found.is_empty() {
        return Err(CommandError::new(Status::NotFound, about.nothing()));
    }
    if context.output.is_json() {
        let events = found.iter().flat_map(|(realm, events, _)| events.iter().map(move |event| (realm, event)));
        let items: Vec<Value> = events.map(|(realm, event)| views::event_of_realm(realm, event)).collect();
        let mut answer = json!({ "items": items });
        if about == About::Scripts {
            answer["recordings"] = found.iter().flat_map(|(_, _, runs)| runs.iter().map(explain::recorded)).collect();
        }
        return output::print_json(&answer);
    }
    let texts: Vec<String> =
        found.iter().map(|(realm, events, recordings)| explain::text(realm, events, recordings)).collect();
    output::print(&texts.join("\n\n"))
}
