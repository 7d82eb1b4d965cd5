//! Comparing BSON values and following field paths, as the query language does.

use bson::{Bson, Document};
use std::cmp::Ordering;

/// Whether two values are equal: numbers by value whatever their type, documents with their fields in order.
pub(crate) fn equal(left: &Bson, right: &Bson) -> bool {
    match (left, right) {
        (Bson::Document(left), Bson::Document(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|((name, value), (other_name, other))| name == other_name && equal(value, other))
        }
        (Bson::Array(left), Bson::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(value, other)| equal(value, other))
        }
        _ => match (number(left), number(right)) {
            (Some(left), Some(right)) => left.total_cmp(&right).is_eq(),
            _ => left == right,
        },
    }
}

/// A value with every whole number in one type, so that equal values have equal bytes in an index.
pub(crate) fn normalised(value: &Bson) -> Bson {
    match value {
        Bson::Int32(value) => Bson::Double(f64::from(*value)),
        Bson::Int64(_) => number(value).map_or(Bson::Null, Bson::Double),
        Bson::Document(fields) => {
            Bson::Document(fields.iter().map(|(name, value)| (name.clone(), normalised(value))).collect())
        }
        Bson::Array(items) => Bson::Array(items.iter().map(normalised).collect()),
        other => other.clone(),
    }
}

/// The order of two values of one kind; nothing where they cannot be compared, as in range operators.
pub(crate) fn compare(left: &Bson, right: &Bson) -> Option<Ordering> {
    if let (Some(left), Some(right)) = (number(left), number(right)) {
        return left.partial_cmp(&right);
    }
    match (left, right) {
        (Bson::String(left), Bson::String(right)) => Some(left.cmp(right)),
        (Bson::Boolean(left), Bson::Boolean(right)) => Some(left.cmp(right)),
        (Bson::DateTime(left), Bson::DateTime(right)) => Some(left.cmp(right)),
        (Bson::ObjectId(left), Bson::ObjectId(right)) => Some(left.bytes().cmp(&right.bytes())),
        _ => None,
    }
}

/// The order for sorting: by kind first, missing and null lowest, then by value.
pub(crate) fn sort_order(left: Option<&Bson>, right: Option<&Bson>) -> Ordering {
    let (left, right) = (left.unwrap_or(&Bson::Null), right.unwrap_or(&Bson::Null));
    rank(left).cmp(&rank(right)).then_with(|| compare(left, right).unwrap_or(Ordering::Equal))
}

fn rank(value: &Bson) -> u8 {
    match value {
        Bson::Null | Bson::Undefined => 0,
        Bson::Int32(_) | Bson::Int64(_) | Bson::Double(_) => 1,
        Bson::String(_) => 2,
        Bson::Document(_) => 3,
        Bson::Array(_) => 4,
        Bson::Binary(_) => 5,
        Bson::ObjectId(_) => 6,
        Bson::Boolean(_) => 7,
        Bson::DateTime(_) => 8,
        _ => 9,
    }
}

#[expect(clippy::cast_precision_loss, reason = "the suite's integers are times and counts, far below 2^53")]
fn number(value: &Bson) -> Option<f64> {
    match value {
        Bson::Int32(value) => Some(f64::from(*value)),
        Bson::Int64(value) => Some(*value as f64),
        Bson::Double(value) => Some(*value),
        _ => None,
    }
}

/// Every value a dotted path reaches, arrays on the way opened: `modules.testModule` reaches one per module.
pub(crate) fn values_at<'a>(document: &'a Document, path: &str) -> Vec<&'a Bson> {
    let (head, rest) = split(path);
    let Some(value) = document.get(head) else { return Vec::new() };
    match rest {
        None => vec![value],
        Some(rest) => values_below(value, rest),
    }
}

fn values_below<'a>(value: &'a Bson, path: &str) -> Vec<&'a Bson> {
    match value {
        Bson::Document(document) => values_at(document, path),
        Bson::Array(items) => {
            let (head, rest) = split(path);
            let by_position = head.parse::<usize>().ok().and_then(|position| items.get(position));
            let positional = by_position.into_iter().flat_map(|item| match rest {
                None => vec![item],
                Some(rest) => values_below(item, rest),
            });
            let documents = items.iter().filter_map(Bson::as_document).flat_map(|item| values_at(item, path));
            positional.chain(documents).collect()
        }
        _ => Vec::new(),
    }
}

fn split(path: &str) -> (&str, Option<&str>) {
    match path.split_once('.') {
        Some((head, rest)) => (head, Some(rest)),
        None => (path, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bson::doc;

    #[test]
    fn numbers_are_equal_across_types() {
        assert!(equal(&Bson::Int32(1), &Bson::Int64(1)));
        assert!(equal(&Bson::Double(1.0), &Bson::Int64(1)));
        assert!(!equal(&Bson::Int32(1), &Bson::String("1".into())));
    }

    #[test]
    fn embedded_documents_are_equal_only_with_the_same_fields_in_the_same_order() {
        let owner = Bson::Document(doc! { "sub": "a", "iss": "b" });
        assert!(equal(&owner, &Bson::Document(doc! { "sub": "a", "iss": "b" })));
        assert!(!equal(&owner, &Bson::Document(doc! { "iss": "b", "sub": "a" })));
        assert!(!equal(&owner, &Bson::Document(doc! { "sub": "a" })));
    }

    #[test]
    fn paths_open_arrays_of_documents_and_positions() {
        let plan = doc! { "modules": [{ "name": "one" }, { "name": "two" }] };
        assert_eq!(values_at(&plan, "modules.name"), [&Bson::String("one".into()), &Bson::String("two".into())]);
        assert_eq!(values_at(&plan, "modules.1.name"), [&Bson::String("two".into())]);
        assert!(values_at(&plan, "modules.name.deeper").is_empty());
        assert!(values_at(&plan, "absent").is_empty());
    }

    #[test]
    fn sorting_puts_the_missing_first_and_kinds_apart() {
        let (one, text) = (Bson::Int32(1), Bson::String("a".into()));
        assert_eq!(sort_order(None, Some(&one)), Ordering::Less);
        assert_eq!(sort_order(Some(&text), Some(&one)), Ordering::Greater);
        assert_eq!(sort_order(Some(&Bson::Int64(2)), Some(&one)), Ordering::Greater);
    }
}
