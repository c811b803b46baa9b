#include "backstep/recorder/adapters/otlp/otlp_proto.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream.h>

#include <algorithm>
#include <vector>

#include "backstep/recorder/adapters/otlp/proto_span.h"
#include "backstep/recorder/adapters/otlp/wire.h"

namespace backstep::adapters {
namespace {

using google::protobuf::io::CodedInputStream;

constexpr int kSpanMax = 256 << 20;  // bytes of one span, resource or scope
constexpr int kBlock = 64 << 10;

// Field numbers of trace.proto and trace_service.proto, down to a span.
constexpr uint32_t kResourceSpans = 1;                    // TracesData, ExportTraceServiceRequest
constexpr uint32_t kResource = 1, kScopeSpans = 2;        // ResourceSpans
// before 0.15: InstrumentationLibrarySpans
constexpr uint32_t kOldScopeSpans = 1000;
constexpr uint32_t kScope = 1, kSpans = 2;                // ScopeSpans

enum class Framing { kNone, kVarint, kFourBytes };

// The file as protobuf's stream of blocks.
class SourceStream : public google::protobuf::io::ZeroCopyInputStream {
 public:
  explicit SourceStream(Source& source) : source_(source), block_(kBlock) {}
  bool Next(const void** data, int* size) override {
    if (back_ == 0) {
      const Result<size_t> read = source_.Read(block_.data(), block_.size());
      if (!read.ok()) status_ = read.status();
      size_ = back_ = read.ok() ? static_cast<int>(*read) : 0;
      if (size_ == 0) return false;
    }
    *data = block_.data() + (size_ - back_);
    *size = back_;
    given_ += back_;
    back_ = 0;
    return true;
  }
  void BackUp(int count) override {
    back_ = count;
    given_ -= count;
  }
  bool Skip(int count) override {
    const void* data = nullptr;
    int size = 0;
    while (count > 0 && Next(&data, &size)) {
      if (size > count) BackUp(size - count);
      count -= std::min(size, count);
    }
    return count == 0;
  }
  int64_t ByteCount() const override { return given_; }
  const Status& status() const { return status_; }

 private:
  Source& source_;
  std::vector<char> block_;
  int size_ = 0, back_ = 0;
  int64_t given_ = 0;
  Status status_;
};

class ProtoFile {
 public:
  ProtoFile(Source& source, Framing framing, SpanCollector& collector, Sink& sink)
      : path_(source.path()), stream_(source), framing_(framing), collector_(collector),
        sink_(sink) {}

  Status Run() {
    // One CodedInputStream a message of the top: it counts its bytes in an int.
    while (stream_.status().ok() && Message()) continue;
    return stream_.status();
  }

 private:
  // The next field of the top, or the next frame; false: the end.
  bool Message() {
    CodedInputStream in(&stream_);
    begun_ = stream_.ByteCount();
    const void* data = nullptr;
    int size = 0;
    if (!in.GetDirectBufferPointer(&data, &size) || size == 0) return false;
    begun_ -= size;
    if (framing_ == Framing::kNone) {
      return Field(in, kResourceSpans, [&] { return InResource(in); });
    }
    uint32_t frame = 0;
    if (!(framing_ == Framing::kVarint ? in.ReadVarint32(&frame) : FourBytes(in, &frame))) {
      return Broken(in, "the length of a message is cut off");
    }
    return Within(in, frame, [&] {
      return Field(in, kResourceSpans, [&] { return InResource(in); });
    });
  }

  static bool FourBytes(CodedInputStream& in, uint32_t* number) {
    uint8_t bytes[4];
    if (!in.ReadRaw(bytes, 4)) return false;
    *number =
        uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 | bytes[3];
    return true;
  }

  // Calls `each` until `size` bytes are used up.
  template <typename Each>
  bool Within(CodedInputStream& in, uint32_t size, Each each) {
    if (size > INT32_MAX) return Broken(in, "a message longer than 2 GiB");
    const auto limit = in.PushLimit(static_cast<int>(size));
    bool ok = true;
    while (ok && in.BytesUntilLimit() > 0) ok = each();
    in.PopLimit(limit);
    return ok;
  }

  // A field: `wanted` ones hold messages and are entered, others are passed over.
  template <typename Each>
  bool Field(CodedInputStream& in, uint32_t wanted, Each each) {
    uint32_t size = 0, field = 0;
    if (!Begin(in, &field, &size)) return false;
    if (field != wanted) return Pass(in, size);
    resource_ = collector_.ReserveOrigin();
    return Within(in, size, each);
  }

  // Reads a tag and, for bytes, their length; passes over a number (then the size is 0).
  bool Begin(CodedInputStream& in, uint32_t* field, uint32_t* size) {
    const uint32_t tag = in.ReadTag();
    *field = tag >> 3;
    *size = 0;
    uint64_t number = 0;
    uint32_t number32 = 0;
    bool ok = false;
    switch (static_cast<Wire>(tag & 7)) {
      case Wire::kBytes: return *field != 0 && in.ReadVarint32(size) ? true : Broken(in, kBadField);
      case Wire::kVarint: ok = in.ReadVarint64(&number); break;
      case Wire::kFixed64: ok = in.ReadLittleEndian64(&number); break;
      case Wire::kFixed32: ok = in.ReadLittleEndian32(&number32); break;
    }
    const void* data = nullptr;
    int left = 0;
    if (tag == 0 && !in.GetDirectBufferPointer(&data, &left)) return Broken(in, kCut);
    if (*field == 0 || !ok) return Broken(in, kBadField);
    *field = 0;  // none that is wanted
    return true;
  }

  bool Pass(CodedInputStream& in, uint32_t size) {
    if (size > INT32_MAX || !in.Skip(static_cast<int>(size))) return Broken(in, kCut);
    return true;
  }

  bool InResource(CodedInputStream& in) {
    if (in.BytesUntilLimit() == 0) return true;
    uint32_t field = 0, size = 0;
    if (!Begin(in, &field, &size)) return false;
    if (field == kScopeSpans || field == kOldScopeSpans) {
      scope_ = collector_.ReserveOrigin();
      return Within(in, size, [&] { return InScope(in); });
    }
    if (field != kResource) return Pass(in, size);
    if (!Take(in, size)) return false;
    Attributes attributes;
    if (ReadProtoResource(bytes_, &span_, &attributes)) {
      collector_.SetOrigin(resource_, attributes, sink_);
    } else {
      Leave(in, "a resource that is no message of its kind");
    }
    return true;
  }

  bool InScope(CodedInputStream& in) {
    uint32_t field = 0, size = 0;
    if (!Begin(in, &field, &size)) return false;
    if (field != kScope && field != kSpans) return Pass(in, size);
    const uint64_t at = Offset(in);
    if (!Take(in, size)) return false;
    if (field == kScope) {
      Attributes attributes;
      if (ReadProtoScope(bytes_, &span_, &attributes)) {
        collector_.SetOrigin(scope_, attributes, sink_);
      } else {
        Leave(in, "a scope that is no message of its kind");
      }
      return true;
    }
    if (!ReadProtoSpan(bytes_, &span_)) {
      Leave(in, "a span that is no message of its kind");
      return true;
    }
    if (span_.name.empty() && span_.span_id.empty()) {
      Leave(in, "a span without name and id");
      return true;
    }
    span_.resource = resource_;
    span_.scope = scope_;
    collector_.Add(&span_, Place{path_, 0, at}, sink_);
    return true;
  }

  // The next bytes into bytes_, and an empty span beside them.
  bool Take(CodedInputStream& in, uint32_t size) {
    span_.Clear();
    if (size > static_cast<uint32_t>(kSpanMax)) return Broken(in, "a span longer than 256 MiB");
    if (in.ReadString(&bytes_, static_cast<int>(size))) return true;
    return Broken(in, kCut);
  }

  uint64_t Offset(CodedInputStream& in) const {
    return static_cast<uint64_t>(begun_ + in.CurrentPosition());
  }
  void Leave(CodedInputStream& in, const char* reason) {
    sink_.Skip(Place{path_, 0, Offset(in)}, reason);
  }
  bool Broken(CodedInputStream& in, const char* reason) {
    if (stream_.status().ok()) Leave(in, reason);
    return false;
  }

  static constexpr const char* kCut = "the file ends in the middle of a message";
  static constexpr const char* kBadField = "no protobuf from here on: a field without a number";

  const std::string path_;
  SourceStream stream_;
  const Framing framing_;
  SpanCollector& collector_;
  Sink& sink_;
  Span span_;
  std::string bytes_;
  OriginId resource_ = 0, scope_ = 0;
  int64_t begun_ = 0;  // offset of the message of the top
};

// Whether the bytes begin like a TracesData, as far as they go.
bool LooksLikeTraces(std::string_view bytes) {
  uint32_t expected[3] = {kResourceSpans, kResource, 1};
  for (int level = 0; level < 3; ++level) {
    CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes.data()),
                        static_cast<int>(bytes.size()));
    const uint32_t tag = in.ReadTag();
    uint32_t size = 0;
    if ((tag & 7) != static_cast<uint32_t>(Wire::kBytes) || !in.ReadVarint32(&size)) return false;
    const uint32_t field = tag >> 3;
    const bool spans = level == 1 && (field == kScopeSpans || field == kOldScopeSpans);
    if (field != expected[level] && !spans) return false;
    const auto at = static_cast<size_t>(in.CurrentPosition());
    bytes = bytes.substr(at);
    if (size < 2 && level == 0) return false;
    if (spans) return size > 2;
    if (level == 1 && size == 0) return true;  // a resource without attributes
    if (level > 0 && size > bytes.size()) return bytes.size() > 1000;
    if (level == 2) return size > 2 && bytes[0] == '\x0a';  // a KeyValue, whose key comes first
  }
  return false;
}

Framing FramingOf(std::string_view bytes) {
  if (LooksLikeTraces(bytes)) return Framing::kNone;
  if (bytes.size() > 4 && bytes[0] == '\0' && LooksLikeTraces(bytes.substr(4))) {
    return Framing::kFourBytes;
  }
  return Framing::kVarint;
}

size_t VarintSize(std::string_view bytes) {
  size_t size = 0;
  while (size < bytes.size() && size < 5 && (bytes[size] & 0x80) != 0) ++size;
  return size + 1;
}

}  // namespace

int DetectOtlpProto(const Head& head) {
  const std::string_view bytes = head.bytes;
  if (bytes.size() < 4) return 0;
  if (LooksLikeTraces(bytes)) return 90;
  if (bytes[0] == '\0' && LooksLikeTraces(bytes.substr(4))) return 85;
  const size_t length = VarintSize(bytes);
  return length < bytes.size() && LooksLikeTraces(bytes.substr(length)) ? 80 : 0;
}

Status ReadOtlpProto(Source& source, SpanCollector& collector, Sink& sink) {
  std::string_view head;
  BACKSTEP_ASSIGN_OR_RETURN(head, source.Peek());
  return ProtoFile(source, FramingOf(head), collector, sink).Run();
}

}  // namespace backstep::adapters
