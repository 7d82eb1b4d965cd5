//! Request parameters: what is read can be written and read again, and nothing repeated is ever answered.

#![no_main]

use signet_protocol::parameters::Parameters;
use signet_protocol::scope::Scope;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Ok(parameters) = Parameters::parse(text) else { return };
    if let Ok(again) = Parameters::parse(&parameters.encode()) {
        assert_eq!(again, parameters);
    }
    for name in ["client_id", "state", "resource"] {
        assert!(!parameters.is_repeated(name) || parameters.get(name).is_none());
    }
    if let Some(Ok(scope)) = parameters.get("scope").map(str::parse::<Scope>) {
        assert_eq!(scope.to_string().parse::<Scope>().expect("a scope reads back"), scope);
    }
});
