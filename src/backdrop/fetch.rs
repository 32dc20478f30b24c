//! One tile from the source, over HTTP.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use tokio::{sync::Semaphore, time::timeout};

use super::{Error, Format, Picture, Template};
use crate::tile::TileCoord;

/// Bounds of a request to the source.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Longest time to the last byte of a tile, waiting for its turn included.
    pub time: Duration,
    /// Bytes of a tile.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { time: Duration::from_secs(10), bytes: 2 << 20 }
    }
}

/// Requests to the source at a time.
const REQUESTS_AT_ONCE: usize = 12;
/// Redirects followed on one server.
const MAX_REDIRECTS: usize = 3;
const CONNECT_TIME: Duration = Duration::from_secs(5);
/// Sources see who asks for many tiles.
const USER_AGENT: &str = concat!("wangge/", env!("CARGO_PKG_VERSION"));

pub(super) struct Fetcher {
    template: Template,
    limits: Limits,
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
    turns: Semaphore,
}

impl Fetcher {
    pub fn new(template: Template, limits: Limits) -> Self {
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(CONNECT_TIME));
        let connector = HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().wrap_connector(connector);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(60))
            .pool_max_idle_per_host(REQUESTS_AT_ONCE)
            .build(connector);
        Self { template, limits, client, turns: Semaphore::new(REQUESTS_AT_ONCE) }
    }

    /// The source's tile; `None` where it says that there is none.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn fetch(&self, tile: TileCoord) -> Result<Option<Picture>, Error> {
        let whole = async {
            let _turn = self.turns.acquire().await.map_err(|_| Error::Broken)?;
            self.fetch_now(tile).await
        };
        let answer = timeout(self.limits.time, whole).await;
        let result = answer.unwrap_or(Err(Error::TooSlow { seconds: self.limits.time.as_secs().max(1) }));
        let what = match &result {
            Ok(Some(_)) => "fetched",
            Ok(None) => "none",
            Err(_) => "failed",
        };
        metrics::counter!("wangge_backdrop_total", "result" => what).increment(1);
        result
    }

    async fn fetch_now(&self, tile: TileCoord) -> Result<Option<Picture>, Error> {
        let mut uri = self.template.uri(tile).ok_or(Error::Broken)?;
        for _ in 0..=MAX_REDIRECTS {
            let request = Request::get(&uri)
                .header(header::USER_AGENT, HeaderValue::from_static(USER_AGENT))
                .header(header::ACCEPT, HeaderValue::from_static("image/webp,image/png,image/jpeg"))
                .body(Empty::new())
                .map_err(|_| Error::Broken)?;
            let response = self.client.request(request).await.map_err(|error| unreachable(&error))?;
            match response.status() {
                StatusCode::OK => return self.read(response).await.map(Some),
                StatusCode::NO_CONTENT | StatusCode::NOT_FOUND | StatusCode::GONE => return Ok(None),
                status if status.is_redirection() => uri = same_server(&uri, response.headers().get(header::LOCATION))?,
                status => return Err(Error::Status(status.as_u16())),
            }
        }
        Err(Error::Redirected)
    }

    async fn read<B>(&self, response: Response<B>) -> Result<Picture, Error>
    where
        B: http_body_util::BodyExt<Data = Bytes>,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let body = Limited::new(response.into_body(), self.limits.bytes).collect().await;
        let bytes = body.map_err(|error| match error.downcast_ref::<LengthLimitError>() {
            Some(_) => Error::TooLarge(self.limits.bytes),
            None => unreachable(&*error),
        })?;
        let bytes = bytes.to_bytes();
        Ok(Picture::new(Format::of(&bytes).ok_or(Error::NotAPicture)?, bytes))
    }
}

/// What the network says. The errors of connections name hosts and addresses, never a path or query.
fn unreachable(error: &(dyn std::error::Error + 'static)) -> Error {
    let mut cause = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        cause = format!("{cause}: {error}");
        next = error.source();
    }
    Error::Unreachable { cause }
}

/// Where a redirect leads, when it stays on the server that the key is meant for.
fn same_server(from: &Uri, location: Option<&HeaderValue>) -> Result<Uri, Error> {
    let location = location.and_then(|value| value.to_str().ok()).ok_or(Error::Redirected)?;
    if location.starts_with('/') && !location.starts_with("//") {
        let mut parts = from.clone().into_parts();
        parts.path_and_query = Some(location.parse().map_err(|_| Error::Redirected)?);
        return Uri::from_parts(parts).map_err(|_| Error::Redirected);
    }
    let to: Uri = location.parse().map_err(|_| Error::Redirected)?;
    let is_same = to.scheme() == from.scheme() && to.authority().is_some() && to.authority() == from.authority();
    if is_same { Ok(to) } else { Err(Error::Redirected) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_stay_on_the_server() {
        let from: Uri = "https://t0.example/a?tk=k".parse().unwrap();
        let to = |location: &'static str| same_server(&from, Some(&HeaderValue::from_static(location))).map(|uri| uri.to_string());
        assert_eq!(to("/b?c=1").unwrap(), "https://t0.example/b?c=1");
        assert_eq!(to("https://t0.example/b").unwrap(), "https://t0.example/b");
        for elsewhere in ["http://t0.example/b", "https://t1.example/b", "https://t0.example:8443/b", "//t1.example/b", "b"] {
            assert_eq!(to(elsewhere), Err(Error::Redirected), "{elsewhere}");
        }
        assert_eq!(same_server(&from, None), Err(Error::Redirected));
    }
}
