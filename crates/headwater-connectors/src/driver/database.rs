//! A database, opened by its driver, and a session of it. Calls block: they are made on threads for that.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use adbc_core::error::{Error as DriverError, Status};
use adbc_core::options::{InfoCode, OptionDatabase, OptionValue};
use adbc_core::{Connection, Database as _, Driver, Statement};
use adbc_driver_manager::{ManagedConnection, ManagedDatabase, ManagedStatement};
use arrow_array::cast::AsArray;
use arrow_array::types::UInt32Type;
use arrow_array::{Array, RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, DataType, Schema, SchemaRef};
use headwater_sdk::{Blame, Error, Result};

use super::dialect::{Dialect, quote_of};
use super::library::Library;
use super::told::{said, told};
use super::transaction::Script;
use crate::codes;
use headwater_sdk::connector::local::Place;

/// Rows as a driver yields them. Some drivers yield no more when their statement is gone, and others lose the transaction.
pub(super) struct Rows {
    reader: Box<dyn RecordBatchReader + Send + 'static>,
    // Behind the reader, which needs it.
    _statement: ManagedStatement,
}

impl Rows {
    pub(super) fn schema(&self) -> SchemaRef {
        self.reader.schema()
    }
}

impl Iterator for Rows {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.reader.next()
    }
}

/// What a database is opened with.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) library: Library,
    /// The driver's own options.
    pub(crate) options: Vec<(String, String)>,
    /// What it is called in messages.
    pub(crate) shown: String,
    /// What stands around names; by default what the driver's name suggests.
    pub(crate) quote: Option<char>,
    /// Values that are kept out of messages.
    pub(crate) secrets: Vec<String>,
    /// A file of this machine that all is in, and what stands beside it: where these have not changed, the database has not.
    pub(crate) file: Option<Place>,
}

/// A database.
#[derive(Clone)]
pub(crate) struct Database(Arc<Shared>);

struct Shared {
    settings: Settings,
    /// While sessions are open: some drivers let a process open a file once only, and hold its locks for as long.
    open: Mutex<Weak<Open>>,
}

struct Open {
    database: ManagedDatabase,
    /// What its first session was told. Go's drivers write down what they tell, and every later call of any session reads it without a lock:
    /// asked beside another session they end the process.
    identity: Mutex<Option<Identity>>,
}

/// What a database is.
#[derive(Clone, Default)]
struct Identity {
    /// Its own name.
    vendor: String,
    /// What it and the driver call themselves.
    versions: String,
}

/// A session. It ends when it is dropped.
pub(super) struct Session {
    connection: ManagedConnection,
    /// How things are written there.
    pub(super) dialect: Dialect,
    /// What the database and the driver call themselves.
    pub(super) versions: String,
    pub(super) script: Script,
    database: Database,
    // Behind the connection, which needs it.
    _open: Arc<Open>,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Without options, which may hold secrets.
        f.debug_struct("Database").field("shown", &self.0.settings.shown).finish_non_exhaustive()
    }
}

impl Open {
    /// A new connection, and what the database is.
    fn connection(&self) -> Result<(ManagedConnection, Identity), DriverError> {
        let mut known = self.identity.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(identity) = known.clone() {
            drop(known);
            return Ok((self.database.new_connection()?, identity));
        }
        let connection = self.database.new_connection()?;
        let identity = Identity::of(&connection);
        *known = Some(identity.clone());
        Ok((connection, identity))
    }
}

impl Database {
    /// One that is not opened before it is asked for a session.
    pub(crate) fn new(settings: Settings) -> Self {
        Self(Arc::new(Shared { settings, open: Mutex::new(Weak::new()) }))
    }

    /// What it is called in messages.
    pub(crate) fn shown(&self) -> &str {
        &self.0.settings.shown
    }

    /// What stands around names.
    pub(crate) fn quote(&self) -> char {
        self.0.settings.quote.unwrap_or_else(|| quote_of(&self.0.settings.library.driver))
    }

    /// The file that it is, if it is one.
    pub(super) fn file(&self) -> Option<&Place> {
        self.0.settings.file.as_ref()
    }

    /// Whether it is a file that is not there yet: a driver would make it.
    pub(super) fn is_to_be_made(&self) -> bool {
        self.to_be_made().is_some_and(|path| !path.exists())
    }

    /// # Errors
    /// When the file's folder is not there.
    pub(super) fn can_be_made(&self) -> Result<()> {
        let folder = self.to_be_made().and_then(|path| path.parent().map(Path::to_path_buf));
        if folder.is_none_or(|folder| folder.as_os_str().is_empty() || folder.is_dir()) {
            return Ok(());
        }
        let message = format!("{} cannot be opened: its folder is not there", self.shown());
        Err(Error::new(codes::DRIVER_UNREACHABLE, Blame::Project, message).help("make the folder"))
    }

    fn to_be_made(&self) -> Option<PathBuf> {
        if let Some(place) = self.file() {
            return Some(place.path.clone());
        }
        let option = |name: &str| {
            let options = self.0.settings.options.iter();
            options.filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).next()
        };
        let is_file = |path: &&str| !path.is_empty() && !path.starts_with(':') && !path.contains("://");
        if self.0.settings.library.driver.contains("duckdb") {
            return option("path").filter(is_file).map(PathBuf::from);
        }
        // SQLite's driver takes a path, which it understands from where the process is, or a URI.
        let is_sqlite = self.0.settings.library.driver.contains("sqlite");
        let uri = option("uri").filter(is_file).filter(|uri| !uri.starts_with("file:"))?;
        is_sqlite.then(|| PathBuf::from(uri))
    }

    /// A new session.
    ///
    /// # Errors
    /// When the driver cannot be loaded, or cannot open the database.
    pub(super) fn connect(&self) -> Result<Session> {
        let failed = |error: DriverError| self.failed(&error, &format!("{} cannot be opened", self.shown()));
        let open = self.open()?;
        let (connection, Identity { vendor, versions }) = open.connection().map_err(failed)?;
        let dialect = Dialect::of(&vendor);
        Ok(Session { connection, dialect, versions, script: Script::default(), database: self.clone(), _open: open })
    }

    fn open(&self) -> Result<Arc<Open>> {
        let mut known = self.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = known.upgrade() {
            return Ok(open);
        }
        let settings = &self.0.settings;
        if let Some(place) = &settings.file {
            check(place)?;
        }
        let mut driver = settings.library.load()?;
        let options = settings.options.iter();
        let options =
            options.map(|(key, value)| (OptionDatabase::from(key.as_str()), OptionValue::from(value.as_str())));
        let database = driver
            .new_database_with_opts(options)
            .map_err(|error| self.failed(&error, &format!("{} cannot be opened", self.shown())))?;
        let open = Arc::new(Open { database, identity: Mutex::default() });
        *known = Arc::downgrade(&open);
        Ok(open)
    }

    /// What a driver says, without secrets.
    pub(super) fn said(&self, error: &DriverError) -> String {
        said(&error.message, &self.0.settings.secrets)
    }

    /// An error of the driver, for a person.
    pub(super) fn failed(&self, error: &DriverError, what: &str) -> headwater_sdk::Error {
        told(error, what, &self.0.settings.secrets)
    }
}

impl Session {
    pub(super) fn database(&self) -> &Database {
        &self.database
    }

    pub(super) fn connection(&self) -> &ManagedConnection {
        &self.connection
    }

    /// A text in SQL.
    pub(super) fn literal(&self, text: &str) -> String {
        self.dialect.text(self.database.quote(), text)
    }

    pub(super) fn statement(&self) -> Result<ManagedStatement, DriverError> {
        // A handle: all of them are of one connection.
        self.connection.clone().new_statement()
    }

    /// The rows of a query.
    pub(super) fn query(&self, sql: &str) -> Result<Rows, DriverError> {
        let mut statement = self.statement()?;
        statement.set_sql_query(sql)?;
        let reader = statement.execute()?;
        Ok(Rows { reader, _statement: statement })
    }

    /// The columns of a query that is not executed; `None` where the driver cannot tell.
    pub(super) fn columns(&self, sql: &str) -> Result<Option<Schema>, DriverError> {
        let mut statement = self.statement()?;
        statement.set_sql_query(sql)?;
        match statement.prepare() {
            Err(error) if error.status != Status::NotImplemented => return Err(error),
            _ => {}
        }
        match statement.execute_schema() {
            Err(error) if error.status == Status::NotImplemented => Ok(None),
            columns => columns.map(Some),
        }
    }

    /// As [`Self::update`], but never collected.
    pub(super) fn update_now(&self, sql: &str) -> Result<Option<u64>, DriverError> {
        if !self.dialect.waits_for_updates() {
            self.query(sql)?.try_for_each(|batch| batch.map(|_| ()))?;
            return Ok(None);
        }
        let mut statement = self.statement()?;
        statement.set_sql_query(sql)?;
        Ok(statement.execute_update()?.and_then(|rows| u64::try_from(rows).ok()))
    }

    /// The text in the first row's first column; `None` without a row, or when it is null.
    pub(super) fn text(&self, sql: &str) -> Result<Option<String>, DriverError> {
        Ok(self.texts(sql)?.into_iter().next().and_then(|row| row.into_iter().next()).flatten())
    }

    /// The rows of a query that has few, each value as a text; `None` for null.
    pub(super) fn texts(&self, sql: &str) -> Result<Vec<Vec<Option<String>>>, DriverError> {
        let mut rows = Vec::new();
        for batch in self.query(sql)? {
            let batch = batch?;
            let columns: Result<Vec<_>, _> =
                batch.columns().iter().map(|column| arrow_cast::cast(column, &DataType::Utf8)).collect();
            let columns = columns?;
            rows.extend((0..batch.num_rows()).map(|row| {
                let values = columns.iter().map(AsArray::as_string::<i32>);
                values.map(|values| values.is_valid(row).then(|| values.value(row).to_owned())).collect()
            }));
        }
        Ok(rows)
    }

    /// The columns of a table that stands beside another, whose name has these parts.
    pub(super) fn columns_of_table(&self, beside: &[String], table: &str) -> Result<Schema, DriverError> {
        let (catalog, schema) = match beside {
            [catalog, schema, _] => (Some(catalog.as_str()), Some(schema.as_str())),
            [schema, _] => (None, Some(schema.as_str())),
            _ => (None, None),
        };
        self.connection.get_table_schema(catalog, schema, table)
    }
}

/// A file that is read has to be there, and inside the project if it may not be elsewhere: also where links lead.
fn check(place: &Place) -> Result<()> {
    let shown = &place.shown;
    let missing = |error: std::io::Error| {
        Error::new(codes::DRIVER_UNREACHABLE, Blame::Environment, format!("there is no file {shown}"))
            .caused_by(error)
            .help("correct `path` of the source, or put the file there")
    };
    let real = place.path.canonicalize().map_err(missing)?;
    let project = place.within.as_ref().map(|project| project.canonicalize()).transpose().map_err(missing)?;
    if project.is_some_and(|project| !real.starts_with(project)) {
        let message = format!("{shown} leads to {}, outside the project's folder", real.display());
        return Err(Error::new(codes::OUTSIDE, Blame::Project, message)
            .help("copy the file into the project, or say `allow_outside: true` beside `path`"));
    }
    Ok(())
}

impl Identity {
    /// As far as it is told.
    fn of(connection: &ManagedConnection) -> Self {
        let asked = [InfoCode::VendorName, InfoCode::VendorVersion, InfoCode::DriverName, InfoCode::DriverVersion];
        let mut told = [const { String::new() }; 4];
        let Ok(rows) = connection.get_info(Some(HashSet::from(asked))) else { return Self::default() };
        for batch in rows.flatten() {
            let [codes, values] = batch.columns() else { continue };
            let (Some(codes), Some(values)) = (codes.as_primitive_opt::<UInt32Type>(), values.as_union_opt()) else {
                continue;
            };
            for row in 0..batch.num_rows() {
                let value = values.value(row);
                let at = asked.iter().position(|code| u32::from(code) == codes.value(row));
                if let (Some(at), Some(text)) = (at, value.as_string_opt::<i32>().filter(|text| text.is_valid(0))) {
                    told[at] = text.value(0).to_owned();
                }
            }
        }
        let [vendor, version, driver, driver_version] = told;
        let versions = format!("{vendor} {version} by {driver} {driver_version}");
        Self { vendor, versions }
    }
}
