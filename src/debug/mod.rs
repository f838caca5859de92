//! debug.
