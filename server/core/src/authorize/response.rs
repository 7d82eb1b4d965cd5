//! Authorization responses in their modes (OAuth 2.0 Multiple Response Types 2.1, OAuth 2.0 Form Post Response Mode, JARM).

use std::sync::Arc;

use signet_protocol::names::ResponseMode;

use crate::model::{Client, DeferredReference};

/// How a response travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Travel {
    /// In the query, the fragment or a form.
    pub(super) place: ResponseMode,
    /// As one JWT.
    pub(super) as_jwt: bool,
}

/// A response on its way to the client.
#[derive(Clone)]
pub struct AuthorizationResponse {
    pub(super) client: Arc<Client>,
    redirect_uri: String,
    travel: Travel,
    parameters: Vec<(&'static str, String)>,
    /// What travels in place of the parameters. Where it has to and is not there yet, nothing does.
    response: Option<(&'static str, String)>,
    /// The request that it concludes, where the client waits elsewhere: then nothing of it travels.
    deferred: Option<DeferredReference>,
}

impl AuthorizationResponse {
    pub(super) const fn new(
        client: Arc<Client>,
        redirect_uri: String,
        travel: Travel,
        parameters: Vec<(&'static str, String)>,
    ) -> Self {
        Self { client, redirect_uri, travel, parameters, response: None, deferred: None }
    }

    /// The same about a request that is answered elsewhere.
    pub(super) fn about(self, deferred: Option<DeferredReference>) -> Self {
        Self { deferred, ..self }
    }

    /// The request that it concludes, where the client waits elsewhere.
    pub(super) const fn deferred(&self) -> Option<DeferredReference> {
        self.deferred
    }

    /// Whether nothing is sent to the client through the browser: whoever answered sees a page instead.
    pub const fn is_shown_here(&self) -> bool {
        self.deferred.is_some()
    }

    /// The client it is for.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The error code that it has, if it refuses.
    pub fn error(&self) -> Option<&str> {
        self.parameters.iter().find(|(name, _)| *name == "error").map(|(_, value)| value.as_str())
    }

    /// The code that it has, if it has one.
    pub(super) fn code(&self) -> Option<&str> {
        self.parameters.iter().find(|(name, _)| *name == "code").map(|(_, value)| value.as_str())
    }

    /// With one parameter more, where there is one.
    pub(super) fn with(mut self, name: &'static str, value: Option<String>) -> Self {
        self.parameters.extend(value.map(|value| (name, value)));
        self
    }

    /// The parameters that still have to become a JWT; nothing where they travel as they are, or have become one.
    pub(super) fn to_secure(&self) -> Option<&[(&'static str, String)]> {
        (self.travel.as_jwt && self.response.is_none()).then_some(&*self.parameters)
    }

    /// What the parameters became (JARM 2.3).
    pub(super) fn secured(&mut self, jwt: String) {
        self.response = Some(("response", jwt));
    }

    /// Where the response travels: in the query, the fragment or a form.
    pub const fn place(&self) -> ResponseMode {
        self.travel.place
    }

    /// The redirect URI as requested: the action of a form.
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// Whether it tells the client what to watch the session by (Session Management 2).
    pub fn has_session_state(&self) -> bool {
        self.parameters.iter().any(|(name, _)| *name == "session_state")
    }

    /// The parameters that travel.
    pub fn parameters(&self) -> &[(&'static str, String)] {
        match &self.response {
            Some(response) => std::slice::from_ref(response),
            None if self.travel.as_jwt => &[],
            None => &self.parameters,
        }
    }

    /// The redirect URI with the parameters in its query or fragment. A query it was registered with stays. One with
    /// the parameters in its query ends with an empty fragment: without one of its own, a browser would carry the
    /// fragment of the address it came from over to the client (RFC 9110 section 10.2.2).
    pub fn location(&self) -> String {
        let encoded = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(self.parameters()).finish();
        let (separator, end) = match self.travel.place {
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
            .field("travel", &self.travel)
            .field("parameters", &names)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use signet_protocol::client_metadata::ClientMetadata;
    use signet_protocol::identifiers::RealmId;
    use signet_protocol::time::UnixTime;

    use super::*;
    use crate::model::{ClientSettings, SecretLife};

    fn response(uri: &str, travel: Travel) -> AuthorizationResponse {
        let client = Client {
            realm_id: RealmId([1; 16]),
            client_id: "c".parse().unwrap(),
            enabled: true,
            metadata: ClientMetadata::default(),
            settings: ClientSettings::default(),
            secret: None,
            secret_life: SecretLife::default(),
            epoch: 1,
            created_at: UnixTime(0),
            updated_at: UnixTime(0),
            revision: 0,
        };
        let parameters = vec![("code", "a b".to_owned()), ("state", "x&y".to_owned())];
        AuthorizationResponse::new(Arc::new(client), uri.to_owned(), travel, parameters)
    }

    fn location(uri: &str, place: ResponseMode) -> String {
        response(uri, Travel { place, as_jwt: false }).location()
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

    #[test]
    fn jarm_2_3_nothing_travels_beside_the_jwt_and_nothing_before_there_is_one() {
        for place in [ResponseMode::Query, ResponseMode::Fragment, ResponseMode::FormPost] {
            let mut response = response("https://rp.test/cb", Travel { place, as_jwt: true });
            assert_eq!(response.to_secure().map(<[_]>::len), Some(2));
            assert_eq!(response.parameters(), []);
            assert!(!response.location().contains("code"));
            response.secured("a.b.c".to_owned());
            assert_eq!(response.to_secure(), None);
            assert_eq!(response.parameters(), [("response", "a.b.c".to_owned())]);
        }
    }
}
