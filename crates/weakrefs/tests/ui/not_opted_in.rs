//! S12: a type that has not opted in, and a trait whose objects need not have.

use std::sync::Arc;
use weakrefs::Ref;

struct Plain;

trait Shape: Send + Sync {}

fn main() {
    let _ = Ref::new(&Arc::new(Plain));
}

fn of_trait_object(shape: &Arc<dyn Shape>) {
    let _ = Ref::new(shape);
}
