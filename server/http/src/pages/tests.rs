//! Tests across all pages: escaping, messages, overrides, and what other crates and the conformance harness hold on to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use minijinja::value::{Serde, Value};

use super::model::Heading;
use super::permissions::{CLAIMS, SCOPES};
use super::*;

fn render(name: &str, locale: Locale) -> String {
    let (_, page) = samples::all().into_iter().find(|(candidate, _)| *candidate == name).unwrap();
    Pages::new(None).unwrap().render(&page, &Brand::default(), locale).unwrap()
}

#[test]
fn every_page_renders_in_every_language() {
    let pages = Pages::new(None).unwrap();
    for locale in Locale::ALL {
        for (name, page) in samples::all() {
            let html = pages.render(&page, &Brand::default(), locale).unwrap();
            let opening = format!("<!doctype html>\n<html lang=\"{}\" dir=\"{}\">", locale.tag(), locale.direction());
            assert!(html.starts_with(&opening), "{name}: {html}");
            assert!(html.contains(pages.assets().named(assets::STYLE).unwrap().path.replace('/', "&#x2f;").as_str()));
        }
    }
}

/// Replaces each text of a page by `text`, but not what chooses between messages or between forms of a token.
fn with_every_text(value: &mut serde_json::Value, text: &str, keys: &BTreeSet<String>) {
    match value {
        serde_json::Value::String(old) if keys.contains(old) || old == "jwt" || old == "opaque" => {}
        serde_json::Value::String(old) => text.clone_into(old),
        serde_json::Value::Array(items) => items.iter_mut().for_each(|item| with_every_text(item, text, keys)),
        serde_json::Value::Object(members) => members.values_mut().for_each(|item| with_every_text(item, text, keys)),
        _ => {}
    }
}

#[test]
fn no_text_of_any_page_becomes_markup() {
    let pages = Pages::new(None).unwrap();
    let keys = keys_by_language().remove("en").unwrap();
    let hostile = "h\"></form></title><script>alert('1')</script><img src=x onerror=`alert(2)`>{{ 7*7 }}&lt;";
    let escaped = minijinja::HtmlEscape(hostile).to_string();
    let rendered = |kind, page: &serde_json::Value, text: &str| {
        let (mut page, mut brand) = (page.clone(), serde_json::to_value(Brand::default()).unwrap());
        brand["logo"] = serde_json::json!("https://brand.example/logo.png");
        with_every_text(&mut page, text, &keys);
        with_every_text(&mut brand, text, &keys);
        pages.render_value(kind, Value::from(Serde(page)), &Value::from(Serde(brand)), Locale::English).unwrap()
    };
    for (name, page) in samples::all() {
        let value = serde_json::to_value(&page).unwrap();
        let harmless = rendered(page.kind(), &value, "harmless");
        assert!(harmless.contains("harmless"), "{name}");
        assert_eq!(rendered(page.kind(), &value, hostile).replace(&escaped, "harmless"), harmless, "{name}");
    }
}

#[test]
fn names_are_isolated_from_the_sentence_around_them() {
    let html = render("login", Locale::English);
    assert!(html.contains("<p class=\"lead\">to continue to <bdi>Harbour Savings</bdi></p>"), "{html}");
    assert!(html.contains("<title>Sign in · Signet</title>"), "{html}");
}

#[test]
fn a_value_cannot_open_or_close_an_isolate() {
    let pages = Pages::new(None).unwrap();
    let page = serde_json::json!({"user": "a\u{2069}b\u{2068}c", "client": null, "form": {"action": "/", "csrf": "x"}});
    let brand = Value::from(Serde(Brand::default()));
    let html = pages.render_value(PageKind::SignOut, Value::from(Serde(page)), &brand, Locale::English).unwrap();
    assert!(html.contains("<bdi>abc</bdi>"), "{html}");
}

#[test]
fn form_post_2_values_arrive_unchanged_and_the_form_goes_to_the_redirect_uri() {
    let state = "\"><script>alert(1)</script></form>&amp;\u{202e} \u{a0}é";
    let page = Page::FormPost(FormPostPage {
        client: DisplayText::new("RP"),
        action: FormTarget::new("https://rp.test/cb?a=1&b=%7e").unwrap(),
        parameters: vec![Parameter { name: "state".to_owned(), value: Hidden::new(state) }],
    });
    let html = Pages::new(None).unwrap().render(&page, &Brand::default(), Locale::English).unwrap();
    let between = |start: &str| html.split_once(start).unwrap().1.split_once('"').unwrap().0.to_owned();
    assert_eq!(unescape(&between("name=\"state\" value=\"")), state);
    assert_eq!(unescape(&between("method=\"post\" action=\"")), "https://rp.test/cb?a=1&b=%7e");
    assert_eq!(html.matches("<script>").count(), 1);
    assert!(html.contains(&format!("<script>{SUBMIT_SCRIPT}</script>")));
}

/// Character references as a browser reads them.
fn unescape(attribute: &str) -> String {
    let named = [("&quot;", "\""), ("&#x27;", "'"), ("&#x2f;", "/"), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")];
    named.iter().fold(attribute.to_owned(), |text, (reference, character)| text.replace(reference, character))
}

#[test]
fn only_the_form_post_page_has_a_script_and_no_page_has_inline_style() {
    let pages = Pages::new(None).unwrap();
    for (name, page) in samples::all() {
        let html = pages.render(&page, &Brand::default(), Locale::English).unwrap();
        assert_eq!(html.contains("<script"), page.kind() == PageKind::FormPost, "{name}");
    }
    for (name, source) in templates::EMBEDDED {
        for inline in ["style=", "<style", " onclick", " onsubmit", " onload", "javascript:", "|safe", "| safe"] {
            assert!(!source.contains(inline), "{name} has {inline}");
        }
        assert!(!source.contains("={{"), "{name} has an attribute without quotes, which escaping does not guard");
    }
}

#[test]
fn what_tests_and_the_conformance_harness_hold_on_to() {
    let held: [(&str, &[&str]); 11] = [
        ("login", &["id=\"login-page\"", "name=\"username\"", "name=\"password\"", "id=\"login-submit\""]),
        ("login", &["id=\"login-cancel\" type=\"submit\" name=\"action\" value=\"cancel\"", "name=\"interaction\""]),
        ("login", &["client.example&#x2f;logo.svg", "client.example&#x2f;privacy", "client.example&#x2f;terms"]),
        ("sign-up", &["id=\"sign-up-page\"", "name=\"repeated\"", "id=\"sign-up-submit\"", "name=\"interaction\""]),
        ("sign-up-refused", &["role=\"alert\"", "value=\"maria\"", "value=\"maria@example.com\""]),
        ("login-credentials", &["role=\"alert\"", "value=\"maria\""]),
        ("consent", &["id=\"consent-page\"", "id=\"consent-allow\"", "id=\"consent-deny\"", "name=\"interaction\""]),
        ("error-request", &["id=\"error-page\"", "Support code", "7F3K-92QD-M4XA", "id=\"error-reason\""]),
        ("form-post", &["id=\"form-post-page\"", "id=\"form-post-continue\""]),
        ("apps", &["id=\"apps-page\"", "name=\"authorization\" value=\"sample-2\""]),
        ("signed-out", &["id=\"signed-out-page\""]),
    ];
    for (name, parts) in held {
        let html = render(name, Locale::English);
        for part in parts {
            assert!(html.contains(part), "{name} lacks {part}: {html}");
        }
    }
}

#[test]
fn the_first_button_of_a_form_is_the_one_that_goes_on() {
    // The enter key presses the first button of a form: a cancel button there would undo what was typed.
    for (name, first) in [
        ("login", "login-submit"),
        ("sign-up", "sign-up-submit"),
        ("consent", "consent-allow"),
        ("sign-out", "sign-out-confirm"),
    ] {
        let html = render(name, Locale::English);
        let button = html.split_once("<button").unwrap().1.split_once('>').unwrap().0.to_owned();
        assert!(button.contains(first), "{name}: {button}");
    }
}

#[test]
fn dates_are_written_as_the_language_writes_them() {
    let expected = [
        "Allowed on <bdi>6 November 2026</bdi>",
        "Erlaubt am <bdi>6. November 2026</bdi>",
        "Autorisée le <bdi>6 novembre 2026</bdi>",
    ];
    for (locale, text) in Locale::ALL.into_iter().zip(expected) {
        let html = render("apps", locale);
        assert!(html.contains(text), "{html}");
    }
}

/// The keys of each language's messages.
fn keys_by_language() -> BTreeMap<&'static str, BTreeSet<String>> {
    let keys = |locale| messages_with_variables(locale).into_keys().collect();
    Locale::ALL.into_iter().map(|locale| (locale.tag(), keys(locale))).collect()
}

/// Each message of a language and the variables that it uses.
fn messages_with_variables(locale: Locale) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut current = String::new();
    for line in messages::source(locale).lines().filter(|line| !line.starts_with('#')) {
        if let Some((key, _)) = line.split_once(" = ").filter(|(key, _)| !key.starts_with([' ', '['])) {
            current = key.to_owned();
            assert!(found.insert(current.clone(), BTreeSet::new()).is_none(), "{} twice in {}", key, locale.tag());
        }
        let variables = line.split('$').skip(1).map(|rest| {
            let end = rest.find(|character: char| !character.is_ascii_alphanumeric()).unwrap_or(rest.len());
            rest[..end].to_owned()
        });
        if !current.is_empty() {
            found.get_mut(&current).unwrap().extend(variables);
        }
    }
    found
}

#[test]
fn every_language_has_the_same_messages_with_the_same_variables() {
    let english = messages_with_variables(Locale::English);
    assert!(english.len() > 90, "{} messages", english.len());
    for locale in Locale::ALL {
        assert_eq!(messages_with_variables(locale), english, "{}", locale.tag());
    }
}

#[test]
fn every_message_is_used_and_every_used_one_exists() {
    let mut used: BTreeSet<String> = SCOPES.iter().chain(CLAIMS).map(|(_, key)| (*key).to_owned()).collect();
    used.extend(LoginProblem::ALL.iter().map(|problem| problem.key().to_owned()));
    used.extend(SignUpProblem::ALL.iter().map(|problem| problem.key().to_owned()));
    used.extend(RequestOutcome::ALL.iter().map(|outcome| outcome.key().to_owned()));
    used.extend(SharingNews::ALL.iter().map(|news| news.key().to_owned()));
    used.extend(DeviceProblem::ALL.iter().map(|problem| problem.key().to_owned()));
    let headings = ErrorProblem::ALL.iter().map(|problem| problem.key());
    let headings = headings.chain(DeviceOutcome::ALL.iter().map(|outcome| outcome.key())).map(Heading::of);
    used.extend(headings.flat_map(|heading| [heading.title, heading.text]));
    for (_, source) in templates::EMBEDDED {
        for call in ["t(\"", "text(\""] {
            used.extend(source.split(call).skip(1).map(|rest| rest.split_once('"').unwrap().0.to_owned()));
        }
    }
    assert_eq!(used, keys_by_language().remove("en").unwrap());
}

#[test]
fn markup_messages_stay_out_of_attributes_and_titles() {
    for (name, source) in templates::EMBEDDED {
        assert!(!source.contains("=\"{{ t("), "{name}");
        assert!(!source.lines().any(|line| line.contains("block title") && line.contains("{{ t(")), "{name}");
    }
}

/// A folder of its own for one test, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn with(test: &str, files: &[(&str, &[u8])]) -> Self {
        let path = std::env::temp_dir().join(format!("signet-pages-{}-{test}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        for (name, content) in files {
            std::fs::write(path.join(name), content).unwrap();
        }
        Self(path)
    }

    fn error(&self) -> String {
        Pages::new(Some(&self.0)).err().unwrap().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

#[test]
fn a_file_in_the_folder_replaces_the_embedded_one() {
    let own = b"{% extends \"base.html\" %}{% block content %}{% include \"_greeting.html\" %}{% endblock %}";
    let folder = Folder::with(
        "replace",
        &[
            ("signed_out.html", own),
            ("_greeting.html", b"Bye <{{ brand.name }}>"),
            ("signet.css", b"body{}"),
            (".git", b""),
        ],
    );
    let pages = Pages::new(Some(&folder.0)).unwrap();
    let html = pages.render(&Page::SignedOut, &Brand::default(), Locale::English).unwrap();
    assert!(html.contains("Bye <Signet>"), "{html}");
    assert_eq!(pages.assets().named(assets::STYLE).unwrap().bytes, "body{}");
    assert_eq!(
        pages.assets().named(assets::ICON).unwrap().bytes,
        Pages::new(None).unwrap().assets().named(assets::ICON).unwrap().bytes
    );
}

#[test]
fn a_syntax_error_is_told_with_file_and_line() {
    let folder = Folder::with("syntax", &[("login.html", b"first\n{% if page.username %}\nnever closed\n")]);
    let error = folder.error();
    let file = folder.0.join("login.html").display().to_string();
    assert!(error.starts_with(&format!("{file}, line ")), "{error}");
    assert!(error.contains("syntax error"), "{error}");
}

#[test]
fn a_value_that_does_not_exist_is_told_with_file_and_line() {
    for (test, wrong) in [
        ("missing", "{{ page.usernam }}"),
        ("condition", "{% if page.usernam %}x{% endif %}"),
        ("loop", "{% for x in page.usernam %}{% endfor %}"),
    ] {
        let folder = Folder::with(test, &[("login.html", format!("one\ntwo\n{wrong}").as_bytes())]);
        let file = folder.0.join("login.html").display().to_string();
        assert!(folder.error().starts_with(&format!("{file}, line 3: ")), "{}", folder.error());
    }
}

#[test]
fn a_message_or_a_part_that_does_not_exist_is_told() {
    let folder = Folder::with("message", &[("login.html", b"{{ t(\"login-titel\") }}")]);
    assert!(folder.error().contains("there is no message `login-titel`"), "{}", folder.error());
    let folder = Folder::with("argument", &[("login.html", b"{{ t(\"login-intro\") }}")]);
    assert!(folder.error().contains("login-intro"), "{}", folder.error());
    let folder = Folder::with("part", &[("base.html", b"{% include \"_nowhere.html\" %}")]);
    assert!(folder.error().contains("_nowhere.html"), "{}", folder.error());
}

#[test]
fn a_mistyped_name_binary_content_and_a_missing_folder_are_told() {
    let folder = Folder::with("name", &[("logn.html", b"")]);
    assert!(folder.error().contains("logn.html replaces no page file"), "{}", folder.error());
    let folder = Folder::with("binary", &[("login.html", b"\xff\xfe")]);
    assert!(folder.error().contains("login.html is not UTF-8"), "{}", folder.error());
    let missing = Pages::new(Some(&folder.0.join("nowhere"))).err().unwrap().to_string();
    assert!(missing.starts_with("cannot read") && missing.contains("pages.templates"), "{missing}");
}

#[test]
fn assets_follow_the_path_of_the_public_url() {
    let html = Pages::new(None)
        .unwrap()
        .mounted_at("/id/")
        .render(&Page::SignedOut, &Brand::default(), Locale::English)
        .unwrap();
    assert!(html.contains("href=\"&#x2f;id&#x2f;assets&#x2f;"), "{html}");
}
