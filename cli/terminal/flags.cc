#include "backstep/cli/terminal/flags.h"

#include <CLI/CLI.hpp>

#include "backstep/base/nearest.h"

namespace backstep::cli {

struct Flags::Impl {
  Impl(const std::string& verb, const std::string& summary)
      : app(summary, "backstep " + verb), verb(verb) {}

  CLI::App app;
  std::string verb;
  std::vector<std::string> examples, names;
  std::vector<std::string>* program = nullptr;
  bool program_required = false;

  void Named(CLI::Option* option, const std::string& flag) {
    option->allow_extra_args(false);
    const size_t comma = flag.rfind(',');
    names.push_back(comma == std::string::npos ? flag : flag.substr(comma + 1));
  }

  // CLI11 says that something was not expected; say what was probably meant.
  std::string ExplainExtra() const {
    for (const std::string& extra : app.remaining()) {
      if (extra.size() < 2 || extra[0] != '-') {
        return "one argument too many: '" + extra + "'";
      }
      const std::string flag = extra.substr(0, extra.find('='));
      return "there is no flag " + flag + NearestHint(flag, names);
    }
    return "an argument was not expected";
  }
};

Flags::Flags(const std::string& verb, const std::string& summary)
    : impl_(std::make_unique<Impl>(verb, summary)) {
  impl_->app.get_formatter()->column_width(34);
  impl_->app.set_help_flag("-h,--help", "Print this help");
}

Flags::~Flags() = default;

void Flags::Positional(const std::string& name, std::string* value, const std::string& help,
                       bool required) {
  CLI::Option* option = impl_->app.add_option(name, *value, help)->type_name("");
  if (required) option->required();
  option->allow_extra_args(false);
}

void Flags::Words(const std::string& name, std::vector<std::string>* values,
                  const std::string& help, bool required) {
  impl_->app.add_option(name, *values, help)->type_name("")->required(required);
}

void Flags::Text(const std::string& flag, const std::string& meaning, std::string* value,
                 const std::string& help) {
  impl_->Named(impl_->app.add_option(flag, *value, help)->type_name(meaning), flag);
}

void Flags::Texts(const std::string& flag, const std::string& meaning,
                  std::vector<std::string>* values, const std::string& help) {
  impl_->Named(impl_->app.add_option(flag, *values, help)->type_name(meaning), flag);
}

void Flags::Number(const std::string& flag, const std::string& meaning,
                   std::optional<uint64_t>* value, const std::string& help) {
  impl_->Named(impl_->app.add_option(flag, *value, help)
                   ->type_name(meaning)
                   ->check([](const std::string& given) -> std::string {
                     // CLI11 would take -1 for the largest number there is.
                     const bool negative = given.starts_with('-');
                     return negative ? "'" + given + "' is less than 0" : "";
                   }),
               flag);
}

void Flags::Decimal(const std::string& flag, const std::string& meaning,
                    std::optional<double>* value, const std::string& help) {
  impl_->Named(impl_->app.add_option(flag, *value, help)->type_name(meaning), flag);
}

void Flags::Switch(const std::string& flag, bool* value, const std::string& help) {
  impl_->app.add_flag(flag, *value, help);
  impl_->names.push_back(flag);
}

void Flags::Choice(const std::string& flag, const std::vector<std::string>& choices,
                   std::string* value, const std::string& help) {
  std::string all;
  for (const std::string& choice : choices) all += (all.empty() ? "" : "|") + choice;
  impl_->Named(impl_->app.add_option(flag, *value, help)->type_name(all)->check(
                   [choices, flag](const std::string& given) -> std::string {
                     for (const std::string& choice : choices) {
                       if (choice == given) return {};
                     }
                     return "'" + given + "' is not one of its values" +
                            NearestHint(given, choices);
                   }),
               flag);
}

void Flags::Program(std::vector<std::string>* command, bool required) {
  impl_->program = command;
  impl_->program_required = required;
}

void Flags::Example(const std::string& line) { impl_->examples.push_back(line); }

Flags::Outcome Flags::Parse(std::vector<std::string> arguments) {
  const auto dashes = std::find(arguments.begin(), arguments.end(), "--");
  std::vector<std::string> command;
  if (dashes != arguments.end()) {
    command.assign(dashes + 1, arguments.end());
    arguments.erase(dashes, arguments.end());
    if (impl_->program == nullptr) {
      return {false, "it takes no program: there must be no '--'"};
    }
    if (command.empty()) return {false, "nothing follows '--': the program belongs there"};
  }
  std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
  try {
    impl_->app.parse(arguments);
  } catch (const CLI::CallForHelp&) {
    return {true, {}};
  } catch (const CLI::ExtrasError&) {
    const std::string hint =
        impl_->program_required && command.empty() ? "; the program goes after '--'" : "";
    return {false, impl_->ExplainExtra() + hint};
  } catch (const CLI::ParseError& error) {
    return {false, error.what()};
  }
  if (impl_->program_required && command.empty()) {
    return {false, "the program is missing: it goes after '--'"};
  }
  if (impl_->program != nullptr) *impl_->program = std::move(command);
  return {};
}

std::string Flags::Help() const {
  std::string help = impl_->app.help();
  if (impl_->program != nullptr) {
    const size_t usage_end = help.find('\n', help.find("Usage:"));
    const char* tail = impl_->program_required ? " -- PROGRAM ARGS..." : " [-- PROGRAM ARGS...]";
    if (usage_end != std::string::npos) help.insert(usage_end, tail);
  }
  help += impl_->examples.size() == 1 ? "\nExample:\n" : "\nExamples:\n";
  for (const std::string& example : impl_->examples) help += "  " + example + "\n";
  return help;
}

std::vector<std::string> Flags::Names() const { return impl_->names; }

}  // namespace backstep::cli
