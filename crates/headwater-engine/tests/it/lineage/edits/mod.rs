//! Fingerprints (see the documentation of `analysis::fingerprint`): edits of queries with what they leave as it is
//! (`examples`), and the proof, by running generated queries before and after generated edits, that it stays (`property`).

mod edit;
mod examples;
mod property;

use headwater_sdk::engine::Analysis;

/// The columns of the new query that are proven to be columns of the old one, as pairs of places; `None` when it may have
/// other rows.
fn kept(old: &Analysis, new: &Analysis) -> Option<Vec<(usize, usize)>> {
    let (old, new) = (&old.fingerprints, &new.fingerprints);
    new.rows.vouches_for(&old.rows).then(|| {
        let place = |print: &headwater_sdk::lineage::Fingerprint| old.columns.iter().position(|o| print.vouches_for(o));
        new.columns.iter().enumerate().filter_map(|(at, print)| Some((place(print)?, at))).collect()
    })
}
