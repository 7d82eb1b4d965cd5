//! The suite's test configuration, made from a plan and what was set up for it.

use super::Plan;
use super::template::{Names, fill};
use crate::certificate::ClientCertificate;
use crate::error::HarnessError;
use serde_json::{Map, Value, json};

/// A client that was registered for a plan.
#[derive(Debug, Default)]
pub(crate) struct RegisteredClient {
    /// The key under which the suite's configuration has it.
    pub(crate) role: String,
    pub(crate) client_id: String,
    /// Absent for public clients and for those that authenticate with a key.
    pub(crate) client_secret: Option<String>,
    /// The key that was made for it, all of it.
    pub(crate) private_key: Option<Value>,
    /// The certificate that was made for it, and the key under which the suite's configuration has it.
    pub(crate) certificate: Option<(String, ClientCertificate)>,
}

/// What the suite's `POST /api/plan` takes as body.
pub(crate) fn build(plan: &Plan, clients: &[RegisteredClient], names: &Names) -> Result<Value, HarnessError> {
    let mut configuration = plan.file.configuration.clone();
    configuration.insert("alias".into(), plan.alias().into());
    configuration.insert("description".into(), format!("Signet, plan {}", plan.name).into());
    for client in clients {
        add_client(&mut configuration, client);
    }
    if let Some(browser) = &plan.browser {
        configuration.insert("browser".into(), browser.clone());
    }
    if !plan.overrides.is_empty() {
        let overrides = plan.overrides.iter().map(|(module, steps)| (module.clone(), json!({ "browser": steps })));
        configuration.insert("override".into(), Value::Object(overrides.collect()));
    }
    fill(&Value::Object(configuration), names)
}

/// Adds to what the plan says of the client what was made for it.
fn add_client(configuration: &mut Map<String, Value>, client: &RegisteredClient) {
    let entry = configuration.entry(client.role.clone()).or_insert_with(|| Value::Object(Map::new()));
    entry["client_id"] = client.client_id.clone().into();
    if let Some(secret) = &client.client_secret {
        entry["client_secret"] = secret.clone().into();
    }
    if let Some(key) = &client.private_key {
        entry["jwks"] = json!({ "keys": [key] });
    }
    if let Some((name, certificate)) = &client.certificate {
        let entry = json!({ "cert": certificate.certificate, "key": certificate.key });
        configuration.insert(name.clone(), entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Library;

    fn plan(name: &str) -> Plan {
        Library::open(None).unwrap().plans().unwrap().into_iter().find(|plan| plan.name == name).unwrap()
    }

    fn names(plan: &Plan) -> Names {
        Names::from([
            ("suite", "https://localhost:9443".to_owned()),
            ("alias", plan.alias()),
            ("realm", "r".to_owned()),
            ("issuer", "https://localhost:1/realms/r".to_owned()),
            ("resource", "https://localhost:2/resource".to_owned()),
            ("username", "ada".to_owned()),
            ("password", "secret".to_owned()),
            ("initial_access_token", "iat".to_owned()),
            ("approvals", "https://localhost:2/approvals".to_owned()),
            ("auth_req_id", "{auth_req_id}".to_owned()),
            ("action", "{action}".to_owned()),
        ])
    }

    fn client(role: &str) -> RegisteredClient {
        RegisteredClient {
            role: role.to_owned(),
            client_id: format!("{role}-id"),
            client_secret: Some("s".to_owned()),
            ..RegisteredClient::default()
        }
    }

    #[test]
    fn the_basic_plan_becomes_a_configuration_without_placeholders() {
        let basic = plan("basic");
        let clients: Vec<_> = basic.file.clients.iter().map(|file| client(&file.role)).collect();

        let configuration = build(&basic, &clients, &names(&basic)).unwrap();

        let discovery = "https://localhost:1/realms/r/.well-known/openid-configuration";
        assert_eq!(configuration["server"]["discoveryUrl"], discovery);
        assert_eq!(configuration["alias"], "signet-basic");
        assert_eq!(configuration["client"], json!({ "client_id": "client-id", "client_secret": "s" }));
        assert_eq!(configuration["client_secret_post"]["client_id"], "client_secret_post-id");
        assert_eq!(configuration["options"]["browsercontrol_css_enable"], false);
        let log_in = &configuration["browser"][0]["tasks"][0];
        assert_eq!(log_in["match"], "https://localhost:1/realms/r/authorize*");
        assert_eq!(log_in["commands"][1], json!(["text", "name", "password", "secret", "optional"]));
        let error_page = &configuration["override"]["oidcc-ensure-registered-redirect-uri"]["browser"][0]["tasks"][0];
        assert_eq!(error_page["commands"][0][5], "update-image-placeholder");
    }

    #[test]
    fn every_plan_becomes_a_configuration() {
        for plan in Library::open(None).unwrap().plans().unwrap() {
            let built = build(&plan, &[], &names(&plan));
            assert!(built.is_ok(), "{}: {:?}", plan.name, built.err());
        }
    }

    #[test]
    fn a_client_keeps_what_the_plan_says_of_it_and_brings_its_key_and_certificate() {
        let fapi = plan("fapi2-security-mtls-dpop-openid-connect");
        let authority = crate::certificate::ClientAuthority::new().unwrap();
        let certificate = authority.issue("one").unwrap();
        let mut made = client("client");
        made.private_key = Some(json!({ "kid": "k" }));
        made.certificate = Some(("mtls".to_owned(), certificate.clone()));

        let configuration = build(&fapi, &[made], &names(&fapi)).unwrap();

        let entry = &configuration["client"];
        assert_eq!(entry["client_id"], "client-id");
        assert_eq!(entry["scope"], "openid profile email offline_access");
        assert_eq!(entry["jwks"], json!({ "keys": [{ "kid": "k" }] }));
        assert_eq!(configuration["mtls"], json!({ "cert": certificate.certificate, "key": certificate.key }));
        assert_eq!(configuration["resource"]["resourceUrl"], "https://localhost:2/resource");
    }

    #[test]
    fn the_complete_user_has_every_standard_claim_that_is_not_the_servers_own() {
        let plans = Library::open(None).unwrap().plans().unwrap();
        let claims = plans.iter().find_map(|plan| plan.claims.clone()).unwrap();
        let profile = "name family_name given_name middle_name nickname preferred_username profile picture website \
                       gender birthdate zoneinfo locale";
        for name in profile.split(' ').filter(|name| !name.is_empty()) {
            assert!(!claims[name].is_null(), "{name} is missing");
        }
        for name in ["email", "email_verified", "address", "phone_number", "phone_number_verified"] {
            assert!(!claims[name].is_null(), "{name} is missing");
        }
    }
}
