//! User codes (RFC 8628 section 6.1): eight letters that people read off one device and type into another.

use signet_jose::{Random, random};

/// The letters of codes: no vowels, so that no words come out, and none that looks like another or like a digit.
const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// Letters of a code: 20^8 codes, 34.5 bits.
const LETTERS: usize = 8;

/// Most characters of what somebody may type: the letters, and whatever they put between them.
const LONGEST_TYPED: usize = 64;

/// A user code in its plain form: letters alone, upper case.
#[derive(Clone, PartialEq, Eq)]
pub struct UserCode(String);

impl UserCode {
    /// A code that nobody can guess. Bytes that would favour some letters are drawn again.
    pub(super) fn new(random: &dyn Random) -> Self {
        let mut code = String::with_capacity(LETTERS);
        while code.len() < LETTERS {
            let [byte]: [u8; 1] = random::random_bytes(random);
            let (largest_fair, length) = (240, ALPHABET.len());
            if byte < largest_fair {
                code.extend(ALPHABET.get(usize::from(byte) % length).map(|letter| char::from(*letter)));
            }
        }
        Self(code)
    }

    /// What somebody typed, in any case and with anything between the letters that is neither letter nor digit; nothing
    /// where that is no code.
    pub fn typed(text: &str) -> Option<Self> {
        if text.len() > LONGEST_TYPED {
            return None;
        }
        let code: String = text.chars().filter(|character| character.is_alphanumeric()).collect();
        let code = code.to_ascii_uppercase();
        let is_code = code.len() == LETTERS && code.bytes().all(|byte| ALPHABET.contains(&byte));
        is_code.then_some(Self(code))
    }

    /// The letters alone: what is stored of it is made of them.
    pub(super) fn letters(&self) -> &str {
        &self.0
    }
}

/// As people read it: two groups of four letters.
impl std::fmt::Display for UserCode {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (first, second) = self.0.split_at(LETTERS / 2);
        write!(formatter, "{first}-{second}")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use signet_jose::SystemRandom;

    use super::*;

    #[test]
    fn rfc8628_6_1_a_code_is_typed_in_any_case_and_with_or_without_separators() {
        let code = UserCode::new(&SystemRandom::new());
        let shown = code.to_string();
        assert_eq!(shown.len(), 9);
        let letters = shown.replace('-', "");
        let spaced: String = letters.chars().flat_map(|letter| [letter, ' ']).collect();
        for typed in [&shown, &letters, &shown.to_lowercase(), &spaced, &format!("  {}_{}.", &shown[..4], &shown[5..])]
        {
            assert!(UserCode::typed(typed).is_some_and(|typed| typed == code), "{typed}");
        }
        for wrong in ["", "BCDF-GHJ", "BCDF-GHJKL", "BCDF-GHJ1", "ACDF-GHJK", "BCDF-GHJ\u{212a}", &"B".repeat(65)] {
            assert!(UserCode::typed(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn rfc8628_6_1_codes_have_readable_letters_and_differ() {
        let random = SystemRandom::new();
        let codes: BTreeSet<String> = (0..2_000).map(|_| UserCode::new(&random).to_string()).collect();
        assert_eq!(codes.len(), 2_000);
        let letters: BTreeSet<char> = codes.iter().flat_map(|code| code.chars()).filter(|one| *one != '-').collect();
        assert_eq!(letters, ALPHABET.iter().map(|letter| char::from(*letter)).collect());
    }
}
