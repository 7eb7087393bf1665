//! An edit of one model, and what has to be built anew because of it.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::path::Path;

use super::super::places::{read, write};
use super::super::rounds::Sample;
use super::models::{Model, render};

/// The condition that is edited, which every model of the second layer has once.
const CONDITION: &str = "where o.quantity > ";

/// An edit of the first model that others are made from two layers on.
pub(super) struct Edit {
    /// Its file in a project.
    file: String,
    /// It, and all models that are made from it.
    affected: BTreeSet<String>,
    /// Edits so far: each is another one, so that none is remembered.
    edits: Cell<u32>,
}

impl Edit {
    pub(super) fn of(models: &[Model]) -> Result<Self, String> {
        let mut edits = models.iter().filter(|model| model.body.contains(CONDITION)).map(|model| {
            let file = format!("models/{}/{}.sql", model.schema, model.name);
            Self { file, affected: made_from(&model.name, models), edits: Cell::default() }
        });
        // Of a few models for certain: an answer of one name would tell little.
        edits.find(|edit| edit.affected.len() >= 4).ok_or_else(|| "no model has three that are made from it".to_owned())
    }

    /// How many models are affected.
    pub(super) fn size(&self) -> usize {
        self.affected.len()
    }

    /// Edits the model in a project, measures what names the models to build anew, and undoes the edit.
    pub(super) fn measure(
        &self,
        project: &Path,
        plan: impl FnOnce() -> Result<(Sample, BTreeSet<String>), String>,
    ) -> Result<Sample, String> {
        let file = project.join(&self.file);
        let before = read(&file)?;
        self.edits.set(self.edits.get() + 1);
        let after = before.replace(CONDITION, &format!("where o.amount > -{} and o.quantity > ", self.edits.get()));
        if after == before {
            return Err(format!("{} has no '{CONDITION}'", file.display()));
        }
        write(&file, &after)?;
        let planned = plan();
        write(&file, &before)?;
        let (sample, named) = planned?;
        if named != self.affected {
            let odd: Vec<&String> = named.symmetric_difference(&self.affected).collect();
            return Err(format!(
                "{} models were named, and {} are affected: {odd:?}",
                named.len(),
                self.affected.len()
            ));
        }
        Ok(sample)
    }
}

/// A model, and all that are made from it; every model comes after those that it is made from.
fn made_from(name: &str, models: &[Model]) -> BTreeSet<String> {
    let mut affected = BTreeSet::from([name.to_owned()]);
    for model in models {
        let reads = Cell::new(false);
        render(&model.body, |_, table| {
            reads.set(reads.get() || affected.contains(table));
            String::new()
        });
        if reads.get() {
            affected.insert(model.name.clone());
        }
    }
    affected
}

#[cfg(test)]
mod tests {
    use super::super::models::all;
    use super::*;

    #[test]
    fn an_edit_affects_what_is_made_from_it_and_nothing_else() {
        let models = all(1000);
        let edit = Edit::of(&models).unwrap();
        for model in &models {
            let reads = Cell::new(false);
            render(&model.body, |_, table| {
                reads.set(reads.get() || edit.affected.contains(table));
                String::new()
            });
            let edited = edit.file.ends_with(&format!("/{}.sql", model.name));
            assert_eq!(edit.affected.contains(&model.name), edited || reads.get(), "{}", model.name);
        }
        assert!((4..100).contains(&edit.size()), "{}", edit.size());
    }
}
