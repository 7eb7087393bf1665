//! What planning a query told, kept from one process to the next: of a thousand models only those are planned again whose SQL, or
//! whose inputs' columns, are others than before.
//!
//! [`analyze`](super::analyze) is a function of the SQL and of the schemas that it asks for. Both are kept with what came of them, the
//! schemas as hashes; what is kept counts as long as every schema that was asked for is the same. It counts for the very program
//! that kept it only: another build may plan otherwise. What is not there, or cannot be read, is planned.

mod file;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use arrow::datatypes::{Schema, SchemaRef};
use datafusion::execution::SessionState;
use headwater_sdk::TableName;
use headwater_sdk::engine::{Analysis, SqlError};
use headwater_sdk::lineage::{ColumnLineage, Fingerprints, Sum};
use serde::{Deserialize, Serialize};

use super::{TableSchema, analyze};
use file::{Entry, Key};

/// In how many files in a row an entry is kept that nobody asked for.
const PATIENCE: u8 = 20;

/// Analyses of this process and of those before it.
pub(crate) struct KeptAnalyses {
    /// The file; `None` to keep nothing.
    path: Option<PathBuf>,
    old: OnceLock<HashMap<Key, Entry>>,
    now: Mutex<Now>,
}

#[derive(Default)]
struct Now {
    /// Entries of the file that were asked for.
    used: HashSet<Key>,
    new: HashMap<Key, Vec<u8>>,
}

/// An analysis, and what it was made from beside its SQL.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// The tables whose schemas were asked for, each with the hash of the answer; `None` where there was no such table.
    asked: BTreeMap<TableName, Option<u64>>,
    schema: Schema,
    lineage: ColumnLineage,
    fingerprints: Fingerprints,
    sums: Vec<Sum>,
    volatile: Vec<String>,
}

impl KeptAnalyses {
    /// Those in a file, which need not be there.
    pub(crate) fn new(path: Option<PathBuf>) -> Self {
        Self { path, old: OnceLock::new(), now: Mutex::default() }
    }

    /// What planning a query tells, from what is kept or by planning it.
    ///
    /// # Errors
    /// As [`analyze`].
    pub(crate) fn analyze(
        &self,
        state: &SessionState,
        sql: &str,
        table_schema: &TableSchema<'_>,
    ) -> Result<Analysis, SqlError> {
        let Some(path) = &self.path else { return analyze(state, sql, table_schema) };
        let key = file::key(sql);
        let old = self.old.get_or_init(|| file::read(path));
        if let Some(analysis) = old.get(&key).and_then(|entry| still_right(entry, table_schema)) {
            self.now().used.insert(key);
            return Ok(analysis);
        }
        let asked = Mutex::new(BTreeMap::new());
        let noting = |name: &TableName| {
            let schema = table_schema(name);
            let mut asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
            asked.insert(name.clone(), schema.as_ref().map(hash));
            schema
        };
        let analysis = analyze(state, sql, &noting)?;
        let kept = Kept {
            asked: asked.into_inner().unwrap_or_else(PoisonError::into_inner),
            schema: analysis.schema.as_ref().clone(),
            lineage: analysis.lineage.clone(),
            fingerprints: analysis.fingerprints.clone(),
            sums: analysis.sums.clone(),
            volatile: analysis.volatile.clone(),
        };
        if let Ok(bytes) = serde_json::to_vec(&kept) {
            self.now().new.insert(key, bytes);
        }
        Ok(analysis)
    }

    /// Writes the file, if there is something new. That it cannot be written costs time later, and nothing else.
    pub(crate) fn keep(&self) {
        let mut now = self.now();
        let (Some(path), Some(old), false) = (&self.path, self.old.get(), now.new.is_empty()) else { return };
        let new = std::mem::take(&mut now.new);
        let stay = old.iter().filter(|(key, _)| !new.contains_key(*key)).filter_map(|(key, entry)| {
            let age = if now.used.contains(key) { 0 } else { entry.age() + 1 };
            (age < PATIENCE).then_some((*key, age, entry.bytes()))
        });
        let entries = stay.chain(new.iter().map(|(key, bytes)| (*key, 0, bytes.as_slice())));
        if let Err(error) = file::write(path, entries) {
            tracing::debug!(path = %path.display(), %error, "what planning told cannot be kept");
        }
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The analysis of an entry, if the schemas that it was made from are those of now.
fn still_right(entry: &Entry, table_schema: &TableSchema<'_>) -> Option<Analysis> {
    let kept: Kept = serde_json::from_slice(entry.checked()?).ok()?;
    let same = kept.asked.iter().all(|(name, then)| table_schema(name).as_ref().map(hash) == *then);
    same.then(|| Analysis {
        schema: Arc::new(kept.schema),
        lineage: kept.lineage,
        fingerprints: kept.fingerprints,
        sums: kept.sums,
        volatile: kept.volatile,
    })
}

/// Stable within one build of the program.
fn hash(schema: &SchemaRef) -> u64 {
    let mut hasher = DefaultHasher::new();
    schema.fields().hash(&mut hasher);
    let mut metadata: Vec<_> = schema.metadata().iter().collect();
    metadata.sort();
    metadata.hash(&mut hasher);
    hasher.finish()
}
