//! Where a fetch may go: schemes, addresses, and name servers that change their mind.

use std::sync::Arc;

use signet_core::ports::outbound::OutboundError;
use url::Url;

use super::server::{JSON, NameServer, Reply, Server, answer, client, get};
use crate::{OutboundClient, OutboundSettings, SystemResolver};

fn document() -> Reply {
    Reply::Bytes(answer("200 OK", "", "{}"))
}

#[tokio::test]
async fn kc45645_internal_addresses_are_refused_however_they_are_written() {
    let canary = Server::start(|_| document()).await;
    let port = canary.address.port();
    let settings = OutboundSettings { allow_private_addresses: false, ..canary.settings() };
    let outbound = OutboundClient::new(settings, Arc::new(SystemResolver)).unwrap();
    let hosts = [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.0.0.1.",
        "%31%32%37.0.0.1",
        "localhost",
        "LOCALHOST",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::127.0.0.1]",
        "１２７.0.0.1",
        "169.254.169.254",
        "10.0.0.1",
        "[fe80::1]",
        "[fd00:ec2::254]",
    ];
    for host in hosts {
        let url = Url::parse(&format!("https://{host}:{port}/jwks")).unwrap();
        let refused = get(&outbound, &url, JSON).await.unwrap_err();
        assert!(matches!(refused, OutboundError::AddressRefused { .. }), "{host}: {refused}");
    }
    assert_eq!(canary.connections(), 0);
}

#[tokio::test]
async fn only_plain_https_urls_are_fetched() {
    let outbound = client(OutboundSettings { allow_private_addresses: true, ..OutboundSettings::default() });
    let urls = [
        "http://127.0.0.1/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "data:application/json,{}",
        "javascript:1",
        "gopher://127.0.0.1/",
        "unix:/run/x",
        "https://user@server.test/",
        "https://user:password@server.test/",
        "https://:password@server.test/",
    ];
    for url in urls {
        let refused = get(&outbound, &Url::parse(url).unwrap(), JSON).await.unwrap_err();
        assert!(matches!(refused, OutboundError::UrlRefused(_)), "{url}: {refused}");
    }
}

#[tokio::test]
async fn plain_http_is_for_loopback_addresses_where_that_is_permitted() {
    let server = Server::start_plain(|_| document()).await;
    let url = Url::parse(&format!("http://{}/", server.address)).unwrap();
    let settings = OutboundSettings { allow_plain_loopback: true, ..OutboundSettings::default() };
    assert!(get(&client(settings.clone()), &url, JSON).await.is_ok());

    let settings = OutboundSettings { allow_private_addresses: true, ..settings };
    for address in ["10.0.0.1", "93.184.215.14"] {
        let names = NameServer::new(&[&[address]]);
        let outbound = OutboundClient::new(settings.clone(), names).unwrap();
        let refused = get(&outbound, &Url::parse("http://server.test/").unwrap(), JSON).await.unwrap_err();
        assert!(matches!(refused, OutboundError::AddressRefused { .. }), "{address}: {refused}");
    }
}

/// A server on 127.0.0.2, which is permitted and stands for a public one, and a canary on 127.0.0.1 at the same port.
async fn public_and_internal() -> (Server, Server, OutboundSettings, Url) {
    let public = Server::start_at("127.0.0.2:0", true, |_| document()).await;
    let port = public.address.port();
    let internal = Server::start_at(&format!("127.0.0.1:{port}"), true, |_| document()).await;
    let settings = OutboundSettings {
        allow_private_addresses: false,
        allowed_networks: vec!["127.0.0.2/32".parse().unwrap()],
        ..public.settings()
    };
    (public, internal, settings, Url::parse(&format!("https://server.test:{port}/")).unwrap())
}

#[tokio::test]
async fn az_065_a_name_that_is_rebound_after_the_check_leads_nowhere_else() {
    let (public, internal, settings, url) = public_and_internal().await;
    let names = NameServer::new(&[&["127.0.0.2"], &["127.0.0.1"]]);
    let outbound = OutboundClient::new(settings, Arc::clone(&names) as _).unwrap();
    assert!(get(&outbound, &url, JSON).await.is_ok());
    assert_eq!(names.unused_answers(), 1, "the name was resolved once, for check and connection");
    let other = url.join("/other").unwrap();
    let refused = get(&outbound, &other, JSON).await.unwrap_err();
    assert!(matches!(refused, OutboundError::AddressRefused { reason: "loopback", .. }), "{refused}");
    assert_eq!((public.connections(), internal.connections()), (1, 0));
}

#[tokio::test]
async fn of_several_addresses_only_permitted_ones_are_contacted() {
    let (public, internal, settings, url) = public_and_internal().await;
    let names = NameServer::new(&[&["127.0.0.1", "::1", "127.0.0.2"]]);
    let outbound = OutboundClient::new(settings, names).unwrap();
    assert!(get(&outbound, &url, JSON).await.is_ok());
    assert_eq!((public.connections(), internal.connections()), (1, 0));
}

#[tokio::test]
async fn a_name_without_address_and_an_address_without_server_say_so() {
    let settings = OutboundSettings { allow_private_addresses: true, ..OutboundSettings::default() };
    let outbound = OutboundClient::new(settings, NameServer::new(&[&[]])).unwrap();
    let url = Url::parse("https://server.test/").unwrap();
    for _ in ["no addresses", "an error"] {
        assert_eq!(get(&outbound, &url, JSON).await, Err(OutboundError::Unresolvable("server.test".into())));
    }
    let gone = Server::start(|_| document()).await.url("/");
    assert_eq!(get(&outbound, &gone, JSON).await, Err(OutboundError::Unreachable("127.0.0.1".into())));
}
