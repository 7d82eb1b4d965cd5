//! What is wrong with a package, where, and which rule it breaks.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A place in a file of a package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    /// Name of the file within the package.
    pub file: String,
    /// Line, from 1; 0 for the file as a whole.
    pub line: u32,
    /// Column in characters, from 1; 0 for the line as a whole.
    pub column: u32,
}

impl Position {
    /// A whole file.
    pub fn file(name: impl Into<String>) -> Self {
        Self { file: name.into(), line: 0, column: 0 }
    }

    /// The place of a byte offset in a text.
    pub fn in_text(file: &str, text: &str, offset: usize) -> Self {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &text[..offset];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Self { file: file.to_owned(), line: small(line), column: small(column) }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (0, _) => write!(formatter, "{}", self.file),
            (line, 0) => write!(formatter, "{}:{line}", self.file),
            (line, column) => write!(formatter, "{}:{line}:{column}", self.file),
        }
    }
}

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)+) => {
        /// The rule that a package breaks.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Rule { $($(#[$doc])* #[serde(rename = $text)] $name,)+ }

        impl Rule {
            /// Every rule.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Its name in messages and machine-readable output.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    };
}

rules! {
    /// A package has these files, of these sizes, and no others.
    PackageFiles = "package-files";
    /// A manifest is TOML with the members of the reference.
    ManifestSyntax = "manifest-syntax";
    /// A package is written for the hook API of this server.
    ApiVersion = "api-version";
    /// Hooks are those of the reference.
    UnknownHook = "unknown-hook";
    /// Claims have a name that is free and a type that can be checked.
    ClaimDeclaration = "claim-declaration";
    /// A failure mode may be made stricter, and looser only where the hook allows it.
    FailureMode = "failure-mode";
    /// Capabilities are named in the manifest, and of use to one of its hooks.
    Capability = "capability";
    /// The script is well-formed Rhai.
    Syntax = "syntax";
    /// Names in the script mean something.
    UnknownName = "unknown-name";
    /// Functions named like hooks and hooks in the manifest are the same.
    HookFunction = "hook-function";
    /// Decisions are those of the hook.
    Decision = "decision";
    /// A script keeps to the size limits.
    Size = "size";
    /// The package's own tests pass.
    Test = "test";
}

impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// One thing that is wrong with a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// Where.
    pub position: Position,
    /// Which rule it breaks.
    pub rule: Rule,
    /// What to do about it.
    pub message: String,
}

impl Diagnostic {
    /// A diagnostic.
    pub fn new(position: Position, rule: Rule, message: impl Into<String>) -> Self {
        Self { position, rule, message: message.into() }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {} [{}]", self.position, self.message, self.rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters_from_one() {
        let text = "a\n\u{e4}b\n";
        assert_eq!(Position::in_text("f", text, 0).to_string(), "f:1:1");
        assert_eq!(Position::in_text("f", text, 4).to_string(), "f:2:2");
        assert_eq!(Position::in_text("f", text, 3).to_string(), "f:2:1", "inside a character");
        assert_eq!(Position::in_text("f", text, 999).to_string(), "f:3:1");
    }
}
