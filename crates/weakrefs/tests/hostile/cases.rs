//! What hostile code does, and the operations that it does it in.

use crate::world::{CLASSES, Place, World, at, other, probe};
use std::panic::resume_unwind;
use std::rc::Rc;
use std::sync::Arc;

pub(crate) type Named = (&'static str, fn(&Rc<World>));

/// What may be done meanwhile.
pub(crate) const ACTIONS: [Named; 12] = [
    ("nothing", |_| ()),
    ("panic", |_| resume_unwind(Box::new("hostile"))),
    ("clear", |world| world.clear()),
    ("kill all", |world| world.kill(|_| true)),
    ("kill some", |world| {
        world.kill(|object| object.class % 2 == 0)
    }),
    ("insert equals", |world| {
        for class in 0..CLASSES {
            world.put(&world.add(class));
        }
    }),
    ("replace by equals", |world| {
        for class in 0..CLASSES {
            let object = world.add(class);
            drop(world.set.replace(&object));
            drop(world.keys.remove(&object));
            world.put(&object);
        }
        world.kill(|object| Arc::weak_count(object) == 0);
    }),
    ("take out and put back", |world| {
        for object in world.set.drain() {
            world.put(&object);
        }
    }),
    ("pop", |world| {
        drop((
            world.set.pop_last(),
            world.keys.pop_last(),
            world.values.pop_last(),
        ))
    }),
    ("look everything up", |world| drop(world.listed())),
    ("grow", |world| {
        for class in CLASSES..CLASSES + 40 {
            world.put(&world.add(class));
        }
    }),
    ("iterate, change, iterate", |world| {
        let open = (world.set.iter(), world.keys.iter(), world.values.iter());
        world.kill(|object| object.class == 1);
        world.set.retain(|object| object.class != 2);
        let read = open.0.count() + open.1.count() + open.2.count();
        assert!(read <= 9 * CLASSES as usize);
    }),
];

/// During which operations.
pub(crate) const OPERATIONS: [Named; 54] = [
    ("set.insert equal", |world| {
        let _ = world.set.insert(&world.add(3));
    }),
    ("set.insert same", |world| {
        let _ = world.set.insert(&world.object(3));
    }),
    ("set.insert new", |world| {
        let _ = world.set.insert(&world.add(9));
    }),
    ("set.insert dying", |world| {
        let _ = world.set.insert(&Arc::new(probe(9)));
    }),
    ("set.replace", |world| {
        drop(world.set.replace(&world.add(3)))
    }),
    ("set.get_or_insert", |world| {
        drop(world.set.get_or_insert(world.add(3)))
    }),
    ("set.get_or_insert dying", |world| {
        drop(world.set.get_or_insert(Arc::new(probe(3))))
    }),
    ("set.get_or_insert_with", |world| {
        drop(world.set.get_or_insert_with(&probe(9), || {
            at(Place::Given);
            world.add(9)
        }));
    }),
    ("set.contains", |world| {
        let _ = world.set.contains(&probe(4));
    }),
    ("set.get", |world| drop(world.set.get(&probe(5)))),
    ("set.get by an Arc", |world| {
        drop(world.set.get(&Arc::new(probe(7))))
    }),
    ("set.remove_if", |world| {
        drop(world.set.remove_if(&probe(6), |_| {
            at(Place::Given);
            true
        }));
    }),
    ("set.pop_first", |world| drop(world.set.pop_first())),
    ("set.first, set.last", |world| {
        drop((world.set.first(), world.set.last()))
    }),
    ("set.extract_if", |world| {
        let taken = world.set.extract_if(|object| {
            at(Place::Given);
            object.class > 3
        });
        drop(taken.take(2).collect::<Vec<_>>());
    }),
    ("set.take", |world| drop(world.set.take(&probe(5)))),
    ("set.retain", |world| {
        world.set.retain(|object| {
            at(Place::Given);
            object.class > 3
        });
    }),
    ("set.copy", |world| drop(world.set.copy())),
    ("set.iter", |world| {
        for object in &world.set {
            at(Place::Given);
            drop(object);
        }
    }),
    ("set.drain", |world| world.set.drain().for_each(drop)),
    ("set == set", |world| {
        assert!(world.set == world.set.copy() || world.set.len() < 100)
    }),
    ("set.symmetric_difference", |world| {
        let others = [2, 3, 9].map(|class| world.add(class));
        drop(world.set.symmetric_difference(others));
    }),
    ("set.retain_all", |world| {
        world
            .set
            .retain_all([2, 3, 9].map(|class| world.add(class)))
    }),
    ("set.is_subset", |world| {
        let _ = world.set.is_subset([1, 2].map(|class| world.add(class)));
    }),
    ("keys.insert equal", |world| {
        drop(world.keys.insert(&world.add(3), other(30)))
    }),
    ("keys.insert new", |world| {
        drop(world.keys.insert(&world.add(9), other(9)))
    }),
    ("keys.get", |world| drop(world.keys.get(&probe(5)))),
    ("keys.get_key_value", |world| {
        drop(world.keys.get_key_value(&probe(4)))
    }),
    ("keys.remove", |world| drop(world.keys.remove(&probe(5)))),
    ("keys.remove_entry", |world| {
        drop(world.keys.remove_entry(&probe(4)))
    }),
    ("keys.remove_if", |world| {
        drop(world.keys.remove_if(&probe(6), |_, _| {
            at(Place::Given);
            true
        }));
    }),
    ("keys.try_insert", |world| {
        drop(world.keys.try_insert(&world.add(5), other(5)));
        drop(world.keys.try_insert(&world.add(9), other(9)));
    }),
    ("keys.pop_first", |world| drop(world.keys.pop_first())),
    ("keys.first, keys.last", |world| {
        drop((world.keys.first(), world.keys.last()))
    }),
    ("keys.update", |world| {
        drop(world.keys.update(&world.add(5), |old| {
            at(Place::Given);
            Some(other(old.map_or(0, |old| old.class() + 1)))
        }));
    }),
    ("keys.update to remove", |world| {
        drop(world.keys.update(&world.object(4), |_| None))
    }),
    ("keys.get_or_insert_with", |world| {
        drop(world.keys.get_or_insert_with(&world.add(9), || {
            at(Place::Given);
            other(9)
        }));
    }),
    ("keys.retain", |world| {
        world.keys.retain(|key, _| {
            at(Place::Given);
            key.class < 3
        });
    }),
    ("keys.copy", |world| drop(world.keys.copy())),
    ("keys.drain", |world| drop(world.keys.drain())),
    ("values.insert equal", |world| {
        drop(world.values.insert(other(3), &world.add(30)))
    }),
    ("values.insert new", |world| {
        drop(world.values.insert(other(9), &world.object(1)))
    }),
    ("values.get", |world| drop(world.values.get(&other(5)))),
    ("values.remove", |world| {
        drop(world.values.remove(&other(4)))
    }),
    ("values.remove_if", |world| {
        drop(world.values.remove_if(&other(6), |_, _| {
            at(Place::Given);
            true
        }));
    }),
    ("values.try_insert", |world| {
        drop(world.values.try_insert(other(5), &world.add(5)));
        drop(world.values.try_insert(other(9), &world.add(9)));
    }),
    ("values.pop_first", |world| drop(world.values.pop_first())),
    ("values.first, values.last", |world| {
        drop((world.values.first(), world.values.last()))
    }),
    ("values.extract_if", |world| {
        let taken = world.values.extract_if(|key, _| {
            at(Place::Given);
            key.class() > 3
        });
        drop(taken.take(2).collect::<Vec<_>>());
    }),
    ("values.update", |world| {
        drop(world.values.update(other(5), |_| {
            at(Place::Given);
            Some(world.add(50))
        }));
    }),
    ("values.get_or_insert_with", |world| {
        drop(world.values.get_or_insert_with(other(9), || {
            at(Place::Given);
            world.add(9)
        }));
    }),
    ("values.get_or_insert_with present", |world| {
        drop(world.values.get_or_insert_with(other(3), || world.add(3)));
    }),
    ("values.clear", |world| world.values.clear()),
    ("kill", |world| world.kill(|object| object.class < 4)),
];
