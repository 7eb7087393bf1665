//! A dimension's query with the members that its declaration adds: those that stand for what is not known or cannot be, and
//! those that other tables refer to and the query does not have yet.
//!
//! They are added in SQL, so that plans, lineage, fingerprints and refreshes see them as they see all rows:
//!
//! ```sql
//! select … from ( the query ) as members
//! union all
//! select cast(unknown_key() as bigint), null, 'Unknown', …
//! union all
//! select surrogate_key(natural_key), natural_key, 'Unknown', …
//! from ( the natural keys that have turned up ) as __arrivals
//! where not exists (select 1 from ( the query ) as __known where __known.… = __arrivals.natural_key)
//! ```

use arrow_array::Array;
use arrow_cast::display::array_value_to_string;
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use headwater_diagnostics::{Diagnostic, Span};
use headwater_project::{Arrival, CellValue, Dimension, MemberValue, ModelAsset, SpecialKind, SpecialMember, Star};
use headwater_sdk::TableName;
use headwater_sdk::name::quote_identifier;
use headwater_sdk::types::type_name;

use super::checks::{can_be_equal, no_such_column};
use crate::unit_tests::values::Column;

/// The columns of the tables that SQL may name.
pub(crate) type Schemas<'a> = dyn Fn(&TableName) -> Option<SchemaRef> + 'a;

/// The query of a dimension whose own query yields columns of `schema`, with the members that are added; `None` when none are,
/// or when they cannot be, which is reported.
pub(crate) fn complete(
    table: &TableName,
    model: &ModelAsset,
    schema: &Schema,
    schemas: &Schemas<'_>,
    wrong: &mut Vec<Diagnostic>,
) -> Option<String> {
    let Some(Star::Dimension(dimension)) = model.star.as_deref() else { return None };
    if dimension.special.is_empty() && dimension.arrivals.is_empty() {
        return None;
    }
    let before = wrong.len();
    let mut members = Members { table, dimension, schema, schemas, wrong };
    members.verify_columns();
    members.wrong.extend(verify_arrivals(table, dimension, schema, schemas));
    let columns = schema.fields().iter().map(|field| quote_identifier(field.name())).collect::<Vec<_>>().join(", ");
    let query = model.query();
    let mut parts = vec![format!("select {columns} from (\n{query}\n) as members")];
    for member in &dimension.special {
        parts.push(members.special(member));
    }
    if let ([natural], [_, ..]) = (dimension.natural_key.as_slice(), dimension.arrivals.as_slice()) {
        parts.extend(members.inferred(&natural.name, query));
    }
    (wrong.len() == before).then(|| parts.join("\nunion all\n"))
}

struct Members<'a> {
    table: &'a TableName,
    dimension: &'a Dimension,
    schema: &'a Schema,
    schemas: &'a Schemas<'a>,
    wrong: &'a mut Vec<Diagnostic>,
}

impl Members<'_> {
    /// Columns that values are given for must be there, and those of inferred members not be their keys.
    fn verify_columns(&mut self) {
        let special = self.dimension.special.iter().flat_map(|member| &member.values);
        for value in special.chain(&self.dimension.inferred) {
            let name = &value.column.name;
            if self.schema.field_with_name(name).is_err() {
                let message = format!("{} has no column '{name}'", self.table);
                self.wrong.push(no_such_column("HW0970", message, value.column.span, name, self.schema));
            }
        }
        for value in &self.dimension.inferred {
            let name = &value.column.name;
            if *name == self.dimension.key.name || self.is_natural(name) {
                let message = format!("'{name}' of an inferred member is what turned up, and no constant");
                let diagnostic = Diagnostic::error("HW0975", message).at(value.column.span, "");
                self.wrong.push(diagnostic.help("leave it out"));
            }
        }
    }

    fn is_natural(&self, column: &str) -> bool {
        self.dimension.natural_key.iter().any(|natural| natural.name == column)
    }

    /// The row of a special member.
    fn special(&mut self, member: &SpecialMember) -> String {
        let value = |members: &mut Self, field: &Field| {
            let name = field.name();
            if let Some(value) = given(&member.values, name) {
                return members.literal(field, value);
            }
            if *name == members.dimension.key.name {
                return members.special_key(member, field);
            }
            members.default(field, member.kind)
        };
        format!("select {}", self.row(value))
    }

    /// The rows of the natural keys that have turned up and that the query does not have.
    fn inferred(&mut self, natural: &str, query: &str) -> Option<String> {
        let (natural_field, key) = (self.schema.field_with_name(natural).ok()?, &self.dimension.key);
        let natural_type = sql_type(natural_field.data_type());
        let key_field = self.schema.field_with_name(&key.name).ok()?;
        let key_value = if key.name == natural {
            "__arrivals.natural_key".to_owned()
        } else {
            if *key_field.data_type() != DataType::Int64 {
                let message = format!(
                    "the key of late-arriving members is surrogate_key({natural}), a bigint, but '{}' of {} is {}",
                    key.name,
                    self.table,
                    type_name(key_field.data_type())
                );
                let help = format!("write surrogate_key({natural}) as {}, or let '{natural}' be the key", key.name);
                self.wrong.push(Diagnostic::error("HW0971", message).at(key.span, "").help(help));
            }
            "surrogate_key(__arrivals.natural_key)".to_owned()
        };
        let unknown = self.dimension.special.iter().find(|member| member.kind == SpecialKind::Unknown);
        let value = |members: &mut Self, field: &Field| {
            let name = field.name();
            if *name == members.dimension.key.name {
                return key_value.clone();
            }
            if name == natural {
                return "__arrivals.natural_key".to_owned();
            }
            let own = given(&members.dimension.inferred, name);
            match own.or_else(|| given(&unknown?.values, name)) {
                Some(value) => members.literal(field, value),
                None => members.default(field, SpecialKind::Unknown),
            }
        };
        let row = self.row(value);
        let arrival = |arrival: &Arrival| {
            let column = quote_identifier(&arrival.column);
            let there = (self.schemas)(&arrival.table);
            let own_type = there.as_ref().and_then(|schema| schema.field_with_name(&arrival.column).ok());
            let select = match &natural_type {
                Some(name) if own_type.is_none_or(|field| field.data_type() != natural_field.data_type()) => {
                    format!("cast({column} as {name})")
                }
                _ => column,
            };
            format!("select {select} as natural_key from {}", arrival.table)
        };
        let arrivals = self.dimension.arrivals.iter().map(arrival).collect::<Vec<_>>().join("\nunion all\n");
        Some(format!(
            "select {row}\nfrom (\nselect distinct natural_key from (\n{arrivals}\n) as turned_up\nwhere natural_key is not null\n) as __arrivals\n\
             where not exists (\nselect 1 from (\n{query}\n) as __known where __known.{} = __arrivals.natural_key\n)",
            quote_identifier(natural)
        ))
    }

    /// The values of a row, in the order of the columns.
    fn row(&mut self, mut value: impl FnMut(&mut Self, &Field) -> String) -> String {
        let fields = self.schema.fields().clone();
        let values = fields.iter().map(|field| format!("{} as {}", value(self, field), quote_identifier(field.name())));
        values.collect::<Vec<_>>().join(", ")
    }

    fn special_key(&mut self, member: &SpecialMember, field: &Field) -> String {
        match (field.data_type(), sql_type(field.data_type())) {
            (data_type, Some(name)) if data_type.is_integer() || *data_type == DataType::Utf8 => {
                format!("cast({} as {name})", member.kind.key_function())
            }
            (data_type, _) => {
                let (name, is) = (field.name(), type_name(data_type));
                let message = format!("{} does not say what '{name}' is, which is {is}", member.kind.as_str());
                let help = format!("write {}: {{ {name}: … }}, a value that no other member has", member.kind.as_str());
                self.wrong.push(Diagnostic::error("HW0975", message).at(member.span, "").help(help));
                "null".to_owned()
            }
        }
    }

    fn default(&self, field: &Field, kind: SpecialKind) -> String {
        match field.data_type() {
            DataType::Utf8 if !self.is_natural(field.name()) => format!("'{}'", kind.text()),
            _ => "null".to_owned(),
        }
    }

    /// A value that is written in the header, as SQL. One that is not of the column's type is reported.
    fn literal(&mut self, field: &Field, value: &MemberValue) -> String {
        if matches!(value.value.value, CellValue::Null) {
            return "null".to_owned();
        }
        let mut found = Vec::new();
        let column = Column { table: self.table, name: field.name() };
        let array = column.array(field.data_type(), &[Some(&value.value)], &mut found);
        for diagnostic in found {
            let diagnostic = Diagnostic { code: "HW0975", ..diagnostic };
            // Inferred members take values of the unknown one.
            if !self.wrong.contains(&diagnostic) {
                self.wrong.push(diagnostic);
            }
        }
        if array.is_null(0) {
            return "null".to_owned();
        }
        let text = array_value_to_string(&array, 0).unwrap_or_default().replace('\'', "''");
        match (field.data_type(), sql_type(field.data_type())) {
            (DataType::Utf8, _) => format!("'{text}'"),
            (DataType::Binary, _) => format!("decode('{text}', 'hex')"),
            (_, Some(name)) => format!("cast('{text}' as {name})"),
            (other, None) => {
                let message = format!("'{}' is {}, of which a member has no constants", field.name(), type_name(other));
                let diagnostic = Diagnostic::error("HW0975", message).at(value.value.span, "");
                self.wrong.push(diagnostic.help("leave it out: it is null then"));
                "null".to_owned()
            }
        }
    }
}

/// Whether the columns that natural keys turn up in are there, and of a type that goes with that of the natural key.
fn verify_arrivals(
    table: &TableName,
    dimension: &Dimension,
    schema: &Schema,
    schemas: &Schemas<'_>,
) -> Vec<Diagnostic> {
    let [natural] = dimension.natural_key.as_slice() else { return Vec::new() };
    let Ok(natural_field) = schema.field_with_name(&natural.name) else { return Vec::new() };
    let problem = |arrival: &Arrival| {
        let there = schemas(&arrival.table)?;
        let at: Span = arrival.span;
        match there.field_with_name(&arrival.column) {
            Err(_) => {
                let message = format!("{} has no column '{}'", arrival.table, arrival.column);
                Some(no_such_column("HW0970", message, at, &arrival.column, &there))
            }
            Ok(field) if can_be_equal(field.data_type(), natural_field.data_type()) => None,
            Ok(field) => {
                let message = format!(
                    "'{}' of {} is {}, but the natural key '{}' of {table} is {}",
                    arrival.column,
                    arrival.table,
                    type_name(field.data_type()),
                    natural.name,
                    type_name(natural_field.data_type())
                );
                let diagnostic = Diagnostic::error("HW0971", message).at(at, "").also(natural.span, "");
                Some(diagnostic.help("cast one of them in its model"))
            }
        }
    };
    dimension.arrivals.iter().filter_map(problem).collect()
}

fn given<'v>(values: &'v [MemberValue], column: &str) -> Option<&'v MemberValue> {
    values.iter().find(|value| value.column.name == column)
}

/// The name of a lake type in SQL; `None` for nested types.
fn sql_type(data_type: &DataType) -> Option<String> {
    Some(match data_type {
        DataType::Float32 => "real".to_owned(),
        DataType::Timestamp(TimeUnit::Microsecond, Some(_)) => "timestamp with time zone".to_owned(),
        DataType::Timestamp(TimeUnit::Microsecond, None) => "timestamp".to_owned(),
        DataType::Binary => "bytea".to_owned(),
        DataType::List(_) | DataType::Struct(_) | DataType::Map(..) => return None,
        other => type_name(other),
    })
}
