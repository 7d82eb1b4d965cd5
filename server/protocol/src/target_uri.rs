//! Comparing the address in a proof with that of an endpoint (RFC 9449 section 4.3): query and fragment aside, and after
//! the normalisation of RFC 3986 sections 6.2.2 and 6.2.3.

/// Whether two absolute addresses of HTTP name the same target.
pub fn is_same(left: &str, right: &str) -> bool {
    left == right || normalised(left).is_some_and(|left| normalised(right) == Some(left))
}

/// Scheme and host in lower case, no default port, a path without dot segments and needless escapes, no query, no
/// fragment. Nothing for what is no address of HTTP, or says who asks.
fn normalised(uri: &str) -> Option<String> {
    let uri = uri.split(['?', '#']).next()?;
    let (scheme, rest) = uri.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let default_port = match scheme.as_str() {
        "https" => "443",
        "http" => "80",
        _ => return None,
    };
    let (authority, path) = rest.find('/').map_or((rest, ""), |start| rest.split_at(start));
    if authority.is_empty() || authority.bytes().any(|byte| !is_of_authority(byte)) {
        return None;
    }
    let authority = authority.to_ascii_lowercase();
    let is_default = |(_, port): &(&str, &str)| port.is_empty() || *port == default_port;
    let host = authority.rsplit_once(':').filter(is_default).map_or(authority.as_str(), |(host, _)| host);
    if host.is_empty() {
        return None;
    }
    Some(format!("{scheme}://{host}{}", without_dot_segments(&without_needless_escapes(path)?)))
}

const fn is_of_authority(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'[' | b']' | b':')
}

/// RFC 3986 sections 6.2.2.1 and 6.2.2.2: what need not be escaped is not, and escapes have capital letters.
fn without_needless_escapes(path: &str) -> Option<String> {
    let mut text = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(position) = rest.find('%') {
        text.push_str(&rest[..position]);
        let digits = rest.get(position + 1..position + 3)?;
        let is_escape = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let byte = u8::from_str_radix(digits, 16).ok().filter(|_| is_escape)?;
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            text.push(char::from(byte));
        } else {
            text.push('%');
            text.push_str(&digits.to_ascii_uppercase());
        }
        rest = &rest[position + 3..];
    }
    text.push_str(rest);
    Some(text)
}

/// RFC 3986 section 5.2.4, for a path that begins with a slash or is empty; empty means the root (section 6.2.3).
fn without_dot_segments(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    let mut ends_open = true;
    for segment in path.split('/').skip(1) {
        ends_open = matches!(segment, "." | "..");
        match segment {
            "." => {}
            ".." => drop(segments.pop()),
            other => segments.push(other),
        }
    }
    if ends_open {
        segments.push("");
    }
    format!("/{}", segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc9449_4_3_query_and_fragment_do_not_count() {
        let endpoint = "https://op.test/realms/a/token";
        for same in ["?", "?query=1", "#fragment", "?query#fragment", "?a/b:c@d#e?f"] {
            assert!(is_same(&format!("{endpoint}{same}"), endpoint), "{same}");
        }
    }

    #[test]
    fn rfc3986_6_2_2_and_6_2_3_normalised_addresses_are_the_same() {
        for (left, right) in [
            ("HTTPS://OP.Test/a", "https://op.test/a"),
            ("https://op.test:443/a", "https://op.test/a"),
            ("https://op.test:/a", "https://op.test/a"),
            ("http://op.test:80/a", "http://op.test/a"),
            ("https://op.test", "https://op.test/"),
            ("https://op.test/%7Eana/%2f", "https://op.test/~ana/%2F"),
            ("https://op.test/a/./b/../c", "https://op.test/a/c"),
            ("https://op.test/a/%2E%2e/b", "https://op.test/b"),
            ("https://op.test/../a/..", "https://op.test/"),
            ("https://[::1]:443/a", "https://[::1]/a"),
        ] {
            assert!(is_same(left, right), "{left} {right}");
            assert!(is_same(right, left), "{right} {left}");
        }
    }

    #[test]
    fn rfc9449_4_3_other_addresses_are_not_the_same() {
        let endpoint = "https://op.test/realms/a/token";
        for other in [
            "",
            "/realms/a/token",
            "//op.test/realms/a/token",
            "http://op.test/realms/a/token",
            "https://op.test:8443/realms/a/token",
            "https://op.test:443:443/realms/a/token",
            "https://op.test.evil.test/realms/a/token",
            "https://ana@op.test/realms/a/token",
            "https://op.test\\@evil.test/realms/a/token",
            "https://op.test/realms/A/token",
            "https://op.test/realms/a/token/",
            "https://op.test/realms%2Fa/token",
            "https://op.test//realms/a/token",
            "https://op.test/realms/a/tok%",
            "https://op.test/realms/a/tok%e",
            "https://op.test/realms/a/tok%+5n",
            "https://op.test/realms/a/token%00",
            " https://op.test/realms/a/token",
            "https://op.test /realms/a/token",
            "https:///realms/a/token",
            "https://:443/realms/a/token",
            "ftp://op.test/realms/a/token",
        ] {
            assert!(!is_same(other, endpoint), "{other}");
        }
    }
}
