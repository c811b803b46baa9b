// backstep-gui: the debugger's window.
#include <cstdio>

#include "backstep/gui/app/app.h"

int main(int argc, char** argv) {
  using namespace backstep::gui;
  auto options = ParseOptions({argv + 1, argv + argc});
  if (!options.ok()) {
    std::fprintf(stderr, "backstep-gui: %s\n", options.status().message().c_str());
    return 2;
  }
  if (options->help) {
    std::fputs(OptionsHelp().c_str(), stdout);
    return 0;
  }
  WindowOptions window_options;
  window_options.width = options->width;
  window_options.height = options->height;
  auto window = Window::Open(window_options);
  if (!window.ok()) {
    std::fprintf(stderr, "backstep-gui: %s\n", window.status().message().c_str());
    return 4;
  }
  App app(std::move(*options), std::move(*window));
  return app.Run();
}
