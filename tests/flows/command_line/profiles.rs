//! Commands that tell of security profiles: what clients would have to change, and what would break.

use serde_json::{Value, json};

use super::Home;

#[test]
fn a_profile_is_named_for_a_realm_and_a_client_and_a_check_tells_what_it_wants() {
    let home = Home::configured();
    home.json("realm create shop");
    home.json("client create --realm shop --id web --redirect-uri https://rp.test/cb");
    let told = home.json("client check --realm shop web --profile fapi2_message_signing");
    assert_eq!((&told["profile"], &told["conforms"]), (&json!("fapi2_message_signing"), &json!(false)));
    let gaps = told["gaps"].as_array().unwrap();
    let method = gaps.iter().find(|gap| gap["requirement"] == "client_authentication").unwrap();
    assert_eq!(method["field"], "token_endpoint_auth_method");
    assert_eq!(method["section"], "FAPI 2.0 Security Profile section 5.3.2.1-6");
    assert_eq!(home.json("client check --realm shop web")["conforms"], true);
    let said = home.refused(7, "client update --realm shop web --profile fapi2_security");
    assert!(said.contains("token_endpoint_auth_method") && said.contains("5.3.2.1-6"), "{said}");
    assert_eq!(home.json("realm update shop --profile fapi2_security")["profile"], "fapi2_security");
    assert_eq!(home.json("client check --realm shop web")["profile"], "fapi2_security");
    assert!(home.refused(7, "client check --realm shop web --profile fapi1_advanced").contains("exclude"));
    assert_eq!(home.run("client check --realm shop web --profile fapi3").code, 2);
    let keys = "--auth-method private_key_jwt --jwks-uri https://rp.test/jwks";
    let made = home.json(&format!(
        "client create --realm shop --id bank --redirect-uri https://rp.test/cb {keys} --profile fapi2_message_signing"
    ));
    assert_eq!(made["settings"]["profile"], "fapi2_message_signing");
    let lacks = |told: &Value| {
        let gaps = told["gaps"].as_array().unwrap().iter();
        gaps.filter(|gap| gap["requirement"] == "sender_constrained_tokens").count()
    };
    assert_eq!(lacks(&home.json("client check --realm shop bank")), 1);
    let bound = home.json("client update --realm shop bank --sender-constraint dpop");
    assert_eq!(bound["dpop_bound_access_tokens"], true);
    assert_eq!(lacks(&home.json("client check --realm shop bank")), 0);
    let said = home.refused(7, "client update --realm shop bank --sender-constraint mtls");
    assert!(said.contains("tls_client_certificate_bound_access_tokens: needs mutual TLS"), "{said}");
    let free = home.json("client update --realm shop bank --sender-constraint none");
    assert_ne!(free["dpop_bound_access_tokens"], true);
}

#[test]
fn a_forecast_of_clients_that_did_nothing_is_of_their_registration() {
    let home = Home::configured();
    home.json("realm create shop");
    home.json("client create --realm shop --id web --redirect-uri https://rp.test/cb");
    let told = home.json("client forecast --realm shop --all --profile fapi2_security --days 8");
    let web = &told["items"][0];
    assert_eq!((&web["client_id"], &web["clear"], &web["days"]), (&json!("web"), &json!(false), &json!(8)));
    assert_eq!(web["gaps"][0]["requirement"], "client_authentication");
    assert_eq!(web["traffic"][2], json!({"kind": "token", "requests": 0, "failing": 0}));
    assert_eq!(home.json("client forecast --realm shop web --profile base")["items"][0]["clear"], true);
    let table = home.run("client forecast --realm shop web --profile base").printed;
    assert!(table.contains("web") && table.contains('-'), "{table}");
    for (code, wrong) in [
        (2, "client forecast --realm shop web"),
        (2, "client forecast --realm shop --profile fapi2_security"),
        (2, "client forecast --realm shop web --all --profile fapi2_security"),
        (2, "client forecast --realm shop web --profile fapi3"),
        (5, "client forecast --realm shop other --profile base"),
        (5, "client forecast --realm other --all --profile base"),
        (7, "client forecast --realm shop web --profile base --days 9"),
        (7, "client forecast --realm shop --all --profile base --days 0"),
    ] {
        assert_eq!(home.run(wrong).code, code, "{wrong}");
    }
}
