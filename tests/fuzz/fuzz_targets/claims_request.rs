//! The `claims` parameter: whatever comes in, reading it ends, and every name that is asked for is listed once.

#![no_main]

use signet_protocol::claims_request::ClaimsRequest;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Ok(request) = ClaimsRequest::parse(text) else { return };
    let names = request.names();
    assert!(names.windows(2).all(|pair| pair[0] < pair[1]));
    assert_eq!(request.is_empty(), names.is_empty());
});
