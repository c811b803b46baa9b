// What a span says of itself, told from its attributes, events and name. Pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "backstep/recorder/adapters/spans/fields.h"
#include "backstep/recorder/adapters/spans/span.h"

namespace backstep::adapters {

// Views into the span, which must outlive it.
struct Meaning {
  SpanRole role = SpanRole::kOther;
  struct Found {
    std::string_view text;
    ValueType type = ValueType::kText;
    uint16_t rank = UINT16_MAX;
    int attribute = -1;  // its place in the span's attributes; -1: it stood elsewhere
  };
  std::array<Found, static_cast<size_t>(Field::kCount)> fields{};
  // Places of the attributes of a list, as they stand in the span.
  std::array<std::vector<int>, static_cast<size_t>(Family::kCount)> families{};

  bool Has(Field field) const { return At(field).rank != UINT16_MAX; }
  std::string_view Text(Field field) const { return At(field).text; }
  const Found& At(Field field) const { return fields[static_cast<size_t>(field)]; }
  Found& At(Field field) { return fields[static_cast<size_t>(field)]; }
  const std::vector<int>& Of(Family family) const { return families[static_cast<size_t>(family)]; }
  uint64_t Number(Field field) const;  // 0: not there, or not a number
  double Real(Field field) const;
  bool IsCount(Field field) const;     // a number that is not negative and can be counted on
  bool True(Field field) const;        // "true", "True", "1"
  bool HasUsage() const;
};

Meaning Understand(Span* span);

// Of a span that is a step, or an effect that names its agent: that agent; empty: it does not say.
// `told` false: the span's name had to do.
std::string AgentOf(const Span& span, const Meaning& meaning, bool* told);
// Tells activations of graph nodes apart; 0: the span belongs to no node.
uint64_t NodeKey(const Meaning& meaning);
// Why the span failed: type and message of an `exception` event, else of its status or attributes.
struct Failure {
  std::string kind;
  std::string message;
  bool failed = false;
};
Failure FailureOf(const Span& span, const Meaning& meaning);

}  // namespace backstep::adapters
