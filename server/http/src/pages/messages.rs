//! The messages of the pages (Fluent), embedded, and the two functions by which templates ask for them.
//!
//! `t("key", name=value)` is for text between tags: escaped, each inserted value in a `<bdi>` so that a name written
//! right to left does not disturb its sentence. `text("key", name=value)` is for titles and attributes: plain.

use std::sync::Arc;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentError, FluentResource, FluentValue};
use minijinja::value::{Kwargs, Value};
use minijinja::{Error, ErrorKind, HtmlEscape};

use super::PagesError;
use super::locale::Locale;

/// First strong isolate and pop directional isolate, which Fluent puts around inserted values (Unicode UAX 9).
const ISOLATES: [char; 2] = ['\u{2068}', '\u{2069}'];

/// The text of the messages in `locale`.
pub(super) const fn source(locale: Locale) -> &'static str {
    match locale {
        Locale::English => include_str!("../../../../ui/messages/en.ftl"),
        Locale::German => include_str!("../../../../ui/messages/de.ftl"),
        Locale::French => include_str!("../../../../ui/messages/fr.ftl"),
    }
}

/// The messages of one language.
struct Catalogue(FluentBundle<FluentResource>);

impl Catalogue {
    fn new(locale: Locale) -> Result<Self, PagesError> {
        let broken = |reason: String| PagesError::Messages { language: locale.tag(), reason };
        let language = locale.tag().parse().map_err(|_| broken("not a language tag".to_owned()))?;
        let resource = FluentResource::try_new(source(locale).to_owned()).map_err(|(_, e)| broken(format!("{e:?}")))?;
        let mut bundle = FluentBundle::new_concurrent(vec![language]);
        bundle.add_resource(resource).map_err(|errors| broken(format!("{errors:?}")))?;
        Ok(Self(bundle))
    }

    /// The message, or `None` when this language does not have it.
    fn format(&self, key: &str, arguments: &FluentArgs<'_>) -> Option<Result<String, Vec<FluentError>>> {
        let pattern = self.0.get_message(key)?.value()?;
        let mut errors = Vec::new();
        let text = self.0.format_pattern(pattern, Some(arguments), &mut errors).into_owned();
        Some(if errors.is_empty() { Ok(text) } else { Err(errors) })
    }
}

/// The functions `t` and `text` of one language.
#[derive(Clone)]
pub(super) struct Translator {
    pub(super) t: Value,
    pub(super) text: Value,
}

/// The translators, in the order of [`Locale::ALL`].
pub(super) fn translators() -> Result<Vec<(Locale, Translator)>, PagesError> {
    let fallback = Arc::new(Catalogue::new(Locale::default())?);
    let make = |locale| {
        let catalogue = Arc::new(Catalogue::new(locale)?);
        let languages = [catalogue, Arc::clone(&fallback)];
        let also = languages.clone();
        Ok((
            locale,
            Translator {
                t: Value::from_function(move |key: &str, arguments: Kwargs| markup(&languages, key, &arguments)),
                text: Value::from_function(move |key: &str, arguments: Kwargs| plain(&also, key, &arguments)),
            },
        ))
    };
    Locale::ALL.into_iter().map(make).collect()
}

fn markup(languages: &[Arc<Catalogue>], key: &str, arguments: &Kwargs) -> Result<Value, Error> {
    let escaped = HtmlEscape(&message(languages, key, arguments)?).to_string();
    let isolated = escaped.replace(ISOLATES[0], "<bdi>").replace(ISOLATES[1], "</bdi>");
    Ok(Value::from_safe_string(isolated))
}

fn plain(languages: &[Arc<Catalogue>], key: &str, arguments: &Kwargs) -> Result<String, Error> {
    Ok(message(languages, key, arguments)?.replace(ISOLATES, ""))
}

/// The message in the first of `languages` that has it.
fn message(languages: &[Arc<Catalogue>], key: &str, arguments: &Kwargs) -> Result<String, Error> {
    let mut values = FluentArgs::new();
    for name in arguments.args() {
        values.set(name.to_owned(), argument(&arguments.peek(name)?)?);
    }
    let found = languages.iter().find_map(|catalogue| catalogue.format(key, &values));
    match found {
        Some(Ok(text)) => Ok(text),
        Some(Err(errors)) => Err(invalid(format!("message `{key}`: {errors:?}"))),
        None => Err(invalid(format!("there is no message `{key}`"))),
    }
}

/// Text loses the isolates that it may hold itself, so that those which become `<bdi>` and `</bdi>` are pairs.
fn argument(value: &Value) -> Result<FluentValue<'static>, Error> {
    if let Some(text) = value.as_str() {
        return Ok(FluentValue::from(text.replace(ISOLATES, "")));
    }
    i64::try_from(value.clone())
        .map(FluentValue::from)
        .map_err(|_| invalid(format!("a message takes text and whole numbers, not a {}", value.kind())))
}

fn invalid(detail: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, detail)
}
