//! Counters that a task moves while it works and that a progress display reads, and what it has to say in the end.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// What a task has done so far. Shared between the worker, which adds, and the display, which reads.
#[derive(Debug, Default)]
pub struct Progress {
    rows_in: AtomicU64,
    rows_out: AtomicU64,
    bytes_in: AtomicU64,
    total_bytes_in: AtomicU64,
    notes: Mutex<Vec<String>>,
    waits_for: Mutex<Option<String>>,
}

impl Progress {
    /// Adds rows read from the inputs.
    pub fn add_rows_in(&self, rows: u64) {
        self.rows_in.fetch_add(rows, Ordering::Relaxed);
    }

    /// Adds rows handed to the writer.
    pub fn add_rows_out(&self, rows: u64) {
        self.rows_out.fetch_add(rows, Ordering::Relaxed);
    }

    /// Adds bytes read from the source, as stored there (before decompression).
    pub fn add_bytes_in(&self, bytes: u64) {
        self.bytes_in.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Sets how many bytes there are to read, where that is known.
    pub fn set_total_bytes_in(&self, bytes: u64) {
        self.total_bytes_in.store(bytes, Ordering::Relaxed);
    }

    /// Tells a person something that shows only while rows are read: a clause without a full stop.
    pub fn note(&self, text: String) {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }

    /// What was told, once.
    pub fn take_notes(&self) -> Vec<String> {
        std::mem::take(&mut *self.notes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Says what the work waits for at this moment, as a clause; `None` when it goes on.
    pub fn wait_for(&self, what: Option<String>) {
        *self.waits_for.lock().unwrap_or_else(PoisonError::into_inner) = what;
    }

    /// What the work waits for.
    pub fn waits_for(&self) -> Option<String> {
        self.waits_for.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Rows read from the inputs so far.
    pub fn rows_in(&self) -> u64 {
        self.rows_in.load(Ordering::Relaxed)
    }

    /// Rows handed to the writer so far.
    pub fn rows_out(&self) -> u64 {
        self.rows_out.load(Ordering::Relaxed)
    }

    /// Bytes read from the source so far.
    pub fn bytes_in(&self) -> u64 {
        self.bytes_in.load(Ordering::Relaxed)
    }

    /// Bytes there are to read; 0 when not known.
    pub fn total_bytes_in(&self) -> u64 {
        self.total_bytes_in.load(Ordering::Relaxed)
    }
}
