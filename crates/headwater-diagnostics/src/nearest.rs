//! «Did you mean»: the candidate that a person most likely meant.

/// The candidate nearest to what was written, if one is near enough to be meant: letter case aside, at most one third
/// of its letters (at least one) are wrong, missing, added or swapped. Of equally near ones the first.
pub fn nearest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted_lower = wanted.to_lowercase();
    let letters = wanted_lower.chars().count();
    let mut best: Option<(usize, &'a str)> = None;
    for candidate in candidates {
        let candidate_lower = candidate.to_lowercase();
        let candidate_letters = candidate_lower.chars().count();
        let allowed = (letters.max(candidate_letters) / 3).max(1);
        let limit = best.map_or(allowed, |(distance, _)| allowed.min(distance.saturating_sub(1)));
        // The difference in length is a lower bound, and much cheaper than the distance itself.
        if letters.abs_diff(candidate_letters) > limit || best.is_some_and(|(distance, _)| distance == 0) {
            continue;
        }
        let distance = strsim::osa_distance(&wanted_lower, &candidate_lower);
        if distance <= limit {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_candidate_wins_if_it_is_near_enough() {
        let keys = ["materialize", "partition_by", "owner", "tags"];
        assert_eq!(nearest("materialise", keys), Some("materialize"));
        assert_eq!(nearest("partitionby", keys), Some("partition_by"));
        assert_eq!(nearest("OWNER", keys), Some("owner"));
        assert_eq!(nearest("tag", keys), Some("tags"));
        assert_eq!(nearest("schedule", keys), None);
        assert_eq!(nearest("x", ["y", "z"]), Some("y"), "of equally near ones the first");
        assert_eq!(nearest("", keys), None);
        assert_eq!(nearest("raw.fligths", ["raw.flights_old", "raw.flights"]), Some("raw.flights"));
    }
}
