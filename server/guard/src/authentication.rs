//! How well and how recently a user must be authenticated (RFC 9470).

use signet_core::model::ResourceServer;
use signet_core::tokens::CheckedAccessToken;
use signet_protocol::time::UnixTime;

use crate::Denial;

/// What a resource demands of the authentication that an access token comes from (RFC 9470 section 3).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequiredAuthentication {
    /// Authentication context classes of which one suffices; any does where there is none.
    pub acr_values: Vec<String>,
    /// How long ago the user may have been authenticated, in seconds.
    pub max_age: Option<i64>,
}

impl RequiredAuthentication {
    /// What was registered for a resource.
    pub fn of(server: &ResourceServer) -> Self {
        Self { acr_values: server.required_acr_values.clone(), max_age: server.max_authentication_age_seconds }
    }

    /// Checks what a token says. One that says nothing, such as a client's own, does not meet any demand.
    ///
    /// # Errors
    /// [`Denial::InsufficientUserAuthentication`].
    pub fn check(&self, token: &CheckedAccessToken, now: UnixTime) -> Result<(), Denial> {
        if self.is_met((token.acr.as_deref(), token.authenticated_at), now) {
            Ok(())
        } else {
            Err(Denial::InsufficientUserAuthentication(self.clone()))
        }
    }

    fn is_met(&self, (acr, authenticated_at): (Option<&str>, Option<UnixTime>), now: UnixTime) -> bool {
        let is_good = self.acr_values.is_empty() || acr.is_some_and(|acr| self.acr_values.iter().any(|one| one == acr));
        let is_recent = self.max_age.is_none_or(|most| authenticated_at.is_some_and(|then| now.since(then) <= most));
        is_good && is_recent
    }

    /// The parameters of the challenge.
    pub(crate) fn parameters(&self) -> Vec<String> {
        let acr_values = (!self.acr_values.is_empty()).then(|| format!("acr_values=\"{}\"", self.acr_values.join(" ")));
        acr_values.into_iter().chain(self.max_age.map(|seconds| format!("max_age=\"{seconds}\""))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc9470_3_what_a_token_does_not_say_is_not_met() {
        let (now, then) = (UnixTime(1_000), |seconds: i64| Some(UnixTime(1_000 - seconds)));
        let classes = ["urn:a", "urn:b"].map(str::to_owned).to_vec();
        let both = RequiredAuthentication { acr_values: classes.clone(), max_age: Some(60) };
        assert!(both.is_met((Some("urn:b"), then(60)), now));
        for said in [
            (None, None),
            (None, then(0)),
            (Some("urn:a"), None),
            (Some("urn:a"), then(61)),
            (Some("urn:a urn:b"), then(0)),
            (Some("URN:A"), then(0)),
            (Some(""), then(0)),
        ] {
            assert!(!both.is_met(said, now), "{said:?}");
        }
        assert!(RequiredAuthentication::default().is_met((None, None), now));
        let (class, age) = (
            RequiredAuthentication { acr_values: classes, max_age: None },
            RequiredAuthentication { acr_values: Vec::new(), max_age: Some(60) },
        );
        assert!(class.is_met((Some("urn:a"), None), now) && !class.is_met((None, then(0)), now));
        assert!(age.is_met((None, then(1)), now) && !age.is_met((Some("urn:a"), then(61)), now));
    }
}
