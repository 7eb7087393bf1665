//! More than fits into memory.

use serde_json::json;

use super::Api;
use super::server::Reply;
use crate::program::with_peak;

/// A project of so many pages of about a megabyte each, and the most memory that loading it takes, in KiB.
fn peak(pages: usize) -> u64 {
    let api = Api::new(
        "",
        "  - { table: raw.texts, path: /texts, paginate: { page: { total_pages: pages } }, records: data }",
        move |request| {
            let page = request.number("page").unwrap();
            let text = "0123456789abcdef".repeat(60);
            let data: Vec<_> =
                (0..1000).map(|n| json!({ "id": page * 1000 + n, "text": text, "nested": { "page": page } })).collect();
            Reply::json(&json!({ "pages": pages, "data": data }))
        },
    );
    let (said, peak) = with_peak(api.command(&["run", "--json"]));
    assert_eq!(said.exits(0).json()["assets"][0]["rows_out"], pages * 1000);
    peak
}

#[test]
fn memory_does_not_grow_with_the_number_of_pages() {
    let (few, many) = (peak(20), peak(200));
    println!("20 MB: {few} KiB, 200 MB: {many} KiB");
    assert!(many < few + 60 * 1024, "20 MB: {few} KiB, 200 MB: {many} KiB");
}
