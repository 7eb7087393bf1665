use super::*;

/// Versions as `a1-5 b5-`: what was tracked, from when, until when. What the source says of them is when they begin.
fn versions(text: &str) -> Vec<Version> {
    text.split_whitespace()
        .map(|word| {
            let (from, to) = word[1..].split_once('-').unwrap();
            let from = from.parse().unwrap();
            Version { from, to: to.parse().ok(), state: state(&word[..1], Some(from)) }
        })
        .collect()
}

fn state(tracked: &str, updated_at: Option<Moment>) -> State {
    State { tracked: u128::from(tracked.as_bytes()[0]), untracked: 0, updated_at }
}

/// The versions of a key after its row was seen.
fn seen(before: &[Version], input: Option<State>, at: Moment) -> (Vec<Version>, Option<Event>) {
    let Some(amendment) = amend(before, input.as_ref(), at, Deletes::Close) else { return (before.to_vec(), None) };
    let stay = before.iter().enumerate().filter(|(place, _)| !amendment.removed.contains(place));
    let mut after: Vec<Version> = stay.map(|(_, version)| *version).collect();
    after.extend(amendment.written.iter().map(|piece| Version {
        from: piece.from,
        to: piece.to,
        state: match piece.values {
            Values::Version(place) => before[place].state,
            Values::Input => input.unwrap(),
        },
    }));
    after.sort_by_key(|version| version.from);
    assert!(is_whole(&after), "{before:?} → {after:?}");
    (after, Some(amendment.event))
}

fn text(versions: &[Version]) -> String {
    let words = versions.iter().map(|version| {
        let to = version.to.map(|to| to.to_string()).unwrap_or_default();
        format!("{}{}-{to}", char::from(version.state.tracked as u8), version.from)
    });
    words.collect::<Vec<_>>().join(" ")
}

/// A version that began with a run, as its key had been gone: its row says that it was updated earlier.
#[test]
fn a_key_that_came_again_is_corrected_by_rows_no_older_than_its_own() {
    let (again, _) = seen(&versions("a1-5"), Some(state("b", Some(3))), 20);
    for (row, since, after) in [
        ("c", 3, "a1-5 c20-"),
        ("c", 4, "a1-5 c20-"),
        ("c", 19, "a1-5 c20-"),
        ("c", 20, "a1-5 c20-"),
        ("c", 25, "a1-5 b20-25 c25-"),
        ("b", 4, "a1-5 b20-"),
        // Older than what is known.
        ("c", 2, "a1-2 c2-5 b20-"),
    ] {
        let input = Some(state(row, Some(since)));
        let (found, _) = seen(&again, input, 30);
        assert_eq!(text(&found), after, "{row}{since}");
        assert_eq!(seen(&found, input, 31), (found.clone(), None), "once more: {row}{since}");
    }
}

#[test]
fn a_row_that_is_seen_takes_its_place_among_the_versions() {
    // Before; the row and when it was updated; after a run that began at 20; what happened.
    let cases = [
        ("", "a7", "a7-", Some(Event::Opened)),
        ("a1-", "a1", "a1-", None),
        ("a1-", "a9", "a1-", None),
        ("a1-", "b9", "a1-9 b9-", Some(Event::Changed)),
        ("a1-", "", "a1-20", Some(Event::Deleted)),
        ("a30-", "", "a30-31", Some(Event::Deleted)),
        // There again: since it was updated, unless it was seen to be gone then.
        ("a1-5", "a9", "a1-5 a9-", Some(Event::Opened)),
        ("a1-5", "b3", "a1-5 b20-", Some(Event::Opened)),
        ("a1-5", "b5", "a1-5 b5-", Some(Event::Opened)),
        ("a1-5", "a5", "a1-", Some(Event::Opened)),
        // Backdated: it holds until the next version.
        ("a1-5 b5-", "c3", "a1-3 c3-5 b5-", Some(Event::Corrected)),
        ("a1-5 b5-", "c0", "c0-1 a1-5 b5-", Some(Event::Corrected)),
        ("a1-5 b5-", "b3", "a1-3 b3-", Some(Event::Corrected)),
        ("a1-5 b5-", "a3", "a1-5 b5-", None),
        ("a1-5 b5-", "c5", "a1-5 c5-", Some(Event::Corrected)),
        ("a1-5 b5-", "a5", "a1-", Some(Event::Corrected)),
        ("a1-5 b5-", "c1", "c1-5 b5-", Some(Event::Corrected)),
        ("a1-5 b5-", "b1", "b1-", Some(Event::Corrected)),
        ("a1-5 b5-9 a9-", "a5", "a1-", Some(Event::Corrected)),
        // In a gap: until the key was there again.
        ("a1-5 b9-", "c7", "a1-5 c7-9 b9-", Some(Event::Corrected)),
        ("a1-5 b9-", "b7", "a1-5 b7-", Some(Event::Corrected)),
        ("a1-5 b9-", "a5", "a1-9 b9-", Some(Event::Corrected)),
    ];
    for (before, row, after, event) in cases {
        let input = (!row.is_empty()).then(|| state(&row[..1], row[1..].parse().ok()));
        let (found, happened) = seen(&versions(before), input, 20);
        assert_eq!((text(&found).as_str(), happened), (after, event), "{before} and {row}");
        assert_eq!(seen(&found, input, 21), (found.clone(), None), "once more: {before} and {row}");
    }
}

#[test]
fn without_a_time_of_its_own_a_row_holds_from_the_run_on() {
    let plain = |text| {
        let mut versions = versions(text);
        versions.iter_mut().for_each(|version| version.state.updated_at = None);
        versions
    };
    // A clock that was set back makes no version that ends before it begins.
    for (before, row, after) in [
        ("", "a", "a20-"),
        ("a1-", "a", "a1-"),
        ("a1-", "b", "a1-20 b20-"),
        ("a30-", "b", "a30-31 b31-"),
        ("a1-5", "a", "a1-5 a20-"),
        ("a1-30", "b", "a1-30 b30-"),
    ] {
        let (found, _) = seen(&plain(before), Some(state(row, None)), 20);
        assert_eq!(text(&found), after, "{before} and {row}");
        assert_eq!(seen(&found, Some(state(row, None)), 21).1, None, "once more: {before} and {row}");
    }
}

#[test]
fn untracked_columns_are_overwritten_in_the_current_version() {
    let before = versions("a1-5 b5-");
    let row = State { untracked: 9, ..state("b", Some(7)) };
    let (after, event) = seen(&before, Some(row), 20);
    assert_eq!((text(&after).as_str(), event), ("a1-5 b5-", Some(Event::Overwritten)));
    assert_eq!(after[1].state, row);
    assert_eq!(seen(&after, Some(row), 21).1, None);
    // An earlier version stays as it was found.
    assert_eq!(seen(&before, Some(State { untracked: 9, ..state("a", Some(2)) }), 20).1, None);
}

#[test]
fn keys_that_are_gone_may_stay() {
    assert_eq!(amend(&versions("a1-"), None, 20, Deletes::Keep), None);
    assert_eq!(amend(&versions("a1-5"), None, 20, Deletes::Close), None);
}

#[test]
fn versions_that_overlap_are_found() {
    assert!(is_whole(&versions("a1-5 b5-9 c12-")));
    for damaged in ["a1-6 b5-", "a1- b5-", "a5-5", "a5-3 b7-", "a5-9 b1-4"] {
        assert!(!is_whole(&versions(damaged)), "{damaged}");
    }
}
