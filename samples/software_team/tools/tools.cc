#include "backstep/samples/software_team/tools/tools.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "backstep/base/hash.h"
#include "backstep/samples/software_team/tools/process.h"

namespace team {
namespace {

using backstep::CallError;
using backstep::CallProgress;
using backstep::CallRequest;
using backstep::CallResponse;
using backstep::CallResult;
using backstep::Result;
using backstep::Status;
using backstep::recorder::Step;
using Json = nlohmann::json;
namespace fs = std::filesystem;

constexpr int kBuildMsMax = 60'000;
constexpr int kRunMsMax = 5'000;
constexpr char kCpp[] = "c++";

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// The first compiler that PATH has; empty: none.
std::string FindCompiler() {
  const char* path = getenv("PATH");
  const std::string folders = path == nullptr ? "/usr/bin:/bin" : path;
  for (const char* name : {"c++", "g++", "clang++"}) {
    for (size_t at = 0; at <= folders.size();) {
      const size_t end = std::min(folders.find(':', at), folders.size());
      const std::string file = folders.substr(at, end - at) + "/" + name;
      if (access(file.c_str(), X_OK) == 0) return name;
      at = end + 1;
    }
  }
  return {};
}

// What a live tool answers: {"ok": …, "output": …}, or a failure of the tool itself.
CallResult Answered(bool ok, const std::string& output) {
  return CallResponse{.body = {Dump({{"ok", ok}, {"output", output}})}};
}

CallResult Failed(const Status& status) {
  const bool missing = status.code() == backstep::StatusCode::kNotFound;
  return CallError{.kind = missing ? "not_installed" : "tool_error", .message = status.message()};
}

// A program's own folder in the workspace, named by what it is made of; its files have plain
// names, so that no message of a compiler tells where it lies.
struct Place {
  std::string folder;
  std::string source() const { return "program" + extension; }
  std::string extension;
};

Result<Place> PlaceOf(Workspace* workspace, const SourceCode& source) {
  BACKSTEP_ASSIGN_OR_RETURN(const std::string root, workspace->Folder());
  const std::string name = backstep::HashBytes(source.language + source.text).ToHex();
  const Place place{root + "/" + name.substr(0, 12), source.language == kCpp ? ".cc" : ".sh"};
  std::error_code error;
  fs::create_directories(place.folder, error);
  std::ofstream file(place.folder + "/" + place.source(), std::ios::binary);
  file << source.text;
  file.close();
  if (error || !file) return Status::Io("cannot write the program's source");
  return place;
}

Result<ProcessResult> BuildLive(const Place& place, const SourceCode& source) {
  if (source.language != kCpp) {
    return RunProcess({"/bin/sh", "-n", place.source()}, place.folder, "", kBuildMsMax);
  }
  const std::string compiler = FindCompiler();
  if (compiler.empty()) return Status::NotFound("there is no C++ compiler");
  return RunProcess({compiler, "-O0", "-o", "program", place.source()}, place.folder, "",
                    kBuildMsMax);
}

CallResult BuildCall(Workspace* workspace, const SourceCode& source) {
  Result<Place> place = PlaceOf(workspace, source);
  if (!place.ok()) return Failed(place.status());
  Result<ProcessResult> built = BuildLive(*place, source);
  if (!built.ok()) return Failed(built.status());
  if (built->timed_out) return CallError{.kind = "timeout", .message = "the build took too long"};
  return Answered(built->exit_code == 0, built->output);
}

CallResult RunCall(Workspace* workspace, const SourceCode& source, const std::string& input) {
  Result<Place> place = PlaceOf(workspace, source);
  if (!place.ok()) return Failed(place.status());
  const bool cpp = source.language == kCpp;
  if (cpp && access((place->folder + "/program").c_str(), X_OK) != 0) {
    Result<ProcessResult> built = BuildLive(*place, source);
    if (!built.ok()) return Failed(built.status());
    if (built->exit_code != 0) return Answered(false, "it does not build");
  }
  std::ofstream file(place->folder + "/input", std::ios::binary);
  file << input;
  file.close();
  if (!file) return Failed(Status::Io("cannot write the input"));
  std::vector<std::string> command = {"/bin/sh", "program.sh"};
  if (cpp) command = {"./program"};
  Result<ProcessResult> ran = RunProcess(command, place->folder, "input", kRunMsMax);
  if (!ran.ok()) return Failed(ran.status());
  if (ran->timed_out) return CallError{.kind = "timeout", .message = "it ran too long"};
  return Answered(ran->exit_code == 0, ran->output);
}

ToolAnswer Read(const CallResult& result) {
  if (!result.ok()) return {false, {}, result.error()};
  const Json body = Json::parse(result.response().body.bytes, nullptr, /*allow_exceptions=*/false);
  const bool shaped = body.is_object() && body.contains("ok") && body["ok"].is_boolean() &&
                      body.contains("output") && body["output"].is_string();
  // A tool can answer with anything: an injected fault, a program of another version.
  if (!shaped) return {false, {}, CallError{.kind = "malformed", .message = "not a tool's answer"}};
  return {body["ok"].get<bool>(), body["output"].get<std::string>(), std::nullopt};
}

CallRequest Request(const std::string& name, const Json& body, bool pure) {
  CallRequest request;
  request.name = name;
  request.body.bytes = Dump(body);
  request.tool_type = "function";
  request.pure = pure;
  return request;
}

}  // namespace

std::string Tools::Language(Step& step) const {
  CallRequest request;
  request.name = "compiler";
  const CallResult result = step.Env(request, [](const CallRequest&, CallProgress&) -> CallResult {
    return CallResponse{.body = {FindCompiler().empty() ? "sh" : kCpp, "text/plain"}};
  });
  return result.ok() && result.response().body.bytes == kCpp ? kCpp : "sh";
}

ToolAnswer Tools::WriteFile(Step& step, const std::string& name, const std::string& text) const {
  const Json body = {{"name", name}, {"text", text}};
  return Read(step.CallTool(
      Request("write_file", body, /*pure=*/false), [&](const CallRequest&, CallProgress&) {
        const Status written = workspace_->Write(name, text);
        if (!written.ok()) return Failed(written);
        return Answered(true, std::to_string(text.size()) + " bytes");
      }));
}

ToolAnswer Tools::Build(Step& step, const SourceCode& source) const {
  const Json body = {{"language", source.language}, {"source", source.text}};
  return Read(step.CallTool(
      Request("build", body, /*pure=*/true),
      [&](const CallRequest&, CallProgress&) { return BuildCall(workspace_, source); }));
}

ToolAnswer Tools::Run(Step& step, const SourceCode& source, const std::string& input) const {
  const Json body = {{"language", source.language}, {"source", source.text}, {"input", input}};
  return Read(step.CallTool(
      Request("run", body, /*pure=*/true),
      [&](const CallRequest&, CallProgress&) { return RunCall(workspace_, source, input); }));
}

}  // namespace team
