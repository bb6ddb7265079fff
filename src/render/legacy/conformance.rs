//! The experiment between the two renderers does what every experiment must.

use std::sync::Arc;

use super::{Judge, Renderer};
use crate::{
    render::{Engine, Request, Room, Spec},
    rollout::conformance::{conforms, experiment},
    telemetry::labels::Experiment,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn renderers_conform() {
    let room = Room::default();
    let arms = (
        Renderer::new(None, room.clone()).unwrap(),
        Engine::new(None, room).unwrap(),
    );
    let (experiment, stand) = experiment(Experiment::Render, arms, Judge);
    let request = Request::new(Spec::new("https://example.com/")).unwrap();
    conforms(&experiment, &stand, &Arc::new(request)).await;
}
