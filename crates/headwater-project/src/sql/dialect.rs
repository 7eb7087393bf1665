//! The engine's dialect, with a limit on the parser's steps.
//!
//! The parser tries one reading after another and goes back when one fails. Where that happens inside itself, as in
//! `a.f(a.f(a.f(…` or in parentheses after FROM, the time doubles with every level: forty levels take hours. The parser
//! asks its dialect at every step, so that is where the steps are counted.

use std::any::TypeId;
use std::cell::Cell;

use sqlparser::ast::Expr;
use sqlparser::dialect::{Dialect, PostgreSqlDialect, Precedence};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};

/// What [`Bounded`] unwinds with where the parser has no way to hear of an error.
pub(crate) struct TooManySteps;

/// [`PostgreSqlDialect`], which the engine's sessions are set to, for a bounded number of steps.
#[derive(Debug)]
pub(crate) struct Bounded {
    base: PostgreSqlDialect,
    left: Cell<usize>,
}

impl Bounded {
    /// For a text of so many tokens. Queries take about one step per token.
    pub(crate) fn for_tokens(tokens: usize) -> Self {
        Self { base: PostgreSqlDialect {}, left: Cell::new(20_000 + 8 * tokens) }
    }

    fn has_step(&self) -> bool {
        let left = self.left.get();
        self.left.set(left.saturating_sub(1));
        left > 0
    }
}

/// Passes on the methods that the dialect of PostgreSQL has of its own (sqlparser 0.62, `dialect/postgresql.rs`); the
/// others are the trait's.
macro_rules! pass_on {
    ($($name:ident)*) => {
        $(fn $name(&self) -> bool {
            self.base.$name()
        })*
    };
}

impl Dialect for Bounded {
    fn dialect(&self) -> TypeId {
        TypeId::of::<PostgreSqlDialect>()
    }

    fn parse_prefix(&self, parser: &mut Parser<'_>) -> Option<Result<Expr, ParserError>> {
        if self.has_step() { self.base.parse_prefix(parser) } else { Some(Err(ParserError::RecursionLimitExceeded)) }
    }

    fn prec_unknown(&self) -> u8 {
        if !self.has_step() {
            // The parser reads this number for every query and cannot be told no. Nothing is printed on this way out.
            std::panic::resume_unwind(Box::new(TooManySteps));
        }
        self.base.prec_unknown()
    }

    fn identifier_quote_style(&self, identifier: &str) -> Option<char> {
        self.base.identifier_quote_style(identifier)
    }

    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        self.base.is_delimited_identifier_start(ch)
    }

    fn is_identifier_start(&self, ch: char) -> bool {
        self.base.is_identifier_start(ch)
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        self.base.is_identifier_part(ch)
    }

    fn is_custom_operator_part(&self, ch: char) -> bool {
        self.base.is_custom_operator_part(ch)
    }

    fn is_reserved_for_identifier(&self, keyword: Keyword) -> bool {
        self.base.is_reserved_for_identifier(keyword)
    }

    fn get_next_precedence(&self, parser: &Parser<'_>) -> Option<Result<u8, ParserError>> {
        self.base.get_next_precedence(parser)
    }

    fn prec_value(&self, precedence: Precedence) -> u8 {
        self.base.prec_value(precedence)
    }

    pass_on! {
        supports_unicode_string_literal supports_filter_during_aggregation supports_group_by_expr allow_extract_custom
        allow_extract_single_quotes supports_create_index_with_clause supports_explain_with_utility_options
        supports_listen_notify supports_factorial_operator supports_bitwise_shift_operators supports_comment_on
        supports_load_extension supports_named_fn_args_with_colon_operator supports_named_fn_args_with_expr_name
        supports_empty_projections supports_nested_comments supports_string_escape_constant
        supports_numeric_literal_underscores supports_array_typedef_with_brackets supports_geometric_types
        supports_set_names supports_alter_column_type_using supports_notnull_operator supports_interval_options
        supports_insert_table_alias supports_create_table_like_parenthesized supports_select_wildcard_with_alias
        supports_comma_separated_trim supports_xml_expressions supports_comment_optimizer_hint
    }
}
