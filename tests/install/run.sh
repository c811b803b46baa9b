#!/usr/bin/env bash
# Installs the build into an empty prefix and uses it from outside the tree, through CMake and
# through pkg-config. Usage: run.sh SOURCE_DIR BINARY_DIR
set -euo pipefail
source_dir=$1 binary_dir=$2
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cmake --install "$binary_dir" --prefix "$work/prefix" >/dev/null
cp "$source_dir"/tests/install/{CMakeLists.txt,first.cc,loop.cc} "$work/"

cmake -S "$work" -B "$work/build" -DCMAKE_PREFIX_PATH="$work/prefix" -DCMAKE_BUILD_TYPE=Release >"$work/log" 2>&1 &&
  cmake --build "$work/build" >>"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
export PKG_CONFIG_PATH=$(dirname "$(find "$work/prefix" -name backstep-recorder.pc)")
g++ "$work/loop.cc" -o "$work/loop" $(pkg-config --cflags --libs backstep-recorder)

backstep=$work/prefix/bin/backstep
cd "$work"
"$backstep" run -o first.backstep -- ./build/first
"$backstep" replay first.backstep -- ./build/first | tee replay.txt
grep -q 'divergences=0' replay.txt
BACKSTEP_RECORDING=loop.backstep ./build/loop
BACKSTEP_RECORDING=loop.backstep ./loop
"$backstep" info loop.backstep
"$backstep" verify loop.backstep
# No header of a wrapped library may be needed by, or visible in, the installed headers.
if grep -rnE '#include.*(rocksdb|sqlite|capnp|kj/|nlohmann|yaml)' "$work/prefix/include"; then
  echo "an installed header includes a wrapped library"; exit 1
fi
