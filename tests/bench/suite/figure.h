// What a section of the suite measured: figures with what they are held against.
#pragma once

#include <optional>
#include <string>

namespace backstep::bench {

// One number. A target is on the value, on its ratio to a baseline of the same run where the
// machine's own speed would decide otherwise, or on both.
struct Figure {
  std::string name;            // "snapshot of 64 KiB, p50"
  double value = 0;
  std::string unit;            // "ns", "steps/s", "B/step", "x", ...
  std::string baseline_name;   // empty: none
  double baseline = 0;         // in the same unit
  std::optional<double> at_least, at_most;              // of the value
  std::optional<double> ratio_at_least, ratio_at_most;  // of value / baseline

  Figure& Against(std::string what, double baseline_value);
  Figure& AtLeast(double limit);
  Figure& AtMost(double limit);
  Figure& RatioAtLeast(double limit);
  Figure& RatioAtMost(double limit);

  double ratio() const { return baseline != 0 ? value / baseline : 0; }
  bool has_target() const;
  // Every target that is there is met.
  bool met() const;
  // The one on the ratio is.
  bool met_by_ratio() const;
  std::string TargetText() const;  // ">= 0.70x, <= 500 ns"; may be empty
};

std::string FormatValue(double value, const std::string& unit);  // "1.52 us", "41,200 steps/s"

// One line of JSON a figure, as sections hand them to the suite, and back. nullopt: no figure.
std::string ToLine(const Figure& figure);
std::optional<Figure> FromLine(const std::string& line);

}  // namespace backstep::bench
