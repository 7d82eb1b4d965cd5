//! One fetch for many: cache, callers that come together, and hosts that fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use signet_core::ports::outbound::{Accept, Freshness, OutboundError, OutboundHttp as _};
use tokio::sync::Notify;

use super::server::{JSON, Reply, Server, answer, client, get};
use crate::{BreakerSettings, CacheSettings, OutboundSettings};

const NEWER: Accept = Accept { freshness: Freshness::Newer, ..JSON };

fn document() -> Vec<u8> {
    answer("200 OK", "cache-control: max-age=60\r\n", "{}")
}

#[tokio::test]
async fn a_second_caller_gets_the_copy() {
    let server = Server::start(|_| Reply::Bytes(document())).await;
    let outbound = client(server.settings());
    let first = get(&outbound, &server.url("/jwks"), JSON).await.unwrap();
    assert_eq!(get(&outbound, &server.url("/jwks"), JSON).await.unwrap(), first);
    assert_eq!(server.connections(), 1);
    get(&outbound, &server.url("/other"), JSON).await.unwrap();
    get(&outbound, &server.url("/jwks"), Accept { max_bytes: 10, ..JSON }).await.unwrap();
    assert_eq!(server.connections(), 3, "another document and another bound are fetched");
}

#[tokio::test]
async fn a_copy_that_did_not_help_is_fetched_again_unless_it_is_a_moment_old() {
    let server = Server::start(|_| Reply::Bytes(document())).await;
    for (refetch_after, connections) in [(Duration::ZERO, 2), (Duration::from_hours(1), 3)] {
        let cache = CacheSettings { refetch_after, ..CacheSettings::default() };
        let outbound = client(OutboundSettings { cache, ..server.settings() });
        get(&outbound, &server.url("/jwks"), JSON).await.unwrap();
        get(&outbound, &server.url("/jwks"), NEWER).await.unwrap();
        assert_eq!(server.connections(), connections);
    }
}

#[tokio::test]
async fn callers_that_come_together_share_one_fetch() {
    let sign = Arc::new(Notify::new());
    let told = Arc::clone(&sign);
    let server = Server::start(move |_| Reply::WhenTold(Arc::clone(&told), document())).await;
    let outbound = Arc::new(client(server.settings()));
    let callers: Vec<_> = (0..20)
        .map(|caller| {
            let (outbound, url) = (Arc::clone(&outbound), server.url("/jwks"));
            let accept = if caller % 2 == 0 { JSON } else { NEWER };
            tokio::spawn(async move { get(&outbound, &url, accept).await })
        })
        .collect();
    // One of the callers gives up, perhaps the one that came first.
    callers[0].abort();
    sign.notify_one();
    let mut answered = 0;
    for caller in callers {
        answered += usize::from(caller.await.is_ok_and(|result| result.is_ok()));
    }
    assert!(answered >= 19, "{answered}");
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_caller_that_goes_away_does_not_stop_the_fetch() {
    let sign = Arc::new(Notify::new());
    let told = Arc::clone(&sign);
    let server = Server::start(move |_| Reply::WhenTold(Arc::clone(&told), document())).await;
    let outbound = client(server.settings());
    let url = server.url("/jwks");
    {
        let waiting = outbound.get(&url, JSON);
        tokio::pin!(waiting);
        tokio::select! {
            biased;
            _ = &mut waiting => panic!("nothing was sent yet"),
            () = std::future::ready(()) => {}
        }
    }
    sign.notify_one();
    assert!(get(&outbound, &url, JSON).await.is_ok());
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_host_that_fails_in_a_row_is_left_alone_and_failures_are_not_kept() {
    let is_well = Arc::new(AtomicBool::new(false));
    let well = Arc::clone(&is_well);
    let server = Server::start(move |_| {
        Reply::Bytes(if well.load(Ordering::SeqCst) { document() } else { answer("500 Broken", "", "") })
    })
    .await;
    let breaker = BreakerSettings { failures: 2, pause: Duration::from_hours(1) };
    let outbound = client(OutboundSettings { breaker, ..server.settings() });
    let failed = Err(OutboundError::Status { host: "127.0.0.1".into(), status: 500 });
    assert_eq!(get(&outbound, &server.url("/a"), JSON).await, failed);
    is_well.store(true, Ordering::SeqCst);
    assert!(get(&outbound, &server.url("/a"), JSON).await.is_ok());
    is_well.store(false, Ordering::SeqCst);
    for path in ["/b", "/c"] {
        assert_eq!(get(&outbound, &server.url(path), JSON).await, failed);
    }
    let left_alone = Err(OutboundError::CircuitOpen("127.0.0.1".into()));
    assert_eq!(get(&outbound, &server.url("/d"), JSON).await, left_alone);
    assert_eq!(server.connections(), 4);
    assert!(get(&outbound, &server.url("/a"), JSON).await.is_ok(), "a fresh copy is still good");

    let recovered = client(OutboundSettings {
        breaker: BreakerSettings { failures: 1, pause: Duration::ZERO },
        ..server.settings()
    });
    assert_eq!(get(&recovered, &server.url("/e"), JSON).await, failed);
    is_well.store(true, Ordering::SeqCst);
    assert!(get(&recovered, &server.url("/e"), JSON).await.is_ok(), "after the pause it is tried again");
}

#[tokio::test]
async fn answers_that_are_not_wanted_do_not_open_the_circuit() {
    let server = Server::start(|_| Reply::Bytes(answer("404 Not Found", "", ""))).await;
    let breaker = BreakerSettings { failures: 1, pause: Duration::from_hours(1) };
    let outbound = client(OutboundSettings { breaker, ..server.settings() });
    for _ in 0..3 {
        let refused = get(&outbound, &server.url("/"), JSON).await;
        assert_eq!(refused, Err(OutboundError::Status { host: "127.0.0.1".into(), status: 404 }));
    }
}
