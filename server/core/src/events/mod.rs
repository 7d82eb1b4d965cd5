//! What happened, recorded so that nobody can change it unnoticed.
//!
//! Every decision leaves an [`Event`]. An event that tells of a change is written in the transaction of that change;
//! one without a change of its own goes through the [`EventQueue`] in batches. A sealer links the events of each realm
//! into a chain ([`seal`]); [`verify`] says how far the chain is sealed and whether it holds.
//!
//! What belongs here: which events there are, what they say, and how they are authenticated. Where they happen is the
//! business of the services; how they are stored, of the store.

mod actor;
mod budget;
mod chain;
mod details;
mod event;
mod fact;
mod keys;
mod kind;
mod queue;
mod record;
mod seal;
mod serving;
mod verify;
mod vocabulary;

pub use actor::{Actor, Origin};
pub use chain::{Break, ChainCheck, Damage};
pub use event::{Event, Parties};
pub use fact::Fact;
pub(crate) use keys::open_chain;
pub use keys::{BEGINNING, ChainHash, EventKeys};
pub use kind::{EventKind, UnknownKind};
pub use queue::EventQueue;
pub use record::{EventRecord, ListedRecord, SealedRecord, first_event_id};
pub use seal::{Sealer, purge};
pub use serving::Serving;
pub(crate) use verify::Checks;
pub use verify::{Verification, verify};
pub use vocabulary::{
    Action, LineageMark, LoginRefusal, Object, Refused, RefusedAt, ScriptChange, ScriptVersion, SessionsEndedBecause,
    TokenKind,
};
