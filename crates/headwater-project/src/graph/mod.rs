//! The graph: names become edges, edges an order.

mod cycles;
mod link;
mod order;

pub(crate) use link::{Draft, Read, link};
