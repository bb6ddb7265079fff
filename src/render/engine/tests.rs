//! The engine's files.

use super::Engine;
use crate::render::checks;

checks::tests!(Engine::new);
