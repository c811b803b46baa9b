#include "backstep/gui/panels/timeline/timeline_ticks.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace backstep::gui {
namespace {

constexpr double kSecond = 1e9, kMinute = 60e9, kHour = 3600e9, kDay = 24 * kHour;
constexpr int kTicksMax = 400;

// The least of 1, 2, 5 times a power of ten that is not less.
double RoundUp(double least) {
  const double power = std::pow(10.0, std::floor(std::log10(std::max(least, 1e-9))));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= least * 0.999999) return factor * power;
  }
  return 10 * power;
}

double TickUnit(replay::TimelineMode mode, double least) {
  if (mode == replay::TimelineMode::kSteps) return std::max(RoundUp(least), 1.0);
  if (least <= 10 * kSecond) return std::max(RoundUp(least), 1.0);
  for (const double unit : {15 * kSecond, 30 * kSecond, kMinute, 2 * kMinute, 5 * kMinute,
                            10 * kMinute, 15 * kMinute, 30 * kMinute, kHour, 2 * kHour, 6 * kHour,
                            12 * kHour, kDay}) {
    if (unit >= least) return unit;
  }
  return RoundUp(least / kDay) * kDay;
}

int Decimals(double unit) {
  return std::clamp(static_cast<int>(std::ceil(-std::log10(std::max(unit, 1e-9)) - 1e-6)), 0, 9);
}

std::string ClockText(double ns, double unit) {
  char text[64];
  const auto minutes = static_cast<long long>(ns / kMinute);
  const double seconds = (ns - static_cast<double>(minutes) * kMinute) / kSecond;
  const int decimals = Decimals(unit / kSecond);
  const int width = decimals == 0 ? 2 : decimals + 3;
  if (minutes >= 60) {
    std::snprintf(text, sizeof text, "%lld:%02lld:%0*.*f", minutes / 60, minutes % 60, width,
                  decimals, seconds);
  } else {
    std::snprintf(text, sizeof text, "%lld:%0*.*f", minutes, width, decimals, seconds);
  }
  return text;
}

std::string TimeText(double ns, double unit, double greatest) {
  if (greatest >= kMinute) return ClockText(ns, unit);
  static constexpr struct {
    double ns;
    const char* name;
  } kUnits[] = {{1e9, "s"}, {1e6, "ms"}, {1e3, "µs"}, {1, "ns"}};
  for (const auto& [size, name] : kUnits) {
    if (greatest < size && size > 1) continue;
    char text[64];
    std::snprintf(text, sizeof text, "%.*f %s", Decimals(unit / size), ns / size, name);
    return text;
  }
  return {};
}

}  // namespace

std::string GroupDigits(uint64_t number) {
  std::string digits = std::to_string(number);
  for (size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string PositionText(replay::TimelineMode mode, double position, double unit) {
  if (mode == replay::TimelineMode::kSteps) {
    return "step " + GroupDigits(static_cast<uint64_t>(std::max(std::llround(position), 0LL)));
  }
  return TimeText(std::max(position, 0.0), unit, position);
}

std::vector<Tick> RulerTicks(const replay::TimelineViewport& viewport, double label_px) {
  std::vector<Tick> ticks;
  const double unit = TickUnit(viewport.mode, label_px / viewport.PxPerUnit());
  const bool steps = viewport.mode == replay::TimelineMode::kSteps;
  const int parts = steps && unit < 5 ? static_cast<int>(unit) : 5;
  const double small = unit / parts;
  const auto first = static_cast<int64_t>(std::floor(viewport.from / small));
  for (int64_t i = first; ticks.size() < kTicksMax; ++i) {
    const double position = static_cast<double>(i) * small;
    if (position > viewport.to) break;
    if (position < 0) continue;
    Tick tick;
    tick.x = static_cast<float>(viewport.X(position));
    if (i % parts == 0) {
      tick.label = steps ? GroupDigits(static_cast<uint64_t>(std::llround(position)))
                         : TimeText(position, unit, viewport.to);
    }
    ticks.push_back(std::move(tick));
  }
  return ticks;
}

}  // namespace backstep::gui
