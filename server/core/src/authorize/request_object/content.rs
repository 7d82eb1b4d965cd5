//! The claims of a request object as parameters (OpenID Connect Core 6.1, RFC 9101 section 4): strings as they are,
//! numbers as their digits, objects and arrays as JSON.

use serde_json::{Map, Value};
use signet_protocol::error::Refusal;
use signet_protocol::parameters::{MAXIMUM_COUNT, Parameters};
use signet_protocol::spec::rfc9101;

use super::invalid_object;

/// Claims about the object itself (RFC 7519 section 4.1).
const ABOUT_THE_OBJECT: &[&str] = &["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

/// The parameter that may have several values, which stand in an array (RFC 8707 section 2).
const REPEATABLE: &str = "resource";

/// The parameters of an object.
pub(super) fn parameters(claims: &Map<String, Value>) -> Result<Parameters, Refusal> {
    if ["request", "request_uri"].iter().any(|name| claims.contains_key(*name)) {
        return Err(invalid_object("a request object holds no other request object", rfc9101("4")));
    }
    let mut parameters = Parameters::default();
    for (name, value) in claims.iter().filter(|(name, _)| !ABOUT_THE_OBJECT.contains(&name.as_str())) {
        match value {
            Value::Array(values) if name == REPEATABLE => {
                for value in values {
                    parameters = parameters.with(name, &text(value)?);
                }
            }
            value => parameters = parameters.with(name, &text(value)?),
        }
    }
    if parameters.count() > MAXIMUM_COUNT {
        return Err(invalid_object("the request object has too many parameters", rfc9101("4")));
    }
    Ok(parameters)
}

fn text(value: &Value) -> Result<String, Refusal> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Null => return Err(invalid_object("the request object has a parameter without a value", rfc9101("4"))),
        other => other.to_string(),
    };
    if text.contains('\0') {
        return Err(invalid_object("the request object has a NUL character in a parameter", rfc9101("4")));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn encoded(claims: &Value) -> Option<String> {
        parameters(claims.as_object().unwrap()).ok().map(|parameters| parameters.encode())
    }

    #[test]
    fn rfc9101_4_claims_become_parameters() {
        let claims = json!({
            "iss": "c", "aud": "s", "exp": 1, "nbf": 1, "iat": 1, "jti": "j", "sub": "x",
            "max_age": 86400, "scope": "openid email",
        });
        assert_eq!(encoded(&claims).unwrap(), "max_age=86400&scope=openid+email");
        let claims = json!({"claims": {"id_token": {"acr": null}}});
        assert_eq!(encoded(&claims).unwrap(), "claims=%7B%22id_token%22%3A%7B%22acr%22%3Anull%7D%7D");
        assert_eq!(encoded(&json!({"resource": ["a", "b"]})).unwrap(), "resource=a&resource=b");
        assert_eq!(encoded(&json!({"state": ["a", "b"]})).unwrap(), "state=%5B%22a%22%2C%22b%22%5D");
    }

    #[test]
    fn rfc9101_4_objects_in_objects_and_values_that_are_none_are_refused() {
        let many: Map<String, Value> = (0..=MAXIMUM_COUNT).map(|number| (format!("p{number}"), json!(1))).collect();
        for claims in [
            json!({"request": "x"}),
            json!({"request_uri": "https://c.test/r"}),
            json!({"request_uri": null}),
            json!({"state": null}),
            json!({"state": "a\0b"}),
            Value::Object(many),
        ] {
            assert_eq!(encoded(&claims), None, "{claims}");
        }
    }
}
