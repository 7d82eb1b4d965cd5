//! What stands in a recording in the place of what people typed, of who they are, and of what opens something.
//!
//! A script does not see the placeholders in the run that decides. It sees them in a second run, and that one is
//! recorded: whatever a script makes of a name or a secret, in a decision, in a line of log or in what it throws, it
//! cannot have made it of the real one.

use serde_json::{Map, Value};

use crate::host::{HttpReply, HttpRequest};
use crate::run::RecordedCall;

/// What a person is called in recordings.
const NAME: &str = "someone";
/// Where they are.
const DOMAIN: &str = "example.invalid";
/// What a text is of which nobody knows what it says.
const TEXT: &str = "text";
/// What an identifier of 128 bits is.
const IDENTIFIER: &str = "AAAAAAAAAAAAAAAAAAAAAA";
/// Shortest text that is looked for in answers; shorter ones stand in too many others.
const SHORTEST: usize = 4;
/// What the names of members have in them whose values open something.
const CREDENTIALS: &[&str] =
    &["token", "secret", "password", "assertion", "credential", "authorization", "cookie", "key"];

/// A part of what a hook is told. Implementations take their type apart member by member, so that whoever adds a member
/// decides whether it is about a person.
pub trait Redact {
    /// Puts placeholders of the same shape in the place of what a person typed and of what tells who they are.
    fn redact(&mut self);
}

impl Redact for () {
    fn redact(&mut self) {}
}

/// Says of a type that none of its members is about a person, and names them all.
macro_rules! nothing_personal {
    ($type:ty { $($member:ident),* $(,)? }) => {
        impl $crate::redaction::Redact for $type {
            fn redact(&mut self) {
                let Self { $($member: _),* } = self;
            }
        }
    };
}
pub(crate) use nothing_personal;

/// A name as somebody typed it: people type passwords there, so that not even its length is kept. One with a domain
/// stays one.
pub(crate) fn name(name: &mut String) {
    if !name.is_empty() {
        *name = if name.contains('@') { format!("{NAME}@{DOMAIN}") } else { NAME.to_owned() };
    }
}

/// What stands behind the `@` of a typed name.
pub(crate) fn domain(domain: &mut String) {
    DOMAIN.clone_into(domain);
}

/// An identifier of a person or a session.
pub(crate) fn identifier(identifier: &mut String) {
    IDENTIFIER.clone_into(identifier);
}

/// A value of which nobody knows what it holds: each text in it. Numbers, names of members and the shape stay.
pub(crate) fn texts(value: &mut Value) {
    match value {
        Value::String(text) if text.is_empty() => {}
        Value::String(text) => TEXT.clone_into(text),
        Value::Array(items) => items.iter_mut().for_each(texts),
        Value::Object(members) => members.values_mut().for_each(texts),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Texts that are in no recording, each with what stands in its place.
#[derive(Default)]
pub(crate) struct Confidential(Vec<(String, String)>);

impl Confidential {
    /// One more.
    pub(crate) fn add(&mut self, text: &str, placeholder: &str) {
        if text.len() >= SHORTEST && text != placeholder {
            self.0.push((text.to_owned(), placeholder.to_owned()));
        }
    }

    /// Every text that is another one in `redacted`.
    pub(crate) fn add_changed(&mut self, raw: &Value, redacted: &Value) {
        match (raw, redacted) {
            (Value::String(raw), Value::String(redacted)) => self.add(raw, redacted),
            (Value::Array(raw), Value::Array(redacted)) => {
                raw.iter().zip(redacted).for_each(|(raw, redacted)| self.add_changed(raw, redacted));
            }
            (Value::Object(raw), Value::Object(redacted)) => {
                for (name, raw) in raw {
                    self.add_changed(raw, redacted.get(name).unwrap_or(&Value::Null));
                }
            }
            _ => {}
        }
    }

    /// Every text that went to another server in the run that decided, and is another one now. Says whether there is one.
    pub(crate) fn add_sent(&mut self, before: &[RecordedCall], now: &[RecordedCall]) -> bool {
        let known = self.0.len();
        for (before, now) in before.iter().zip(now) {
            if let (RecordedCall::Http { request: before, .. }, RecordedCall::Http { request: now, .. }) = (before, now)
            {
                self.add(&before.path, &now.path);
                let body = |request: &HttpRequest| request.body.clone().unwrap_or_default();
                self.add_changed(&body(before), &body(now));
            }
        }
        self.0.len() > known
    }

    fn taken_from(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (confidential, placeholder)| text.replace(confidential, placeholder))
    }

    fn take_from(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.taken_from(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.take_from(item)),
            Value::Object(members) => members.values_mut().for_each(|member| self.take_from(member)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// What the host answered, without any of them and without what opens something. What was asked is not kept: the
    /// second run asks again.
    pub(crate) fn answers(&self, calls: &[RecordedCall]) -> Vec<RecordedCall> {
        calls.iter().map(|call| self.answer(call)).collect()
    }

    fn answer(&self, call: &RecordedCall) -> RecordedCall {
        match call {
            RecordedCall::Random { .. } | RecordedCall::Secret { .. } => call.clone(),
            RecordedCall::Kv { name, value } => {
                let mut value = value.clone();
                if let Some(value) = &mut value {
                    self.take_from(value);
                }
                RecordedCall::Kv { name: name.clone(), value }
            }
            RecordedCall::Http { connection, request, reply } => RecordedCall::Http {
                connection: connection.clone(),
                request: HttpRequest { method: request.method, path: "/".to_owned(), body: None },
                reply: reply.clone().map(|reply| self.reply(&reply)),
            },
        }
    }

    fn reply(&self, reply: &HttpReply) -> HttpReply {
        let body = match serde_json::from_str::<Value>(&reply.body) {
            Ok(mut value) => {
                credentials(&mut value);
                self.take_from(&mut value);
                value.to_string()
            }
            Err(_) => self.taken_from(&reply.body),
        };
        HttpReply { body, ..reply.clone() }
    }
}

/// Texts below names that speak of credentials.
fn credentials(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let name = name.to_ascii_lowercase();
                if CREDENTIALS.iter().any(|word| name.contains(word)) { texts(member) } else { credentials(member) }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(credentials),
        _ => {}
    }
}

/// The members of an event's data that hold words of the server, never a name that somebody chose or typed.
const WORDS: &[&str] = &[
    "action",
    "algorithm",
    "claims",
    "decision",
    "endpoint",
    "error",
    "fields",
    "grant",
    "hook",
    "methods",
    "object",
    "of",
    "outcome",
    "package",
    "passed",
    "reason",
    "resources",
    "scope",
    "specification",
    "token",
    "version",
];

/// The data of an event.
pub(crate) fn event_data(data: &mut Map<String, Value>) {
    data.iter_mut().filter(|(name, _)| !WORDS.contains(&name.as_str())).for_each(|(_, value)| texts(value));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::host::HttpMethod;

    #[test]
    fn placeholders_have_the_shape_and_not_the_length() {
        for (typed, placeholder) in
            [("", ""), ("ana", "someone"), ("correct horse", "someone"), ("a@b", "someone@example.invalid")]
        {
            let mut text = typed.to_owned();
            name(&mut text);
            assert_eq!(text, placeholder, "{typed}");
        }
        let mut value = json!({"risk": 7, "why": ["new device", ""], "known": true});
        texts(&mut value);
        assert_eq!(value, json!({"risk": 7, "why": ["text", ""], "known": true}));
    }

    #[test]
    fn answers_are_without_credentials_and_without_what_is_confidential() {
        let mut confidential = Confidential::default();
        confidential.add("hunter2", NAME);
        confidential.add("abc", NAME);
        let body = r#"{"access_token": "t0ken", "keys": ["k"], "seen": "hunter2!", "limit": 7, "abc": "abc"}"#;
        let call = RecordedCall::Http {
            connection: "crm".to_owned(),
            request: HttpRequest {
                method: HttpMethod::Post,
                path: "/hunter2".to_owned(),
                body: Some(json!("bearer x")),
            },
            reply: Ok(HttpReply { status: 200, body: body.to_owned(), stale: false }),
        };
        let answers = confidential.answers(&[call]);
        let RecordedCall::Http { request, reply: Ok(reply), .. } = &answers[0] else { panic!("{answers:?}") };
        assert_eq!((request.path.as_str(), &request.body), ("/", &None));
        let expected = json!({"access_token": "text", "keys": ["text"], "seen": "someone!", "limit": 7, "abc": "abc"});
        assert_eq!(serde_json::from_str::<Value>(&reply.body).unwrap(), expected);
    }
}
