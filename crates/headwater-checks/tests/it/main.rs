//! The manual's examples, and SQL text that holds any characters.

#[cfg(test)]
mod manual;
#[cfg(test)]
mod schemas;
#[cfg(test)]
mod sql_text;
#[cfg(test)]
mod yaml;
