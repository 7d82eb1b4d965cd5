//! Test reports as JUnit XML, as build servers read it.

use std::fmt::Write as _;

use super::TestReport;

pub(super) fn report(report: &TestReport) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    _ = writeln!(
        xml,
        "<testsuite name=\"{}\" tests=\"{}\" failures=\"{}\">",
        escaped(&report.package),
        report.tests.len(),
        report.failed()
    );
    for test in &report.tests {
        _ = write!(xml, "  <testcase classname=\"{}\" name=\"{}\"", escaped(&test.file), escaped(&test.name));
        match &test.failure {
            None => xml.push_str("/>\n"),
            Some(failure) => {
                let place = failure.position.as_ref().map(ToString::to_string).unwrap_or_default();
                let (place, message) = (escaped(&place), escaped(&failure.message));
                _ = writeln!(xml, ">\n    <failure message=\"{message}\">{place}</failure>\n  </testcase>");
            }
        }
    }
    xml.push_str("</testsuite>\n");
    xml
}

/// Text as XML takes it, in attributes too. Characters that XML cannot hold become question marks.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(' '),
            character if character.is_control() || matches!(character, '\u{fffe}' | '\u{ffff}') => escaped.push('?'),
            character => escaped.push(character),
        }
    }
    escaped
}
