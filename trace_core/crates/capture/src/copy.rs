//! Postgres' binary COPY format, as far as our tables need it.

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
/// µs from 1970 to 2000, where Postgres counts from.
const POSTGRES_EPOCH_US: i64 = 946_684_800_000_000;

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

    /// `bytea` or `text`. A value never exceeds the limit of a capture body, far below 2 GiB.
    pub fn bytes(&mut self, value: &[u8]) -> &mut Self {
        let length = i32::try_from(value.len()).unwrap_or(i32::MAX);
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(value);
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
        self.bytes(&value.to_be_bytes())
    }

    /// `smallint`.
    pub fn smallint(&mut self, value: i16) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    /// `timestamptz` from µs since 1970.
    pub fn time(&mut self, unix_us: i64) -> &mut Self {
        self.bigint(unix_us - POSTGRES_EPOCH_US)
    }
}
