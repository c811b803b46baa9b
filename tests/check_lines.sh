#!/usr/bin/env bash
# No line of ours is longer than 100 columns (bytes, where awk knows no others).
set -euo pipefail
cd "$1"
find base cli gui recorder replay samples schemas store tests \
  \( -name '*.h' -o -name '*.cc' -o -name '*.capnp' -o -name '*.proto' \) -print0 |
  xargs -0 awk 'length > 100 { print FILENAME ":" FNR ": " length " columns"; bad = 1 }
    END { exit bad }'
