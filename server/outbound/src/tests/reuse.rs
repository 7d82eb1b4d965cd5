//! What is not done again: connections that are kept, and documents that have not changed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use signet_core::ports::outbound::{
    Accept, Freshness, OutboundBody, OutboundError, OutboundHttp as _, OutboundRequest,
};

use super::server::{JSON, NameServer, Reply, Server, answer, client, get};
use crate::{CacheSettings, OutboundClient, OutboundSettings};

const CURRENT: Accept = Accept { freshness: Freshness::Current, ..JSON };

fn post(server: &Server) -> OutboundRequest {
    OutboundRequest {
        url: server.url("/logout"),
        bearer: None,
        body: Some(OutboundBody::Form("a=b".to_owned())),
        max_bytes: 100,
        time: Duration::from_secs(30),
    }
}

#[tokio::test]
async fn a_connection_serves_one_request_after_another() {
    let server = Server::start(|_| Reply::BytesAndMore(answer("200 OK", "", "{}"))).await;
    let outbound = client(server.settings());
    for path in ["/a", "/b", "/c"] {
        get(&outbound, &server.url(path), JSON).await.unwrap();
    }
    outbound.send(post(&server)).await.unwrap();
    outbound.send(post(&server)).await.unwrap();
    assert_eq!((server.connections(), server.requests().len()), (1, 5));
}

#[tokio::test]
async fn requests_at_the_same_time_have_connections_of_their_own() {
    let server = Server::start(|_| Reply::BytesAndMore(answer("200 OK", "", "{}"))).await;
    let outbound = client(server.settings());
    let urls = ["/a", "/b", "/c"].map(|path| server.url(path));
    let fetched = futures_util::future::join_all(urls.iter().map(|url| get(&outbound, url, JSON))).await;
    assert!(fetched.iter().all(Result::is_ok));
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_connection_that_the_server_ended_costs_no_request() {
    let server = Server::start(|_| Reply::Bytes(answer("200 OK", "", "{}"))).await;
    let outbound = client(server.settings());
    for path in ["/a", "/b", "/c"] {
        get(&outbound, &server.url(path), JSON).await.unwrap();
    }
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn what_was_not_read_to_its_end_is_no_connection_any_more() {
    let long = "b".repeat(2_000);
    let server = Server::start(move |path| {
        Reply::BytesAndMore(match path {
            "/long" => answer("200 OK", "", &long),
            "/missing" => answer("404 Not Found", "", "nothing here"),
            _ => answer("200 OK", "", "{}"),
        })
    })
    .await;
    let outbound = client(server.settings());
    for (index, path) in ["/long", "/missing"].into_iter().enumerate() {
        get(&outbound, &server.url(path), JSON).await.unwrap_err();
        get(&outbound, &server.url(&format!("/{index}")), JSON).await.unwrap();
    }
    // One for the first failure, one for the document and the second failure, one for the last document.
    assert_eq!(server.connections(), 3);
}

/// A kept connection is no way around the guard: the name is asked for every request.
#[tokio::test]
async fn a_kept_connection_is_not_used_once_the_name_leads_elsewhere() {
    let server = Server::start_at("127.0.0.2:0", true, |_| Reply::BytesAndMore(answer("200 OK", "", "{}"))).await;
    let settings = OutboundSettings {
        allow_private_addresses: false,
        allowed_networks: vec!["127.0.0.2/32".parse().unwrap()],
        ..server.settings()
    };
    let names = NameServer::new(&[&["127.0.0.2"], &["127.0.0.2"], &["127.0.0.1"]]);
    let outbound = OutboundClient::new(settings, names).unwrap();
    let url = |path: &str| format!("https://server.test:{}{path}", server.address.port()).parse().unwrap();
    for path in ["/a", "/b"] {
        get(&outbound, &url(path), JSON).await.unwrap();
    }
    let refused = get(&outbound, &url("/c"), JSON).await.unwrap_err();
    assert!(matches!(refused, OutboundError::AddressRefused { reason: "loopback", .. }), "{refused}");
    assert_eq!((server.connections(), server.requests().len()), (1, 2));
}

/// Cache settings under which every copy is stale at once.
fn stale_at_once(server: &Server) -> OutboundSettings {
    let (shortest, longest) = (Duration::ZERO, Duration::ZERO);
    let cache = CacheSettings { shortest, longest, refetch_after: Duration::ZERO, ..CacheSettings::default() };
    OutboundSettings { cache, ..server.settings() }
}

#[tokio::test]
async fn rfc9111_4_3_a_stale_copy_is_confirmed_and_not_sent_again() {
    for (validator, condition) in [
        ("etag: \"one\"\r\n", "if-none-match: \"one\"\r\n"),
        ("etag: W/\"one\"\r\n", "if-none-match: W/\"one\"\r\n"),
        ("last-modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n", "if-modified-since: Thu, 01 Jan 2026 00:00:00 GMT\r\n"),
        ("last-modified: Thu, 01 Jan 2026 00:00:00 GMT\r\netag: \"x\"\r\n", "if-none-match: \"x\"\r\n"),
    ] {
        let asked = AtomicUsize::new(0);
        let first = answer("200 OK", &format!("{validator}content-type: application/json\r\n"), "{}");
        let server = Server::start(move |_| {
            let is_first = asked.fetch_add(1, Ordering::SeqCst) == 0;
            let confirmed = b"HTTP/1.1 304 Not Modified\r\n\r\n".to_vec();
            Reply::BytesAndMore(if is_first { first.clone() } else { confirmed })
        })
        .await;
        let outbound = client(stale_at_once(&server));
        let document = get(&outbound, &server.url("/jwks"), JSON).await.unwrap();
        for accept in [JSON, CURRENT, Accept { freshness: Freshness::Newer, ..JSON }] {
            assert_eq!(get(&outbound, &server.url("/jwks"), accept).await.unwrap(), document);
        }
        let requests = server.requests();
        assert_eq!((requests.len(), server.connections()), (4, 1));
        assert!(!requests[0].contains("if-"), "{}", requests[0]);
        assert!(requests[1..].iter().all(|request| request.contains(condition)), "{requests:?}");
    }
}

#[tokio::test]
async fn rfc9111_4_3_3_a_document_that_changed_takes_the_place_of_the_copy() {
    let asked = AtomicUsize::new(0);
    let server = Server::start(move |_| {
        let number = asked.fetch_add(1, Ordering::SeqCst);
        Reply::BytesAndMore(answer("200 OK", &format!("etag: \"{number}\"\r\n"), &format!("[{number}]")))
    })
    .await;
    let outbound = client(stale_at_once(&server));
    for number in 0..3 {
        let document = get(&outbound, &server.url("/jwks"), JSON).await.unwrap();
        assert_eq!(&*document.body, format!("[{number}]").as_bytes());
    }
    assert!(server.requests()[2].contains("if-none-match: \"1\"\r\n"), "{:?}", server.requests());
}

#[tokio::test]
async fn rfc9111_4_3_4_a_confirmation_says_anew_how_long_the_copy_is_fresh() {
    let is_short = Arc::new(AtomicBool::new(true));
    let short = Arc::clone(&is_short);
    let server = Server::start(move |_| {
        let is_first = short.swap(false, Ordering::SeqCst);
        let first = answer("200 OK", "cache-control: max-age=0\r\netag: \"x\"\r\n", "{}");
        let confirmed = b"HTTP/1.1 304 Not Modified\r\ncache-control: max-age=60\r\n\r\n".to_vec();
        Reply::BytesAndMore(if is_first { first } else { confirmed })
    })
    .await;
    let cache = CacheSettings { shortest: Duration::ZERO, ..CacheSettings::default() };
    let outbound = client(OutboundSettings { cache, ..server.settings() });
    for _ in 0..4 {
        get(&outbound, &server.url("/jwks"), JSON).await.unwrap();
    }
    assert_eq!(server.requests().len(), 2, "fetched, confirmed, and fresh from then on");
}

#[tokio::test]
async fn rfc9111_5_2_2_5_what_is_not_to_be_stored_is_never_confirmed() {
    let headers = "cache-control: private, No-Store\r\netag: \"x\"\r\n";
    let server = Server::start(move |_| Reply::BytesAndMore(answer("200 OK", headers, "{}"))).await;
    let outbound = client(stale_at_once(&server));
    for _ in 0..2 {
        get(&outbound, &server.url("/jwks"), JSON).await.unwrap();
    }
    assert!(!server.requests()[1].contains("if-none-match"), "{:?}", server.requests());
}

#[tokio::test]
async fn rfc9110_15_4_5_a_confirmation_that_nobody_asked_for_is_no_document() {
    let server = Server::start(|_| Reply::BytesAndMore(b"HTTP/1.1 304 Not Modified\r\n\r\n".to_vec())).await;
    let refused = Err(OutboundError::Status { host: "127.0.0.1".into(), status: 304 });
    assert_eq!(server.get("/").await, refused);
}
