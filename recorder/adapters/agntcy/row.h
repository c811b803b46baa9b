// One row of the ClickHouse exporter's table of traces. Pure functions.
#pragma once

#include "backstep/recorder/adapters/core/json_text.h"
#include "backstep/recorder/adapters/spans/span.h"

namespace backstep::adapters {

// False: neither a name nor an id. Its resource and scope are not taken.
bool ReadClickhouseRow(const Json& row, Span* span);
// A column, whose nested parts older exports write "Events.Name" and newer ones "EventsName". Lists
// and maps may be texts of JSON. Null: not there.
Json ClickhouseColumn(const Json& row, const std::string& group, const std::string& part);

}  // namespace backstep::adapters
