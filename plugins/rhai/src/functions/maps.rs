//! Maps.

use rhai::{Array, Dynamic, Map};

use super::library::{Effect, Library};
use super::operators::mixed;
use crate::meter::{Failed, charge_work};

pub(super) fn register(library: &mut Library) {
    library.add(("len", "(map: map) -> int", "How many members a map has."), Effect::Reads, |map: &mut Map| {
        i64::try_from(map.len()).unwrap_or(i64::MAX)
    });
    library.add(("is_empty", "(map: map) -> bool", "Whether a map has no member."), Effect::Reads, |map: &mut Map| {
        map.is_empty()
    });
    library.add(
        ("contains", "(map: map, name: string) -> bool", "Whether a map has a member; also `name in map`."),
        Effect::Reads,
        |map: &mut Map, name: &str| map.contains_key(name),
    );
    library.add(
        ("keys", "(map: map) -> array", "The names of the members, in order."),
        Effect::Reads,
        |map: &mut Map| {
            charge_work(map.len())?;
            Ok::<_, Failed>(map.keys().map(|name| Dynamic::from(name.to_string())).collect::<Array>())
        },
    );
    library.add(
        ("values", "(map: map) -> array", "The values of the members, by name."),
        Effect::Reads,
        |map: &mut Map| {
            charge_work(map.len())?;
            Ok::<_, Failed>(map.values().cloned().collect::<Array>())
        },
    );
    library.add(
        (
            "remove",
            "(map: map, name: string) -> value",
            "Takes a member away and returns its value; () if there is none.",
        ),
        Effect::Changes,
        |map: &mut Map, name: &str| map.remove(name).unwrap_or(Dynamic::UNIT),
    );
    library.add(
        ("mixin", "(map: map, other: map)", "Adds the members of another map; also `map += other`."),
        Effect::Changes,
        |map: &mut Map, other: Map| -> Result<(), Failed> {
            *map = mixed(std::mem::take(map), other)?;
            Ok(())
        },
    );
}
