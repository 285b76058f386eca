//! Postgres' binary COPY format, as far as our tables need it.

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
/// µs from 1970 to 2000, where Postgres counts from.
const POSTGRES_EPOCH_US: i64 = 946_684_800_000_000;

/// Types of elements, as `pg_type` numbers them.
const BIGINT_OID: i32 = 20;
const DOUBLE_OID: i32 = 701;
/// Signature, flags and length of an extension.
pub const HEADER_BYTES: usize = 19;
/// Dimensions, whether there are NULLs, type, length and first index.
pub const ARRAY_HEAD_BYTES: usize = 20;
/// Its length, and an element.
const ELEMENT_BYTES: usize = 12;

/// Appends the header: signature, no flags, no extension.
pub fn write_header(out: &mut Vec<u8>) {
    out.extend_from_slice(SIGNATURE);
    out.extend_from_slice(&[0; 8]);
}

/// Appends the trailer.
pub fn write_trailer(out: &mut Vec<u8>) {
    out.extend_from_slice(&(-1_i16).to_be_bytes());
}

/// One row being written: each call appends the next column.
pub struct Row<'o>(&'o mut Vec<u8>);

impl<'o> Row<'o> {
    /// Starts a row of `columns` columns.
    pub fn start(out: &'o mut Vec<u8>, columns: i16) -> Self {
        out.extend_from_slice(&columns.to_be_bytes());
        Self(out)
    }

    /// Goes on with the row at the end of `out`, which lacks its last columns.
    pub fn resume(out: &'o mut Vec<u8>) -> Self {
        Self(out)
    }

    /// `bytea` or `text`. A value never exceeds the limit of a capture body, far below 2 GiB.
    pub fn bytes(&mut self, value: &[u8]) -> &mut Self {
        let length = i32::try_from(value.len()).unwrap_or(i32::MAX);
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(value);
        self
    }

    /// `bytea` of so many bytes, which `write` appends.
    pub fn bytes_by(&mut self, length: usize, write: impl FnOnce(&mut Vec<u8>)) -> &mut Self {
        let length = i32::try_from(length).unwrap_or(i32::MAX);
        self.0.extend_from_slice(&length.to_be_bytes());
        write(self.0);
        self
    }

    /// `text` or NULL.
    pub fn text(&mut self, value: Option<&str>) -> &mut Self {
        match value {
            Some(value) => self.bytes(value.as_bytes()),
            None => self.null(),
        }
    }

    /// NULL.
    pub fn null(&mut self) -> &mut Self {
        self.0.extend_from_slice(&(-1_i32).to_be_bytes());
        self
    }

    /// `bigint`.
    pub fn bigint(&mut self, value: i64) -> &mut Self {
        self.0.extend_from_slice(&element(value.to_be_bytes()));
        self
    }

    /// `integer`.
    pub fn integer(&mut self, value: i32) -> &mut Self {
        // Its length and itself, in one piece.
        let [a, b, c, d] = value.to_be_bytes();
        self.0.extend_from_slice(&[0, 0, 0, 4, a, b, c, d]);
        self
    }

    /// `smallint`.
    pub fn smallint(&mut self, value: i16) -> &mut Self {
        let [a, b] = value.to_be_bytes();
        self.0.extend_from_slice(&[0, 0, 0, 2, a, b]);
        self
    }

    /// `bigint[]`, or NULL where it is empty.
    pub fn bigints(&mut self, values: impl ExactSizeIterator<Item = i64>) -> &mut Self {
        self.array(BIGINT_OID, values.len(), values.map(i64::to_be_bytes))
    }

    /// `double precision[]`, all that come first in their pairs and then the others; NULL where it is empty.
    pub fn doubles_of_pairs(&mut self, pairs: &[(f64, f64)]) -> &mut Self {
        let values = pairs.iter().map(|pair| pair.0).chain(pairs.iter().map(|pair| pair.1));
        self.array(DOUBLE_OID, 2 * pairs.len(), values.map(f64::to_be_bytes))
    }

    /// One dimension, from index 1, no NULLs.
    fn array(&mut self, oid: i32, count: usize, values: impl Iterator<Item = [u8; 8]>) -> &mut Self {
        if count == 0 {
            return self.null();
        }
        let bytes = ARRAY_HEAD_BYTES + count * ELEMENT_BYTES;
        let of = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
        for head in [of(bytes), 1, 0, oid, of(count), 1] {
            self.0.extend_from_slice(&head.to_be_bytes());
        }
        self.0.reserve(bytes);
        for value in values {
            self.0.extend_from_slice(&element(value));
        }
        self
    }

    /// `timestamptz` from µs since 1970.
    pub fn time(&mut self, unix_us: i64) -> &mut Self {
        self.bigint(unix_us - POSTGRES_EPOCH_US)
    }
}

/// Eight bytes behind their length.
fn element(value: [u8; 8]) -> [u8; ELEMENT_BYTES] {
    let mut element = [0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0];
    element[4..].copy_from_slice(&value);
    element
}
