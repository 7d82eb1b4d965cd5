//! `signet initial-access-token`.

use serde_json::json;

use super::Home;

#[test]
fn initial_access_tokens_are_made_once_seen_listed_and_revoked() {
    let home = Home::configured();
    home.json("realm create shop");
    let made = home.json("initial-access-token create --realm shop --description partners --uses 3 --seconds 600");
    let (id, token) = (made["id"].as_str().unwrap(), made["token"].as_str().unwrap());
    assert!(token.len() >= 22, "RFC 7591 section 5: at least 128 bits");
    assert_eq!((&made["description"], &made["uses_left"]), (&json!("partners"), &json!(3)));
    let listed = home.json("initial-access-token list --realm shop");
    assert_eq!((listed["items"].as_array().unwrap().len(), &listed["items"][0]["id"]), (1, &made["id"]));
    assert!(!listed.to_string().contains(token), "it is shown once");
    assert_eq!(home.json("initial-access-token list --realm admin")["items"], json!([]));

    assert!(home.refused(7, "initial-access-token create --realm shop --uses 0").contains("uses"));
    assert!(home.refused(7, "initial-access-token create --realm shop --seconds 1").contains("seconds"));
    assert!(home.refused(5, "initial-access-token create --realm nowhere").contains("no such realm"));
    home.refused(5, &format!("initial-access-token revoke --realm admin {id}"));
    let revoked = home.json(&format!("initial-access-token revoke --realm shop {id}"));
    assert_eq!(revoked, json!({"id": id, "revoked": true}));
    home.refused(5, &format!("initial-access-token revoke --realm shop {id}"));
    assert_eq!(home.json("initial-access-token list --realm shop")["items"], json!([]));
}
