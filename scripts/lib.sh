# Shared by the scripts in this folder; sourced, not run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
ROOT=$PWD
JOBS=${JOBS:-$(nproc)}

PACKAGES=(g++ cmake ninja-build ccache pkg-config git
  librocksdb-dev libsqlite3-dev libcapnp-dev capnproto libxxhash-dev libzstd-dev zlib1g-dev libarchive-dev
  libprotobuf-dev protobuf-compiler
  libyaml-cpp-dev nlohmann-json3-dev libcli11-dev libcurl4-openssl-dev catch2
  libimgui-dev libglfw3-dev libgl-dev libstb-dev libgraphviz-dev libgl1-mesa-dri xvfb xauth)
# What the window looks best with; it does without.
FONTS=(fonts-inter fonts-jetbrains-mono fonts-noto-cjk fonts-dejavu-core)

say() { printf '%s\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# Installs what is missing of PACKAGES and of what is given, and nothing when nothing is.
install_packages() {
  local missing=() package
  for package in "${PACKAGES[@]}" "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  command -v apt-get >/dev/null || die "this machine has no apt-get; install these yourself: ${missing[*]}"
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "run as root, or install sudo; missing packages: ${missing[*]}"
    as_root=(sudo)
  fi
  say "Installing ${#missing[@]} packages: ${missing[*]}"
  local log; log=$(mktemp)
  { "${as_root[@]}" apt-get update && \
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; } \
    >"$log" 2>&1 || { tail -n 15 "$log" >&2; die "apt-get failed (see above)"; }
  rm -f "$log"
}

# build PRESET [TARGET...]: configures when needed and builds, with ninja's progress line.
build() {
  local preset=$1; shift
  export CCACHE_NOHASHDIR=1
  local log; log=$(mktemp)
  cmake --preset "$preset" >"$log" 2>&1 || { tail -n 25 "$log" >&2; die "cmake --preset $preset failed (see above)"; }
  rm -f "$log"
  # Not on a terminal: a line every twenty files, and whatever the compiler says.
  if [ -t 1 ]; then
    ninja -C "build/$preset" -j "$JOBS" "$@"
  else
    NINJA_STATUS='[%f/%t] ' ninja -C "build/$preset" -j "$JOBS" "$@" | awk '
      /^\[[0-9]+\/[0-9]+\]/ { split(substr($1, 2), n, "[/\\]]"); if (n[1] - last >= 20 || n[1] == n[2]) { print "  built " n[1] " of " n[2]; fflush(); last = n[1] } next }
      !/no work to do|^ninja: Entering/ { print; fflush() }'
  fi
}
