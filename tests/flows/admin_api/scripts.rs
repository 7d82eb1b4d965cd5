//! Scripts: what stands between two administrators who change the same one.

use serde_json::json;

use super::service::Service;
use crate::support::scripts::files;

#[tokio::test]
async fn ad_016_a_pointer_is_moved_from_where_it_was_seen() {
    let service = Service::start().await;
    let scripts = format!("{}/scripts", service.realm("one").await);
    let mut versions = Vec::new();
    for body in ["first", "second"] {
        let deployed = service.post(scripts.clone(), &json!({"files": files("limits", "", body)})).send().await;
        versions.push(deployed.body["version"].clone());
    }
    let script = format!("{scripts}/limits");
    let actions = [("rollback", json!({})), ("promote", json!({"version": versions[0]})), ("shadow", json!({}))];
    for (action, body) in actions {
        let seen = service.get(script.clone()).send().await;
        let act = || service.post(format!("{script}/{action}"), &body);
        assert_eq!(act().header("if-match", "\"0000000000000000\"").send().await.status, 412, "{action}");
        let done = act().header("if-match", seen.header("etag")).send().await;
        assert_eq!(done.status, 200, "{action}: {done:?}");
        assert_eq!(service.get(script.clone()).send().await.header("etag"), done.header("etag"), "{action}");
    }
    // Two who both saw the same: the second is told.
    let seen = service.get(script.clone()).send().await.header("etag").to_owned();
    let roll_back = || service.post(format!("{script}/rollback"), &json!({})).header("if-match", &seen);
    assert_eq!(roll_back().send().await.status, 200);
    assert_eq!(roll_back().send().await.problem(), (412, "changed-meanwhile", ""));
    service.stop().await;
}
