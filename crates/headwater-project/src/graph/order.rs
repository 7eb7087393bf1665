//! An order in which every asset comes after what it reads.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::link::Edge;

/// The numbers of the assets, inputs before their users, ties by number. `edges` have no cycles; of `check_edges` those
/// count that are part of none.
pub(crate) fn sequence(edges: &[Vec<Edge>], check_edges: &[Vec<Edge>]) -> Vec<usize> {
    let all: Vec<Vec<usize>> = edges
        .iter()
        .zip(check_edges)
        .map(|(edges, checks)| edges.iter().chain(checks).map(|edge| edge.to).collect())
        .collect();
    let component = components(&all);
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); edges.len()];
    let mut waiting: Vec<usize> = vec![0; edges.len()];
    for from in 0..edges.len() {
        let checks = check_edges[from].iter().filter(|edge| component[from] != component[edge.to]);
        for edge in edges[from].iter().chain(checks) {
            users[edge.to].push(from);
            waiting[from] += 1;
        }
    }
    let mut ready: BinaryHeap<Reverse<usize>> =
        waiting.iter().enumerate().filter(|(_, n)| **n == 0).map(|(index, _)| Reverse(index)).collect();
    let mut sequence = Vec::with_capacity(edges.len());
    while let Some(Reverse(next)) = ready.pop() {
        sequence.push(next);
        for &user in &users[next] {
            waiting[user] -= 1;
            if waiting[user] == 0 {
                ready.push(Reverse(user));
            }
        }
    }
    sequence
}

/// The strongly connected component of each node (R. Tarjan, "Depth-first search and linear graph algorithms", 1972),
/// without recursion: a chain of models may be long.
pub(crate) fn components(edges: &[Vec<usize>]) -> Vec<usize> {
    const UNSEEN: usize = usize::MAX;
    let count = edges.len();
    let (mut index, mut low) = (vec![UNSEEN; count], vec![0; count]);
    let (mut component, mut on_stack) = (vec![UNSEEN; count], vec![false; count]);
    let (mut stack, mut next_index, mut next_component) = (Vec::new(), 0, 0);
    for root in 0..count {
        if index[root] != UNSEEN {
            continue;
        }
        let mut calls: Vec<(usize, usize)> = vec![(root, 0)];
        while let Some(&mut (node, ref mut position)) = calls.last_mut() {
            if *position == 0 {
                index[node] = next_index;
                low[node] = next_index;
                next_index += 1;
                stack.push(node);
                on_stack[node] = true;
            }
            if let Some(&target) = edges[node].get(*position) {
                *position += 1;
                if index[target] == UNSEEN {
                    calls.push((target, 0));
                } else if on_stack[target] {
                    low[node] = low[node].min(index[target]);
                }
                continue;
            }
            calls.pop();
            if let Some(&(parent, _)) = calls.last() {
                low[parent] = low[parent].min(low[node]);
            }
            if low[node] == index[node] {
                while let Some(member) = stack.pop() {
                    on_stack[member] = false;
                    component[member] = next_component;
                    if member == node {
                        break;
                    }
                }
                next_component += 1;
            }
        }
    }
    component
}
