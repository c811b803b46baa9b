#include "backstep/store/search/text_batch.h"

#include <utility>

#include "backstep/store/search/text_file.h"
#include "backstep/store/search/words.h"

namespace backstep::store {
namespace {

// Some 20 ms of work, whichever is reached first.
constexpr uint64_t kBatchTextBytes = uint64_t{1} << 20;
constexpr uint64_t kBatchNumbers = 512;

using Said = TextBatch::Said;

// What tells bodies apart: the same bytes of another type may be other words.
Hash128 DocumentKey(const BodyRef& ref) {
  Hash128 key = ref.hash;
  key.high ^= HashBytes(ref.media_type).low;
  return key;
}

}  // namespace

void AddBatch(const TextBatch& batch, SegmentBuilder* builder) {
  for (const Said& said : batch.said) {
    if (builder->Say(said.document, said.number, said.place)) continue;
    if (said.kind == Said::Kind::kText) builder->AddText(said.bytes, said.escapes);
    else if (said.kind == Said::Kind::kNoWords) builder->Skip();
    else builder->CountUnread();
  }
}

TextBatches::TextBatches(Line* line, Stream stream, uint64_t from, uint64_t last)
    : line_(*line), last_(last), newest_(from - 1), scan_(line, stream, from, last) {}

Status TextBatches::Read(const BodyRef& ref, Said* said) {
  auto body = ReadWords(line_, ref);
  if (!body.ok()) {
    said->kind = Said::Kind::kUnread;
    const StatusCode code = body.status().code();
    const bool lost = code == StatusCode::kIncomplete || code == StatusCode::kCorruption;
    return lost ? Status() : body.status();
  }
  known_.insert(said->document);
  said->kind = *body ? Said::Kind::kText : Said::Kind::kNoWords;
  if (*body) {
    said->escapes = IsJsonType((*body)->media_type);
    said->bytes = std::move((*body)->bytes);
    bytes_ += said->bytes.size();
  }
  return {};
}

Status TextBatches::Next(TextBatch* batch) {
  batch->said.clear();
  batch->last = newest_;
  bytes_ = 0;
  for (uint64_t i = 0; newest_ < last_ && i < kBatchNumbers && bytes_ < kBatchTextBytes; ++i) {
    BACKSTEP_ASSIGN_OR_RETURN(auto numbered, scan_.Next());
    const size_t before = batch->said.size();
    for (size_t place = 0; numbered && place < numbered->sayings.size(); ++place) {
      const BodyRef& ref = numbered->sayings[place].body();
      if (ref.where == BodyRef::Where::kNone) continue;
      Said said{Said::Kind::kKnown, DocumentKey(ref), numbered->number, place};
      if (known_.contains(said.document)) {
        said.ref = ref;
      } else if (Status status = Read(ref, &said); !status.ok()) {
        batch->said.resize(before);
        return status;
      }
      batch->said.push_back(std::move(said));
    }
    newest_ = batch->last = numbered ? numbered->number : last_;
  }
  return {};
}

Status TextBatches::BeginSegment(TextBatch* batch) {
  known_.clear();
  for (Said& said : batch->said) {
    if (said.kind == Said::Kind::kText || said.kind == Said::Kind::kNoWords) {
      known_.insert(said.document);
    } else if (said.kind == Said::Kind::kKnown && !known_.contains(said.document)) {
      BACKSTEP_RETURN_IF_ERROR(Read(said.ref, &said));
    }
  }
  return {};
}

}  // namespace backstep::store
