//! What a command answers when it cannot be carried out.

use bson::{Document, doc};
use std::io;

/// An error reply: MongoDB's code, its name, and a message that says what to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommandError {
    pub(crate) code: i32,
    pub(crate) name: &'static str,
    pub(crate) message: String,
}

impl CommandError {
    /// A command that this store does not have.
    pub(crate) fn not_found(command: &str) -> Self {
        let message = format!("no such command: '{command}' (this document store has only what the suite uses)");
        Self { code: 59, name: "CommandNotFound", message }
    }

    /// An argument that makes no sense or is not supported.
    pub(crate) fn bad_value(message: String) -> Self {
        Self { code: 2, name: "BadValue", message }
    }

    /// An operator that this store does not have.
    pub(crate) fn unsupported_operator(operator: &str) -> Self {
        Self::bad_value(format!("{operator} is not supported by this document store"))
    }

    /// A document whose unique key is taken.
    pub(crate) fn duplicate_key(index: &str) -> Self {
        Self { code: 11000, name: "DuplicateKey", message: format!("E11000 duplicate key error index: {index}") }
    }

    /// A cursor that was read to its end, closed, or never was.
    pub(crate) fn cursor_not_found(id: i64) -> Self {
        Self { code: 43, name: "CursorNotFound", message: format!("cursor id {id} not found") }
    }

    /// The store's own state or its files are broken.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self { code: 1, name: "InternalError", message: message.into() }
    }

    /// The reply to a command that failed as a whole.
    pub(crate) fn reply(&self) -> Document {
        doc! { "ok": 0.0, "errmsg": &self.message, "code": self.code, "codeName": self.name }
    }

    /// The entry in `writeErrors` for one document or update of a command.
    pub(crate) fn write_error(&self, position: usize) -> Document {
        let index = i32::try_from(position).unwrap_or(i32::MAX);
        doc! { "index": index, "code": self.code, "errmsg": &self.message }
    }
}

impl From<io::Error> for CommandError {
    fn from(error: io::Error) -> Self {
        Self::internal(format!("the data folder cannot be read or written: {error}"))
    }
}
