//! The layers of the workspace: which crate may depend on which. Cargo enforces that nobody uses what is not declared;
//! this test, that nobody declares what the design does not allow.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// Each crate, and the crates of ours that it may depend on. `docs/src/architecture/overview.md` explains the table.
const LAYERS: &[(&str, &[&str])] = &[
    ("signet-protocol", &[]),
    ("signet-jose", &["signet-protocol"]),
    ("signet-hooks", &["signet-protocol"]),
    ("signet-rhai", &["signet-hooks"]),
    ("signet-core", &["signet-protocol", "signet-jose", "signet-hooks"]),
    ("signet-migrations", &[]),
    ("signet-store", &["signet-protocol", "signet-core", "signet-migrations"]),
    ("signet-outbound", &["signet-core"]),
    ("signet-guard", &["signet-protocol", "signet-jose"]),
    ("signet-resources", &["signet-core", "signet-guard"]),
    ("signet-http", &["signet-core", "signet-guard", "signet-resources"]),
    ("signet-admin", &["signet-core", "signet-guard", "signet-resources"]),
    (
        "signet",
        &[
            "signet-protocol",
            "signet-jose",
            "signet-core",
            "signet-migrations",
            "signet-store",
            "signet-outbound",
            "signet-guard",
            "signet-resources",
            "signet-http",
            "signet-admin",
            "signet-hooks",
            "signet-rhai",
        ],
    ),
    ("signet-conformance", &["signet-protocol", "signet-jose", "signet-guard"]),
];

/// Crates that speak to a crypto library, and the only ones of ours that may (design section 7): the token crate, the
/// listener, the outbound client's TLS, and the harness, which is a client.
const CRYPTO: &[&str] = &["openssl", "ring", "biscuit", "tokio-openssl"];
const CRYPTO_USERS: &[&str] = &["signet-jose", "signet-http", "signet-outbound", "signet-conformance", "signet-tests"];

/// The normal dependencies of each member of the workspace.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let metadata = MetadataCommand::new().manifest_path(manifest).no_deps().exec().unwrap();
    let members = metadata.packages.into_iter().map(|package| {
        let normal = package.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Normal);
        (package.name.to_string(), normal.map(|dependency| dependency.name.clone()).collect())
    });
    members.collect()
}

#[test]
fn crates_depend_only_on_the_layers_below_them() {
    let allowed: BTreeMap<&str, &[&str]> = LAYERS.iter().copied().collect();
    for (name, dependencies) in dependencies().iter().filter(|(name, _)| *name != "signet-tests") {
        let layers = allowed.get(name.as_str()).unwrap_or_else(|| panic!("{name} is not in the table of layers"));
        for dependency in dependencies.iter().filter(|dependency| dependency.starts_with("signet")) {
            assert!(layers.contains(&dependency.as_str()), "{name} may not depend on {dependency}");
        }
    }
}

#[test]
fn only_the_named_crates_speak_to_a_crypto_library() {
    for (name, dependencies) in dependencies() {
        let crypto: Vec<_> = dependencies.iter().filter(|dependency| CRYPTO.contains(&dependency.as_str())).collect();
        assert!(crypto.is_empty() || CRYPTO_USERS.contains(&name.as_str()), "{name} depends on {crypto:?}");
    }
}
