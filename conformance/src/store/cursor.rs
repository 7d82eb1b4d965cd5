//! Results that a client reads in several batches.

use super::command::CommandError;
use bson::{Bson, Document, doc};
use std::collections::{HashMap, VecDeque};

/// Bytes in one batch: a reply must stay below the message limit, and one more document may be nearly as large again.
const BATCH_BYTES: usize = 16 * 1024 * 1024;

/// The open cursors of all connections.
#[derive(Default)]
pub(crate) struct Cursors {
    open: HashMap<i64, Cursor>,
    last: i64,
}

struct Cursor {
    namespace: String,
    rest: VecDeque<Document>,
}

impl Cursors {
    /// Keeps what is left for later; the id is 0 where nothing is.
    pub(crate) fn keep(&mut self, namespace: &str, rest: VecDeque<Document>) -> i64 {
        if rest.is_empty() {
            return 0;
        }
        self.last += 1;
        self.open.insert(self.last, Cursor { namespace: namespace.to_owned(), rest });
        self.last
    }

    /// `getMore`: the next batch.
    pub(crate) fn get_more(&mut self, command: &Document) -> Result<Document, CommandError> {
        let id = command.get_i64("getMore").map_err(|_| CommandError::bad_value("getMore needs a cursor id".into()))?;
        let mut cursor = self.open.remove(&id).ok_or_else(|| CommandError::cursor_not_found(id))?;
        let size =
            command.get_i32("batchSize").ok().and_then(|size| usize::try_from(size).ok()).filter(|size| *size > 0);
        let batch = take_batch(&mut cursor.rest, size.unwrap_or(usize::MAX));
        let namespace = cursor.namespace.clone();
        let left = if cursor.rest.is_empty() { 0 } else { id };
        if left != 0 {
            self.open.insert(id, cursor);
        }
        Ok(doc! { "cursor": { "id": left, "ns": namespace, "nextBatch": batch } })
    }

    /// `killCursors`: forgets cursors that a client does not read to the end.
    pub(crate) fn kill(&mut self, command: &Document) -> Result<Document, CommandError> {
        let ids =
            command.get_array("cursors").map_err(|_| CommandError::bad_value("cursors is not an array".into()))?;
        let (killed, unknown): (Vec<i64>, Vec<i64>) =
            ids.iter().filter_map(Bson::as_i64).partition(|id| self.open.remove(id).is_some());
        let nothing: Vec<i64> = Vec::new();
        Ok(doc! {
            "cursorsKilled": killed, "cursorsNotFound": unknown, "cursorsAlive": &nothing, "cursorsUnknown": &nothing,
        })
    }
}

/// Takes documents until there are `size`, or until their bytes fill a batch; at least one where there is one.
pub(crate) fn take_batch(rest: &mut VecDeque<Document>, size: usize) -> Vec<Document> {
    let (mut batch, mut bytes) = (Vec::new(), 0);
    while batch.len() < size && bytes < BATCH_BYTES {
        let Some(document) = rest.pop_front() else { break };
        bytes += document.to_vec().map_or(0, |encoded| encoded.len());
        batch.push(document);
    }
    batch
}
