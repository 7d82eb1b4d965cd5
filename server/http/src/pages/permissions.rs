//! What a client asks for or was allowed, in plain words (OpenID Connect Core 5.1, 5.4).

use serde::Serialize;
use signet_core::details::Described;

use super::values::DisplayText;

/// A scope in plain words: ours for the standard ones, else the resource's own description, else its name.
#[derive(Debug, Clone, Serialize)]
pub struct ScopeView {
    message: Option<&'static str>,
    name: DisplayText,
    description: Option<DisplayText>,
    resource: Option<DisplayText>,
}

/// The standard scopes (OpenID Connect Core 5.4 and 11) and the keys of their messages.
pub(super) const SCOPES: &[(&str, &str)] = &[
    ("openid", "scope-openid"),
    ("profile", "scope-profile"),
    ("email", "scope-email"),
    ("address", "scope-address"),
    ("phone", "scope-phone"),
    ("offline_access", "scope-offline-access"),
];

impl ScopeView {
    /// The scope of that name.
    pub fn named(name: &str) -> Self {
        Self { message: message_of(SCOPES, name), name: DisplayText::new(name), description: None, resource: None }
    }

    /// With the description that its resource server gives.
    #[must_use]
    pub fn described(self, description: &str) -> Self {
        Self { description: Some(DisplayText::new(description)), ..self }
    }

    /// In the words of a script, unless it has words of its own.
    #[must_use]
    pub fn worded(self, words: &str) -> Self {
        if self.message.is_some() || self.description.is_some() {
            return self;
        }
        Self { description: Some(DisplayText::passage(words)), ..self }
    }

    /// With the name of the resource server where it counts.
    #[must_use]
    pub fn at(self, resource: &str) -> Self {
        Self { resource: Some(DisplayText::new(resource)), ..self }
    }
}

/// A claim in plain words, or by its name where there are none.
#[derive(Debug, Clone, Serialize)]
pub struct ClaimView {
    message: Option<&'static str>,
    name: DisplayText,
}

/// The standard claims (OpenID Connect Core 5.1 and 2) and the keys of their messages.
pub(super) const CLAIMS: &[(&str, &str)] = &[
    ("sub", "claim-sub"),
    ("name", "claim-name"),
    ("given_name", "claim-given-name"),
    ("family_name", "claim-family-name"),
    ("middle_name", "claim-middle-name"),
    ("nickname", "claim-nickname"),
    ("preferred_username", "claim-preferred-username"),
    ("profile", "claim-profile"),
    ("picture", "claim-picture"),
    ("website", "claim-website"),
    ("email", "claim-email"),
    ("email_verified", "claim-email-verified"),
    ("gender", "claim-gender"),
    ("birthdate", "claim-birthdate"),
    ("zoneinfo", "claim-zoneinfo"),
    ("locale", "claim-locale"),
    ("phone_number", "claim-phone-number"),
    ("phone_number_verified", "claim-phone-number-verified"),
    ("address", "claim-address"),
    ("updated_at", "claim-updated-at"),
    ("acr", "claim-acr"),
    ("auth_time", "claim-auth-time"),
];

impl ClaimView {
    /// The claim of that name; a language tag after `#` (OpenID Connect Core 5.2) does not change what it is.
    pub fn named(name: &str) -> Self {
        let name = name.split_once('#').map_or(name, |(name, _tag)| name);
        Self { message: message_of(CLAIMS, name), name: DisplayText::new(name) }
    }
}

/// What a client asks for or was allowed in one matter (RFC 9396).
#[derive(Debug, Clone, Serialize)]
pub struct DetailView {
    title: DisplayText,
    lines: Vec<DisplayText>,
    others: Vec<OtherMember>,
}

/// A member that its type has no words for.
#[derive(Debug, Clone, Serialize)]
struct OtherMember {
    name: DisplayText,
    value: DisplayText,
}

impl DetailView {
    /// In the words of its type. Nothing of it is cut: people agree to all of it.
    pub fn of(described: &Described) -> Self {
        let other = |(name, value): &(String, String)| OtherMember {
            name: DisplayText::whole(name),
            value: DisplayText::whole(value),
        };
        Self {
            title: DisplayText::whole(&described.title),
            lines: described.lines.iter().map(|line| DisplayText::whole(line)).collect(),
            others: described.others.iter().map(other).collect(),
        }
    }
}

fn message_of(table: &[(&str, &'static str)], name: &str) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == name).map(|&(_, key)| key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oidcc_5_4_standard_scopes_have_a_message_and_others_their_own_words() {
        assert_eq!(ScopeView::named("email").message, Some("scope-email"));
        assert_eq!(ScopeView::named("payments").message, None);
        assert_eq!(ScopeView::named("scope-email").message, None);
        let described = ScopeView::named("payments").described("start payments").at("Bank API");
        assert_eq!(described.description, Some(DisplayText::new("start payments")));
        assert_eq!(described.resource, Some(DisplayText::new("Bank API")));
        assert_eq!(described.worded("do nothing").description, Some(DisplayText::new("start payments")));
        assert_eq!(ScopeView::named("email").worded("do nothing").description, None);
        let worded = ScopeView::named("payments").worded("pay your rent");
        assert_eq!(worded.description, Some(DisplayText::new("pay your rent")));
    }

    #[test]
    fn oidcc_5_2_language_tag_does_not_change_what_a_claim_is() {
        assert_eq!(ClaimView::named("family_name#ja-Kana-JP").message, Some("claim-family-name"));
        assert_eq!(ClaimView::named("shoe_size#de").name, DisplayText::new("shoe_size"));
    }
}
