//! The key hierarchy of stored secrets: wrong keys, moved values, changed bits.

use signet_jose::column::ColumnError;
use signet_jose::{ColumnCipher, ColumnPlace, DataKey, EnvelopeError, RootKey};

use crate::seeded::Seeded;

const PLACE: ColumnPlace<'static> = ColumnPlace { realm: "demo", table: "client", column: "secret", row: b"client-1" };

fn cipher(seed: u64) -> ColumnCipher {
    ColumnCipher::new(1, DataKey::generate(&Seeded::new(seed)))
}

fn stored() -> Vec<u8> {
    cipher(1).encrypt(PLACE, b"the secret", &Seeded::new(2)).unwrap()
}

#[test]
fn design_6_a_column_decrypts_where_it_was_written() {
    assert_eq!(cipher(1).decrypt(PLACE, &stored()).unwrap().as_slice(), b"the secret");
    let empty = cipher(1).encrypt(PLACE, b"", &Seeded::new(3)).unwrap();
    assert!(cipher(1).decrypt(PLACE, &empty).unwrap().is_empty());
    assert!(!stored().windows(6).any(|window| window == b"secret"));
    let random = Seeded::new(4);
    let encrypt = || cipher(1).encrypt(PLACE, b"the secret", &random).unwrap();
    assert_ne!(encrypt(), encrypt());
}

#[test]
fn design_6_a_column_moved_elsewhere_does_not_decrypt() {
    for place in [
        ColumnPlace { realm: "demo2", ..PLACE },
        ColumnPlace { table: "user", ..PLACE },
        ColumnPlace { column: "secret2", ..PLACE },
        ColumnPlace { row: b"client-2", ..PLACE },
        ColumnPlace { row: b"", ..PLACE },
        ColumnPlace { table: "clientsecret", column: "", ..PLACE },
        ColumnPlace { table: "clients", column: "ecret", ..PLACE },
    ] {
        assert_eq!(cipher(1).decrypt(place, &stored()).err(), Some(ColumnError::Forged), "{place:?}");
    }
}

#[test]
fn design_6_a_changed_or_truncated_column_does_not_decrypt() {
    let stored = stored();
    for index in 0..stored.len() {
        let mut changed = stored.clone();
        changed[index] ^= 0x40;
        assert!(cipher(1).decrypt(PLACE, &changed).is_err(), "byte {index}");
        assert!(cipher(1).decrypt(PLACE, &stored[..index]).is_err(), "length {index}");
    }
}

#[test]
fn design_6_older_data_keys_decrypt_and_missing_ones_are_named() {
    let (old, new) = (DataKey::generate(&Seeded::new(1)), DataKey::generate(&Seeded::new(5)));
    let rotated = ColumnCipher::new(2, new.clone()).with_older_key(1, old);
    assert_eq!(rotated.decrypt(PLACE, &stored()).unwrap().as_slice(), b"the secret");
    let without = ColumnCipher::new(2, new);
    assert_eq!(without.decrypt(PLACE, &stored()).err(), Some(ColumnError::UnknownKey(1)));
    assert_eq!(cipher(6).decrypt(PLACE, &stored()).err(), Some(ColumnError::Forged));
}

#[test]
fn design_6_a_root_key_file_reads_back_and_a_broken_one_is_refused() {
    let key = RootKey::generate(&Seeded::new(7));
    let content = key.to_file_content();
    let read = RootKey::parse(&content).unwrap();
    assert_eq!(read.id(), key.id());
    assert_eq!(read.to_file_content(), content);
    let good = content.trim_end();
    for broken in [
        "",
        "\n",
        "signet-root-key-v1",
        "signet-root-key-v1::AAAA",
        &format!("{good}:x"),
        &format!("{good}x"),
        &good[1..],
        &good[..good.len() - 4],
        &good.replace("v1", "v2"),
        &format!("signet-root-key-v1:a b:{}", &good[good.len() - 44..]),
        &format!("{good}\n{good}"),
        &format!("signet-root-key-v1:{}:{}", "x".repeat(65), &good[good.len() - 44..]),
    ] {
        assert_eq!(RootKey::parse(broken).err(), Some(EnvelopeError::KeyFile), "{broken}");
    }
}

#[test]
fn design_6_data_keys_are_wrapped_per_realm_and_rewrapped_on_rotation() {
    let random = Seeded::new(8);
    let (old, new) = (RootKey::generate(&random), RootKey::generate(&random));
    let wrapped = old.wrap("demo", &DataKey::generate(&Seeded::new(1)), &random).unwrap();
    let cipher = |key: DataKey| ColumnCipher::new(1, key);
    let unwrapped = old.unwrap_key("demo", &wrapped).unwrap();
    assert_eq!(cipher(unwrapped).decrypt(PLACE, &stored()).unwrap().as_slice(), b"the secret");

    let rewrapped = old.rewrap(&new, "demo", &wrapped, &random).unwrap();
    let unwrapped = new.unwrap_key("demo", &rewrapped).unwrap();
    assert_eq!(cipher(unwrapped).decrypt(PLACE, &stored()).unwrap().as_slice(), b"the secret");

    let id = |key: &RootKey| key.id().to_owned();
    let other = EnvelopeError::OtherKey { needed: id(&old), loaded: id(&new) };
    assert_eq!(new.unwrap_key("demo", &wrapped).err(), Some(other));
    assert_eq!(old.unwrap_key("demo2", &wrapped).err(), Some(EnvelopeError::WrongKey { id: id(&old) }));
    for index in 0..wrapped.len() {
        let mut changed = wrapped.clone();
        changed[index] ^= 1;
        assert!(old.unwrap_key("demo", &changed).is_err(), "byte {index}");
        assert!(old.unwrap_key("demo", &wrapped[..index]).is_err(), "length {index}");
    }
}

#[test]
fn design_6_the_canary_tells_a_missing_from_a_swapped_root_key() {
    let random = Seeded::new(9);
    let key = RootKey::generate(&random);
    let canary = key.make_canary(&random).unwrap();
    assert_eq!(key.check_canary(&canary), Ok(()));

    let another = RootKey::generate(&random);
    let error = another.check_canary(&canary).unwrap_err();
    assert_eq!(error, EnvelopeError::OtherKey { needed: key.id().to_owned(), loaded: another.id().to_owned() });
    assert!(error.to_string().contains("keys.root_key_file"));

    let content = another.to_file_content();
    let same_id = RootKey::parse(&content.replace(another.id(), key.id())).unwrap();
    assert_eq!(same_id.check_canary(&canary), Err(EnvelopeError::WrongKey { id: key.id().to_owned() }));
    let wrapped = key.wrap("", &DataKey::generate(&random), &random).unwrap();
    assert!(key.check_canary(&wrapped).is_err());
    assert_eq!(key.check_canary(b""), Err(EnvelopeError::Malformed));
}

#[test]
fn style_7_debug_output_of_stored_keys_shows_no_secret() {
    let content = "signet-root-key-v1:id-1:q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=";
    assert_eq!(format!("{:?}", RootKey::parse(content).unwrap()), "RootKey { id: \"id-1\", .. }");
    assert_eq!(format!("{:?}", DataKey::generate(&Seeded::new(1))), "DataKey { .. }");
    assert_eq!(format!("{:?}", cipher(1)), "ColumnCipher { key_id: 1, .. }");
}
