//! S12: whichever variant an object is, it carries its slot.

use weakrefs::{WeakReferenceable, WeakSlot};

#[derive(WeakReferenceable)]
enum Shape {
    Circle(WeakSlot, f64),
    Square(f64),
    Rectangle { width: f64, height: f64 },
    Point,
}

#[derive(WeakReferenceable)]
enum Never {}

fn main() {}
