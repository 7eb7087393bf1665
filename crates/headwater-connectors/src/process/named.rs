//! A program that a source names.

use std::collections::BTreeMap;
use std::time::Duration;

use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::OpenContext;
use headwater_sdk::duration::parse_duration;
use headwater_sdk::script::{DataFormat, Program};

/// The program of a source's keys `command`, `env` and `timeout`, which is run in the project's folder.
///
/// # Errors
/// When they make no sense.
pub(crate) fn program(
    command: Vec<String>,
    env: BTreeMap<String, String>,
    timeout: Option<&str>,
    context: &OpenContext,
) -> Result<Program, OptionsError> {
    let wrong = |key: &'static str, message: String, help: &str| OptionsError {
        key: Some(key),
        message,
        help: Some(help.to_owned()),
    };
    if command.first().is_none_or(|name| name.trim().is_empty()) {
        let help = "write the program and its arguments as a list: `command: [.venv/bin/tap-csv]`";
        return Err(wrong("command", "there is no program to start".to_owned(), help));
    }
    let timeout = timeout.map(|text| {
        let seconds = parse_duration(text).map(Duration::from_secs);
        let help = "write a number and a unit: 90s, 15m, 36h";
        seconds.ok_or_else(|| wrong("timeout", format!("'{text}' is no duration"), help))
    });
    Ok(Program {
        command,
        folder: std::path::absolute(&context.project_dir).unwrap_or_else(|_| context.project_dir.clone()),
        env: env.into_iter().collect(),
        timeout: timeout.transpose()?,
        input_format: DataFormat::default(),
        output_format: DataFormat::default(),
    })
}
