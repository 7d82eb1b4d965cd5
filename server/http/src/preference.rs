//! What a request would rather have: the members of `Accept` and `Accept-Language` (RFC 9110 section 12.4).

/// One range and its weight in thousandths (RFC 9110 section 12.4.2); `None` when malformed.
pub(crate) fn weighted(entry: &str) -> Option<(&str, u16)> {
    let Some((range, parameter)) = entry.split_once(';') else {
        return Some((entry.trim(), 1000));
    };
    let value = parameter.trim().strip_prefix(['q', 'Q'])?.strip_prefix('=')?;
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{fraction:0<3}").parse().ok()?;
    match (whole, thousandths) {
        ("0", weight) => Some((range.trim(), weight)),
        ("1", 0) => Some((range.trim(), 1000)),
        _ => None,
    }
}
