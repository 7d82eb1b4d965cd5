//! Authorization responses in their modes (OAuth 2.0 Multiple Response Types 2.1, OAuth 2.0 Form Post Response Mode).

use signet_protocol::names::ResponseMode;

/// A response on its way to the client.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthorizationResponse {
    redirect_uri: String,
    mode: ResponseMode,
    parameters: Vec<(&'static str, String)>,
}

impl AuthorizationResponse {
    pub(super) const fn new(redirect_uri: String, mode: ResponseMode, parameters: Vec<(&'static str, String)>) -> Self {
        Self { redirect_uri, mode, parameters }
    }

    /// With one parameter more, where there is one.
    pub(super) fn with(mut self, name: &'static str, value: Option<String>) -> Self {
        self.parameters.extend(value.map(|value| (name, value)));
        self
    }

    /// How it travels.
    pub const fn mode(&self) -> ResponseMode {
        self.mode
    }

    /// The redirect URI as requested: the action of the form in mode `form_post`.
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// The parameters of the response.
    pub fn parameters(&self) -> &[(&'static str, String)] {
        &self.parameters
    }

    /// The redirect URI with the parameters in its query or fragment. A query it was registered with stays. One with
    /// the parameters in its query ends with an empty fragment: without one of its own, a browser would carry the
    /// fragment of the address it came from over to the client (RFC 9110 section 10.2.2).
    pub fn location(&self) -> String {
        let encoded = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.parameters).finish();
        let (separator, end) = match self.mode {
            ResponseMode::Fragment => ('#', ""),
            _ if self.redirect_uri.contains('?') => ('&', "#"),
            _ => ('?', "#"),
        };
        format!("{}{separator}{encoded}{end}", self.redirect_uri)
    }
}

/// The parameters may be a code: only their names show.
impl std::fmt::Debug for AuthorizationResponse {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.parameters.iter().map(|(name, _)| name).collect();
        formatter
            .debug_struct("AuthorizationResponse")
            .field("mode", &self.mode)
            .field("parameters", &names)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn location(uri: &str, mode: ResponseMode) -> String {
        AuthorizationResponse::new(uri.to_owned(), mode, vec![("code", "a b".to_owned()), ("state", "x&y".to_owned())])
            .location()
    }

    #[test]
    fn rfc6749_4_1_2_parameters_join_the_registered_query_and_az_026_a_fragment_of_its_own_ends_it() {
        assert_eq!(location("https://rp.test/cb", ResponseMode::Query), "https://rp.test/cb?code=a+b&state=x%26y#");
        assert_eq!(
            location("https://rp.test/cb?a=b", ResponseMode::Query),
            "https://rp.test/cb?a=b&code=a+b&state=x%26y#"
        );
    }

    #[test]
    fn multiple_response_types_2_1_fragment_mode_leaves_the_query_alone() {
        assert_eq!(
            location("https://rp.test/cb?a=b", ResponseMode::Fragment),
            "https://rp.test/cb?a=b#code=a+b&state=x%26y"
        );
    }
}
