//! Lists: a page at a time, each saying where the next one begins.

use std::str::FromStr;

use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaParamIn, MetaSchema, MetaSchemaRef};
use poem_openapi::types::{ParseFromJSON, ToJSON, Type};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions, Object};
use signet_core::ports;
use signet_core::protocol::parameters::Parameters;

use crate::problem::{Kind, Problem};

/// Items of a page where the request does not say.
const DEFAULT_LIMIT: u64 = 50;
/// Most items of a page.
const MAXIMUM_LIMIT: u64 = 200;

/// A part of a list.
#[derive(Object)]
pub(crate) struct Page<T: ParseFromJSON + ToJSON> {
    /// In the order of their identifiers.
    items: Vec<T>,
    /// Where the next page begins: the `cursor` to ask for it with. `null` on the last page.
    #[oai(nullable)]
    next: Option<String>,
}

impl<T: ParseFromJSON + ToJSON> Page<T> {
    /// A page with each item as the API shows it.
    ///
    /// # Errors
    /// If an item cannot be shown.
    pub(crate) fn of<Stored>(
        page: ports::Page<Stored>,
        show: impl FnMut(Stored) -> Result<T, Problem>,
    ) -> Result<Self, Problem> {
        let items = page.items.into_iter().map(show).collect::<Result<_, _>>()?;
        Ok(Self { items, next: page.next })
    }
}

/// How many items a page shall have.
pub(crate) struct Limit(u64);

/// Where a page shall begin: after the object of this identifier, which need not be there any more. An edited cursor
/// is either no identifier, or another place in the same list.
pub(crate) struct Cursor<T>(Option<T>);

impl Limit {
    /// Most items.
    pub(crate) const fn most(&self) -> u64 {
        self.0
    }
}

impl<T> Cursor<T> {
    /// The object to go on after.
    pub(crate) fn after(self) -> Option<T> {
        self.0
    }
}

/// The part of a list that a request asks for.
pub(crate) fn wanted<T: ToString>(limit: &Limit, cursor: &Cursor<T>) -> ports::PageRequest {
    ports::PageRequest { after: cursor.0.as_ref().map(ToString::to_string), limit: limit.0 }
}

/// The wanted part of a list that is short enough to be read whole.
pub(crate) fn cut<Item>(
    mut items: Vec<Item>,
    wanted: &ports::PageRequest,
    key: impl Fn(&Item) -> String,
) -> ports::Page<Item> {
    items.sort_by_cached_key(&key);
    if let Some(after) = &wanted.after {
        items.retain(|item| key(item) > *after);
    }
    let limit = usize::try_from(wanted.limit).unwrap_or(usize::MAX);
    let more = items.len() > limit;
    items.truncate(limit);
    let next = if more { items.last().map(key) } else { None };
    ports::Page { items, next }
}

/// The one value of a query parameter.
pub(crate) fn parameter<T: FromStr>(
    request: &Request,
    name: &'static str,
    expected: &'static str,
) -> Result<Option<T>, Problem> {
    let wrong = || Problem::new(Kind::Malformed, expected).at(name);
    let parameters = Parameters::parse(request.uri().query().unwrap_or_default())
        .map_err(|error| Problem::new(Kind::Malformed, error.to_string()))?;
    if parameters.is_repeated(name) {
        return Err(wrong());
    }
    parameters.get(name).map(|text| text.parse().map_err(|_| wrong())).transpose()
}

impl<'a> ApiExtractor<'a> for Limit {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    type ParamType = u64;
    type ParamRawType = u64;

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Query)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        let bounds = MetaSchema {
            default: Some(DEFAULT_LIMIT.into()),
            minimum: Some(1.0),
            maximum: Some(200.0),
            ..MetaSchema::new("integer")
        };
        Some(MetaSchemaRef::Inline(Box::new(bounds)))
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        options: ExtractParamOptions<u64>,
    ) -> poem::Result<Self> {
        let expected = "must be a whole number from 1 to 200";
        let limit = parameter(request, options.name, expected)?.unwrap_or(DEFAULT_LIMIT);
        if (1..=MAXIMUM_LIMIT).contains(&limit) {
            Ok(Self(limit))
        } else {
            Err(Problem::new(Kind::Malformed, expected).at(options.name).into())
        }
    }
}

impl<'a, T: FromStr + Send + Sync> ApiExtractor<'a> for Cursor<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    type ParamType = String;
    type ParamRawType = String;

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Query)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        Some(String::schema_ref())
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        options: ExtractParamOptions<String>,
    ) -> poem::Result<Self> {
        Ok(Self(parameter(request, options.name, "must be the next of the page before")?))
    }
}

#[cfg(test)]
mod tests {
    use signet_core::protocol::identifiers::UserId;

    use super::*;

    fn request(query: &str) -> Request {
        Request::builder().uri_str(format!("/x?{query}")).finish()
    }

    fn option<T>(name: &'static str) -> ExtractParamOptions<T> {
        ExtractParamOptions { name, ..ExtractParamOptions::default() }
    }

    async fn limit(query: &str) -> Result<u64, u16> {
        let (request, mut body) = request(query).split();
        let limit = <Limit as ApiExtractor>::from_request(&request, &mut body, option("limit")).await;
        limit.map(|limit| limit.0).map_err(|error| error.status().as_u16())
    }

    #[tokio::test]
    async fn limits_are_whole_numbers_from_1_to_200() {
        for (query, expected) in [("", 50), ("limit=1", 1), ("limit=200", 200), ("other=5", 50), ("limit=", 50)] {
            assert_eq!(limit(query).await, Ok(expected), "{query}");
        }
        for query in [
            "limit=0",
            "limit=-1",
            "limit=201",
            "limit=4294967296",
            "limit=NaN",
            "limit=1e2",
            "limit=1&limit=1",
            "x=%ff",
        ] {
            assert_eq!(limit(query).await, Err(400), "{query}");
        }
    }

    #[tokio::test]
    async fn cursors_are_identifiers_and_nothing_else() {
        let read = async |query: &str| {
            let (request, mut body) = request(query).split();
            let cursor = <Cursor<UserId> as ApiExtractor>::from_request(&request, &mut body, option("cursor")).await;
            cursor.map(|cursor| wanted(&Limit(5), &cursor).after).map_err(|error| error.status().as_u16())
        };
        let id = UserId([7; 16]).to_string();
        assert_eq!(read(&format!("cursor={id}")).await, Ok(Some(id.clone())));
        assert_eq!(read("").await, Ok(None));
        for query in [&format!("cursor={id}x"), "cursor=1'%20OR%20'1'='1", "cursor=%00"] {
            assert_eq!(read(query).await, Err(400), "{query}");
        }
    }

    #[test]
    fn short_lists_are_cut_like_long_ones() {
        let page = |after: Option<&str>, limit| {
            let wanted = ports::PageRequest { after: after.map(str::to_owned), limit };
            let page = cut(vec!["c", "a", "b"], &wanted, ToString::to_string);
            (page.items, page.next)
        };
        assert_eq!(page(None, 2), (vec!["a", "b"], Some("b".to_owned())));
        assert_eq!(page(Some("b"), 2), (vec!["c"], None));
        assert_eq!(page(None, 3), (vec!["a", "b", "c"], None));
        assert_eq!(page(Some("aa"), 9), (vec!["b", "c"], None));
        assert_eq!(page(Some("z"), 9), (vec![], None));
    }
}
