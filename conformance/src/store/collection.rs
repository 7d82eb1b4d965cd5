//! One collection: documents in order of insertion, found by identifier or by the indexes that a client asked for.

use super::command::CommandError;
use super::filter::{matches, operators};
use super::journal::{Journal, Place, Record};
use super::value::normalised;
use bson::{Bson, Document, doc};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::Path;

/// Orders documents by insertion.
type Sequence = u64;

/// Documents of one name.
pub(crate) struct Collection {
    journal: Journal,
    places: BTreeMap<Sequence, Place>,
    identifiers: HashMap<Vec<u8>, Sequence>,
    indexes: Vec<Index>,
    next: Sequence,
}

/// An ascending index over whole values of top-level fields; text indexes are described but hold nothing.
struct Index {
    description: Document,
    fields: Vec<String>,
    unique: bool,
    /// An array was seen: its elements match too, which whole values cannot tell, so the index finds nothing any more.
    array_seen: bool,
    entries: BTreeMap<Vec<u8>, BTreeSet<Sequence>>,
}

impl Collection {
    /// Opens the collection kept in `path`.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let mut places = BTreeMap::new();
        let mut identifiers = HashMap::new();
        let mut next = 0;
        let journal = Journal::open(path, |record| match record {
            Record::Put(place, document) => {
                let sequence = *identifiers.entry(key_of([document.get("_id")])).or_insert_with(|| {
                    next += 1;
                    next
                });
                places.insert(sequence, place);
            }
            Record::Delete(key) => {
                if let Some(sequence) = identifiers.remove(&key_of([key.get("_id")])) {
                    places.remove(&sequence);
                }
            }
        })?;
        Ok(Self { journal, places, identifiers, indexes: Vec::new(), next })
    }

    /// Inserts a document, which has an `_id`.
    pub(crate) fn insert(&mut self, document: &Document) -> Result<(), CommandError> {
        let identifier = key_of([document.get("_id")]);
        if self.identifiers.contains_key(&identifier) {
            return Err(CommandError::duplicate_key("_id_"));
        }
        self.check_unique(document, None)?;
        self.next += 1;
        self.places.insert(self.next, self.journal.put(document)?);
        self.identifiers.insert(identifier, self.next);
        for index in &mut self.indexes {
            index.add(document, self.next);
        }
        Ok(())
    }

    /// The documents that `filter` selects, in order of insertion, at most `limit` where that is not 0.
    pub(crate) fn find(&mut self, filter: &Document, limit: usize) -> Result<Vec<(Sequence, Document)>, CommandError> {
        let mut found = Vec::new();
        for sequence in self.candidates(filter) {
            let document = self.read(sequence)?;
            if matches(filter, &document)? {
                found.push((sequence, document));
                if found.len() == limit {
                    break;
                }
            }
        }
        Ok(found)
    }

    /// Puts `after` in the place of `before`. The identifier may not change.
    pub(crate) fn replace(
        &mut self,
        sequence: Sequence,
        before: &Document,
        after: &Document,
    ) -> Result<(), CommandError> {
        if key_of([before.get("_id")]) != key_of([after.get("_id")]) {
            return Err(CommandError::bad_value("the _id of a document cannot change".into()));
        }
        self.check_unique(after, Some(sequence))?;
        self.places.insert(sequence, self.journal.put(after)?);
        for index in &mut self.indexes {
            index.remove(before, sequence);
            index.add(after, sequence);
        }
        Ok(())
    }

    /// Removes a document.
    pub(crate) fn remove(&mut self, sequence: Sequence, document: &Document) -> Result<(), CommandError> {
        self.journal.delete(&doc! { "_id": document.get("_id").cloned() })?;
        self.places.remove(&sequence);
        self.identifiers.remove(&key_of([document.get("_id")]));
        for index in &mut self.indexes {
            index.remove(document, sequence);
        }
        Ok(())
    }

    /// Makes an index from its description in `createIndexes`; one that is there already is left as it is.
    pub(crate) fn create_index(&mut self, description: &Document) -> Result<(), CommandError> {
        let mut index = Index::new(description)?;
        if self.indexes.iter().any(|existing| existing.description.get("name") == description.get("name")) {
            return Ok(());
        }
        for sequence in self.places.keys().copied().collect::<Vec<_>>() {
            let document = self.read(sequence)?;
            if index.conflicts(&document, sequence) {
                return Err(CommandError::duplicate_key(index.name()));
            }
            index.add(&document, sequence);
        }
        self.indexes.push(index);
        Ok(())
    }

    /// The indexes as `listIndexes` describes them.
    pub(crate) fn index_descriptions(&self) -> Vec<Document> {
        let identifier = doc! { "v": 2, "key": { "_id": 1 }, "name": "_id_" };
        std::iter::once(identifier).chain(self.indexes.iter().map(|index| index.description.clone())).collect()
    }

    fn read(&mut self, sequence: Sequence) -> Result<Document, CommandError> {
        let place = self.places.get(&sequence).ok_or_else(|| CommandError::internal("a document has no place"))?;
        Ok(self.journal.read(*place)?)
    }

    fn check_unique(&self, document: &Document, but: Option<Sequence>) -> Result<(), CommandError> {
        match self.indexes.iter().find(|index| index.conflicts(document, but.unwrap_or_default())) {
            Some(index) => Err(CommandError::duplicate_key(index.name())),
            None => Ok(()),
        }
    }

    /// The fewest documents that an index says can match; all of them where none helps.
    fn candidates(&self, filter: &Document) -> Vec<Sequence> {
        let mut fixed = HashMap::new();
        fixed_values(filter, &mut fixed);
        if let Some(values) = fixed.get("_id") {
            let found = values.iter().filter_map(|value| self.identifiers.get(&key_of([Some(*value)]))).copied();
            return found.collect::<BTreeSet<_>>().into_iter().collect();
        }
        let narrowed = self.indexes.iter().filter_map(|index| index.lookup(&fixed));
        match narrowed.min_by_key(|sets| sets.iter().map(|set| set.len()).sum::<usize>()) {
            Some(sets) => sets.into_iter().flatten().copied().collect::<BTreeSet<_>>().into_iter().collect(),
            None => self.places.keys().copied().collect(),
        }
    }
}

impl Index {
    fn new(description: &Document) -> Result<Self, CommandError> {
        let key =
            description.get_document("key").map_err(|_| CommandError::bad_value("an index needs a key".into()))?;
        if description.get_str("name").is_err() {
            return Err(CommandError::bad_value("an index needs a name".into()));
        }
        let text = key.values().any(|kind| kind.as_str().is_some());
        let fields = if text { Vec::new() } else { key.keys().cloned().collect() };
        let unique = description.get_bool("unique").unwrap_or(false);
        let mut described = doc! { "v": 2 };
        described.extend(description.clone());
        Ok(Self { description: described, fields, unique, array_seen: false, entries: BTreeMap::new() })
    }

    fn name(&self) -> &str {
        self.description.get_str("name").unwrap_or_default()
    }

    fn key(&self, document: &Document) -> Vec<u8> {
        key_of(self.fields.iter().map(|field| document.get(field)))
    }

    fn add(&mut self, document: &Document, sequence: Sequence) {
        if !self.fields.is_empty() {
            self.array_seen |= self.fields.iter().any(|field| document.get_array(field).is_ok());
            let key = self.key(document);
            self.entries.entry(key).or_default().insert(sequence);
        }
    }

    fn remove(&mut self, document: &Document, sequence: Sequence) {
        let key = self.key(document);
        if let Some(sequences) = self.entries.get_mut(&key) {
            sequences.remove(&sequence);
            if sequences.is_empty() {
                self.entries.remove(&key);
            }
        }
    }

    fn conflicts(&self, document: &Document, but: Sequence) -> bool {
        self.unique
            && self
                .entries
                .get(&self.key(document))
                .is_some_and(|sequences| sequences.iter().any(|found| *found != but))
    }

    /// The documents with the fixed values; nothing where the filter leaves a field of the index open.
    fn lookup(&self, fixed: &HashMap<&str, Vec<&Bson>>) -> Option<Vec<&BTreeSet<Sequence>>> {
        let first = self.fields.first().filter(|_| !self.array_seen)?;
        let mut keys: Vec<Vec<Option<&Bson>>> =
            fixed.get(first.as_str())?.iter().map(|value| vec![Some(*value)]).collect();
        for field in &self.fields[1..] {
            let values = fixed.get(field.as_str())?;
            let combined =
                keys.iter().flat_map(|key| values.iter().map(|value| [key.as_slice(), &[Some(*value)]].concat()));
            keys = combined.collect();
        }
        Some(keys.into_iter().filter_map(|key| self.entries.get(&key_of(key))).collect())
    }
}

/// The bytes under which equal values are found; a missing field is null.
fn key_of<'a>(values: impl IntoIterator<Item = Option<&'a Bson>>) -> Vec<u8> {
    let fields = values
        .into_iter()
        .enumerate()
        .map(|(position, value)| (position.to_string(), value.map_or(Bson::Null, normalised)));
    fields.collect::<Document>().to_vec().unwrap_or_default()
}

/// The top-level fields that a filter fixes to one value or to one of a list.
fn fixed_values<'a>(filter: &'a Document, fixed: &mut HashMap<&'a str, Vec<&'a Bson>>) {
    for (name, condition) in filter {
        if name == "$and" {
            let branches = condition.as_array().into_iter().flatten().filter_map(Bson::as_document);
            branches.for_each(|branch| fixed_values(branch, fixed));
        } else if !name.starts_with('$') {
            match operators(condition) {
                None => {
                    fixed.insert(name, vec![condition]);
                }
                Some(operators) => {
                    if let Some(Bson::Array(values)) = operators.get("$in") {
                        fixed.insert(name, values.iter().collect());
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collection() -> (tempfile::TempDir, Collection) {
        let folder = tempfile::tempdir().unwrap();
        let mut collection = Collection::open(&folder.path().join("c.journal")).unwrap();
        collection.create_index(&doc! { "key": { "testId": 1 }, "name": "testId_1" }).unwrap();
        let unique = doc! { "key": { "owner": 1, "planName": 1 }, "name": "both", "unique": true };
        collection.create_index(&unique).unwrap();
        (folder, collection)
    }

    fn event(number: i32, test: &str) -> Document {
        doc! { "_id": number, "testId": test, "owner": { "sub": "a" }, "planName": number }
    }

    #[test]
    fn an_index_narrows_what_is_read() {
        let (_folder, mut collection) = collection();
        for number in 0..50 {
            collection.insert(&event(number, if number % 10 == 0 { "t1" } else { "t2" })).unwrap();
        }
        let filter = doc! { "$and": [{ "testId": "t1" }, { "result": { "$exists": false } }] };
        assert_eq!(collection.candidates(&filter).len(), 5);
        assert_eq!(collection.find(&filter, 0).unwrap().len(), 5);
        assert_eq!(collection.candidates(&doc! { "_id": 7_i64 }).len(), 1);
        assert_eq!(collection.candidates(&doc! { "_id": { "$in": [7, 8, 99] } }).len(), 2);
        assert_eq!(collection.candidates(&doc! { "planName": 7 }).len(), 50);
        assert_eq!(collection.candidates(&doc! { "planName": 7, "owner": { "sub": "a" } }).len(), 1);
    }

    #[test]
    fn indexes_follow_changes_and_removals() {
        let (_folder, mut collection) = collection();
        collection.insert(&event(1, "t1")).unwrap();
        let (sequence, before) = collection.find(&doc! { "_id": 1 }, 1).unwrap().remove(0);
        collection.replace(sequence, &before, &event(1, "t2")).unwrap();
        assert!(collection.find(&doc! { "testId": "t1" }, 0).unwrap().is_empty());
        assert_eq!(collection.find(&doc! { "testId": "t2" }, 0).unwrap().len(), 1);
        collection.remove(sequence, &event(1, "t2")).unwrap();
        assert!(collection.find(&doc! {}, 0).unwrap().is_empty());
        collection.insert(&event(1, "t1")).unwrap();
    }

    #[test]
    fn an_element_of_an_array_in_an_indexed_field_is_found() {
        let (_folder, mut collection) = collection();
        collection.insert(&event(1, "t1")).unwrap();
        collection.insert(&doc! { "_id": 2, "testId": ["t1", "t2"] }).unwrap();
        assert_eq!(collection.find(&doc! { "testId": "t1" }, 0).unwrap().len(), 2);
    }

    #[test]
    fn duplicates_are_refused() {
        let (_folder, mut collection) = collection();
        collection.insert(&event(1, "t1")).unwrap();
        assert_eq!(collection.insert(&event(1, "t1")).unwrap_err().code, 11000);
        let mut same_name = event(2, "t1");
        same_name.insert("planName", 1_i64);
        assert_eq!(collection.insert(&same_name).unwrap_err().code, 11000);
    }

    #[test]
    fn everything_is_there_after_reopening() {
        let (folder, mut collection) = collection();
        for number in 0..3 {
            collection.insert(&event(number, "t1")).unwrap();
        }
        let (sequence, before) = collection.find(&doc! { "_id": 1 }, 1).unwrap().remove(0);
        collection.replace(sequence, &before, &event(1, "t9")).unwrap();
        let (sequence, last) = collection.find(&doc! { "_id": 2 }, 1).unwrap().remove(0);
        collection.remove(sequence, &last).unwrap();
        drop(collection);

        let mut collection = Collection::open(&folder.path().join("c.journal")).unwrap();
        collection.create_index(&doc! { "key": { "testId": 1 }, "name": "testId_1" }).unwrap();
        let left: Vec<Document> =
            collection.find(&doc! {}, 0).unwrap().into_iter().map(|(_, document)| document).collect();
        assert_eq!(left, [event(0, "t1"), event(1, "t9")]);
        assert_eq!(collection.find(&doc! { "testId": "t9" }, 0).unwrap().len(), 1);
    }
}
