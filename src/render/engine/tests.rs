//! What is rendered reads back.
