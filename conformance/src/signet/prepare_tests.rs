//! What is created for a plan, and that a deployer's Signet is left as it was found.

use super::*;
use crate::plan::Library;
use crate::recorded::Recorded;
use std::fs;

/// Answers as the token endpoint and the admin interface do.
fn admin(method: &str, path: &str) -> (u16, String) {
    match (method, path.rsplit('/').next()) {
        ("POST", Some("token")) => (200, r#"{"access_token":"at","token_type":"Bearer","expires_in":300}"#.to_owned()),
        ("POST", Some("initial-access-tokens")) => (201, r#"{"id":"i1","token":"iat"}"#.to_owned()),
        ("POST", Some("users")) => (201, r#"{"id":"u1"}"#.to_owned()),
        ("POST", Some("clients")) => (201, r#"{"client_id":"c1","client_secret":"s1"}"#.to_owned()),
        ("POST", _) => (201, "{}".to_owned()),
        _ => (204, String::new()),
    }
}

async fn connected(server: &Recorded, more: &str) -> Signet {
    connected_with(server, more, None).await.unwrap()
}

async fn connected_with(server: &Recorded, more: &str, scripts: Option<ScriptSet>) -> Result<Signet, HarnessError> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("ca.pem"), server.authority()).unwrap();
    let url = server.url();
    let text = format!("base_url = {url:?}\nclient_id = \"a:b\"\nclient_secret = \"s\"\nca_file = \"ca.pem\"\n{more}");
    let target = folder.path().join("target.toml");
    fs::write(&target, text).unwrap();
    Signet::connect(&target, scripts).await
}

fn plan(name: &str) -> Plan {
    Library::open(None).unwrap().plans().unwrap().into_iter().find(|plan| plan.name == name).unwrap()
}

/// The requests to the admin interface, as method and path below it.
fn administered(server: &Recorded) -> Vec<String> {
    let asked = server.asked().into_iter();
    let below =
        asked.filter_map(|asked| Some(format!("{} {}", asked.method, asked.path.strip_prefix("/admin/api/v1/")?)));
    below.collect()
}

#[tokio::test]
async fn a_plan_gets_a_realm_a_user_and_clients_which_are_removed_newest_first() {
    let server = Recorded::start(admin).await;
    let signet = connected(&server, "").await;

    let prepared = signet.prepare(&plan("basic"), "https://suite").await.unwrap();
    signet.clean_up().await.unwrap();

    let realm = prepared.names["realm"].clone();
    assert!(realm.starts_with("conformance-basic-"), "{realm}");
    assert_eq!(prepared.names["issuer"], format!("{}/realms/{realm}", server.url()));
    let roles: Vec<&str> = prepared.clients.iter().map(|client| client.role.as_str()).collect();
    assert_eq!(roles, ["client", "client2", "client_secret_post"]);
    assert_eq!(prepared.clients[0].client_secret.as_deref(), Some("s1"));
    let (clients, client) = (format!("realms/{realm}/clients"), format!("DELETE realms/{realm}/clients/c1"));
    let expected = [
        "POST realms".to_owned(),
        format!("POST realms/{realm}/users"),
        format!("POST {clients}"),
        format!("POST {clients}"),
        format!("POST {clients}"),
        client.clone(),
        client.clone(),
        client,
        format!("DELETE realms/{realm}/users/u1"),
        format!("DELETE realms/{realm}"),
    ];
    assert_eq!(administered(&server), expected);
}

#[tokio::test]
async fn registrations_have_their_placeholders_filled_and_go_with_the_token() {
    let server = Recorded::start(admin).await;
    connected(&server, "").await.prepare(&plan("basic"), "https://suite").await.unwrap();
    let asked = server.last();
    assert_eq!(asked.authorization, "Bearer at");
    let registration: Value = serde_json::from_str(&asked.body).unwrap();
    assert_eq!(registration["redirect_uris"][0], "https://suite/test/a/signet-basic/callback");
    assert_eq!(registration["token_endpoint_auth_method"], "client_secret_post");
    assert!(registration.get("role").is_none());
}

#[tokio::test]
async fn a_plan_whose_clients_register_themselves_gets_an_initial_access_token() {
    let server = Recorded::start(admin).await;
    let signet = connected(&server, "").await;
    let prepared = signet.prepare(&plan("basic-dynamic"), "https://suite").await.unwrap();
    signet.clean_up().await.unwrap();
    assert_eq!(prepared.names["initial_access_token"], "iat");
    let realm = &prepared.names["realm"];
    let asked = administered(&server);
    assert!(asked.contains(&format!("POST realms/{realm}/initial-access-tokens")), "{asked:?}");
    assert!(asked.contains(&format!("DELETE realms/{realm}/initial-access-tokens/i1")), "{asked:?}");
}

/// The bodies of what was created below a path that ends so.
fn created(server: &Recorded, end: &str) -> Vec<Value> {
    let asked = server.asked().into_iter().filter(|asked| asked.method == "POST" && asked.path.ends_with(end));
    asked.map(|asked| serde_json::from_str(&asked.body).unwrap()).collect()
}

#[tokio::test]
async fn a_fapi_plan_gets_a_resource_that_may_ask_about_tokens_and_clients_with_keys_and_certificates() {
    let server = Recorded::start(admin).await;
    let signet = connected(&server, "mtls_base_url = \"https://mtls.example/\"").await;
    let plan = plan("fapi2-security-mtls-mtls-plain-oauth");

    let prepared = signet.prepare(&plan, "https://suite").await.unwrap();

    let realm = &created(&server, "/realms")[0];
    assert!(realm["name"].as_str().unwrap().len() <= 64, "{realm}");
    assert!(realm["client_certificate_authorities"].as_str().unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
    assert_eq!(created(&server, "/resource-servers")[0]["scopes"][0]["name"], "accounts");
    let clients = created(&server, "/clients");
    assert_eq!(clients[0]["settings"]["may_introspect"], true);
    for (registered, own, role) in
        [(&clients[1], &prepared.clients[0], "client"), (&clients[2], &prepared.clients[1], "client2")]
    {
        assert_eq!(registered["tls_client_auth_subject_dn"], format!("CN={}-{role}", plan.alias()));
        assert_eq!(registered["tls_client_certificate_bound_access_tokens"], true);
        assert_eq!(registered["jwks"]["keys"].as_array().unwrap().len(), 1);
        assert_eq!(registered["jwks"]["keys"][0]["kid"], role);
        assert!(registered["jwks"]["keys"][0].get("d").is_none());
        assert!(own.private_key.as_ref().unwrap().get("d").is_some());
        assert!(own.certificate.is_some());
    }
    let resource = &prepared.names["resource"];
    assert!(resource.starts_with("https://localhost:") && resource.ends_with("/accounts"), "{resource}");
}

#[tokio::test]
async fn a_plan_with_a_resource_needs_the_address_where_clients_show_certificates() {
    let server = Recorded::start(admin).await;
    let signet = connected(&server, "").await;
    let Err(error) = signet.prepare(&plan("fapi2-security-rar"), "https://suite").await else { panic!("prepared") };
    assert!(error.to_string().contains("mtls_base_url"), "{error}");
}

#[tokio::test]
async fn rfc8705_2_2_a_certificate_of_the_clients_own_is_registered() {
    let server = Recorded::start(admin).await;
    connected(&server, "").await.prepare(&plan("authentication-mtls"), "https://suite").await.unwrap();
    let client = &created(&server, "/clients")[0];
    assert_eq!(client["token_endpoint_auth_method"], "self_signed_tls_client_auth");
    assert_eq!(client["jwks"]["keys"][0]["x5c"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_named_realm_is_used_and_stays() {
    let server = Recorded::start(admin).await;
    let signet = connected(&server, "realm = \"customers\"").await;
    let prepared = signet.prepare(&plan("config"), "https://suite").await.unwrap();
    signet.clean_up().await.unwrap();
    assert_eq!(prepared.names["issuer"], format!("{}/realms/customers", server.url()));
    assert!(administered(&server).is_empty());
}

#[tokio::test]
async fn scripts_are_deployed_to_the_realm_of_the_plan() {
    let server = Recorded::start(admin).await;
    let set = ScriptSet::named("hostile").unwrap();
    let packages = set.packages.len();
    let signet = connected_with(&server, "", Some(set)).await.unwrap();
    let realm = signet.prepare(&plan("config"), "https://suite").await.unwrap().names["realm"].clone();
    let deployed = format!("POST realms/{realm}/scripts");
    assert_eq!(administered(&server)[1..], vec![deployed; packages]);
    let body: Value = serde_json::from_str(&server.last().body).unwrap();
    assert!(body["files"]["manifest.toml"].as_str().unwrap().contains("api = \"1\""));
}

#[tokio::test]
async fn scripts_are_not_deployed_to_a_named_realm() {
    let server = Recorded::start(admin).await;
    let set = ScriptSet::named("hostile").unwrap();
    let Err(error) = connected_with(&server, "realm = \"customers\"", Some(set)).await else { panic!("deployed") };
    assert_eq!(error.exit_code(), 2);
    assert!(error.to_string().contains("customers"), "{error}");
    assert!(administered(&server).is_empty());
}

#[tokio::test]
async fn rfc6749_2_3_1_client_credentials_are_form_urlencoded_before_they_are_joined() {
    let server = Recorded::start(admin).await;
    connected(&server, "").await;
    let asked = server.last();
    assert_eq!(asked.path, "/realms/admin/token");
    // base64 of "a%3Ab:s"
    assert_eq!(asked.authorization, "Basic YSUzQWI6cw==");
    assert_eq!(asked.body, "grant_type=client_credentials&scope=signet.admin");
}

#[tokio::test]
async fn a_refusal_of_the_admin_interface_is_told_with_its_words() {
    let refuse = |method: &str, path: &str| {
        if path.ends_with("/realms") {
            (403, "{\"title\":\"insufficient scope\"}".to_owned())
        } else {
            admin(method, path)
        }
    };
    let server = Recorded::start(refuse).await;
    let Err(error) = connected(&server, "").await.prepare(&plan("config"), "https://suite").await else {
        panic!("a refused realm was taken for created");
    };
    let said = error.to_string();
    assert!(said.contains("403") && said.contains("insufficient scope"), "{said}");
}
