//! What is made from what: the graph that the operators walk.

use std::collections::{BTreeSet, HashMap};

use headwater_sdk::TableName;

use super::expression::Reach;
use crate::Project;

/// The project's assets by their places in its order, with what each is made from and what is made from it.
pub(super) struct Graph {
    upstream: Vec<Vec<usize>>,
    downstream: Vec<Vec<usize>>,
}

/// A direction to walk in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Upstream,
    Downstream,
}

impl Graph {
    /// The inputs of an asset are those of [`crate::plan::tracked_inputs`]: what its SQL reads, and what its checks
    /// read as far as that comes earlier.
    pub(super) fn of(project: &Project) -> Self {
        let places: HashMap<&TableName, usize> =
            project.assets.iter().enumerate().map(|(place, asset)| (&asset.name, place)).collect();
        let count = project.assets.len();
        let (mut upstream, mut downstream) = (vec![Vec::new(); count], vec![Vec::new(); count]);
        for (place, asset) in project.assets.iter().enumerate() {
            let maker = |table: &TableName| places.get(&table.owner()).copied();
            let read = asset.inputs.iter().filter_map(|input| maker(&input.table)).filter(|maker| *maker != place);
            let checked = asset.check_inputs.iter().filter_map(|input| maker(&input.table)).filter(|m| *m < place);
            let makers: BTreeSet<usize> = read.chain(checked).collect();
            for maker in makers {
                upstream[place].push(maker);
                downstream[maker].push(place);
            }
        }
        Self { upstream, downstream }
    }

    /// Some assets and what is reached from them.
    pub(super) fn reach(&self, from: &BTreeSet<usize>, direction: Direction, reach: Reach) -> BTreeSet<usize> {
        let edges = if direction == Direction::Upstream { &self.upstream } else { &self.downstream };
        let mut found = from.clone();
        let mut border: Vec<usize> = from.iter().copied().collect();
        let mut left = match reach {
            Reach::All => u32::MAX,
            Reach::Steps(steps) => steps,
        };
        while !border.is_empty() && left > 0 {
            let next = border.iter().flat_map(|place| &edges[*place]).copied();
            border = next.filter(|place| found.insert(*place)).collect();
            left -= 1;
        }
        found
    }
}
