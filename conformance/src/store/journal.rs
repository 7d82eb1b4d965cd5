//! The file behind a collection: documents are appended, never moved, and read back by position.
//!
//! A log of thousands of test modules is far larger than what belongs in memory; only positions and index keys stay
//! there. A record is one tag byte and one BSON document. A record cut short by a crash is dropped when the file is
//! opened again.

use bson::Document;
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

const PUT: u8 = 1;
const DELETE: u8 = 2;

/// The largest document, in bytes; announced as `maxBsonObjectSize`.
pub(crate) const MAX_DOCUMENT_BYTES: usize = 16 * 1024 * 1024;

/// Where a document lies in the file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    offset: u64,
    length: usize,
}

/// What a record says.
pub(crate) enum Record {
    Put(Place, Document),
    Delete(Document),
}

/// An append-only file of documents.
pub(crate) struct Journal {
    file: File,
    end: u64,
}

impl Journal {
    /// Opens or creates the file, hands every record in it to `visit`, and takes an exclusive lock on it.
    pub(crate) fn open(path: &Path, mut visit: impl FnMut(Record)) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        file.try_lock()?;
        let mut reader = BufReader::new(&file);
        let mut end = 0;
        while let Some((tag, bytes)) = read_record(&mut reader)? {
            let document = Document::from_reader(bytes.as_slice()).map_err(io::Error::other)?;
            let place = Place { offset: end + 1, length: bytes.len() };
            end = place.offset + bytes.len() as u64;
            visit(if tag == PUT { Record::Put(place, document) } else { Record::Delete(document) });
        }
        file.set_len(end)?;
        Ok(Self { file, end })
    }

    /// Appends a document.
    pub(crate) fn put(&mut self, document: &Document) -> io::Result<Place> {
        self.append(PUT, document)
    }

    /// Notes that the document with the identifier in `key` is gone.
    pub(crate) fn delete(&mut self, key: &Document) -> io::Result<()> {
        self.append(DELETE, key).map(|_| ())
    }

    /// Reads a document back.
    pub(crate) fn read(&mut self, place: Place) -> io::Result<Document> {
        let mut bytes = vec![0; place.length];
        self.file.seek(SeekFrom::Start(place.offset))?;
        self.file.read_exact(&mut bytes)?;
        Document::from_reader(bytes.as_slice()).map_err(io::Error::other)
    }

    fn append(&mut self, tag: u8, document: &Document) -> io::Result<Place> {
        let mut record = vec![tag];
        document.to_writer(&mut record).map_err(io::Error::other)?;
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file.write_all(&record)?;
        let place = Place { offset: self.end + 1, length: record.len() - 1 };
        self.end += record.len() as u64;
        Ok(place)
    }
}

/// The next complete record, or nothing at the end or where the rest was cut short.
fn read_record(reader: &mut impl Read) -> io::Result<Option<(u8, Vec<u8>)>> {
    let mut head = [0; 5];
    if !fill(reader, &mut head)? {
        return Ok(None);
    }
    let [tag, length @ ..] = head;
    let length = usize::try_from(i32::from_le_bytes(length)).unwrap_or(0);
    if !matches!(tag, PUT | DELETE) || !(5..=MAX_DOCUMENT_BYTES).contains(&length) {
        return Err(io::Error::other("the file is not a journal of this document store"));
    }
    let mut bytes = vec![0; length];
    bytes[..4].copy_from_slice(&head[1..]);
    Ok(fill(reader, &mut bytes[4..])?.then_some((tag, bytes)))
}

fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match reader.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bson::doc;

    fn reopened(path: &Path) -> Vec<Document> {
        let mut live: Vec<Document> = Vec::new();
        Journal::open(path, |record| match record {
            Record::Put(_, document) => live.push(document),
            Record::Delete(key) => live.retain(|document| document.get("_id") != key.get("_id")),
        })
        .unwrap();
        live
    }

    #[test]
    fn documents_are_read_back_by_place_and_after_reopening() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.journal");
        let mut journal = Journal::open(&path, |_| ()).unwrap();
        let first = journal.put(&doc! { "_id": 1, "text": "one" }).unwrap();
        journal.put(&doc! { "_id": 2 }).unwrap();
        journal.delete(&doc! { "_id": 2 }).unwrap();
        assert_eq!(journal.read(first).unwrap(), doc! { "_id": 1, "text": "one" });
        drop(journal);
        assert_eq!(reopened(&path), [doc! { "_id": 1, "text": "one" }]);
    }

    #[test]
    fn a_record_cut_short_is_dropped_and_the_file_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.journal");
        let mut journal = Journal::open(&path, |_| ()).unwrap();
        journal.put(&doc! { "_id": 1 }).unwrap();
        let whole = journal.end;
        journal.put(&doc! { "_id": 2 }).unwrap();
        journal.file.set_len(whole + 7).unwrap();
        drop(journal);

        let mut journal = Journal::open(&path, |_| ()).unwrap();
        assert_eq!(journal.end, whole);
        journal.put(&doc! { "_id": 3 }).unwrap();
        drop(journal);
        assert_eq!(reopened(&path), [doc! { "_id": 1 }, doc! { "_id": 3 }]);
    }

    #[test]
    fn a_second_process_cannot_open_the_same_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.journal");
        let _first = Journal::open(&path, |_| ()).unwrap();
        assert!(Journal::open(&path, |_| ()).is_err());
    }

    #[test]
    fn a_foreign_file_is_refused_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.journal");
        std::fs::write(&path, b"something else").unwrap();
        assert!(Journal::open(&path, |_| ()).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"something else");
    }
}
