//! Just enough DER (X.690) to read what OpenSSL's Rust binding does not tell: which attributes of a distinguished name
//! share one relative name, and which extensions of a revocation list are critical.

/// Splits the first element off: tag, content, rest. Only definite lengths of at most four octets.
pub(crate) fn split_element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, first_length], rest) = der.split_first_chunk()?;
    let (length, rest) = if first_length < 0x80 {
        (usize::from(first_length), rest)
    } else {
        let octets = usize::from(first_length & 0x7f);
        if octets == 0 || octets > 4 {
            return None;
        }
        let (length, rest) = rest.split_at_checked(octets)?;
        (length.iter().fold(0, |sum, octet| (sum << 8) | usize::from(*octet)), rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// The content of an element that must have this tag and be followed by nothing.
pub(crate) fn only_element(tag: u8, der: &[u8]) -> Option<&[u8]> {
    match split_element(der)? {
        (found, content, []) if found == tag => Some(content),
        _ => None,
    }
}

/// The dotted form of an object identifier's content.
pub(crate) fn object_identifier(content: &[u8]) -> Option<String> {
    let mut arcs: Vec<u64> = Vec::new();
    let mut arc = 0_u64;
    for octet in content {
        arc = arc.checked_mul(0x80)?.checked_add(u64::from(octet & 0x7f))?;
        if octet & 0x80 == 0 {
            arcs.push(arc);
            arc = 0;
        }
    }
    if content.last()? & 0x80 != 0 {
        return None;
    }
    let (joined, rest) = arcs.split_first()?;
    let root = (joined / 40).min(2);
    let mut dotted = format!("{root}.{}", joined - root * 40);
    for arc in rest {
        dotted.push('.');
        dotted.push_str(&arc.to_string());
    }
    Some(dotted)
}

/// The text of a string element, by its type; none for other types or broken text.
pub(crate) fn text(tag: u8, content: &[u8]) -> Option<String> {
    match tag {
        // UTF8String, NumericString, PrintableString, IA5String, VisibleString
        0x0c | 0x12 | 0x13 | 0x16 | 0x1a => String::from_utf8(content.to_vec()).ok(),
        // TeletexString, in practice Latin-1
        0x14 => Some(content.iter().map(|octet| char::from(*octet)).collect()),
        // UniversalString
        0x1c => {
            let (characters, []) = content.as_chunks::<4>() else { return None };
            characters.iter().map(|octets| char::from_u32(u32::from_be_bytes(*octets))).collect()
        }
        // BMPString
        0x1e => {
            let (units, []) = content.as_chunks::<2>() else { return None };
            char::decode_utf16(units.iter().map(|octets| u16::from_be_bytes(*octets))).collect::<Result<_, _>>().ok()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x690_8_1_elements_with_impossible_lengths_are_refused() {
        assert_eq!(split_element(&[0x30, 0x02, 1, 2, 3]), Some((0x30, &[1, 2][..], &[3][..])));
        assert_eq!(split_element(&[0x30, 0x81, 0x01, 9]), Some((0x30, &[9][..], &[][..])));
        for refused in [
            &[][..],
            &[0x30],
            &[0x30, 0x01],
            &[0x30, 0x80],
            &[0x30, 0x85, 0, 0, 0, 0, 1],
            &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
        ] {
            assert_eq!(split_element(refused), None, "{refused:02x?}");
        }
    }

    #[test]
    fn x690_8_19_object_identifiers() {
        assert_eq!(object_identifier(&[0x55, 0x04, 0x03]).as_deref(), Some("2.5.4.3"));
        let domain_component = [0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x19];
        assert_eq!(object_identifier(&domain_component).as_deref(), Some("0.9.2342.19200300.100.1.25"));
        assert_eq!(object_identifier(&[0x88, 0x37]).as_deref(), Some("2.999"));
        for refused in [&[][..], &[0x55, 0x84], &[0xff; 12]] {
            assert_eq!(object_identifier(refused), None, "{refused:02x?}");
        }
    }

    #[test]
    fn x690_8_23_strings_of_each_type() {
        assert_eq!(text(0x0c, "é".as_bytes()).as_deref(), Some("é"));
        assert_eq!(text(0x14, &[0xe9]).as_deref(), Some("é"));
        assert_eq!(text(0x1e, &[0x00, 0xe9]).as_deref(), Some("é"));
        assert_eq!(text(0x1c, &[0, 0, 0, 0xe9]).as_deref(), Some("é"));
        for (tag, broken) in
            [(0x0c, &[0xff][..]), (0x1e, &[0xd8, 0x00]), (0x1e, &[0]), (0x1c, &[0, 0, 0]), (0x04, &[1])]
        {
            assert_eq!(text(tag, broken), None);
        }
    }
}
