//! Pages as a person without a browser reads them: which page it is, its forms, its text.

/// A page of the server.
#[derive(Debug, Clone)]
pub(crate) struct HtmlPage<'a>(&'a str);

/// A form on a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) action: String,
    /// Its fields with what they hold, hidden ones included.
    pub(crate) fields: Vec<(String, String)>,
}

impl<'a> HtmlPage<'a> {
    pub(crate) fn new(html: &'a str) -> Self {
        assert!(html.starts_with("<!doctype html>"), "not a page: {html}");
        Self(html)
    }

    /// The identifier of its main element: which page it is.
    pub(crate) fn id(&self) -> String {
        let main = tags(self.0, "main").next().expect("a page has a main element");
        attribute(main, "id").expect("the main element says which page it is")
    }

    /// The language it is in.
    pub(crate) fn language(&self) -> String {
        attribute(tags(self.0, "html").next().unwrap(), "lang").unwrap()
    }

    /// Every form, from the first to the last.
    pub(crate) fn forms(&self) -> Vec<Form> {
        let forms = self.0.split("<form ").skip(1).map(|rest| {
            let (form, _) = rest.split_once("</form>").expect("a form ends");
            let (tag, content) = form.split_once('>').unwrap();
            let inputs = tags(content, "input");
            let field =
                |input| attribute(input, "name").map(|name| (name, attribute(input, "value").unwrap_or_default()));
            Form {
                action: attribute(tag, "action").expect("a form says where it goes"),
                fields: inputs.filter_map(field).collect(),
            }
        });
        forms.collect()
    }

    /// The first form.
    pub(crate) fn form(&self) -> Form {
        self.forms().into_iter().next().unwrap_or_else(|| panic!("no form: {}", self.0))
    }

    /// The text of the element with this identifier, its markup left out.
    pub(crate) fn text_of(&self, id: &str) -> Option<String> {
        let (_, rest) = self.0.split_once(&format!("id=\"{id}\""))?;
        let (_, content) = rest.split_once('>')?;
        let (text, _) = content.split_once("</")?;
        Some(unescape(text.trim()))
    }
}

impl Form {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(candidate, _)| candidate == name).map(|(_, value)| value.as_str())
    }

    /// The form with a field filled in.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(candidate, _)| candidate != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// What is between `<name ` and `>` of every such element.
fn tags<'h>(html: &'h str, name: &str) -> impl Iterator<Item = &'h str> {
    let pieces: Vec<&str> = html.split(&format!("<{name} ")).skip(1).collect();
    pieces.into_iter().filter_map(|rest| rest.split_once('>').map(|(tag, _)| tag))
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let tag = format!(" {tag}");
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| unescape(value))
}

fn unescape(text: &str) -> String {
    let entities = [
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&#39;", "'"),
        ("&#x2f;", "/"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ];
    entities.iter().fold(text.to_owned(), |text, (entity, character)| text.replace(entity, character))
}
