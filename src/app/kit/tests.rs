//! The conformance suite over the experiments that are really run.

use std::sync::Arc;

use super::*;
use crate::{
    rollout::conformance::{Stand, conforms},
    telemetry::labels::Experiment as Name,
    validate::{Checker, Purpose, Submission},
};

fn against<C, N, J>(
    stand: &Stand,
    (control, candidate): (C, N),
    judge: J,
    (unit, spoil): (fn(&C::In) -> Unit, fn(C::Out) -> C::Out),
) -> Versus<C, N, J>
where
    C: ReadOnly<Out: Clone + Sync>,
    N: ReadOnly<In = C::In, Out = C::Out>,
    J: Judge<C::Out>,
{
    let candidate = Rehearsal::new(candidate, stand.drills.clone(), spoil);
    let arms = (control, candidate);
    Experiment::new(arms, judge, Arc::clone(&stand.pilot), unit)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn renderers_conform() {
    let stand = Stand::new(Name::Render);
    let room = render::Room::default();
    let arms = (
        render::legacy::Renderer::new(None, room.clone()).unwrap(),
        render::Engine::new(None, room).unwrap(),
    );
    let unit: fn(&render::In) -> Unit = |r| Unit::Digest(r.digest());
    let how = (unit, Image::of_something_else as fn(Image) -> Image);
    let experiment = against(&stand, arms, render::legacy::Judge, how);
    let request = render::Request::new(render::Spec::new("https://example.com/")).unwrap();
    conforms(&experiment, &stand, &Arc::new(request)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn validators_conform() {
    let stand = Stand::new(Name::Validate);
    let rules = || Rules::new::<&str>("http://localhost:3002", &[], false).unwrap();
    let arms = (
        crate::validate::legacy::Validator::new(rules()),
        Checker::new(rules()),
    );
    let unit: fn(&crate::validate::In) -> Unit = |s| Unit::Digest(s.digest());
    let spoil: fn(crate::validate::Verdict) -> crate::validate::Verdict =
        crate::validate::Verdict::refused_instead;
    let experiment = against(&stand, arms, crate::validate::legacy::Judge, (unit, spoil));
    let submission = Submission {
        purpose: Purpose::CreateDynamic,
        redirect_url: Some("https://example.com/a".to_owned()),
        ..Submission::default()
    };
    conforms(&experiment, &stand, &Arc::new(submission)).await;
}
