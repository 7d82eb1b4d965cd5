//! The reference of all settings in Markdown, as it is published in the documentation.

use std::fmt::Write as _;

use super::key::Key;
use super::settings::SECTIONS;

const INTRODUCTION: &str = "\
# Settings

Settings are read from one TOML file (`--config FILE`, else the file that the environment variable `SIGNET_CONFIG`
names, else `signet.toml` in the current folder, if it is there). Each can also be given as an environment variable,
which wins over the file: texts without quotes, lists apart by commas. A name that is not in this list is an error.
`signet config show` prints what is in force and where each value comes from.

This page is made by `signet config reference`.
";

/// The reference.
pub(crate) fn reference() -> String {
    let mut page = INTRODUCTION.to_owned();
    for section in SECTIONS {
        // Writing to a string does not fail.
        let _ = write!(page, "\n## `[{}]`\n\n{}\n", section.name, paragraph(section.doc));
        for key in section.keys {
            write_key(&mut page, key);
        }
    }
    page
}

fn write_key(page: &mut String, key: &Key) {
    let default = match key.default {
        "none" => "not set".to_owned(),
        default => format!("`{default}`"),
    };
    let _ = write!(
        page,
        "\n### `{}`\n\n{}\n\n- Value: {}\n- Default: {default}\n- Environment: `{}`\n",
        key.path(),
        paragraph(key.doc),
        (key.form)(),
        key.variable()
    );
}

/// The lines of a doc comment as one paragraph.
fn paragraph(lines: &[&str]) -> String {
    lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}
