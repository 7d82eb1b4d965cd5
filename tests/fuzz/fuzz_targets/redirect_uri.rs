//! Redirect URIs: what may be registered has no fragment and no user information, matches itself, and a request that
//! matches it differs in a loopback port at most.

#![no_main]

use signet_protocol::names::ApplicationType;
use signet_protocol::redirect_uri::{check_registration, matches};

libfuzzer_sys::fuzz_target!(|texts: (&str, &str)| {
    let (registered, requested) = texts;
    for application_type in [ApplicationType::Web, ApplicationType::Native] {
        if check_registration(registered, application_type).is_err() {
            continue;
        }
        assert!(!registered.contains(['#', '\\', ' ']));
        assert!(matches(registered, registered, application_type));
        if registered != requested && matches(registered, requested, application_type) {
            assert_eq!(application_type, ApplicationType::Native);
            assert!(requested.starts_with("http://127.0.0.1") || requested.starts_with("http://[::1]"));
        }
    }
});
