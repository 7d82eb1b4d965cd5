//! Collections by name, and the commands that work on them.

use super::change::Change;
use super::collection::Collection;
use super::command::CommandError;
use super::cursor::{Cursors, take_batch};
use super::journal::MAX_DOCUMENT_BYTES;
use super::value::{sort_order, values_at};
use super::wire::MAX_MESSAGE_BYTES;
use bson::{Bson, Document, doc, oid::ObjectId};
use std::cmp::Ordering;
use std::collections::HashMap;
use std::path::PathBuf;

/// The server version this store claims: drivers derive from the wire version which command forms they may use.
const VERSION: &str = "6.0.0";
const WIRE_VERSION: i32 = 17;

/// Everything the store holds.
pub(crate) struct Database {
    folder: PathBuf,
    collections: HashMap<String, Collection>,
    cursors: Cursors,
}

impl Database {
    /// A database whose collections are files in `folder`, which exists.
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, collections: HashMap::new(), cursors: Cursors::default() }
    }

    /// Carries out one command and returns its reply, success or error.
    pub(crate) fn run(&mut self, command: &Document) -> Document {
        match self.dispatch(command) {
            Ok(mut reply) => {
                reply.insert("ok", 1.0);
                reply
            }
            Err(error) => error.reply(),
        }
    }

    fn dispatch(&mut self, command: &Document) -> Result<Document, CommandError> {
        let name = command.keys().next().map_or("", String::as_str);
        match name.to_ascii_lowercase().as_str() {
            "hello" | "ismaster" => Ok(hello()),
            "ping" | "endsessions" => Ok(Document::new()),
            "buildinfo" => Ok(doc! { "version": VERSION, "versionArray": [6, 0, 0, 0] }),
            "getparameter" => get_parameter(command),
            "listindexes" => self.list_indexes(command),
            "createindexes" => self.create_indexes(command),
            "insert" => self.insert(command),
            "update" => self.update(command),
            "delete" => self.delete(command),
            "find" => self.find(command),
            "aggregate" => self.count(command),
            "findandmodify" => self.find_and_modify(command),
            "getmore" => self.cursors.get_more(command),
            "killcursors" => self.cursors.kill(command),
            _ => Err(CommandError::not_found(name)),
        }
    }

    fn collection(&mut self, command: &Document) -> Result<&mut Collection, CommandError> {
        let namespace = namespace(command)?;
        let safe = namespace.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-".contains(letter));
        if !safe || namespace.starts_with('.') {
            return Err(CommandError::bad_value(format!("the collection name {namespace} is not supported")));
        }
        if !self.collections.contains_key(&namespace) {
            let opened = Collection::open(&self.folder.join(format!("{namespace}.journal")))?;
            self.collections.insert(namespace.clone(), opened);
        }
        self.collections.get_mut(&namespace).ok_or_else(|| CommandError::internal("a collection is missing"))
    }

    fn list_indexes(&mut self, command: &Document) -> Result<Document, CommandError> {
        let indexes = self.collection(command)?.index_descriptions();
        Ok(doc! { "cursor": { "id": 0_i64, "ns": namespace(command)?, "firstBatch": indexes } })
    }

    fn create_indexes(&mut self, command: &Document) -> Result<Document, CommandError> {
        for description in documents(command, "indexes")? {
            self.collection(command)?.create_index(description)?;
        }
        Ok(Document::new())
    }

    fn insert(&mut self, command: &Document) -> Result<Document, CommandError> {
        let (mut inserted, mut errors) = (0, Vec::new());
        for (position, document) in documents(command, "documents")?.into_iter().enumerate() {
            let mut document = document.clone();
            if !document.contains_key("_id") {
                document.insert("_id", ObjectId::new());
            }
            match self.collection(command)?.insert(&document) {
                Ok(()) => inserted += 1,
                Err(error) => errors.push(error.write_error(position)),
            }
            if !errors.is_empty() && is_ordered(command) {
                break;
            }
        }
        Ok(with_errors(doc! { "n": inserted }, errors))
    }

    fn update(&mut self, command: &Document) -> Result<Document, CommandError> {
        let mut total = Changed::default();
        let (mut upserted, mut errors) = (Vec::new(), Vec::new());
        for (position, update) in documents(command, "updates")?.into_iter().enumerate() {
            match update_one_entry(self.collection(command)?, update) {
                Ok(changed) => {
                    total.matched += changed.matched;
                    total.modified += changed.modified;
                    if let Some(identifier) = changed.upserted {
                        let index = i32::try_from(position).unwrap_or(i32::MAX);
                        upserted.push(doc! { "index": index, "_id": identifier });
                    }
                }
                Err(error) => errors.push(error.write_error(position)),
            }
            if !errors.is_empty() && is_ordered(command) {
                break;
            }
        }
        let mut reply = doc! { "n": total.matched, "nModified": total.modified };
        if !upserted.is_empty() {
            reply.insert("upserted", upserted);
        }
        Ok(with_errors(reply, errors))
    }

    fn delete(&mut self, command: &Document) -> Result<Document, CommandError> {
        let mut removed = 0;
        for deletion in documents(command, "deletes")? {
            let limit = whole_number(deletion, "limit").unwrap_or(0);
            let collection = self.collection(command)?;
            for (sequence, document) in collection.find(required_document(deletion, "q")?, limit)? {
                collection.remove(sequence, &document)?;
                removed += 1;
            }
        }
        Ok(doc! { "n": removed })
    }

    fn find(&mut self, command: &Document) -> Result<Document, CommandError> {
        let limit = whole_number(command, "limit").unwrap_or(0);
        let skip = whole_number(command, "skip").unwrap_or(0);
        let sort = command.get_document("sort").ok().filter(|sort| !sort.is_empty());
        let wanted = if sort.is_some() || limit == 0 { 0 } else { skip + limit };
        let found = self.collection(command)?.find(&optional_filter(command, "filter"), wanted)?;
        let mut found: Vec<Document> = found.into_iter().map(|(_, document)| document).collect();
        if let Some(sort) = sort {
            found.sort_by(|left, right| sorted(sort, left, right));
        }
        let limit = if limit == 0 { usize::MAX } else { limit };
        let projection = command.get_document("projection").ok();
        let projected: Result<Vec<_>, _> =
            found.into_iter().skip(skip).take(limit).map(|document| project(projection, document)).collect();
        let batch_size = whole_number(command, "batchSize").unwrap_or(FIRST_BATCH);
        let mut rest = projected?.into();
        let first_batch = take_batch(&mut rest, batch_size);
        let single = command.get_bool("singleBatch").unwrap_or(false);
        let namespace = namespace(command)?;
        let id = if single { 0 } else { self.cursors.keep(&namespace, rest) };
        Ok(doc! { "cursor": { "id": id, "ns": namespace, "firstBatch": first_batch } })
    }

    /// `aggregate` in the one form with which drivers count documents: match, skip, limit, group by a constant.
    fn count(&mut self, command: &Document) -> Result<Document, CommandError> {
        let (mut filter, mut skip, mut limit, mut counted) = (Document::new(), 0, usize::MAX, false);
        for stage in documents(command, "pipeline")? {
            match stage.keys().next().map(String::as_str) {
                Some("$match") => filter = required_document(stage, "$match")?.clone(),
                Some("$skip") => skip = whole_number(stage, "$skip").unwrap_or(0),
                Some("$limit") => limit = whole_number(stage, "$limit").unwrap_or(usize::MAX),
                Some("$group") if required_document(stage, "$group")? == &doc! { "_id": 1, "n": { "$sum": 1 } } => {
                    counted = true;
                }
                other => return Err(CommandError::unsupported_operator(other.unwrap_or("an empty stage"))),
            }
        }
        if !counted {
            return Err(CommandError::bad_value("aggregate is supported for counting documents only".into()));
        }
        let count = self.collection(command)?.find(&filter, 0)?.len().saturating_sub(skip).min(limit);
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        let groups = if count == 0 { Vec::new() } else { vec![doc! { "_id": 1, "n": count }] };
        Ok(doc! { "cursor": { "id": 0_i64, "ns": namespace(command)?, "firstBatch": groups } })
    }

    fn find_and_modify(&mut self, command: &Document) -> Result<Document, CommandError> {
        if command.get_bool("upsert").unwrap_or(false) || command.get_bool("remove").unwrap_or(false) {
            return Err(CommandError::bad_value("findAndModify is supported without upsert and remove".into()));
        }
        let update = command.get("update").ok_or_else(|| CommandError::bad_value("update is missing".into()))?;
        let change = Change::new(update, command.get("arrayFilters"))?;
        let collection = self.collection(command)?;
        let mut found = collection.find(&optional_filter(command, "query"), 0)?;
        if let Ok(sort) = command.get_document("sort") {
            found.sort_by(|(_, left), (_, right)| sorted(sort, left, right));
        }
        let Some((sequence, before)) = found.into_iter().next() else {
            return Ok(doc! { "value": Bson::Null, "lastErrorObject": { "n": 0, "updatedExisting": false } });
        };
        let after = change.applied_to(&before)?;
        collection.replace(sequence, &before, &after)?;
        let shown = if command.get_bool("new").unwrap_or(false) { after } else { before };
        let shown = project(command.get_document("fields").ok(), shown)?;
        Ok(doc! { "value": shown, "lastErrorObject": { "n": 1, "updatedExisting": true } })
    }
}

/// Documents in a first batch where the client asks for no size: what MongoDB gives.
const FIRST_BATCH: usize = 101;

fn hello() -> Document {
    doc! {
        "helloOk": true, "ismaster": true, "isWritablePrimary": true, "readOnly": false,
        "maxBsonObjectSize": i32::try_from(MAX_DOCUMENT_BYTES).unwrap_or(i32::MAX),
        "maxMessageSizeBytes": i32::try_from(MAX_MESSAGE_BYTES).unwrap_or(i32::MAX),
        "maxWriteBatchSize": 100_000, "minWireVersion": 0, "maxWireVersion": WIRE_VERSION,
    }
}

fn get_parameter(command: &Document) -> Result<Document, CommandError> {
    if command.contains_key("featureCompatibilityVersion") {
        return Ok(doc! { "featureCompatibilityVersion": { "version": "6.0" } });
    }
    Err(CommandError::bad_value("only the parameter featureCompatibilityVersion is known".into()))
}

fn namespace(command: &Document) -> Result<String, CommandError> {
    let collection = command.values().next().and_then(Bson::as_str);
    let collection = collection.ok_or_else(|| CommandError::bad_value("the collection's name is missing".into()))?;
    Ok(format!("{}.{collection}", command.get_str("$db").unwrap_or("test")))
}

fn documents<'a>(command: &'a Document, name: &str) -> Result<Vec<&'a Document>, CommandError> {
    let items = command.get_array(name).ok().and_then(|items| items.iter().map(Bson::as_document).collect());
    items.ok_or_else(|| CommandError::bad_value(format!("{name} is not an array of documents")))
}

fn required_document<'a>(from: &'a Document, name: &str) -> Result<&'a Document, CommandError> {
    from.get_document(name).map_err(|_| CommandError::bad_value(format!("{name} is not a document")))
}

fn optional_filter(command: &Document, name: &str) -> Document {
    command.get_document(name).cloned().unwrap_or_default()
}

/// A number of documents; a negative limit means its absolute value in one batch.
fn whole_number(from: &Document, name: &str) -> Option<usize> {
    let number = match from.get(name)? {
        Bson::Int32(number) => i64::from(*number),
        Bson::Int64(number) => *number,
        #[expect(clippy::cast_possible_truncation, reason = "shells send small whole numbers as doubles")]
        Bson::Double(number) => *number as i64,
        _ => return None,
    };
    usize::try_from(number.unsigned_abs()).ok()
}

fn is_ordered(command: &Document) -> bool {
    command.get_bool("ordered").unwrap_or(true)
}

fn with_errors(mut reply: Document, errors: Vec<Document>) -> Document {
    if !errors.is_empty() {
        reply.insert("writeErrors", errors);
    }
    reply
}

#[derive(Default)]
struct Changed {
    matched: i32,
    modified: i32,
    upserted: Option<Bson>,
}

fn update_one_entry(collection: &mut Collection, entry: &Document) -> Result<Changed, CommandError> {
    let filter = required_document(entry, "q")?;
    let update = entry.get("u").ok_or_else(|| CommandError::bad_value("u is missing".into()))?;
    let change = Change::new(update, entry.get("arrayFilters"))?;
    let limit = usize::from(!entry.get_bool("multi").unwrap_or(false));
    let mut changed = Changed::default();
    for (sequence, before) in collection.find(filter, limit)? {
        changed.matched += 1;
        let after = change.applied_to(&before)?;
        if after != before {
            collection.replace(sequence, &before, &after)?;
            changed.modified += 1;
        }
    }
    if changed.matched == 0 && entry.get_bool("upsert").unwrap_or(false) {
        let document = change.inserted(filter)?;
        collection.insert(&document)?;
        changed.matched = 1;
        changed.upserted = document.get("_id").cloned();
    }
    Ok(changed)
}

fn sorted(sort: &Document, left: &Document, right: &Document) -> Ordering {
    let orders = sort.iter().map(|(path, direction)| {
        let first = |document| values_at(document, path).first().copied();
        let order = sort_order(first(left), first(right));
        if matches!(direction, Bson::Int32(-1) | Bson::Int64(-1)) { order.reverse() } else { order }
    });
    orders.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// The fields a client asked for: all named ones, or all but the named ones.
fn project(projection: Option<&Document>, mut document: Document) -> Result<Document, CommandError> {
    let Some(projection) = projection.filter(|projection| !projection.is_empty()) else { return Ok(document) };
    let wanted = |value: &Bson| matches!(value, Bson::Int32(1) | Bson::Int64(1) | Bson::Boolean(true));
    if projection.iter().any(|(name, value)| name.contains('.') || value.as_document().is_some()) {
        return Err(CommandError::bad_value("a projection names top-level fields only".into()));
    }
    let including = projection.iter().any(|(name, value)| name != "_id" && wanted(value));
    let shown = |name: &str| match projection.get(name) {
        Some(value) => wanted(value),
        None => name == "_id" || !including,
    };
    let hidden: Vec<String> = document.keys().filter(|name| !shown(name)).cloned().collect();
    for name in hidden {
        document.remove(name);
    }
    Ok(document)
}
