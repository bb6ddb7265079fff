//! The cache with real Redis processes behind it, in each way that they are deployed, well and unwell.
// What was measured is printed.
#![allow(clippy::print_stdout)]

mod answers;
mod bad_input;
mod deployed;
mod failover;
mod faults;
mod lag;
mod modes;
mod node;
mod nodes;
mod pressure;
