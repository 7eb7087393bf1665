//! Sources and a lake in object storage, against `moto_server`, which answers as S3 does.

mod delivered;
mod lake;
pub(crate) mod server;
mod throttled;
