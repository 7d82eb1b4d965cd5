//! What the decisions of several hooks have in common.
//!
//! A decision is an object whose member `decision` says which it is: `{"decision": "none"}`, `{"decision": "allow"}`,
//! `{"decision": "deny", "error": .., "description": ..}`, or one of the hook's own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use signet_protocol::error::{ErrorCode, Refusal};

use crate::text::Description;

/// A function by which a script makes a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Constructor {
    /// Its name, which is the value of `decision` too.
    pub name: &'static str,
    /// What it takes.
    pub takes: Takes,
}

/// What a constructor takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// Nothing: `allow()`.
    Nothing,
    /// An error code and a description: `deny("access_denied", "come back tomorrow")`.
    ErrorAndDescription,
    /// A map of the decision's members: `narrow(#{ drop_scopes: ["payments"] })`.
    Members,
    /// A map that is the member of the constructor's name: `claims(#{ department: "sales" })`.
    Itself,
}

impl Constructor {
    /// `allow()`: go on as if nobody had been asked.
    pub const ALLOW: Self = Self { name: "allow", takes: Takes::Nothing };
    /// `deny(error, description)`.
    pub const DENY: Self = Self { name: "deny", takes: Takes::ErrorAndDescription };
    /// `none()`: nothing to say. Every hook takes it.
    pub const NONE: Self = Self { name: "none", takes: Takes::Nothing };

    /// One of the hook's own that takes a map of members.
    pub(crate) const fn members(name: &'static str) -> Self {
        Self { name, takes: Takes::Members }
    }

    /// One of the hook's own that takes nothing.
    pub(crate) const fn nothing(name: &'static str) -> Self {
        Self { name, takes: Takes::Nothing }
    }

    /// How it is written in a script.
    pub fn signature(self) -> String {
        match self.takes {
            Takes::Nothing => format!("{}()", self.name),
            Takes::ErrorAndDescription => format!("{}(error, description)", self.name),
            Takes::Members => format!("{}(#{{ .. }})", self.name),
            Takes::Itself => format!("{0}(#{{ name: value, .. }})", self.name),
        }
    }
}

/// A refusal: an error code that this hook may answer with, and a sentence for whoever asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Denial<E> {
    /// The error code that the client gets.
    pub error: E,
    /// The `error_description` that the client gets. It must not tell more than the client may know.
    pub description: Description,
}

impl<E: Copy + Into<ErrorCode>> Denial<E> {
    /// The refusal that the request ends with.
    pub fn refusal(&self) -> Refusal {
        self.error.into().because(self.description.as_str().to_owned()).of_script()
    }
}

/// Declares the error codes that a hook may refuse with.
macro_rules! denial_codes {
    ($(#[$doc:meta])* $name:ident { $($variant:ident,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $(#[doc = "The error code of that name."] $variant,)+
        }

        impl From<$name> for signet_protocol::error::ErrorCode {
            fn from(code: $name) -> Self {
                match code { $($name::$variant => Self::$variant,)+ }
            }
        }

        impl $name {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];
        }
    };
}
pub(crate) use denial_codes;
