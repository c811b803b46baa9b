#include <unistd.h>

#include "backstep/replay/host/position_page.h"
#include "backstep/replay/launch.h"
#include "backstep/replay/launch/private_folder.h"

namespace backstep::replay {

struct RunPosition::Page {
  std::string directory, path;
  std::unique_ptr<host::PositionPage> page;
  ~Page() {
    unlink(path.c_str());
    rmdir(directory.c_str());
  }
};

std::unique_ptr<RunPosition> RunPosition::Create() {
  auto folder = host::MakePrivateFolder(0);
  if (!folder.ok()) return nullptr;
  auto page = std::make_unique<Page>();
  page->directory = *std::move(folder);
  page->path = page->directory + "/position";
  auto made = host::PositionPage::Create(page->path);
  if (!made.ok()) return nullptr;
  page->page = *std::move(made);
  return std::unique_ptr<RunPosition>(new RunPosition(std::move(page)));
}

RunPosition::RunPosition(std::unique_ptr<Page> page) : page_(std::move(page)) {}
RunPosition::~RunPosition() = default;

const std::string& RunPosition::path() const { return page_->path; }
Position RunPosition::Read() const { return page_->page->Read(); }

}  // namespace backstep::replay
