//! What every request passes through: `edge` around everything, `limits` around what reads a body.

pub mod edge;
pub mod limits;
pub mod route_table;
pub mod site;
