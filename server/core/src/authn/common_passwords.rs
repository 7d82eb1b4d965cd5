//! Passwords that guessers try first (NIST SP 800-63B section 5.1.1.2), as the rules by which they are made rather than as
//! a list: a common word with a few digits or signs around it, keys that lie side by side, a few characters again and
//! again, dates. Each rule stands for all that a list would have of its kind, and for what next year's list will have.

use std::collections::HashSet;
use std::sync::LazyLock;

/// Words that passwords begin with: names, teams, places, endearments, curses, and words about passwords.
static WORDS: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("common_words.txt").split_ascii_whitespace().collect());

/// Keys and characters that follow each other: rows and columns of keyboards, zigzags over them, numbers, the alphabet.
const WALKS: &[&str] = &[
    "qwertyuiop[]",
    "qwertzuiop",
    "azertyuiop",
    "asdfghjkl;'",
    "qsdfghjklm",
    "zxcvbnm,./",
    "yxcvbnm",
    "wxcvbn",
    "12345678901234567890",
    "!@#$%^&*()_+",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "a1b2c3d4e5f6g7h8i9",
    "1a2b3c4d5e6f7g8h9i",
    "1a2s3d4f5g6h7j8k9l",
    "147258369",
    "159753",
    "abcdefghijklmnopqrstuvwxyz",
];
/// Shortest piece of a walk that counts, in characters.
const SHORTEST_PIECE: usize = 3;
/// Most characters around a word that leave it a common one: a year and a sign.
const MOST_AROUND: usize = 5;
/// What is put behind a word to make it longer, as far as it is needed; or the end of it backwards.
const COUNT: &str = "1234567890";
/// Up to so many digits are a date, a telephone number or a pattern, and tried in no time.
const MOST_DIGITS: usize = 8;
/// Longest block that may be repeated to make a password, in characters.
const LONGEST_BLOCK: usize = 4;

/// Whether guessers try a password among the first. `username` is the account's own.
pub(super) fn is_common(password: &str, username: &str) -> bool {
    is_date_or_number(&password.to_lowercase()) || is_obvious(password, username)
}

/// The same for a code, which may be a number: nobody can guess at it but one by one.
pub(super) fn is_obvious(code: &str, username: &str) -> bool {
    let lower = code.to_lowercase();
    let username = username.to_lowercase();
    is_repetition(&lower) || is_walk(&lower) || is_word(&lower, |core| WORDS.contains(core) || core == username)
}

/// A word, perhaps written with digits or signs for letters, with a few digits or signs before and after it.
fn is_word(lower: &str, is_known: impl Fn(&str) -> bool) -> bool {
    let characters: Vec<char> = lower.chars().collect();
    let is_around = |character: &&char| !character.is_alphabetic();
    let before = characters.iter().take(MOST_AROUND).take_while(is_around).count();
    let after = characters.iter().rev().take(COUNT.len()).take_while(is_around).count();
    (0..=before).any(|begin| {
        (0..=after.min(characters.len() - begin)).any(|end| {
            let (head, rest) = characters.split_at(begin);
            let (core, tail) = rest.split_at(rest.len() - end);
            let is_little = head.len() + tail.len() <= MOST_AROUND || (head.is_empty() && is_counted(tail));
            is_little && spellings(core).iter().any(|core| is_known(core))
        })
    })
}

/// Whether characters count from 1 on, or down to 1.
fn is_counted(characters: &[char]) -> bool {
    let text: String = characters.iter().collect();
    COUNT.starts_with(&text) || COUNT.chars().rev().collect::<String>().ends_with(&text)
}

/// A word as it stands, and with the letters that its digits and signs look like.
fn spellings(core: &[char]) -> [String; 3] {
    let letter = |one: char| {
        move |character: &char| match character {
            '@' | '4' => 'a',
            '8' => 'b',
            '3' => 'e',
            '9' => 'g',
            '1' | '!' | '|' => one,
            '0' => 'o',
            '$' | '5' => 's',
            '7' | '+' => 't',
            other => *other,
        }
    };
    [core.iter().collect(), core.iter().map(letter('i')).collect(), core.iter().map(letter('l')).collect()]
}

/// A few characters again and again: `abababab`, `12341234`, `aabbccdd`, `passwordpassword`.
fn is_repetition(lower: &str) -> bool {
    let characters: Vec<char> = lower.chars().collect();
    let of_block = |block: usize| {
        block < characters.len() && characters.iter().zip(characters.iter().skip(block)).all(|(one, next)| one == next)
    };
    if characters.iter().collect::<HashSet<_>>().len() <= 2 || (1..=LONGEST_BLOCK).any(of_block) {
        return true;
    }
    let half = characters.len() / 2;
    let is_twice = characters.len().is_multiple_of(2) && characters[..half] == characters[half..];
    is_twice && spellings(&characters[..half]).iter().any(|word| WORDS.contains(word.as_str()))
}

/// A date or a short number, with or without what stands between its parts.
fn is_date_or_number(lower: &str) -> bool {
    let is_between = |character: char| matches!(character, '.' | '-' | '/' | ' ' | '_');
    let digits = lower.chars().filter(char::is_ascii_digit).count();
    digits <= MOST_DIGITS && lower.chars().all(|character| character.is_ascii_digit() || is_between(character))
}

/// Keys side by side and nothing else, also where each is pressed twice: `qazwsxedc`, `qwerty123`, `112233445566`.
fn is_walk(lower: &str) -> bool {
    let mut once: Vec<char> = lower.chars().collect();
    let runs: Vec<usize> = once.chunk_by(|one, next| one == next).map(<[char]>::len).collect();
    if runs.iter().all(|run| *run == runs[0]) {
        once.dedup();
    }
    is_made_of_walks(&once)
}

fn is_made_of_walks(characters: &[char]) -> bool {
    // How far the beginning is made of pieces of walks, from every place where a piece may begin.
    let mut reached = vec![false; characters.len() + 1];
    reached[0] = true;
    for begin in 0..characters.len() {
        if !reached[begin] {
            continue;
        }
        for end in begin + SHORTEST_PIECE..=characters.len() {
            let piece: String = characters[begin..end].iter().collect();
            let backwards: String = characters[begin..end].iter().rev().collect();
            if !WALKS.iter().any(|walk| walk.contains(&piece) || walk.contains(&backwards)) {
                break;
            }
            reached[end] = true;
        }
    }
    reached[characters.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_refused(password: &str) -> bool {
        is_common(password, "ana.example")
    }

    #[test]
    fn nist_800_63b_5_1_1_2_what_guessers_try_first_is_common() {
        let words = "password Password1 passw0rd P@ssw0rd pa$$word password123 password! PASSWORD2024 1password 123password \
                     iloveyou iloveyou2 sunshine $unshine princess1 football7 michael1990 jennifer jessica12 charlie123 \
                     dragon12 monkey99 master2023 welcome1 welcome123! letmein1 letmein! admin123 admin1234 adm1n!!! \
                     trustno1 superman batman2000 starwars ch3lsea! arsenal1 liverpool1 barcelona10 summer2025! winter24 \
                     changeme changeme1 secret123 qwerty12 hello123 test1234 abcd1234 abc12345 abc123456789 user1234 \
                     motdepasse passwort1 geheim123 schatz123 contrasena1 internet computer1 pokemon1 naruto12";
        let walks = "qwertyuiop qwerty123 1qaz2wsx zaq12wsx qazwsxedc 1q2w3e4r 1q2w3e4r5t q1w2e3r4 asdfghjkl asdf1234 \
                     zxcvbnm123 poiuytrewq 123qweasd 123456789 1234567890 0987654321 147258369 qwer1234 abcdefgh \
                     a1b2c3d4 987654321abc azertyuiop qwertzuiop !@#$%^&* 1234qwer";
        let repeated = "aaaaaaaa zzzzzzzzzzzz 10101010 abababab abcabcabc 12341234 11223344 aabbccdd 112233445566 xyxyxyxy \
                        passpass testtest 1212121212 lovelove monkeymonkey 123123123123";
        let dates =
            "19900214 14021990 02141990 14.02.1990 1990-02-14 2/14/1990 00000001 25802580 january2024 March2025!";
        for password in [words, walks, repeated, dates].iter().flat_map(|text| text.split_whitespace()) {
            assert!(is_refused(password), "{password}");
        }
    }

    #[test]
    fn nist_800_63b_5_1_1_2_the_user_name_with_something_around_it_is_common() {
        for password in ["ana.example", "Ana.Example1", "ana.example2024", "!ana.example!", "an4.ex4mple"] {
            assert!(is_refused(password), "{password}");
        }
        assert!(!is_common("ana.example", "bea"));
    }

    #[test]
    fn what_is_not_made_by_a_common_rule_is_not_common() {
        for password in [
            "correct horse battery",
            "ana.example and 9 mussels",
            "long and unlikely enough",
            "the first password",
            "kX9!vq2Lm",
            "gr8 sandwich opener",
            "password manager fan",
            "passwordsunshine9wq",
            "9271850364718",
            "p\u{e4}ssli mit umlaut",
            "\u{43f}\u{430}\u{440}\u{43e}\u{43b}\u{44c}-\u{43c}\u{43e}\u{439}",
        ] {
            assert!(!is_refused(password), "{password}");
        }
    }

    #[test]
    fn security_5_6_far_more_than_three_thousand_are_refused() {
        // Of each word only its plainest forms, and only those that the rule of length lets through.
        let endings = ["", "1", "12", "123", "1234", "!", "2024", "2025"];
        let forms = WORDS.iter().flat_map(|word| endings.map(|ending| format!("{word}{ending}")));
        let refused: HashSet<String> = forms.filter(|form| form.len() >= 8 && is_refused(form)).collect();
        assert!(refused.len() > 3_000, "{}", refused.len());
    }
}
