//! Mutual TLS through nginx and HAProxy, as `deploy/` configures them.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::client_authentication::certificate_set;
use crate::support::certificates::{Identity, Subject};
use crate::support::client::{Client, Credential};
use crate::support::http::{HttpClient, Request};
use crate::support::realm::Realm;
use crate::support::reverse_proxy::ReverseProxy;
use crate::support::server::{Configuration, Server, free_ports};

const GRANT: &[(&str, &str)] = &[("grant_type", "client_credentials")];

/// A server that a proxy on this port will stand before.
async fn behind(port: u16, header: &'static str) -> (Arc<Server>, String) {
    let configuration = Configuration {
        behind_proxies: Some([port, port]),
        certificate_header: Some(header),
        mutual_tls_by_name: true,
        ..Configuration::default()
    };
    let server = Server::start(configuration).await;
    let backend = server.base.replacen("http://localhost", "127.0.0.1", 1);
    (server, backend)
}

fn presenting(client: &Client, identity: &Identity) -> Client {
    client.with_credential(Credential::Certificate(Box::new(identity.clone())))
}

/// Clients and an authority of a realm behind the proxy.
struct Behind {
    realm: Realm,
    /// Authenticates by a certificate of the authority with the name `client one`.
    issued: Client,
    one: Identity,
    two: Identity,
}

impl Behind {
    async fn new(server: &Arc<Server>) -> Self {
        let authority = Identity::authority("Client authority");
        let realm = Realm::on(server, json!({"client_certificate_authorities": authority.certificate_pem()})).await;
        let issued = json!({
            "token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=client one,O=Example",
            "grant_types": ["client_credentials"],
        });
        let issued = realm.client(issued).await;
        let [one, two] =
            ["client one", "client two"].map(|name| Identity::issued(&Subject::named(name), Some(&authority)));
        Self { realm, issued, one, two }
    }

    /// RFC 8705 section 2, both methods.
    async fn authenticates_clients(&self) {
        let Self { realm, issued, one, two } = self;
        presenting(issued, one).client_credentials("").await.tokens();
        presenting(issued, two).client_credentials("").await.assert_refused("invalid_client");
        issued.client_credentials("").await.assert_refused("invalid_client");
        let registered = Identity::issued(&Subject::named("self-signed"), None);
        let client = realm.client(json!({
            "token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": certificate_set(&registered),
            "grant_types": ["client_credentials"],
        }));
        let client = client.await;
        presenting(&client, &registered).client_credentials("").await.tokens();
        presenting(&client, one).client_credentials("").await.assert_refused("invalid_client");
        // Without certificate at the host that asks for one, and with one at the host that does not.
        let without = Client { issuer: client.mtls_issuer.clone(), ..client.clone() };
        without.client_credentials("").await.assert_refused("invalid_client");
        let elsewhere = Client { mtls_issuer: client.issuer.clone(), ..presenting(&client, &registered) };
        elsewhere.client_credentials("").await.assert_refused("invalid_client");
    }

    /// RFC 8705 section 3.
    async fn binds_tokens(&self) {
        let Self { realm, one, two, .. } = self;
        let client = realm.client(json!({
            "token_endpoint_auth_method": "none", "grant_types": ["authorization_code", "refresh_token"],
            "tls_client_certificate_bound_access_tokens": true,
        }));
        let client = client.await;
        let (holder, thief) = (presenting(&client, one), presenting(&client, two));
        let request = holder.request().with("scope", "openid offline_access");
        let tokens = holder.obtain(&mut realm.browser(), &request, &realm.user).await;
        assert_eq!(holder.userinfo(tokens.access_token()).await.success()["sub"], realm.user.id);
        thief.userinfo(tokens.access_token()).await.assert_token_refused(401, "invalid_token");
        client.userinfo(tokens.access_token()).await.assert_token_refused(401, "invalid_token");
        thief.refresh(tokens.refresh_token()).await.assert_refused("invalid_grant");
        holder.refresh(tokens.refresh_token()).await.tokens();
    }

    /// CVE-2024-10039: what a client writes into the headers of the proxy is nobody's certificate.
    async fn believes_no_header_of_clients(&self) {
        let Self { issued, one, two, .. } = self;
        let der = STANDARD.encode(one.certificate.to_der().unwrap());
        let pem = url::form_urlencoded::byte_serialize(one.certificate_pem().as_bytes()).collect::<String>();
        let pem = pem.replace('+', "%20");
        for name in ["client-cert", "Client_Cert", "x-client-certificate", "X_Client_Certificate", "x-ssl-client-cert"]
        {
            for value in [format!(":{der}:"), der.clone(), pem.clone()] {
                for (http, issuer) in [
                    (HttpClient::new(), &issued.issuer),
                    (HttpClient::new(), &issued.mtls_issuer),
                    (HttpClient::presenting(Some(two)), &issued.issuer),
                    (HttpClient::presenting(Some(two)), &issued.mtls_issuer),
                ] {
                    let form = [GRANT, &[("client_id", issued.id.as_str())]].concat();
                    let request = Request::form(&format!("{issuer}/token"), &form).header(name, &value);
                    http.send(request).await.assert_refused("invalid_client");
                }
            }
        }
        // Nor does it stand in the way of the real one.
        let holder = presenting(issued, one);
        let request = holder.authenticated("/token", GRANT).header("client-cert", ":MIIB:");
        holder.http.send(request.header("x-client-certificate", "MIIB")).await.tokens();
    }

    /// A connection that was made for pages carries no request for the host that asks for certificates, and the other
    /// way round none of its certificate to pages.
    async fn keeps_hosts_apart(&self) {
        let Self { issued, one, .. } = self;
        let url = |client: &Client| format!("{}/token", client.issuer);
        let form = [GRANT, &[("client_id", issued.id.as_str())]].concat();
        let host = issued.mtls_issuer.split('/').nth(2).unwrap();
        let request = Request::form(&url(issued), &form).header("host", host);
        let answer = HttpClient::http1(Some(one)).send(request).await;
        assert_eq!(answer.status, 421, "{answer:?}");
        let host = issued.issuer.split('/').nth(2).unwrap();
        let request = Request::form(&format!("{}/token", issued.mtls_issuer), &form).header("host", host);
        let answer = HttpClient::http1(Some(one)).send(request).await;
        assert!(answer.status == 421 || answer.json()["error"] == "invalid_client", "{answer:?}");
    }

    async fn hold(&self) {
        self.authenticates_clients().await;
        self.binds_tokens().await;
        self.believes_no_header_of_clients().await;
        self.keeps_hosts_apart().await;
    }
}

#[tokio::test]
async fn rfc8705_mutual_tls_through_nginx() {
    let [port] = free_ports();
    let (server, backend) = behind(port, "x-client-certificate").await;
    let _proxy = ReverseProxy::nginx(port, &backend).await;
    Behind::new(&server).await.hold().await;
}

#[tokio::test]
async fn rfc9440_mutual_tls_through_haproxy() {
    let [port] = free_ports();
    let (server, backend) = behind(port, "client-cert").await;
    let _proxy = ReverseProxy::haproxy(port, &backend).await;
    Behind::new(&server).await.hold().await;
}
