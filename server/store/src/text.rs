//! Text that every database can hold.

use signet_core::ports::StoreError;

use crate::failure::Failure;

/// Text for a column of `longest` characters.
///
/// # Errors
/// PostgreSQL has no U+0000 in text, and columns have an end. Callers check what people enter, with words for people;
/// this keeps the databases alike where a caller forgot.
pub(crate) fn storable(text: &str, longest: usize, column: &'static str) -> Result<String, Failure> {
    if text.contains('\0') || text.chars().count() > longest {
        let reason = format!("{column} takes at most {longest} characters and no U+0000");
        return Err(Failure::Final(StoreError::Corrupt(reason)));
    }
    Ok(text.to_owned())
}

/// Whether a row could have this text at all; if not, there is no need to ask, and PostgreSQL would refuse the
/// question.
pub(crate) fn may_be_stored(text: &str) -> bool {
    !text.contains('\0')
}
