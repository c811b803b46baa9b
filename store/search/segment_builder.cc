#include <algorithm>
#include <cstring>

#include "backstep/store/search/segment.h"
#include "backstep/store/search/words.h"
#include "backstep/store/state/varint.h"

namespace backstep::store {
namespace {

constexpr uint32_t kDocumentsMax = 1 << 17;
constexpr uint64_t kListBytesMax = uint64_t{48} << 20;
constexpr size_t kWordBlockBytes = 4096;
constexpr uint32_t kNoWords = UINT32_MAX;

// The bytes in front and those at the end: all of up to 16, some of them twice. Loads of a fixed
// size are no calls.
struct Ends {
  uint64_t front = 0, back = 0;
  bool operator==(const Ends&) const = default;
};
constexpr size_t kAllInEnds = 16;

template <typename Number>
uint64_t Load(const char* bytes) {
  Number number;
  std::memcpy(&number, bytes, sizeof(number));
  return number;
}

Ends EndsOf(std::string_view word) {
  const char* const bytes = word.data();
  const size_t size = word.size();
  if (size >= 8) return {Load<uint64_t>(bytes), Load<uint64_t>(bytes + size - 8)};
  if (size >= 4) return {Load<uint32_t>(bytes), Load<uint32_t>(bytes + size - 4)};
  if (size == 0) return {};
  return {Load<uint8_t>(bytes) | Load<uint8_t>(bytes + size / 2) << 8,
          Load<uint8_t>(bytes + size - 1)};
}

uint64_t HashOfWord(std::string_view word, const Ends& ends) {
  constexpr uint64_t kMix = 0x9e3779b97f4a7c15ULL;
  const auto mix = [](uint64_t hash, uint64_t part) {
    hash = (hash ^ part) * kMix;
    return hash ^ hash >> 29;
  };
  uint64_t hash = mix(mix(word.size() * kMix, ends.front), ends.back);
  for (size_t at = 8; at + 8 < word.size(); at += 8) {
    hash = mix(hash, Load<uint64_t>(word.data() + at));
  }
  return hash ^ hash >> 32;
}

void PutU64(std::string* out, uint64_t number) {
  for (int i = 0; i < 8; ++i) out->push_back(static_cast<char>(number >> (8 * i)));
}

// Its place in the segment, its size and its check.
void DescribeBlock(std::string_view block, uint64_t at, std::string* root) {
  PutVarint(root, at);
  PutVarint(root, block.size());
  PutU64(root, HashBytes(block).low);
}

}  // namespace

// Words with the documents they stand in.
class SegmentBuilder::Words {
 public:
  Words() : slots_(size_t{1} << 16, 0) {}

  void Add(std::string_view word, uint32_t document) {
    const Ends ends = EndsOf(word);
    const uint64_t hash = HashOfWord(word, ends);
    const uint64_t tag = hash >> 32 << 32;
    const size_t mask = slots_.size() - 1;
    size_t slot = hash & mask;
    for (; slots_[slot] != 0; slot = (slot + 1) & mask) {
      if ((slots_[slot] ^ tag) >> 32 != 0) continue;
      Entry& entry = entries_[static_cast<uint32_t>(slots_[slot]) - 1];
      if (Is(entry, word, ends)) return Note(&entry, document);
    }
    Entry entry;
    entry.text = static_cast<uint32_t>(texts_.size());
    entry.size = static_cast<uint32_t>(word.size());
    entry.ends = ends;
    texts_.append(word);
    Note(&entry, document);
    entries_.push_back(std::move(entry));
    slots_[slot] = tag | entries_.size();
    if (entries_.size() * 2 > slots_.size()) Grow();
  }

  uint64_t bytes() const { return list_bytes_ + texts_.size() + entries_.size() * 16; }

  // The blocks, behind `out`; what the root says of them goes to `root`.
  void Write(std::string* out, std::string* root) {
    std::vector<std::pair<uint64_t, const Entry*>> order;
    order.reserve(entries_.size());
    for (const Entry& entry : entries_) order.emplace_back(Front(TextOf(entry)), &entry);
    std::sort(order.begin(), order.end(), [this](const auto& a, const auto& b) {
      return a.first != b.first ? a.first < b.first : TextOf(*a.second) < TextOf(*b.second);
    });
    std::string described, block, first, before;
    uint64_t blocks = 0;
    const auto end_block = [&] {
      if (block.empty()) return;
      ++blocks;
      PutVarint(&described, first.size());
      described += first;
      DescribeBlock(block, out->size(), &described);
      *out += block;
      block.clear();
    };
    for (const auto& [front, entry] : order) {
      const std::string_view text = TextOf(*entry);
      if (block.empty()) {
        first = text;
        before.clear();
      }
      const auto parted = std::mismatch(before.begin(), before.end(), text.begin(), text.end());
      const auto shared = static_cast<size_t>(parted.first - before.begin());
      PutVarint(&block, shared);
      PutVarint(&block, text.size() - shared);
      block += text.substr(shared);
      PutVarint(&block, entry->count);
      PutVarint(&block, entry->list.size());
      block += entry->list;
      before = text;
      if (block.size() >= kWordBlockBytes) end_block();
    }
    end_block();
    PutVarint(root, blocks);
    *root += described;
  }

 private:
  // A cache line: most words are found again by what lies in it.
  struct alignas(64) Entry {
    uint32_t text = 0, size = 0, count = 0;
    uint32_t next = 0;   // the document after the last one it stands in
    Ends ends;
    std::string list;
  };

  bool Is(const Entry& entry, std::string_view word, const Ends& ends) const {
    return entry.size == word.size() && entry.ends == ends &&
           (word.size() <= kAllInEnds || TextOf(entry) == word);
  }

  std::string_view TextOf(const Entry& entry) const {
    return std::string_view(texts_).substr(entry.text, entry.size);
  }
  // Orders as the text does, as far as it goes.
  static uint64_t Front(std::string_view text) {
    uint64_t front = 0;
    for (size_t i = 0; i < 8; ++i) {
      front = front << 8 | (i < text.size() ? static_cast<uint8_t>(text[i]) : 0);
    }
    return front;
  }
  void Note(Entry* entry, uint32_t document) {
    if (entry->next == document + 1) return;
    const uint32_t distance = document + 1 - entry->next;
    const size_t before = entry->list.size();
    if (distance < 0x80) entry->list.push_back(static_cast<char>(distance));
    else PutVarint(&entry->list, distance);
    entry->next = document + 1;
    ++entry->count;
    list_bytes_ += entry->list.size() - before;
  }
  void Grow() {
    std::vector<uint64_t> slots(slots_.size() * 2, 0);
    const size_t mask = slots.size() - 1;
    for (size_t i = 0; i < entries_.size(); ++i) {
      const uint64_t hash = HashOfWord(TextOf(entries_[i]), entries_[i].ends);
      size_t slot = hash & mask;
      while (slots[slot] != 0) slot = (slot + 1) & mask;
      slots[slot] = hash >> 32 << 32 | (i + 1);
    }
    slots_.swap(slots);
  }

  std::vector<uint64_t> slots_;  // index into entries_ + 1, above it bits of the hash; 0: free
  std::vector<Entry> entries_;
  std::string texts_;
  uint64_t list_bytes_ = 0;
};

SegmentBuilder::SegmentBuilder(uint64_t from) : from_(from), words_(std::make_unique<Words>()) {}
SegmentBuilder::~SegmentBuilder() = default;

bool SegmentBuilder::full() const {
  return documents_ >= kDocumentsMax || words_->bytes() >= kListBytesMax ||
         told_.size() >= size_t{4} * kDocumentsMax;
}

bool SegmentBuilder::Say(const Hash128& body, uint64_t number, uint64_t place) {
  const auto known = known_.find(body);
  if (known != known_.end()) {
    if (known->second != kNoWords) told_.push_back({known->second, number, place});
    return true;
  }
  pending_ = {documents_, number, place};
  pending_body_ = body;
  return false;
}

void SegmentBuilder::Skip() { known_.emplace(pending_body_, kNoWords); }

void SegmentBuilder::AddText(std::string_view bytes, bool escapes) {
  WordReader reader(bytes, escapes);
  if (!reader.Next()) {
    Skip();
    return;
  }
  do {
    words_->Add(reader.word(), documents_);
  } while (reader.Next());
  known_.emplace(pending_body_, documents_);
  told_.push_back(pending_);
  ++documents_;
  text_bytes_ += bytes.size();
}

std::string SegmentBuilder::Finish(uint64_t last) {
  std::string out(kSegmentHeaderBytes, '\0'), root;
  words_->Write(&out, &root);
  // By document; those of one document are in order already.
  std::stable_sort(told_.begin(), told_.end(),
                   [](const Told& a, const Told& b) { return a.document < b.document; });
  PutVarint(&root, (documents_ + kDocumentsPerBlock - 1) / kDocumentsPerBlock);
  size_t at = 0;
  for (uint32_t document = 0; document < documents_;) {
    std::string block;
    uint64_t of_document = from_;
    const uint32_t block_end = std::min(documents_, document + kDocumentsPerBlock);
    for (; document < block_end; ++document) {
      size_t end = at;
      while (end < told_.size() && told_[end].document == document) ++end;
      PutVarint(&block, end - at);
      uint64_t before = of_document;
      of_document = told_[at].number;
      for (; at < end; ++at) {
        PutVarint(&block, told_[at].number - before);
        PutVarint(&block, told_[at].place);
        before = told_[at].number;
      }
    }
    DescribeBlock(block, out.size(), &root);
    out += block;
  }
  std::string header;
  PutFixed32(&header, kSegmentMagic);
  PutFixed32(&header, documents_);
  for (const uint64_t number : {from_, last, text_bytes_, unread_, uint64_t{out.size()},
                                uint64_t{root.size()}, HashBytes(root).low,
                                uint64_t{out.size() + root.size()}}) {
    PutU64(&header, number);
  }
  PutU64(&header, HashBytes(header).low);
  out.replace(0, header.size(), header);
  out += root;
  return out;
}

}  // namespace backstep::store
