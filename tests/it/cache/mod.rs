//! What is remembered in two tiers, and who forgets it when.

mod answers;
