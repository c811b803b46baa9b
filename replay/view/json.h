// JSON building for the view models of this folder; private to it. Field order is the order of
// insertion, so that the shapes read as documented in docs/cli.md.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "backstep/replay/compare.h"
#include "backstep/replay/view/rows/annotation_row.h"
#include "backstep/replay/view/rows/body_view.h"
#include "backstep/replay/view/rows/branch_row.h"
#include "backstep/replay/view/rows/call_row.h"
#include "backstep/replay/view/rows/step_row.h"
#include "backstep/schemas/records.h"

namespace backstep::replay {

using Json = nlohmann::ordered_json;

// Text of a value; bytes that are no UTF-8 become U+FFFD, so it never throws. Indented by two
// spaces where `pretty`.
inline std::string Dump(const Json& json, bool pretty) {
  return json.dump(pretty ? 2 : -1, ' ', false, Json::error_handler_t::replace);
}

inline Json OrNull(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json OutcomeJson(const Outcome& outcome);
Json UsageJson(const Usage& usage);
Json BodyJson(const BodyView& body);
Json CallJson(const CallRow& call);
Json FaultJson(const FaultRow& fault);
Json ValuesJson(const std::vector<ValueDiff>& values);
Json CallsJson(const CallCounts& calls);
Json ComparisonJson(const Comparison& comparison);
Json BranchJson(const BranchRow& row);
Json StepRowJson(const StepRow& row);
Json AnnotationJson(const AnnotationRow& row);
Json SummaryJson(const ReplaySummary& summary);
Json PositionJson(const std::optional<Position>& position);
// The text parsed as JSON where it is JSON, else the text itself.
Json Embedded(const std::string& text);

}  // namespace backstep::replay
