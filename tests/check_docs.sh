#!/usr/bin/env bash
# Fails when the documentation shows code that is not the code that is built, or links to nothing.
# Usage: check_docs.sh SOURCE_DIR
set -euo pipefail
cd "$1"
bad=0
# A code block behind <!-- path --> is that file, byte for byte.
for doc in README.md docs/*.md; do
  while IFS= read -r path; do
    [ -f "$path" ] || { echo "$doc: shows $path, which does not exist"; bad=1; continue; }
    awk -v marker="<!-- $path -->" '$0 == marker { found = 1; next }
      found && /^```/ { if (inside) exit; inside = 1; next } inside { print }' "$doc" |
      diff -u "$path" - >/dev/null || { echo "$doc: the code block behind '$path' is not that file"; bad=1; }
  done < <(grep -oP '^<!-- \K\S+(?= -->$)' "$doc" || true)
  # Relative links lead somewhere.
  while IFS= read -r link; do
    target=${link%%#*}
    [ -z "$target" ] || [ -e "$(dirname "$doc")/$target" ] || { echo "$doc: dead link $link"; bad=1; }
  done < <(awk '/^```/ { code = !code; next } !code' "$doc" | sed 's/`[^`]*`//g' |
           grep -oP '\]\(\K(?!https?:)[^)]+' || true)
done
# The README opens with exactly the two commands.
first=$(grep -m2 -oP '^\./scripts/\S+' README.md | tr '\n' ' ')
[ "$first" = "./scripts/demo ./scripts/test " ] || { echo "README.md: the first two commands are '$first'"; bad=1; }
# Every module has a short README.
for module in base schemas store recorder replay cli gui samples tests; do
  [ -f "$module/README.md" ] || { echo "$module/README.md is missing"; bad=1; continue; }
  lines=$(wc -l <"$module/README.md")
  [ "$lines" -le 15 ] || { echo "$module/README.md has $lines lines, more than 15"; bad=1; }
done
exit $bad
