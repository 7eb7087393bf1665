//! Tables that are delivered to files and to Delta tables. Other destinations have their tests beside those of what they are.

mod files;
mod tables;
