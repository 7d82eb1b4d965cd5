//! Query filters: which documents a command means.
//!
//! Only the operators that the suite uses exist; any other is an error that names it, never a silent non-match.

use super::command::CommandError;
use super::value::{compare, equal, values_at};
use bson::{Bson, Document};
use std::cmp::Ordering;

/// Whether `document` satisfies `filter`.
pub(crate) fn matches(filter: &Document, document: &Document) -> Result<bool, CommandError> {
    for (name, condition) in filter {
        let holds = match name.as_str() {
            "$and" => all(branches(name, condition)?, document)?,
            "$or" => any(branches(name, condition)?, document)?,
            "$text" => text_matches(condition, document)?,
            "$comment" => true,
            operator if operator.starts_with('$') => return Err(CommandError::unsupported_operator(operator)),
            path => field_matches(condition, &values_at(document, path))?,
        };
        if !holds {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The operators of a condition such as `{ $gt: 3 }`; nothing where the condition is a value to equal.
pub(crate) fn operators(condition: &Bson) -> Option<&Document> {
    condition.as_document().filter(|fields| fields.keys().next().is_some_and(|name| name.starts_with('$')))
}

fn branches<'a>(operator: &str, condition: &'a Bson) -> Result<Vec<&'a Document>, CommandError> {
    let items = condition.as_array().ok_or_else(|| CommandError::bad_value(format!("{operator} needs an array")))?;
    items
        .iter()
        .map(|item| item.as_document().ok_or_else(|| CommandError::bad_value(format!("{operator} needs documents"))))
        .collect()
}

fn all(filters: Vec<&Document>, document: &Document) -> Result<bool, CommandError> {
    for filter in filters {
        if !matches(filter, document)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn any(filters: Vec<&Document>, document: &Document) -> Result<bool, CommandError> {
    for filter in filters {
        if matches(filter, document)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn field_matches(condition: &Bson, values: &[&Bson]) -> Result<bool, CommandError> {
    if matches!(condition, Bson::RegularExpression(_)) {
        return Err(CommandError::unsupported_operator("regular expression"));
    }
    let Some(operators) = operators(condition) else { return Ok(has(values, condition)) };
    for (operator, operand) in operators {
        let holds = match operator.as_str() {
            "$eq" => has(values, operand),
            "$ne" => !has(values, operand),
            "$in" => has_any(values, operator, operand)?,
            "$nin" => !has_any(values, operator, operand)?,
            "$gt" => ordered(values, operand, |order| order == Ordering::Greater),
            "$gte" => ordered(values, operand, |order| order != Ordering::Less),
            "$lt" => ordered(values, operand, |order| order == Ordering::Less),
            "$lte" => ordered(values, operand, |order| order != Ordering::Greater),
            "$exists" => values.is_empty() != truth(operand),
            other => return Err(CommandError::unsupported_operator(other)),
        };
        if !holds {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Null equals a missing field; a value equals an array that contains it.
fn has(values: &[&Bson], wanted: &Bson) -> bool {
    if values.is_empty() {
        return matches!(wanted, Bson::Null);
    }
    values.iter().any(|value| {
        equal(value, wanted) || value.as_array().is_some_and(|items| items.iter().any(|item| equal(item, wanted)))
    })
}

fn has_any(values: &[&Bson], operator: &str, operand: &Bson) -> Result<bool, CommandError> {
    let wanted = operand.as_array().ok_or_else(|| CommandError::bad_value(format!("{operator} needs an array")))?;
    Ok(wanted.iter().any(|wanted| has(values, wanted)))
}

fn ordered(values: &[&Bson], operand: &Bson, accepted: fn(Ordering) -> bool) -> bool {
    values.iter().any(|value| compare(value, operand).is_some_and(accepted))
}

fn truth(value: &Bson) -> bool {
    !matches!(value, Bson::Boolean(false) | Bson::Int32(0) | Bson::Int64(0) | Bson::Null)
}

/// The suite's list search: one quoted phrase, looked for in every text of the document's first level.
fn text_matches(condition: &Bson, document: &Document) -> Result<bool, CommandError> {
    let search = condition.as_document().and_then(|fields| fields.get_str("$search").ok());
    let search = search.ok_or_else(|| CommandError::bad_value("$text needs $search".to_owned()))?;
    let phrase = search.trim_matches('"').to_lowercase();
    Ok(document.values().filter_map(Bson::as_str).any(|text| text.to_lowercase().contains(&phrase)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bson::doc;

    fn holds(filter: &Document) -> bool {
        let document = doc! {
            "_id": "t1-x", "testId": "t1", "time": 20_i64, "upload": "abc", "publish": Bson::Null,
            "testOwner": { "sub": "developer", "iss": "https://developer.com" },
            "modules": [{ "testModule": "one", "instances": [] }, { "testModule": "two" }],
        };
        matches(filter, &document).unwrap()
    }

    #[test]
    fn equality_knows_embedded_documents_arrays_and_null() {
        assert!(holds(&doc! { "testId": "t1", "testOwner": { "sub": "developer", "iss": "https://developer.com" } }));
        assert!(!holds(&doc! { "testOwner": { "iss": "https://developer.com", "sub": "developer" } }));
        assert!(holds(&doc! { "modules.testModule": "two" }));
        assert!(holds(&doc! { "publish": Bson::Null }));
        assert!(holds(&doc! { "absent": Bson::Null }));
        assert!(!holds(&doc! { "testId": Bson::Null }));
    }

    #[test]
    fn operators_of_the_suite_work() {
        assert!(holds(&doc! { "time": { "$gt": 19 } }));
        assert!(!holds(&doc! { "time": { "$gt": 20_i64 } }));
        assert!(holds(&doc! { "time": { "$gte": 20, "$lt": 21 } }));
        assert!(holds(&doc! { "testId": { "$in": ["t0", "t1"] } }));
        assert!(holds(&doc! { "publish": { "$in": [Bson::Null, "summary"] } }));
        assert!(holds(&doc! { "testId": { "$ne": "t2" }, "absent": { "$ne": true } }));
        assert!(holds(&doc! { "upload": { "$exists": true }, "img": { "$exists": false } }));
        assert!(holds(
            &doc! { "$and": [{ "testId": "t1" }, { "$or": [{ "img": { "$exists": true } }, { "upload": "abc" }] }] }
        ));
        assert!(!holds(&doc! { "$or": [{ "testId": "t2" }] }));
        assert!(holds(&doc! { "$text": { "$search": "\"T1-X\"" } }));
        assert!(!holds(&doc! { "$text": { "$search": "\"other\"" } }));
    }

    #[test]
    fn an_unknown_operator_is_an_error_that_names_it() {
        for filter in [doc! { "a": { "$regex": "b" } }, doc! { "$where": "true" }] {
            let error = matches(&filter, &doc! { "a": "b" }).unwrap_err();
            assert!(error.message.contains('$'), "{}", error.message);
        }
    }
}
