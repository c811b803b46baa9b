#include "backstep/cli/terminal/table.h"

#include <algorithm>

#include "backstep/replay/view/text.h"

namespace backstep::cli {
namespace {

constexpr size_t kGap = 2;
constexpr size_t kLeast = 3;

}  // namespace

Table::Table(std::vector<Column> columns)
    : columns_(std::move(columns)), widths_(columns_.size(), 0) {}

void Table::Add(std::vector<Cell> cells) {
  for (Cell& cell : cells) cell.text = replay::OneLine(cell.text);
  cells.resize(columns_.size(), Cell(""));
  rows_.push_back(std::move(cells));
}

void Table::Fit(size_t columns) {
  for (size_t i = 0; i < columns_.size(); ++i) {
    size_t needed = 0;
    for (const auto& row : rows_) needed = std::max(needed, replay::DisplayWidth(row[i].text));
    if (needed == 0) continue;
    needed = std::max(needed, replay::DisplayWidth(columns_[i].title));
    widths_[i] = std::max(widths_[i], std::min(needed, columns_[i].width_max));
  }
  const auto total = [&] {
    size_t sum = 0;
    for (const size_t width : widths_) sum += width == 0 ? 0 : width + kGap;
    return sum;
  };
  // The widest column that may shrink gives way, one by one; where that is not enough, any.
  bool flexible = true;
  while (total() > columns + kGap) {
    size_t widest = columns_.size();
    for (size_t i = 0; i < columns_.size(); ++i) {
      const size_t least = flexible && columns_[i].width_min != 0 ? columns_[i].width_min : kLeast;
      const bool may = widths_[i] > least && (!flexible || columns_[i].width_min != 0);
      if (may && (widest == columns_.size() || widths_[i] > widths_[widest])) widest = i;
    }
    if (widest != columns_.size()) --widths_[widest];
    else if (flexible) flexible = false;
    else return;
  }
}

std::string Table::RowText(const Console& console, const std::vector<Cell>& cells) const {
  std::string out;
  size_t pending = 0;
  for (size_t i = 0; i < cells.size(); ++i) {
    if (widths_[i] == 0) continue;
    const std::string text = replay::Elide(cells[i].text, widths_[i]);
    const size_t padding = widths_[i] - std::min(widths_[i], replay::DisplayWidth(text));
    if (columns_[i].right) pending += padding;
    if (!text.empty()) {
      out += std::string(pending, ' ') + console.Painted(text, cells[i].paint);
      pending = 0;
    }
    pending += kGap + (columns_[i].right ? 0 : padding);
  }
  return out;
}

void Table::Print(Console& console, size_t indent) {
  if (rows_.empty()) return;
  Fit(console.columns() - indent);
  const std::string margin(indent, ' ');
  if (!titled_) {
    std::vector<Cell> titles;
    for (const Column& column : columns_) titles.emplace_back(column.title, Paint::kDim);
    console.Raw(margin + RowText(console, titles) + "\n");
    titled_ = true;
  }
  for (const auto& row : rows_) {
    if (console.closed()) break;
    console.Raw(margin + RowText(console, row) + "\n");
  }
  rows_.clear();
}

}  // namespace backstep::cli
