//! What only a backchannel authentication request has (CIBA Core 7.1).

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::names::TokenDeliveryMode;
use signet_protocol::parameters::Parameters;
use signet_protocol::spec::{ciba, rfc6750};
use signet_protocol::visible_text::is_deceptive;

use crate::model::Client;

/// Longest `client_notification_token` (section 7.1).
const LONGEST_TOKEN: usize = 1_024;
/// Shortest one: 128 bits in base64url have 22 characters.
const SHORTEST_TOKEN: usize = 22;
/// Longest `binding_message`, in characters: people compare it on two screens.
const LONGEST_MESSAGE: usize = 128;
/// Longest `requested_expiry` that is a number of seconds somebody may mean: a day.
const LONGEST_EXPIRY: i64 = 86_400;
/// Longest hint, in bytes.
const LONGEST_HINT: usize = 8_192;

/// By what the client names the user (section 7.1: by one of these).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Hint {
    /// `login_hint`
    Login(String),
    /// `id_token_hint`
    IdToken(String),
    /// `login_hint_token`
    Token(String),
}

/// What only such a request has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) hint: Hint,
    pub(super) binding_message: Option<String>,
    /// Seconds.
    pub(super) requested_expiry: Option<i64>,
    /// What authenticates this server to the client.
    pub(super) notification_token: Option<String>,
}

impl Asked {
    pub(super) fn read(client: &Client, parameters: &Parameters) -> Result<Self, Refusal> {
        Ok(Self {
            hint: hint(parameters)?,
            binding_message: binding_message(parameters)?,
            requested_expiry: requested_expiry(parameters)?,
            notification_token: notification_token(client, parameters)?,
        })
    }
}

fn invalid(reason: &'static str) -> Refusal {
    ErrorCode::InvalidRequest.because(reason).per(ciba("7.1"))
}

/// Section 7.2-3: exactly one hint.
fn hint(parameters: &Parameters) -> Result<Hint, Refusal> {
    let named = |name: &str| parameters.get(name).map(str::to_owned);
    let hint = match (named("login_hint"), named("id_token_hint"), named("login_hint_token")) {
        (Some(text), None, None) => Hint::Login(text),
        (None, Some(text), None) => Hint::IdToken(text),
        (None, None, Some(text)) => Hint::Token(text),
        _ => return Err(invalid("name the user by one of login_hint, id_token_hint and login_hint_token")),
    };
    let (Hint::Login(text) | Hint::IdToken(text) | Hint::Token(text)) = &hint;
    if text.is_empty() || text.len() > LONGEST_HINT {
        return Err(invalid("the hint is empty or longer than 8192 bytes"));
    }
    Ok(hint)
}

/// Section 7.1: short, plain text, that reads the same on both devices.
fn binding_message(parameters: &Parameters) -> Result<Option<String>, Refusal> {
    let Some(text) = parameters.get("binding_message") else { return Ok(None) };
    let is_plain = !text.chars().any(|character| character.is_control() || is_deceptive(character));
    if text.trim().is_empty() || text.chars().count() > LONGEST_MESSAGE || !is_plain {
        let reason = "binding_message must be plain text of 1 to 128 characters";
        return Err(ErrorCode::InvalidBindingMessage.because(reason).per(ciba("13")));
    }
    Ok(Some(text.to_owned()))
}

fn requested_expiry(parameters: &Parameters) -> Result<Option<i64>, Refusal> {
    let Some(text) = parameters.get("requested_expiry") else { return Ok(None) };
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = text.parse().ok().filter(|seconds| is_number && (1..=LONGEST_EXPIRY).contains(seconds));
    seconds.map(Some).ok_or_else(|| invalid("requested_expiry must be a number of seconds from 1 to 86400"))
}

/// Section 7.1: needed where this server calls the client, with the syntax of bearer tokens.
fn notification_token(client: &Client, parameters: &Parameters) -> Result<Option<String>, Refusal> {
    if client.metadata.backchannel_token_delivery_mode.is_none_or(|mode| mode == TokenDeliveryMode::Poll) {
        return Ok(None);
    }
    let token = parameters.get("client_notification_token");
    let token = token.ok_or_else(|| invalid("client_notification_token is missing"))?;
    if !(SHORTEST_TOKEN..=LONGEST_TOKEN).contains(&token.len()) || !is_bearer_token(token) {
        let reason = "client_notification_token must be a bearer token of 22 to 1024 characters";
        return Err(ErrorCode::InvalidRequest.because(reason).per(rfc6750("2.1")));
    }
    Ok(Some(token.to_owned()))
}

fn is_bearer_token(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    !body.is_empty() && body.bytes().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &str, value: &str) -> Parameters {
        Parameters::default().with(name, value)
    }

    #[test]
    fn cb_001_one_hint_and_no_other_number_of_them() {
        assert_eq!(hint(&with("login_hint", "ana")), Ok(Hint::Login("ana".to_owned())));
        assert_eq!(hint(&with("login_hint_token", "t")), Ok(Hint::Token("t".to_owned())));
        for wrong in [
            Parameters::default(),
            with("login_hint", ""),
            with("login_hint", &"x".repeat(LONGEST_HINT + 1)),
            with("login_hint", "ana").with("id_token_hint", "t"),
            with("login_hint_token", "t").with("id_token_hint", "t"),
        ] {
            assert_eq!(hint(&wrong).unwrap_err().code, ErrorCode::InvalidRequest, "{}", wrong.encode());
        }
    }

    #[test]
    fn cb_009_binding_messages_are_short_and_plain() {
        for good in ["W4SCT", "Zahlung 5 \u{20ac}", "a <b>", &"x".repeat(128)] {
            assert_eq!(binding_message(&with("binding_message", good)), Ok(Some(good.to_owned())));
        }
        for bad in ["  ", "a\nb", "a\u{7}b", "a\u{202e}b", &"x".repeat(129), &"x".repeat(1024)] {
            let error = binding_message(&with("binding_message", bad)).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidBindingMessage, "{bad:?}");
        }
    }

    #[test]
    fn cb_010_expiries_and_tokens_are_what_they_should_be() {
        for (text, seconds) in [("1", 1), ("120", 120), ("86400", 86_400)] {
            assert_eq!(requested_expiry(&with("requested_expiry", text)), Ok(Some(seconds)));
        }
        for bad in ["0", "-1", "1000000000", "abc", "1.5", "+5", " 5"] {
            assert!(requested_expiry(&with("requested_expiry", bad)).is_err(), "{bad}");
        }
        for good in ["8d67dc78-7faa-4d41-aabd-67707b374255", "a+/~._-0=="] {
            assert!(is_bearer_token(good), "{good}");
        }
        for bad in ["", "=", "a b", "a=b", "a\u{e9}", "a,b"] {
            assert!(!is_bearer_token(bad), "{bad}");
        }
    }
}
