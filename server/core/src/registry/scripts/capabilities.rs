//! What a package asks for: everything it may see, add and reach. A new version gets nothing that its predecessor did not
//! have unless somebody says so.

use std::collections::BTreeSet;

use signet_hooks::{FailureMode, Manifest};

use crate::model::{ScriptDeclaration, ScriptValue, ScriptValueKind};
use crate::registry::RegistryError;

/// What a manifest declares, as it is stored.
pub(super) fn declaration_of(manifest: &Manifest, api: &str) -> ScriptDeclaration {
    let named = |kind: &'static str, names: &BTreeSet<String>| {
        names.iter().map(move |name| format!("{kind}:{name}")).collect::<Vec<_>>()
    };
    let hooks = manifest.hooks.iter().map(|hook| (hook, manifest.failure_mode(*hook)));
    // Failing open where the hook itself would not is a freedom like others.
    let open = hooks.clone().filter(|(hook, mode)| *mode == FailureMode::Open && *mode != hook.failure_mode());
    let mut capabilities: Vec<String> = [
        hooks.clone().map(|(hook, _)| format!("hook:{hook}")).collect(),
        open.map(|(hook, _)| format!("fails_open:{hook}")).collect(),
        manifest.claims.keys().map(|name| format!("claim:{name}")).collect(),
        named("user_attribute", &manifest.user_attributes),
        named("http", &manifest.http),
        named("secret", &manifest.secrets),
        named("kv", &manifest.kv),
    ]
    .concat();
    capabilities.sort_unstable();
    ScriptDeclaration {
        api: api.to_owned(),
        description: manifest.description.clone().unwrap_or_default(),
        hooks: hooks.map(|(hook, mode)| (hook.to_string(), mode.to_string())).collect(),
        capabilities,
    }
}

/// What one declaration has and none of the others.
pub(super) fn added<'a>(new: &'a ScriptDeclaration, known: &[&ScriptDeclaration]) -> Vec<&'a str> {
    let is_known = |capability: &String| known.iter().any(|other| other.capabilities.contains(capability));
    new.capabilities.iter().filter(|capability| !is_known(capability)).map(String::as_str).collect()
}

/// Refuses what is new and was not accepted.
pub(super) fn check_accepted(
    new: &ScriptDeclaration,
    known: &[&ScriptDeclaration],
    accept: &[String],
) -> Result<(), RegistryError> {
    let asked: Vec<&str> = added(new, known);
    let refused: Vec<&str> = asked.into_iter().filter(|asked| !accept.iter().any(|one| one == asked)).collect();
    if refused.is_empty() {
        return Ok(());
    }
    let problem = format!("this version asks for more than the active one; accept it by name: {}", refused.join(", "));
    Err(RegistryError::invalid("accept", problem))
}

/// Refuses a package that names what the realm does not have.
pub(super) fn check_present(declaration: &ScriptDeclaration, values: &[ScriptValue]) -> Result<(), RegistryError> {
    let kinds =
        [("secret", ScriptValueKind::Secret), ("kv", ScriptValueKind::Document), ("http", ScriptValueKind::Connection)];
    let mut missing = Vec::new();
    for (kind, name) in declaration.capabilities.iter().filter_map(|capability| capability.split_once(':')) {
        let Some((_, kind)) = kinds.iter().find(|(known, _)| *known == kind) else { continue };
        if !values.iter().any(|value| value.content.kind() == *kind && value.name.as_str() == name) {
            missing.push(format!("{} {name}", kind.as_str()));
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let problem = format!("the realm has no {}; set it among the values of scripts first", missing.join(", no "));
    Err(RegistryError::invalid("files", problem))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(text: &str) -> ScriptDeclaration {
        let manifest = Manifest::parse(&format!("name = \"limits\"\napi = \"1\"\n{text}")).unwrap();
        declaration_of(&manifest, "1")
    }

    #[test]
    fn everything_that_a_manifest_asks_for_is_a_capability() {
        let declaration = declared(
            "description = \"Limits\"\nhooks = [\"on_claims\", \"on_error\"]\nuser_attributes = [\"department\"]\n\
             http = [\"crm\"]\nsecrets = [\"crm_key\"]\nkv = [\"table\"]\non_failure = { on_claims = \"open\" }\n\
             [claims]\nlimit = { type = \"int\", optional = true }\n",
        );
        let expected = [
            "claim:limit",
            "fails_open:on_claims",
            "hook:on_claims",
            "hook:on_error",
            "http:crm",
            "kv:table",
            "secret:crm_key",
            "user_attribute:department",
        ];
        assert_eq!(declaration.capabilities, expected);
        assert_eq!(declaration.hooks["on_claims"], "open");
        assert_eq!(declaration.hooks["on_error"], "open", "by itself: no freedom of this package");
        assert_eq!((declaration.api.as_str(), declaration.description.as_str()), ("1", "Limits"));
    }

    #[test]
    fn what_is_new_is_refused_unless_it_is_accepted_by_name() {
        let old = declared("hooks = [\"on_claims\"]\nsecrets = [\"crm\"]\n");
        let new = declared("hooks = [\"on_claims\"]\nkv = [\"table\"]\nsecrets = [\"crm\", \"other\"]\n");
        assert!(check_accepted(&old, &[&new], &[]).is_ok(), "asking for less needs nothing");
        let refused = check_accepted(&new, &[&old], &["secret:others".to_owned()]).unwrap_err().to_string();
        assert!(refused.ends_with("by name: kv:table, secret:other"), "{refused}");
        let accepted = ["secret:other".to_owned(), "kv:table".to_owned()];
        assert!(check_accepted(&new, &[&old], &accepted).is_ok());
        let both = [&old, &declared("hooks = [\"on_claims\"]\nkv = [\"table\"]\nsecrets = [\"other\"]\n")];
        assert!(check_accepted(&new, &both, &[]).is_ok(), "what one of the known has is known");
    }
}
