//! What must work, over TLS and against the real program: each flow from the first request to the last.

mod admin_api;
