//! The records of an XML text as lines of JSON.

use std::io::{self, BufReader, Read};
use std::sync::Arc;

use headwater_sdk::{Blame, Error};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::record::{Element, XmlOptions};
use crate::codes;
use crate::files::json::Written;

/// Elements within one another, at most.
const MOST_DEPTH: usize = 100;
/// Bytes that are read at a time.
const CHUNK: usize = 64 << 10;

/// A text of JSON lines, made of the records of a text of XML. Each stands in the line where its record begins, as long as no line has
/// several.
pub(crate) struct XmlLines<R> {
    reader: Reader<BufReader<Counted<R>>>,
    options: Arc<XmlOptions>,
    name: Arc<str>,
    /// Bytes of a record, at most.
    max_record: usize,
    path: Vec<String>,
    /// The elements of the record that is being read, from the outermost on; none between records.
    open: Vec<Element>,
    /// Bytes of text that they hold.
    size: usize,
    /// Lines of the file before what is read.
    line: u64,
    /// Lines before the record.
    began: u64,
    written: Written,
    buffer: Vec<u8>,
    ended: bool,
}

/// A text whose bytes are counted, so that no event can be larger than is allowed.
struct Counted<R> {
    inner: R,
    left: usize,
    /// Why no more can be read.
    failed: Option<io::Error>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::Error::other("larger than is allowed"));
        }
        let most = buffer.len().min(self.left);
        match self.inner.read(&mut buffer[..most]) {
            Ok(count) => {
                self.left -= count;
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let same = io::Error::new(error.kind(), error.to_string());
                self.failed = Some(error);
                Err(same)
            }
        }
    }
}

impl<R: Read> XmlLines<R> {
    /// The records of a text in UTF-8.
    pub(crate) fn new(text: R, options: Arc<XmlOptions>, name: Arc<str>, max_record: usize) -> Self {
        let counted = Counted { inner: text, left: max_record.max(CHUNK) * 2, failed: None };
        let mut reader = Reader::from_reader(BufReader::with_capacity(CHUNK, counted));
        reader.config_mut().expand_empty_elements = true;
        Self {
            reader,
            options,
            name,
            max_record,
            path: Vec::new(),
            open: Vec::new(),
            size: 0,
            line: 0,
            began: 0,
            written: Written::default(),
            buffer: Vec::new(),
            ended: false,
        }
    }

    fn wrong(&self, what: &str, help: &str) -> Error {
        let message = format!("{}, line {}: {what}", self.name, self.line + 1);
        Error::new(codes::CORRUPT, Blame::Data, message).help(help)
    }

    /// Goes on until a record is written, or the text ends.
    ///
    /// # Errors
    /// An [`Error`] within, or that of the file itself as it came in.
    fn advance(&mut self) -> io::Result<()> {
        self.written.clear();
        while self.written.is_empty() && !self.ended {
            let mut buffer = std::mem::take(&mut self.buffer);
            buffer.clear();
            self.reader.get_mut().get_mut().left = self.max_record.max(CHUNK) * 2;
            let event = match self.reader.read_event_into(&mut buffer) {
                Ok(event) => event,
                Err(quick_xml::Error::Io(_)) => {
                    let failed = self.reader.get_mut().get_mut().failed.take();
                    return Err(failed.unwrap_or_else(|| io::Error::other(self.too_large())));
                }
                Err(error) => {
                    let help = "correct the file: it is not well-formed (`xmllint --noout` tells the same)";
                    return Err(io::Error::other(self.wrong(&format!("this is no XML: {error}"), help)));
                }
            };
            let lines = memchr::memchr_iter(b'\n', &event).count() as u64;
            self.take(event).map_err(io::Error::other)?;
            self.line += lines;
            self.buffer = buffer;
        }
        Ok(())
    }

    fn too_large(&self) -> Error {
        let help = "raise `max_line` in `format`, or correct the file if a quote or a bracket has no end";
        self.wrong("a text or tag is larger than `max_line` allows", help)
    }

    fn take(&mut self, event: Event<'_>) -> Result<(), Error> {
        match event {
            Event::Start(start) => self.start(&start)?,
            Event::End(_) => self.end(),
            Event::Text(text) => {
                let text = text.decode().map_err(|error| self.not_text(error))?;
                self.text(&text, false);
            }
            Event::CData(text) => {
                let text = text.decode().map_err(|error| self.not_text(error))?;
                self.text(&text, true);
            }
            Event::GeneralRef(reference) => {
                let letter = reference.resolve_char_ref();
                let name = reference.decode().map_err(|error| self.not_text(error))?;
                let text = match (letter, &*name) {
                    (Ok(Some(letter)), _) => letter.to_string(),
                    (_, "lt") => "<".into(),
                    (_, "gt") => ">".into(),
                    (_, "amp") => "&".into(),
                    (_, "quot") => "\"".into(),
                    (_, "apos") => "'".into(),
                    // What a file defines for itself could be made to grow without end.
                    _ => return Err(self.unknown_entity(&name)),
                };
                self.text(&text, false);
            }
            Event::Decl(declaration) => {
                let encoding = declaration.encoding().and_then(Result::ok);
                let encoding = encoding.map(|label| String::from_utf8_lossy(&label).to_ascii_lowercase());
                if let Some(encoding) =
                    encoding.filter(|label| self.options.plain && !matches!(&**label, "utf-8" | "utf8" | "us-ascii"))
                {
                    let help = format!("say `format: {{ encoding: {encoding} }}`");
                    return Err(self.wrong(&format!("the file says that its encoding is {encoding}"), &help));
                }
            }
            Event::Eof => {
                self.ended = true;
                if let Some(name) = self.path.last() {
                    let what = format!("the file ends within the element {name}");
                    return Err(self.wrong(&what, "fetch or write the file again: it is cut off"));
                }
            }
            Event::Empty(_) | Event::Comment(_) | Event::PI(_) | Event::DocType(_) => {}
        }
        Ok(())
    }

    fn not_text(&self, error: impl std::fmt::Display) -> Error {
        self.wrong(
            &format!("this is not UTF-8: {error}"),
            "say which encoding the file has, e.g. `format: { encoding: windows-1252 }`",
        )
    }

    fn unknown_entity(&self, name: &str) -> Error {
        let help = "write the character itself, or its number (&#233;): entities that a file defines for itself are not expanded";
        self.wrong(&format!("the entity &{name}; is none of XML's own"), help)
    }

    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), Error> {
        let name = String::from_utf8_lossy(start.local_name().as_ref()).into_owned();
        if self.path.len() >= MOST_DEPTH {
            let what = format!("elements are more than {MOST_DEPTH} deep");
            return Err(self.wrong(&what, "write the file with fewer elements within one another"));
        }
        self.path.push(name.clone());
        let is_record = self.open.is_empty() && self.options.is_record(&self.path);
        if is_record {
            (self.began, self.size) = (self.line, 0);
        }
        if !is_record && self.open.is_empty() {
            return Ok(());
        }
        let mut element = Element::new(name);
        for attribute in start.attributes() {
            let attribute =
                attribute.map_err(|error| self.wrong(&format!("this is no XML: {error}"), "correct the file"))?;
            let key = attribute.key;
            // Where names come from is no value.
            if key.as_namespace_binding().is_some() {
                continue;
            }
            let name = String::from_utf8_lossy(key.local_name().as_ref()).into_owned();
            let value = attribute.decode_and_unescape_value(self.reader.decoder());
            let value = value.map_err(|error| {
                self.wrong(
                    &format!("an attribute cannot be read: {error}"),
                    "write characters themselves, or their numbers (&#233;)",
                )
            })?;
            self.size += name.len() + value.len();
            if self.fits() {
                element.attribute(name, &value);
            }
        }
        self.size += start.len();
        self.open.push(element);
        Ok(())
    }

    /// Whether there is room for more of the record; one that is too large is not kept.
    fn fits(&self) -> bool {
        self.size <= self.max_record
    }

    fn text(&mut self, text: &str, verbatim: bool) {
        if self.open.is_empty() {
            return;
        }
        self.size += text.len();
        if self.fits()
            && let Some(element) = self.open.last_mut()
        {
            element.text(text, verbatim);
        }
    }

    fn end(&mut self) {
        self.path.pop();
        let Some(element) = self.open.pop() else { return };
        let (name, fits) = (element.name().to_owned(), self.fits());
        let json = element.finish(&self.options, &self.open);
        match self.open.last_mut() {
            Some(outer) if fits => outer.part(name, json),
            // The record is too large already, and will be set aside: no more of it is held.
            Some(_) => {}
            None => {
                let json = fits.then_some(json.as_bytes());
                self.written.record(self.began, json, self.max_record);
            }
        }
    }
}

impl<R: Read> Read for XmlLines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.written.is_empty() {
            self.advance()?;
        }
        Ok(self.written.read(buffer))
    }
}
