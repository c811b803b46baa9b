// View models as text, shared by several verbs.
#pragma once

#include <string>
#include <vector>

#include "backstep/cli/terminal/console.h"
#include "backstep/replay/compare.h"
#include "backstep/replay/view/rows/body_view.h"
#include "backstep/replay/view/rows/branch_row.h"
#include "backstep/schemas/records.h"

namespace backstep::cli {

// "key       value" lines; an empty value prints nothing.
void PrintField(Console& console, const std::string& key, const std::string& value,
                Paint paint = Paint::kPlain);

// One line of a body: its beginning, cut to `columns`, with its size where it was cut.
std::string BodyLine(const replay::BodyView& body, size_t columns);

// `label` and the body: on one line, or whole below it where `full`.
void PrintBody(Console& console, const std::string& label, const replay::BodyView& body, bool full,
               size_t indent);

// "path: before -> after", one a line.
void PrintValues(Console& console, const std::vector<replay::ValueDiff>& values, size_t indent);

Paint OutcomePaint(const Outcome& outcome);
// "1200 in, 300 out, 80 cached; $0.0123"; empty for nothing.
std::string UsageText(const Usage& usage);

void PrintBranches(Console& console, const std::vector<replay::BranchRow>& rows);

// What the stored baselines prove, in words; `paste` is the recording's path for a shell.
std::string FaithfulText(const std::vector<replay::BaselineState>& states,
                         const std::string& paste);

}  // namespace backstep::cli
