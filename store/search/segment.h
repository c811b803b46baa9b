// A part of a text index: which words stand in what was said under a run of numbers. Written once,
// never changed; every byte of it is covered by a check. Private header of store/search.
//
// A check is the low 64 bits of the XXH3-128 of the bytes it speaks of; numbers are little endian,
// varints as in store/state/varint.h. A document is a body; one that is said again is the same
// document. Documents are numbered from 0 in the order in which they were first said.
//   0   magic        uint32
//   4   documents    uint32
//   8   from, last   uint64 each: the numbers it covers
//   24  text         uint64, bytes of the documents
//   32  unread       uint64, bodies that could not be read
//   40  root_at      uint64, from the segment's begin
//   48  root_size    uint64
//   56  root_check   uint64
//   64  size         uint64, of all of the segment
//   72  check        uint64, of the 72 bytes before
//   80  blocks, then the root
// A word block holds words in byte order, the first written whole:
//   shared:varint  bytes of the word before that it begins with (0 at a block's begin)
//   rest:varint    bytes that follow, and these
//   documents:varint, size:varint, and `size` bytes: the documents in order, each as a varint
//                  of its distance to the one before (the first to -1)
// A document block tells kDocumentsPerBlock of them, for each:
//   sayings:varint, from 1; for each  distance:varint  of its number to the saying before of this
//                  document, for the first to that of the document before (`from` at a
//                  block's begin)
//                                      place:varint    among what was said under that number
// The root:
//   count:varint   word blocks; for each  size:varint and bytes of its first word,
//                  at:varint, size:varint, check:uint64
//   count:varint   document blocks; for each  at:varint, size:varint, check:uint64
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "backstep/base/hash.h"
#include "backstep/base/status.h"
#include "backstep/store/search.h"

namespace backstep::store {

inline constexpr uint32_t kSegmentMagic = 0x746d6773;
inline constexpr size_t kSegmentHeaderBytes = 80;
inline constexpr uint32_t kDocumentsPerBlock = 256;

// Gathers one segment. One thread.
class SegmentBuilder {
 public:
  // `from`: the first number it will cover.
  explicit SegmentBuilder(uint64_t from);
  ~SegmentBuilder();

  // Says that the body was said under `number`, as its `place`th. Numbers rise. False: it is a new
  // one, and AddText must follow, unless Skip tells that there is nothing to add.
  bool Say(const Hash128& body, uint64_t number, uint64_t place);
  void AddText(std::string_view bytes, bool escapes);
  void Skip();
  void CountUnread() { ++unread_; }

  bool full() const;
  uint64_t text_bytes() const { return text_bytes_; }
  // The segment, which covers the numbers up to `last`.
  std::string Finish(uint64_t last);

 private:
  class Words;
  struct Told {
    uint32_t document = 0;
    uint64_t number = 0, place = 0;
  };

  const uint64_t from_;
  uint64_t text_bytes_ = 0, unread_ = 0;
  uint32_t documents_ = 0;
  Told pending_;
  Hash128 pending_body_;
  std::unordered_map<Hash128, uint32_t> known_;  // UINT32_MAX: holds no words
  std::vector<Told> told_;
  std::unique_ptr<Words> words_;
};

// A file, or part of one, as bytes on the disk. Thread-safe reads.
class ByteFile {
 public:
  virtual ~ByteFile() = default;
  // Corruption: there are not as many. Io: path and reason.
  virtual Result<std::string> Read(uint64_t at, uint64_t size) const = 0;
};

// Asks one segment. One thread. Corruption: its bytes are not those that were written.
class SegmentReader {
 public:
  // The segment that begins at `at`; `file` is not owned. nullopt: none begins there that was
  // written whole.
  static Result<std::optional<SegmentReader>> Open(const ByteFile* file, uint64_t at);

  uint64_t from() const { return from_; }
  uint64_t last() const { return last_; }
  uint64_t end() const { return at_ + size_; }
  uint64_t text_bytes() const { return text_bytes_; }
  uint64_t unread() const { return unread_; }

  // The documents, in order, that hold every word of every term; phrases need not be in a row.
  Result<std::vector<uint32_t>> Find(const SearchQuery& query) const;

  struct Place {
    uint64_t number = 0, place = 0;
  };
  // Where a document was said, in order; at least once.
  Result<std::vector<Place>> SayingsOf(uint32_t document);

 private:
  struct Block {
    std::string first;  // of word blocks
    uint64_t at = 0, size = 0, check = 0;
  };
  SegmentReader() = default;
  Status ReadRoot(uint64_t root_at, uint64_t root_size, uint64_t root_check);
  Result<std::string> ReadBlock(const Block& block) const;
  // In order, those that hold the word, or one that begins so.
  Result<std::vector<uint32_t>> DocumentsOf(const std::string& word, bool prefix) const;
  Status LoadDocuments(size_t block);
  Status Damaged(const char* what) const;

  const ByteFile* file_ = nullptr;
  uint64_t at_ = 0, from_ = 0, last_ = 0, text_bytes_ = 0, unread_ = 0, size_ = 0;
  uint32_t documents_ = 0;
  std::vector<Block> words_, document_blocks_;
  std::optional<size_t> loaded_;
  std::vector<std::vector<Place>> sayings_;  // of the block that is loaded
};

}  // namespace backstep::store
