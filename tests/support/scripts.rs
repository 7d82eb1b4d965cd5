//! The engine that compiles scripts, and small packages for it.

use std::sync::Arc;

use serde_json::{Value, json};
use signet_hooks::{ScriptEngine, ScriptTools};
use signet_rhai::RhaiEngine;

/// The engine.
pub(crate) fn engine() -> Arc<dyn ScriptEngine> {
    Arc::new(RhaiEngine::new())
}

/// Its tools.
pub(crate) fn tools() -> Arc<dyn ScriptTools> {
    Arc::new(RhaiEngine::new())
}

/// The files of a package with a hook that decides nothing. `manifest` is more of its manifest, `body` is a comment in
/// its script, so that versions differ.
pub(crate) fn files(name: &str, manifest: &str, body: &str) -> Value {
    json!({
        "manifest.toml": format!("name = \"{name}\"\napi = \"1\"\nhooks = [\"on_token_request\"]\n{manifest}"),
        "main.rhai": format!("// {body}\nfn on_token_request(ctx, request) {{\n    none()\n}}\n"),
    })
}
