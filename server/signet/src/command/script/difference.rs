//! `signet script diff`.

use serde_json::json;
use signet_core::registry::{self, ScriptDifference, VersionPrefix};

use super::NamedPackage;
use crate::command::CommandResult;
use crate::command::context::Context;
use crate::output;

pub(super) async fn show(
    context: &Context,
    package: &NamedPackage,
    versions: (Option<&VersionPrefix>, Option<&VersionPrefix>),
) -> CommandResult {
    let realm = context.realm(&package.place.realm).await?;
    let difference = registry::compare_script_versions(context.provider(), &realm, &package.name, versions).await?;
    if !context.output.is_json() {
        return output::print(&for_people(&difference));
    }
    let files = difference.files.iter().map(|file| json!({ "name": file.name, "unified": file.unified }));
    output::print_json(&json!({
        "from": difference.from.to_string(),
        "to": difference.to.to_string(),
        "added_capabilities": difference.added_capabilities,
        "removed_capabilities": difference.removed_capabilities,
        "files": files.collect::<Vec<_>>(),
    }))
}

/// What it may do first: that is what has to be decided on.
fn for_people(difference: &ScriptDifference) -> String {
    let mut text = format!("{} -> {}\n", difference.from.short(), difference.to.short());
    for (may, capabilities) in
        [("+ may ", &difference.added_capabilities), ("- may ", &difference.removed_capabilities)]
    {
        for capability in capabilities {
            text.extend([may, capability, "\n"]);
        }
    }
    for file in &difference.files {
        text.push('\n');
        text.extend(file.unified.chars().map(|c| if c.is_control() && c != '\n' && c != '\t' { ' ' } else { c }));
    }
    if difference.files.is_empty() {
        text.push_str("no difference\n");
    }
    text
}
