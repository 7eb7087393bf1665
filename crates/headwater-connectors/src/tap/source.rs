//! A program that prints streams: what its streams have in common.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{Finding, FoundStream, OpenContext, Standing};
use headwater_sdk::script::Program;
use headwater_sdk::{Blame, Error, Result};
use tokio::sync::oneshot;

use super::catalogue::Catalogue;
use super::failure::Failure;
use super::gathering::{Gathering, Member};
use super::messages::{Message, Protocol};
use crate::codes;
use crate::process::{Attended, Undecoded, Workplace, thread, unwritable};
use headwater_sdk::connector::local::{Place, place};

/// The most bytes of a catalogue.
const MOST: u64 = 512 << 20;

/// What a project says of a program that is a source.
#[derive(Debug)]
pub(crate) struct TapOptions {
    pub(crate) command: Vec<String>,
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) timeout: Option<String>,
    /// A file with the catalogue, relative to the project's folder; `None` where the program is asked for it.
    pub(crate) catalog: Option<String>,
}

/// The program.
#[derive(Debug)]
pub(crate) struct Tap {
    pub(super) protocol: Arc<dyn Protocol>,
    pub(super) program: Program,
    catalogue_file: Option<Place>,
    found: tokio::sync::Mutex<Option<std::result::Result<Arc<Catalogue>, Failure>>>,
    /// The streams that are gathered until the first of them is read. They hold it: when none is left, nobody wants it.
    gathering: Mutex<Weak<Gathering>>,
    /// Whoever runs the program to read streams: what is behind it is rarely made for two at once.
    pub(super) turn: tokio::sync::Mutex<()>,
}

impl Tap {
    /// # Errors
    /// When the options make no sense.
    pub(crate) fn new(
        protocol: impl Protocol,
        options: TapOptions,
        context: &OpenContext,
    ) -> std::result::Result<Self, OptionsError> {
        let TapOptions { command, env, timeout, catalog } = options;
        let program = crate::process::program(command, env, timeout.as_deref(), context)?;
        let catalogue_file = catalog.as_deref().map(|path| {
            place(path, false, &program.folder).ok_or_else(|| OptionsError {
                key: Some("catalog"),
                message: "the file is outside of the project".to_owned(),
                help: Some("put it into the project's folder".to_owned()),
            })
        });
        Ok(Self {
            protocol: Arc::new(protocol),
            program,
            catalogue_file: catalogue_file.transpose()?,
            found: tokio::sync::Mutex::default(),
            gathering: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        })
    }

    /// The program as messages show it.
    pub(crate) fn shown(&self) -> String {
        self.program.command.join(" ")
    }

    /// The streams that the program has. It is asked once.
    ///
    /// # Errors
    /// When it fails, or says something else.
    pub(crate) async fn catalogue(&self) -> Result<Arc<Catalogue>> {
        let mut found = self.found.lock().await;
        if let Some(found) = found.as_ref() {
            return found.as_ref().map(Arc::clone).map_err(Error::from);
        }
        match self.look().await {
            Ok(catalogue) => {
                let catalogue = Arc::new(catalogue);
                *found = Some(Ok(Arc::clone(&catalogue)));
                Ok(catalogue)
            }
            Err(error) => {
                let failure = Failure::from(&error);
                if !failure.transient {
                    *found = Some(Err(failure));
                }
                Err(error)
            }
        }
    }

    async fn look(&self) -> Result<Catalogue> {
        let (printed, from) = match &self.catalogue_file {
            Some(place) => (self.read_file(place)?, format!("the file {}", place.shown)),
            None => {
                let workplace = Workplace::new()?;
                let arguments = self.protocol.discovery(&workplace)?;
                (self.ask(&arguments).await?, format!("`{}`", self.shown()))
            }
        };
        self.protocol.catalogue(&printed).map_err(|clause| {
            let message = format!("{from} does not say which streams there are: what it wrote {clause}");
            let help = format!(
                "let it print its catalogue, and nothing else, to the standard output; a {} that prints none needs a \
                 file with one (`catalog`)",
                self.protocol.called()
            );
            Error::new(codes::TAP_CATALOGUE, Blame::Project, message).help(help)
        })
    }

    fn read_file(&self, place: &Place) -> Result<Vec<u8>> {
        std::fs::read(&place.path).map_err(|error| {
            Error::new(codes::TAP_CATALOGUE, Blame::Project, format!("the file {} cannot be read", place.shown))
                .help("correct `catalog`, or leave it out so that the program is asked")
                .caused_by(error)
        })
    }

    /// Runs the program to its end, and returns what it prints.
    ///
    /// # Errors
    /// When it fails.
    pub(crate) async fn ask(&self, arguments: &[OsString]) -> Result<Vec<u8>> {
        let (mut attended, pipes) = Attended::start(&self.program, arguments, |_| ())?;
        drop(pipes.stdin);
        let (tell, told) = oneshot::channel();
        thread("headwater-stdout", move || {
            let mut printed = Vec::new();
            let read = pipes.stdout.take(MOST).read_to_end(&mut printed);
            let _nobody = tell.send((printed, read));
        })?;
        let (printed, read) = told.await.map_err(|_| attended.cut_off())?;
        let ended = attended.end(match read {
            Ok(_) => Ok(()),
            Err(error) => Err(Undecoded::CutOff(unwritable(error))),
        });
        match ended.await {
            Ok(()) => Ok(printed),
            // It may say itself what is wrong.
            Err(error) => Err(self.failed(&printed).unwrap_or(error)),
        }
    }

    fn failed(&self, printed: &[u8]) -> Option<Error> {
        printed.split(|byte| *byte == b'\n').find_map(|line| match self.protocol.message(line) {
            Ok(Message::Failed(error)) => Some(error),
            _ => None,
        })
    }

    /// Lets a stream take part in what is read together.
    pub(super) fn gather(&self, member: Member) -> (Arc<Gathering>, usize) {
        let mut last = self.gathering.lock().unwrap_or_else(PoisonError::into_inner);
        let mut member = Some(member);
        let mut gathering = last.upgrade().unwrap_or_default();
        loop {
            if let Some(place) = gathering.add(&mut member) {
                *last = Arc::downgrade(&gathering);
                return (gathering, place);
            }
            gathering = Arc::default();
        }
    }

    /// What there is to read.
    ///
    /// # Errors
    /// As [`Self::catalogue`].
    pub(crate) async fn discover(&self) -> Result<Vec<FoundStream>> {
        Ok(self.catalogue().await?.found())
    }

    /// That the program answers.
    ///
    /// # Errors
    /// As [`Self::catalogue`].
    pub(crate) async fn examine(&self) -> Result<Finding> {
        let streams = self.catalogue().await?.streams.len();
        let what = match (&self.catalogue_file, streams) {
            (Some(place), _) => format!("the file {} names the streams: {streams}", place.shown),
            (None, 1) => format!("`{}` answers: it has 1 stream", self.shown()),
            (None, _) => format!("`{}` answers: it has {streams} streams", self.shown()),
        };
        Ok(Finding { standing: Standing::Good, what, help: None })
    }
}
