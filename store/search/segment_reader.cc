#include <algorithm>

#include "backstep/store/search/segment.h"
#include "backstep/store/state/varint.h"

namespace backstep::store {
namespace {

// Nothing that a builder makes comes near.
constexpr uint64_t kSegmentBytesMax = uint64_t{4} << 30;

uint64_t TakeU64(std::string_view bytes, size_t at) {
  uint64_t number = 0;
  for (size_t i = 0; i < 8; ++i) number |= uint64_t{static_cast<uint8_t>(bytes[at + i])} << (8 * i);
  return number;
}

bool TakeCheck(ByteReader* reader, uint64_t* check) {
  std::string_view bytes;
  if (!reader->Bytes(8, &bytes)) return false;
  *check = TakeU64(bytes, 0);
  return true;
}

// Adds the documents of one list; false: it cannot be one.
bool TakeList(std::string_view list, uint64_t count, uint32_t documents,
              std::vector<uint32_t>* out) {
  if (count > list.size()) return false;
  out->reserve(out->size() + count);
  ByteReader reader(list);
  uint64_t next = 0;
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t distance;
    if (!reader.Varint(&distance) || distance == 0 || distance > documents - next) return false;
    next += distance;
    out->push_back(static_cast<uint32_t>(next - 1));
  }
  return reader.empty();
}

// What stands in a word block at the reader.
struct WordEntry {
  std::string word;
  uint64_t documents = 0;
  std::string_view list;
  bool Take(ByteReader* reader) {
    uint64_t shared, rest, size;
    std::string_view suffix;
    if (!reader->Varint(&shared) || shared > word.size()) return false;
    if (!reader->Varint(&rest) || !reader->Bytes(rest, &suffix)) return false;
    word.resize(shared);
    word += suffix;
    return reader->Varint(&documents) && reader->Varint(&size) && reader->Bytes(size, &list);
  }
};

}  // namespace

Status SegmentReader::Damaged(const char* what) const {
  return Status::Corruption("the part at byte " + std::to_string(at_) + " of the text index: " +
                            what);
}

Result<std::optional<SegmentReader>> SegmentReader::Open(const ByteFile* file, uint64_t at) {
  const Result<std::string> header = file->Read(at, kSegmentHeaderBytes);
  if (!header.ok()) {
    if (header.status().code() == StatusCode::kCorruption) return std::optional<SegmentReader>();
    return header.status();
  }
  SegmentReader segment;
  const uint64_t check = TakeU64(*header, kSegmentHeaderBytes - 8);
  const std::string_view checked = std::string_view(*header).substr(0, kSegmentHeaderBytes - 8);
  const auto magic = static_cast<uint32_t>(TakeU64(*header, 0));
  if (magic != kSegmentMagic || HashBytes(checked).low != check) {
    return std::optional<SegmentReader>();
  }
  segment.file_ = file;
  segment.at_ = at;
  segment.documents_ = static_cast<uint32_t>(TakeU64(*header, 0) >> 32);
  segment.from_ = TakeU64(*header, 8);
  segment.last_ = TakeU64(*header, 16);
  segment.text_bytes_ = TakeU64(*header, 24);
  segment.unread_ = TakeU64(*header, 32);
  segment.size_ = TakeU64(*header, 64);
  const uint64_t root_at = TakeU64(*header, 40), root_size = TakeU64(*header, 48);
  if (segment.size_ > kSegmentBytesMax || root_size > segment.size_ ||
      root_at > segment.size_ - root_size || segment.last_ < segment.from_) {
    return segment.Damaged("its sizes do not fit");
  }
  BACKSTEP_RETURN_IF_ERROR(segment.ReadRoot(root_at, root_size, TakeU64(*header, 56)));
  return std::optional(std::move(segment));
}

Status SegmentReader::ReadRoot(uint64_t root_at, uint64_t root_size, uint64_t root_check) {
  BACKSTEP_ASSIGN_OR_RETURN(const std::string root,
                            ReadBlock({"", root_at, root_size, root_check}));
  ByteReader reader(root);
  uint64_t count;
  if (!reader.Varint(&count) || count > root.size()) return Damaged("its root is cut");
  words_.resize(count);
  for (Block& block : words_) {
    uint64_t size;
    std::string_view first;
    if (!reader.Varint(&size) || !reader.Bytes(size, &first) || !reader.Varint(&block.at) ||
        !reader.Varint(&block.size) || !TakeCheck(&reader, &block.check)) {
      return Damaged("its root is cut");
    }
    block.first = first;
  }
  if (!reader.Varint(&count) || count > root.size()) return Damaged("its root is cut");
  document_blocks_.resize(count);
  for (Block& block : document_blocks_) {
    if (!reader.Varint(&block.at) || !reader.Varint(&block.size) ||
        !TakeCheck(&reader, &block.check)) {
      return Damaged("its root is cut");
    }
  }
  return {};
}

Result<std::string> SegmentReader::ReadBlock(const Block& block) const {
  if (block.size > size_ || block.at > size_ - block.size) return Damaged("a block lies outside");
  BACKSTEP_ASSIGN_OR_RETURN(std::string bytes, file_->Read(at_ + block.at, block.size));
  if (HashBytes(bytes).low != block.check) return Damaged("its bytes are not those written");
  return bytes;
}

Result<std::vector<uint32_t>> SegmentReader::DocumentsOf(const std::string& word,
                                                         bool prefix) const {
  std::vector<uint32_t> found;
  auto block = std::upper_bound(words_.begin(), words_.end(), word,
                                [](const std::string& w, const Block& b) { return w < b.first; });
  if (block != words_.begin()) --block;
  size_t lists = 0;
  for (bool beyond = false; block != words_.end() && !beyond; ++block) {
    // The first block may begin before the word, any other that begins beyond it ends the search.
    if (block->first > word && !block->first.starts_with(word)) break;
    if (block->first > word && !prefix) break;
    BACKSTEP_ASSIGN_OR_RETURN(const std::string bytes, ReadBlock(*block));
    ByteReader reader(bytes);
    WordEntry entry;
    while (!reader.empty()) {
      if (!entry.Take(&reader)) return Damaged("a block of words is cut");
      if (entry.word < word) continue;
      beyond = prefix ? !entry.word.starts_with(word) : entry.word != word;
      if (beyond) break;
      if (!TakeList(entry.list, entry.documents, documents_, &found)) {
        return Damaged("a list of documents cannot be");
      }
      ++lists;
    }
  }
  if (lists > 1) {
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
  }
  return found;
}

Result<std::vector<uint32_t>> SegmentReader::Find(const SearchQuery& query) const {
  std::optional<std::vector<uint32_t>> common;
  for (const SearchQuery::Term& term : query.terms()) {
    for (size_t i = 0; i < term.words.size(); ++i) {
      const bool prefix = term.prefix && i + 1 == term.words.size();
      BACKSTEP_ASSIGN_OR_RETURN(auto documents, DocumentsOf(term.words[i], prefix));
      if (common) {
        std::vector<uint32_t> both;
        std::set_intersection(common->begin(), common->end(), documents.begin(), documents.end(),
                              std::back_inserter(both));
        documents.swap(both);
      }
      common = std::move(documents);
      if (common->empty()) return std::move(*common);
    }
  }
  return common.value_or(std::vector<uint32_t>());
}

Status SegmentReader::LoadDocuments(size_t block) {
  loaded_.reset();
  sayings_.clear();
  BACKSTEP_ASSIGN_OR_RETURN(const std::string bytes, ReadBlock(document_blocks_[block]));
  ByteReader reader(bytes);
  uint64_t of_document = from_;
  while (!reader.empty()) {
    uint64_t count, distance;
    if (!reader.Varint(&count) || count == 0 || count > bytes.size()) {
      return Damaged("a block of documents is cut");
    }
    std::vector<Place> places(count);
    uint64_t before = of_document;
    for (Place& place : places) {
      if (!reader.Varint(&distance) || distance > last_ - before || !reader.Varint(&place.place)) {
        return Damaged("a block of documents is cut");
      }
      place.number = before = before + distance;
    }
    of_document = places.front().number;
    sayings_.push_back(std::move(places));
  }
  loaded_ = block;
  return {};
}

Result<std::vector<SegmentReader::Place>> SegmentReader::SayingsOf(uint32_t document) {
  const size_t block = document / kDocumentsPerBlock;
  if (block >= document_blocks_.size()) return Damaged("a document lies outside");
  if (loaded_ != block) BACKSTEP_RETURN_IF_ERROR(LoadDocuments(block));
  const size_t place = document % kDocumentsPerBlock;
  if (place >= sayings_.size()) return Damaged("a document is missing");
  return sayings_[place];
}

}  // namespace backstep::store
