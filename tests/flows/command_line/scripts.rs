//! Commands that administer scripts.

use serde_json::{Value, json};

use super::Home;
use crate::support::scripts::files;

/// A home with a realm `shop` and a client `app` in it.
fn home() -> Home {
    let home = Home::configured();
    home.json("realm create shop");
    home.json("client create --realm shop --id app --redirect-uri https://rp.test/cb");
    home
}

/// Writes the files of a package into a folder.
fn write(home: &Home, folder: &str, files: &Value) {
    std::fs::create_dir_all(home.path().join(folder)).unwrap();
    for (name, text) in files.as_object().unwrap() {
        home.write(&format!("{folder}/{name}"), text.as_str().unwrap());
    }
}

#[test]
fn packages_are_deployed_promoted_rolled_back_tried_and_deleted() {
    let home = home();
    write(&home, "limits", &files("limits", "", "first"));
    let first = home.json("script deploy limits --realm shop");
    assert_eq!((&first["is_new"], &first["script"]["active"]), (&json!(true), &first["version"]));
    let again = home.json("script deploy limits --realm shop");
    assert_eq!((&again["is_new"], &again["version"]), (&json!(false), &first["version"]));
    assert_eq!(home.json("script show limits --realm shop"), again["script"]);
    assert_eq!(home.json("script list --realm shop")["items"], json!([again["script"]]));

    write(&home, "limits", &files("limits", "", "second"));
    let second = home.json("script deploy limits --realm shop --store-only")["version"].clone();
    let (first, second) = (first["version"].as_str().unwrap(), second.as_str().unwrap());
    let shadowed = home.json(&format!("script shadow limits {} --realm shop --percent 10", &second[..12]));
    assert_eq!(shadowed["shadow"], json!({"version": second, "percent": 10}));
    assert!(home.json("script shadow limits --realm shop").get("shadow").is_none());
    assert_eq!(home.json(&format!("script promote limits {second} --realm shop"))["active"], second);
    assert_eq!(home.json("script rollback limits --realm shop")["active"], first);

    let versions = home.json("script versions limits --realm shop");
    assert_eq!(versions["items"].as_array().unwrap().len(), 2);
    let shown = home.json(&format!("script versions limits {first} --realm shop"));
    assert_eq!(shown["files"], files("limits", "", "first"));
    let main = home.run(&format!("script versions limits {first} --realm shop --file main.rhai"));
    assert!(main.printed.starts_with("// first\nfn on_token_request"), "{main:?}");
    let missing = home.refused(5, &format!("script versions limits {first} --realm shop --file absent.rhai"));
    assert!(missing.contains("no file absent.rhai"), "{missing}");

    let difference = home.run(&format!("script diff limits {first} {second} --realm shop"));
    assert!(difference.printed.contains("-// first\n+// second\n"), "{difference:?}");
    let difference = home.json(&format!("script diff limits {second} {first} --realm shop"));
    assert_eq!((&difference["from"], &difference["files"][0]["name"]), (&json!(second), &json!("main.rhai")));

    assert!(home.refused(2, "script delete limits --realm shop").contains("--yes"));
    assert_eq!(home.json("script delete limits --realm shop --yes")["deleted"], true);
    assert!(home.refused(5, "script show limits --realm shop").contains("no such script"));
}

#[test]
fn scripts_of_a_client_are_named_with_it() {
    let home = home();
    write(&home, "limits", &files("limits", "", ""));
    let deployed = home.json("script deploy limits --realm shop --client app --position -3");
    assert_eq!((&deployed["script"]["client_id"], &deployed["script"]["position"]), (&json!("app"), &json!(-3)));
    home.refused(5, "script show limits --realm shop");
    assert_eq!(home.json("script show limits --realm shop --client app")["name"], "limits");
    assert!(home.refused(5, "script deploy limits --realm shop --client nobody").contains("no such client"));
    let listed = home.run("script list --realm shop").printed;
    assert!(listed.starts_with("NAME    CLIENT ID  ACTIVE"), "{listed}");
}

#[test]
fn what_is_not_good_is_refused_with_every_place_a_line() {
    let home = home();
    let manifest = "name = \"limits\"\napi = \"2\"\nhooks = [\"on_nothing\"]\n";
    write(&home, "limits", &json!({"manifest.toml": manifest, "main.rhai": "fn f() { }\n"}));
    let refused = home.run("script deploy limits --realm shop");
    assert_eq!((refused.code, refused.printed.as_str()), (7, ""), "{refused:?}");
    let lines: Vec<&str> = refused.said.lines().collect();
    assert!(
        lines[0].starts_with("signet: files: manifest.toml:2:") && lines[0].ends_with("[api-version]"),
        "{lines:?}"
    );
    assert!(lines[1].starts_with("signet: manifest.toml:3:") && lines[1].ends_with("[unknown-hook]"), "{lines:?}");
    assert!(home.refused(2, "script deploy absent --realm shop").contains("absent cannot be read"));
    for line in ["script promote limits short --realm shop", "script show Limits --realm shop"] {
        assert_eq!(home.run(line).code, 2, "{line}");
    }
}

#[test]
fn what_is_new_is_accepted_by_name() {
    let home = home();
    write(&home, "limits", &files("limits", "", ""));
    home.json("script deploy limits --realm shop");
    write(&home, "limits", &files("limits", "user_attributes = [\"email\"]\n", ""));
    let refused = home.refused(7, "script deploy limits --realm shop");
    assert!(refused.contains("accept it by name: user_attribute:email"), "{refused}");
    home.json("script deploy limits --realm shop --accept user_attribute:email");
}

#[test]
fn values_come_from_files_and_standard_input_and_secrets_are_not_shown() {
    let home = home();
    let set = home.run_with("script value set secret crm --realm shop", "a secret of scripts\n");
    assert_eq!(set.code, 0, "{set:?}");
    home.write("key.pem", "-----BEGIN KEY-----\nabc\n-----END KEY-----\n");
    home.json("script value set secret key --realm shop --file key.pem");
    home.write("table.json", "{\"a\": [1, 2]}");
    assert_eq!(home.json("script value set kv table --realm shop --file table.json")["value"], json!({"a": [1, 2]}));
    let line =
        "script value set connection crm --realm shop --url https://crm.test/api --bearer crm --cache-seconds 60";
    let connection = json!({"base_url": "https://crm.test/api", "bearer": "crm", "cache_seconds": 60});
    assert_eq!(home.json(line)["value"], connection);

    let listed = home.json("script value list --realm shop");
    let items = listed["items"].as_array().unwrap();
    assert_eq!(items.len(), 4);
    assert!(!listed.to_string().contains("a secret of scripts") && !listed.to_string().contains("BEGIN"), "{listed}");
    assert!(home.run("script value list --realm shop").printed.starts_with("KIND        NAME   VALUE"));

    for (code, line, said) in [
        (2, "script value set secret crm --realm shop", "standard input is empty"),
        (2, "script value set connection crm --realm shop", "--url"),
        (2, "script value set kv table --realm shop --url https://a.test", "--url is for connections"),
        (7, "script value set kv table --realm shop --file key.pem", "value: is no JSON"),
        (7, "script value set connection crm --realm shop --url http://a.test", "value.base_url: must be"),
        (6, "script value delete secret crm --realm shop --yes", "a connection sends this secret"),
        (5, "script value delete kv absent --realm shop --yes", "no such script value"),
    ] {
        assert!(home.refused(code, line).contains(said), "{line}");
    }
    assert_eq!(home.json("script value delete kv table --realm shop --yes")["deleted"], true);
}
