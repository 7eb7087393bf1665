//! `headwater explain`: what an error code means.

use clap::Args;
use headwater_diagnostics::nearest;
use headwater_sdk::{Blame, Error};
use serde_json::json;

use crate::codes;
use crate::console::Console;
use crate::failure::Failure;
use crate::render::style::{Style, width};
use crate::render::table::{Column, Table};

/// Explains an error code; without one, lists all.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The code, e.g. HW0123
    code: Option<String>,
}

pub(crate) fn explain(args: &ExplainArgs, console: &Console) -> Result<u8, Failure> {
    let codes = codes::all();
    let Some(wanted) = args.code.as_ref().map(|code| code.trim_matches(['[', ']']).to_ascii_uppercase()) else {
        if console.json {
            let list: Vec<_> = codes.iter().map(|code| json!({ "code": code.code, "title": code.title })).collect();
            console.out_json(&list)?;
        } else {
            let mut table = Table::new(vec![Column::text("code"), Column::text("meaning")]);
            for code in &codes {
                table.push(vec![code.code.into(), code.title.into()]);
            }
            console.out(&table.render(console.width(), console.color_out))?;
        }
        return Ok(0);
    };
    let Some(code) = codes.iter().find(|code| code.code == wanted) else {
        let error = Error::new("HW0815", Blame::Project, format!("there is no code {wanted}"));
        return Err(match nearest(&wanted, codes.iter().map(|code| code.code)) {
            Some(near) => error.help(format!("did you mean {near}?")),
            None => error.help("`headwater explain` lists all codes"),
        }
        .into());
    };
    if console.json {
        let (title, explanation) = (code.title, code.explanation);
        console.out_json(&json!({ "code": code.code, "title": title, "explanation": explanation }))?;
    } else {
        let title = Style::Bold.paint(&format!("{}: {}", code.code, code.title), console.color_out);
        console.out(&format!("{title}\n\n{}", wrap(code.explanation, console.width().min(100))))?;
    }
    Ok(0)
}

/// The text in lines no wider than `limit`.
fn wrap(text: &str, limit: usize) -> String {
    let (mut out, mut used) = (String::new(), 0);
    for word in text.split_whitespace() {
        let wide = width(word);
        if used > 0 && used + 1 + wide > limit {
            out.push('\n');
            used = 0;
        }
        if used > 0 {
            out.push(' ');
            used += 1;
        }
        out.push_str(word);
        used += wide;
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words() {
        assert_eq!(wrap("one two  three", 7), "one two\nthree\n");
        assert_eq!(wrap("incomprehensible", 7), "incomprehensible\n");
    }
}
