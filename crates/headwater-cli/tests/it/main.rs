//! The built program, as a person or a script uses it: real files, real folders, real processes.

#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod crashes;
#[cfg(test)]
mod main_job;
#[cfg(test)]
mod program;
#[cfg(test)]
mod project;
#[cfg(test)]
mod reading;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod reliability;
#[cfg(test)]
mod running;
