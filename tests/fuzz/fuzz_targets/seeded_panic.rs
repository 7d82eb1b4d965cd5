//! A fault on purpose, hidden behind four comparisons: a fuzzing run that does not find it would find nothing else.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let [b'S', b'i', b'g', b'n', ..] = data {
        assert!(data.is_empty(), "the seeded panic was found");
    }
});
