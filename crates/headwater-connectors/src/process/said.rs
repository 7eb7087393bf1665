//! What a program says on its standard error: every line for a person, the last ones for an error.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::sync::{Mutex, PoisonError};

/// Lines that are kept.
const KEPT: usize = 20;

/// Bytes of a line that are shown; a longer one goes on in the next.
const LINE: u64 = 4096;

/// The last lines.
#[derive(Debug, Default)]
pub(crate) struct Said(Mutex<VecDeque<String>>);

impl Said {
    /// Hears a program out.
    pub(crate) fn hear(&self, stderr: impl Read, tell: &dyn Fn(&str)) {
        let mut reader = BufReader::new(stderr);
        let mut line = Vec::new();
        loop {
            line.clear();
            match reader.by_ref().take(LINE).read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) => {
                    let text = String::from_utf8_lossy(&line);
                    let text = text.trim_end();
                    let shown: String = text.chars().filter(|c| !c.is_control() || *c == '\t').collect();
                    tell(&shown);
                    self.keep(shown);
                }
            }
        }
    }

    /// Keeps a line, unless it is blank.
    pub(crate) fn keep(&self, line: String) {
        if line.trim().is_empty() {
            return;
        }
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == KEPT {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    /// The last lines, from the oldest.
    pub(crate) fn last(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_and_the_last_are_kept() {
        let (said, told) = (Said::default(), Mutex::new(Vec::new()));
        let text: String = (0..30).map(|n| format!("line {n}\r\n\n")).collect::<String>() + "\x1b[1mend";
        said.hear(text.as_bytes(), &|line| told.lock().unwrap().push(line.to_owned()));
        assert_eq!(told.lock().unwrap().len(), 61);
        let last = said.last();
        assert_eq!((last.len(), last[0].as_str(), last[19].as_str()), (20, "line 11", "[1mend"));
    }

    #[test]
    fn a_line_without_end_takes_no_memory() {
        let (said, told) = (Said::default(), Mutex::new(0));
        said.hear(&vec![b'x'; 10_000][..], &|line| *told.lock().unwrap() += line.len());
        assert_eq!(*told.lock().unwrap(), 10_000);
        assert!(said.last().iter().all(|line| line.len() <= LINE as usize));
    }
}
