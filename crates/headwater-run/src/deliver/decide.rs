//! What there is to deliver, from what the destination holds and what `main` has.

use arrow_schema::{DataType, Schema, SchemaRef};
use headwater_project::{Delivery, Written};
use headwater_sdk::destination::{Definition, DeliveryMode, Mark, What};
use headwater_sdk::types::type_name;
use headwater_sdk::{Blame, Error, Relation, Relations, Result};

use crate::lake::{Base, Lake};

/// What is delivered.
pub(super) struct Shipment {
    pub(super) what: What,
    /// What the names meant when it was delivered last.
    pub(super) before: Option<Relations>,
    /// Which rows were delivered then.
    pub(super) filter_before: Option<String>,
    /// Whether rows that did not change are delivered, too.
    pub(super) resend: bool,
    pub(super) columns: Vec<String>,
    pub(super) mark: Mark,
}

/// What there is to do.
pub(super) enum Decided {
    Ship(Shipment),
    /// The destination holds what `main` has. With this, rows that were refused are tried again.
    UpToDate(Shipment),
    /// Nothing is published.
    Nothing,
}

/// Decides. `since` is what is known of the destination (nothing of one that is delivered to anew), and `remembers` says that it keeps that itself.
///
/// # Errors
/// `HW0982` when another lake was delivered, `HW0983` when what was delivered cannot be gone on from.
pub(super) async fn decide(
    lake: &Lake,
    base: &Base,
    delivery: &Delivery,
    relation: &Relation,
    since: Option<&Mark>,
    remembers: bool,
) -> Result<Decided> {
    let Some(snapshot) = &base.snapshot else { return Ok(Decided::Nothing) };
    let relations = base.relations();
    let schema = lake.engine.schema(&relations, &delivery.table).await?;
    let columns = columns(delivery, &schema)?;
    let defined = definition(delivery, &columns, &schema, remembers);
    let run = snapshot.run.to_string();
    let mark = Mark { snapshot: snapshot.id, run, relation: relation.clone(), definition: defined.text() };
    let mode = delivery.settings.mode;
    let shipment = |what, before, mark| {
        let columns = columns.clone();
        Shipment { what, before, filter_before: None, resend: false, columns, mark }
    };
    let Some(since) = since else { return Ok(Decided::Ship(shipment(What::All, None, mark))) };
    let then = lake.store.snapshot(since.snapshot).await?;
    let Some(then) = then.filter(|then| then.run.to_string() == since.run) else {
        return Err(other_lake(delivery, since));
    };
    let known = Definition::read(&since.definition);
    if known.as_ref().is_some_and(|known| defined.is_elsewhere(known)) {
        // What is there now was never delivered to.
        return Ok(Decided::Ship(shipment(What::All, None, mark)));
    }
    let is_same = known.as_ref().map_or(since.definition == mark.definition, |known| defined.is_as(known));
    // What a view shows can change with any table.
    let is_unmoved = match relation {
        Relation::View { .. } => then.relations == relations,
        relation => *relation == since.relation,
    };
    if is_same && is_unmoved {
        return Ok(Decided::UpToDate(shipment(What::Again, None, since.clone())));
    }
    let before = Some(then.relations);
    Ok(Decided::Ship(match mode {
        DeliveryMode::Replace => shipment(What::All, None, mark),
        DeliveryMode::Upsert => {
            // Rows that the condition of then held for, and that of now does not, are gone.
            let filter_before = known.map_or_else(|| defined.filter.clone(), |known| known.filter);
            Shipment { filter_before, resend: !is_same, ..shipment(What::Changes, before, mark) }
        }
        DeliveryMode::Append if is_same || known.is_some_and(|known| defined.has_grown_from(&known)) => {
            shipment(What::New, before, mark)
        }
        DeliveryMode::Append => {
            let message = "what is delivered is another now (fewer columns, other types, another `where`, or another mode before), and rows that were added are not changed";
            return Err(Error::new("HW0983", Blame::Project, message).help(
                "deliver with `mode: upsert` or `mode: replace`; or empty the table there, and run `headwater deliver --anew`",
            ));
        }
    }))
}

/// That what a destination holds is not from this lake.
pub(crate) fn other_lake(delivery: &Delivery, since: &Mark) -> Error {
    let message = format!(
        "the destination holds snapshot {} of run {}, which this lake has not: another lake was delivered to it",
        since.snapshot, since.run
    );
    let name = delivery.name();
    Error::new("HW0982", Blame::Project, message).help(format!(
        "deliver each environment to a place of its own; if this lake takes over: `headwater deliver {name} --anew`, which deletes nothing there"
    ))
}

/// The columns that are delivered, in their order.
fn columns(delivery: &Delivery, schema: &SchemaRef) -> Result<Vec<String>> {
    let names = |written: &[Written]| written.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
    if !delivery.columns.is_empty() {
        return Ok(names(&delivery.columns));
    }
    let left_out = names(&delivery.exclude);
    let columns: Vec<String> =
        schema.fields().iter().map(|field| field.name().clone()).filter(|name| !left_out.contains(name)).collect();
    if columns.is_empty() {
        return Err(Error::new("HW0984", Blame::Project, "no column is left to be delivered").help("exclude fewer"));
    }
    Ok(columns)
}

/// What a type is called in what destinations remember: as it ever was.
fn kept_name(data_type: &DataType) -> String {
    if data_type.is_nested() { data_type.to_string() } else { type_name(data_type) }
}

/// What the rows are made into. Where it is another than before, rows that did not change are delivered all the same.
fn definition(delivery: &Delivery, columns: &[String], schema: &Schema, remembers: bool) -> Definition {
    let type_of =
        |name: &String| schema.field_with_name(name).map(|field| kept_name(field.data_type())).unwrap_or_default();
    let mut form = delivery.options.clone();
    let place = form.as_object_mut().and_then(|options| options.remove("to")).unwrap_or_default();
    Definition {
        columns: columns.to_vec(),
        types: columns.iter().map(type_of).collect(),
        filter: delivery.filter.as_ref().map(|filter| filter.name.clone()),
        mode: delivery.settings.mode,
        key: delivery.settings.key.clone(),
        place: remembers.then_some((place, form)),
    }
}
