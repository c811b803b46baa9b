#include "backstep/recorder/adapters/conversations/label_files.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <utility>

#include "backstep/recorder/adapters/conversations/fields.h"
#include "backstep/recorder/adapters/core/source.h"

namespace backstep::adapters {
namespace {

constexpr size_t kLabelFilesMax = 100'000;

}  // namespace

std::vector<std::string> LabelFilesOf(const std::string& argument) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(argument, ignored)) {
    return {std::filesystem::path(argument).lexically_normal().string()};
  }
  std::vector<std::string> files;
  std::filesystem::recursive_directory_iterator walk(argument, ignored), end;
  for (; !ignored && walk != end && files.size() < kLabelFilesMax; walk.increment(ignored)) {
    if (walk->path().extension() == ".json") {
      files.push_back(walk->path().lexically_normal().string());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

bool IsLabelFile(const Head& head) {
  const auto names = [&](std::string_view key) {
    return head.bytes.find(key) != std::string_view::npos;
  };
  return names("\"trajectory_id\"") && names("\"failures\"");
}

bool BeginsAsLabels(const std::string& path) {
  const auto source = Source::Open(path);
  if (!source.ok()) return false;
  const auto head = (*source)->Peek();
  return head.ok() && IsLabelFile({.bytes = *head});
}

Result<std::vector<Json>> ReadJudgements(const std::string& path) {
  BACKSTEP_ASSIGN_OR_RETURN(const std::unique_ptr<Source> source, Source::Open(path));
  BACKSTEP_ASSIGN_OR_RETURN(const std::string_view head, source->Peek());
  if (head.empty()) return Status::InvalidArgument(path + ": this file of labels is empty");
  BACKSTEP_ASSIGN_OR_RETURN(Json document, ReadDocument(*source));
  std::vector<Json> judgements;
  if (document.is_object()) document = Json::array({std::move(document)});
  if (document.is_array()) {
    for (Json& value : document) {
      const Json* failures = Find(value, "failures");
      if (failures != nullptr && failures->is_array()) judgements.push_back(std::move(value));
    }
  }
  if (!judgements.empty()) return judgements;
  return Status::InvalidArgument(path + ": holds no labels, which are objects with a list "
                                 "\"failures\"");
}

}  // namespace backstep::adapters
