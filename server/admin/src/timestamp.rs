//! Points in time as the API writes them (RFC 3339).

use std::borrow::Cow;

use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type};
use serde_json::Value;
use signet_core::protocol::time::UnixTime;
use time::OffsetDateTime;

/// A point in time. The server writes it; it is never read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Timestamp(pub(crate) UnixTime);

impl Timestamp {
    /// `2027-01-15T08:00:00Z`; times beyond the year 9999 are written as its end.
    fn text(self) -> String {
        let time = OffsetDateTime::from_unix_timestamp(self.0.0).unwrap_or_else(|_| {
            if self.0.0 < 0 { OffsetDateTime::UNIX_EPOCH } else { time::PrimitiveDateTime::MAX.assume_utc() }
        });
        let (year, month, day) = time.to_calendar_date();
        let (hour, minute, second) = time.to_hms();
        format!("{year:04}-{:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z", u8::from(month))
    }
}

impl Type for Timestamp {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "date-time".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("string", "date-time")))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ToJSON for Timestamp {
    fn to_json(&self) -> Option<Value> {
        Some(self.text().into())
    }
}

impl ParseFromJSON for Timestamp {
    fn parse_from_json(_: Option<Value>) -> ParseResult<Self> {
        Err(ParseError::custom("times are the server's to write"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3339_5_6_times_are_written_in_utc() {
        assert_eq!(Timestamp(UnixTime(0)).text(), "1970-01-01T00:00:00Z");
        assert_eq!(Timestamp(UnixTime(1_709_210_096)).text(), "2024-02-29T12:34:56Z");
        assert_eq!(Timestamp(UnixTime(i64::MAX)).text(), "9999-12-31T23:59:59Z");
    }
}
