//! Messages of the SSH File Transfer Protocol, version 3 (draft-ietf-secsh-filexfer-02), which OpenSSH and all that want to be
//! spoken to by it serve.

use bytes::{Buf, BufMut, Bytes, BytesMut};

pub(super) const VERSION: u32 = 3;
/// No message of a server is longer: data of 256 KiB, the most that servers send, and a little around it.
pub(super) const LONGEST: usize = 1 << 20;

/// How a file is opened (`SSH_FXF_…`).
pub(super) mod flags {
    pub(in super::super) const READ: u32 = 1;
    pub(in super::super) const WRITE: u32 = 2;
    pub(in super::super) const CREATE: u32 = 8;
    pub(in super::super) const TRUNCATE: u32 = 16;
}

/// What a server answers that it cannot do (`SSH_FX_…`).
pub(super) mod codes {
    pub(in super::super) const OK: u32 = 0;
    pub(in super::super) const EOF: u32 = 1;
    pub(in super::super) const NO_SUCH_FILE: u32 = 2;
    pub(in super::super) const PERMISSION_DENIED: u32 = 3;
    pub(in super::super) const NO_CONNECTION: u32 = 6;
    pub(in super::super) const CONNECTION_LOST: u32 = 7;
}

/// A request. Paths and handles are bytes: servers choose them.
#[derive(Debug)]
pub(super) enum Request<'a> {
    Open {
        path: &'a [u8],
        flags: u32,
    },
    Close {
        handle: &'a [u8],
    },
    Read {
        handle: &'a [u8],
        offset: u64,
        length: u32,
    },
    Write {
        handle: &'a [u8],
        offset: u64,
        data: &'a [u8],
    },
    FileStat {
        handle: &'a [u8],
    },
    Stat {
        path: &'a [u8],
    },
    OpenFolder {
        path: &'a [u8],
    },
    ReadFolder {
        handle: &'a [u8],
    },
    Remove {
        path: &'a [u8],
    },
    MakeFolder {
        path: &'a [u8],
    },
    RealPath {
        path: &'a [u8],
    },
    Rename {
        from: &'a [u8],
        to: &'a [u8],
    },
    /// `posix-rename@openssh.com`: takes the place of what is there.
    PosixRename {
        from: &'a [u8],
        to: &'a [u8],
    },
    /// `fsync@openssh.com`.
    Sync {
        handle: &'a [u8],
    },
    /// `limits@openssh.com`.
    Limits,
}

fn put(out: &mut BytesMut, text: &[u8]) {
    out.put_u32(text.len() as u32);
    out.put_slice(text);
}

/// The first message.
pub(super) fn greeting() -> Bytes {
    let mut out = BytesMut::with_capacity(9);
    out.put_u32(5);
    out.put_u8(1);
    out.put_u32(VERSION);
    out.freeze()
}

impl Request<'_> {
    /// The message, with its length before it.
    pub(super) fn encode(&self, id: u32) -> Bytes {
        let room = if let Self::Write { data, .. } = self { data.len() } else { 0 };
        let mut out = BytesMut::with_capacity(room + 256);
        out.put_u32(0);
        let begin = |out: &mut BytesMut, kind: u8| {
            out.put_u8(kind);
            out.put_u32(id);
        };
        match self {
            Self::Open { path, flags } => {
                begin(&mut out, 3);
                put(&mut out, path);
                out.put_u32(*flags);
                out.put_u32(0);
            }
            Self::Close { handle } => {
                begin(&mut out, 4);
                put(&mut out, handle);
            }
            Self::Read { handle, offset, length } => {
                begin(&mut out, 5);
                put(&mut out, handle);
                out.put_u64(*offset);
                out.put_u32(*length);
            }
            Self::Write { handle, offset, data } => {
                begin(&mut out, 6);
                put(&mut out, handle);
                out.put_u64(*offset);
                put(&mut out, data);
            }
            Self::FileStat { handle } => {
                begin(&mut out, 8);
                put(&mut out, handle);
            }
            Self::OpenFolder { path } => {
                begin(&mut out, 11);
                put(&mut out, path);
            }
            Self::ReadFolder { handle } => {
                begin(&mut out, 12);
                put(&mut out, handle);
            }
            Self::Remove { path } => {
                begin(&mut out, 13);
                put(&mut out, path);
            }
            Self::MakeFolder { path } => {
                begin(&mut out, 14);
                put(&mut out, path);
                out.put_u32(0);
            }
            Self::RealPath { path } => {
                begin(&mut out, 16);
                put(&mut out, path);
            }
            Self::Stat { path } => {
                begin(&mut out, 17);
                put(&mut out, path);
            }
            Self::Rename { from, to } => {
                begin(&mut out, 18);
                put(&mut out, from);
                put(&mut out, to);
            }
            Self::PosixRename { from, to } => {
                begin(&mut out, 200);
                put(&mut out, b"posix-rename@openssh.com");
                put(&mut out, from);
                put(&mut out, to);
            }
            Self::Sync { handle } => {
                begin(&mut out, 200);
                put(&mut out, b"fsync@openssh.com");
                put(&mut out, handle);
            }
            Self::Limits => {
                begin(&mut out, 200);
                put(&mut out, b"limits@openssh.com");
            }
        }
        let length = (out.len() - 4) as u32;
        out[..4].copy_from_slice(&length.to_be_bytes());
        out.freeze()
    }
}

/// What is known of a file; servers leave out what they do not know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Attributes {
    pub(super) size: Option<u64>,
    pub(super) permissions: Option<u32>,
    /// Seconds since 1970.
    pub(super) modified: Option<u32>,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Folder,
    /// A link, or nobody knows: it has to be asked for.
    Unsure,
    /// A device, a socket, a pipe.
    Other,
}

impl Attributes {
    pub(super) fn kind(&self) -> Kind {
        match self.permissions.map(|mode| mode & 0o170_000) {
            Some(0o100_000) => Kind::File,
            Some(0o040_000) => Kind::Folder,
            None | Some(0 | 0o120_000) => Kind::Unsure,
            Some(_) => Kind::Other,
        }
    }
}

/// An answer.
#[derive(Debug)]
pub(super) enum Reply {
    Status {
        code: u32,
        text: String,
    },
    Handle(Bytes),
    Data(Bytes),
    Names(Vec<(Bytes, Attributes)>),
    Attributes(Attributes),
    /// The contents of an extended reply.
    Extended(Bytes),
}

/// Reads a message's fields; each gives `None` where the message ends too early.
struct Fields(Bytes);

impl Fields {
    fn byte(&mut self) -> Option<u8> {
        (!self.0.is_empty()).then(|| self.0.get_u8())
    }

    fn number(&mut self) -> Option<u32> {
        (self.0.len() >= 4).then(|| self.0.get_u32())
    }

    fn long(&mut self) -> Option<u64> {
        (self.0.len() >= 8).then(|| self.0.get_u64())
    }

    fn text(&mut self) -> Option<Bytes> {
        let length = self.number()? as usize;
        (self.0.len() >= length).then(|| self.0.split_to(length))
    }

    fn attributes(&mut self) -> Option<Attributes> {
        let present = self.number()?;
        let size = if present & 1 == 0 { None } else { Some(self.long()?) };
        if present & 2 != 0 {
            self.long()?;
        }
        let permissions = if present & 4 == 0 { None } else { Some(self.number()?) };
        let mut modified = None;
        if present & 8 != 0 {
            self.number()?;
            modified = Some(self.number()?);
        }
        if present & 0x8000_0000 != 0 {
            for _ in 0..self.number()? {
                self.text()?;
                self.text()?;
            }
        }
        Some(Attributes { size, permissions, modified })
    }
}

/// The version and the names of the extensions in a server's first message; `None` when it is none.
pub(super) fn decode_greeting(message: Bytes) -> Option<(u32, Vec<Bytes>)> {
    let mut fields = Fields(message);
    if fields.byte()? != 2 {
        return None;
    }
    let version = fields.number()?;
    let mut extensions = Vec::new();
    while let Some(name) = fields.text() {
        fields.text()?;
        extensions.push(name);
    }
    Some((version, extensions))
}

/// An answer with the number of its request; `None` when the message is damaged or of no known kind.
pub(super) fn decode(message: Bytes) -> Option<(u32, Reply)> {
    let mut fields = Fields(message);
    let kind = fields.byte()?;
    let id = fields.number()?;
    let reply = match kind {
        101 => {
            let code = fields.number()?;
            // Old servers send no text.
            let text = fields.text().unwrap_or_default();
            Reply::Status { code, text: String::from_utf8_lossy(&text).into_owned() }
        }
        102 => Reply::Handle(fields.text()?),
        103 => Reply::Data(fields.text()?),
        104 => {
            let count = fields.number()?;
            let mut names = Vec::new();
            for _ in 0..count {
                let name = fields.text()?;
                // The line that `ls -l` would show.
                fields.text()?;
                names.push((name, fields.attributes()?));
            }
            Reply::Names(names)
        }
        105 => Reply::Attributes(fields.attributes()?),
        201 => Reply::Extended(fields.0),
        _ => return None,
    };
    Some((id, reply))
}

/// The most bytes of a read and of a write, from the answer to [`Request::Limits`]; 0 for what is not limited.
pub(super) fn decode_limits(contents: Bytes) -> Option<(u64, u64)> {
    let mut fields = Fields(contents);
    fields.long()?;
    Some((fields.long()?, fields.long()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As written down in the draft: length, type, number, then the fields.
    #[test]
    fn requests_are_laid_out_as_the_draft_says() {
        let read = Request::Read { handle: b"\x00\x80", offset: 0x0102_0304_0506_0708, length: 9 }.encode(7);
        let bytes: &[u8] = &[0, 0, 0, 23, 5, 0, 0, 0, 7, 0, 0, 0, 2, 0, 0x80, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 9];
        assert_eq!(&read[..], bytes);
        let rename = Request::PosixRename { from: b"a", to: b"b" }.encode(1);
        assert_eq!(&rename[..13], [0, 0, 0, 43, 200, 0, 0, 0, 1, 0, 0, 0, 24]);
        assert_eq!(&rename[rename.len() - 10..], [0, 0, 0, 1, b'a', 0, 0, 0, 1, b'b']);
    }

    #[test]
    fn answers_are_read_and_damaged_ones_are_told() {
        let names = [
            &[104, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0, 1, b'a', 0, 0, 0, 0, 0, 0, 0, 0x0D][..],
            &[0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0x81, 0xA4, 0, 0, 0, 1, 0, 0, 0, 2],
        ]
        .concat();
        for cut in 0..names.len() {
            assert!(decode(Bytes::copy_from_slice(&names[..cut])).is_none(), "{cut}");
        }
        let Some((5, Reply::Names(found))) = decode(names.into()) else { panic!("no names") };
        let attributes = Attributes { size: Some(256), permissions: Some(0o100_644), modified: Some(2) };
        assert_eq!(found, [(Bytes::from_static(b"a"), attributes)]);
        assert_eq!(attributes.kind(), Kind::File);
        let endless = [104, 0, 0, 0, 5, 0xFF, 0xFF, 0xFF, 0xFF];
        assert!(decode(Bytes::copy_from_slice(&endless)).is_none());
    }
}
