// A verb's command line: what it takes, its help, and parsing. Wraps CLI11.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace backstep::cli {

// One thread. Values are written to the pointers (not owned) when parsing succeeds.
class Flags {
 public:
  Flags(const std::string& verb, const std::string& summary);
  ~Flags();

  void Positional(const std::string& name, std::string* value, const std::string& help,
                  bool required = true);
  // One or more of them, behind the other positionals.
  void Words(const std::string& name, std::vector<std::string>* values, const std::string& help,
             bool required = true);
  void Text(const std::string& flag, const std::string& meaning, std::string* value,
            const std::string& help);
  // May be given several times.
  void Texts(const std::string& flag, const std::string& meaning, std::vector<std::string>* values,
             const std::string& help);
  void Number(const std::string& flag, const std::string& meaning, std::optional<uint64_t>* value,
              const std::string& help);
  void Decimal(const std::string& flag, const std::string& meaning, std::optional<double>* value,
               const std::string& help);
  void Switch(const std::string& flag, bool* value, const std::string& help);
  void Choice(const std::string& flag, const std::vector<std::string>& choices, std::string* value,
              const std::string& help);
  // Everything after `--`; `required`: there must be something.
  void Program(std::vector<std::string>* command, bool required);
  // A whole command line that works.
  void Example(const std::string& line);

  struct Outcome {
    bool help = false;         // --help was asked
    std::string error;         // not empty: wrong use
  };
  // `arguments`: what follows the verb.
  Outcome Parse(std::vector<std::string> arguments);
  std::string Help() const;
  // Every flag, e.g. "--from"; --help left out.
  std::vector<std::string> Names() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace backstep::cli
