//! The pages that people see, rendered on the server; no page that people see needs a script.
//!
//! Here: the values ([`Page`]) and headers ([`page_headers`]) of each page, the language ([`Locale`]), the renderer
//! ([`Pages`]), the files that pages load ([`Assets`]). Not here: routes, forms and their rules, cookies. The
//! templates, messages and assets are in `ui/`. Form Post Response Mode 1.0 is one of the pages.

mod assets;
mod check_session;
mod headers;
mod locale;
mod messages;
mod model;
mod permissions;
mod qr_code;
pub mod samples;
mod templates;
#[cfg(test)]
mod tests;
mod values;

use std::path::{Path, PathBuf};

use minijinja::value::{Serde, Value};
use minijinja::{Environment, context};

pub use assets::{Asset, Assets};
pub use check_session::{CHECK_SESSION_HEADERS, check_session_page};
pub use headers::{PageKind, Window, headers_of, page_headers};
pub use locale::{LanguageWishes, Locale};
pub use model::{
    AccessRequestView, AppView, AppsPage, BlockedView, Brand, ChoiceView, ClaimsPage, ClientView, ConsentPage,
    DevStartPage, DeviceConfirmPage, DeviceDonePage, DeviceOutcome, DevicePage, DeviceProblem, ErrorPage, ErrorProblem,
    FormPostPage, InteractionForm, LoggedOutPage, LoginPage, LoginProblem, OptionView, Page, Parameter, PolicyView,
    QuestionForm, QuestionView, Removal, RequestOutcome, RequestView, RequestsPage, ResourceView, SessionForm,
    SharingNews, SharingPage, SignOutPage, SignUpPage, SignUpProblem, SignedInPage, TestClientPage, TokenView,
    WantedView,
};
pub use permissions::{ClaimView, DetailView, ScopeView};
pub use qr_code::QrCode;
pub use values::{
    CalendarDay, DisplayText, FormTarget, FrameUri, Hidden, ImageUri, Json, OwnPath, ReturnTarget, WebUri,
};

use messages::Translator;
use templates::Overrides;

/// Why the pages cannot be shown as they are configured. Each text names the file to correct.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PagesError {
    /// The folder or a file in it cannot be read.
    #[error("cannot read {}: {source}; make it readable or change pages.templates", path.display())]
    Unreadable {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The folder holds a file that replaces nothing.
    #[error("{} replaces no page file; correct its name, or begin it with _ if your templates include it", path.display())]
    UnknownFile {
        /// The file.
        path: PathBuf,
    },
    /// A template is not UTF-8.
    #[error("{} is not UTF-8 text; save it as UTF-8", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
    },
    /// A template is malformed or asks for something that its page does not have.
    #[error("{}, line {line}: {reason}; correct the template or remove the file", path.display())]
    Template {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        reason: String,
    },
    /// The embedded messages are malformed.
    #[error("messages of language {language}: {reason}")]
    Messages {
        /// The language tag.
        language: &'static str,
        /// What is wrong.
        reason: String,
    },
}

impl PagesError {
    fn template(path: &Path, error: &minijinja::Error) -> Self {
        let reason =
            error.detail().map_or_else(|| error.kind().to_string(), |detail| format!("{}: {detail}", error.kind()));
        Self::Template { path: path.to_owned(), line: error.line().unwrap_or(1), reason }
    }
}

/// A page could not be rendered: a fault of a template, never of a request.
#[derive(Debug, thiserror::Error)]
#[error("cannot render the page: {0}")]
pub struct RenderError(#[from] minijinja::Error);

/// The renderer: all templates compiled, all messages loaded.
pub struct Pages {
    environment: Environment<'static>,
    translators: Vec<(Locale, Translator)>,
    assets: Assets,
    mounted_at: String,
}

impl Pages {
    /// The embedded pages, each file replaced by the one of the same name in `overrides`.
    ///
    /// Replaced templates are tried at once on [samples](samples::all) of every page, so that a mistake is found now
    /// and not by the first person who logs in.
    pub fn new(overrides: Option<&Path>) -> Result<Self, PagesError> {
        let mut overrides = overrides.map(Overrides::read).transpose()?.unwrap_or_default();
        let assets = Assets::new(|name| overrides.take(name));
        let replaced = !overrides.is_empty();
        let environment = templates::environment(&mut overrides)?;
        let pages = Self { environment, translators: messages::translators()?, assets, mounted_at: String::new() };
        if replaced {
            pages.try_samples(&overrides)?;
        }
        Ok(pages)
    }

    /// For a public URL with a path: the prefix of the assets' addresses, without a slash at its end.
    #[must_use]
    pub fn mounted_at(self, prefix: &str) -> Self {
        Self { mounted_at: prefix.trim_end_matches('/').to_owned(), ..self }
    }

    /// The files that pages load, for the routes that serve them.
    pub fn assets(&self) -> &Assets {
        &self.assets
    }

    /// The HTML of `page`.
    pub fn render(&self, page: &Page, brand: &Brand, locale: Locale) -> Result<String, RenderError> {
        Ok(self.render_value(page.kind(), Value::from(Serde(page)), &Value::from(Serde(brand)), locale)?)
    }

    fn render_value(
        &self,
        kind: PageKind,
        page: Value,
        brand: &Value,
        locale: Locale,
    ) -> Result<String, minijinja::Error> {
        let translator = self.translators.iter().find(|(language, _)| *language == locale).map(|(_, found)| found);
        let address = |name| self.assets.named(name).map(|asset| format!("{}{}", self.mounted_at, asset.path));
        self.environment.get_template(kind.template())?.render(context! {
            lang => locale.tag(),
            dir => locale.direction(),
            t => translator.map(|translator| translator.t.clone()),
            text => translator.map(|translator| translator.text.clone()),
            assets => context! { style => address(assets::STYLE), icon => address(assets::ICON) },
            submit_script => Value::from_safe_string(SUBMIT_SCRIPT.to_owned()),
            brand => brand.clone(),
            page => page,
        })
    }

    fn try_samples(&self, overrides: &Overrides) -> Result<(), PagesError> {
        for (_, page) in samples::all() {
            let (page, brand) = (page, Value::from(Serde(Brand::default())));
            let rendered = self.render_value(page.kind(), Value::from(Serde(&page)), &brand, Locale::English);
            rendered.map_err(|error| {
                let name = error.name().unwrap_or_else(|| page.kind().template());
                PagesError::template(&overrides.path(name), &error)
            })?;
        }
        Ok(())
    }
}

/// Submits the form of the form_post page; the content security policy allows exactly this.
const SUBMIT_SCRIPT: &str = include_str!("../../../../ui/assets/form_post.js");
