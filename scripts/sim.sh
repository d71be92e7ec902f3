#!/bin/sh
# `make sim`: the simulated kernel with many seeds (RINGLINE_SIM_SEEDS, a million unless set).
#
# A failing seed is printed; RINGLINE_SIM_SEED=N replays it alone.
set -eu
cd "$(dirname "$0")/.."

RINGLINE_SIM_SEEDS=${RINGLINE_SIM_SEEDS:-1000000}
export RINGLINE_SIM_SEEDS
exec cargo test --profile fast --features sim --test sim -- --nocapture
