//! The `mysql` connector: MySQL and MariaDB. @DOC@

mod binlog;
mod connect;
mod decode;
mod describe;
mod discover;
mod options;
mod part;
mod quote;
mod shared;
mod stream;
mod types;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;
use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{Connector, Finding, FoundStream, OpenContext, ReadMode, SourceStream, StreamSettings};

pub use crate::database::Tls;
pub use options::{SourceOptions, StreamOptions, ZeroDates};

/// The connector. See the module's text.
#[derive(Debug)]
pub struct MySql {
    server: connect::Server,
}

#[async_trait]
impl Connector for MySql {
    const NAME: &'static str = "mysql";
    const MODES: &'static [ReadMode] = &[ReadMode::Full, ReadMode::Incremental];
    type SourceOptions = SourceOptions;
    type StreamOptions = StreamOptions;

    fn source(options: SourceOptions, context: &OpenContext) -> Result<Self, OptionsError> {
        Ok(Self { server: connect::Server::new(&options, context)? })
    }

    fn stream(&self, options: StreamOptions, settings: StreamSettings) -> Result<Arc<dyn SourceStream>, OptionsError> {
        Ok(Arc::new(stream::TableStream::new(self.server.clone(), options, settings)?))
    }

    async fn discover(&self) -> headwater_sdk::Result<Option<Vec<FoundStream>>> {
        Ok(Some(discover::discover(&mut self.server.connect().await?, &self.server).await?))
    }

    async fn examine(&self) -> headwater_sdk::Result<Vec<Finding>> {
        let mut session = self.server.connect().await?;
        Ok(vec![discover::version(&mut session, &self.server).await?])
    }
}
