//! Path segments that name objects.

use std::str::FromStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaParamIn, MetaSchemaRef};
use poem_openapi::types::Type as _;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use crate::problem::Problem;

/// Everything but the unreserved characters of RFC 3986 section 2.3.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A path segment that names an object; poem-openapi knows path parameters by this very name. What cannot be the name
/// of any object names none: 404.
pub(crate) struct Path<T>(pub(crate) T);

impl<'a, T: FromStr + Send + Sync> ApiExtractor<'a> for Path<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    const PARAM_IS_REQUIRED: bool = true;
    type ParamType = String;
    type ParamRawType = String;

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Path)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        Some(String::schema_ref())
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        options: ExtractParamOptions<String>,
    ) -> poem::Result<Self> {
        let name = request.raw_path_param(options.name).and_then(|text| text.parse().ok());
        Ok(Self(name.ok_or_else(|| Problem::not_found("object"))?))
    }
}

/// The address of an object below the API's base.
pub(crate) fn location(public_url: &str, segments: &[&str]) -> String {
    let mut address = format!("{public_url}{}", crate::BASE_PATH);
    for segment in segments {
        address.push('/');
        address.extend(utf8_percent_encode(segment, ESCAPED));
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3986_2_1_identifiers_are_one_segment_whatever_they_hold() {
        assert_eq!(
            location("https://op.test", &["realms", "demo", "clients", "https://rp.test/a b?c=%2e"]),
            "https://op.test/admin/api/v1/realms/demo/clients/https%3A%2F%2Frp.test%2Fa%20b%3Fc%3D%252e"
        );
    }
}
