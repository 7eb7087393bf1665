//! The systems that streams are parts of.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use headwater_project::{Project, StreamAsset};
use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{ConnectorType, OpenContext, Source as System, SourceStream, StreamSettings};
use headwater_sdk::{Blame, Error, Result};

/// Systems, each opened once.
pub(super) struct Systems<'a> {
    project: &'a Project,
    connectors: &'a [Box<dyn ConnectorType>],
    opened: Mutex<BTreeMap<(String, String), Arc<dyn System>>>,
}

impl<'a> Systems<'a> {
    pub(super) fn new(project: &'a Project, connectors: &'a [Box<dyn ConnectorType>]) -> Self {
        Self { project, connectors, opened: Mutex::default() }
    }

    /// The system that a stream is a part of.
    pub(super) fn of(&self, stream: &StreamAsset) -> Result<Arc<dyn System>> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let name = stream.system();
        if let Some(system) = opened.get(&name) {
            return Ok(Arc::clone(system));
        }
        let system = open_system(self.project, self.connectors, stream)?;
        opened.insert(name, Arc::clone(&system));
        Ok(system)
    }
}

/// Opens the system that a stream of a project is a part of, without reaching for it.
///
/// # Errors
/// `HW0917` when there is no such connector, `HW0918` when it refuses its options.
pub fn open_system(
    project: &Project,
    connectors: &[Box<dyn ConnectorType>],
    stream: &StreamAsset,
) -> Result<Arc<dyn System>> {
    let connector = connectors.iter().find(|connector| connector.name() == stream.connector).ok_or_else(|| {
        let message = format!("this program has no connector '{}'", stream.connector);
        Error::new("HW0917", Blame::Headwater, message)
    })?;
    let (project_dir, storage) = (project.dir.clone(), project.environment.lake_storage());
    let secrets = project.secrets.clone();
    let context = OpenContext { project_dir, storage, secrets, lake_name: project.lake_name() };
    let system = connector.source(stream.source.clone(), &context);
    system.map_err(options_error)
}

/// Opens a stream of a system, without reaching for it. The `settings` are the stream's own, or others.
///
/// # Errors
/// `HW0918` when the options and the settings make no sense.
pub fn open_stream(
    system: &dyn System,
    stream: &StreamAsset,
    settings: StreamSettings,
) -> Result<Arc<dyn SourceStream>> {
    system.stream(stream.stream.clone(), settings).map_err(options_error)
}

/// What a connector says of its options.
pub(crate) fn options_error(wrong: OptionsError) -> Error {
    let message = match wrong.key {
        Some(key) => format!("'{key}': {}", wrong.message),
        None => wrong.message,
    };
    let mut error = Error::new("HW0918", Blame::Project, message);
    error.help = wrong.help;
    error
}
