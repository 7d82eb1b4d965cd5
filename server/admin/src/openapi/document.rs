//! What the document says beyond what poem-openapi derives from the operations: the rules that hold for all of them alike,
//! who may ask, what is refused how, what a merge patch and a precondition are.

use poem::http::Method;
use serde_json::{Map, Value, json};
use signet_core::model::RealmSettings;
use signet_core::registry::{ADMIN_READ_SCOPE, ADMIN_REALM, ADMIN_SCOPE};

use super::operations;
use crate::BASE_PATH;
use crate::authentication::sufficient_scopes;
use crate::problem::MEDIA_TYPE;

/// The document of the deployment at `public_url`.
pub(crate) fn document(public_url: &str) -> Value {
    let spec = operations().server(format!("{public_url}{BASE_PATH}")).spec();
    let mut document: Value = serde_json::from_str(&spec).unwrap_or_default();
    let mut patches = Map::new();
    if let Some(paths) = document["paths"].as_object_mut() {
        for (path, operations) in paths {
            for (method, operation) in operations.as_object_mut().into_iter().flatten() {
                let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes()).unwrap_or_default();
                complete(operation, path, &method);
                if method == Method::PATCH {
                    refer_to_patch(operation, &mut patches);
                }
            }
        }
    }
    let components = &mut document["components"];
    for (name, full) in patches {
        let schema = patch_schema(&components["schemas"][full.as_str().unwrap_or_default()]);
        components["schemas"][name.as_str()] = schema;
    }
    if let Ok(Value::Object(defaults)) = serde_json::to_value(RealmSettings::default()) {
        for (name, default) in defaults {
            components["schemas"]["Realm"]["properties"][name.as_str()]["default"] = default;
        }
    }
    components["securitySchemes"] = security_schemes(public_url);
    document
}

fn security_schemes(public_url: &str) -> Value {
    let scopes =
        json!({ ADMIN_READ_SCOPE: "Read everything but secrets.", ADMIN_SCOPE: "Read and change everything." });
    let token_url = format!("{public_url}/realms/{ADMIN_REALM}/token");
    let flow = json!({ "tokenUrl": token_url, "scopes": scopes });
    json!({ "administration": { "type": "oauth2", "flows": { "clientCredentials": flow } } })
}

/// Adds to an operation what follows from its path, method and body.
fn complete(operation: &mut Value, path: &str, method: &Method) {
    let alternatives = sufficient_scopes(method).iter().map(|scope| json!({ "administration": [scope] }));
    operation["security"] = alternatives.collect();
    let (has_body, names_object) = (!operation["requestBody"].is_null(), path.contains('{'));
    let has_query = operation["parameters"].as_array().into_iter().flatten().any(|one| one["in"] == "query");
    describe_path(operation);
    let moves_script = *method == Method::POST
        && path.strip_prefix("/realms/{realm}/scripts/{name}/").is_some_and(|action| !action.contains('/'));
    let keeps_to_precondition = *method == Method::PATCH || *method == Method::DELETE || moves_script;
    if keeps_to_precondition {
        let parameter = json!({
            "name": "If-Match",
            "in": "header",
            "required": false,
            "schema": { "type": "string" },
            "description": "The `ETag` of the object as it was seen; refused where it has changed meanwhile.",
        });
        if let Some(parameters) = operation["parameters"].as_array_mut() {
            parameters.push(parameter);
        }
    }
    for (applies, status, description) in [
        (has_body || has_query, "400", "The request does not read."),
        (true, "401", "There is no access token, or it is not good."),
        (true, "403", "The access token does not have the scope."),
        (names_object, "404", "There is no such object in this realm, or no such realm."),
        (!method.is_safe(), "409", "Something of that name exists already, or the object's state does not permit it."),
        (keeps_to_precondition, "412", "The object has changed since it was seen."),
        (has_body, "413", "The body is too long."),
        (has_body, "415", "The body is of another media type."),
        (has_body, "422", "A member of the document is wrong."),
    ] {
        if applies {
            let schema = json!({ "$ref": "#/components/schemas/Problem" });
            let content = json!({ MEDIA_TYPE: { "schema": schema } });
            operation["responses"][status] = json!({ "description": description, "content": content });
        }
    }
}

/// Says what each part of the path names.
fn describe_path(operation: &mut Value) {
    let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
    for parameter in parameters.into_iter().flatten().filter(|parameter| parameter["in"] == "path") {
        let description = match parameter["name"].as_str() {
            Some("realm") => "The name of the realm.",
            Some("client_id") => "The client identifier.",
            Some("kid") => "The key identifier.",
            Some("name") => "The name.",
            Some("version") => "The version, or at least its first 12 digits.",
            Some("recording") => "The identifier of the recording.",
            Some("kind") => "`secret`, `kv` or `connection`.",
            _ => "The `id` of the object.",
        };
        parameter["description"] = description.into();
    }
}

/// A merge patch has another schema than the document it changes. Notes which schemas are needed.
fn refer_to_patch(operation: &mut Value, patches: &mut Map<String, Value>) {
    for media_type in operation["requestBody"]["content"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        let reference = media_type["schema"]["$ref"].as_str().unwrap_or_default();
        let full = reference.trim_start_matches("#/components/schemas/").to_owned();
        let patch = format!("{full}Patch");
        media_type["schema"]["$ref"] = format!("#/components/schemas/{patch}").into();
        patches.insert(patch, full.into());
    }
}

/// The schema of a merge patch: nothing is required, everything may be taken back, nothing has a default.
fn patch_schema(full: &Value) -> Value {
    let mut schema = full.clone();
    let title = format!("{}Patch", full["title"].as_str().unwrap_or_default());
    schema["description"] = format!("A JSON merge patch of a {}.", full["title"].as_str().unwrap_or_default()).into();
    schema["title"] = title.into();
    if let Some(members) = schema.as_object_mut() {
        members.remove("required");
    }
    if let Some(properties) = schema["properties"].as_object_mut() {
        properties.retain(|_, property| property["readOnly"] != json!(true));
        for property in properties.values_mut().filter_map(Value::as_object_mut) {
            property.remove("default");
            if !property.contains_key("$ref") {
                property.insert("nullable".to_owned(), json!(true));
            }
        }
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described() -> Value {
        document("https://op.test")
    }

    /// Every operation: path, method, and what the document says of it.
    fn each_operation(document: &Value) -> Vec<(&str, &str, &Value)> {
        let paths = document["paths"].as_object().unwrap();
        let operations = paths.iter().flat_map(|(path, operations)| {
            operations
                .as_object()
                .unwrap()
                .iter()
                .map(|(method, operation)| (path.as_str(), method.as_str(), operation))
        });
        operations.collect()
    }

    #[test]
    fn every_operation_of_the_api_is_described() {
        let document = described();
        let mut described: Vec<String> =
            each_operation(&document).iter().map(|(path, method, _)| format!("{method} {path}")).collect();
        described.sort_unstable();
        let mut expected = vec!["get /realms".to_owned(), "post /realms".to_owned()];
        let realm = "/realms/{realm}";
        expected.extend(["get", "patch", "delete"].map(|method| format!("{method} {realm}")));
        for (collection, id) in [
            ("clients", "client_id"),
            ("users", "id"),
            ("keys", "kid"),
            ("resource-servers", "id"),
            ("authorization-details-types", "id"),
            ("trusted-issuers", "id"),
        ] {
            expected.extend(["get", "post"].map(|method| format!("{method} {realm}/{collection}")));
            let object = format!("{realm}/{collection}/{{{id}}}");
            expected.extend(["get", "patch", "delete"].map(|method| format!("{method} {object}")));
        }
        expected.extend(["conformity", "forecast"].map(|part| format!("get {realm}/clients/{{client_id}}/{part}")));
        expected.push(format!("get {realm}/client-forecasts"));
        expected.push(format!("post {realm}/clients/{{client_id}}/secret"));
        expected.extend(["get", "post"].map(|method| format!("{method} {realm}/initial-access-tokens")));
        expected.extend(["get", "delete"].map(|method| format!("{method} {realm}/initial-access-tokens/{{id}}")));
        expected.extend(["password", "user-code"].map(|code| format!("put {realm}/users/{{id}}/{code}")));
        expected.push(format!("post {realm}/users/{{id}}/sign-out"));
        expected.extend(["sessions", "logout-deliveries"].map(|collection| format!("get {realm}/{collection}")));
        expected.extend(["get", "delete"].map(|method| format!("{method} {realm}/sessions/{{id}}")));
        expected.push(format!("get {realm}/users/{{id}}/authorizations"));
        for collection in ["protected-resources", "access-requests"] {
            expected.push(format!("get {realm}/{collection}"));
            expected.extend(["get", "delete"].map(|method| format!("{method} {realm}/{collection}/{{id}}")));
        }
        expected.push(format!("get {realm}/requests/{{request_id}}"));
        expected.extend(["get", "delete"].map(|method| format!("{method} {realm}/authorizations/{{id}}")));
        expected.push(format!("post {realm}/logout-deliveries/{{id}}/retry"));
        expected.push(format!("post {realm}/keys/rotate"));
        expected.push(format!("post {realm}/pairwise-salt/rotate"));
        expected.push(format!("post {realm}/timeline"));
        let revoked = ["", "/clients/{client_id}", "/users/{id}"];
        expected.extend(revoked.map(|of| format!("post {realm}{of}/revocation")));
        expected.extend(["get", "post"].map(|method| format!("{method} {realm}/scripts")));
        let script = format!("{realm}/scripts/{{name}}");
        expected.extend(["get", "delete"].map(|method| format!("{method} {script}")));
        expected.extend(["versions", "versions/{version}", "diff"].map(|part| format!("get {script}/{part}")));
        expected.extend(["promote", "rollback", "shadow"].map(|part| format!("post {script}/{part}")));
        let recording = format!("{script}/recordings/{{recording}}");
        expected.extend([format!("get {script}/recordings"), format!("get {recording}")]);
        expected.push(format!("post {recording}/replay"));
        expected.extend(["check", "test", "run", "fuzz"].map(|trial| format!("post {realm}/script-trials/{trial}")));
        expected.extend(["script-values", "audit-chain", "audit-events"].map(|part| format!("get {realm}/{part}")));
        let value = format!("{realm}/script-values/{{kind}}/{{name}}");
        expected.extend(["get", "put", "delete"].map(|method| format!("{method} {value}")));
        expected.sort_unstable();
        assert_eq!(described, expected);
    }

    #[test]
    fn every_operation_says_who_may_ask_and_what_is_refused() {
        for (path, method, operation) in each_operation(&described()) {
            let place = format!("{method} {path}");
            let expected = if method == "get" {
                json!([{"administration": ["signet.admin.read"]}, {"administration": ["signet.admin"]}])
            } else {
                json!([{"administration": ["signet.admin"]}])
            };
            assert_eq!(operation["security"], expected, "{place}");
            for status in ["401", "403", "default"] {
                let schema = &operation["responses"][status]["content"][MEDIA_TYPE]["schema"];
                assert_eq!(*schema, json!({"$ref": "#/components/schemas/Problem"}), "{place} {status}");
            }
            assert_eq!(operation["responses"]["404"].is_null(), path == "/realms", "{place}");
            for text in ["operationId", "summary"] {
                assert!(operation[text].as_str().is_some_and(|text| !text.is_empty()), "{place} has no {text}");
            }
            assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{place}");
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let responses = operation["responses"].as_object().unwrap().values();
            for described in parameters.chain(responses) {
                assert!(described["description"].as_str().is_some_and(|text| !text.is_empty()), "{place} {described}");
            }
        }
    }

    #[test]
    fn a_merge_patch_requires_nothing() {
        let document = described();
        for (path, _, operation) in each_operation(&document).into_iter().filter(|(_, method, _)| *method == "patch") {
            let content = operation["requestBody"]["content"].as_object().unwrap();
            assert_eq!(content.keys().len(), 2, "{path}");
            let reference = content["application/merge-patch+json"]["schema"]["$ref"].as_str().unwrap();
            let schema = &document["components"]["schemas"][reference.rsplit('/').next().unwrap()];
            assert!(schema["properties"].is_object(), "{path} refers to {reference}");
            assert!(schema["required"].is_null(), "{path}");
            assert!(schema["properties"]["created_at"].is_null(), "{path}");
            let names: Vec<&Value> =
                operation["parameters"].as_array().unwrap().iter().map(|parameter| &parameter["name"]).collect();
            assert!(names.contains(&&json!("If-Match")), "{path}");
        }
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_member_is_explained() {
        fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
            match value {
                Value::Null => panic!("a member is null"),
                Value::Object(members) => {
                    found.extend(members.get("$ref").and_then(Value::as_str));
                    members.values().for_each(|member| references(member, found));
                }
                Value::Array(elements) => elements.iter().for_each(|element| references(element, found)),
                _ => {}
            }
        }
        let document = described();
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 50, "{}", found.len());
        for reference in found {
            assert!(document.pointer(&reference[1..]).is_some(), "{reference}");
        }
        for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
            assert!(schema["description"].is_string(), "{name}");
            for (member, schema) in schema["properties"].as_object().into_iter().flatten() {
                let is_explained = schema["description"].is_string() || schema["$ref"].is_string();
                assert!(is_explained, "{name}.{member}");
            }
        }
    }

    #[test]
    fn addresses_are_those_of_the_deployment() {
        let document = described();
        assert_eq!(document["servers"][0]["url"], "https://op.test/admin/api/v1");
        let flow = &document["components"]["securitySchemes"]["administration"]["flows"]["clientCredentials"];
        assert_eq!(flow["tokenUrl"], "https://op.test/realms/admin/token");
        assert_eq!(document["components"]["schemas"]["Realm"]["properties"]["access_token_seconds"]["default"], 600);
    }
}
