//! What scans tell about the people behind them. So far: which device and program opened the page.

pub mod user_agent;
