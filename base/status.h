// Status and Result<T>: how every Backstep module reports failure.
//
// No exception crosses a module boundary. A Status is a code (one of few, each with a caller
// that acts on it) and a message a person can act on. Values copy; thread-compatible.
#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace backstep {

enum class StatusCode {
  kOk,
  kNotFound,         // the named thing does not exist; the message names the nearest
  kInvalidArgument,  // the caller's words are off: a flag, a spec file, an argument
  kCorruption,       // bytes on disk or from a peer that cannot be what we wrote
  kIncomplete,       // it existed but was dropped (overload) or never finished (crash)
  kVersionMismatch,  // written by a newer Backstep
  kUnavailable,      // held by another process, or the other side is gone
  kCancelled,        // the user or a limit ended it
  kIo,               // the operating system refused; path and reason in the message
  kInternal,         // a bug of ours
};

// Stable lower-case name of a code, e.g. "not_found".
std::string_view StatusCodeName(StatusCode code);

class [[nodiscard]] Status {
 public:
  Status() = default;  // ok
  Status(StatusCode code, std::string message) : code_(code), message_(std::move(message)) {}

  static Status NotFound(std::string m) { return {StatusCode::kNotFound, std::move(m)}; }
  static Status InvalidArgument(std::string m) {
    return {StatusCode::kInvalidArgument, std::move(m)};
  }
  static Status Corruption(std::string m) { return {StatusCode::kCorruption, std::move(m)}; }
  static Status Incomplete(std::string m) { return {StatusCode::kIncomplete, std::move(m)}; }
  static Status VersionMismatch(std::string m) {
    return {StatusCode::kVersionMismatch, std::move(m)};
  }
  static Status Unavailable(std::string m) { return {StatusCode::kUnavailable, std::move(m)}; }
  static Status Cancelled(std::string m) { return {StatusCode::kCancelled, std::move(m)}; }
  static Status Io(std::string m) { return {StatusCode::kIo, std::move(m)}; }
  static Status Internal(std::string m) { return {StatusCode::kInternal, std::move(m)}; }

  bool ok() const { return code_ == StatusCode::kOk; }
  StatusCode code() const { return code_; }
  const std::string& message() const { return message_; }

  // "ok", or the code's name, a colon and the message.
  std::string ToString() const;

  // The same failure with `context` and ": " in front of its message. No effect on ok.
  Status WithContext(std::string_view context) const;

  bool operator==(const Status&) const = default;

 private:
  StatusCode code_ = StatusCode::kOk;
  std::string message_;
};

// A T, or the Status that says why there is none. Reading the value of a failed Result is a bug.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  Result(Status status) : status_(std::move(status)) { assert(!status_.ok()); }

  bool ok() const { return value_.has_value(); }
  const Status& status() const { return status_; }

  T& value() & { assert(ok()); return *value_; }
  const T& value() const& { assert(ok()); return *value_; }
  T&& value() && { assert(ok()); return std::move(*value_); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  Status status_;
  std::optional<T> value_;
};

}  // namespace backstep

// Returns the Status of `expr` from the enclosing function unless it is ok.
#define BACKSTEP_RETURN_IF_ERROR(expr)                       \
  do {                                                       \
    if (::backstep::Status backstep_status_ = (expr);        \
        !backstep_status_.ok()) {                            \
      return backstep_status_;                               \
    }                                                        \
  } while (false)

#define BACKSTEP_CONCAT_INNER_(a, b) a##b
#define BACKSTEP_CONCAT_(a, b) BACKSTEP_CONCAT_INNER_(a, b)

// Evaluates the Result `expr`; returns its Status when it failed, else moves the value to `lhs`.
#define BACKSTEP_ASSIGN_OR_RETURN(lhs, expr) \
  BACKSTEP_ASSIGN_OR_RETURN_(BACKSTEP_CONCAT_(backstep_result_, __LINE__), lhs, expr)
#define BACKSTEP_ASSIGN_OR_RETURN_(tmp, lhs, expr) \
  auto tmp = (expr);                               \
  if (!tmp.ok()) return tmp.status();              \
  lhs = std::move(tmp).value()
