//! Inputs that are worse than another in a way that no policy should reward.

use serde_json::{Map, Value, json};

/// What makes an input worse by not being so: what that is called, and where it stands.
const CHANGES: &[(&str, &str)] = &[
    ("the e-mail address is not verified", "/user/email_verified"),
    ("the telephone number is not verified", "/user/phone_number_verified"),
    ("nobody vouches for the client", "/client/first_party"),
    ("the login failed", "/argument/succeeded"),
];

/// The same input in worse variants.
pub(super) fn worsened(input: &Map<String, Value>) -> Vec<(&'static str, Map<String, Value>)> {
    let mut variants = Vec::new();
    for (name, pointer) in CHANGES {
        let mut worse = Value::Object(input.clone());
        let Some(place) = worse.pointer_mut(pointer) else { continue };
        if *place == false {
            continue;
        }
        *place = false.into();
        if *pointer == "/argument/succeeded" {
            worse["argument"]["failure"] = json!("wrong_credentials");
            worse["user"] = Value::Null;
        }
        if let Value::Object(worse) = worse {
            variants.push((*name, worse));
        }
    }
    variants.extend(public_client(input).map(|worse| ("the client cannot keep a secret", worse)));
    variants
}

/// The same client, but a public one.
fn public_client(input: &Map<String, Value>) -> Option<Map<String, Value>> {
    let mut worse = input.clone();
    let client = worse.get_mut("client")?.as_object_mut()?;
    if client.get("type")? == "public" {
        return None;
    }
    client.insert("type".to_owned(), json!("public"));
    client.insert("auth_method".to_owned(), json!("none"));
    Some(worse)
}
