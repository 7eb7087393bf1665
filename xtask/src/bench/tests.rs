//! What the scenarios share.

use serde_json::Map;

use super::document::replace;
use super::rounds::{Contender, Sample, Series, interleave, median};
use super::section::{Goal, Section, mib, seconds, thousands, times};

#[test]
fn medians() {
    assert_eq!(median([3.0, 1.0, 2.0].into_iter()), 2.0);
    assert_eq!(median([4.0, 1.0, 2.0, 3.0].into_iter()), 2.5);
    assert!(median(std::iter::empty()).is_nan());
}

#[test]
fn units() {
    assert_eq!([0.1234, 12.34, 125.4].map(seconds), ["0.123 s", "12.3 s", "2 min 05 s"]);
    assert_eq!([0.421, 12.34, 140.4].map(times), ["0.42 ×", "12.3 ×", "140 ×"]);
    assert_eq!(mib(1 << 20), "1 MiB");
    assert_eq!([0, 999, 1000, 10_103_280].map(thousands), ["0", "999", "1,000", "10,103,280"]);
}

#[test]
fn contenders_take_turns_and_each_is_first_once() {
    let order = std::cell::RefCell::new(Vec::new());
    let contender = |name: &'static str, rounds| Contender {
        name,
        rounds,
        round: Box::new({
            let order = &order;
            move || {
                order.borrow_mut().push(name);
                Ok(Sample::default())
            }
        }),
    };
    let series = interleave(vec![contender("a", 3), contender("b", 3), contender("c", 1)]).unwrap();
    assert_eq!(series.iter().map(|series| series.rounds.len()).collect::<Vec<_>>(), [3, 3, 1]);
    assert_eq!(order.into_inner(), ["a", "b", "c", "b", "a", "a", "b"]);
}

#[test]
fn a_failed_round_says_whose_it_was() {
    let failing = Contender { name: "a", rounds: 1, round: Box::new(|| Err("broken".to_owned())) };
    assert_eq!(interleave(vec![failing]).unwrap_err(), "a, round 1: broken");
}

#[test]
fn a_part_of_a_document_is_replaced_and_the_rest_stays() {
    let first = replace("# Title\n\nText.\n", "x", "one").unwrap();
    assert_eq!(first, "# Title\n\nText.\n\n<!-- bench: x -->\none\n<!-- end of bench: x -->\n");
    let more = format!("{first}\nAfter.\n");
    let second = replace(&more, "x", "two\n").unwrap();
    assert_eq!(second, more.replace("one", "two"));
    assert!(
        replace(&second, "y", "three")
            .unwrap()
            .ends_with("After.\n\n<!-- bench: y -->\nthree\n<!-- end of bench: y -->\n")
    );
    assert!(replace("<!-- bench: x -->\n", "x", "one").is_err());
}

#[test]
fn a_section_shows_ratios_steps_and_goals() {
    let sample = |seconds, steps: &[(&str, f64)]| Sample {
        seconds,
        peak_bytes: 3 << 20,
        steps: steps.iter().map(|(name, time)| ((*name).to_owned(), (*time).into())).collect(),
        facts: Map::new(),
    };
    let section = Section {
        name: "s".to_owned(),
        title: "A scenario".to_owned(),
        what: "What was done.".to_owned(),
        date: "2026-01-02".to_owned(),
        machine: "a machine".to_owned(),
        versions: vec!["a 1".to_owned(), "b 2".to_owned()],
        series: vec![
            Series { name: "a", rounds: vec![sample(1.0, &[]), sample(3.0, &[]), sample(2.0, &[])] },
            Series { name: "b", rounds: vec![sample(5.0, &[("load", 1.5), ("build", 3.5)])] },
        ],
        base: "a",
        details: "More of it.\n".to_owned(),
        goals: vec![Goal { text: "At least 2 × as fast".to_owned(), seen: times(2.5), met: true }],
    };
    let expected = "\
## A scenario

What was done.

| | rounds | median | least to most | × a | peak memory |
| --- | ---: | ---: | ---: | ---: | ---: |
| a | 3 | 2.000 s | 1.000 s to 3.000 s | 1.00 × | 3 MiB |
| b | 1 | 5.000 s | 5.000 s to 5.000 s | 2.50 × | 3 MiB |

Of b: load 1.500 s, build 3.500 s.

More of it.

- **Met**: At least 2 × as fast. Seen: 2.50 ×.

2026-01-02, a machine. a 1, b 2.
";
    assert_eq!(section.markdown(), expected);
    let json: serde_json::Value = serde_json::from_str(&section.json().unwrap()).unwrap();
    assert_eq!(json["series"][0]["rounds"][1]["seconds"], 3.0);
}
