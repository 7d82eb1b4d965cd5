//! The client against answers that a suite of release 5.2.4 gave, over real TLS.

use super::*;
use crate::recorded::Recorded;
use crate::suite::model::TestResult;
use serde_json::json;

/// A client of a server that answers every request with `status` and `body`.
async fn recorded(status: u16, body: &'static str) -> (SuiteClient, Recorded) {
    let server = Recorded::start(move |_, _| (status, body.to_owned())).await;
    let client = SuiteClient::connect(&server.url(), Some("api-token".to_owned())).await.unwrap();
    (client, server)
}

#[tokio::test]
async fn the_authority_that_the_suite_shows_is_kept() {
    let (client, server) = recorded(200, "[]").await;
    assert_eq!(client.certificate(), server.authority());
    assert_eq!(client.base(), server.url());
    assert!(client.is_ready().await);
    assert_eq!(server.last().authorization, "Bearer api-token");
}

#[tokio::test]
async fn a_plan_is_created_with_its_variant_and_configuration() {
    let (client, server) = recorded(
        201,
        r#"{"name":"oidcc-basic-certification-test-plan","id":"Or5CMnlMK2SHQ","modules":[
            {"testModule":"oidcc-server","variant":{"client_auth_type":"client_secret_basic","response_type":"code"},"instances":[]},
            {"testModule":"oidcc-discovery-endpoint-verification","variant":null,"instances":[]}]}"#,
    )
    .await;
    let variant = Variant::from([("server_metadata".to_owned(), "discovery".to_owned())]);

    let plan = client.create_plan("oidcc-basic-certification-test-plan", &variant, &json!({ "alias": "a" })).await;

    let plan = plan.unwrap();
    assert_eq!(plan.id, PlanId("Or5CMnlMK2SHQ".into()));
    assert_eq!(plan.modules[0].variant["client_auth_type"], "client_secret_basic");
    assert!(plan.modules[1].variant.is_empty());
    let asked = server.last();
    assert_eq!((asked.method.as_str(), asked.body.as_str()), ("POST", r#"{"alias":"a"}"#));
    let query = "planName=oidcc-basic-certification-test-plan&variant=%7B%22server_metadata%22%3A%22discovery%22%7D";
    assert_eq!(asked.path, format!("/api/plan?{query}"));
}

#[tokio::test]
async fn a_refused_plan_says_why_in_the_suites_words() {
    let (client, _server) =
        recorded(400, r#"{"error":"Missing values for required variants: client_registration"}"#).await;
    let error = client.create_plan("p", &Variant::new(), &json!({})).await.unwrap_err();
    let said = error.to_string();
    assert!(said.contains("400") && said.contains("Missing values for required variants"), "{said}");
    assert_eq!(error.exit_code(), 4);
}

#[tokio::test]
async fn a_module_run_is_created_in_its_plan() {
    let answer = r#"{"name":"oidcc-server","id":"vPWaVhPvMKj4lz3","url":"https://localhost:9443/test/a/dummy"}"#;
    let (client, server) = recorded(201, answer).await;
    let module: PlanModule =
        serde_json::from_value(json!({ "testModule": "oidcc-server", "variant": { "response_type": "code" } }))
            .unwrap();
    let test = client.create_test(&PlanId("Or5CMnlMK2SHQ".into()), &module).await.unwrap();
    assert_eq!(test, TestId("vPWaVhPvMKj4lz3".into()));
    let query = "test=oidcc-server&plan=Or5CMnlMK2SHQ&variant=%7B%22response_type%22%3A%22code%22%7D";
    assert_eq!(server.last().path, format!("/api/runner?{query}"));
}

#[tokio::test]
async fn a_long_poll_gives_a_state_or_nothing() {
    let test = TestId("t".into());
    let (client, server) = recorded(200, r#"{"state":"INTERRUPTED"}"#).await;
    assert_eq!(client.wait_for(&test, "FINISHED,INTERRUPTED").await.unwrap(), Some(Status::Interrupted));
    assert_eq!(server.last().path, "/api/runner/t/wait-state?states=FINISHED%2CINTERRUPTED&timeoutMs=30000");
    let (client, _server) = recorded(200, r#"{"timeout":true}"#).await;
    assert_eq!(client.wait_for(&test, "FINISHED").await.unwrap(), None);
}

#[tokio::test]
async fn addresses_that_nobody_opens_are_seen() {
    let (client, _server) = recorded(
        200,
        r#"{"browser":{"browserApiRequests":[],"urls":["https://op/authorize?a=b"],"show_qr_code":false,"visited":[],
            "runners":[],"urlsWithMethod":[{"url":"https://op/authorize?a=b","method":"GET"}]},"name":"x","id":"t","error":null}"#,
    )
    .await;
    let runner = client.runner(&TestId("t".into())).await.unwrap();
    assert_eq!(runner.browser.urls, ["https://op/authorize?a=b"]);
}

#[tokio::test]
async fn records_and_logs_are_read_as_the_suite_writes_them() {
    let info = r#"{"_id":"t","testName":"oidcc-server","status":"INTERRUPTED","version":"5.2.4","publish":null,"result":"FAILED"}"#;
    let (client, _server) = recorded(200, info).await;
    let info = typed_info(&client.info(&TestId("t".into())).await.unwrap()).unwrap();
    assert_eq!((info.status, info.result), (Status::Interrupted, TestResult::Failed));
    let stopped = typed_info(&json!({ "status": "INTERRUPTED", "result": null })).unwrap();
    assert_eq!((stopped.status, stopped.result), (Status::Interrupted, TestResult::Unknown));

    let log = r#"[
        {"_id":"t-1","msg":"Test instance vPWaVhPvMKj4lz3 created","result":"INFO","testId":"t","src":"TEST-RUNNER","time":1795362715863},
        {"_id":"t-2","msg":"Make request to authorization endpoint","src":"-START-BLOCK-","startBlock":true,"blockId":"9f2b77","time":1795362715869},
        {"_id":"t-3","msg":"Unable to fetch server configuration","result":"FAILURE","requirements":["OIDCD-4"],"src":"GetDynamicServerConfiguration",
         "blockId":"9f2b77","stacktrace":["a","b"],"testOwner":{"sub":"developer","iss":"https://developer.com"},"time":1795362716008}]"#;
    let (client, _server) = recorded(200, log).await;
    let entries = typed_log(&client.log(&TestId("t".into())).await.unwrap()).unwrap();
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
