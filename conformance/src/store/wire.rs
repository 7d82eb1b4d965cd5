//! MongoDB wire protocol messages: `OP_MSG`, and the legacy `OP_QUERY` with which drivers say hello.
//!
//! Written from the protocol's public description (MongoDB manual, "Wire Protocol" and the driver specification
//! "OP_MSG"). Nothing here knows what a command means.

use bson::{Bson, Document};
use thiserror::Error;

const OP_REPLY: i32 = 1;
const OP_QUERY: i32 = 2004;
const OP_MSG: i32 = 2013;

const HEADER_BYTES: usize = 16;
const CHECKSUM_PRESENT: u32 = 1;
const MORE_TO_COME: u32 = 1 << 1;
const REQUIRED_BITS: u32 = 0xffff;

/// The largest message taken from a client, in bytes; announced as `maxMessageSizeBytes`.
pub(crate) const MAX_MESSAGE_BYTES: usize = 48_000_000;

/// What is wrong with a message; the connection ends, as the protocol wants.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum WireError {
    #[error("the message is shorter than its own lengths say")]
    Truncated,
    #[error("the message is longer than {MAX_MESSAGE_BYTES} bytes")]
    TooLong,
    #[error("operation code {0} is not supported")]
    UnknownOperation(i32),
    #[error("required flag bits {0:#x} are not supported")]
    UnknownFlags(u32),
    #[error("section kind {0} is not known")]
    UnknownSection(u8),
    #[error("a document in the message is not BSON: {0}")]
    Bson(String),
    #[error("the message has no command document")]
    NoCommand,
}

/// Whether a request came as `OP_MSG` or `OP_QUERY`: the reply has the same kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Message,
    Query,
}

/// One command of a client.
#[derive(Debug, PartialEq)]
pub(crate) struct Request {
    pub(crate) id: i32,
    pub(crate) kind: Kind,
    /// False where the client wants no answer (unacknowledged writes).
    pub(crate) wants_reply: bool,
    /// The command; document sequences stand in it as arrays.
    pub(crate) command: Document,
}

/// The length a message announces, header included, from its first four bytes.
pub(crate) fn announced_length(prefix: [u8; 4]) -> Result<usize, WireError> {
    let length = usize::try_from(i32::from_le_bytes(prefix)).map_err(|_| WireError::Truncated)?;
    match length {
        ..HEADER_BYTES => Err(WireError::Truncated),
        HEADER_BYTES..=MAX_MESSAGE_BYTES => Ok(length),
        _ => Err(WireError::TooLong),
    }
}

/// Parses one complete message.
pub(crate) fn parse(message: &[u8]) -> Result<Request, WireError> {
    let mut reader = Reader(message);
    let _length = reader.int32()?;
    let id = reader.int32()?;
    let _response_to = reader.int32()?;
    match reader.int32()? {
        OP_MSG => parse_message(id, reader),
        OP_QUERY => parse_query(id, reader),
        other => Err(WireError::UnknownOperation(other)),
    }
}

fn parse_message(id: i32, mut reader: Reader<'_>) -> Result<Request, WireError> {
    let flags = reader.uint32()?;
    let unknown = flags & REQUIRED_BITS & !(CHECKSUM_PRESENT | MORE_TO_COME);
    if unknown != 0 {
        return Err(WireError::UnknownFlags(unknown));
    }
    if flags & CHECKSUM_PRESENT != 0 {
        let without_checksum = reader.0.len().checked_sub(4).ok_or(WireError::Truncated)?;
        reader.0 = &reader.0[..without_checksum];
    }
    let mut command = None;
    let mut sequences = Vec::new();
    while !reader.0.is_empty() {
        match reader.byte()? {
            0 => command = Some(reader.document()?),
            1 => sequences.push(reader.sequence()?),
            other => return Err(WireError::UnknownSection(other)),
        }
    }
    let mut command = command.ok_or(WireError::NoCommand)?;
    for (name, documents) in sequences {
        command.insert(name, documents);
    }
    Ok(Request { id, kind: Kind::Message, wants_reply: flags & MORE_TO_COME == 0, command })
}

fn parse_query(id: i32, mut reader: Reader<'_>) -> Result<Request, WireError> {
    let _flags = reader.int32()?;
    let _collection = reader.string()?;
    let _skip = reader.int32()?;
    let _limit = reader.int32()?;
    let command = reader.document()?;
    Ok(Request { id, kind: Kind::Query, wants_reply: true, command })
}

/// Writes the reply to a request.
pub(crate) fn reply(request_id: i32, kind: Kind, body: &Document) -> Result<Vec<u8>, WireError> {
    let body = body.to_vec().map_err(|error| WireError::Bson(error.to_string()))?;
    let mut rest = Vec::with_capacity(body.len() + 20);
    let operation = match kind {
        Kind::Message => {
            rest.extend(0_u32.to_le_bytes());
            rest.push(0);
            OP_MSG
        }
        Kind::Query => {
            rest.extend(0_i32.to_le_bytes());
            rest.extend(0_i64.to_le_bytes());
            rest.extend(0_i32.to_le_bytes());
            rest.extend(1_i32.to_le_bytes());
            OP_REPLY
        }
    };
    rest.extend(body);
    let length = i32::try_from(HEADER_BYTES + rest.len()).map_err(|_| WireError::TooLong)?;
    let mut message = Vec::with_capacity(HEADER_BYTES + rest.len());
    message.extend(length.to_le_bytes());
    message.extend(0_i32.to_le_bytes());
    message.extend(request_id.to_le_bytes());
    message.extend(operation.to_le_bytes());
    message.extend(rest);
    Ok(message)
}

/// The unread rest of a message.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], WireError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(WireError::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        self.take(N)?.try_into().map_err(|_| WireError::Truncated)
    }

    fn byte(&mut self) -> Result<u8, WireError> {
        Ok(self.array::<1>()?[0])
    }

    fn int32(&mut self) -> Result<i32, WireError> {
        Ok(i32::from_le_bytes(self.array()?))
    }

    fn uint32(&mut self) -> Result<u32, WireError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn string(&mut self) -> Result<String, WireError> {
        let end = self.0.iter().position(|byte| *byte == 0).ok_or(WireError::Truncated)?;
        let text = String::from_utf8_lossy(self.take(end)?).into_owned();
        self.take(1)?;
        Ok(text)
    }

    /// The bytes of something that begins with its own length, the length included.
    fn sized(&mut self) -> Result<&'a [u8], WireError> {
        let prefix: [u8; 4] = self.0.get(..4).and_then(|prefix| prefix.try_into().ok()).ok_or(WireError::Truncated)?;
        self.take(usize::try_from(i32::from_le_bytes(prefix)).map_err(|_| WireError::Truncated)?)
    }

    fn document(&mut self) -> Result<Document, WireError> {
        let bytes = self.sized()?;
        Document::from_reader(bytes).map_err(|error| WireError::Bson(error.to_string()))
    }

    fn sequence(&mut self) -> Result<(String, Vec<Bson>), WireError> {
        let mut section = Reader(self.sized()?);
        let _length = section.int32()?;
        let name = section.string()?;
        let mut documents = Vec::new();
        while !section.0.is_empty() {
            documents.push(Bson::Document(section.document()?));
        }
        Ok((name, documents))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bson::doc;

    fn message(flags: u32, sections: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(i32::try_from(20 + sections.len()).unwrap().to_le_bytes());
        for number in [7_i32, 0, OP_MSG] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(flags.to_le_bytes());
        bytes.extend(sections);
        bytes
    }

    fn body_section(document: &Document) -> Vec<u8> {
        let mut section = vec![0];
        section.extend(document.to_vec().unwrap());
        section
    }

    #[test]
    fn document_sequences_become_arrays_of_the_command() {
        let mut sections = body_section(&doc! { "insert": "EVENT_LOG", "$db": "test_suite" });
        let mut sequence = b"documents\0".to_vec();
        sequence.extend(doc! { "_id": "a" }.to_vec().unwrap());
        sequence.extend(doc! { "_id": "b" }.to_vec().unwrap());
        sections.push(1);
        sections.extend(i32::try_from(sequence.len() + 4).unwrap().to_le_bytes());
        sections.extend(sequence);

        let request = parse(&message(0, &sections)).unwrap();

        assert_eq!(request.id, 7);
        assert!(request.wants_reply);
        let expected =
            doc! { "insert": "EVENT_LOG", "$db": "test_suite", "documents": [{ "_id": "a" }, { "_id": "b" }] };
        assert_eq!(request.command, expected);
    }

    #[test]
    fn an_unacknowledged_write_wants_no_reply() {
        let request = parse(&message(MORE_TO_COME, &body_section(&doc! { "insert": "X" }))).unwrap();
        assert!(!request.wants_reply);
    }

    #[test]
    fn every_truncation_of_a_message_is_an_error() {
        let whole = message(0, &body_section(&doc! { "ping": 1 }));
        for length in 0..whole.len() {
            assert!(parse(&whole[..length]).is_err(), "{length} bytes of {} were accepted", whole.len());
        }
    }

    #[test]
    fn unknown_required_flags_operations_and_sections_are_refused() {
        let body = body_section(&doc! { "ping": 1 });
        assert_eq!(parse(&message(1 << 5, &body)), Err(WireError::UnknownFlags(1 << 5)));
        assert_eq!(parse(&message(0, &[9])), Err(WireError::UnknownSection(9)));
        let mut other = message(0, &body);
        other[12..16].copy_from_slice(&2005_i32.to_le_bytes());
        assert_eq!(parse(&other), Err(WireError::UnknownOperation(2005)));
    }

    #[test]
    fn announced_lengths_are_bounded() {
        assert_eq!(announced_length(15_i32.to_le_bytes()), Err(WireError::Truncated));
        assert_eq!(announced_length((-1_i32).to_le_bytes()), Err(WireError::Truncated));
        assert_eq!(announced_length(i32::MAX.to_le_bytes()), Err(WireError::TooLong));
        assert_eq!(announced_length(16_i32.to_le_bytes()), Ok(16));
    }

    #[test]
    fn a_legacy_hello_is_answered_in_its_own_kind() {
        let mut bytes = Vec::new();
        for number in [0_i32, 3, 0, OP_QUERY, 4] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(b"admin.$cmd\0");
        for number in [0_i32, -1] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(doc! { "isMaster": 1 }.to_vec().unwrap());

        let request = parse(&bytes).unwrap();

        assert_eq!((request.kind, request.command), (Kind::Query, doc! { "isMaster": 1 }));
        let answer = reply(request.id, request.kind, &doc! { "ok": 1.0 }).unwrap();
        assert_eq!(&answer[8..16], [3, 0, 0, 0, 1, 0, 0, 0]);
        assert_eq!(&answer[32..36], [1, 0, 0, 0]);
        assert_eq!(Document::from_reader(&answer[36..]).unwrap(), doc! { "ok": 1.0 });
    }
}
