//! Claims that may be declared and returned, and those that may not.

use super::*;
use serde_json::json;

fn declared(claims: &[(&str, &str)]) -> BTreeMap<String, ClaimDeclaration> {
    let declare = |(name, text): &(&str, &str)| {
        ((*name).to_owned(), ClaimDeclaration { claim_type: text.parse().unwrap(), optional: false })
    };
    claims.iter().map(declare).collect()
}

fn check(declarations: &[(&str, &str)], requested: &[&str], claims: &Value) -> Result<Value, ClaimProblem> {
    let requested: Vec<String> = requested.iter().map(|&name| name.to_owned()).collect();
    check_claims(&declared(declarations), &requested, claims.as_object().unwrap().clone()).map(Value::Object)
}

#[test]
fn claim_types_have_one_spelling() {
    for text in ["string<=64", "int", "bool", "string[]<=16", "object<=1024"] {
        assert_eq!(text.parse::<ClaimType>().unwrap().to_string(), text);
    }
    assert_eq!("string".parse(), Ok(ClaimType::Text(256)));
    for bad in ["", "text", "string<=", "string<=0", "string<=2049", "int<=3", "string[]<=65", "string<=+4", "float"] {
        assert_eq!(bad.parse::<ClaimType>(), Err(InvalidClaimType), "{bad}");
    }
}

#[test]
fn sc_010_protected_claims_cannot_be_declared_or_returned() {
    for name in PROTECTED {
        for spelling in [(*name).to_owned(), format!("{name}#de")] {
            assert!(check_declaration(&spelling, ClaimType::Text(64)).is_err(), "{spelling}");
        }
        let smuggled = check(&[(name, "string")], &[name], &json!({*name: "x"}));
        assert_eq!(smuggled.unwrap_err().claim, *name);
    }
    assert!(check(&[("department", "string")], &[], &json!({"other": "x"})).is_err());
}

#[test]
fn registered_claims_have_their_type() {
    assert!(check_declaration("email", ClaimType::Text(320)).is_ok());
    assert!(check_declaration("email_verified", ClaimType::Text(5)).is_err());
    assert!(check_declaration("roles", ClaimType::TextList(16)).is_ok());
    assert!(check_declaration("roles", ClaimType::Text(16)).is_err());
    assert!(check_declaration("https://example.com/department", ClaimType::Text(16)).is_ok());
    assert!(check_declaration("a b", ClaimType::Text(16)).is_err());
}

#[test]
fn oidc_core_5_4_standard_claims_are_added_only_where_asked_for() {
    let declarations = [("nickname", "string"), ("department", "string")];
    let claims = json!({"nickname": "A", "department": "sales"});
    assert_eq!(check(&declarations, &[], &claims), Ok(json!({"department": "sales"})));
    assert_eq!(check(&declarations, &["nickname"], &claims), Ok(claims));
}

#[test]
fn values_have_their_type_and_are_never_empty() {
    let declarations =
        [("text", "string<=4"), ("number", "int"), ("flag", "bool"), ("list", "string[]<=2"), ("object", "object<=40")];
    let good = json!({"text": "abcd", "number": 1, "flag": false, "list": ["a"], "object": {"a": [1, {"b": "c"}]}});
    assert_eq!(check(&declarations, &[], &good), Ok(good));
    for bad in [
        json!({"text": "abcde"}),
        json!({"text": ""}),
        json!({"text": null}),
        json!({"text": 1}),
        json!({"text": "a\nb"}),
        json!({"number": 1.5}),
        json!({"number": 9_007_199_254_740_992_i64}),
        json!({"number": "1"}),
        json!({"flag": 0}),
        json!({"list": []}),
        json!({"list": ["a", "b", "c"]}),
        json!({"list": ["a", 1]}),
        json!({"list": [""]}),
        json!({"list": "a"}),
        json!({"object": {}}),
        json!({"object": {"a": null}}),
        json!({"object": {"a": {"b": {"c": {"d": {"e": 1}}}}}}),
        json!({"object": {"a": "0123456789012345678901234567890123456789"}}),
    ] {
        assert!(check(&declarations, &[], &bad).is_err(), "{bad}");
    }
}

#[test]
fn claims_together_are_bounded_and_never_replace_what_the_server_issues() {
    let names: Vec<String> = (0..4).map(|number| format!("claim{number}")).collect();
    let declarations: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "string<=2048")).collect();
    let large: Map<String, Value> = names.iter().map(|name| (name.clone(), "x".repeat(2000).into())).collect();
    assert!(check(&declarations, &[], &Value::Object(large)).is_err());
    let mut own = json!({"name": "Ana"}).as_object().unwrap().clone();
    merge(&mut own, json!({"name": "Eve", "department": "sales"}).as_object().unwrap().clone());
    assert_eq!(Value::Object(own), json!({"name": "Ana", "department": "sales"}));
}
