//! The manifest of a package: what it is called, which hooks it has, and everything it may see or reach.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use toml::Spanned;

use crate::API_VERSION;
use crate::claims::{ClaimDeclaration, ClaimType, check_declaration};
use crate::diagnostic::{Diagnostic, Position, Rule};
use crate::hook::{FailureMode, Hook};
use crate::limits::{Class, Limits};
use crate::package::MANIFEST_FILE;

/// Most names in one list.
const MAXIMUM_NAMES: usize = 64;

/// What a package says of itself. What is not in it, the package cannot see or reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The name under which it is deployed.
    pub name: String,
    /// What it is for, for administrators.
    pub description: Option<String>,
    /// The hooks it has functions for.
    pub hooks: BTreeSet<Hook>,
    /// The attributes of users that `ctx.user` shows.
    pub user_attributes: BTreeSet<String>,
    /// The claims it may add.
    pub claims: BTreeMap<String, ClaimDeclaration>,
    /// The connections that `ctx.http` reaches.
    pub http: BTreeSet<String>,
    /// The secrets that `ctx.secret` answers.
    pub secrets: BTreeSet<String>,
    /// The stored values that `ctx.kv` answers.
    pub kv: BTreeSet<String>,
    on_failure: BTreeMap<Hook, FailureMode>,
}

/// A manifest as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: Spanned<String>,
    api: Spanned<String>,
    description: Option<Spanned<String>>,
    hooks: Spanned<Vec<Spanned<String>>>,
    #[serde(default)]
    user_attributes: Vec<Spanned<String>>,
    #[serde(default)]
    claims: BTreeMap<Spanned<String>, Spanned<WrittenClaim>>,
    #[serde(default)]
    http: Vec<Spanned<String>>,
    #[serde(default)]
    secrets: Vec<Spanned<String>>,
    #[serde(default)]
    kv: Vec<Spanned<String>>,
    #[serde(default)]
    on_failure: BTreeMap<Spanned<String>, Spanned<FailureMode>>,
}

/// A claim's type alone, or with more to say.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a claim is a type such as \"string<=64\" or { type = \"string<=64\", optional = true }")]
enum WrittenClaim {
    Type(String),
    Members(WrittenMembers),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenMembers {
    #[serde(rename = "type")]
    claim_type: String,
    #[serde(default)]
    optional: bool,
}

impl Manifest {
    /// Whether the package waits for other servers at a hook: it has a connection, and the hook may use one.
    pub fn calls_out(&self, hook: Hook) -> bool {
        hook.may_call_out() && !self.http.is_empty()
    }

    /// What a run of the package may use up at a hook. Without a connection, a package that enriches decides from what it
    /// is told, and has the budget of a decision: it runs where decisions run.
    pub fn limits(&self, hook: Hook) -> &'static Limits {
        self.class(hook).limits()
    }

    /// The class of a run of the package at a hook.
    pub fn class(&self, hook: Hook) -> Class {
        match hook.class() {
            Class::Enrichment if !self.calls_out(hook) => Class::Decision,
            class => class,
        }
    }

    /// Reads the text of a manifest.
    ///
    /// # Errors
    /// Everything that is wrong with it, by line and column.
    pub fn parse(text: &str) -> Result<Self, Vec<Diagnostic>> {
        let written: Written = toml::from_str(text).map_err(|error| {
            let position = error.span().map_or_else(
                || Position::file(MANIFEST_FILE),
                |span| Position::in_text(MANIFEST_FILE, text, span.start),
            );
            vec![Diagnostic::new(position, Rule::ManifestSyntax, error.message().trim().replace('\n', ": "))]
        })?;
        let mut reader = Reader { text, found: Vec::new() };
        let manifest = reader.read(&written);
        if reader.found.is_empty() {
            Ok(manifest)
        } else {
            reader.found.sort_by(|one, other| one.position.cmp(&other.position));
            Err(reader.found)
        }
    }

    /// What happens where this package's function for a hook fails.
    pub fn failure_mode(&self, hook: Hook) -> FailureMode {
        self.on_failure.get(&hook).copied().unwrap_or(hook.failure_mode())
    }
}

/// Collects what is wrong while it reads.
struct Reader<'a> {
    text: &'a str,
    found: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn report<T>(&mut self, at: &Spanned<T>, rule: Rule, message: impl Into<String>) {
        let position = Position::in_text(MANIFEST_FILE, self.text, at.span().start);
        self.found.push(Diagnostic::new(position, rule, message));
    }

    fn read(&mut self, written: &Written) -> Manifest {
        if written.api.get_ref() != API_VERSION {
            let message = format!("this server has the hook API {API_VERSION:?}; port the script and its tests to it");
            self.report(&written.api, Rule::ApiVersion, message);
        }
        if !is_name(written.name.get_ref()) {
            self.report(&written.name, Rule::ManifestSyntax, NAME);
        }
        if let Some(description) = &written.description
            && (description.get_ref().chars().count() > 500 || description.get_ref().chars().any(char::is_control))
        {
            self.report(description, Rule::ManifestSyntax, "a description is one line of at most 500 characters");
        }
        let hooks = self.hooks(&written.hooks);
        let claims = self.claims(written);
        let manifest = Manifest {
            name: written.name.get_ref().clone(),
            description: written.description.as_ref().map(|text| text.get_ref().clone()),
            user_attributes: self.attributes(&written.user_attributes),
            http: self.names(&written.http),
            secrets: self.names(&written.secrets),
            kv: self.names(&written.kv),
            on_failure: self.on_failure(written, &hooks, &claims),
            hooks,
            claims,
        };
        let calls_out = manifest.hooks.iter().any(|hook| hook.may_call_out());
        if let Some(first) = written.http.first().filter(|_| !calls_out) {
            self.report(first, Rule::Capability, "none of the hooks may use ctx.http");
        }
        if let Some((first, _)) = written.claims.iter().next().filter(|_| !manifest.hooks.contains(&Hook::OnClaims)) {
            self.report(first, Rule::Capability, "claims are for on_claims, which is not among the hooks");
        }
        manifest
    }

    fn hooks(&mut self, written: &Spanned<Vec<Spanned<String>>>) -> BTreeSet<Hook> {
        if written.get_ref().is_empty() {
            self.report(written, Rule::UnknownHook, "a package has at least one hook");
        }
        let mut hooks = BTreeSet::new();
        for name in written.get_ref() {
            match name.get_ref().parse() {
                Ok(hook) => _ = hooks.insert(hook),
                Err(error) => self.report(name, Rule::UnknownHook, format!("{error}")),
            }
        }
        hooks
    }

    fn claims(&mut self, written: &Written) -> BTreeMap<String, ClaimDeclaration> {
        let mut claims = BTreeMap::new();
        for (name, declaration) in &written.claims {
            let (claim_type, optional) = match declaration.get_ref() {
                WrittenClaim::Type(claim_type) => (claim_type, false),
                WrittenClaim::Members(members) => (&members.claim_type, members.optional),
            };
            let claim_type: ClaimType = match claim_type.parse() {
                Ok(claim_type) => claim_type,
                Err(error) => {
                    self.report(declaration, Rule::ClaimDeclaration, format!("{error}"));
                    continue;
                }
            };
            match check_declaration(name.get_ref(), claim_type) {
                Ok(()) => _ = claims.insert(name.get_ref().clone(), ClaimDeclaration { claim_type, optional }),
                Err(problem) => self.report(name, Rule::ClaimDeclaration, problem.to_string()),
            }
        }
        claims
    }

    fn on_failure(
        &mut self,
        written: &Written,
        hooks: &BTreeSet<Hook>,
        claims: &BTreeMap<String, ClaimDeclaration>,
    ) -> BTreeMap<Hook, FailureMode> {
        let mut modes = BTreeMap::new();
        for (name, mode) in &written.on_failure {
            let hook = match name.get_ref().parse::<Hook>() {
                Ok(hook) if hooks.contains(&hook) => hook,
                Ok(_) => {
                    self.report(name, Rule::FailureMode, "this hook is not among the package's hooks");
                    continue;
                }
                Err(error) => {
                    self.report(name, Rule::UnknownHook, format!("{error}"));
                    continue;
                }
            };
            match allowed_mode(hook, *mode.get_ref(), claims) {
                Ok(()) => _ = modes.insert(hook, *mode.get_ref()),
                Err(message) => self.report(mode, Rule::FailureMode, message),
            }
        }
        modes
    }

    fn names(&mut self, written: &[Spanned<String>]) -> BTreeSet<String> {
        self.list(written, is_name, NAME)
    }

    fn attributes(&mut self, written: &[Spanned<String>]) -> BTreeSet<String> {
        let is_attribute = |name: &str| {
            (1..=128).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"')
        };
        self.list(written, is_attribute, "an attribute has a name of 1 to 128 printable ASCII characters")
    }

    fn list(&mut self, written: &[Spanned<String>], fits: fn(&str) -> bool, rule: &str) -> BTreeSet<String> {
        if let Some(one_too_many) = written.get(MAXIMUM_NAMES) {
            self.report(one_too_many, Rule::Capability, format!("a list has at most {MAXIMUM_NAMES} names"));
        }
        let mut names = BTreeSet::new();
        for name in written {
            if !fits(name.get_ref()) {
                self.report(name, Rule::Capability, rule);
            } else if !names.insert(name.get_ref().clone()) {
                self.report(name, Rule::Capability, "this name appears twice");
            }
        }
        names
    }
}

/// What a name of a package, a connection, a secret or a stored value looks like.
const NAME: &str = "a name has 1 to 64 of the characters a-z 0-9 _ - and begins with a letter";

fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte))
}

/// A package may be stricter than the hook. It may be looser only for claims that tokens are good without.
fn allowed_mode(
    hook: Hook,
    mode: FailureMode,
    claims: &BTreeMap<String, ClaimDeclaration>,
) -> Result<(), &'static str> {
    let is_queued = hook.class() == Class::Asynchronous;
    match mode {
        mode if mode == hook.failure_mode() => Ok(()),
        FailureMode::Closed if !is_queued => Ok(()),
        FailureMode::Open if hook == Hook::OnClaims => {
            let all_optional = claims.values().all(|claim| claim.optional);
            all_optional.then_some(()).ok_or("only a package whose claims are all optional may fail open")
        }
        FailureMode::Open => Err("this hook decides about access: it fails closed"),
        FailureMode::Closed => Err("this hook belongs to no request that could fail: it is tried again"),
        FailureMode::Queue => Err("this hook belongs to a request: it cannot be tried again later"),
    }
}
