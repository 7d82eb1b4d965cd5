//! How what is administered is shown: as the admin API does, with secrets nowhere but in [`issued`].

use serde::Serialize;
use serde_json::{Map, Value, json};
use signet_core::events::ListedRecord;
use signet_core::model::{
    Authorization, AuthorizationDetailsType, BrowserSession, Client, DEFAULT_SLOT, InitialAccessToken, LogoutDelivery,
    Realm, ResourceServer, SigningKeyRecord, SpontaneousScope, TrustedIssuer, UmaRequest, UmaRequestState, UmaResource,
    User,
};
use signet_core::profile::conformity::{Gap, RequestKind};
use signet_core::protocol::rfc3339;
use signet_core::protocol::time::UnixTime;
use signet_core::registry::{Forecast, ForecastGap, IssuedSecret, ListedSession};
use time::OffsetDateTime;

/// The members of something that serializes to an object.
pub(super) fn members(object: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(object) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

/// A point in time as RFC 3339 writes it; what no calendar has is shown as the number it is.
pub(super) fn timestamp(time: UnixTime) -> String {
    let Ok(date) = OffsetDateTime::from_unix_timestamp(time.0) else { return time.0.to_string() };
    let (year, month, day) = date.to_calendar_date();
    let (hour, minute, second) = date.to_hms();
    format!("{year:04}-{:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z", u8::from(month))
}

/// An object without members that are null.
pub(super) fn without_nulls(mut object: Value) -> Value {
    if let Value::Object(members) = &mut object {
        members.retain(|_, value| !value.is_null());
    }
    object
}

fn with(mut object: Value, more: Map<String, Value>) -> Value {
    if let Value::Object(members) = &mut object {
        members.extend(more);
    }
    object
}

/// A realm and its issuer.
pub(super) fn realm(realm: &Realm, issuer: &str) -> Value {
    let head = json!({
        "name": realm.name.as_str(),
        "issuer": issuer,
        "display_name": realm.display_name,
        "enabled": realm.enabled,
        "created_at": timestamp(realm.created_at),
        "updated_at": timestamp(realm.updated_at),
    });
    with(head, members(&realm.settings))
}

/// A client without its secret.
pub(super) fn client(client: &Client) -> Value {
    let head = json!({
        "client_id": client.client_id.as_str(),
        "enabled": client.enabled,
        "created_at": timestamp(client.created_at),
        "updated_at": timestamp(client.updated_at),
    });
    let settings = Map::from_iter([("settings".to_owned(), Value::Object(members(&client.settings)))]);
    with(with(head, members(&client.metadata)), settings)
}

/// A client with the secret that was made just now, if one was.
pub(super) fn issued(issued: &IssuedSecret) -> Value {
    let secret = issued.secret.as_ref();
    let secret = secret.map(|secret| ("client_secret".to_owned(), Value::from(secret.as_str())));
    with(client(&issued.client), secret.into_iter().collect())
}

/// A demand of a security profile that a client does not meet, or not by its registration alone.
pub(super) fn profile_gap(gap: &Gap) -> Value {
    without_nulls(json!({
        "requirement": gap.requirement.name,
        "section": gap.section.map(|section| section.to_string()),
        "field": gap.shortfall.as_ref().map(|shortfall| shortfall.field),
        "change": gap.shortfall.as_ref().map(|shortfall| &shortfall.change),
        "in_requests": gap.in_requests,
    }))
}

/// What a profile would have refused of a client.
pub(super) fn forecast(forecast: &Forecast) -> Value {
    let traffic = forecast.traffic.iter().map(
        |traffic| json!({ "kind": traffic.kind.as_str(), "requests": traffic.requests, "failing": traffic.failing }),
    );
    json!({
        "client_id": forecast.client_id.as_str(),
        "profile": forecast.profile,
        "days": forecast.days,
        "clear": forecast.is_clear(),
        "traffic": traffic.collect::<Vec<_>>(),
        "gaps": forecast.gaps.iter().map(forecast_gap).collect::<Vec<_>>(),
    })
}

fn forecast_gap(gap: &ForecastGap) -> Value {
    without_nulls(json!({
        "requirement": gap.requirement.name,
        "section": gap.section.map(|section| section.to_string()),
        "kind": gap.requirement.kind().map(RequestKind::as_str),
        "failing": gap.failing,
        "field": gap.shortfall.as_ref().map(|shortfall| shortfall.field),
        "change": gap.shortfall.as_ref().map(|shortfall| &shortfall.change),
        "in_requests": gap.in_requests,
    }))
}

/// The same as rows of a table: one for each demand that is not met, or one that says there is none, and for how much
/// traffic that is.
pub(super) fn forecast_rows(forecast: &Forecast) -> Vec<Value> {
    let requests = |kind: Option<RequestKind>| {
        let of_kind = forecast.traffic.iter().filter(|traffic| kind.is_none_or(|kind| traffic.kind == kind));
        of_kind.map(|traffic| traffic.requests).sum::<u64>()
    };
    if forecast.is_clear() {
        let client_id = forecast.client_id.as_str();
        return vec![json!({ "client_id": client_id, "requirement": "-", "failing": 0, "of": requests(None) })];
    }
    let row = |gap: &ForecastGap| {
        let mut row = forecast_gap(gap);
        row["client_id"] = forecast.client_id.as_str().into();
        row["of"] = requests(gap.requirement.kind()).into();
        row
    };
    forecast.gaps.iter().map(row).collect()
}

/// An initial access token without the token itself.
pub(super) fn initial_access_token(token: &InitialAccessToken) -> Value {
    json!({
        "id": token.id.to_string(),
        "description": token.description,
        "uses_left": token.uses_left,
        "expires_at": timestamp(token.expires_at),
        "created_at": timestamp(token.created_at),
    })
}

/// A user without credentials.
pub(super) fn user(user: &User) -> Value {
    json!({
        "id": user.id.to_string(),
        "username": user.username,
        "enabled": user.enabled,
        "claims": user.claims,
        "attributes": user.attributes,
        "created_at": timestamp(user.created_at),
        "updated_at": timestamp(user.updated_at),
    })
}

/// A session.
pub(super) fn session(session: &BrowserSession) -> Value {
    json!({
        "id": session.sid.to_string(),
        "user_id": session.user_id.to_string(),
        "methods": session.amr.split(' ').filter(|method| !method.is_empty()).collect::<Vec<_>>(),
        "authenticated_at": timestamp(session.authenticated_at),
        "last_seen_at": timestamp(session.last_seen_at),
        "expires_at": timestamp(session.expires_at),
    })
}

/// A session with the clients that take part in it.
pub(super) fn session_with_clients(listed: &ListedSession) -> Value {
    let clients: Value = listed.clients.iter().map(ToString::to_string).collect::<Vec<_>>().into();
    with(session(&listed.session), Map::from_iter([("clients".to_owned(), clients)]))
}

/// What a user allowed a client.
pub(super) fn authorization(authorization: &Authorization) -> Value {
    json!({
        "id": authorization.id.to_string(),
        "user_id": authorization.user_id.to_string(),
        "client_id": authorization.client_id.as_str(),
        "managed": authorization.slot != DEFAULT_SLOT,
        "scope": authorization.scope.to_string(),
        "claims": authorization.claims,
        "resources": authorization.resources,
        "authorization_details": authorization.details,
        "created_at": timestamp(authorization.created_at),
        "updated_at": timestamp(authorization.updated_at),
    })
}

/// A resource that its owner protects here.
pub(super) fn protected_resource(resource: &UmaResource) -> Value {
    json!({
        "id": resource.id.to_string(),
        "name": resource.description.name,
        "resource_server": resource.keeper.server.as_str(),
        "owner_id": resource.keeper.owner.map(|owner| owner.to_string()),
        "description": resource.description.as_registered(),
        "policies": resource.policies,
        "spontaneous_scopes": resource.spontaneous_scopes.iter().map(spontaneous_scope).collect::<Vec<_>>(),
        "created_at": timestamp(resource.created_at),
        "updated_at": timestamp(resource.updated_at),
    })
}

fn spontaneous_scope(made: &SpontaneousScope) -> Value {
    json!({ "scope": made.scope, "pattern": made.pattern, "expires_at": timestamp(made.expires_at) })
}

/// A request for access that is before a resource owner.
pub(super) fn access_request(request: &UmaRequest) -> Value {
    json!({
        "id": request.id.to_string(),
        "owner_id": request.owner_id.to_string(),
        "resource_server": request.server.as_str(),
        "user_id": request.user_id.to_string(),
        "client_id": request.client_id.as_str(),
        "permissions": request.permissions,
        "state": match request.state {
            UmaRequestState::Pending => "pending",
            UmaRequestState::Granted => "granted",
            UmaRequestState::Denied => "denied",
        },
        "created_at": timestamp(request.created_at),
        "expires_at": timestamp(request.expires_at),
    })
}

/// A logout that a client is yet to be told of.
pub(super) fn logout_delivery(delivery: &LogoutDelivery) -> Value {
    json!({
        "id": delivery.number.to_string(),
        "client_id": delivery.client_id.as_str(),
        "session_id": delivery.sid.to_string(),
        "user_id": delivery.user_id.to_string(),
        "dead": delivery.dead,
        "attempts": delivery.attempts,
        "problem": delivery.problem,
        "created_at": timestamp(delivery.created_at),
        "next_at": timestamp(delivery.next_at),
    })
}

/// A signing key without its private part.
pub(super) fn key(key: &SigningKeyRecord) -> Value {
    let mut object = json!({
        "kid": key.kid.as_str(),
        "algorithm": key.algorithm,
        "state": key.state.as_str(),
        "created_at": timestamp(key.created_at),
        "state_since": timestamp(key.state_since),
    });
    if let Some(at) = key.activates_at {
        object["activates_at"] = timestamp(at).into();
    }
    object
}

/// A type of authorization details.
pub(super) fn details_type(kind: &AuthorizationDetailsType) -> Value {
    let mut view = members(&json!(kind.definition));
    view.insert("id".to_owned(), kind.id.to_string().into());
    view.insert("type".to_owned(), kind.name.as_str().into());
    view.insert("created_at".to_owned(), timestamp(kind.created_at).into());
    view.insert("updated_at".to_owned(), timestamp(kind.updated_at).into());
    Value::Object(view)
}

/// A trusted issuer.
pub(super) fn trusted_issuer(trusted: &TrustedIssuer) -> Value {
    let mut view = members(&json!(trusted.definition));
    view.insert("id".to_owned(), trusted.id.to_string().into());
    view.insert("issuer".to_owned(), trusted.issuer.as_str().into());
    view.insert("created_at".to_owned(), timestamp(trusted.created_at).into());
    view.insert("updated_at".to_owned(), timestamp(trusted.updated_at).into());
    Value::Object(view)
}

/// A resource server.
pub(super) fn resource_server(server: &ResourceServer) -> Value {
    without_nulls(json!({
        "id": server.id.to_string(),
        "identifier": server.identifier,
        "display_name": server.display_name,
        "scopes": server.scopes,
        "token_format": server.token_format,
        "algorithm": server.algorithm,
        "access_token_seconds": server.access_token_seconds,
        "required_acr_values": server.required_acr_values,
        "max_authentication_age_seconds": server.max_authentication_age_seconds,
        "created_at": timestamp(server.created_at),
        "updated_at": timestamp(server.updated_at),
    }))
}

/// An event.
pub(super) fn event(listed: &ListedRecord) -> Value {
    let record = &listed.record;
    let details: Value = serde_json::from_str(&record.details).unwrap_or_else(|_| record.details.as_str().into());
    json!({
        "id": record.id.to_string(),
        "sequence": listed.sequence,
        "recorded_at": rfc3339::write(record.recorded_at),
        "request_id": record.request_id,
        "kind": record.kind,
        "user_id": record.user_id.map(|id| id.to_string()),
        "client_id": record.client_id,
        "session_id": record.session_id.map(|id| id.to_string()),
        "address": record.address,
        "details": details,
    })
}

/// An event beside those of other realms.
pub(super) fn event_of_realm(realm: &str, listed: &ListedRecord) -> Value {
    let head = json!({ "realm": realm });
    with(head, members(&event(listed)))
}
