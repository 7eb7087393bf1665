//! The `rest` connector: APIs that answer in JSON.

mod answer;
mod http;
mod options;
mod paging;
mod request;
mod stream;

use std::sync::Arc;

use async_trait::async_trait;
use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{Connector, Finding, OpenContext, ReadMode, SourceStream, StreamSettings};

pub use options::{
    ApiKeyOptions, AuthOptions, BasicOptions, CountOptions, CursorOptions, MethodOption, MissingOption, OAuthOptions,
    PaginateOptions, ParentOptions, RateLimitOptions, SourceOptions, StartOption, StreamOptions, TokenCredentials,
    TokenOptions,
};

use self::http::Api;
use self::stream::{Defaults, RestStream};

/// The connector. See the module's text.
pub struct Rest {
    api: Arc<Api>,
    defaults: Defaults,
}

#[async_trait]
impl Connector for Rest {
    const NAME: &'static str = "rest";
    const MODES: &'static [ReadMode] = &[ReadMode::Full, ReadMode::Incremental];
    type SourceOptions = SourceOptions;
    type StreamOptions = StreamOptions;

    fn source(mut options: SourceOptions, context: &OpenContext) -> Result<Self, OptionsError> {
        let api = Arc::new(Api::new(&mut options, context)?);
        let defaults = Defaults { params: options.params, paginate: options.paginate };
        Ok(Self { api, defaults })
    }

    fn stream(&self, options: StreamOptions, settings: StreamSettings) -> Result<Arc<dyn SourceStream>, OptionsError> {
        Ok(Arc::new(RestStream::new(&self.api, &self.defaults, &options, settings)?))
    }

    async fn examine(&self) -> headwater_sdk::Result<Vec<Finding>> {
        self.api.examine().await
    }
}
