"""The Rust crate beside its peers: a workspace of its own, and what measures with it."""
