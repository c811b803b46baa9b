// What lies in a folder: its recordings with their outcomes, and the names a file dialog shows.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/base/time.h"
#include "backstep/replay/view/session/session_view.h"

namespace backstep::replay {

// The row of one recording; where it cannot be read, a row with its error.
RecordingRow RowOfRecording(const std::string& path);

// What has been read of a folder so far, after `looked` of its `total` directories; false ends it.
using ListProgress =
    std::function<bool(const std::vector<RecordingRow>& rows, size_t looked, size_t total)>;

// A row for every recording directly inside `folder`, or `folder` itself where it is one, by name.
// Whatever ends in ".backstep" counts as one, and so does a directory that holds a manifest.
// Io: the folder cannot be read.
Result<std::vector<RecordingRow>> ListRecordings(const std::string& folder,
                                                 const ListProgress& progress = {});

// Reads errors and cost of every session that has not too many steps for a listing to wait for; the
// others keep `counts` empty, as do those that cannot be read. `go_on` is asked before each; false
// ends it.
void CountListed(std::vector<RecordingRow>* rows, const std::function<bool()>& go_on = {});

// What a file dialog looks for.
enum class Sought { kRecording, kProgram };
enum class EntryKind { kFolder, kRecording, kProgram };

struct FolderEntry {
  std::string name;
  EntryKind kind = EntryKind::kFolder;
  TimeNs changed_wall;               // 0: not known
};

struct FolderView {
  std::string path;                  // absolute, without a slash behind it
  std::string parent;                // empty: it is the root
  std::vector<FolderEntry> entries;  // by name; without those that begin with a dot
  uint64_t total = 0;                // of them, where `entries` is cut
  // the program in it that the path leads to; empty: to the folder
  std::string named;
};

// The folders inside `folder` ("~" and "~/..." are the user's home), 5,000 entries at most: with
// recordings, or with files that may be run; then `folder` may be such a file.
// Io, NotFound: it cannot be read, with path and reason. InvalidArgument: a file that cannot be
// run.
Result<FolderView> ViewFolder(const std::string& folder, Sought sought = Sought::kRecording);

}  // namespace backstep::replay
