//! Reading what resource servers say of resources (UMA Federated Authorization section 3.1).

use serde_json::{Map, Value, json};
use signet_jose::strict_json;
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::spec::uma_federated;
use signet_protocol::time::UnixTime;
use url::Url;

use super::spontaneous::is_pattern;
use crate::model::{ResourceDescription, ScopeExpression};

/// Most scopes of a resource.
const MOST_SCOPES: usize = 50;
/// Longest scope in characters.
const LONGEST_SCOPE: usize = 200;
/// The last second of the year 9999.
const LATEST_END: i64 = 253_402_300_799;
/// Most parts of a scope expression.
const LARGEST_RULE: usize = 100;

fn invalid(reason: &'static str) -> Refusal {
    ErrorCode::InvalidRequest.because(reason).per(uma_federated("3.2"))
}

/// A JSON object of a request.
pub(super) fn object(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    strict_json::parse_object(body).map_err(|_| invalid("the body must be a JSON object that repeats no member"))
}

/// A list of scopes, each once.
pub(super) fn scopes(value: Option<&Value>) -> Result<Vec<String>, Refusal> {
    let listed = value.and_then(Value::as_array).ok_or_else(|| invalid("resource_scopes must be an array"))?;
    let mut scopes: Vec<String> = Vec::new();
    for scope in listed {
        let readable = scope.as_str().filter(|text| is_text(text, LONGEST_SCOPE) && !text.is_empty());
        let scope = readable.ok_or_else(|| invalid("a scope must be a text of 1 to 200 printable characters"))?;
        if !scopes.iter().any(|known| known == scope) {
            scopes.push(scope.to_owned());
        }
    }
    if scopes.len() > MOST_SCOPES { Err(invalid("a resource has at most 50 scopes")) } else { Ok(scopes) }
}

/// Whether a page can show it: no control characters, and not too long.
pub(crate) fn is_text(text: &str, longest: usize) -> bool {
    text.chars().count() <= longest && !text.chars().any(char::is_control)
}

/// Whether a browser can fetch it.
pub(crate) fn is_web_address(uri: &str) -> bool {
    Url::parse(uri).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

/// Reads which scopes must be allowed together. Where there is such an expression, its data are the scopes.
fn expression(value: &Value) -> Result<ScopeExpression, Refusal> {
    let reason = "scope_expression must have data, a list of scopes, and rule, made of and, or and var";
    let mut read: ScopeExpression = serde_json::from_value(value.clone()).map_err(|_| invalid(reason))?;
    let data = scopes(Some(&json!(read.data)))?;
    if data.len() != read.data.len() || !read.rule.is_about(data.len()) || read.rule.size() > LARGEST_RULE {
        return Err(invalid(
            "scope_expression names a scope twice or none at all, is empty, or has more than 100 parts",
        ));
    }
    if data.iter().any(|scope| is_pattern(scope)) {
        return Err(invalid("scope_expression is about scopes: none of its data is a pattern"));
    }
    read.data = data;
    Ok(read)
}

/// Reads when a resource ends.
fn end(value: &Value) -> Result<UnixTime, Refusal> {
    let seconds = value.as_i64().filter(|seconds| (1..=LATEST_END).contains(seconds));
    seconds.map(UnixTime).ok_or_else(|| invalid("exp must be a number of seconds since 1970"))
}

/// Reads a description, in which patterns are among the scopes. Members that are not defined are ignored (section 1.1).
pub(super) fn description(body: &[u8]) -> Result<ResourceDescription, Refusal> {
    let members = object(body)?;
    let text = |name: &str, longest: usize| match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) if is_text(text, longest) => Ok(Some(text.clone())),
        Some(_) => Err(invalid(
            "description, name, type and icon_uri must be texts without control characters, \
                                of at most 1000, 200, 500 and 2000 characters",
        )),
    };
    let icon_uri = text("icon_uri", 2_000)?;
    if icon_uri.as_deref().is_some_and(|uri| !is_web_address(uri)) {
        return Err(invalid("icon_uri must be an http or https URL"));
    }
    let scope_expression = members.get("scope_expression").map(expression).transpose()?;
    Ok(ResourceDescription {
        resource_scopes: match &scope_expression {
            Some(expression) => expression.data.clone(),
            None => scopes(members.get("resource_scopes"))?,
        },
        scope_patterns: Vec::new(),
        scope_expression,
        description: text("description", 1_000)?,
        icon_uri,
        name: text("name", 200)?,
        kind: text("type", 500)?,
        expires_at: members.get("exp").map(end).transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uma_federated_3_1_a_description_is_read_as_it_is_defined() {
        let body = br#"{"resource_scopes":["view","view","https://photoz.test/print"],"name":"Album","type":"t",
                        "name#de":"Fotos","icon_uri":"https://photoz.test/flower.png","extension":7}"#;
        let read = description(body).unwrap();
        assert_eq!(read.resource_scopes, ["view", "https://photoz.test/print"]);
        assert_eq!((read.name.as_deref(), read.kind.as_deref()), (Some("Album"), Some("t")));
        assert!(description(br#"{"resource_scopes":[]}"#).is_ok());
    }

    #[test]
    fn uma_federated_3_2_what_is_malformed_is_an_invalid_request() {
        for body in [
            "",
            "[]",
            "{}",
            r#"{"resource_scopes":"view"}"#,
            r#"{"resource_scopes":[7]}"#,
            r#"{"resource_scopes":[""]}"#,
            r#"{"resource_scopes":[],"resource_scopes":[]}"#,
            r#"{"resource_scopes":[],"name":7}"#,
            r#"{"resource_scopes":["a\u0000"]}"#,
            r#"{"resource_scopes":[],"name":"a\nb"}"#,
            r#"{"resource_scopes":[],"icon_uri":"javascript:alert(1)"}"#,
            r#"{"resource_scopes":[],"icon_uri":"x"}"#,
            r#"{"resource_scopes":[],"exp":0}"#,
            r#"{"resource_scopes":[],"exp":"1"}"#,
        ] {
            assert_eq!(description(body.as_bytes()).unwrap_err().code, ErrorCode::InvalidRequest, "{body}");
        }
        let many: Vec<String> = (0..51).map(|number| format!("\"{number}\"")).collect();
        assert!(description(format!("{{\"resource_scopes\":[{}]}}", many.join(",")).as_bytes()).is_err());
        let long = format!("{{\"resource_scopes\":[\"{}\"]}}", "x".repeat(201));
        assert!(description(long.as_bytes()).is_err());
    }

    #[test]
    fn a_scope_expression_says_which_scopes_belong_together() {
        let read = |rule: Value, data: Value| {
            let body = json!({"scope_expression": {"rule": rule, "data": data}, "resource_scopes": ["ignored"]});
            description(body.to_string().as_bytes())
        };
        let rule = json!({"and": [{"or": [{"var": 0}, {"var": 1}]}, {"var": 2}]});
        let good = read(rule.clone(), json!(["a", "b", "c"])).unwrap();
        assert_eq!(good.resource_scopes, ["a", "b", "c"]);
        let holds = |allowed: &[&str]| good.scope_expression.as_ref().unwrap().holds(|scope| allowed.contains(&scope));
        assert!(holds(&["a", "c"]) && holds(&["b", "c"]) && holds(&["a", "b", "c"]));
        assert!(!holds(&["a", "b"]) && !holds(&["c"]) && !holds(&[]) && !holds(&["ignored"]));
        for (rule, data) in [
            (rule, json!(["a", "b"])),
            (json!({"and": []}), json!(["a"])),
            (json!({"or": []}), json!(["a"])),
            (json!({"not": [{"var": 0}]}), json!(["a"])),
            (json!({"var": -1}), json!(["a"])),
            (json!({"var": 0, "and": []}), json!(["a"])),
            (json!({"var": 0}), json!([])),
            (json!({"var": 0}), json!(["a", "a"])),
            (json!({"var": 0}), json!("a")),
            (json!({"var": 0}), json!(["^a$"])),
            (json!({"and": vec![json!({"var": 0}); 100]}), json!(["a"])),
        ] {
            assert_eq!(read(rule, data).unwrap_err().code, ErrorCode::InvalidRequest);
        }
    }
}
