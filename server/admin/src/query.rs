//! Query parameters that choose: which of several things of one name is meant.

use std::str::FromStr;

use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaParamIn, MetaSchemaRef};
use poem_openapi::types::Type as _;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use crate::paging::parameter;

/// A query parameter that may be absent.
pub(crate) struct Choice<T>(pub(crate) Option<T>);

impl<'a, T: FromStr + Send + Sync> ApiExtractor<'a> for Choice<T> {
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
        Ok(Self(parameter(request, options.name, "is not what names such a thing")?))
    }
}
