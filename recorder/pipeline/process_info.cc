#include "backstep/recorder/pipeline/process_info.h"

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>

namespace backstep::recorder {
namespace {

constexpr size_t kCommandLineMax = 1u << 20;

class File {
 public:
  explicit File(const char* path) : fd_(open(path, O_RDONLY | O_CLOEXEC)) {}
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  bool is_open() const { return fd_ >= 0; }
  // Bytes read; 0 at the end, -1 on an error.
  ssize_t Read(char* buffer, size_t size) {
    ssize_t n;
    do {
      n = read(fd_, buffer, size);
    } while (n < 0 && errno == EINTR);
    return n;
  }

 private:
  int fd_;
};

std::string LinkTarget(const char* link) {
  char target[PATH_MAX];
  const ssize_t n = readlink(link, target, sizeof target);
  return n > 0 ? std::string(target, static_cast<size_t>(n)) : std::string();
}

std::vector<std::string> CommandLine() {
  std::vector<std::string> command;
  const auto text = ReadSmallFile("/proc/self/cmdline", kCommandLineMax);
  if (!text.ok()) return command;
  for (size_t at = 0; at < text->size();) {
    const size_t end = std::min(text->find('\0', at), text->size());
    command.push_back(text->substr(at, end - at));
    at = end + 1;
  }
  return command;
}

// The flag's name when its value is a secret: "--db-password", "-token", "api_key".
bool FlagNamesSecret(std::string name) {
  for (char& c : name) {
    c = c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  for (const char* word : {"api_key", "apikey", "password", "passwd", "secret", "token"}) {
    if (name.ends_with(word)) return true;
  }
  return false;
}

void HideAll(std::string* text) {
  static constexpr char kMark[] = "[redacted]";
  for (size_t i = 0; i < text->size(); ++i) {
    (*text)[i] = text->size() >= sizeof kMark - 1 ? (i < sizeof kMark - 1 ? kMark[i] : '.') : '*';
  }
}

void RedactCommand(const Redactor& redactor, std::vector<std::string>* command) {
  bool hide_next = false;
  for (std::string& argument : *command) {
    const bool is_flag = argument.starts_with("-");
    const size_t equals = is_flag ? argument.find('=') : std::string::npos;
    if (hide_next && !is_flag) {
      HideAll(&argument);
    } else if (equals != std::string::npos && FlagNamesSecret(argument.substr(0, equals))) {
      std::string value = argument.substr(equals + 1);
      HideAll(&value);
      argument.replace(equals + 1, std::string::npos, value);
    } else {
      redactor.Redact(&argument);
    }
    hide_next = is_flag && equals == std::string::npos && FlagNamesSecret(argument);
  }
}

}  // namespace

Hash128 ExecutableHash() {
  File file("/proc/self/exe");
  if (!file.is_open()) return {};
  Hasher hasher;
  std::string buffer(1u << 20, '\0');
  for (;;) {
    const ssize_t n = file.Read(buffer.data(), buffer.size());
    if (n < 0) return {};
    if (n == 0) return hasher.Digest();
    hasher.Add({buffer.data(), static_cast<size_t>(n)});
  }
}

void FillProcessInfo(LogHeader* header) {
  if (header->command.empty()) header->command = CommandLine();
  if (header->executable.empty()) header->executable = LinkTarget("/proc/self/exe");
  if (header->working_directory.empty()) {
    header->working_directory = LinkTarget("/proc/self/cwd");
  }
  if (header->host.empty()) {
    char host[256] = {};
    if (gethostname(host, sizeof host - 1) == 0) header->host = host;
  }
  if (header->process_id == 0) header->process_id = static_cast<uint64_t>(getpid());
}

void RedactHeader(const Redactor& redactor, LogHeader* header) {
  RedactCommand(redactor, &header->command);
  for (std::string& tag : header->tags) redactor.Redact(&tag);
  for (auto& [key, value] : header->metadata) {
    if (FlagNamesSecret(key)) {
      HideAll(&value);
    } else {
      redactor.Redact(&value);
    }
    redactor.Redact(&key);
  }
  for (std::string* text : {&header->name, &header->group_id, &header->user_id,
                            &header->faults_text, &header->working_directory}) {
    redactor.Redact(text);
  }
  if (header->origin) redactor.Redact(&header->origin->experiment);
}

std::optional<std::string> Environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

uint64_t RandomNumber() {
  uint64_t number = 0;
  if (getrandom(&number, sizeof number, 0) == static_cast<ssize_t>(sizeof number)) return number;
  return static_cast<uint64_t>(SystemClock().Now().ns);
}

Result<std::string> ReadSmallFile(const std::string& path, size_t bytes_max) {
  File file(path.c_str());
  if (!file.is_open()) return Status::Io(path + ": " + std::strerror(errno));
  std::string text;
  char buffer[16384];
  for (;;) {
    const ssize_t n = file.Read(buffer, sizeof buffer);
    if (n < 0) return Status::Io(path + ": " + std::strerror(errno));
    if (n == 0) return text;
    text.append(buffer, static_cast<size_t>(n));
    if (text.size() > bytes_max) {
      return Status::Io(path + ": larger than " + std::to_string(bytes_max) + " bytes");
    }
  }
}

}  // namespace backstep::recorder
