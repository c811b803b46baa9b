#include "backstep/gui/widgets/fonts.h"

#include <unistd.h>

#include <imgui_internal.h>

#include "backstep/gui/bridge/glyphs.h"

namespace backstep::gui {
namespace {

// Where Debian's packages put them, best first.
constexpr const char* kRegular[] = {"/usr/share/fonts/opentype/inter/Inter-Regular.otf",
                                    "/usr/share/fonts/truetype/inter/Inter-Regular.ttf",
                                    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"};
constexpr const char* kMono[] = {
    "/usr/share/fonts/truetype/jetbrains-mono/JetBrainsMono-Regular.ttf",
    "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf"};
constexpr const char* kSymbols[] = {"/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"};
constexpr const char* kCjk[] = {"/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"};

template <size_t N>
std::string FirstInstalled(const char* const (&paths)[N]) {
  for (const char* path : paths) {
    if (access(path, R_OK) == 0) return path;
  }
  return {};
}

// Pairs of the same code point, ended by 0, as ImGui wants them. Outlives the atlas' building.
const std::vector<ImWchar>& RangesOf(const std::vector<ImWchar>& wanted) {
  static std::vector<ImWchar> ranges;  // ImGui keeps the pointer until the atlas is built
  ranges.clear();
  for (const ImWchar c : wanted) ranges.insert(ranges.end(), {c, c});
  ranges.push_back(0);
  return ranges;
}

ImFont* Load(const Fonts& fonts, const std::string& path, float size,
             const std::vector<ImWchar>& ranges) {
  ImFontAtlas* atlas = ImGui::GetIO().Fonts;
  ImFontConfig config;
  config.OversampleH = 2;
  config.OversampleV = 1;
  ImFont* font = nullptr;
  if (path.empty()) {
    config.SizePixels = size;
    font = atlas->AddFontDefault(&config);
  } else {
    font = atlas->AddFontFromFileTTF(path.c_str(), size, &config, kGlyphsAlways);
  }
  config.MergeMode = true;
  const std::string symbols = FirstInstalled(kSymbols);
  if (!symbols.empty() && symbols != path) {
    atlas->AddFontFromFileTTF(symbols.c_str(), size, &config, kGlyphsAlways);
  }
  if (ranges.size() <= 1) return font;
  if (!symbols.empty()) atlas->AddFontFromFileTTF(symbols.c_str(), size, &config, ranges.data());
  if (!fonts.cjk_path.empty()) {
    // Its ascent and descent are large: as high as asked for, its letters would be too small.
    atlas->AddFontFromFileTTF(fonts.cjk_path.c_str(), size * 1.2f, &config, ranges.data());
  }
  return font;
}

ImFont* LoadDisplay(const std::string& path, float size) {
  static constexpr ImWchar kAscii[] = {0x20, 0x7e, 0};
  ImFontConfig config;
  config.SizePixels = size;
  ImFontAtlas* atlas = ImGui::GetIO().Fonts;
  return path.empty() ? atlas->AddFontDefault(&config)
                      : atlas->AddFontFromFileTTF(path.c_str(), size, &config, kAscii);
}

}  // namespace

Fonts LoadFonts(float scale, const std::vector<ImWchar>& wanted) {
  Fonts fonts;
  fonts.regular_path = FirstInstalled(kRegular);
  fonts.mono_path = FirstInstalled(kMono);
  fonts.cjk_path = FirstInstalled(kCjk);
  ImGui::GetIO().Fonts->Clear();
  const std::vector<ImWchar>& ranges = RangesOf(wanted);
  fonts.body = Load(fonts, fonts.regular_path, 15 * scale, ranges);
  fonts.small = Load(fonts, fonts.regular_path, 13 * scale, ranges);
  fonts.title = Load(fonts, fonts.regular_path, 18 * scale, ranges);
  fonts.mono = Load(fonts, fonts.mono_path, 13 * scale, ranges);
  fonts.display = LoadDisplay(fonts.regular_path, 30 * scale);
  return fonts;
}

void AddTypedGlyphs(std::vector<ImWchar>* wanted) {
  const ImGuiContext& context = *ImGui::GetCurrentContext();
  const ImGuiInputTextState& state = context.InputTextState;
  if (state.ID == 0 || state.ID != context.ActiveId) return;
#if IMGUI_VERSION_NUM >= 19130
  (void)AddNeededGlyphs({state.TextA.Data, static_cast<size_t>(state.TextLen)}, wanted);
#else
  for (int i = 0; i < state.CurLenW; ++i) (void)AddGlyph(state.TextW[i], wanted);
#endif
}

}  // namespace backstep::gui
