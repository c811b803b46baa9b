// The window of the operating system: GLFW, OpenGL 3 and ImGui's back ends. Nothing else includes
// their headers.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backstep/base/status.h"

struct GLFWwindow;

namespace backstep::gui {

struct WindowOptions {
  int width = 1280, height = 720;
  std::string title = "Backstep";
  bool visible = true;
};

// One at a time, on the main thread.
class Window {
 public:
  // Unavailable: no display, or no OpenGL 3 there; says what to do.
  static Result<std::unique_ptr<Window>> Open(const WindowOptions& options);
  ~Window();

  bool ShouldClose() const;
  void RequestClose();
  // Waits for input, for Wake, or `seconds` (0: does not wait).
  void WaitEvents(double seconds);
  // Makes a waiting WaitEvents return. Any thread.
  static void Wake();
  // Begins a frame of ImGui; the fonts of its atlas are uploaded when they are new.
  // `input` is called when the mouse and keys of this frame are known and may still be changed.
  void BeginFrame(const std::function<void()>& input);
  // Draws what ImGui has and shows it. `unwatched`: where that takes long (no graphics card), ten
  // times a second and not more often.
  void EndFrame(bool unwatched);
  // Must be called after the atlas was filled again.
  void FontsChanged();
  // The frame just ended, as a PNG file. Io: it cannot be written.
  Status SavePicture(const std::string& path);
  // Files dropped on the window since the last call.
  std::vector<std::string> TakeDropped();
  void SetTitle(const std::string& title);
  void SetClipboard(const std::string& text);
  // Processor time of this thread that drawing and showing the last frame took.
  double gl_cpu_ms() const { return gl_cpu_ms_; }
  // What draws, for the status line and bug reports.
  std::string Renderer() const;

 private:
  Window() = default;
  void Render();
  GLFWwindow* window_ = nullptr;
  std::vector<std::string> dropped_;
  bool fonts_changed_ = false;
  double gl_cpu_ms_ = 0;
  double shown_at_ = 0, showing_took_ = 0;  // seconds, of the last frame that was shown
};

}  // namespace backstep::gui
