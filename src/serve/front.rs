//! What stands before the router: plain tiles are answered here.
//!
//! A map asks for little else than `GET /tiles/{layers}/{z}/{x}/{y}` without a query. Routing, extractors and five layers of
//! middleware cost more than such an answer. So this service reads the path itself, looks into the cache, and answers when it can at
//! once; whatever else it meets (a query, a fault, a tile that takes time) goes on to the router, which answers the same in every header.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use axum::{Router, extract::Request, http::Method, response::Response, routing::future::RouteFuture};
use futures::future::Either;
use jiff::Timestamp;

use super::{
    Service,
    encoding::Encoding,
    making::{Reply, Wanted},
    meter::meters,
    observe::{add_headers, is_refused, request_id},
    params,
    run::router,
    tile_key::{LayerSet, Variant},
    tiles::{parse_plain, respond},
};
use crate::tile::{Layer, TileCoord};

/// The whole service: the front and the router behind it.
#[derive(Clone)]
pub struct Front {
    service: Arc<Service>,
    router: Router,
}

impl Front {
    /// The service, ready to be served.
    pub fn new(service: Arc<Service>) -> Self {
        Self { router: router(service.clone()), service }
    }

    /// The answer to a plain tile, if there is one at once.
    fn answer(&self, request: &Request) -> Option<Response> {
        let uri = request.uri();
        if request.method() != Method::GET || uri.query().is_some() || is_refused(&self.service, request) {
            return None;
        }
        let (layers, coord) = plain_tile(uri.path())?;
        if layers.contains(Layer::Households) && !self.service.options.households {
            return None;
        }
        let start = Instant::now();
        let headers = request.headers();
        let wanted = Wanted {
            coord,
            variant: Variant::plain(layers, params::day_in_china(Timestamp::now())),
            encoding: Encoding::negotiate(headers),
        };
        // The router makes a problem of an error.
        let reply = self.service.reply_now(&wanted, headers)?.ok()?;
        let meters = meters();
        match reply {
            Reply::Full(_) => meters.full.increment(1),
            Reply::Empty => meters.empty.increment(1),
            Reply::NotModified(_) => meters.unchanged.increment(1),
        }
        let mut response = respond(reply, wanted.encoding);
        let id = request_id(headers);
        let time = start.elapsed();
        meters.tile_route.record(time);
        meters.tiles.record(layers, time);
        tracing::debug!(
            request_id = id.to_str().unwrap_or_default(),
            method = "GET",
            route = super::meter::TILE_ROUTE,
            status = response.status().as_u16(),
            seconds = time.as_secs_f64(),
            "answered"
        );
        add_headers(response.headers_mut(), id);
        Some(response)
    }
}

impl tower::Service<Request> for Front {
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Ready<Result<Response, Infallible>>, RouteFuture<Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // The router is always ready.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        match self.answer(&request) {
            Some(response) => Either::Left(ready(Ok(response))),
            None => Either::Right(self.router.call(request)),
        }
    }
}

/// The layers and the tile of a path; `None` when it is none or is written in another way, which the router judges.
fn plain_tile(path: &str) -> Option<(LayerSet, TileCoord)> {
    let mut parts = path.strip_prefix("/tiles/")?.split('/');
    let (names, z, x, y) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let layers = names.split(',').try_fold(LayerSet::default(), |layers, name| layers.with_name(name))?;
    Some((layers, parse_plain(z, x, y.strip_suffix(".mvt").unwrap_or(y))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_tiles_are_read() {
        let read = |path: &str| plain_tile(path).map(|(layers, tile)| (layers.iter().collect::<Vec<_>>(), tile));
        let tile = TileCoord { z: 14, x: 12_963, y: 6_938 };
        assert_eq!(read("/tiles/cells/14/12963/6938"), Some((vec![Layer::Cells], tile)));
        assert_eq!(read("/tiles/issues,cells,issues/14/12963/6938.mvt"), Some((vec![Layer::Cells, Layer::Issues], tile)));
        for path in [
            "/tiles/cells/14/12963",
            "/tiles/cells/14/12963/6938/",
            "/tiles/cells/14/12963/06938",
            "/tiles/cells/14/12963/+6938",
            "/tiles/cells/14/99999/6938",
            "/tiles/dogs/14/12963/6938",
            "/tiles/cells%2Cissues/14/12963/6938",
            "/tiles/cells,/14/12963/6938",
            "/tiles//14/12963/6938",
            "/tiles/cells/14/12963/6938.pbf",
            "/api/tiles/cells/14/12963/6938",
            "/tiles/cells.json",
        ] {
            assert_eq!(read(path), None, "{path}");
        }
    }
}
