//! The manual's examples, and SQL text that holds any characters.

#[cfg(test)]
#[cfg(test)]
mod manual;
#[cfg(test)]
#[cfg(test)]
mod schemas;
#[cfg(test)]
#[cfg(test)]
mod sql_text;
#[cfg(test)]
#[cfg(test)]
mod yaml;
