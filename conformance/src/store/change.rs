//! Updates: how an update document changes a document.
//!
//! Operators are `$set`, `$unset`, `$push` and `$setOnInsert`; a path may open arrays by position and, as the suite
//! does when it notes a module's run in its plan, by `$[name]` with array filters.

use super::command::CommandError;
use super::filter::{matches, operators};
use bson::{Bson, Document, oid::ObjectId};

/// One update of a command: a replacement, or operators with their array filters.
pub(crate) struct Change<'a> {
    update: &'a Document,
    array_filters: Vec<&'a Document>,
}

impl<'a> Change<'a> {
    /// Reads an update and its `arrayFilters`. Pipelines are not supported.
    pub(crate) fn new(update: &'a Bson, array_filters: Option<&'a Bson>) -> Result<Self, CommandError> {
        let update = update
            .as_document()
            .ok_or_else(|| CommandError::bad_value("an update is one document: pipelines are not supported".into()))?;
        let array_filters = match array_filters {
            None => Vec::new(),
            Some(filters) => filters
                .as_array()
                .and_then(|filters| filters.iter().map(Bson::as_document).collect::<Option<Vec<_>>>())
                .ok_or_else(|| CommandError::bad_value("arrayFilters is an array of documents".into()))?,
        };
        Ok(Self { update, array_filters })
    }

    /// The document after the change.
    pub(crate) fn applied_to(&self, document: &Document) -> Result<Document, CommandError> {
        self.apply(document, false)
    }

    /// The document that an upsert inserts where `filter` matched nothing.
    pub(crate) fn inserted(&self, filter: &Document) -> Result<Document, CommandError> {
        let mut base = Document::new();
        collect_equalities(filter, &mut base);
        let mut document = self.apply(&base, true)?;
        let identifier = document.remove("_id").unwrap_or_else(|| Bson::ObjectId(ObjectId::new()));
        let mut inserted = Document::new();
        inserted.insert("_id", identifier);
        inserted.extend(document);
        Ok(inserted)
    }

    fn apply(&self, document: &Document, inserting: bool) -> Result<Document, CommandError> {
        if !self.update.keys().next().is_some_and(|name| name.starts_with('$')) {
            let mut replacement = Document::new();
            if let Some(identifier) = document.get("_id") {
                replacement.insert("_id", identifier.clone());
            }
            replacement.extend(self.update.clone());
            return Ok(replacement);
        }
        let mut root = Bson::Document(document.clone());
        for (operator, fields) in self.update {
            let action = match operator.as_str() {
                "$set" => Action::Set,
                "$setOnInsert" if inserting => Action::Set,
                "$setOnInsert" => continue,
                "$unset" => Action::Unset,
                "$push" => Action::Push,
                other => return Err(CommandError::unsupported_operator(other)),
            };
            let fields =
                fields.as_document().ok_or_else(|| CommandError::bad_value(format!("{operator} needs fields")))?;
            for (path, operand) in fields {
                let segments: Vec<&str> = path.split('.').collect();
                self.walk(&mut root, &segments, action, operand)?;
            }
        }
        match root {
            Bson::Document(document) => Ok(document),
            _ => Err(CommandError::bad_value("an update changes fields of a document".into())),
        }
    }

    fn walk(&self, node: &mut Bson, path: &[&str], action: Action, operand: &Bson) -> Result<(), CommandError> {
        let Some((head, rest)) = path.split_first() else { return action.run(node, operand) };
        match node {
            Bson::Document(fields) => {
                if matches!((action, rest), (Action::Unset, [])) {
                    fields.remove(head);
                    return Ok(());
                }
                let missing = !fields.contains_key(head);
                if missing && matches!(action, Action::Unset) {
                    return Ok(());
                }
                let empty = if rest.is_empty() { action.empty() } else { Bson::Document(Document::new()) };
                self.walk(fields.entry((*head).to_owned()).or_insert(empty), rest, action, operand)
            }
            Bson::Array(items) => match head.strip_prefix("$[").and_then(|name| name.strip_suffix(']')) {
                Some(name) => {
                    for item in items {
                        if self.selects(name, item)? {
                            self.walk(item, rest, action, operand)?;
                        }
                    }
                    Ok(())
                }
                None => match head.parse::<usize>().ok().and_then(|position| items.get_mut(position)) {
                    Some(item) => self.walk(item, rest, action, operand),
                    None => {
                        Err(CommandError::bad_value(format!("no element {head} in the array of the update's path")))
                    }
                },
            },
            _ => Err(CommandError::bad_value(format!("the field before {head} in the update's path has no fields"))),
        }
    }

    /// Whether `$[name]` means this element: every array filter that speaks of `name` holds; `$[]` means all.
    fn selects(&self, name: &str, item: &Bson) -> Result<bool, CommandError> {
        if name.is_empty() {
            return Ok(true);
        }
        let mut named = false;
        let mut wrapped = Document::new();
        wrapped.insert(name, item.clone());
        for filter in &self.array_filters {
            if filter.keys().any(|path| path.split('.').next() == Some(name)) {
                named = true;
                if !matches(filter, &wrapped)? {
                    return Ok(false);
                }
            }
        }
        if named {
            Ok(true)
        } else {
            Err(CommandError::bad_value(format!("no array filter found for identifier {name}")))
        }
    }
}

#[derive(Clone, Copy)]
enum Action {
    Set,
    Unset,
    Push,
}

impl Action {
    fn empty(self) -> Bson {
        if matches!(self, Self::Push) { Bson::Array(Vec::new()) } else { Bson::Null }
    }

    fn run(self, node: &mut Bson, operand: &Bson) -> Result<(), CommandError> {
        match self {
            Self::Set => *node = operand.clone(),
            Self::Unset => *node = Bson::Null,
            Self::Push => match node {
                Bson::Array(items) => match operators(operand).map(|modifiers| modifiers.get("$each")) {
                    None => items.push(operand.clone()),
                    Some(Some(Bson::Array(each))) => items.extend(each.iter().cloned()),
                    Some(_) => return Err(CommandError::unsupported_operator("$push modifier")),
                },
                _ => return Err(CommandError::bad_value("$push needs an array".into())),
            },
        }
        Ok(())
    }
}

/// The fields that a filter fixes by equality: an upsert starts from them.
fn collect_equalities(filter: &Document, base: &mut Document) {
    for (name, condition) in filter {
        if name == "$and" {
            let branches = condition.as_array().into_iter().flatten().filter_map(Bson::as_document);
            branches.for_each(|branch| collect_equalities(branch, base));
        } else if !name.starts_with('$') && !name.contains('.') && operators(condition).is_none() {
            base.insert(name.clone(), condition.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bson::doc;

    fn plan() -> Document {
        doc! {
            "_id": "plan",
            "modules": [
                { "testModule": "server", "variant": { "response_type": "code" }, "instances": [] },
                { "testModule": "server", "variant": { "response_type": "id_token" }, "instances": [] },
                { "testModule": "other", "variant": { "response_type": "code" }, "instances": ["old"] },
            ],
        }
    }

    fn change(update: Document, filters: &[Document], document: &Document) -> Result<Document, CommandError> {
        let (update, filters) = (Bson::Document(update), Bson::from(filters.to_vec()));
        Change::new(&update, Some(&filters))?.applied_to(document)
    }

    #[test]
    fn a_push_with_array_filters_of_several_keys_reaches_one_module() {
        let filter = doc! { "module.variant.response_type": "code", "module.testModule": "server" };
        let after = change(doc! { "$push": { "modules.$[module].instances": "run" } }, &[filter], &plan()).unwrap();

        let mut expected = plan();
        let modules = expected.get_array_mut("modules").unwrap();
        *modules[0].as_document_mut().unwrap().get_mut("instances").unwrap() = Bson::from(vec!["run"]);
        assert_eq!(after, expected);
    }

    #[test]
    fn an_array_identifier_without_filter_is_an_error() {
        let error = change(doc! { "$push": { "modules.$[module].instances": "run" } }, &[], &plan()).unwrap_err();
        assert!(error.message.contains("identifier module"), "{}", error.message);
    }

    #[test]
    fn set_and_unset_change_nested_fields() {
        let update = doc! { "$set": { "a.b": 1, "modules.2.testModule": "renamed" }, "$unset": { "gone": "" } };
        let mut before = plan();
        before.insert("gone", true);
        let after = change(update, &[], &before).unwrap();
        assert_eq!(after.get_document("a").unwrap(), &doc! { "b": 1 });
        assert_eq!(
            after.get_array("modules").unwrap()[2].as_document().unwrap().get_str("testModule").unwrap(),
            "renamed"
        );
        assert!(!after.contains_key("gone"));
    }

    #[test]
    fn a_replacement_keeps_the_identifier() {
        assert_eq!(change(doc! { "b": 2 }, &[], &doc! { "_id": 1, "a": 1 }).unwrap(), doc! { "_id": 1, "b": 2 });
    }

    #[test]
    fn an_upsert_starts_from_the_filters_equalities() {
        let update = Bson::Document(doc! { "$setOnInsert": { "_id": "f1", "addedAt": 5 }, "$push": { "list": "x" } });
        let filter = doc! { "$and": [{ "owner": { "sub": "a" } }], "planName": "p", "time": { "$gt": 3 } };
        let inserted = Change::new(&update, None).unwrap().inserted(&filter).unwrap();
        assert_eq!(
            inserted,
            doc! { "_id": "f1", "owner": { "sub": "a" }, "planName": "p", "addedAt": 5, "list": ["x"] }
        );
        assert_eq!(inserted.keys().next().unwrap(), "_id");
    }

    #[test]
    fn set_on_insert_leaves_an_existing_document_alone_and_unknown_operators_are_named() {
        assert_eq!(change(doc! { "$setOnInsert": { "a": 2 } }, &[], &doc! { "a": 1 }).unwrap(), doc! { "a": 1 });
        let error = change(doc! { "$rename": { "a": "b" } }, &[], &doc! { "a": 1 }).unwrap_err();
        assert!(error.message.contains("$rename"));
    }
}
