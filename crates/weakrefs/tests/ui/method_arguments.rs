//! S28: what the arguments of a method cannot be.

use std::sync::Arc;
use weakrefs::{Tracked, WeakMethod};

type Text = Tracked<String>;

fn no_tuple(_: WeakMethod<Text, &str, usize>) {}

fn two_are_borrowed(_: WeakMethod<Text, fn(&str, &str)>) {}

fn main() {
    let object = Arc::new(Tracked::new(String::from("ho")));

    // Not a method of the object's type.
    let _: WeakMethod<Text, fn(&str), usize> = WeakMethod::new(&object, |text: &str| text.len());
}
