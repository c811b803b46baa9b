// A process that a test starts, and kills or waits for.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace backstep::testing {

// The command line of this very test program for one of its test cases, hidden ones too: what a
// test needs a process of its own for stands beside it, as a case tagged [.] that runs as a child
// only.
std::vector<std::string> OwnCase(const std::string& test_case);

// What is asked of a process besides its command line.
struct ChildOptions {
  // Set for it, beside and above what the test has.
  std::vector<std::pair<std::string, std::string>> environment;
  // Its stderr is read by the test, from errors(); else it goes where the test's goes.
  bool errors_read = false;
};

// Started by spawn and exec, never by a fork that goes on: whatever threads and locks the test has
// are none of the child's. What it prints on stdout is dropped. One thread. What the system
// refuses, to start it or to wait for it, is thrown as std::runtime_error and fails the test.
class Child {
 public:
  // The first of `arguments` is the program's path.
  explicit Child(const std::vector<std::string>& arguments, const ChildOptions& options = {});
  // Kills it where it still runs.
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // What it writes on stderr, as it comes; closed with this. Null unless `errors_read`.
  FILE* errors() const { return errors_; }
  // Waits for its end; true: a signal ended it. An exit code other than 0 is thrown: for the tests
  // here it is a failure, and its text went to stdout.
  bool WasKilled();
  // Kills it and waits; true: it still ran.
  bool Kill();

 private:
  int Wait();

  pid_t pid_ = 0;  // 0: it was waited for
  FILE* errors_ = nullptr;
};

}  // namespace backstep::testing
