#include "backstep/recorder/adapters/core/unpack.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace backstep::adapters {
namespace {

constexpr size_t kPackedChunk = 128u << 10;

class MemoryStream final : public ByteStream {
 public:
  explicit MemoryStream(std::string_view bytes) : left_(bytes) {}
  Result<size_t> Read(char* out, size_t size) override {
    const size_t taken = std::min(size, left_.size());
    if (taken > 0) std::memcpy(out, left_.data(), taken);
    left_.remove_prefix(taken);
    return taken;
  }

 private:
  std::string_view left_;
};

// Packed bytes, a chunk at a time.
class PackedInput {
 public:
  explicit PackedInput(std::unique_ptr<ByteStream> stream)
      : stream_(std::move(stream)), chunk_(kPackedChunk) {}
  // Makes `at` and `left` bytes; none left: the end.
  Status Fill() {
    if (left > 0 || ended_) return {};
    BACKSTEP_ASSIGN_OR_RETURN(left, stream_->Read(chunk_.data(), chunk_.size()));
    at = chunk_.data();
    ended_ = left == 0;
    return {};
  }
  char* at = nullptr;
  size_t left = 0;

 private:
  std::unique_ptr<ByteStream> stream_;
  std::vector<char> chunk_;
  bool ended_ = false;
};

class GzipStream final : public ByteStream {
 public:
  GzipStream(std::unique_ptr<ByteStream> packed, bool bare) : input_(std::move(packed)) {
    // 16: with gzip's header and sum; negative: neither.
    usable_ = inflateInit2(&zlib_, bare ? -MAX_WBITS : 16 + MAX_WBITS) == Z_OK;
    bare_ = bare;
  }
  ~GzipStream() override {
    if (usable_) inflateEnd(&zlib_);
  }

  Result<size_t> Read(char* out, size_t size) override {
    if (!usable_) return Status::Unavailable("no memory to unpack it");
    size = std::min<size_t>(size, 1u << 30);
    zlib_.next_out = reinterpret_cast<Bytef*>(out);
    zlib_.avail_out = static_cast<uInt>(size);
    while (zlib_.avail_out > 0 && !done_ && failure_.ok()) failure_ = Step();
    const size_t made = size - zlib_.avail_out;
    if (made == 0 && !failure_.ok()) return failure_;
    return made;
  }

 private:
  Status Step() {
    BACKSTEP_RETURN_IF_ERROR(input_.Fill());
    if (between_) return NextMember();
    if (input_.left == 0) return Status::Corruption("the packed data is cut off");
    zlib_.next_in = reinterpret_cast<Bytef*>(input_.at);
    zlib_.avail_in = static_cast<uInt>(input_.left);
    const int code = inflate(&zlib_, Z_NO_FLUSH);
    input_.at += input_.left - zlib_.avail_in;
    input_.left = zlib_.avail_in;
    if (code == Z_STREAM_END) {
      between_ = true;
      return {};
    }
    if (code == Z_OK || code == Z_BUF_ERROR) return {};
    return Status::Corruption(std::string("the packed data is broken: ") +
                              (zlib_.msg != nullptr ? zlib_.msg : "not readable"));
  }

  // Another member may follow the one that ended, or zeros that some tools fill up with.
  Status NextMember() {
    if (bare_) done_ = true;
    while (!done_) {
      BACKSTEP_RETURN_IF_ERROR(input_.Fill());
      if (input_.left == 0) done_ = true;
      if (done_ || *input_.at != '\0') break;
      ++input_.at;
      --input_.left;
    }
    if (done_) return {};
    if (static_cast<unsigned char>(*input_.at) != 0x1f) {
      return Status::Corruption("other bytes follow the packed data");
    }
    between_ = false;
    return inflateReset(&zlib_) == Z_OK ? Status() : Status::Internal("the unpacker is not reset");
  }

  PackedInput input_;
  z_stream zlib_{};
  bool usable_ = false, bare_ = false, between_ = false, done_ = false;
  Status failure_;
};

class ZstdStream final : public ByteStream {
 public:
  explicit ZstdStream(std::unique_ptr<ByteStream> packed)
      : input_(std::move(packed)), zstd_(ZSTD_createDStream()) {}
  ~ZstdStream() override { ZSTD_freeDStream(zstd_); }

  Result<size_t> Read(char* out, size_t size) override {
    if (zstd_ == nullptr) return Status::Unavailable("no memory to unpack it");
    ZSTD_outBuffer output{out, size, 0};
    while (output.pos < output.size && !done_ && failure_.ok()) failure_ = Step(&output);
    if (output.pos == 0 && !failure_.ok()) return failure_;
    return output.pos;
  }

 private:
  Status Step(ZSTD_outBuffer* output) {
    BACKSTEP_RETURN_IF_ERROR(input_.Fill());
    const bool at_end = input_.left == 0;
    if (at_end && whole_) {
      done_ = true;
      return {};
    }
    ZSTD_inBuffer in{input_.at, input_.left, 0};
    const size_t before = output->pos;
    const size_t code = ZSTD_decompressStream(zstd_, output, &in);
    input_.at += in.pos;
    input_.left -= in.pos;
    if (ZSTD_isError(code) != 0) {
      return Status::Corruption(std::string("the packed data is broken: ") +
                                ZSTD_getErrorName(code));
    }
    whole_ = code == 0;
    if (at_end && !whole_ && output->pos == before) {
      return Status::Corruption("the packed data is cut off");
    }
    return {};
  }

  PackedInput input_;
  ZSTD_DStream* zstd_;
  bool whole_ = false, done_ = false;
  Status failure_;
};

}  // namespace

Packing PackingOf(std::string_view bytes) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(bytes[i]); };
  if (bytes.size() >= 2 && byte(0) == 0x1f && byte(1) == 0x8b) return Packing::kGzip;
  if (bytes.size() < 4) return Packing::kNone;
  const bool frame = byte(0) == 0x28 && byte(1) == 0xb5 && byte(2) == 0x2f && byte(3) == 0xfd;
  const bool skipped =
      (byte(0) & 0xf0) == 0x50 && byte(1) == 0x2a && byte(2) == 0x4d && byte(3) == 0x18;
  return frame || skipped ? Packing::kZstd : Packing::kNone;
}

std::unique_ptr<ByteStream> StreamOf(std::string_view bytes) {
  return std::make_unique<MemoryStream>(bytes);
}

std::unique_ptr<ByteStream> MakeUnpacker(Packing packing, std::unique_ptr<ByteStream> packed) {
  switch (packing) {
    case Packing::kGzip:
    case Packing::kDeflate:
      return std::make_unique<GzipStream>(std::move(packed), packing == Packing::kDeflate);
    case Packing::kZstd:
      return std::make_unique<ZstdStream>(std::move(packed));
    case Packing::kNone:
      break;
  }
  return packed;
}

Result<std::string> Unpacked(Packing packing, std::string_view packed, size_t size_max) {
  const auto stream = MakeUnpacker(packing, StreamOf(packed));
  std::string out;
  for (;;) {
    const size_t had = out.size();
    // One byte more than is allowed tells that there is more.
    out.resize(std::min(size_max + 1, std::max<size_t>(64u << 10, had * 2)));
    if (out.size() <= had) {
      return Status::InvalidArgument("more than " + std::to_string(size_max) + " bytes");
    }
    BACKSTEP_ASSIGN_OR_RETURN(const size_t made, stream->Read(out.data() + had, out.size() - had));
    out.resize(had + made);
    if (made == 0) return out;
    if (out.size() > size_max) {
      return Status::InvalidArgument("more than " + std::to_string(size_max) + " bytes");
    }
  }
}

}  // namespace backstep::adapters
