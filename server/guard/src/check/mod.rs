//! Whether an access token is good: by its signature, or by asking who issued it. One way a file.

mod introspection;
mod jwt;
mod keys;

use std::error::Error;
use std::future::Future;

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::spec::rfc9068;
use signet_protocol::time::UnixTime;

pub use introspection::{IntrospectionAnswer, IntrospectionCall, IntrospectionCheck};
pub use jwt::JwtCheck;
pub use keys::KeySource;

use crate::{Denial, TokenFacts};

/// Says whether an access token is good, and what it says. It need not look at what the token is bound to, nor at its
/// scope: the [`Guard`](crate::Guard) does.
pub trait TokenCheck: Send + Sync {
    /// What is known of a good token.
    type Token: TokenFacts;
    /// What can go wrong here.
    type Fault: Error + Send + Sync + 'static;

    /// Checks the token that a request presents: that it was issued by who may, for this resource, and stands at `now`.
    ///
    /// # Errors
    /// `invalid_token`, or a fault.
    fn check(
        &self,
        token: &str,
        now: UnixTime,
    ) -> impl Future<Output = Result<Self::Token, Denial<Self::Fault>>> + Send;
}

/// RFC 9068 section 4: `aud` names the resource, byte by byte.
///
/// # Errors
/// `invalid_token`.
pub fn for_audience(audience: &[String], resource: &str) -> Result<(), Refusal> {
    if audience.iter().any(|value| value == resource) {
        return Ok(());
    }
    Err(ErrorCode::InvalidToken.because("the access token is for another audience").per(rfc9068("4")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc9068_4_the_audience_must_name_the_resource_exactly() {
        let checked = |audience: &[&str]| {
            let audience: Vec<String> = audience.iter().map(ToString::to_string).collect();
            for_audience(&audience, "https://a.test").map_err(|refusal| refusal.code)
        };
        assert_eq!(checked(&["https://b.test", "https://a.test"]), Ok(()));
        for audience in [&[][..], &["https://b.test"], &["https://a.test/"], &["HTTPS://A.TEST"]] {
            assert_eq!(checked(audience), Err(ErrorCode::InvalidToken), "{audience:?}");
        }
    }
}
