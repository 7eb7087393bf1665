//! The grammar: what is printed reads as what it was, and whatever is typed is read or refused.

use headwater_diagnostics::{Diagnostic, SourceMap, Span};
use proptest::prelude::*;

use super::expression::{Both, Criterion, Expression, Reach, Term, Type, Wanted};
use super::parse;
use super::pattern::Pattern;
use super::shell_word;

fn read(text: &str) -> (Expression, Vec<Diagnostic>) {
    let file = SourceMap::default().add("--select".into(), text.into());
    let mut diagnostics = Vec::new();
    (parse::expression(text, file, "--select", &mut diagnostics), diagnostics)
}

fn nowhere() -> Span {
    Span::new(SourceMap::default().add(String::new(), String::new()), 0..0)
}

/// The expression without its places.
fn moved(mut expression: Expression) -> Expression {
    for term in expression.either.iter_mut().flat_map(|both| &mut both.terms) {
        term.span = nowhere();
    }
    expression
}

fn reach() -> impl Strategy<Value = Option<Reach>> {
    prop_oneof![Just(None), Just(Some(Reach::All)), any::<u32>().prop_map(|steps| Some(Reach::Steps(steps)))]
}

fn criterion() -> impl Strategy<Value = Criterion> {
    // A value in quotes may hold anything but both quotes at once.
    let value = prop_oneof!["[^\"]{1,8}", "[^']{1,8}"].prop_map(Pattern::new);
    prop_oneof![
        "[a-z_*?][a-z0-9_.*?]{0,8}".prop_map(|name| Criterion::Name(Pattern::new(name))),
        value.clone().prop_map(Criterion::Owner),
        value.clone().prop_map(Criterion::Path),
        value.clone().prop_map(Criterion::Source),
        value.prop_map(Criterion::Tag),
        (0..Wanted::ALL.len()).prop_map(|index| Criterion::State(Wanted::ALL[index].1)),
        (0..Type::ALL.len()).prop_map(|index| Criterion::Type(Type::ALL[index].1)),
    ]
}

fn term() -> impl Strategy<Value = Term> {
    (any::<bool>(), reach(), criterion(), reach()).prop_map(|(whole, upstream, criterion, downstream)| Term {
        whole,
        upstream,
        criterion,
        downstream: downstream.filter(|_| !whole),
        span: nowhere(),
    })
}

fn expression() -> impl Strategy<Value = Expression> {
    let both = prop::collection::vec(term(), 1..4).prop_map(|terms| Both { terms });
    prop::collection::vec(both, 1..4).prop_map(|either| Expression { either })
}

proptest! {
    #[test]
    fn what_is_printed_reads_as_what_it_was(expression in expression()) {
        let printed = expression.to_string();
        let (again, diagnostics) = read(&printed);
        prop_assert_eq!(&diagnostics, &[], "{}", printed);
        prop_assert_eq!(moved(again), expression, "{}", printed);
    }

    #[test]
    fn whatever_is_typed_is_read_or_refused_at_its_place(text in "([a-z@+:,.*'\"0-9 ü]|tag:|state:|type:){0,12}") {
        let (expression, diagnostics) = read(&text);
        let told = |d: &Diagnostic| d.help.is_some() && d.span().is_some_and(|s| text.get(s.range()).is_some());
        prop_assert!(diagnostics.iter().all(told), "{:?}", diagnostics);
        let terms = expression.terms().count();
        prop_assert!(terms > 0 || !diagnostics.is_empty(), "read as nothing: {}", text);
        if diagnostics.is_empty() {
            prop_assert_eq!(moved(read(&expression.to_string()).0), moved(expression));
        }
    }

    #[test]
    fn a_shell_gives_back_the_word_that_was_quoted(word in "[a-z' *\"$]{1,6}") {
        let output = std::process::Command::new("sh").args(["-c", &format!("printf %s {}", shell_word(&word))]).output();
        let shown = String::from_utf8(output.unwrap().stdout).unwrap();
        prop_assert_eq!(shown, word);
    }
}

#[test]
fn operators_and_methods_are_told_apart() {
    let printed = |text: &str| {
        let (expression, diagnostics) = read(text);
        assert!(diagnostics.is_empty(), "{text}: {diagnostics:?}");
        expression.to_string()
    };
    for (text, expected) in [
        (" a   b ", "a b"),
        ("2+marts.fct+3,tag:x", "2+marts.fct+3,tag:x"),
        ("@staging.*", "@staging.*"),
        ("resource_type:view", "type:view"),
        ("models/marts/a+b.sql", "path:\"models/marts/a+b.sql\""),
        ("tag:'a, b'+", "tag:\"a, b\"+"),
        ("owner:\"it's\"", "owner:\"it's\""),
        ("'marts.fct'+1", "marts.fct+1"),
        ("0+a", "0+a"),
    ] {
        assert_eq!(printed(text), expected, "{text}");
    }
}
