//! What the options of a source and of a stream may not say.

use super::Api;
use super::server::Reply;
use crate::project::assert_told;

#[track_caller]
fn assert_refused(source: &str, stream: &str, words: &[&str]) {
    let api = Api::new(source, &format!("  - {{ table: raw.t, path: /t{stream} }}"), |_| Reply::status(500));
    let said = api.say(&["check"]).exits(2);
    assert_told(&said, "HW0122", words);
    assert!(said.err.contains("sources/shop.yml"), "{}", said.err);
    assert!(api.server.asked().is_empty(), "nothing is asked for what makes no sense");
}

#[test]
fn sources_that_make_no_sense_are_refused() {
    assert_refused("auth: { bearer: x, basic: { user: u } }", "", &["more than one way"]);
    assert_refused("auth: {}", "", &["`auth` is empty"]);
    assert_refused("auth: { api_key: { value: x } }", "", &["where the API key goes"]);
    assert_refused("rate_limit: { per_second: 0 }", "", &["no request could be sent"]);
    assert_refused("rate_limit: { per_second: 1, per_minute: 1 }", "", &["say the same"]);
    assert_refused("timeout: 0", "", &["`timeout` is 0"]);
    assert_refused("headers: { 'no name': x }", "", &["no name of a header"]);
}

#[test]
fn streams_that_make_no_sense_are_refused() {
    for (stream, words) in [
        (", paginate: { link: a, page: {} }", &["has to be one way", "link_header"][..]),
        (", paginate: { cursor: { param: c } }", &["what to send for the next one"]),
        (", paginate: { page: { body: page.number } }", &["no `body`", "method: post"]),
        (", paginate: { link: 'a[].b' }", &["not the path of one value"]),
        (", records: 'a..b'", &["is no path", "a key is missing"]),
        (", records: 'a[].b', include: { x: 'c[].id' }", &["a list that the records are not in"]),
        (", body: { a: 1 }", &["no body", "method: post"]),
        (", params: { a: { b: 1 } }", &["no value that could be sent"]),
        (", cursor: { field: id }", &["all records are read"]),
        (", mode: incremental", &["needs a cursor"]),
        (", mode: incremental, params: { since: 1 }, cursor: { field: id, param: since }", &["among the `params`"]),
        (
            ", method: post, mode: incremental, body: { q: '{cursor}' }, cursor: { field: id }",
            &["the first load has none", "start"],
        ),
        (", parent: { path: /p, fields: {} }", &["has to name fields"]),
    ] {
        assert_refused("", stream, words);
    }
    let api = Api::new("", "  - { table: raw.t, path: 'https://elsewhere.example/t' }", |_| Reply::status(500));
    assert_told(&api.say(&["check"]).exits(2), "HW0122", &["leaves the source's `url`"]);
    let api = Api::new("", "  - { table: raw.t, path: /t, mode: cdc }", |_| Reply::status(500));
    assert!(api.say(&["check"]).exits(2).err.contains("cdc"));
}
