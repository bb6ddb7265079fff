//! The bare handler that ours is held against: the same framework, the same look-up in a moka cache, the same
//! allocator, and nothing else. `bare_poem ADDRESS IMAGE_BYTES`.

use std::sync::Arc;

use bytes::Bytes;
use moka::future::Cache;
use poem::{
    Body, EndpointExt, Response, Route, Server, get, handler,
    http::{HeaderValue, StatusCode, header},
    listener::TcpListener,
    web::{Data, Path},
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What both routes look up.
struct Known {
    targets: Cache<String, HeaderValue>,
    images: Cache<String, Bytes>,
}

#[handler]
async fn redirect(Path(slug): Path<String>, known: Data<&Arc<Known>>) -> Response {
    match known.targets.get(&slug).await {
        Some(target) => Response::builder()
            .status(StatusCode::FOUND)
            .header(header::LOCATION, target)
            .finish(),
        None => Response::builder().status(StatusCode::NOT_FOUND).finish(),
    }
}

#[handler]
async fn image(Path(id): Path<String>, known: Data<&Arc<Known>>) -> Response {
    match known.images.get(&id).await {
        Some(bytes) => Response::builder()
            .content_type("image/png")
            .body(Body::from_bytes(bytes)),
        None => Response::builder().status(StatusCode::NOT_FOUND).finish(),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments
        .next()
        .ok_or("usage: bare_poem ADDRESS IMAGE_BYTES")?;
    let size: usize = arguments
        .next()
        .ok_or("usage: bare_poem ADDRESS IMAGE_BYTES")?
        .parse()?;
    let known = Arc::new(Known {
        targets: Cache::new(10_000),
        images: Cache::new(10_000),
    });
    let target = HeaderValue::from_static("https://example.org/a/page?with=a&query=1");
    known.targets.insert("bench".to_owned(), target).await;
    known
        .images
        .insert("bench".to_owned(), Bytes::from(vec![0x5a; size]))
        .await;
    let routes = Route::new()
        .at("/r/:slug", get(redirect))
        .at("/image/:id", get(image))
        .data(known);
    Server::new(TcpListener::bind(address)).run(routes).await?;
    Ok(())
}
