//! How values are written, by trying: what makes a column more than a text is right.

use std::collections::BTreeSet;

use arrow_schema::DataType;
use headwater_sdk::Result;

use super::cut::NULLS;
use super::dates::Dates;
use super::inspected;
use super::numbers::Numbers;
use crate::columns::Evidence;
use crate::files::listing::FileEntry;
use crate::files::options::{FormatOptions, OneOrMany};

/// How numbers may be written: what stands before the fraction, and between groups of digits. The likelier ones first.
const NUMBERS: [(Option<&str>, Option<&str>); 6] = [
    (Some(","), None),
    (Some(","), Some(".")),
    (Some(","), Some(" ")),
    (None, Some(",")),
    (None, Some(" ")),
    (None, Some("'")),
];

/// What stays open.
#[derive(Debug)]
pub(super) struct Open {
    /// Clauses.
    pub(super) notes: Vec<String>,
    /// The places of columns that stay texts though they could be read as numbers.
    pub(super) texts: BTreeSet<usize>,
}

/// A file to try options with.
pub(super) struct Trial<'a> {
    pub(super) file: &'a FileEntry,
    pub(super) path: &'a str,
}

impl Trial<'_> {
    /// Finds whether dates and numbers are written as they seem to be, and which texts stand for null.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) async fn complete(&self, options: &mut FormatOptions, dates: Dates, numbers: &Numbers) -> Result<Open> {
        let mut open = Open { notes: self.dates(options, dates).await?, texts: BTreeSet::new() };
        let types = self.numbers(options, numbers, &mut open).await?;
        self.nulls(options, &types, &mut open).await?;
        Ok(open)
    }

    /// Takes formats of dates with which more columns are more than texts, and none less.
    async fn dates(&self, options: &mut FormatOptions, dates: Dates) -> Result<Vec<String>> {
        let Dates { date, timestamp, mut notes } = dates;
        if date.is_none() && timestamp.is_none() {
            return Ok(notes);
        }
        let with_nulls = FormatOptions { null: listed(&NULLS), ..options.clone() };
        let tried =
            FormatOptions { date_format: date.clone(), timestamp_format: timestamp.clone(), ..with_nulls.clone() };
        let (types, before) = (self.types(&tried).await?, self.types(&with_nulls).await?);
        // A date as ISO 8601 has it would be a timestamp.
        let others_stay = types.iter().zip(&before).all(|(one, than)| is_text(than) || one == than);
        if others_stay && gained(&types, &before).is_some() {
            (options.date_format, options.timestamp_format) = (date, timestamp);
        } else {
            let formats: Vec<String> = date.into_iter().chain(timestamp).collect();
            notes.push(format!(
                "some dates are written as {}, others are not: they are left texts",
                formats.join(" and ")
            ));
        }
        Ok(notes)
    }

    /// Finds how numbers are written: in the way in which most columns are more than texts, if none that is without it becomes one. Gives what
    /// the columns are then, with all texts that may stand for null.
    async fn numbers(
        &self,
        options: &mut FormatOptions,
        numbers: &Numbers,
        open: &mut Open,
    ) -> Result<Vec<Option<DataType>>> {
        let with_nulls = FormatOptions { null: listed(&NULLS), ..options.clone() };
        let plain = self.types(&with_nulls).await?;
        if !plain.iter().any(is_text) {
            return Ok(plain);
        }
        let (mut found, mut possible, mut unlike, mut decimals) = (Vec::new(), Vec::new(), false, plain.clone());
        for (decimal, grouping) in NUMBERS {
            let tried = FormatOptions {
                decimal: decimal.map(str::to_owned),
                grouping: grouping.map(str::to_owned),
                ..with_nulls.clone()
            };
            let types = self.types(&tried).await?;
            if grouping.is_none() {
                decimals.clone_from(&types);
            }
            // Without groups of digits: as if there were the decimals alone.
            let without = if decimal.is_some() { &decimals } else { &plain };
            let by_groups = |at: &usize| is_text(&without[*at]) && !is_text(&types[*at]);
            let grouped: BTreeSet<usize> = (0..types.len().min(without.len())).filter(by_groups).collect();
            let is_sure = grouping.is_none_or(|grouping| grouped.iter().any(|at| numbers.is_grouped(grouping, *at)));
            let gained = gained(&types, &plain);
            possible.extend(gained.map(|gained| (gained, grouping)));
            match gained {
                Some(gained) if is_sure => found.push((gained, decimal, grouping, types, grouped)),
                Some(_) => unlike |= grouping.is_some() && !grouped.is_empty(),
                None => unlike |= types.iter().zip(&plain).any(|(one, than)| is_text(than) && !is_text(one)),
            }
        }
        let most = found.iter().map(|(gained, ..)| *gained).max();
        found.retain(|(gained, ..)| Some(*gained) == most);
        // What may be a fraction in one way and a group of digits in another stays a text: `1,234` is either.
        let means_both = found.iter().any(|(gained, decimal, ..)| {
            decimal.is_some() && possible.iter().any(|(also, grouping)| grouping == decimal && also >= gained)
        });
        if means_both || found.is_empty() {
            if means_both || unlike {
                open.notes.push("there are texts that may be numbers, and how they are written is not told: say `decimal` or `grouping`, and their types".to_owned());
            }
            return Ok(plain);
        }
        let (_, decimal, grouping, mut types, grouped) = found.swap_remove(0);
        (options.decimal, options.grouping) = (decimal.map(str::to_owned), grouping.map(str::to_owned));
        // Addresses and telephone numbers are grouped, too.
        for at in grouped.into_iter().filter(|at| grouping.is_some_and(|grouping| !numbers.is_grouped(grouping, *at))) {
            open.texts.insert(at);
            types[at] = Some(DataType::Utf8);
        }
        Ok(types)
    }

    /// Finds the texts that stand for null: those without which a column could be no more than a text. `all` is what the columns are with all of
    /// them.
    async fn nulls(&self, options: &mut FormatOptions, all: &[Option<DataType>], open: &mut Open) -> Result<()> {
        let types = async |nulls: &[&str]| {
            let options = FormatOptions { null: listed(nulls), ..options.clone() };
            self.types(&options).await
        };
        let better = |one: &[Option<DataType>], than: &[Option<DataType>]| {
            one.iter().zip(than).any(|(one, than)| is_text(than) && one.is_some() && !is_text(one))
        };
        if !better(all, &types(&[]).await?) {
            return Ok(());
        }
        let mut kept = NULLS.to_vec();
        for null in NULLS {
            let without: Vec<&str> = kept.iter().copied().filter(|kept| *kept != null).collect();
            if !better(all, &types(&without).await?) {
                kept = without;
            }
        }
        options.null = listed(&kept);
        if all.iter().any(is_text) {
            open.notes.push(format!("{} stand for null, in columns of texts, too", kept.join(", ")));
        }
        Ok(())
    }

    /// What the columns would be.
    async fn types(&self, options: &FormatOptions) -> Result<Vec<Option<DataType>>> {
        let seen = inspected(std::slice::from_ref(self.file), self.path, options, None).await?;
        let columns = seen.into_iter().filter_map(|seen| seen.columns).flatten();
        let guess = |(_, evidence)| match evidence {
            Evidence::Sampled { guess, .. } => guess.data_type(),
            Evidence::Typed(data_type) => Some(data_type),
            Evidence::Named => None,
        };
        Ok(columns.map(guess).collect())
    }
}

/// How many columns are more than texts that were none before, if there are any, and none becomes a text.
fn gained(types: &[Option<DataType>], before: &[Option<DataType>]) -> Option<usize> {
    let gained = types.iter().zip(before).filter(|(one, than)| is_text(than) && !is_text(one)).count();
    let lost = types.iter().zip(before).any(|(one, than)| is_text(one) && !is_text(than));
    (gained > 0 && !lost).then_some(gained)
}

fn is_text(data_type: &Option<DataType>) -> bool {
    *data_type == Some(DataType::Utf8)
}

fn listed(nulls: &[&str]) -> Option<OneOrMany> {
    (!nulls.is_empty()).then(|| OneOrMany::Many(nulls.iter().map(|null| (*null).to_owned()).collect()))
}
