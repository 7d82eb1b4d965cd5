//! The language of a page: what there is, and how one is chosen.
//!
//! The order is `ui_locales` (OpenID Connect Core 3.1.2.1), `Accept-Language` (RFC 9110 section 12.5.4), English.
//! Tags are matched by lookup (RFC 4647 section 3.4): `de-CH` finds German. An unknown or malformed tag is passed
//! over, because neither source may cause an error.

use std::cmp::Reverse;

use crate::preference::weighted;

/// A language in which the pages are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Locale {
    /// English, to which everything falls back.
    #[default]
    English,
    /// German.
    German,
    /// French.
    French,
}

/// What a request says about the language it would like; both as they came in.
#[derive(Debug, Clone, Copy, Default)]
pub struct LanguageWishes<'a> {
    /// The `ui_locales` parameter: language tags separated by spaces, best first.
    pub ui_locales: Option<&'a str>,
    /// The `Accept-Language` header: language ranges with weights.
    pub accept_language: Option<&'a str>,
}

impl Locale {
    /// Every language, in the order in which a wildcard takes them.
    pub const ALL: [Self; 3] = [Self::English, Self::German, Self::French];

    /// The language tag (BCP 47), for the `lang` attribute and for `ui_locales_supported`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::French => "fr",
        }
    }

    /// The writing direction, for the `dir` attribute.
    pub const fn direction(self) -> &'static str {
        match self {
            Self::English | Self::German | Self::French => "ltr",
        }
    }

    /// The language for a request: the first of its wishes that there is, else English.
    pub fn negotiate(wishes: LanguageWishes<'_>) -> Self {
        let asked = wishes.ui_locales.and_then(|tags| tags.split(' ').find_map(Self::matching));
        asked.or_else(|| wishes.accept_language.and_then(Self::accepted)).unwrap_or_default()
    }

    /// The language of a tag, by its primary subtag (RFC 4647 section 3.4).
    fn matching(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next()?;
        Self::ALL.into_iter().find(|locale| locale.tag().eq_ignore_ascii_case(primary))
    }

    /// RFC 9110 section 12.5.4: the language of the heaviest range; of equal ones, the first.
    fn accepted(header: &str) -> Option<Self> {
        let mut ranges: Vec<(&str, u16)> = header.split(',').filter_map(weighted).collect();
        ranges.sort_by_key(|&(_, weight)| Reverse(weight));
        let named = |locale: &Self| ranges.iter().any(|&(range, _)| Self::matching(range) == Some(*locale));
        ranges.iter().filter(|&&(_, weight)| weight > 0).find_map(|&(range, _)| match range {
            "*" => Self::ALL.into_iter().find(|locale| !named(locale)),
            range => Self::matching(range),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_header(accept_language: &str) -> Locale {
        Locale::negotiate(LanguageWishes { ui_locales: None, accept_language: Some(accept_language) })
    }

    fn by_parameter(ui_locales: &str) -> Locale {
        Locale::negotiate(LanguageWishes { ui_locales: Some(ui_locales), accept_language: Some("fr") })
    }

    #[test]
    fn oidcc_3_1_2_1_ui_locales_wins_over_the_header() {
        assert_eq!(by_parameter("de"), Locale::German);
        assert_eq!(by_parameter("en-GB"), Locale::English);
    }

    #[test]
    fn oidcc_3_1_2_1_first_known_ui_locale_is_taken() {
        assert_eq!(by_parameter("nl sv de-AT en"), Locale::German);
        assert_eq!(by_parameter("DE-latn-CH"), Locale::German);
    }

    #[test]
    fn oidcc_3_1_2_1_unknown_ui_locales_leave_the_choice_to_the_header() {
        for nothing_known in ["", "   ", "nl", "deutsch", "-de", "\u{0}", "<script>", "xx-de"] {
            assert_eq!(by_parameter(nothing_known), Locale::French, "{nothing_known:?}");
        }
    }

    #[test]
    fn rfc9110_12_5_4_heaviest_range_is_taken() {
        assert_eq!(by_header("en;q=0.3, de;q=0.8, fr;q=0.5"), Locale::German);
        assert_eq!(by_header("nl, fr-CA ; q=0.9,de;q=0.85"), Locale::French);
        assert_eq!(by_header("fr;Q=1.000,de"), Locale::French);
    }

    #[test]
    fn rfc9110_12_5_4_zero_weight_is_never_taken() {
        assert_eq!(by_header("de;q=0"), Locale::English);
        assert_eq!(by_header("de;q=0.000, fr;q=0.001"), Locale::French);
    }

    #[test]
    fn rfc9110_12_5_4_wildcard_takes_what_no_other_range_names() {
        assert_eq!(by_header("*"), Locale::English);
        assert_eq!(by_header("en;q=0, *;q=0.5"), Locale::German);
        assert_eq!(by_header("nl, *;q=0.5, en;q=0.1"), Locale::German);
    }

    #[test]
    fn rfc9110_12_4_2_malformed_weights_drop_their_range() {
        for malformed in ["de;q=2", "de;q=1.1", "de;q=0.1234", "de;q=", "de;q=-1", "de;q=NaN", "de;x=1", "de;q=0.5;q=1"]
        {
            assert_eq!(by_header(malformed), Locale::English, "{malformed}");
        }
    }

    #[test]
    fn without_wishes_the_page_is_english() {
        assert_eq!(Locale::negotiate(LanguageWishes::default()), Locale::English);
        assert_eq!(by_header(""), Locale::English);
        assert_eq!(by_header(",;,="), Locale::English);
    }
}
