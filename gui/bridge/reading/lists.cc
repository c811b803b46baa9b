#include "backstep/gui/bridge/reading/lists.h"

#include <utility>

#include "backstep/gui/bridge/reading/shown.h"

namespace backstep::gui {
namespace {

void ServeBrowse(const std::string& folder, ReaderQueue* queue) {
  auto view = replay::ViewFolder(folder);
  queue->Tell([view = std::move(view)](Model* model, StepNumber*) mutable {
    Put(&model->browsed, std::move(view));
  });
}

void ServeKnown(const KnownRequest& request, ReaderQueue* queue) {
  KnownRecordings known;
  for (const std::string& path : request.recent) {
    known.recent.push_back(replay::RowOfRecording(path));
  }
  if (!request.samples_folder.empty()) {
    auto samples = replay::ListRecordings(request.samples_folder);
    if (samples.ok()) known.samples = std::move(*samples);
  }
  queue->Tell([known = std::move(known)](Model* model, StepNumber*) mutable {
    Put(&model->known, Result<KnownRecordings>(std::move(known)));
  });
}

void ServeFolder(const std::string& folder, ReaderQueue* queue) {
  auto rows = replay::ListRecordings(folder);
  if (rows.ok()) replay::CountListed(&*rows);
  queue->Tell([rows = std::move(rows), folder](Model* model, StepNumber*) mutable {
    model->listing_folder = folder;
    Put(&model->listing, std::move(rows));
  });
}

}  // namespace

void ServeLists(const Requests& now, ReaderQueue* queue) {
  if (now.browse) ServeBrowse(*now.browse, queue);
  if (now.known) ServeKnown(*now.known, queue);
  if (now.folder) ServeFolder(*now.folder, queue);
}

}  // namespace backstep::gui
