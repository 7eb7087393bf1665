//! MySQL's client/server protocol, as much of it as loads and deliveries take: a login, queries whose rows come as text, and the
//! stream of the binary log (<https://dev.mysql.com/doc/dev/mysql-server/latest/PAGE_PROTOCOL.html>).
//!
//! It is our own because no driver yields what a load needs: rows as the bytes that came, one at a time; and because the one that
//! has the binary log changes the features of crates that DataFusion is compiled with (docs/adr/0016-mysql.md).
//!
//! Invariant: nothing here knows what is asked, or what an error means to a person.

mod login;
mod packet;

use std::io;
use std::ops::Range;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

pub(super) use login::{Address, Credentials};
pub(super) use packet::Fields;

/// Room for what comes, at least.
const INPUT: usize = 256 << 10;
/// A packet of this length is followed by another one that belongs to it.
const LONGEST: usize = 0xFF_FFFF;
/// Bytes of what one packet of a server may hold, pieces put together: its own limit for `max_allowed_packet`, and a little.
const MOST: usize = (1 << 30) + (1 << 20);

const COM_QUIT: u8 = 1;
const COM_QUERY: u8 = 3;
const OK: u8 = 0x00;
const LOCAL_INFILE: u8 = 0xFB;
const EOF: u8 = 0xFE;
const ERROR: u8 = 0xFF;

/// What goes wrong.
#[derive(Debug)]
pub(super) enum WireError {
    /// The connection.
    Io(io::Error),
    /// The server says so: its number, its SQLSTATE and its text.
    Server { number: u16, state: String, message: String },
    /// The encryption of the connection.
    Tls(String),
    /// The login, in a way that this program does not know.
    Login(String),
    /// What came is not of a form that is known.
    Form(&'static str),
}

impl std::fmt::Display for WireError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => f.write_str("the connection was cut"),
            Self::Io(error) => write!(f, "{error}"),
            Self::Server { message, .. } => f.write_str(message),
            Self::Tls(text) | Self::Login(text) => f.write_str(text),
            Self::Form(what) => write!(f, "{what} has a form that is not known"),
        }
    }
}

impl From<io::Error> for WireError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

pub(super) type Result<T, E = WireError> = std::result::Result<T, E>;

/// What bytes go over.
trait Duplex: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Duplex for T {}

/// A column of an answer.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) name: String,
    /// Number of the character set and collation; 63 for bytes.
    pub(super) charset: u16,
    /// Bytes that a value takes as text, at most.
    pub(super) length: u32,
    pub(super) kind: u8,
    pub(super) flags: u16,
    pub(super) decimals: u8,
}

/// A session.
pub(super) struct Wire {
    stream: Box<dyn Duplex>,
    input: BytesMut,
    sequence: u8,
    /// What the server says that it is, e.g. `10.11.6-MariaDB`.
    pub(super) version: String,
    /// Whether an answer is under way, or has been broken off: the session cannot be asked anything else.
    pub(super) is_busy: bool,
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wire").field("version", &self.version).field("is_busy", &self.is_busy).finish_non_exhaustive()
    }
}

impl Wire {
    /// Runs a statement whose rows, if it has any, are few.
    pub(super) async fn all(&mut self, sql: &str) -> Result<Vec<Vec<Option<String>>>> {
        let columns = self.ask(sql).await?.len();
        let (mut rows, mut fields) = (Vec::new(), Vec::new());
        while let Some(row) = self.row().await? {
            text_row(&row, columns, &mut fields)?;
            let text = |field: &Option<Range<usize>>| {
                field.clone().map(|field| String::from_utf8_lossy(&row[field]).into_owned())
            };
            rows.push(fields.iter().map(text).collect());
        }
        Ok(rows)
    }

    /// Runs a statement without rows; how many rows it has written. It may be larger than one that is read by people.
    pub(super) async fn run(&mut self, sql: &[u8]) -> Result<u64> {
        self.is_busy = true;
        self.command(COM_QUERY, sql).await?;
        let answer = self.answer().await?;
        let mut fields = Fields(&answer);
        if fields.byte() != Some(OK) {
            return Err(WireError::Form("an answer that has rows, or asks for a file of this machine,"));
        }
        self.is_busy = false;
        fields.length().ok_or(WireError::Form("an answer"))
    }

    /// Asks a query; what columns its rows have. The rows have to be read to their end.
    pub(super) async fn ask(&mut self, sql: &str) -> Result<Vec<Column>> {
        self.is_busy = true;
        self.command(COM_QUERY, sql.as_bytes()).await?;
        let first = self.answer().await?;
        match first.first() {
            Some(&OK) => {
                self.is_busy = false;
                return Ok(Vec::new());
            }
            Some(&LOCAL_INFILE) => return Err(WireError::Form("an answer that asks for a file of this machine")),
            _ => {}
        }
        let count = Fields(&first).length().ok_or(WireError::Form("an answer"))?;
        let mut columns = Vec::new();
        for _ in 0..count {
            let packet = self.answer().await?;
            columns.push(packet::column(&packet).ok_or(WireError::Form("a column"))?);
        }
        // The end of the columns.
        self.answer().await?;
        Ok(columns)
    }

    /// The next row of an answer; `None` at its end.
    pub(super) async fn row(&mut self) -> Result<Option<Bytes>> {
        if !self.is_busy {
            return Ok(None);
        }
        let packet = self.answer().await?;
        if is_end(&packet) {
            self.is_busy = false;
            return Ok(None);
        }
        Ok(Some(packet))
    }

    /// Asks for the binary log by a command and what it has behind it. Events come by [`Self::event`].
    pub(super) async fn dump(&mut self, command: u8, rest: &[u8]) -> Result<()> {
        self.is_busy = true;
        self.command(command, rest).await
    }

    /// The next event of the binary log; `None` at its end.
    pub(super) async fn event(&mut self) -> Result<Option<Bytes>> {
        let mut packet = self.answer().await?;
        if is_end(&packet) {
            self.is_busy = false;
            return Ok(None);
        }
        // One byte that says that all is well.
        if packet.is_empty() {
            return Err(WireError::Form("an event"));
        }
        packet.advance(1);
        Ok(Some(packet))
    }

    /// Says goodbye, so that the server does not log an aborted connection.
    pub(super) async fn quit(mut self) {
        if !self.is_busy {
            let _gone = self.command(COM_QUIT, &[]).await;
        }
    }

    async fn command(&mut self, command: u8, rest: &[u8]) -> Result<()> {
        self.sequence = 0;
        let mut payload = Vec::with_capacity(1 + rest.len());
        payload.push(command);
        payload.extend_from_slice(rest);
        self.send(&payload).await
    }

    async fn send(&mut self, payload: &[u8]) -> Result<()> {
        let mut pieces: Vec<&[u8]> = payload.chunks(LONGEST).collect();
        // One that fills its last piece is followed by an empty one.
        if payload.len().is_multiple_of(LONGEST) {
            pieces.push(&[]);
        }
        let mut bytes = Vec::with_capacity(payload.len() + 4 * pieces.len());
        for piece in pieces {
            bytes.extend_from_slice(&(piece.len() as u32).to_le_bytes()[..3]);
            bytes.push(self.sequence);
            bytes.extend_from_slice(piece);
            self.sequence = self.sequence.wrapping_add(1);
        }
        self.stream.write_all(&bytes).await?;
        self.stream.flush().await?;
        Ok(())
    }

    /// A packet that is no error.
    async fn answer(&mut self) -> Result<Bytes> {
        let packet = self.packet().await?;
        match packet.first() {
            Some(&ERROR) => {
                self.is_busy = false;
                Err(packet::error(&packet))
            }
            Some(_) => Ok(packet),
            None => Err(WireError::Form("an empty packet")),
        }
    }

    async fn packet(&mut self) -> Result<Bytes> {
        let mut whole: Option<BytesMut> = None;
        loop {
            self.fill(4).await?;
            let length =
                usize::from(self.input[0]) | usize::from(self.input[1]) << 8 | usize::from(self.input[2]) << 16;
            self.sequence = self.input[3].wrapping_add(1);
            self.input.advance(4);
            self.fill(length).await?;
            let piece = self.input.split_to(length);
            let whole_length = whole.as_ref().map_or(0, BytesMut::len) + length;
            if whole_length > MOST {
                return Err(WireError::Form("a packet of more than 1 GiB"));
            }
            match &mut whole {
                None if length < LONGEST => return Ok(piece.freeze()),
                None => whole = Some(piece),
                Some(whole) => whole.extend_from_slice(&piece),
            }
            if length < LONGEST {
                return Ok(whole.unwrap_or_default().freeze());
            }
        }
    }

    /// Reads on until so many bytes are there.
    async fn fill(&mut self, length: usize) -> Result<()> {
        while self.input.len() < length {
            self.input.reserve((length - self.input.len()).max(INPUT));
            if self.stream.read_buf(&mut self.input).await? == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
        }
        Ok(())
    }
}

fn is_end(packet: &[u8]) -> bool {
    packet.first() == Some(&EOF) && packet.len() < 9
}

/// Where the fields of a row are among its bytes; `None` for a null.
pub(super) fn text_row(row: &[u8], columns: usize, fields: &mut Vec<Option<Range<usize>>>) -> Result<()> {
    fields.clear();
    let mut rest = Fields(row);
    for _ in 0..columns {
        fields.push(rest.place(row.len()).ok_or(WireError::Form("a row"))?);
    }
    Ok(())
}
