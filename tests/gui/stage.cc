#include "backstep/tests/gui/stage.h"

#include <stb/stb_image.h>
#include <sys/wait.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

namespace backstep::testing {

const std::string kBin = BACKSTEP_BINARY_DIR "/bin/";

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

Ended Shell(const std::string& command) {
  const TempDir dir;
  const std::string output = dir / "output";
  const int status = std::system(("( " + command + " ) >" + output + " 2>&1 </dev/null").c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, ReadAll(output)};
}

std::string Desk::At(const std::string& command) const {
  return "cd " + dir.path() + " && export HOME=" + dir.path() + " XDG_CONFIG_HOME=" + dir.path() +
         "/config XDG_STATE_HOME=" + dir.path() + "/state; " + command;
}

Ended Desk::Window(const std::string& arguments) const {
  // A display of its own, which says its number when it is ready.
  return Shell(At("mkfifo x.$$ && { Xvfb -displayfd 3 -nolisten tcp -screen 0 1700x1100x24 "
                  "3>x.$$ >/dev/null 2>&1 & } && x=$! && read -r n <x.$$ && "
                  "DISPLAY=:$n LIBGL_ALWAYS_SOFTWARE=1 ASAN_OPTIONS=detect_leaks=0 timeout 200 " +
                  kBin + "backstep-gui " + arguments +
                  "; code=$?; kill $x; wait $x 2>/dev/null; rm -f x.$$; exit $code"));
}

Json Desk::Show(const std::string& script, const std::string& arguments) const {
  std::ofstream(dir / "script") << script;
  const Ended ended = Window("--script script --dump-view view.json " + arguments);
  INFO(arguments << "\n" << script << "\n" << ended.output);
  REQUIRE(ended.code == 0);
  const Json view = Json::parse(ReadAll(dir / "view.json"), nullptr, false);
  REQUIRE(view.is_object());
  return view;
}

Json Desk::Cli(const std::string& arguments) const {
  return Json::parse(Shell(At(kBin + "backstep " + arguments)).output, nullptr, false);
}

Stage::Stage() {
  const Ended run = Shell(At(kBin + "backstep run -o team.backstep -- " BACKSTEP_BINARY_DIR
                                    "/samples/software_team"));
  INFO(run.output);
  REQUIRE(fs::exists(recording));
}

Json Stage::Play(const std::string& script, const std::string& arguments) const {
  return Show(script, "team.backstep " + arguments);
}

size_t ColoursOf(const std::string& path) {
  int width = 0, height = 0, channels = 0;
  unsigned char* pixels = stbi_load(path.c_str(), &width, &height, &channels, 3);
  if (pixels == nullptr) return 0;
  std::set<std::array<unsigned char, 3>> colours;
  for (int i = 0; i < width * height; ++i) {
    colours.insert({pixels[3 * i], pixels[3 * i + 1], pixels[3 * i + 2]});
  }
  stbi_image_free(pixels);
  return colours.size();
}

bool Has(const Json& view, const std::string& name) {
  for (const Json& drawn : view["named"]) {
    if (drawn == name) return true;
  }
  return false;
}

}  // namespace backstep::testing
