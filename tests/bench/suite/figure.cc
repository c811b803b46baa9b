#include "backstep/tests/bench/suite/figure.h"

#include <cmath>
#include <cstdio>

#include <nlohmann/json.hpp>

namespace backstep::bench {
namespace {

using Json = nlohmann::ordered_json;

struct Scale {
  double from;
  double divide;
  const char* unit;
};

std::string Number(double value) {
  char text[64];
  const double size = std::abs(value);
  if (size >= 10000) {
    std::snprintf(text, sizeof text, "%.0f", value);
    std::string grouped = text;
    for (int at = static_cast<int>(grouped.size()) - 3; at > (value < 0); at -= 3) {
      grouped.insert(static_cast<size_t>(at), ",");
    }
    return grouped;
  }
  std::snprintf(text, sizeof text, size >= 100 ? "%.0f" : size >= 10 ? "%.1f" : "%.2f", value);
  return text;
}

std::string Scaled(double value, std::initializer_list<Scale> scales) {
  for (const Scale& scale : scales) {
    if (std::abs(value) >= scale.from) return Number(value / scale.divide) + " " + scale.unit;
  }
  const Scale& last = *(scales.end() - 1);
  return Number(value / last.divide) + " " + last.unit;
}

std::string Limit(const char* sign, double limit, const std::string& text) {
  std::string shown = text.empty() ? Number(limit) : text;
  // "500 ns", not "500.00 ns".
  if (const size_t zeros = shown.find(".00"); zeros != std::string::npos) shown.erase(zeros, 3);
  return std::string(sign) + " " + shown + (text.empty() ? "x" : "");
}

void PutLimit(const char* name, const std::optional<double>& limit, Json* json) {
  if (limit) (*json)[name] = *limit;
}

std::optional<double> GetLimit(const Json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end()) return std::nullopt;
  return found->get<double>();
}

}  // namespace

Figure& Figure::Against(std::string what, double baseline_value) {
  baseline_name = std::move(what);
  baseline = baseline_value;
  return *this;
}
Figure& Figure::AtLeast(double limit) {
  at_least = limit;
  return *this;
}
Figure& Figure::AtMost(double limit) {
  at_most = limit;
  return *this;
}
Figure& Figure::RatioAtLeast(double limit) {
  ratio_at_least = limit;
  return *this;
}
Figure& Figure::RatioAtMost(double limit) {
  ratio_at_most = limit;
  return *this;
}

bool Figure::has_target() const {
  return at_least || at_most || ratio_at_least || ratio_at_most;
}

bool Figure::met() const {
  return (!at_least || value >= *at_least) && (!at_most || value <= *at_most) &&
         (met_by_ratio() || !(ratio_at_least || ratio_at_most));
}

bool Figure::met_by_ratio() const {
  return (ratio_at_least || ratio_at_most) && (!ratio_at_least || ratio() >= *ratio_at_least) &&
         (!ratio_at_most || ratio() <= *ratio_at_most);
}

std::string Figure::TargetText() const {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (at_least) add(Limit(">=", *at_least, FormatValue(*at_least, unit)));
  if (at_most) add(Limit("<=", *at_most, FormatValue(*at_most, unit)));
  if (ratio_at_least) add(Limit(">=", *ratio_at_least, ""));
  if (ratio_at_most) add(Limit("<=", *ratio_at_most, ""));
  return text;
}

std::string FormatValue(double value, const std::string& unit) {
  if (unit == "ns") {
    return Scaled(value, {{1e9, 1e9, "s"}, {1e6, 1e6, "ms"}, {1e3, 1e3, "us"}, {0, 1, "ns"}});
  }
  if (unit == "B") {
    return Scaled(value, {{1e9, 1e9, "GB"}, {1e6, 1e6, "MB"}, {1e4, 1e3, "KB"}, {0, 1, "B"}});
  }
  return Number(value) + (unit == "x" ? "" : " ") + unit;
}

std::string ToLine(const Figure& figure) {
  Json json{{"name", figure.name}, {"value", figure.value}, {"unit", figure.unit}};
  if (!figure.baseline_name.empty()) {
    json["baseline_name"] = figure.baseline_name;
    json["baseline"] = figure.baseline;
    json["ratio"] = figure.ratio();
  }
  PutLimit("at_least", figure.at_least, &json);
  PutLimit("at_most", figure.at_most, &json);
  PutLimit("ratio_at_least", figure.ratio_at_least, &json);
  PutLimit("ratio_at_most", figure.ratio_at_most, &json);
  if (figure.has_target()) json["met"] = figure.met();
  if (figure.ratio_at_least || figure.ratio_at_most) json["ratio_met"] = figure.met_by_ratio();
  return json.dump();
}

std::optional<Figure> FromLine(const std::string& line) {
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object() || !json.contains("name") || !json.contains("value")) return std::nullopt;
  Figure figure;
  figure.name = json.value("name", "");
  figure.value = json.value("value", 0.0);
  figure.unit = json.value("unit", "");
  figure.baseline_name = json.value("baseline_name", "");
  figure.baseline = json.value("baseline", 0.0);
  figure.at_least = GetLimit(json, "at_least");
  figure.at_most = GetLimit(json, "at_most");
  figure.ratio_at_least = GetLimit(json, "ratio_at_least");
  figure.ratio_at_most = GetLimit(json, "ratio_at_most");
  return figure;
}

}  // namespace backstep::bench
