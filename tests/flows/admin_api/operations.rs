//! Every operation of the OpenAPI document, and the objects that they are tried on.

use serde_json::{Map, Value, json};
use signet_core::authn::new_session;
use signet_core::model::{Authorization, Completion, DEFAULT_SLOT, Purpose, ScriptRecording, UsedRecord, User};
use signet_core::ports::{Login, PageRequest, SessionEnding, WhichSessions};
use signet_core::protocol::identifiers::{AuthorizationId, ScriptRecordingId};
use signet_core::protocol::time::UnixTime;
use signet_core::registry::{self, UserChange};
use signet_hooks::{Hook, Recording, Version};

use super::protected::protected;
use super::service::{Ask, PUBLIC, Service};
use crate::support::scripts;

/// One operation of the document.
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) method: String,
    pub(super) path: String,
    has_body: bool,
    /// Names of the members that a good answer may have; nothing where it has no body.
    pub(super) answered: Vec<String>,
}

pub(super) fn operations() -> Vec<Operation> {
    let document: Value = serde_json::from_str(&signet_admin::openapi_document(PUBLIC)).unwrap();
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            operations.push(Operation {
                id: operation["operationId"].as_str().unwrap().to_owned(),
                method: method.to_ascii_uppercase(),
                path: path.clone(),
                has_body: operation["requestBody"].is_object(),
                answered: answered_members(&document, operation),
            });
        }
    }
    // What ends things comes last, realms after what is in them, and clients after what users allowed them.
    let order = |path: &str| (std::cmp::Reverse(path.len()), path.to_owned());
    let ends = |operation: &Operation| operation.method == "DELETE" || operation.id == "revokeAllOfRealm";
    operations.sort_by_key(|operation| (ends(operation), order(&operation.path)));
    operations
}

fn answered_members(document: &Value, operation: &Value) -> Vec<String> {
    let content = ["200", "201"].iter().find_map(|status| operation["responses"][status]["content"].as_object());
    let Some(reference) = content.and_then(|content| content.values().next()?["schema"]["$ref"].as_str()) else {
        return Vec::new();
    };
    document.pointer(&reference[1..]).unwrap()["properties"].as_object().unwrap().keys().cloned().collect()
}

/// Objects that operations are tried on.
pub(super) struct Objects {
    pub(super) realm: String,
    pub(super) ids: Map<String, Value>,
    /// A version of the script, the one before the active.
    pub(super) version: String,
    /// A recorded run of it.
    pub(super) recording: String,
}

impl Objects {
    /// One of each in a realm of its own.
    pub(super) async fn make(service: &Service, realm: &str) -> Self {
        let base = service.realm(realm).await;
        let settings = json!({"backchannel_authentication": true, "backchannel_user_code": true});
        assert_eq!(service.patch(&base, &settings).send().await.status, 200);
        let client = json!({
            "client_id": "app", "redirect_uris": ["https://rp.test/cb"], "backchannel_logout_uri": "https://rp.test/out",
        });
        assert_eq!(service.post(format!("{base}/clients"), &client).send().await.status, 201);
        let user = service.post(format!("{base}/users"), &json!({"username": "ana"})).send().await;
        let key = service.post(format!("{base}/keys"), &json!({"algorithm": "ES384"})).send().await;
        let server = json!({"identifier": "https://api.test", "display_name": "API"});
        let server = service.post(format!("{base}/resource-servers"), &server).send().await;
        let kind = details_type("payment");
        let kind = service.post(format!("{base}/authorization-details-types"), &kind).send().await;
        let trusted = trusted_issuer("https://partner.test");
        let trusted = service.post(format!("{base}/trusted-issuers"), &trusted).send().await;
        let token = service.post(format!("{base}/initial-access-tokens"), &json!({})).send().await;
        let table = service.method("PUT", format!("{base}/script-values/kv/table")).json(&json!({"value": 1}));
        assert_eq!(table.send().await.status, 204);
        let mut versions = Vec::new();
        for body in ["first", "second"] {
            let deployment = json!({"files": scripts::files("limits", "", body)});
            let deployed = service.post(format!("{base}/scripts"), &deployment).send().await;
            versions.push(deployed.body["version"].as_str().unwrap().to_owned());
        }
        let (session, delivery, authorization) = signed_in(service, realm).await;
        let (resource, request) = protected(service, realm).await;
        let ids = json!({
            "sessions": session,
            "authorizations": authorization,
            "logout-deliveries": delivery,
            "protected-resources": resource,
            "access-requests": request,
            "clients": "app",
            "users": user.body["id"],
            "keys": key.body["kid"],
            "resource-servers": server.body["id"],
            "authorization-details-types": kind.body["id"],
            "trusted-issuers": trusted.body["id"],
            "initial-access-tokens": token.body["id"],
            "scripts": "limits",
            "script-values": "table",
        });
        let recording = record(service, realm).await;
        let mut ids = ids.as_object().unwrap().clone();
        let events = service.get(format!("{base}/audit-events?limit=1")).send().await;
        ids.insert("requests".to_owned(), events.body["items"][0]["request_id"].clone());
        Self { realm: realm.to_owned(), ids, version: versions.swap_remove(0), recording }
    }

    /// The path of an operation for these objects, in `realm`.
    pub(super) fn path(&self, operation: &Operation, realm: &str) -> String {
        let mut collection = "";
        let segments = operation.path.split('/').map(|segment| match segment {
            "{realm}" => realm,
            "{kind}" => "kv",
            "{version}" => &self.version,
            "{recording}" => &self.recording,
            placeholder if placeholder.starts_with('{') => self.ids[collection].as_str().unwrap(),
            name => {
                collection = name;
                name
            }
        });
        segments.collect::<Vec<_>>().join("/")
    }
}

/// A session of a user of its own, a logout that a client is yet to be told of, and what the user allowed the client.
async fn signed_in(service: &Service, realm: &str) -> (String, String, String) {
    let (provider, store) = (&service.provider, &service.provider.store);
    let realm = registry::find_realm(provider, &realm.parse().unwrap()).await.unwrap();
    let change = UserChange { username: "bea".to_owned(), enabled: true, claims: Map::new(), attributes: Map::new() };
    let user = registry::create_user(&provider.serving_itself(), &realm, change, None).await.unwrap();
    let mut sids = Vec::new();
    for form in [1, 2] {
        let (_, session) = new_session(provider, &realm, &user, None);
        sids.push(session.sid);
        let form = UsedRecord { purpose: Purpose::Interaction, key: [form; 32], expires_at: session.expires_at };
        store.open_session(&Login { form, session, replaces: None, account: None }, &[]).await.unwrap();
    }
    let mut ending = SessionEnding::of(WhichSessions::Named(sids.pop().unwrap()));
    ending.also_notify = vec!["app".parse().unwrap()];
    store.end_sessions(realm.id(), &ending, &[]).await.unwrap();
    let page = PageRequest { after: None, limit: 1 };
    let delivery = store.list_logout_deliveries(realm.id(), None, &page).await.unwrap().items.remove(0);
    let allowed = allowed(&user);
    let form = UsedRecord { purpose: Purpose::Interaction, key: [3; 32], expires_at: UnixTime(i64::MAX) };
    let form = Completion::Interaction(form);
    let allowed = store.record_consent(&form, &allowed, &[]).await.unwrap().unwrap();
    (sids.remove(0).to_string(), delivery.number.to_string(), allowed.id.to_string())
}

fn allowed(user: &User) -> Authorization {
    Authorization {
        realm_id: user.realm_id,
        id: AuthorizationId(user.id.0),
        user_id: user.id,
        client_id: "app".parse().unwrap(),
        slot: DEFAULT_SLOT.to_owned(),
        scope: "openid".parse().unwrap(),
        claims: Vec::new(),
        resources: Vec::new(),
        details: Vec::new(),
        epoch: 0,
        created_at: UnixTime(0),
        updated_at: UnixTime(0),
    }
}

/// Stores a recorded run of the script.
async fn record(service: &Service, realm: &str) -> String {
    let realm = registry::find_realm(&service.provider, &realm.parse().unwrap()).await.unwrap();
    let id = ScriptRecordingId([7; 16]);
    let hook = Hook::OnTokenRequest;
    let recording = Recording {
        hook,
        version: Version([1; 32]),
        context: hook.sample_input(),
        calls: Vec::new(),
        outcome: Ok(json!({"decision": "none"})),
        vars: None,
        log: Vec::new(),
        operations: 1,
        as_decided: true,
    };
    let stored = ScriptRecording {
        realm_id: realm.id(),
        id,
        recorded_at: UnixTime(0),
        expires_at: UnixTime(i64::MAX),
        package: "limits".parse().unwrap(),
        version: recording.version,
        hook: hook.name().to_owned(),
        client_id: None,
        recording: serde_json::to_string(&recording).unwrap(),
    };
    service.provider.store.insert_script_recordings(&[stored]).await.unwrap();
    id.to_string()
}

fn details_type(name: &str) -> Value {
    json!({"type": name, "schema": {"type": "object"}, "texts": {"en": {"title": "Something"}}})
}

fn trusted_issuer(issuer: &str) -> Value {
    json!({"issuer": issuer, "jwks_uri": format!("{issuer}/jwks")})
}

fn body(operation: &Operation, objects: &Objects) -> Value {
    match operation.id.as_str() {
        "createRealm" => json!({"name": "another", "display_name": "Another"}),
        "createClient" => json!({"redirect_uris": ["https://rp.test/cb"]}),
        "createUser" => json!({"username": "bo"}),
        "createKey" | "rotateKey" => json!({"algorithm": "ES256"}),
        "createInitialAccessToken" => json!({"uses": 2}),
        "createResourceServer" => json!({"identifier": "https://other.test", "display_name": "Other"}),
        "createAuthorizationDetailsType" => details_type("other"),
        "createTrustedIssuer" => trusted_issuer("https://other.test"),
        "deployScript" => json!({"files": scripts::files("other", "", "")}),
        "checkScript" | "testScript" | "fuzzScript" => json!({"files": scripts::files("limits", "", "")}),
        "runScript" => json!({"files": scripts::files("limits", "", ""), "hook": "on_token_request"}),
        "promoteScript" => json!({"version": objects.version}),
        "setScriptValue" => json!({"value": {"a": [1]}}),
        "setUserPassword" => json!({"password": "long and unlikely enough"}),
        "setUserCode" => json!({"user_code": "739164"}),
        _ => json!({}),
    }
}

/// Asks for an operation on the objects, at this path.
pub(super) fn ask<'a>(service: &'a Service, (operation, objects): (&Operation, &Objects), path: String) -> Ask<'a> {
    let ask = service.method(&operation.method, path);
    if operation.has_body { ask.json(&body(operation, objects)) } else { ask }
}

/// What the realm's lists show.
pub(super) async fn everything(service: &Service, objects: &Objects) -> Vec<Value> {
    let mut seen = vec![service.get("/realms").send().await.body];
    for collection in objects.ids.keys() {
        seen.push(service.get(format!("/realms/{}/{collection}", objects.realm)).send().await.body);
    }
    seen
}
