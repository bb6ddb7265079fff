//! The experiment between the two renderers does what every experiment must.

use std::sync::Arc;

use super::{Judge, Renderer};
use crate::{
    render::{Engine, Image, Request, Room, Spec},
    rollout::conformance::{Unit, conforms, experiment},
    telemetry::labels::Experiment,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn renderers_conform() {
    let room = Room::default();
    let arms = (
        Renderer::new(None, room.clone()).unwrap(),
        Engine::new(None, room).unwrap(),
    );
    let unit = |request: &Arc<Request>| Unit::Digest(request.digest());
    let (experiment, stand) = experiment(
        Experiment::Render,
        arms,
        Judge,
        unit,
        Image::of_something_else,
    );
    let request = Request::new(Spec::new("https://example.com/")).unwrap();
    conforms(&experiment, &stand, &Arc::new(request)).await;
}
