//! What planning SQL tells: queries with their lineage written down (`golden`), and the proof of what the edges promise
//! by changing data (`perturbation`).

mod golden;
mod notation;
mod perturbation;
mod tables;
