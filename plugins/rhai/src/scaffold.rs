//! The skeleton of a new package: it compiles, does something that can be seen, and has a test that passes.

use std::collections::BTreeMap;

use signet_hooks::{API_VERSION, Constructor, Hook};

/// The files of a new package of that name with one hook.
pub fn scaffold(name: &str, hook: Hook) -> BTreeMap<String, String> {
    let stem = name.replace('-', "_");
    let files = [
        ("manifest.toml".to_owned(), manifest(name, hook)),
        ("main.rhai".to_owned(), main(hook)),
        (format!("{stem}_test.rhai"), test(hook)),
        ("fixtures/example.json".to_owned(), fixture(hook)),
        ("README.md".to_owned(), readme(name, hook)),
    ];
    files.into()
}

fn manifest(name: &str, hook: Hook) -> String {
    let claims = if hook == Hook::OnClaims { "claims = { department = \"string<=64\" }\n" } else { "" };
    let http = if hook.may_call_out() { "http = []" } else { "" };
    let rest = [claims.trim_end(), http].into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n");
    let rest = if rest.is_empty() { rest } else { format!("{rest}\n") };
    format!(
        "name = \"{name}\"\napi = \"{API_VERSION}\"\ndescription = \"What this package is for, in one line.\"\nhooks = [\"{hook}\"]\n\
         # Everything the package sees or reaches is named here.\nuser_attributes = [\"email\"]\n{rest}secrets = []\nkv = []\n"
    )
}

fn main(hook: Hook) -> String {
    let decisions: Vec<String> =
        std::iter::once(&Constructor::NONE).chain(hook.constructors()).map(|one| one.signature()).collect();
    let body = match hook {
        Hook::OnClaims => {
            "    if target != \"access_token\" || ctx.user == () {\n        return none();\n    }\n    claims(#{ department: \"sales\" })"
        }
        Hook::OnEvent => "    ctx.log.debug(\"an event\", #{ kind: event.kind });\n    none()",
        _ => "    ctx.log.debug(\"asked\", #{ request_id: ctx.request_id });\n    none()",
    };
    format!("// {}\n// Decides with {}.\nfn {} {{\n{body}\n}}\n", hook.about(), decisions.join(", "), hook.signature())
}

fn test(hook: Hook) -> String {
    match hook {
        Hook::OnClaims => "test(\"access tokens tell the department\", || {\n    \
             assert_eq(call(\"on_claims\", fixture(\"example\"), \"access_token\").claims.department, \"sales\");\n});\n\n\
             test(\"ID tokens do not\", || assert(call(\"on_claims\", fixture(\"example\"), \"id_token\").is_none));\n"
            .to_owned(),
        hook => format!(
            "test(\"nothing is decided yet\", || {{\n    let decision = call(\"{hook}\", fixture(\"example\"));\n    \
             assert(decision.is_none);\n    assert_eq(decision.log.len(), 1);\n}});\n"
        ),
    }
}

/// A small input: the rest is the hook's sample.
fn fixture(hook: Hook) -> String {
    let user = hook.sample_input().context.user.is_some();
    let user = if user { ",\n    \"user\": { \"email\": \"ana@example.com\" }" } else { "" };
    format!("{{\n    \"now\": 1767225600{user}\n}}\n")
}

fn readme(name: &str, hook: Hook) -> String {
    format!("# {name}\n\nWhat this package is for.\n\n{}\n", hook.about())
}
