// A table that fits the console: columns take what their cells need, the flexible ones give way.
#pragma once

#include <string>
#include <vector>

#include "backstep/cli/terminal/console.h"

namespace backstep::cli {

struct Column {
  std::string title;
  bool right = false;        // aligned right
  size_t width_max = 1000;   // cells are cut there
  size_t width_min = 4;      // what it keeps when the table is too wide; 0: keeps all it needs
};

struct Cell {
  std::string text;          // made safe when added
  Paint paint = Paint::kPlain;
  Cell(std::string t, Paint p = Paint::kPlain) : text(std::move(t)), paint(p) {}
  Cell(const char* t) : text(t) {}
};

class Table {
 public:
  explicit Table(std::vector<Column> columns);
  void Add(std::vector<Cell> cells);
  bool empty() const { return rows_.empty(); }
  // Prints title and rows and forgets the rows; later rows keep the widths so far (titles are
  // printed once). Columns that are empty in every row are left out.
  void Print(Console& console, size_t indent = 2);

 private:
  void Fit(size_t columns);
  std::string RowText(const Console& console, const std::vector<Cell>& cells) const;

  std::vector<Column> columns_;
  std::vector<size_t> widths_;   // 0: left out
  std::vector<std::vector<Cell>> rows_;
  bool titled_ = false;
};

}  // namespace backstep::cli
