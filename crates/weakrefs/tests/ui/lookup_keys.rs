//! S22: a key that can name no element is refused, in the words of what is missing.

use std::sync::Arc;
use weakrefs::{PtrWeakSet, Tracked, WeakKeyMap, WeakSet};

fn main() {
    let name = Arc::new(Tracked::new(String::from("a")));

    let set = WeakSet::from([&name]);
    set.contains(&5);

    let map = WeakKeyMap::from([(&name, 1)]);
    map.get(&Arc::new(5));

    let identities: PtrWeakSet<_> = [&name].into_iter().collect();
    identities.contains("a");
}
