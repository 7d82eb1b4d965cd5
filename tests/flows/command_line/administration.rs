//! Commands that administer, and those that look at the configuration.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Home;

fn identities(list: &Value, member: &str) -> BTreeSet<String> {
    let items = list["items"].as_array().unwrap();
    items.iter().map(|item| item[member].as_str().unwrap().to_owned()).collect()
}

#[test]
fn realms_are_created_listed_shown_updated_and_deleted() {
    let home = Home::configured();
    let made = home.json("realm create shop --display-name Shop --set access_token_seconds=120");
    assert_eq!(made["issuer"], "https://localhost:8443/realms/shop");
    assert_eq!((&made["display_name"], &made["access_token_seconds"]), (&json!("Shop"), &json!(120)));
    assert_eq!(identities(&home.json("realm list"), "name"), ["admin".to_owned(), "shop".to_owned()].into());
    assert_eq!(home.json("realm show shop"), made);

    let updated = home.json("realm update shop --enabled false --set id_token_seconds=60");
    assert_eq!((&updated["enabled"], &updated["id_token_seconds"]), (&json!(false), &json!(60)));
    assert_eq!(updated["access_token_seconds"], 120, "what is not named stays");
    assert_eq!(home.json("realm update shop --rename store")["name"], "store");
    assert!(home.refused(5, "realm show shop").contains("no such realm"));

    assert!(home.refused(6, "realm create store").contains("exists already"));
    assert!(
        home.refused(7, "realm update store --set access_token_seconds=1").contains("access_token_seconds: must be")
    );
    assert!(home.refused(7, "realm update store --set acces_token_seconds=60").contains("unknown field"));
    assert_eq!(home.json("realm new-timeline store"), json!({"names": ["store"], "new_timeline": true}));
    let all = home.json("realm new-timeline --all");
    assert!(all["names"].as_array().unwrap().contains(&json!("store")), "{all}");
    home.refused(5, "realm new-timeline store nowhere");
    for wrong in ["realm new-timeline", "realm new-timeline --all store"] {
        assert_eq!(home.run(wrong).code, 2, "{wrong}");
    }
    assert!(home.refused(2, "realm revoke-all store").contains("--yes"));
    assert_eq!(home.json("realm revoke-all store --yes"), json!({"name": "store", "revoked": true}));
    home.refused(5, "realm revoke-all nowhere --yes");
    assert!(home.refused(2, "realm delete store").contains("--yes"));
    assert_eq!(home.json("realm delete store --yes")["deleted"], true);
    home.refused(5, "realm delete store --yes");
    assert!(home.refused(6, "realm delete admin --yes").contains("cannot be deleted"));
}

/// A command whose reader is gone before it writes, on both outputs or on standard output alone.
fn code_without_reader(home: &Home, line: &str, with_errors: bool) -> Option<i32> {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = home.command(line);
    command.stdout(writer.try_clone().unwrap());
    if with_errors {
        command.stderr(writer);
    } else {
        command.stderr(std::process::Stdio::null());
    }
    command.status().unwrap().code()
}

#[test]
fn a_reader_that_has_seen_enough_changes_no_exit_code() {
    let home = Home::configured();
    for (line, code) in [
        ("config reference", 0),
        ("openapi --public-url https://op.test", 0),
        ("completion bash", 0),
        ("--help", 0),
        ("realm list", 0),
        ("realm show none", 5),
        ("realm delete admin", 2),
        ("realm frobnicate", 2),
    ] {
        for with_errors in [false, true] {
            assert_eq!(code_without_reader(&home, line, with_errors), Some(code), "{line}");
        }
    }
}

#[test]
fn clients_are_created_listed_shown_updated_and_deleted() {
    let home = Home::configured();
    home.json("realm create shop");
    let made = home.json("client create --realm shop --id web --name Web --redirect-uri https://rp.test/cb");
    let secret = made["client_secret"].as_str().unwrap();
    assert_eq!(secret.len(), 86, "512 bits");
    assert_eq!(made["id_token_signed_response_alg"], "ES256");
    assert_eq!(made["redirect_uris"], json!(["https://rp.test/cb"]));

    let shown = home.run("client show --realm shop web --output json").printed;
    assert!(!shown.contains(secret) && !shown.contains("client_secret\""), "{shown}");
    assert_eq!(identities(&home.json("client list --realm shop"), "client_id"), ["web".to_owned()].into());

    let updated =
        home.json("client update --realm shop web --redirect-uri https://rp.test/new --set settings.require_pkce=true");
    assert_eq!(updated["redirect_uris"], json!(["https://rp.test/new"]));
    assert_eq!((&updated["client_name"], &updated["settings"]["require_pkce"]), (&json!("Web"), &json!(true)));
    assert!(updated.get("client_secret").is_none(), "{updated}");

    let revoked = home.json("client revoke-all --realm shop web --yes");
    assert_eq!(revoked, json!({"client_id": "web", "revoked": true}));
    home.refused(5, "client revoke-all --realm shop nobody --yes");

    let rotated = home.json("client rotate-secret --realm shop web");
    assert_ne!(rotated["client_secret"], made["client_secret"]);

    assert!(
        home.refused(6, "client create --realm shop --id web --redirect-uri https://rp.test/cb").contains("exists")
    );
    assert!(home.refused(7, "client create --realm shop --id other").contains("redirect_uris"));
    let bound = "client create --realm shop --id other --grant-type client_credentials \
                 --set tls_client_certificate_bound_access_tokens=true";
    assert!(home.refused(7, bound).contains("tls_client_certificate_bound_access_tokens: needs mutual TLS"));
    assert!(home.refused(5, "client show --realm shop other").contains("no such client"));
    assert!(home.refused(5, "client list --realm other").contains("no such realm"));
    assert_eq!(home.json("client delete --realm shop web --yes")["deleted"], true);
    home.refused(5, "client delete --realm shop web --yes");
}

#[test]
fn a_client_that_was_shown_can_be_given_back() {
    let home = Home::configured();
    home.json("realm create shop");
    home.json("client create --realm shop --id web --redirect-uri https://rp.test/cb");
    let shown = home.run("client show --realm shop web --output json").printed;
    home.write("web.json", &shown);
    assert_eq!(
        home.json("client update --realm shop web --json web.json")["redirect_uris"],
        json!(["https://rp.test/cb"])
    );
    home.json("client delete --realm shop web --yes");
    assert_eq!(home.json("client create --realm shop --json web.json")["client_id"], "web");
    home.write("other.json", &shown.replace("\"web\"", "\"other\""));
    assert!(home.refused(7, "client update --realm shop web --json other.json").contains("client_id: "));
}

#[test]
fn a_secret_of_ones_own_comes_from_standard_input_and_is_not_shown() {
    let home = Home::configured();
    let line = "client create --realm admin --id tool --grant-type client_credentials --with-secret --output json";
    let made = home.run_with(line, "a secret that I chose\n");
    assert_eq!(made.code, 0, "{made:?}");
    assert!(!made.printed.contains("chose") && !made.printed.contains("client_secret\""), "{made:?}");
    let short = home.run_with(&line.replace("tool", "other"), "short\n").refused(7);
    assert!(short.contains("client_secret: must have 16"), "{short}");
    home.write("secret.json", "{\"client_secret\": \"a secret that I chose\"}");
    let said = home.refused(2, "client create --realm admin --grant-type client_credentials --json secret.json");
    assert!(said.contains("--with-secret"), "{said}");
}

#[test]
fn users_are_created_listed_shown_updated_and_deleted() {
    let home = Home::configured();
    home.json("realm create shop");
    let line = "user create --realm shop Ana --claim email=ana@example.com --claim email_verified=true --with-password \
                --output json";
    let made = home.run_with(line, "correct horse battery\n");
    assert!(!made.printed.contains("horse"), "{made:?}");
    let made: Value = serde_json::from_str(&made.printed).unwrap();
    assert_eq!(made["claims"], json!({"email": "ana@example.com", "email_verified": true}));
    let id = made["id"].as_str().unwrap();

    assert_eq!(home.json("user show --realm shop ana")["id"], id, "by login name, whatever its case");
    assert_eq!(home.json(&format!("user show --realm shop {id}"))["username"], "Ana");
    assert_eq!(identities(&home.json("user list --realm shop"), "username"), ["Ana".to_owned()].into());
    let given = home.json("user update --realm shop ana --attribute a.b/department=sales --attribute teams=[\"n\"]");
    assert_eq!(given["attributes"], json!({"a.b/department": "sales", "teams": ["n"]}));
    let taken = home.json("user update --realm shop ana --attribute teams=null");
    assert_eq!(taken["attributes"], json!({"a.b/department": "sales"}));
    assert!(home.refused(7, "user update --realm shop ana --attribute sub=x").contains("attributes.sub"));
    let updated = home.json("user update --realm shop ana --rename eva --claim email=null --claim nickname=E");
    assert_eq!(
        (&updated["username"], &updated["claims"]),
        (&json!("eva"), &json!({"email_verified": true, "nickname": "E"}))
    );

    assert_eq!(home.json("user revoke-all --realm shop eva --yes")["revoked"], true);
    home.refused(5, "user revoke-all --realm shop nobody --yes");
    let set = home.run_with("user set-password --realm shop eva", "another horse battery\n");
    assert_eq!(set.code, 0, "{set:?}");
    assert!(!format!("{set:?}").contains("horse"));
    assert!(
        home.run_with("user set-password --realm shop eva", "short\n").refused(7).contains("at least 8 characters")
    );
    assert!(home.refused(2, "user set-password --realm shop eva").contains("standard input is empty"));

    assert!(home.refused(6, "user create --realm shop EVA").contains("exists already"));
    assert!(home.refused(7, "user update --realm shop eva --claim birthdate=tomorrow").contains("claims.birthdate"));
    assert_eq!(home.json("user delete --realm shop eva --yes")["deleted"], true);
    assert!(home.refused(5, "user show --realm shop eva").contains("no such user"));
}

#[test]
fn keys_are_created_listed_shown_rotated_updated_and_deleted() {
    let home = Home::configured();
    home.json("realm create shop");
    let first = home.json("key list --realm shop");
    let algorithms = identities(&first, "algorithm");
    assert_eq!(algorithms, ["ES256".to_owned(), "RS256".to_owned()].into());
    let active =
        first["items"].as_array().unwrap().iter().find(|key| key["algorithm"] == "ES256").unwrap()["kid"].clone();

    let rotated = home.json("key rotate --realm shop --algorithm ES256 --now");
    assert_eq!(rotated["state"], "active");
    let active = active.as_str().unwrap();
    assert_eq!(home.json(&format!("key show --realm shop {active}"))["state"], "verifying");
    assert_eq!(home.json(&format!("key update --realm shop {active} --state retired"))["state"], "retired");
    assert_eq!(home.json(&format!("key delete --realm shop {active} --yes"))["deleted"], true);
    home.refused(5, &format!("key show --realm shop {active}"));

    assert_eq!(home.json("key create --realm shop --algorithm EdDSA")["state"], "future");
    let kid = rotated["kid"].as_str().unwrap();
    assert!(home.refused(6, &format!("key delete --realm shop {kid} --yes")).contains("rotate it first"));
    assert!(home.refused(7, "key create --realm shop --algorithm HS256").contains("symmetric"));
    let whole = home.run("key list --realm shop --output json").printed;
    assert!(!whole.contains("private") && !whole.contains("\"d\""), "{whole}");
}

#[test]
fn resource_servers_are_created_listed_shown_updated_and_deleted() {
    let home = Home::configured();
    home.json("realm create shop");
    let made =
        home.json("resource-server create --realm shop https://api.test/ --scope orders=Orders --token-format opaque");
    assert_eq!(made["scopes"], json!([{"name": "orders", "description": "Orders"}]));
    assert_eq!((&made["token_format"], &made["display_name"]), (&json!("opaque"), &json!("https://api.test/")));
    let id = made["id"].as_str().unwrap();
    assert_eq!(home.json("resource-server show --realm shop https://api.test/"), made);
    assert_eq!(identities(&home.json("resource-server list --realm shop"), "id"), [id.to_owned()].into());
    let updated =
        home.json(&format!("resource-server update --realm shop {id} --display-name API --access-token-seconds 60"));
    assert_eq!((&updated["display_name"], &updated["scopes"]), (&json!("API"), &made["scopes"]));
    let acr = "urn:signet:acr:password";
    let demands = format!("--required-acr {acr} --max-authentication-age-seconds 900");
    let updated = home.json(&format!("resource-server update --realm shop {id} {demands}"));
    assert_eq!((&updated["required_acr_values"], &updated["access_token_seconds"]), (&json!([acr]), &json!(60)));
    assert_eq!(updated["max_authentication_age_seconds"], 900);
    let refused = home.refused(7, &format!("resource-server update --realm shop {id} --required-acr urn:unknown"));
    assert!(refused.contains("required_acr_values: has"), "{refused}");
    assert!(home.refused(6, "resource-server create --realm shop https://api.test/").contains("exists already"));
    assert!(home.refused(7, "resource-server create --realm shop relative").contains("identifier: must be"));
    assert_eq!(home.json(&format!("resource-server delete --realm shop {id} --yes"))["deleted"], true);
    home.refused(5, &format!("resource-server show --realm shop {id}"));
}

#[test]
fn what_a_user_allowed_is_listed_and_what_is_not_there_is_missed() {
    let home = Home::configured();
    home.json("realm create shop");
    home.json("user create --realm shop ana");
    assert_eq!(home.json("authorization list ana --realm shop"), json!({"items": []}));
    home.refused(5, "authorization list bea --realm shop");
    home.refused(5, "authorization show AAAAAAAAAAAAAAAAAAAAAA --realm shop");
    home.refused(5, "authorization revoke AAAAAAAAAAAAAAAAAAAAAA --realm shop --yes");
}

#[test]
fn types_of_authorization_details_are_created_listed_shown_updated_and_deleted() {
    let home = Home::configured();
    home.json("realm create shop");
    let file =
        format!("{}/../docs/src/examples/authorization-details/account_information.json", env!("CARGO_MANIFEST_DIR"));
    let made = home.json(&format!("authorization-details-type create --realm shop accounts --json {file}"));
    assert_eq!((&made["type"], &made["remembered"]), (&json!("accounts"), &json!(true)));
    let id = made["id"].as_str().unwrap();
    assert_eq!(home.json("authorization-details-type show --realm shop accounts"), made);
    assert_eq!(identities(&home.json("authorization-details-type list --realm shop"), "id"), [id.to_owned()].into());
    let updated =
        home.json(&format!("authorization-details-type update --realm shop {id} --new-name mine --remembered false"));
    assert_eq!((&updated["type"], &updated["remembered"]), (&json!("mine"), &json!(false)));
    assert_eq!((&updated["schema"], &updated["texts"]), (&made["schema"], &made["texts"]));
    let twice = format!("authorization-details-type create --realm shop mine --json {file}");
    assert!(home.refused(6, &twice).contains("exists already"));
    let wrong = "authorization-details-type update --realm shop mine --set schema.surplus=1";
    assert!(home.refused(7, wrong).contains("schema: "));
    let client =
        home.json("client create --realm shop --redirect-uri https://rp.test/cb --authorization-details-type mine");
    assert_eq!(client["authorization_details_types"], json!(["mine"]));
    assert_eq!(home.json("authorization-details-type delete --realm shop mine --yes")["deleted"], true);
    home.refused(5, &format!("authorization-details-type show --realm shop {id}"));
}

#[test]
fn answers_for_people_are_tables() {
    let home = Home::configured();
    let listed = home.run("realm list").printed;
    let mut lines = listed.lines();
    assert_eq!(lines.next(), Some("NAME   DISPLAY NAME    ENABLED  ISSUER"));
    assert_eq!(lines.next(), Some("admin  Administration  true     https://localhost:8443/realms/admin"));
    assert_eq!(lines.next(), None);
}

#[test]
fn wrong_configurations_are_told_with_file_key_and_remedy() {
    let home = Home::configured();
    assert!(home.run("config check").printed.contains("in order"));
    home.write("wrong.toml", "[log]\nlevle = \"info\"\n[listener]\nprotocol = \"plain\"\n");
    for line in ["config check", "config show", "realm list", "serve", "migrate up"] {
        let said = home.refused(3, &format!("{line} --config wrong.toml"));
        assert!(said.ends_with("wrong.toml: log.levle is not a setting; did you mean log.level?\n"), "{line}: {said}");
    }
    let said = home.refused(3, "realm list --config absent.toml");
    assert!(said.contains("cannot read the configuration file absent.toml"), "{said}");
}

#[test]
fn the_configuration_is_shown_with_origins_and_without_secrets() {
    let home = Home::configured();
    let mut command = home.command("config show --output json");
    command.env("SIGNET_DATABASE_URL", "postgres://u:s3cret@db.test/signet");
    let ended = super::ended(command);
    assert!(!ended.printed.contains("s3cret"), "{ended:?}");
    let shown: Value = serde_json::from_str(&ended.printed).unwrap();
    assert_eq!(shown["database.url"]["origin"], "SIGNET_DATABASE_URL");
    assert_eq!(shown["listener.protocol"], json!({"value": "\"plain\"", "origin": "file"}));
    assert_eq!(shown["log.level"], json!({"value": "\"info\"", "origin": "default"}));
    assert!(home.run("config reference").printed.contains("### `database.url`"));
}

#[test]
fn documents_and_completions_are_printed() {
    let home = Home::configured();
    let document: Value = serde_json::from_str(&home.run("openapi").printed).unwrap();
    assert!(document["paths"]["/realms/{realm}/clients"].is_object());
    for shell in ["bash", "zsh", "fish"] {
        assert!(home.run(&format!("completion {shell}")).printed.contains("rotate-secret"), "{shell}");
    }
    assert_eq!(home.run("realm").code, 2);
}

#[test]
fn ad_008_the_last_client_that_administers_stays() {
    let home = Home::configured();
    home.json("client create --realm admin --id ops --grant-type client_credentials --scope signet.admin");
    for line in [
        "client update --realm admin ops --enabled false",
        "client update --realm admin ops --scope openid",
        "client delete --realm admin ops --yes",
    ] {
        assert!(home.refused(6, line).contains("last client that can administer"), "{line}");
    }
    home.json("client create --realm admin --id more --grant-type client_credentials --scope signet.admin");
    assert_eq!(home.json("client delete --realm admin ops --yes")["deleted"], true);
}

#[test]
fn a_key_is_rotated_ahead_of_its_use_or_at_once() {
    let home = Home::configured();
    home.json("realm create shop");
    let waiting = home.json("key rotate --realm shop --algorithm ES256");
    assert_eq!(waiting["state"], "future");
    assert!(waiting["activates_at"].is_string(), "{waiting}");
    let now = home.json("key rotate --realm shop --algorithm ES256 --now");
    assert_eq!((&now["state"], &now["activates_at"]), (&json!("active"), &Value::Null));
}

#[test]
fn trusted_issuers_are_created_listed_shown_updated_and_deleted() {
    let home = Home::configured();
    home.json("realm create shop");
    let issuer = "https://partner.test";
    let made = home.json(&format!(
        "trusted-issuer create --realm shop {issuer} --jwks-uri https://partner.test/jwks --use assertion_grant \
         --client agent --subject-mapping username"
    ));
    assert_eq!(
        (&made["issuer"], &made["enabled"], &made["subject_claim"]),
        (&json!(issuer), &json!(true), &json!("sub"))
    );
    let id = made["id"].as_str().unwrap();
    assert_eq!(home.json(&format!("trusted-issuer show --realm shop {issuer}")), made);
    assert_eq!(identities(&home.json("trusted-issuer list --realm shop"), "id"), [id.to_owned()].into());
    let updated =
        home.json(&format!("trusted-issuer update --realm shop {id} --enabled false --client one --client two"));
    assert_eq!((&updated["enabled"], &updated["clients"]), (&json!(false), &json!(["one", "two"])));
    assert_eq!(updated["uses"], json!(["assertion_grant"]));
    let twice = format!("trusted-issuer create --realm shop {issuer} --jwks-uri https://partner.test/jwks");
    assert!(home.refused(6, &twice).contains("exists already"));
    for (wrong, field) in [
        ("--jwks-uri http://partner.test/jwks", "jwks_uri: "),
        ("--set subject_claim=", "subject_claim: "),
        ("--use token_exchange --subject-mapping script", "subject_mapping: "),
    ] {
        assert!(
            home.refused(7, &format!("trusted-issuer update --realm shop {id} {wrong}")).contains(field),
            "{wrong}"
        );
    }
    assert_eq!(home.json(&format!("trusted-issuer delete --realm shop {issuer} --yes"))["deleted"], true);
    home.refused(5, &format!("trusted-issuer show --realm shop {id}"));
}
