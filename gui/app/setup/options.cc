#include "backstep/gui/app/setup/options.h"

#include <cstdio>
#include <functional>
#include <map>

#include "backstep/base/nearest.h"

namespace backstep::gui {
namespace {

constexpr int kSideMin = 320, kSideMax = 16384;
constexpr float kScaleMin = 0.5f, kScaleMax = 4;

using Take = std::function<Status(const std::string&)>;

Status ParseSize(const std::string& text, Options* options) {
  int width = 0, height = 0;
  char rest = 0;
  if (std::sscanf(text.c_str(), "%dx%d%c", &width, &height, &rest) != 2 || width < kSideMin ||
      height < kSideMin || width > kSideMax || height > kSideMax) {
    return Status::InvalidArgument(
        "--size " + text + ": it must be WIDTHxHEIGHT in pixels, each from " +
        std::to_string(kSideMin) + " to " + std::to_string(kSideMax) + ", as in --size 1280x720");
  }
  options->width = width;
  options->height = height;
  return {};
}

Status ParseScale(const std::string& text, Options* options) {
  char rest = 0;
  if (std::sscanf(text.c_str(), "%f%c", &options->scale, &rest) != 1 ||
      !(options->scale >= kScaleMin && options->scale <= kScaleMax)) {
    return Status::InvalidArgument("--scale " + text + ": it must lie between 0.5 and 4");
  }
  return {};
}

std::map<std::string, Take> Flags(Options* options) {
  const auto text = [](std::string* to) -> Take {
    return [to](const std::string& value) {
      *to = value;
      return Status();
    };
  };
  return {{"--at", text(&options->at)},
          {"--branch", text(&options->branch)},
          {"--compare", text(&options->compare)},
          {"--screenshot", text(&options->screenshot)},
          {"--script", text(&options->script)},
          {"--dump-view", text(&options->dump_view)},
          {"--frame-log", text(&options->frame_log)},
          {"--size", [options](const std::string& v) { return ParseSize(v, options); }},
          {"--scale", [options](const std::string& v) { return ParseScale(v, options); }},
          {"--theme", [options](const std::string& v) {
             options->theme = v;
             if (v == "dark" || v == "light") return Status();
             return Status::InvalidArgument("--theme " + v + ": it must be dark or light");
           }}};
}

Status NoSuchFlag(const std::string& given, const std::map<std::string, Take>& flags) {
  std::vector<std::string> names = {"--help"};
  for (const auto& [name, take] : flags) names.push_back(name);
  return Status::InvalidArgument("no flag " + given + NearestHint(given, names) +
                                 "; see backstep-gui --help");
}

}  // namespace

Result<Options> ParseOptions(const std::vector<std::string>& arguments) {
  Options options;
  const auto flags = Flags(&options);
  for (size_t i = 0; i < arguments.size(); ++i) {
    std::string word = arguments[i], value;
    const size_t equals = word.starts_with("--") ? word.find('=') : std::string::npos;
    const bool joined = equals != std::string::npos;
    if (joined) value = word.substr(equals + 1), word.resize(equals);
    if (word == "--help" || word == "-h") {
      options.help = true;
      return options;
    }
    if (!word.starts_with("-")) {
      if (!options.recording.empty()) {
        return Status::InvalidArgument("one recording at a time: " + options.recording + " or " +
                                       word);
      }
      options.recording = word;
      continue;
    }
    const auto flag = flags.find(word);
    if (flag == flags.end()) return NoSuchFlag(word, flags);
    if (!joined && ++i == arguments.size()) {
      return Status::InvalidArgument(word + " wants a value; see backstep-gui --help");
    }
    BACKSTEP_RETURN_IF_ERROR(flag->second(joined ? value : arguments[i]));
  }
  return options;
}

std::string OptionsHelp() {
  return "Usage: backstep-gui [REC] [flags]\n"
         "Opens a recording: scrub it, see who told what to whom, fork it, compare.\n\n"
         "  --at MOMENT        first, last, 40, 50%, b1:12\n"
         "  --branch B         the branch to look at; default: main\n"
         "  --compare ADDRESS  compare with this branch or moment (also PATH.backstep:branch)\n"
         "  --theme T          dark or light\n"
         "  --scale S          size of everything, 0.5 to 4\n"
         "  --size WxH         of the window; default: 1280x720\n"
         "  --screenshot PNG   save a picture when everything is there, and end\n"
         "  --dump-view JSON   write what every panel shows, and end (- for standard output)\n"
         "  --script FILE      commands, clicks, keys and waits (docs/gui.md)\n"
         "  --frame-log FILE   write what each frame and each move of the cursor cost "
         "(docs/gui.md)\n\n"
         "Example: backstep-gui team.backstep --at 50%\n";
}

}  // namespace backstep::gui
