// The command line of backstep-gui.
#pragma once

#include <string>
#include <vector>

#include "backstep/base/status.h"

namespace backstep::gui {

struct Options {
  std::string recording;        // empty: the welcome page
  std::string at, branch;
  std::string compare;          // a branch or moment to compare the shown branch with
  std::string screenshot;       // PNG; draws until everything is there, saves, ends
  std::string script;           // file of commands
  std::string frame_log;        // file of what the window measures of itself (app/frame_log.h)
  std::string dump_view;        // JSON file of what each panel shows; "-" is standard output
  int width = 1280, height = 720;
  float scale = 1;
  std::string theme;            // "dark", "light"; empty: as remembered
  bool help = false;
};

// InvalidArgument: what is wrong and the nearest valid flag.
Result<Options> ParseOptions(const std::vector<std::string>& arguments);
std::string OptionsHelp();

}  // namespace backstep::gui
