//! QR codes on pages, as a picture in the page itself: nothing is loaded for it.

use std::fmt::Write as _;

use qrcodegen::QrCodeEcc;
use serde::Serialize;

/// Light modules around the code, which readers need (ISO/IEC 18004 section 9.1).
const QUIET: i32 = 4;

/// An address as a QR code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QrCode {
    /// Modules on a side, the light ones around it included.
    size: i32,
    /// The dark modules, as the path of an SVG.
    path: String,
}

impl QrCode {
    /// The code of an address of this server; nothing for one that is too long.
    pub fn of(address: &str) -> Option<Self> {
        let code = qrcodegen::QrCode::encode_text(address, QrCodeEcc::Medium).ok()?;
        let mut path = String::new();
        for row in 0..code.size() {
            for column in (0..code.size()).filter(|column| code.get_module(*column, row)) {
                // Writing to a text cannot fail.
                let _ = write!(path, "M{},{}h1v1h-1z", column + QUIET, row + QUIET);
            }
        }
        Some(Self { size: code.size() + 2 * QUIET, path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_keeps_its_light_border() {
        let code = QrCode::of("https://login.example.com/realms/demo/device").unwrap();
        assert!(code.size > 29 && code.path.starts_with("M4,4h1v1h-1z"), "{code:?}");
        let numbers = code.path.split(|letter: char| !letter.is_ascii_digit()).filter_map(|text| text.parse().ok());
        assert!(numbers.max().unwrap_or(0) < code.size - QUIET);
        assert_eq!(QrCode::of(&"x".repeat(5_000)), None);
    }
}
