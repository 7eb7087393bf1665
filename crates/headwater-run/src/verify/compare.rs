//! Two sides, compared range by range, and the rows that differ.

use std::collections::HashMap;

use arrow_array::{Array, ArrayRef};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::SchemaRef;
use futures::TryStreamExt;
use headwater_sdk::Result;

use super::hashes::{Hasher, RANGES, failed};
use super::outcome::RowDifference;
use super::rows::Rows;

/// Rows of ranges that differ are held while they are looked at: at most so many of both sides together.
const HELD: u64 = 50_000;
/// Rows that differ are shown up to this many.
const SHOWN: usize = 10;
/// Letters of a value that are shown.
const LETTERS: usize = 60;

/// What a comparison has come to.
#[derive(Debug, Default)]
pub(crate) struct Compared {
    /// Rows in the lake.
    pub(super) ours: u64,
    /// Rows in the other place.
    pub(super) theirs: u64,
    /// Rows of the other place that cannot be read.
    pub(super) unreadable: u64,
    /// Ranges that differ, of [`RANGES`].
    pub(super) ranges: u64,
    /// Rows that only the lake has.
    pub(super) missing: u64,
    /// Rows that only the other place has.
    pub(super) extra: u64,
    /// Rows that only the other place has, as it is to keep them.
    pub(super) kept: u64,
    /// Keys whose rows differ.
    pub(super) different: u64,
    /// Whether there may be more of these three, in ranges that were not looked at.
    pub(super) has_more: bool,
    pub(super) samples: Vec<RowDifference>,
    /// Columns that were not compared.
    pub(super) left_out: Vec<String>,
    /// Columns that the source has no more.
    pub(super) gone: Vec<String>,
    /// Of what was delivered: the snapshot that it is of, and the newest one, where that has changed the table since.
    pub(super) behind: Option<(u64, u64)>,
}

impl Compared {
    /// Takes rows that only the other place has for those that it keeps though the lake has them no more, where nothing else differs.
    pub(super) fn let_be_kept(&mut self) {
        if !self.has_more && self.missing + self.different + self.unreadable == 0 {
            (self.kept, self.extra, self.ranges) = (self.extra, 0, 0);
            self.samples.clear();
        }
    }
}

/// Compares. Rows are told apart by the key, or as wholes.
///
/// # Errors
/// When a side cannot be read.
pub(super) async fn compare(
    schema: &SchemaRef,
    left_out: Vec<String>,
    key: &[String],
    ours: &dyn Rows,
    theirs: &dyn Rows,
) -> Result<Compared> {
    let hasher = Hasher::new(schema, key)?;
    let (of_ours, of_theirs) = futures::try_join!(sums(&hasher, ours), sums(&hasher, theirs))?;
    let mut compared = Compared {
        ours: of_ours.rows(),
        theirs: of_theirs.rows(),
        unreadable: of_theirs.unreadable,
        left_out,
        ..Compared::default()
    };
    let differ: Vec<usize> = (0..RANGES).filter(|range| of_ours.ranges[*range] != of_theirs.ranges[*range]).collect();
    compared.ranges = differ.len() as u64;
    // At least one, and as many as can be held.
    let (mut looked_at, mut held) = (vec![false; RANGES], 0);
    for range in &differ {
        let rows = of_ours.ranges[*range].rows + of_theirs.ranges[*range].rows;
        if held > 0 && held + rows > HELD {
            compared.has_more = true;
            continue;
        }
        held += rows;
        looked_at[*range] = true;
    }
    if !differ.is_empty() {
        let mut keys = HashMap::new();
        collect(&hasher, ours, &looked_at, &mut keys, 1).await?;
        collect(&hasher, theirs, &looked_at, &mut keys, -1).await?;
        tell(&hasher, schema, keys, &mut compared);
    }
    Ok(compared)
}

/// One range of one side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Range {
    rows: u64,
    /// Of the rows' hashes, whatever their order.
    sum: u128,
}

/// One side.
struct Sums {
    ranges: Vec<Range>,
    unreadable: u64,
}

impl Sums {
    fn rows(&self) -> u64 {
        self.ranges.iter().map(|range| range.rows).sum()
    }
}

async fn sums(hasher: &Hasher, side: &dyn Rows) -> Result<Sums> {
    let mut sums = Sums { ranges: vec![Range::default(); RANGES], unreadable: 0 };
    let mut rows = side.read().await?;
    while let Some((batch, unreadable)) = rows.try_next().await? {
        sums.unreadable += unreadable;
        for hash in hasher.hashes(&hasher.columns(&batch)?)? {
            let range = &mut sums.ranges[hash.range()];
            range.rows += 1;
            range.sum = range.sum.wrapping_add(hash.row);
        }
        tokio::task::yield_now().await;
    }
    Ok(sums)
}

/// A row, how often the lake has it more often than the other place, and its values.
type Told = HashMap<u128, (i64, Vec<Option<String>>)>;

/// Takes up the rows of some ranges, each as often as `weight` says.
async fn collect(
    hasher: &Hasher,
    side: &dyn Rows,
    looked_at: &[bool],
    keys: &mut HashMap<u128, Told>,
    weight: i64,
) -> Result<()> {
    let options = FormatOptions::default();
    let mut rows = side.read().await?;
    while let Some((batch, _)) = rows.try_next().await? {
        let columns = hasher.columns(&batch)?;
        let formats = columns.iter().map(|column| ArrayFormatter::try_new(column.as_ref(), &options));
        let formats = formats.collect::<std::result::Result<Vec<_>, _>>().map_err(failed)?;
        let values =
            |row: usize| columns.iter().zip(&formats).map(|(column, format)| value(column, format, row)).collect();
        for (row, hash) in hasher.hashes(&columns)?.into_iter().enumerate() {
            if looked_at[hash.range()] {
                let told = keys.entry(hash.key).or_default().entry(hash.row).or_insert_with(|| (0, values(row)));
                told.0 += weight;
            }
        }
        tokio::task::yield_now().await;
    }
    Ok(())
}

fn value(column: &ArrayRef, format: &ArrayFormatter<'_>, row: usize) -> Option<String> {
    column.is_valid(row).then(|| format.value(row).try_to_string().unwrap_or_default())
}

/// Counts what differs, and shows some of it.
fn tell(hasher: &Hasher, schema: &SchemaRef, keys: HashMap<u128, Told>, compared: &mut Compared) {
    let mut samples = Vec::new();
    for told in keys.into_values() {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for (balance, values) in told.into_values() {
            let side = if balance > 0 { &mut ours } else { &mut theirs };
            side.extend((balance != 0).then_some((balance.unsigned_abs(), values)));
        }
        let count = |side: &[(u64, Vec<Option<String>>)]| side.iter().map(|(count, _)| count).sum::<u64>();
        let (missing, extra) = (count(&ours), count(&theirs));
        let pairs = missing.min(extra);
        compared.different += pairs;
        compared.missing += missing - pairs;
        compared.extra += extra - pairs;
        let (here, there) = (ours.into_iter().next().map(|row| row.1), theirs.into_iter().next().map(|row| row.1));
        if here.is_some() || there.is_some() {
            samples.push(sample(hasher, schema, here, there));
        }
    }
    samples.sort();
    samples.truncate(SHOWN);
    compared.samples = samples;
}

fn sample(
    hasher: &Hasher,
    schema: &SchemaRef,
    here: Option<Vec<Option<String>>>,
    there: Option<Vec<Option<String>>>,
) -> RowDifference {
    let name = |place: usize| schema.field(place).name().as_str();
    let shown = |value: &Option<String>| match value {
        None => "null".to_owned(),
        Some(text) if text.chars().count() > LETTERS => text.chars().take(LETTERS).chain(['…']).collect(),
        Some(text) => text.clone(),
    };
    let some = here.as_ref().or(there.as_ref());
    let places: Vec<usize> =
        if hasher.has_key() { hasher.key().to_vec() } else { (0..schema.fields().len()).collect() };
    let row = some.map_or_else(Vec::new, |values| {
        places.iter().map(|place| format!("{} = {}", name(*place), shown(&values[*place]))).collect()
    });
    let row = row.join(", ");
    match (here, there) {
        (Some(here), Some(there)) => {
            let differ = here.iter().zip(&there).enumerate().filter(|(_, (here, there))| here != there);
            let columns = differ
                .map(|(place, (here, there))| format!("{}: {} and not {}", name(place), shown(there), shown(here)));
            RowDifference { row, what: columns.collect::<Vec<_>>().join(", ") }
        }
        (Some(_), None) => RowDifference { row, what: "is not there".to_owned() },
        (None, _) => RowDifference { row, what: "is not in the lake".to_owned() },
    }
}
