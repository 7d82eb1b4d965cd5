//! Reading request bodies: strict JSON, checked against the schema that is published for them. A change is a JSON
//! merge patch over the object as it is (RFC 7396); a new object is one over nothing.

use std::marker::PhantomData;

use poem::error::ReadBodyError;
use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaMediaType, MetaRequest, Registry};
use poem_openapi::types::{ParseFromJSON, ToJSON};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use serde_json::{Map, Value};
use signet_core::strict_json;

use crate::MAXIMUM_BODY_BYTES;
use crate::entity_tag::Precondition;
use crate::problem::{Kind, Problem};
use crate::schema;

const JSON: &str = "application/json";
const MERGE_PATCH: &str = "application/merge-patch+json";

/// The document of something new.
pub(crate) struct New<T> {
    members: Map<String, Value>,
    document: PhantomData<fn() -> T>,
}

impl<T: ParseFromJSON> New<T> {
    /// The document, complete with its defaults.
    ///
    /// # Errors
    /// Names the member that is wrong.
    pub(crate) fn read(self) -> Result<T, Problem> {
        patched(&Map::new(), self.members)
    }
}

/// A change of something that is there.
pub(crate) struct Patch<T> {
    members: Map<String, Value>,
    precondition: Precondition,
    document: PhantomData<fn() -> T>,
}

impl<T: ParseFromJSON + ToJSON> Patch<T> {
    /// The document as it shall be.
    ///
    /// # Errors
    /// The object is not the one the client has seen; or names the member that is wrong.
    pub(crate) fn onto(&self, current: &T) -> Result<T, Problem> {
        self.precondition.check(current)?;
        match current.to_json() {
            Some(Value::Object(members)) => patched(&members, self.members.clone()),
            _ => patched(&Map::new(), self.members.clone()),
        }
    }
}

fn patched<T: ParseFromJSON>(current: &Map<String, Value>, patch: Map<String, Value>) -> Result<T, Problem> {
    let mut members = current.clone();
    merge(&mut members, patch);
    let mut registry = Registry::new();
    let document = registry.create_fake_schema::<T>();
    schema::check(&members, &document, &registry)?;
    for (name, _) in document.properties.iter().filter(|(_, member)| schema::is_read_only(member)) {
        if members.get(*name) != current.get(*name) {
            return Err(Problem::invalid(*name, "is read-only"));
        }
        members.remove(*name);
    }
    T::parse_from_json(Some(Value::Object(members)))
        .map_err(|_| Problem::new(Kind::Malformed, "the body does not keep to its schema"))
}

/// RFC 7396 section 2. The parser bounds the depth.
fn merge(target: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (name, value) in patch {
        match value {
            Value::Null => {
                target.remove(&name);
            }
            Value::Object(patch) => {
                let mut nested = match target.remove(&name) {
                    Some(Value::Object(members)) => members,
                    _ => Map::new(),
                };
                merge(&mut nested, patch);
                target.insert(name, Value::Object(nested));
            }
            other => {
                target.insert(name, other);
            }
        }
    }
}

async fn read(
    request: &Request,
    body: &mut RequestBody,
    accepted: &[&'static str],
) -> Result<Map<String, Value>, Problem> {
    let essence = request.content_type().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if !accepted.iter().any(|media_type| media_type.eq_ignore_ascii_case(essence)) {
        let problem = format!("send the body as {}", accepted.join(" or "));
        return Err(Problem::new(Kind::UnsupportedMediaType, problem));
    }
    let unreadable = || Problem::new(Kind::Malformed, "the body could not be read");
    let bytes = body.take().map_err(|_| unreadable())?.into_bytes_limit(MAXIMUM_BODY_BYTES).await;
    let bytes = bytes.map_err(|error| match error {
        ReadBodyError::PayloadTooLarge => {
            Problem::new(Kind::TooLarge, format!("the body may have {MAXIMUM_BODY_BYTES} bytes"))
        }
        _ => unreadable(),
    })?;
    strict_json::parse_object(&bytes)
        .map_err(|_| Problem::new(Kind::Malformed, "the body must be one JSON object in which no member appears twice"))
}

fn described<T: ParseFromJSON>(media_types: &[&'static str]) -> MetaRequest {
    let media_type = |content_type: &&'static str| MetaMediaType { content_type, schema: T::schema_ref() };
    MetaRequest { description: None, content: media_types.iter().map(media_type).collect(), required: true }
}

impl<'a, T: ParseFromJSON> ApiExtractor<'a> for New<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        Some(described::<T>(&[JSON]))
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        Ok(Self { members: read(request, body, &[JSON]).await?, document: PhantomData })
    }
}

impl<'a, T: ParseFromJSON> ApiExtractor<'a> for Patch<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        Some(described::<T>(&[MERGE_PATCH, JSON]))
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let members = read(request, body, &[MERGE_PATCH, JSON]).await?;
        Ok(Self { members, precondition: Precondition::of(request.headers()), document: PhantomData })
    }
}

#[cfg(test)]
mod tests {
    use poem_openapi::Object;
    use serde_json::json;

    use super::*;

    #[test]
    fn rfc7396_a_test_cases_between_objects() {
        for (target, patch, expected) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
            (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
            (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
        ] {
            let mut members = target.as_object().unwrap().clone();
            merge(&mut members, patch.as_object().unwrap().clone());
            assert_eq!(Value::Object(members), expected, "{target} {patch}");
        }
    }

    #[derive(Debug, PartialEq, Object)]
    struct Thing {
        name: String,
        #[oai(read_only)]
        id: String,
        note: Option<String>,
    }

    fn changed(patch: &Value) -> Result<Thing, Problem> {
        let current = json!({"name": "n", "id": "1", "note": "x"});
        patched(current.as_object().unwrap(), patch.as_object().unwrap().clone())
    }

    #[test]
    fn a_change_touches_only_what_it_names() {
        let thing = changed(&json!({"note": null})).unwrap();
        assert_eq!((thing.name.as_str(), thing.note), ("n", None));
        let thing = changed(&json!({"name": "m"})).unwrap();
        assert_eq!((thing.name.as_str(), thing.note.as_deref()), ("m", Some("x")));
    }

    #[test]
    fn read_only_members_may_be_sent_back_but_not_changed() {
        assert!(changed(&json!({"id": "1"})).is_ok());
        for patch in [json!({"id": "2"}), json!({"id": null})] {
            assert_eq!(changed(&patch), Err(Problem::invalid("id", "is read-only")), "{patch}");
        }
        let new: Result<Thing, _> = patched(&Map::new(), json!({"name": "n", "id": "1"}).as_object().unwrap().clone());
        assert_eq!(new, Err(Problem::invalid("id", "is read-only")));
    }

    async fn submitted(content_type: Option<&str>, bytes: Vec<u8>) -> Result<Map<String, Value>, Problem> {
        let mut builder = Request::builder();
        if let Some(content_type) = content_type {
            builder = builder.content_type(content_type);
        }
        let (request, mut body) = builder.body(bytes).split();
        read(&request, &mut body, &[JSON]).await
    }

    #[tokio::test]
    async fn rfc9110_15_5_16_other_media_types_are_refused() {
        for accepted in ["application/json", "Application/JSON", "application/json; charset=utf-8"] {
            assert!(submitted(Some(accepted), b"{}".to_vec()).await.is_ok(), "{accepted}");
        }
        for refused in [None, Some(""), Some("text/json"), Some("application/jsonx"), Some(MERGE_PATCH)] {
            let problem = submitted(refused, b"{}".to_vec()).await.unwrap_err();
            assert_eq!(problem, Problem::new(Kind::UnsupportedMediaType, "send the body as application/json"));
        }
    }

    #[tokio::test]
    async fn malformed_and_oversized_bodies_are_refused() {
        let deep = format!("{}{}", "{\"a\":".repeat(129), "}".repeat(129));
        for body in ["", "[]", "null", "{\"a\":1,\"a\":2}", "{\"a\":1e400}", "{\"a\":NaN}", "\u{feff}{}", "{} x", &deep]
        {
            let problem = submitted(Some(JSON), body.as_bytes().to_vec()).await.unwrap_err();
            assert_eq!(poem::Error::from(problem).status().as_u16(), 400, "{body}");
        }
        let long = format!("{{\"a\":\"{}\"}}", "x".repeat(MAXIMUM_BODY_BYTES - 8));
        assert!(submitted(Some(JSON), long.clone().into_bytes()).await.is_ok());
        let problem = submitted(Some(JSON), format!("{long} ").into_bytes()).await.unwrap_err();
        assert_eq!(poem::Error::from(problem).status().as_u16(), 413);
    }
}
