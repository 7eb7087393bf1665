//! The codes of this crate's diagnostics. A code never changes its meaning and is never used again for another one.

use headwater_sdk::Code;

macro_rules! codes {
    ($($name:ident = $code:literal, $title:literal, $explanation:literal;)*) => {
        $(#[doc = $title] pub(crate) const $name: &str = $code;)*

        /// Every code that [`crate::load`] reports, in order.
        pub const CODES: &[Code] = &[$(Code { code: $code, title: $title, explanation: $explanation }),*];
    };
}

codes! {
    NO_PROJECT = "HW0101", "no project here",
        "the folder has no `headwater.yml`; run in a project's folder, or name that folder.";
    UNREADABLE = "HW0102", "a file cannot be read",
        "the file or folder cannot be opened, is not a regular file, or is a folder where a file is expected.";
    TOO_LARGE = "HW0103", "a file is too large",
        "files of a project are at most 4 MiB; data belongs into the places that sources read.";
    NOT_UTF8 = "HW0104", "a file is not UTF-8",
        "files of a project are UTF-8 text; save the file in that encoding.";
    OUTSIDE = "HW0105", "a link leads out of the project",
        "a file of the project is a symbolic link to a place outside the project's folder; copy the file instead.";
    YAML_SYNTAX = "HW0106", "YAML cannot be parsed",
        "the text is not YAML; the caret is at the place where the parser gave up.";
    DUPLICATE_KEY = "HW0107", "a key is written twice",
        "a YAML mapping has the same key twice, so that one of the two values would be lost.";
    YAML_LIMIT = "HW0108", "YAML is too deep or too big",
        "nesting, the number of values or what aliases expand to goes past a limit that keeps loading fast and safe.";
    YAML_FEATURE = "HW0109", "an unsupported feature of YAML",
        "tags of one's own, merge keys, keys that are not scalars and aliases inside of their anchor are not supported.";
    UNKNOWN_KEY = "HW0110", "an unknown key",
        "the key is not one that is read here; most often it is misspelt or indented wrongly.";
    WRONG_TYPE = "HW0111", "a value of the wrong type",
        "for example a list where a text is wanted, or a key without a value.";
    MISSING_KEY = "HW0112", "a required key is missing",
        "the mapping lacks a key without which it means nothing.";
    NOT_ALLOWED = "HW0113", "a value that is not one of those allowed",
        "the key takes one of a few values, and this is none of them.";
    MALFORMED = "HW0114", "a malformed value",
        "a number out of bounds, or a text that is no duration, size, share, name or type as the key wants it.";
    NOT_BUILT = "HW0115", "not built yet",
        "the project uses something that is designed but that this version of Headwater cannot do.";
    ENVIRONMENT = "HW0116", "which environment is not clear",
        "the environment asked for is not in `headwater.yml`, or not exactly one of several is the default.";
    SECRET = "HW0117", "a `${NAME}` that stands for nothing",
        "the variable is not set in the process's environment and has no default, or the `${…}` is malformed.";
    SECRET_PLACE = "HW0118", "a `${NAME}` where its value would be kept",
        "what is written here is stored in the catalogue, so it must not hold secrets; only environments, a connector's own keys and a script's `env` may.";
    VARIABLE = "HW0119", "an unknown variable",
        "`var(\"…\")`, `--var` or a unit test names a variable that `headwater.yml` does not declare under `vars`.";
    CONNECTOR = "HW0120", "an unknown connector",
        "`connector` names none of the connectors that this version has.";
    MODE = "HW0121", "a mode that the connector cannot do",
        "the stream's `mode` is not among those that its connector can read in.";
    CONNECTOR_OPTIONS = "HW0122", "options that the connector refuses",
        "each option is well-formed, but together they make no sense to the connector.";
    CHECK = "HW0123", "an unknown check",
        "a check entry names none of the checks that this version has.";
    CHECK_ENTRY = "HW0124", "a malformed check",
        "an entry of `checks` is a mapping with one key, the check, whose value is the check's options.";
    CHECK_KEY = "HW0125", "a key that the check has no use for",
        "`threshold` tolerates failing rows, `where` chooses rows to check: some checks count none, or choose themselves.";
    QUARANTINE = "HW0126", "rows cannot be quarantined here",
        "the check does not say which rows fail, or the model is a view, which has no rows of its own to set aside.";
    FRESHNESS = "HW0127", "a freshness that cannot be judged",
        "`freshness` needs `warn_after` or `error_after`, in this order of time, and one date or timestamp column.";
    TABLE_NAME = "HW0128", "a name that no table can have",
        "a table is `schema.table` in lower case; names that Headwater makes itself and schemas that start with `_` are reserved.";
    DUPLICATE_TABLE = "HW0129", "two assets fill one table",
        "a table is filled by exactly one stream, seed, model or script.";
    MISPLACED = "HW0130", "a file in the wrong place",
        "models are `models/<schema>/<name>.sql`, scripts `scripts/<schema>/<name>.yml`, seeds `seeds/<name>.csv` or \
         `seeds/<schema>/<name>.csv`.";
    HEADER = "HW0131", "a model's header is malformed",
        "the header is one comment above the query, from `/*---` to `---*/`; only other comments may stand above it.";
    TEMPLATE = "HW0132", "a template that cannot be rendered",
        "the MiniJinja in a model or a macro is malformed, names something that does not exist, or fails.";
    TEMPLATE_LIMIT = "HW0133", "a template without end",
        "rendering was stopped because it took too many steps or made too much text.";
    MACRO = "HW0134", "two macros with one name",
        "macros of all files in `macros/` can be used in every model, so their names must differ.";
    CONTRADICTION = "HW0135", "keys that contradict each other",
        "each key is fine by itself, but not together with another one.";
    IGNORED_FILE = "HW0136", "a file that is not read",
        "the file lies in a folder of the project but is none of the files that are read there.";
    SECRET_UNREAD = "HW0137", "a secret that cannot be read",
        "`secrets` declares where it is, and the file is not there, or the command fails or takes too long, or what it holds has no such field.";
    SELECTION = "HW0141", "a malformed selection",
        "`--select` and `--exclude` take expressions such as `+marts.fct_flights`, `tag:nightly,staging.*` or `state:modified+`; \
         the caret is under the part that is none.";
    SELECTION_METHOD = "HW0142", "an unknown way to select",
        "what stands before a colon in `--select` and `--exclude` is one of a few methods, and this is none of them.";
    UNMATCHED = "HW0143", "a selection of what is not there",
        "the project has nothing of that name, tag, owner or path, and no type or state is called so; `headwater list` \
         shows what there is.";
    UNBUILT_INPUT = "HW0144", "an input that was never built and is not selected",
        "a selected asset reads a table that `main` does not have and that the run would not build; select it too.";
    UNCHECKED_VIEW = "HW0145", "a view would show what nothing has checked",
        "a table that was selected is rebuilt, and a view of `main` shows it whose definition in the project is another or \
         is gone; select the view too, or run without `--select`.";
    UNIT_TEST_MODEL = "HW0150", "a unit test of what is no model",
        "a unit test names a model that the project does not have, or a source, a seed or a script, which has no query to test.";
    UNIT_TEST_NAME = "HW0151", "two unit tests with one name",
        "the unit tests of a model are told apart by their names.";
    UNIT_TEST_GIVEN = "HW0152", "given rows that are never read",
        "the model of the unit test does not read the table, neither directly nor through views that are not given themselves.";
    UNIT_TEST_CSV = "HW0153", "malformed CSV in a unit test",
        "rows of a unit test in CSV need a line of column names, each once, and as many cells in every line; quotes have to be closed.";
    UNIT_TEST_CHECK = "HW0154", "a unit test of a check that is not there",
        "`expect_checks` names a check that the model does not have; checks are named as a run shows them, e.g. `unique(order_id)`.";
    STAR = "HW0170", "a fact, dimension or bridge that makes no sense",
        "what the header declares of a star schema lacks something or contradicts itself; the message says what.";
    STAR_REFERENCE = "HW0171", "a reference to what is no dimension",
        "under `dimensions` a fact or a bridge names tables whose headers say `dimension:` (or, for a fact, `bridge:`), so that \
         it is known by which column they are referred to.";
    SCRIPT = "HW0180", "a script that makes no sense",
        "what `scripts/<schema>/<name>.yml` declares of a program lacks something or contradicts itself; the message says what.";
    SCRIPT_FILE = "HW0181", "a file of a script is not there",
        "`command` or `files` of a script names a file that is not in the folder of its declaration.";
    SCRIPT_ORIGIN = "HW0182", "a column that a script does not read",
        "`from` of a script's column names columns of its inputs, as `schema.table.column`, that the script reads.";
    INTERNAL = "HW0199", "loading failed",
        "a defect of Headwater itself; please report it with the file that brings it about.";
    SQL_SYNTAX = "HW0201", "SQL cannot be parsed",
        "the rendered SQL of the model is not SQL; the caret is at the place where the parser gave up.";
    ONE_STATEMENT = "HW0202", "not exactly one statement",
        "a model is one query; it is empty or has more than one statement.";
    NOT_A_QUERY = "HW0203", "a statement that is no query",
        "models only select; tables are made, filled and dropped by Headwater alone.";
    UNQUALIFIED = "HW0204", "a table name without schema",
        "tables are named `schema.table`; only common table expressions have names of one part.";
    UNKNOWN_TABLE = "HW0205", "an unknown table",
        "no stream, seed, model or script fills the table that is named.";
    BAD_TABLE_NAME = "HW0206", "a name that is not a table's",
        "the name has more than two parts, or letters that no table name has.";
    TOO_DEEP = "HW0207", "SQL that is nested too deeply",
        "parentheses, subqueries or operators are nested past the limit that keeps parsing safe.";
    CYCLE = "HW0208", "assets that depend on each other",
        "each asset in the cycle needs the next one to be there first, so that none can ever be made.";
    EXPRESSION = "HW0209", "a condition that is no SQL expression",
        "the `where` or the condition of a check is not one SQL expression.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_order_and_each_is_explained() {
        assert!(CODES.windows(2).all(|pair| pair[0].code < pair[1].code));
        for code in CODES {
            assert!(code.code.len() == 6 && code.code.starts_with("HW0"), "{}", code.code);
            assert!(code.explanation.ends_with('.') && !code.title.ends_with('.'), "{}", code.code);
        }
    }
}
