#!/bin/sh
# The demo tells its whole story, in at most 40 lines. $1: the source folder, built with `release`.
set -u
cd "$1" || exit 1
story=$(env -u DISPLAY -u WAYLAND_DISPLAY ./scripts/demo) || { echo "the demo failed: $story"; exit 1; }
told=$(printf '%s\n' "$story" | sed -n '/^A team of four/,$p')
for line in recorded failed moment message baseline edit calls before after 'Go on:'; do
  printf '%s\n' "$told" | grep -q "^$line" || { echo "no line '$line' in: $told"; exit 1; }
done
[ "$(printf '%s\n' "$told" | wc -l)" -le 40 ] || { echo "more than 40 lines: $told"; exit 1; }
[ "$(printf '%s\n' "$told" | grep -c '^after ')" = 2 ] || { echo "not two outcomes: $told"; exit 1; }
