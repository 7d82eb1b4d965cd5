//! What every hook is told: the members of `ctx` that do not depend on the hook.
//!
//! These are copies for scripts to read. None of them holds a credential: no password or its hash, no secret, no cookie,
//! no code, no token.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::hook::{Hook, HookPoint, ShapeError};

/// Largest `vars` of a transaction as JSON, in bytes. They travel sealed in addresses and codes, where they take 600
/// characters.
pub const VARS_MAXIMUM_BYTES: usize = 450;

/// What a transaction hands on once `more` is added: a name that is there already gets the later value.
///
/// # Errors
/// It is too large together.
pub fn handed_on(
    before: &Map<String, Value>,
    more: &Map<String, Value>,
) -> Result<Map<String, Value>, TooMuchHandedOn> {
    let mut vars = before.clone();
    vars.extend(more.clone());
    let fits = serde_json::to_vec(&vars).is_ok_and(|json| json.len() <= VARS_MAXIMUM_BYTES);
    if fits { Ok(vars) } else { Err(TooMuchHandedOn) }
}

/// What the scripts of a transaction hand on is too large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what the scripts of this transaction hand on has more than {VARS_MAXIMUM_BYTES} bytes as JSON together")]
pub struct TooMuchHandedOn;

/// The common members of `ctx`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Context {
    /// The current time in seconds since 1970-01-01T00:00:00Z. The only clock a script has.
    pub now: i64,
    /// The identifier of the request, which users see as support code; for work outside of requests, an identifier that
    /// stays the same when the work is tried again.
    pub request_id: String,
    /// The realm.
    pub realm: RealmView,
    /// The client; `()` where there is none.
    pub client: Option<ClientView>,
    /// Where the request comes from.
    pub net: NetworkView,
    /// The user; `()` where none is known. A script reads only the attributes that its manifest names: standard claims,
    /// those of the organization, `sub`, `username` and `updated_at`. One that the user has not is `()`.
    pub user: Option<Map<String, Value>>,
    /// The browser session; `()` where there is none.
    pub session: Option<SessionView>,
    /// What earlier hooks of the same transaction handed on with `with_vars`; at most 450 bytes as JSON.
    pub vars: Map<String, Value>,
}

/// A realm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RealmView {
    /// Its name in the issuer.
    pub name: String,
    /// Its name for people.
    pub display_name: String,
}

/// Whether a client can keep a credential (RFC 6749 section 2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClientType {
    /// It can.
    Confidential,
    /// It cannot.
    Public,
}

/// A client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientView {
    /// `client_id`.
    pub id: String,
    /// `client_name`; `()` for a client without one.
    pub name: Option<String>,
    /// `confidential` or `public`.
    #[serde(rename = "type")]
    pub client_type: ClientType,
    /// The registered `token_endpoint_auth_method`.
    pub auth_method: String,
    /// `web` or `native`.
    pub application_type: String,
    /// The security profile that counts for it.
    pub profile: String,
    /// Whether an administrator lets it do without consent.
    pub first_party: bool,
    /// The registered `grant_types`.
    pub grant_types: Vec<String>,
    /// The scope values it may ask for.
    pub scope: Vec<String>,
}

/// Where a request comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NetworkView {
    /// The network address, behind trusted proxies that of the client; `()` for work outside of requests.
    pub ip: Option<String>,
    /// The `User-Agent` header, at most 512 bytes of it.
    pub user_agent: Option<String>,
    /// The client certificate of the TLS connection; `()` without one.
    pub tls: Option<TlsView>,
}

/// The client certificate of a TLS connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TlsView {
    /// The base64url SHA-256 thumbprint of the certificate (RFC 8705 section 3.1, `x5t#S256`).
    pub cert_thumbprint: String,
}

/// A browser session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionView {
    /// Its public name, the `sid` claim. Not a credential.
    pub id: String,
    /// When the user proved who they are, in Unix seconds.
    pub authenticated_at: i64,
    /// How: authentication method references (RFC 8176).
    pub amr: Vec<String>,
    /// Its last use, to the minute, in Unix seconds.
    pub last_seen_at: i64,
    /// Its end, in Unix seconds.
    pub expires_at: i64,
}

impl Context {
    /// A realistic one, for tests and documentation.
    pub fn sample() -> Self {
        let user = json!({
            "sub": "BAcKDRATFhkcHyIlKCsuMQ", "username": "ana", "name": "Ana Example", "email": "ana@example.com",
            "email_verified": true, "locale": "de-CH", "updated_at": 1_760_000_000,
        });
        Self {
            now: 1_767_225_600,
            request_id: "3d6f0a52c1b84e97".to_owned(),
            realm: RealmView { name: "demo".to_owned(), display_name: "Demo".to_owned() },
            client: Some(ClientView {
                id: "shop".to_owned(),
                name: Some("The Shop".to_owned()),
                client_type: ClientType::Confidential,
                auth_method: "client_secret_basic".to_owned(),
                application_type: "web".to_owned(),
                profile: "base".to_owned(),
                first_party: false,
                grant_types: vec!["authorization_code".to_owned(), "refresh_token".to_owned()],
                scope: ["openid", "profile", "email", "offline_access"].map(str::to_owned).to_vec(),
            }),
            net: NetworkView {
                ip: Some("192.0.2.17".to_owned()),
                user_agent: Some("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".to_owned()),
                tls: None,
            },
            user: user.as_object().cloned(),
            session: Some(SessionView {
                id: "c2Vzc2lvbi1zYW1wbGUxMg".to_owned(),
                authenticated_at: 1_767_225_000,
                amr: vec!["pwd".to_owned()],
                last_seen_at: 1_767_225_540,
                expires_at: 1_767_311_400,
            }),
            vars: Map::new(),
        }
    }

    /// The sample of a hook that runs before anybody is known.
    pub fn sample_without_user() -> Self {
        Self { user: None, session: None, ..Self::sample() }
    }
}

/// Everything a run is told: the common members, the hook's own, and the second parameter.
///
/// Serialised once; a script's engine turns into values of its own only what the script reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunContext {
    /// The common members; shared by the hooks of one request.
    #[serde(with = "shared")]
    pub context: Arc<Context>,
    facts: Map<String, Value>,
    argument: Option<Value>,
}

impl RunContext {
    /// The input of hook point `P`.
    pub fn new<P: HookPoint>(context: Arc<Context>, facts: &P::Facts, argument: &P::Argument) -> Self {
        let facts = match serde_json::to_value(facts) {
            Ok(Value::Object(facts)) => facts,
            // Facts are structs of plain values: they always are an object.
            _ => Map::new(),
        };
        let argument = P::ARGUMENT.and_then(|_| serde_json::to_value(argument).ok());
        Self { context, facts, argument }
    }

    /// The hook's own members of `ctx`.
    pub const fn facts(&self) -> &Map<String, Value> {
        &self.facts
    }

    /// The second parameter, for a hook that has one.
    pub const fn argument(&self) -> Option<&Value> {
        self.argument.as_ref()
    }

    /// `ctx` as one object, as tests and recordings have it.
    pub fn ctx(&self) -> Value {
        let mut ctx = match serde_json::to_value(&*self.context) {
            Ok(Value::Object(ctx)) => ctx,
            _ => Map::new(),
        };
        ctx.extend(self.facts.clone());
        Value::Object(ctx)
    }

    /// What may have other texts in a recording.
    pub(crate) fn told(&self) -> Value {
        let Self { context, facts, argument } = self;
        json!({"session": context.session, "net": context.net, "vars": context.vars, "facts": facts, "argument": argument})
    }

    /// The same with these common members, and with placeholders in the hook's own ones. Nothing if they are not the
    /// hook's.
    pub(crate) fn redacted(&self, hook: Hook, context: Context) -> Option<Self> {
        let (facts, argument) = (Value::Object(self.facts.clone()), self.argument.clone().unwrap_or_default());
        let (facts, argument) = hook.redacted_input(facts, argument).ok()?;
        let Value::Object(facts) = facts else { return None };
        Some(Self { context: Arc::new(context), facts, argument: self.argument.as_ref().map(|_| argument) })
    }

    /// Reads what [`ctx`](Self::ctx) and [`argument`](Self::argument) gave.
    ///
    /// # Errors
    /// Names a member that is missing, unknown or of the wrong type.
    pub fn from_json(hook: Hook, ctx: Value, argument: Option<Value>) -> Result<Self, ShapeError> {
        let Value::Object(mut members) = ctx else {
            return Err(ShapeError("ctx is not an object".to_owned()));
        };
        let mut common = Map::new();
        for name in COMMON {
            if let Some(value) = members.remove(*name) {
                common.insert((*name).to_owned(), value);
            }
        }
        let context: Context =
            serde_json::from_value(Value::Object(common)).map_err(|error| ShapeError(format!("ctx: {error}")))?;
        if argument.is_some() != hook.argument().is_some() {
            let takes = if argument.is_some() { "takes no second parameter" } else { "takes a second parameter" };
            return Err(ShapeError(format!("{hook} {takes}")));
        }
        let facts = Value::Object(members);
        hook.check_input(&facts, argument.as_ref().unwrap_or(&Value::Null))?;
        let Value::Object(facts) = facts else { return Err(ShapeError("ctx is not an object".to_owned())) };
        Ok(Self { context: Arc::new(context), facts, argument })
    }
}

/// Reads and writes what is shared as if it were not.
mod shared {
    use std::sync::Arc;

    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    use super::Context;

    pub(super) fn serialize<S: Serializer>(context: &Arc<Context>, serializer: S) -> Result<S::Ok, S::Error> {
        context.as_ref().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<Context>, D::Error> {
        Context::deserialize(deserializer).map(Arc::new)
    }
}

/// The names of the common members.
const COMMON: &[&str] = &["now", "request_id", "realm", "client", "net", "user", "session", "vars"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_common_members_are_all_in_the_list() {
        let Value::Object(members) = serde_json::to_value(Context::sample()).unwrap() else { unreachable!() };
        let mut names: Vec<&str> = members.keys().map(String::as_str).collect();
        let mut listed = COMMON.to_vec();
        names.sort_unstable();
        listed.sort_unstable();
        assert_eq!(names, listed);
    }

    #[test]
    fn every_sample_reads_back() {
        for hook in Hook::ALL {
            let sample = hook.sample_input();
            let again = RunContext::from_json(*hook, sample.ctx(), sample.argument().cloned());
            assert_eq!(again.as_ref(), Ok(&sample), "{hook}");
            let stored: RunContext = serde_json::from_str(&serde_json::to_string(&sample).unwrap()).unwrap();
            assert_eq!(stored, sample, "{hook}");
        }
    }

    #[test]
    fn a_test_names_only_what_differs_and_nothing_that_is_unknown() {
        let given = json!({"client": {"id": "bank"}, "user": {"department": "sales"}});
        let context = Hook::OnClaims.context_from_json(&given, Some(&json!("userinfo"))).unwrap();
        assert_eq!(context.context.client.as_ref().unwrap().id, "bank");
        assert_eq!(context.context.client.as_ref().unwrap().profile, "base");
        assert_eq!(context.context.user.as_ref().unwrap().len(), 1);
        assert_eq!(context.argument(), Some(&json!("userinfo")));
        for bad in [json!({"clint": {}}), json!({"client": {"idd": 1}}), json!({"now": "today"}), json!([])] {
            assert!(Hook::OnClaims.context_from_json(&bad, None).is_err(), "{bad}");
        }
        assert!(Hook::OnClaims.context_from_json(&json!({}), Some(&json!("logout"))).is_err());
        assert!(Hook::OnAuthStart.context_from_json(&json!({}), Some(&json!("x"))).is_err());
    }
}
