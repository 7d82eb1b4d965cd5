//! The client against answers that a suite of release 5.2.4 gave, over real TLS.

use super::*;
use crate::certificate::{Issued, issue};
use crate::front::Front;
use crate::suite::model::TestResult;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::json;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// What the recorded suite was asked: method, path with query, body.
type Asked = Arc<Mutex<Vec<(String, String, String)>>>;

struct Recorded {
    client: SuiteClient,
    asked: Asked,
    issued: Issued,
    _front: Front,
}

/// A front with a server behind it that answers every request with `status` and `body`.
async fn recorded(status: u16, body: &'static str) -> Recorded {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let upstream: SocketAddr = listener.local_addr().unwrap();
    let asked = Asked::default();
    tokio::spawn(answer_all(listener, status, body, Arc::clone(&asked)));
    let issued = issue("localhost").unwrap();
    let front = Front::start(0, &issued, upstream).await.unwrap();
    let url = format!("https://localhost:{}", front.port());
    let client = SuiteClient::connect(&url, Some("api-token".to_owned())).await.unwrap();
    Recorded { client, asked, issued, _front: front }
}

async fn answer_all(listener: TcpListener, status: u16, body: &'static str, asked: Asked) {
    while let Ok((stream, _)) = listener.accept().await {
        let asked = Arc::clone(&asked);
        let service = service_fn(move |request| answer(request, status, body, Arc::clone(&asked)));
        tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn answer(
    request: Request<Incoming>,
    status: u16,
    body: &'static str,
    asked: Asked,
) -> Result<Response<Full<Bytes>>, Infallible> {
    assert_eq!(request.headers()["authorization"], "Bearer api-token");
    let (method, path) = (request.method().to_string(), request.uri().to_string());
    let sent = request.into_body().collect().await.unwrap().to_bytes();
    asked.lock().unwrap().push((method, path, String::from_utf8_lossy(&sent).into_owned()));
    Ok(Response::builder().status(status).body(Full::from(body)).unwrap())
}

impl Recorded {
    fn asked(&self) -> (String, String, String) {
        self.asked.lock().unwrap().pop().unwrap()
    }
}

#[tokio::test]
async fn the_authority_that_the_suite_shows_is_kept() {
    let recorded = recorded(200, "[]").await;
    assert_eq!(recorded.client.certificate(), recorded.issued.authority);
    assert!(recorded.client.base().starts_with("https://localhost:"));
    assert!(recorded.client.is_ready().await);
}

#[tokio::test]
async fn a_plan_is_created_with_its_variant_and_configuration() {
    let recorded = recorded(
        201,
        r#"{"name":"oidcc-basic-certification-test-plan","id":"Or5CMnlMK2SHQ","modules":[
            {"testModule":"oidcc-server","variant":{"client_auth_type":"client_secret_basic","response_type":"code"},"instances":[]},
            {"testModule":"oidcc-discovery-endpoint-verification","variant":null,"instances":[]}]}"#,
    )
    .await;
    let variant = Variant::from([("server_metadata".to_owned(), "discovery".to_owned())]);

    let plan =
        recorded.client.create_plan("oidcc-basic-certification-test-plan", &variant, &json!({ "alias": "a" })).await;

    let plan = plan.unwrap();
    assert_eq!(plan.id, PlanId("Or5CMnlMK2SHQ".into()));
    assert_eq!(plan.modules[0].variant["client_auth_type"], "client_secret_basic");
    assert!(plan.modules[1].variant.is_empty());
    let (method, path, body) = recorded.asked();
    assert_eq!((method.as_str(), body.as_str()), ("POST", r#"{"alias":"a"}"#));
    let query = "planName=oidcc-basic-certification-test-plan&variant=%7B%22server_metadata%22%3A%22discovery%22%7D";
    assert_eq!(path, format!("/api/plan?{query}"));
}

#[tokio::test]
async fn a_refused_plan_says_why_in_the_suites_words() {
    let recorded = recorded(400, r#"{"error":"Missing values for required variants: client_registration"}"#).await;
    let error = recorded.client.create_plan("p", &Variant::new(), &json!({})).await.unwrap_err();
    let said = error.to_string();
    assert!(said.contains("400") && said.contains("Missing values for required variants"), "{said}");
    assert_eq!(error.exit_code(), 4);
}

#[tokio::test]
async fn a_module_run_is_created_in_its_plan() {
    let answer = r#"{"name":"oidcc-server","id":"vPWaVhPvMKj4lz3","url":"https://localhost:9443/test/a/dummy"}"#;
    let recorded = recorded(201, answer).await;
    let module: PlanModule =
        serde_json::from_value(json!({ "testModule": "oidcc-server", "variant": { "response_type": "code" } }))
            .unwrap();
    let test = recorded.client.create_test(&PlanId("Or5CMnlMK2SHQ".into()), &module).await.unwrap();
    assert_eq!(test, TestId("vPWaVhPvMKj4lz3".into()));
    let query = "test=oidcc-server&plan=Or5CMnlMK2SHQ&variant=%7B%22response_type%22%3A%22code%22%7D";
    assert_eq!(recorded.asked().1, format!("/api/runner?{query}"));
}

#[tokio::test]
async fn a_long_poll_gives_a_state_or_nothing() {
    let test = TestId("t".into());
    let reached = recorded(200, r#"{"state":"INTERRUPTED"}"#).await;
    assert_eq!(reached.client.wait_for(&test, "FINISHED,INTERRUPTED").await.unwrap(), Some(Status::Interrupted));
    assert_eq!(reached.asked().1, "/api/runner/t/wait-state?states=FINISHED%2CINTERRUPTED&timeoutMs=30000");
    let over = recorded(200, r#"{"timeout":true}"#).await;
    assert_eq!(over.client.wait_for(&test, "FINISHED").await.unwrap(), None);
}

#[tokio::test]
async fn addresses_that_nobody_opens_are_seen() {
    let recorded = recorded(
        200,
        r#"{"browser":{"browserApiRequests":[],"urls":["https://op/authorize?a=b"],"show_qr_code":false,"visited":[],
            "runners":[],"urlsWithMethod":[{"url":"https://op/authorize?a=b","method":"GET"}]},"name":"x","id":"t","error":null}"#,
    )
    .await;
    let runner = recorded.client.runner(&TestId("t".into())).await.unwrap();
    assert_eq!(runner.browser.urls, ["https://op/authorize?a=b"]);
}

#[tokio::test]
async fn records_and_logs_are_read_as_the_suite_writes_them() {
    let info = r#"{"_id":"t","testName":"oidcc-server","status":"INTERRUPTED","version":"5.2.4","publish":null,"result":"FAILED"}"#;
    let recorded_info = recorded(200, info).await;
    let info = typed_info(&recorded_info.client.info(&TestId("t".into())).await.unwrap()).unwrap();
    assert_eq!((info.status, info.result), (Status::Interrupted, TestResult::Failed));

    let log = r#"[
        {"_id":"t-1","msg":"Test instance vPWaVhPvMKj4lz3 created","result":"INFO","testId":"t","src":"TEST-RUNNER","time":1795362715863},
        {"_id":"t-2","msg":"Make request to authorization endpoint","src":"-START-BLOCK-","startBlock":true,"blockId":"9f2b77","time":1795362715869},
        {"_id":"t-3","msg":"Unable to fetch server configuration","result":"FAILURE","requirements":["OIDCD-4"],"src":"GetDynamicServerConfiguration",
         "blockId":"9f2b77","stacktrace":["a","b"],"testOwner":{"sub":"developer","iss":"https://developer.com"},"time":1795362716008}]"#;
    let recorded_log = recorded(200, log).await;
    let entries = typed_log(&recorded_log.client.log(&TestId("t".into())).await.unwrap()).unwrap();
    assert!(entries[1].start_block);
    assert_eq!(entries[2].src, "GetDynamicServerConfiguration");
    assert_eq!(entries[2].block_id, entries[1].block_id);
}

#[test]
fn only_https_urls_are_suites() {
    assert!(base_url("https://localhost:9443").is_ok());
    for url in ["http://localhost:8080", "localhost:9443", "https://"] {
        assert_eq!(base_url(url).unwrap_err().exit_code(), 2, "{url}");
    }
}
