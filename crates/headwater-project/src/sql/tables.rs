//! Which tables a query names, when the names of common table expressions are taken away.

use std::collections::HashMap;
use std::ops::{ControlFlow, Range};

use sqlparser::ast::{Ident, ObjectName, ObjectNamePart, Query, TableFactor, Visit, Visitor};

use super::places::Places;
use super::{NamedTable, SqlProblem};
use crate::codes;

/// The tables that a query names, in the order of the text.
pub(crate) fn named_tables(query: &Query, places: &Places<'_>) -> Result<Vec<NamedTable>, SqlProblem> {
    let mut finder = Finder { places, scopes: Vec::new(), definitions: HashMap::new(), found: Vec::new() };
    match query.visit(&mut finder) {
        ControlFlow::Break(problem) => Err(problem),
        ControlFlow::Continue(()) => {
            finder.found.sort_by_key(|table| table.range.start);
            Ok(finder.found)
        }
    }
}

/// The names that one query's WITH clause has defined so far. They hide those of the queries around it.
type Scope = Vec<String>;

struct Finder<'a> {
    places: &'a Places<'a>,
    scopes: Vec<Scope>,
    /// The queries of common table expressions that are still to come, by their address: the name, and whether the
    /// clause is recursive, so that the expression sees itself.
    definitions: HashMap<*const Query, (String, bool)>,
    found: Vec<NamedTable>,
}

impl Finder<'_> {
    fn define(&mut self, name: String) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.push(name);
        }
    }

    fn is_defined(&self, name: &str) -> bool {
        self.scopes.iter().any(|scope| scope.iter().any(|defined| defined == name))
    }

    fn take(&mut self, name: &ObjectName) -> ControlFlow<SqlProblem> {
        let idents: Option<Vec<&Ident>> = name.0.iter().map(ObjectNamePart::as_ident).collect();
        let Some(idents) = idents else {
            return ControlFlow::Break(SqlProblem {
                code: codes::BAD_TABLE_NAME,
                message: "a table's name cannot be computed".to_owned(),
                help: Some("name the table: schema.table".to_owned()),
                range: None,
            });
        };
        let parts: Vec<String> = idents.iter().map(|ident| as_seen(ident)).collect();
        if let [single] = parts.as_slice()
            && self.is_defined(single)
        {
            return ControlFlow::Continue(());
        }
        let range = self.range_of(&idents);
        self.found.push(NamedTable { parts, range });
        ControlFlow::Continue(())
    }

    fn range_of(&self, idents: &[&Ident]) -> Range<usize> {
        let first = idents.first().and_then(|ident| self.places.range(ident.span));
        let last = idents.last().and_then(|ident| self.places.range(ident.span));
        match (first, last) {
            (Some(first), Some(last)) => first.start..last.end.max(first.start),
            _ => 0..0,
        }
    }
}

impl Visitor for Finder<'_> {
    type Break = SqlProblem;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<SqlProblem> {
        // An expression of WITH RECURSIVE sees itself. It is still the clause's scope that is on top.
        if let Some((name, true)) = self.definitions.get(&std::ptr::from_ref(query)) {
            let name = name.clone();
            self.define(name);
        }
        self.scopes.push(Scope::new());
        if let Some(with) = &query.with {
            for cte in &with.cte_tables {
                let definition = (as_seen(&cte.alias.name), with.recursive);
                self.definitions.insert(std::ptr::from_ref(cte.query.as_ref()), definition);
            }
        }
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<SqlProblem> {
        self.scopes.pop();
        // Only now, so that an expression does not see itself: `with t as (select * from t)` reads another `t`.
        if let Some((name, recursive)) = self.definitions.remove(&std::ptr::from_ref(query))
            && !recursive
        {
            self.define(name);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<SqlProblem> {
        match factor {
            // With arguments it is a function.
            TableFactor::Table { name, args: None, .. } => self.take(name),
            _ => ControlFlow::Continue(()),
        }
    }
}

/// An identifier as the engine sees it.
fn as_seen(ident: &Ident) -> String {
    if ident.quote_style.is_some() { ident.value.clone() } else { ident.value.to_ascii_lowercase() }
}
