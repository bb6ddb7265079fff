//! What every request passes through: `edge` around everything, `limits` around what reads a body.

pub mod edge;
pub mod limits;
pub mod routes;
pub mod site;
