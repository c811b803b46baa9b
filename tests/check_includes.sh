#!/bin/sh
# Fails when a module, or a folder of the window, includes what it may not (docs/ARCHITECTURE.md), or a third-party header
# appears outside the folder that wraps it. Usage: check_includes.sh SOURCE_DIR
cd "$1" || exit 2
find base schemas store recorder replay cli gui samples -name '*.h' -o -name '*.cc' 2>/dev/null |
xargs grep -nE '^[[:space:]]*#[[:space:]]*include' | awk -F: '
function deny(why) { print file ":" line ": " why; bad = 1 }
BEGIN {
  may["base"] = "base"; may["schemas"] = "base schemas"; may["store"] = "base schemas store"
  may["recorder"] = "base schemas store recorder"; may["replay"] = "base schemas store recorder replay"
  may["adapters"] = "base schemas store recorder adapters"  # recorder/adapters/, a library of its own
  may["cli"] = "base schemas store recorder adapters replay cli"
  may["gui"] = "base schemas replay gui"
  may["samples"] = "base schemas recorder replay samples"
  # Within the window: what a folder stands on.
  below["bridge"] = "bridge"; below["widgets"] = "bridge widgets"
  below["panels"] = "bridge widgets panels"; below["app"] = "bridge widgets panels app"
  # third-party header -> files (regular expression) that may include it
  wrap["rocksdb/"] = "^store/log/rocks/"; wrap["sqlite3.h"] = "^(store/index|recorder/adapters/tapeagents)/"
  wrap["zstd.h"] = "^(store/index/columns|recorder/adapters/core)/"; wrap["zlib.h"] = "^recorder/adapters/core/"
  wrap["archive"] = "^recorder/adapters/inspect/"
  wrap["google/protobuf"] = "^recorder/adapters/otlp/"
  wrap["capnp/"] = "^(schemas/codec|replay/host)/"; wrap["kj/"] = "^(schemas/codec|replay/host)/"
  wrap["backstep_generated/"] = "^(schemas/codec|replay/host)/"
  wrap["yaml-cpp/"] = "^(recorder/faults/|replay/experiment)"
  wrap["xxhash.h"] = "^base/(wide_)?hash.cc$"; wrap["CLI/"] = "^cli/"; wrap["curl/"] = "^samples/"
  wrap["nlohmann/"] = "^(schemas|store|recorder|replay|cli|samples|gui/app)/"
  wrap["imgui"] = "^gui/"; wrap["GLFW/"] = "^gui/app/window.cc$"; wrap["backends/"] = "^gui/app/window.cc$"
  wrap["stb_"] = "^gui/app/window.cc$"; wrap["graphviz/"] = "^gui/bridge/graph_layout.cc$"
  split("base/status.h base/ids.h base/time.h base/hash.h schemas/message.h schemas/call.h " \
        "schemas/records.h store/state/state_edit.h recorder/session.h recorder/step.h " \
        "recorder/hook.h replay/program.h", list, " ")
  for (i in list) installed[list[i]] = 1
}
{
  file = $1; line = $2
  text = $0; if (match(text, /[<"][^>"]+[>"]/) == 0) next
  header = substr(text, RSTART + 1, RLENGTH - 2)
  module = file; sub(/\/.*/, "", module)
  if (file ~ /^recorder\/adapters\//) module = "adapters"
  if (header ~ /^backstep\//) {
    seen++
    target = header; sub(/^backstep\//, "", target)
    from = target; sub(/\/.*/, "", from)
    if (target ~ /^recorder\/adapters\//) from = "adapters"
    if (index(" " may[module] " ", " " from " ") == 0) deny(module " may not include " header)
    if (module == "gui" && from == "gui") {
      split(file, inner, "/"); split(target, used, "/")
      if (index(" " below[inner[2]] " ", " " used[2] " ") == 0)
        deny("gui/" inner[2] " may not include " header)
    }
    if (module == "samples" && from != "samples" && !(target in installed)) deny("not an installed header: " header)
    if ((file in installed) && !(target in installed)) deny("a public header includes the private " header)
    next
  }
  for (prefix in wrap) if (index(header, prefix) == 1) {
    if (file !~ wrap[prefix]) deny("only " wrap[prefix] " may include " header)
    if (file in installed) deny("a public header includes " header)
  }
  if (index(text, "\"") && header !~ /^backstep_generated\//) deny("write \"backstep/<module>/" header "\"")
}
END { if (seen < 20) { print "no includes found: wrong folder?"; exit 2 } exit bad }'
