use std::ffi::OsString;
use std::fs;

use super::*;

struct Sample {
    folder: tempfile::TempDir,
}

impl Sample {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("signet.toml"), text).unwrap();
        Self { folder }
    }

    fn load(&self, variables: &[(&str, &str)]) -> Result<Configuration, ConfigError> {
        let environment = variables.iter().map(|(name, text)| (OsString::from(name), OsString::from(text)));
        Configuration::load(Some(&self.folder.path().join("signet.toml")), environment)
    }

    /// What is wrong, without the folder's name.
    fn problems(&self, variables: &[(&str, &str)]) -> String {
        let error = self.load(variables).err().unwrap().to_string();
        error.replace(&format!("{}/", self.folder.path().display()), "")
    }
}

const BEHIND_PROXY: &str = "[listener]\nprotocol = \"plain\"\n";

#[test]
fn every_default_is_valid_by_itself() {
    let configuration = Sample::new(BEHIND_PROXY).load(&[]).unwrap();
    assert_eq!(configuration.settings.server.public_url.as_str(), "https://localhost:8443");
    assert_eq!(configuration.settings.limits.body_bytes.0, 65_536);
    assert!(configuration.settings.database.migrate_at_start.is_none());
}

#[test]
fn an_unknown_key_names_the_nearest_known_one() {
    let sample = Sample::new("[log]\nlevle = \"info\"\n[listener]\nprotocol = \"plain\"\n");
    assert_eq!(sample.problems(&[]), "signet.toml: log.levle is not a setting; did you mean log.level?");
    let sample = Sample::new(&format!("{BEHIND_PROXY}[zzz]\nqqq = 1\n"));
    assert_eq!(
        sample.problems(&[]),
        "signet.toml: zzz.qqq is not a setting; all of them are listed by: signet config reference"
    );
    let sample = Sample::new(BEHIND_PROXY);
    assert_eq!(
        sample.problems(&[("SIGNET_LOG_LEVLE", "info")]),
        "SIGNET_LOG_LEVLE is not a setting; did you mean SIGNET_LOG_LEVEL?"
    );
}

#[test]
fn every_problem_is_told_with_its_place_and_a_remedy() {
    let sample = Sample::new(concat!(
        "[server]\npublic_url = \"http://login.example.com\"\n[limits]\nbody_bytes = 1\nresets = \"20\"\n",
        "[log]\nlevel = \"loud\"\n[proxy]\ntrusted = \"10.0.0.0/8\"\n",
    ));
    let problems = sample.problems(&[("SIGNET_LISTENER_ADDRESS", "8443")]);
    let lines: Vec<&str> = problems.lines().collect();
    assert_eq!(
        lines,
        [
            "signet.toml: server.public_url is not a base of issuers; write an https URL without path, such as `https://login.example.com`",
            "SIGNET_LISTENER_ADDRESS is not an address; write an IP address with a port, such as `0.0.0.0:8443` or `[::]:8443`",
            "signet.toml: proxy.trusted is not a list; put it in brackets: [\"...\"]",
            "signet.toml: limits.body_bytes is not a whole number from 4096 to 16777216; write one",
            "signet.toml: limits.resets is not a whole number from 1 to 10000; write one",
            "signet.toml: log.level is \"loud\"; write `error` or `warn` or `info` or `debug` or `trace`",
        ]
    );
}

#[test]
fn settings_are_checked_against_each_other() {
    let problems = Sample::new("[listener]\nmtls_address = \"127.0.0.1:1\"\n").problems(&[]);
    assert!(problems.contains("listener.certificates is empty; name a chain file"), "{problems}");
    assert!(problems.contains("listener.mtls_address needs server.mtls_public_url"), "{problems}");
    let sample = Sample::new(&format!("{BEHIND_PROXY}[proxy]\nclient_certificate_headers = [\"client-cert\"]\n"));
    assert!(sample.problems(&[]).starts_with("signet.toml: proxy.client_certificate_headers needs proxy.trusted"));
}

#[test]
fn rfc8705_5_certificates_are_asked_for_by_name_where_the_name_is_one_of_its_own() {
    let sample = Sample::new("[listener]\ncertificates = [{ chain = \"a.pem\", key = \"a.key\" }]\n");
    let public = ("SIGNET_SERVER_PUBLIC_URL", "https://login.example.com");
    let mutual = |url| ("SIGNET_SERVER_MTLS_PUBLIC_URL", url);
    let named = |variables: &[(&str, &str)]| {
        let settings = sample.load(variables).unwrap().settings;
        settings.mutual_tls_by_name().map(|base| base.host().to_owned())
    };
    let own = mutual("https://mtls.login.example.com");
    assert_eq!(named(&[public, own]).as_deref(), Some("mtls.login.example.com"));
    assert_eq!(named(&[public, own, ("SIGNET_LISTENER_MTLS_ADDRESS", "127.0.0.1:1")]), None);
    assert_eq!(named(&[public]), None);
    let problems = sample.problems(&[public, mutual("https://login.example.com:8444")]);
    assert!(
        problems.contains("SIGNET_SERVER_MTLS_PUBLIC_URL needs a host name of its own, or listener.mtls_address"),
        "{problems}"
    );
    assert!(Sample::new(BEHIND_PROXY).problems(&[public, own]).contains("SIGNET_SERVER_MTLS_PUBLIC_URL needs a host"));
}

#[test]
fn the_environment_wins_over_the_file() {
    let sample = Sample::new(&format!("{BEHIND_PROXY}[log]\nlevel = \"warn\"\n"));
    let variables = [
        ("SIGNET_LOG_LEVEL", "debug"),
        ("SIGNET_PROXY_TRUSTED", "10.0.0.0/8, 192.0.2.7"),
        ("SIGNET_DATABASE_CONNECTIONS", "3"),
        ("SIGNET_LISTENER_CERTIFICATES", "[{ chain = \"a.pem\", key = \"/b.pem\" }]"),
    ];
    let configuration = sample.load(&variables).unwrap();
    let Settings { log, proxy, database, listener, .. } = &configuration.settings;
    assert_eq!(log.level, LogLevel::Debug);
    assert_eq!(proxy.trusted.iter().map(ToString::to_string).collect::<Vec<_>>(), ["10.0.0.0/8", "192.0.2.7/32"]);
    assert_eq!(database.connections.0, 3);
    assert_eq!(listener.certificates[0].chain, sample.folder.path().join("a.pem"));
    assert_eq!(listener.certificates[0].key, std::path::Path::new("/b.pem"));
    let origins: Vec<String> = configuration.shown().into_iter().map(|shown| shown.origin).collect();
    assert_eq!(origins.iter().filter(|origin| origin.starts_with("SIGNET_")).count(), 4);
    assert_eq!(origins.iter().filter(|origin| *origin == "file").count(), 1);
}

#[test]
fn a_variable_cannot_define_a_second_key() {
    let problems = Sample::new(BEHIND_PROXY).problems(&[("SIGNET_DATABASE_CONNECTIONS", "3\nother = 4")]);
    assert!(problems.starts_with("SIGNET_DATABASE_CONNECTIONS does not read"), "{problems}");
}

#[test]
fn variables_that_kubernetes_sets_for_a_service_are_no_settings() {
    let others = [
        ("SIGNET_CONFIG", "x"),
        ("SIGNET_SERVICE_HOST", "10.1.1.1"),
        ("SIGNET_PORT", "tcp://10.1.1.1:8443"),
        ("SIGNET_PORT_8443_TCP_ADDR", "10.1.1.1"),
    ];
    assert!(Sample::new(BEHIND_PROXY).load(&others).is_ok());
}

#[test]
fn a_syntax_error_names_the_line_and_does_not_repeat_it() {
    let problems = Sample::new("[database]\nurl = \"postgres://u:s3cret@h/d\" x\n").problems(&[]);
    assert!(problems.starts_with("signet.toml, line 2: "), "{problems}");
    assert!(!problems.contains("s3cret"), "{problems}");
}

#[test]
fn secrets_are_masked() {
    let sample = Sample::new(BEHIND_PROXY);
    for (url, shown) in [
        ("postgres://u:s3cret@db.test/signet", "\"postgres://u:***@db.test/signet\""),
        ("mysql://u@db.test/signet?password=s3cret", "\"mysql://u@db.test/signet?***\""),
        ("sqlite:/var/lib/signet.db", "\"sqlite:/var/lib/signet.db\""),
    ] {
        let configuration = sample.load(&[("SIGNET_DATABASE_URL", url)]).unwrap();
        let all = configuration.shown();
        let found = all.iter().find(|one| one.key == "database.url").unwrap();
        assert_eq!(found.value.as_deref(), Some(shown));
    }
    let problems = sample.problems(&[("SIGNET_DATABASE_URL", "oracle://u:s3cret@db.test")]);
    assert!(!problems.contains("s3cret"), "{problems}");
}

#[test]
fn relative_paths_begin_at_the_folder_of_the_file() {
    let sample = Sample::new(&format!("{BEHIND_PROXY}[database]\nurl = \"sqlite:data/100%25?mode=rwc\"\n"));
    let configuration = sample.load(&[]).unwrap();
    let folder = sample.folder.path();
    assert_eq!(configuration.settings.keys.root_key_file.0, folder.join("root.key"));
    let url = &configuration.settings.database.url.0;
    assert_eq!(url, &format!("sqlite:{}/data/100%25?mode=rwc", folder.display()));
    assert_eq!(signet_migrations::sqlite_file(url).unwrap().unwrap(), folder.join("data/100%"));
}

#[test]
fn a_missing_file_is_named() {
    let error = Configuration::load(Some(Path::new("/nowhere/signet.toml")), std::iter::empty()).err().unwrap();
    assert!(error.to_string().starts_with("cannot read the configuration file /nowhere/signet.toml: "));
}

#[test]
fn base_urls_keep_no_slash_at_the_end() {
    let sample = Sample::new(BEHIND_PROXY);
    for (written, base, local) in [
        ("https://Login.Example.com/", "https://login.example.com", false),
        ("https://login.example.com:443", "https://login.example.com", false),
        ("https://127.0.0.1:8443", "https://127.0.0.1:8443", true),
        ("https://[::1]", "https://[::1]", true),
        ("https://a.localhost", "https://a.localhost", true),
        ("https://localhost.example.com", "https://localhost.example.com", false),
    ] {
        let configuration = sample.load(&[("SIGNET_SERVER_PUBLIC_URL", written)]).unwrap();
        let url = &configuration.settings.server.public_url;
        assert_eq!((url.as_str(), url.is_local()), (base, local), "{written}");
    }
    for refused in ["https://u@h", "https://h/id", "https://h?x", "https://h#x", "ftp://h", "login.example.com", ""] {
        assert!(sample.load(&[("SIGNET_SERVER_PUBLIC_URL", refused)]).is_err(), "{refused}");
    }
}

/// The reference as of the last look: a change of a setting is a change of what operators rely on.
#[test]
fn the_reference_describes_every_setting() {
    let reference = reference();
    for key in key::all() {
        assert!(reference.contains(&format!("\n### `{}`\n", key.path())), "{}", key.path());
        assert!(reference.contains(&format!("`{}`", key.variable())), "{}", key.variable());
    }
    let log = reference.split("## `[log]`").nth(1).unwrap();
    assert_eq!(
        log,
        concat!(
            "\n\nThe log, on standard error.\n\n### `log.level`\n\nHow much is logged.\n\n",
            "- Value: `error` or `warn` or `info` or `debug` or `trace`\n- Default: `\"info\"`\n",
            "- Environment: `SIGNET_LOG_LEVEL`\n\n### `log.format`\n\nThe form of its lines.\n\n",
            "- Value: `json` or `text`\n- Default: `\"json\"`\n- Environment: `SIGNET_LOG_FORMAT`\n",
        )
    );
    let names: Vec<String> = key::all().map(key::Key::path).collect();
    assert_eq!(names.len(), 47, "{names:?}");
}
