//! Hook points: where Signet asks a script, what it tells it, and what it lets it decide.
//!
//! What belongs here: the closed list of hooks ([`Hook`]), the input and output types of each ([`points`]), the package a
//! script comes in ([`Package`], [`Manifest`]), the rules for claims ([`claims`]), the budget of a run ([`Limits`]), and the
//! traits between the server and a script engine ([`ScriptEngine`], [`Program`], [`Host`]). What does not: an engine, files,
//! network, clocks, cryptography, or the rules by which the server merges what a script decided; those stand beside the
//! decision points in core.
//!
//! A decision can narrow what the server was about to do, refuse it, or add what the manifest declares. No type here has
//! a member by which a script could turn a failure into a success or widen a permission.

pub mod claims;
mod context;
mod decision;
mod diagnostic;
mod engine;
mod facts;
mod hook;
mod host;
mod limits;
mod manifest;
mod package;
pub mod points;
mod recording;
mod redaction;
mod reference;
mod replaying;
mod run;
mod text;
mod tools;
mod version;

pub use context::{
    ClientType, ClientView, Context, NetworkView, RealmView, RunContext, SessionView, TlsView, TooMuchHandedOn,
    VARS_MAXIMUM_BYTES, handed_on,
};
pub use decision::{Constructor, Denial, Takes};
pub use diagnostic::{Diagnostic, Position, Rule};
pub use engine::{Program, ScriptEngine};
pub use facts::{NoArgument, NoFacts, RequestFacts, RequestedClaims};
pub use hook::{FailureMode, Hook, HookPoint, Schemas, ShapeError, UnknownHook};
pub use host::{Host, HttpMethod, HttpProblem, HttpReply, HttpRequest};
pub use limits::{Class, Limits};
pub use manifest::Manifest;
pub use package::{MAIN_FILE, MANIFEST_FILE, Package, PackageLimits};
pub use recording::{Decided, Recording};
pub use redaction::Redact;
pub use reference::reference;
pub use replaying::{Difference, Replay, ReplayClock, ReplayHost, differences, replay};
pub use run::{LogLevel, LogLine, RecordedCall, Run, RunFailure, RunFailureKind};
pub use text::{Description, LocalizedText, Seconds, WebAddress};
pub use tools::{
    Allowance, Coverage, Finding, FuzzOptions, FuzzReport, NotTried, Promise, ScriptTools, TestFailure, TestReport,
    TestResult, Trial,
};
pub use version::{InvalidVersion, Version};

/// The version of everything a script sees: hooks, inputs, outputs, functions. A manifest names the one it was written
/// for. Adding a hook, an input member or an optional result keeps it; anything else makes a new one.
pub const API_VERSION: &str = "1";
