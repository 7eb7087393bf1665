//! What planning SQL tells: queries with their lineage written down (`golden`), the proof of what the edges promise by
//! changing data (`perturbation`), and that of what fingerprints promise by changing queries (`edits`).

mod edits;
mod golden;
mod kept;
mod notation;
mod perturbation;
mod tables;
