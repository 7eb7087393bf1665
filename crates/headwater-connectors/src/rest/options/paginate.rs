//! `paginate`: how answers come in pages.

use schemars::JsonSchema;
use serde::Deserialize;

/// How answers come in pages: one of these.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PaginateOptions {
    /// The header `Link` (RFC 8288) has the next page under this relation: `next`.
    #[serde(default)]
    pub link_header: Option<String>,
    /// The answer has the next page's address at this path: `paging.next`. The last page has none, or null.
    #[serde(default)]
    pub link: Option<String>,
    /// Pages have numbers.
    #[serde(default)]
    pub page: Option<CountOptions>,
    /// Pages begin at the number of the records before them.
    #[serde(default)]
    pub offset: Option<CountOptions>,
    /// Each page says what to send for the next one.
    #[serde(default)]
    pub cursor: Option<TokenOptions>,
    /// `true`: one answer is all there is, whatever the source says.
    #[serde(default)]
    pub none: Option<bool>,
    /// Beside one of them: the most pages that a request may have. One with more fails the load. None by default.
    #[serde(default)]
    pub max_pages: Option<u64>,
}

/// Pages that are counted. The end is an empty page, or what one of `total`, `total_pages` and `has_more` says before.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CountOptions {
    /// The parameter that takes the number. `page` or `offset` by default.
    #[serde(default)]
    pub param: Option<String>,
    /// The place in the body that takes it instead: `paging.page`.
    #[serde(default)]
    pub body: Option<String>,
    /// The number of the first page, or the first offset. 1 for pages, 0 for offsets by default.
    #[serde(default)]
    pub first: Option<u64>,
    /// Where an answer has the number of all records: `meta.total`.
    #[serde(default)]
    pub total: Option<String>,
    /// Where an answer has the number of all pages; with `page`.
    #[serde(default)]
    pub total_pages: Option<String>,
    /// Where an answer says whether there is more: `has_more`. `has_more?` may be left out of the last one.
    #[serde(default)]
    pub has_more: Option<String>,
}

/// What one page says for the next one. The end is a page without it, or one where it is null or empty, or where `has_more` is false.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenOptions {
    /// Where an answer has it: `meta.next_cursor`. This or `header`.
    #[serde(default)]
    pub path: Option<String>,
    /// The header that has it.
    #[serde(default)]
    pub header: Option<String>,
    /// The parameter that takes it. `cursor` by default.
    #[serde(default)]
    pub param: Option<String>,
    /// The place in the body that takes it instead: `page.after`.
    #[serde(default)]
    pub body: Option<String>,
    /// Where an answer says whether there is more: `has_more`.
    #[serde(default)]
    pub has_more: Option<String>,
}
