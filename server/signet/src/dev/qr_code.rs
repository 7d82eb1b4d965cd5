//! A QR code for a terminal.

use qrcodegen::{QrCode, QrCodeEcc};

/// Light modules around the code, which readers need (ISO/IEC 18004 section 9.1).
const QUIET: i32 = 4;

/// A text as a QR code, two rows of it a line, dark on light whatever the terminal's colours are; nothing for a text that
/// is too long.
pub(crate) fn qr_code(text: &str) -> String {
    let Ok(code) = QrCode::encode_text(text, QrCodeEcc::Low) else { return String::new() };
    let range = -QUIET..code.size() + QUIET;
    let line = |row: i32| {
        let half = |column: i32| match (code.get_module(column, row), code.get_module(column, row + 1)) {
            (true, true) => '\u{2588}',
            (true, false) => '\u{2580}',
            (false, true) => '\u{2584}',
            (false, false) => ' ',
        };
        let modules: String = range.clone().map(half).collect();
        format!("\u{1b}[30;107m{modules}\u{1b}[0m\n")
    };
    range.clone().step_by(2).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_a_square_with_a_light_border() {
        let shown = qr_code("https://localhost:8443/realms/demo/device?user_code=WDJB-MJHT");
        let lines: Vec<&str> = shown.lines().collect();
        let width = lines[0].chars().count() - "\u{1b}[30;107m\u{1b}[0m".chars().count();
        assert_eq!(lines.len(), width.div_ceil(2));
        assert!(lines[0].contains(&" ".repeat(width)) && lines[1].contains(&" ".repeat(width)));
        assert_eq!(qr_code(&"x".repeat(5_000)), "");
    }
}
