#include "backstep/gui/app/window.h"

#include <backends/imgui_impl_glfw.h>
#include <backends/imgui_impl_opengl3.h>
#define GL_GLEXT_PROTOTYPES
#include <GLFW/glfw3.h>
#include <imgui.h>
#include <stb_image_write.h>

#include <cstring>
#include <utility>

#include "backstep/gui/bridge/clock.h"

namespace backstep::gui {
namespace {

constexpr double kSlowSeconds = 0.008;
constexpr double kUnwatchedSeconds = 0.1;

std::string& LastError() {
  static std::string text;  // GLFW hands its errors to a plain function
  return text;
}

void OnError(int, const char* text) { LastError() = text; }

Status NoWindow(const std::string& what) {
  glfwTerminate();
  const std::string why = LastError().empty() ? "" : "\nreason: " + LastError();
  return Status::Unavailable(what + why);
}

}  // namespace

Result<std::unique_ptr<Window>> Window::Open(const WindowOptions& options) {
  glfwSetErrorCallback(OnError);
  if (glfwInit() == 0) {
    return NoWindow("there is no display: set DISPLAY, or start it under Xvfb, as in\n"
                    "  xvfb-run -s '-screen 0 1600x1000x24' backstep-gui REC");
  }
  glfwWindowHint(GLFW_CONTEXT_VERSION_MAJOR, 3);
  glfwWindowHint(GLFW_CONTEXT_VERSION_MINOR, 0);
  glfwWindowHint(GLFW_VISIBLE, options.visible ? GLFW_TRUE : GLFW_FALSE);
  std::unique_ptr<Window> window(new Window());
  window->window_ = glfwCreateWindow(options.width, options.height, options.title.c_str(), nullptr,
                                     nullptr);
  if (window->window_ == nullptr) {
    return NoWindow("this display has no OpenGL 3: install libgl1-mesa-dri and try "
                    "LIBGL_ALWAYS_SOFTWARE=1");
  }
  glfwMakeContextCurrent(window->window_);
  glfwSwapInterval(1);
  glfwSetWindowUserPointer(window->window_, window.get());
  glfwSetDropCallback(window->window_, [](GLFWwindow* raw, int count, const char** paths) {
    auto* self = static_cast<Window*>(glfwGetWindowUserPointer(raw));
    self->dropped_.insert(self->dropped_.end(), paths, paths + count);
  });
  ImGui::CreateContext();
  ImGui::GetIO().IniFilename = nullptr;
  ImGui_ImplGlfw_InitForOpenGL(window->window_, true);
  ImGui_ImplOpenGL3_Init("#version 130");
  return window;
}

Window::~Window() {
  if (window_ == nullptr) return;
  ImGui_ImplOpenGL3_Shutdown();
  ImGui_ImplGlfw_Shutdown();
  ImGui::DestroyContext();
  glfwDestroyWindow(window_);
  glfwTerminate();
}

bool Window::ShouldClose() const { return glfwWindowShouldClose(window_) != 0; }
void Window::RequestClose() { glfwSetWindowShouldClose(window_, GLFW_TRUE); }

void Window::WaitEvents(double seconds) {
  if (seconds > 0) glfwWaitEventsTimeout(seconds);
  else glfwPollEvents();
}

void Window::Wake() { glfwPostEmptyEvent(); }

void Window::FontsChanged() { fonts_changed_ = true; }

void Window::BeginFrame(const std::function<void()>& input) {
  if (fonts_changed_) {
    ImGui_ImplOpenGL3_DestroyFontsTexture();
    ImGui_ImplOpenGL3_CreateFontsTexture();
    fonts_changed_ = false;
  }
  ImGui_ImplOpenGL3_NewFrame();
  ImGui_ImplGlfw_NewFrame();
  input();
  ImGui::NewFrame();
}

void Window::Render() {
  int width = 0, height = 0;
  glfwGetFramebufferSize(window_, &width, &height);
  glViewport(0, 0, width, height);
  glClearColor(0, 0, 0, 1);
  glClear(GL_COLOR_BUFFER_BIT);
  ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
}

void Window::EndFrame(bool unwatched) {
  ImGui::Render();
  const double began = glfwGetTime(), began_ms = ThreadCpuMs();
  if (unwatched && showing_took_ > kSlowSeconds && began - shown_at_ < kUnwatchedSeconds) return;
  Render();
  glfwSwapBuffers(window_);
  gl_cpu_ms_ = ThreadCpuMs() - began_ms;
  shown_at_ = glfwGetTime();
  showing_took_ = shown_at_ - began;
}

// Drawn again: what the front buffer holds is not defined everywhere.
Status Window::SavePicture(const std::string& path) {
  Render();
  int width = 0, height = 0;
  glfwGetFramebufferSize(window_, &width, &height);
  const auto row = static_cast<size_t>(width) * 3;
  std::vector<unsigned char> pixels(row * static_cast<size_t>(height));
  std::vector<unsigned char> upright(pixels.size());
  glPixelStorei(GL_PACK_ALIGNMENT, 1);
  glReadBuffer(GL_BACK);
  glReadPixels(0, 0, width, height, GL_RGB, GL_UNSIGNED_BYTE, pixels.data());
  for (size_t y = 0; y < static_cast<size_t>(height); ++y) {
    std::memcpy(&upright[y * row], &pixels[(static_cast<size_t>(height) - 1 - y) * row], row);
  }
  if (stbi_write_png(path.c_str(), width, height, 3, upright.data(), width * 3) == 0) {
    return Status::Io(path + ": cannot be written");
  }
  return {};
}

std::vector<std::string> Window::TakeDropped() { return std::exchange(dropped_, {}); }
void Window::SetTitle(const std::string& title) { glfwSetWindowTitle(window_, title.c_str()); }
void Window::SetClipboard(const std::string& text) {
  glfwSetClipboardString(window_, text.c_str());
}

std::string Window::Renderer() const {
  const auto* text = reinterpret_cast<const char*>(glGetString(GL_RENDERER));
  return text == nullptr ? "" : text;
}

}  // namespace backstep::gui
