//! Identity assertion grants (draft): one realm issues them, another takes them.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};

use super::{ACCESS, GRANT, ID, REFRESH, exchange, revoke};
use crate::support::client::{Client, Tokens};
use crate::support::databases::{Kind, TestDatabase};
use crate::support::dpop::ProofKey;
use crate::support::http::{Answer, at_once};
use crate::support::jwt;
use crate::support::realm::{Realm, merged};
use crate::support::server::{Configuration, Server};

pub(crate) const ID_JAG: &str = "urn:ietf:params:oauth:token-type:id-jag";
const BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
pub(crate) const API: &str = "https://api.chat.test/";

/// A wiki whose users log in at one realm, and a chat whose API is at another.
pub(crate) struct Domains {
    pub(crate) idp: Realm,
    pub(crate) wiki: Client,
    pub(crate) chat: Realm,
    /// The wiki at the chat's realm.
    pub(crate) there: Client,
}

fn policy(chat: &Realm, more: Value) -> Value {
    let entry = json!({
        "audience": chat.issuer, "client_id": "wiki-there", "resources": [API], "scope": "chat.read chat.history",
        "claims": ["email", "email_verified"],
    });
    json!({"issued_token_types": [ID_JAG], "identity_assertions": [merged(entry, more)]})
}

async fn domains_on(server: &Arc<Server>) -> Domains {
    let issuing = json!({"backchannel_logout": true, "identity_chaining": true});
    let (idp, chat) = (Realm::on(server, issuing).await, Realm::on(server, json!({})).await);
    let body = json!({"identifier": API, "display_name": "Chat"});
    chat.server.administration.create_resource_server(&chat.name, &body).await;
    let there = json!({
        "client_id": "wiki-there", "grant_types": [BEARER], "response_types": [], "redirect_uris": [],
        "scope": "chat.read chat.history chat.write",
    });
    let there = chat.client(there).await;
    let keys = idp.get("/jwks").await.success();
    let trusted = json!({
        "issuer": idp.issuer, "jwks": keys, "uses": ["assertion_grant"], "clients": ["wiki-there"],
        "subject_mapping": "username", "subject_claim": "email",
    });
    let path = format!("/realms/{}/trusted-issuers", chat.name);
    let made = chat.server.administration.ask(Method::POST, &path, &trusted).await;
    assert_eq!(made.status, 201);
    // The chat knows the user by the address that the other realm vouches for.
    chat.add_user("ana@ana.test").await;
    let own = json!({
        "client_id": "wiki", "grant_types": ["authorization_code", "refresh_token", "client_credentials", GRANT],
        "scope": "openid offline_access chat.read read",
        "settings": {"token_exchange": policy(&chat, json!({})), "skip_consent": true},
    });
    let wiki = idp.client(own).await;
    Domains { idp, wiki, chat, there }
}

pub(crate) async fn domains() -> Domains {
    domains_on(&Server::shared().await).await
}

impl Domains {
    async fn login(&self, scope: &str) -> Tokens {
        let request = self.wiki.request().with("scope", scope);
        self.wiki.obtain(&mut self.idp.browser(), &request, &self.idp.user).await
    }

    async fn ask(&self, subject: (&str, &str), more: &[(&str, &str)]) -> Answer {
        let own = [("requested_token_type", ID_JAG), ("audience", self.chat.issuer.as_str())];
        exchange(&self.wiki, subject, &[&own, more].concat()).await
    }

    async fn take(&self, grant: &str, more: &[(&str, &str)]) -> Answer {
        self.there.ask("/token", &[&[("grant_type", BEARER), ("assertion", grant)], more].concat()).await
    }
}

#[tokio::test]
async fn id_jag_4_one_realm_issues_a_grant_and_another_takes_it_once() {
    let domains = domains().await;
    let login = domains.login("openid").await;
    let answer = domains.ask((login.id_token(), ID), &[("scope", "chat.read"), ("resource", API)]).await.tokens();
    assert_eq!((&answer.0["issued_token_type"], &answer.0["token_type"]), (&json!(ID_JAG), &json!("N_A")));
    assert_eq!(answer.0["scope"], "chat.read");
    assert!(answer.0.get("refresh_token").is_none());
    let token = domains.idp.verify(answer.access_token()).await;
    assert_eq!(token.header["typ"], "oauth-id-jag+jwt");
    let claims = token.claims;
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!(domains.idp.issuer), &json!(domains.chat.issuer)));
    assert_eq!((&claims["sub"], &claims["client_id"]), (&json!(domains.idp.user.id), &json!("wiki-there")));
    assert_eq!((&claims["resource"], &claims["scope"]), (&json!(API), &json!("chat.read")));
    assert_eq!((&claims["email"], claims.get("name")), (&json!("ana@ana.test"), None));
    assert_eq!(claims["auth_time"], jwt::read(login.id_token()).claims["auth_time"]);
    assert!(claims["jti"].is_string() && claims["exp"].as_i64().unwrap() <= claims["iat"].as_i64().unwrap() + 300);
    let tokens = domains.take(answer.access_token(), &[]).await.tokens();
    let access = domains.chat.verify(tokens.access_token()).await.claims;
    assert_eq!((&access["aud"], &access["scope"]), (&json!(API), &json!("chat.read")));
    assert_eq!(access["client_id"], "wiki-there");
    domains.take(answer.access_token(), &[]).await.assert_refused("invalid_grant");
    // Section 4.3.3: narrowed there, never widened.
    let grant = domains.ask((login.id_token(), ID), &[]).await.tokens();
    assert_eq!(jwt::read(grant.access_token()).claims["scope"], "chat.read chat.history");
    domains.take(grant.access_token(), &[("scope", "chat.write")]).await.assert_refused("invalid_scope");
}

#[tokio::test]
async fn id_jag_4_3_audience_resource_and_scope_are_those_of_the_policy() {
    let domains = domains().await;
    let login = domains.login("openid").await;
    let subject = (login.id_token(), ID);
    let own = [("requested_token_type", ID_JAG)];
    exchange(&domains.wiki, subject, &own).await.assert_refused("invalid_request");
    domains.ask(subject, &[("audience", "https://other.test")]).await.assert_refused("invalid_request");
    // TK-077; section 8.3: nor this realm itself.
    for wrong in ["https://other.test", &domains.idp.issuer, API] {
        exchange(&domains.wiki, subject, &[own[0], ("audience", wrong)]).await.assert_refused("invalid_target");
    }
    let update = json!({"settings": {"token_exchange": policy(&domains.idp, json!({}))}});
    for wrong in ["https://api.chat.test", "https://other.test/", &domains.chat.issuer] {
        domains.ask(subject, &[("resource", wrong)]).await.assert_refused("invalid_target");
    }
    // TK-078.
    for wrong in ["chat.write", "chat.read chat.write", "openid", "\"", " "] {
        domains.ask(subject, &[("scope", wrong)]).await.assert_refused("invalid_scope");
    }
    domains.idp.update_client(&domains.wiki, update).await;
    let issuer = domains.idp.issuer.as_str();
    exchange(&domains.wiki, subject, &[own[0], ("audience", issuer)]).await.assert_refused("invalid_target");
}

#[tokio::test]
async fn id_jag_4_3_3_only_the_clients_own_id_tokens_and_refresh_tokens_are_subjects() {
    let domains = domains().await;
    let login = domains.login("openid offline_access chat.read").await;
    domains.ask((login.access_token(), ACCESS), &[]).await.assert_refused("invalid_request");
    let own = domains.wiki.client_credentials("read").await.tokens();
    domains.ask((own.access_token(), ACCESS), &[]).await.assert_refused("invalid_request");
    let actor = [("actor_token", own.access_token()), ("actor_token_type", ACCESS)];
    domains.ask((login.id_token(), ID), &actor).await.assert_refused("invalid_request");
    // A refresh token grants there what it grants here.
    let grant = domains.ask((login.refresh_token(), REFRESH), &[]).await.tokens();
    assert_eq!(jwt::read(grant.access_token()).claims["scope"], "chat.read");
    domains.take(grant.access_token(), &[]).await.tokens();
    domains.ask((login.refresh_token(), REFRESH), &[("scope", "chat.history")]).await.assert_refused("invalid_scope");
    // Another client's ID token, even of a client that the policy names.
    let other = domains.idp.client(json!({"client_id": "other", "settings": {"skip_consent": true}})).await;
    let request = other.request();
    let foreign = other.obtain(&mut domains.idp.browser(), &request, &domains.idp.user).await;
    let named = merged(policy(&domains.chat, json!({})), json!({"subject_clients": ["other"]}));
    domains.idp.update_client(&domains.wiki, json!({"settings": {"token_exchange": named}})).await;
    domains.ask((foreign.id_token(), ID), &[]).await.assert_refused("invalid_request");
    domains.ask((login.id_token(), ID), &[]).await.tokens();
    // TK-080: nothing after the session, nothing of what is revoked.
    revoke(&domains.wiki, login.refresh_token()).await;
    domains.ask((login.refresh_token(), REFRESH), &[]).await.assert_refused("invalid_request");
    let path = format!("/realms/{}/users/{}/sign-out", domains.idp.name, domains.idp.user.id);
    domains.idp.server.administration.ask(Method::POST, &path, &json!({})).await;
    domains.ask((login.id_token(), ID), &[]).await.assert_refused("invalid_request");
}

#[tokio::test]
async fn id_jag_3_1_a_user_is_named_as_the_relying_party_knows_them() {
    let pairwise = json!({"client_id": "chat-login", "subject_type": "pairwise", "settings": {"skip_consent": true}});
    let domains = domains().await;
    let relying_party = domains.idp.client(pairwise).await;
    let request = relying_party.request();
    let there = relying_party.obtain(&mut domains.idp.browser(), &request, &domains.idp.user).await;
    let named = policy(&domains.chat, json!({"relying_party": "chat-login"}));
    domains.idp.update_client(&domains.wiki, json!({"settings": {"token_exchange": named}})).await;
    let login = domains.login("openid").await;
    let grant = domains.ask((login.id_token(), ID), &[]).await.tokens();
    let sub = jwt::read(grant.access_token()).claims["sub"].clone();
    assert_eq!(sub, jwt::read(there.id_token()).claims["sub"]);
    assert_ne!(sub, domains.idp.user.id.as_str());
    domains.idp.update_client(&relying_party, json!({"enabled": false})).await;
    domains.ask((login.id_token(), ID), &[]).await.assert_refused("invalid_target");
}

#[tokio::test]
async fn id_jag_8_6_1_a_grant_is_bound_to_the_key_that_was_proved() {
    let domains = domains().await;
    let login = domains.login("openid").await;
    let (key, other) = (ProofKey::generate("ES256"), ProofKey::generate("ES256"));
    let parameters = [
        ("grant_type", GRANT),
        ("subject_token", login.id_token()),
        ("subject_token_type", ID),
        ("requested_token_type", ID_JAG),
        ("audience", domains.chat.issuer.as_str()),
    ];
    let answer = domains.wiki.ask_with(&key, &parameters).await.json();
    assert_eq!(answer["token_type"], "N_A");
    let grant = answer["access_token"].as_str().unwrap();
    assert_eq!(jwt::read(grant).claims["cnf"], json!({"jkt": key.thumbprint()}));
    let taken = [("grant_type", BEARER), ("assertion", grant)];
    domains.there.ask("/token", &taken).await.assert_refused("invalid_grant");
    domains.there.ask_with(&other, &taken).await.assert_refused("invalid_grant");
    domains.there.ask_with(&key, &taken).await.bound_tokens();
}

#[tokio::test]
async fn id_jag_4_3_a_realm_issues_grants_once_it_is_told_to() {
    let domains = domains().await;
    let tokens = domains.login("openid profile").await;
    let off = json!({"identity_chaining": false});
    domains.idp.server.administration.update_realm(&domains.idp.name, &off).await;
    domains.ask((tokens.id_token(), ID), &[]).await.assert_refused("invalid_request");
    let on = json!({"identity_chaining": true});
    domains.idp.server.administration.update_realm(&domains.idp.name, &on).await;
    assert_eq!(domains.ask((tokens.id_token(), ID), &[]).await.json()["token_type"], "N_A");
}

#[tokio::test]
async fn id_jag_7_metadata_names_what_is_issued_and_what_is_taken() {
    let domains = domains().await;
    let (idp, chat) = (domains.idp.discovery().await, domains.chat.discovery().await);
    assert_eq!(idp["identity_chaining_requested_token_types_supported"], json!([ID_JAG]));
    assert_eq!(chat.get("identity_chaining_requested_token_types_supported"), None, "off until a realm says so");
    assert_eq!(idp.get("authorization_grant_profiles_supported"), None);
    let profile = json!(["urn:ietf:params:oauth:grant-profile:id-jag"]);
    assert_eq!(chat["authorization_grant_profiles_supported"], profile);
}

#[tokio::test]
async fn policies_of_identity_assertions_that_cannot_be_meant_are_refused() {
    let domains = domains().await;
    let administration = &domains.idp.server.administration;
    let path = format!("/realms/{}/clients/wiki", domains.idp.name);
    let refused = async |policy: Value| {
        let body = json!({"settings": {"token_exchange": policy}});
        let answer = administration.try_ask(Method::PATCH, &path, &body).await;
        assert_eq!(answer.status, 422, "{policy}: {answer:?}");
    };
    let with = |more: Value| policy(&domains.chat, more);
    for more in [
        json!({"audience": "chat"}),
        json!({"audience": "http://chat.test"}),
        json!({"audience": "https://chat.test?x=1"}),
        json!({"resources": ["chat"]}),
        json!({"resources": ["https://api.chat.test/#x"]}),
        json!({"claims": ["groups"]}),
    ] {
        refused(with(more)).await;
    }
    let twice = with(json!({}))["identity_assertions"][0].clone();
    refused(merged(with(json!({})), json!({"identity_assertions": [twice, twice]}))).await;
    refused(merged(with(json!({})), json!({"issued_token_types": [ACCESS], "impersonation": true}))).await;
    refused(json!({"issued_token_types": [ID_JAG], "identity_assertions": []})).await;
    refused(json!({"issued_token_types": [ID_JAG, ACCESS], "identity_assertions": [twice]})).await;
    refused(merged(with(json!({})), json!({"transaction_tokens": {"replacement": true}}))).await;
}

/// A grant that is issued on a database is taken there once, and none is issued for what was revoked.
async fn works_on(kind: Kind) {
    let database = TestDatabase::empty(kind).await;
    let server =
        Server::start(Configuration { database: Some(database.url.clone()), ..Configuration::default() }).await;
    let domains = domains_on(&server).await;
    let login = domains.login("openid offline_access chat.read").await;
    for (token, kind) in [(login.id_token(), ID), (login.refresh_token(), REFRESH)] {
        let grant = domains.ask((token, kind), &[("scope", "chat.read")]).await.tokens();
        let claims = domains.idp.verify(grant.access_token()).await.claims;
        assert_eq!((&claims["sub"], &claims["email"]), (&json!(domains.idp.user.id), &json!("ana@ana.test")));
        let answers = at_once(8, async || domains.take(grant.access_token(), &[]).await).await;
        let (taken, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
        assert_eq!(taken.len(), 1);
        let access = domains.chat.verify(taken[0].tokens().access_token()).await.claims;
        assert_eq!((&access["aud"], &access["scope"]), (&json!(API), &json!("chat.read")));
        for answer in &refused {
            answer.assert_refused("invalid_grant");
        }
    }
    revoke(&domains.wiki, login.refresh_token()).await;
    domains.ask((login.refresh_token(), REFRESH), &[]).await.assert_refused("invalid_request");
    let path = format!("/realms/{}/users/{}/sign-out", domains.idp.name, domains.idp.user.id);
    server.administration.ask(Method::POST, &path, &json!({})).await;
    domains.ask((login.id_token(), ID), &[]).await.assert_refused("invalid_request");
    drop(domains);
    drop(server);
    database.remove().await;
}

#[tokio::test]
async fn id_jag_4_grants_are_issued_and_taken_on_postgres() {
    works_on(Kind::Postgres).await;
}

#[tokio::test]
async fn id_jag_4_grants_are_issued_and_taken_on_mariadb() {
    works_on(Kind::MariaDb).await;
}
