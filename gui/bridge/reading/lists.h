// Lists of recordings and folders, for the first page and the file dialog.
#pragma once

#include "backstep/gui/bridge/reading/reader_queue.h"

namespace backstep::gui {

void ServeLists(const Requests& now, ReaderQueue* queue);

}  // namespace backstep::gui
