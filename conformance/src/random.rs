//! Random names and passwords for what a run creates.

use openssl::error::ErrorStack;

/// As many random bytes as asked for, in hexadecimal.
#[expect(
    clippy::disallowed_methods,
    reason = "the harness is a program of its own: it has no one to be handed a source"
)]
pub(crate) fn hexadecimal(bytes: usize) -> Result<String, ErrorStack> {
    let mut random = vec![0; bytes];
    openssl::rand::rand_bytes(&mut random)?;
    let digits = random.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    Ok(digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_the_length_asked_for_and_differ() {
        let (first, second) = (hexadecimal(16).unwrap(), hexadecimal(16).unwrap());
        assert_eq!(first.len(), 32);
        assert!(first.chars().all(|letter| letter.is_ascii_hexdigit()));
        assert_ne!(first, second);
    }
}
