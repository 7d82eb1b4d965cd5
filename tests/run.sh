#!/bin/bash
cd /work/build/scratch/flows; export CARGO_TARGET_DIR=/work/build/target
sed 's/Server::shared().await/crate::dev::server().await/; s/use super::/use crate::support::/' /work/main/tests/support/realm.rs > realm.rs
RUSTFLAGS= timeout 580 cargo test --offline -- "$@" 2>&1 | grep -vE "^warning|^ *\||^ *-->|^ *=|^$|is never used|^[0-9 ]+\|"
