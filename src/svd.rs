//! svd.
