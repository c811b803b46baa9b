// Measures the state encoding by itself, for who works on it (scripts/bench has what counts):
// stored bytes against one zstd-3 stream of what was new and against compressed full snapshots,
// time to encode, time to read any version.
//
//   state_bench [--quick] [WORKLOAD...]
#include <zstd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "backstep/base/hash.h"
#include "backstep/store/format/keys.h"
#include "backstep/store/log/rocks/kv_store.h"
#include "backstep/store/state/state_store.h"
#include "backstep/tests/bench/corpus.h"
#include "backstep/tests/bench/measure.h"
#include "backstep/tests/bench/workloads.h"
#include "backstep/tests/support/memory_kv.h"
#include "backstep/tests/support/temp_dir.h"

namespace backstep::bench {
namespace {

using store::KvBatch;
using store::KvReader;
using store::KvStore;
using testing::MemoryKv;

constexpr AgentId kAgent{1};
constexpr LogId kLog{1};
constexpr int kLevel = 3;
constexpr size_t kBlockBytes = size_t{64} << 10;

// Processor time of this thread in microseconds: what others do on the machine does not count.
double Now() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

size_t Compressed(const std::string& bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  const size_t size = ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), kLevel);
  if (ZSTD_isError(size)) Fail(ZSTD_getErrorName(size));
  return size;
}

// What the table files of a log hold, modelled: values in key order, keys with their common
// prefix left out, in compressed blocks. By key tag.
std::map<char, size_t> BlockBytes(const MemoryKv::Map& map) {
  std::map<char, size_t> sizes;
  std::string block, before;
  char tag = 0;
  const auto close = [&] {
    if (!block.empty()) sizes[tag] += Compressed(block) + 5;
    block.clear();
    before.clear();
  };
  for (const auto& [key, value] : map) {
    if (key[0] != tag || block.size() >= kBlockBytes) close();
    tag = key[0];
    const size_t shared = static_cast<size_t>(
        std::mismatch(key.begin(), key.end(), before.begin(), before.end()).first - key.begin());
    block += std::string(3, static_cast<char>(shared)) + key.substr(shared) +
             std::string(8, '\1') + value;
    before = key;
  }
  close();
  return sizes;
}

// Writes to the model and to a log alike.
class Tee : public KvBatch {
 public:
  Tee(MemoryKv* model, store::WriteSet* log) : model_(model), log_(log) {}
  void Put(std::string_view key, std::string_view value) override {
    model_->Put(key, value);
    log_->Put(key, value);
  }
  void Delete(std::string_view key) override {
    model_->Delete(key);
    log_->Delete(key);
  }

 private:
  MemoryKv* model_;
  store::WriteSet* log_;
};

struct Report {
  size_t steps = 0, state_bytes = 0, inserted = 0, floor = 0, full = 0;
  size_t raw = 0, model = 0, log = 0, retained = 0;
  std::map<char, size_t> by_tag;
  double encode_mean = 0, encode_p50 = 0, encode_p99 = 0;
  double read_p50 = 0, read_p99 = 0, log_p50 = 0, log_p99 = 0, forward = 0, backward = 0;
};

struct Run {
  std::vector<BodyRef> refs;      // of the states
  std::vector<Hash128> hashes;
};

void Encode(const std::string& name, size_t steps, MemoryKv* model, KvStore* log, Report* report,
            Run* run) {
  const std::unique_ptr<Workload> workload = MakeWorkload(name, 42);
  if (workload == nullptr) Fail("no workload " + name);
  store::WriteSet set;
  Tee tee(model, &set);
  store::StateEncoder encoder(&tee);
  std::string inserted;
  std::vector<double> times;
  double full = 0;
  const size_t every = std::max<size_t>(1, steps / 60);
  for (size_t i = 0; i < steps; ++i) {
    const Step step = workload->Next();
    inserted += step.inserted;
    const double begin = Now();
    for (const Put& put : step.puts) {
      if (put.kind == Put::Kind::kLiteral) {
        encoder.AppendLiteral(kAgent, put.bytes, "");
        continue;
      }
      const bool state = put.kind == Put::Kind::kState;
      Result<BodyRef> ref = encoder.Append(
          kAgent, state ? store::kStateStream : store::kLlmRequestStream, put.bytes, "");
      if (!ref.ok()) Fail(ref.status().ToString());
      if (!state) continue;
      ref->log = kLog;
      run->refs.push_back(*ref);
    }
    times.push_back(Now() - begin);
    if (i % every == 0) {
      for (const Put& put : step.puts) full += static_cast<double>(Compressed(put.bytes) * every);
    }
    report->state_bytes = step.puts.back().bytes.size();
    if (i % 64 == 63 || i + 1 == steps) {
      if (const Status s = log->Write(&set, false); !s.ok()) Fail(s.ToString());
    }
  }
  report->steps = steps;
  report->inserted = inserted.size();
  report->floor = Compressed(inserted);
  report->full = static_cast<size_t>(full);
  report->retained = encoder.RetainedBytes();
  for (double t : times) report->encode_mean += t / static_cast<double>(steps);
  report->encode_p50 = Percentile(&times, 0.5);
  report->encode_p99 = Percentile(&times, 0.99);
}

void ReadRandom(const KvReader* reader, const Run& run, double* p50, double* p99) {
  RandomStream random(5);
  std::vector<double> times;
  for (int i = 0; i < 400; ++i) {
    const BodyRef& ref = run.refs[random.Next() % run.refs.size()];
    store::StateReader states([&](LogId) { return reader; });
    const double begin = Now();
    const Result<std::string> bytes = states.Read(ref);
    times.push_back(Now() - begin);
    if (!bytes.ok()) Fail(bytes.status().ToString());
  }
  *p50 = Percentile(&times, 0.5);
  *p99 = Percentile(&times, 0.99);
}

// Microseconds a version, read one after the other.
double ReadInOrder(const KvReader* reader, const Run& run, bool forward) {
  store::StateReader states([&](LogId) { return reader; });
  const size_t count = std::min<size_t>(run.refs.size(), 600);
  const size_t first = run.refs.size() - count;
  const double begin = Now();
  for (size_t i = 0; i < count; ++i) {
    const auto bytes = states.Read(run.refs[first + (forward ? i : count - 1 - i)]);
    if (!bytes.ok()) Fail(bytes.status().ToString());
  }
  return (Now() - begin) / static_cast<double>(count);
}

Report Measure(const std::string& name, size_t steps) {
  Report report;
  Run run;
  MemoryKv model;
  const testing::TempDir dir;
  const std::string path = dir / "log";
  std::filesystem::create_directories(path);
  {
    const std::unique_ptr<KvStore> log = Need(KvStore::Create(path));
    Encode(name, steps, &model, log.get(), &report, &run);
    if (const Status s = log->FinishAndClose(); !s.ok()) Fail(s.ToString());
  }
  report.log = FolderBytes(path);
  for (const auto& [key, value] : model.map()) report.raw += key.size() + value.size();
  report.by_tag = BlockBytes(model.map());
  for (const auto& [tag, bytes] : report.by_tag) report.model += bytes;
  ReadRandom(&model, run, &report.read_p50, &report.read_p99);
  const std::unique_ptr<KvStore> log = Need(KvStore::OpenToRead(path, false));
  const std::shared_ptr<KvReader> view = log->View();
  ReadRandom(view.get(), run, &report.log_p50, &report.log_p99);
  report.forward = ReadInOrder(view.get(), run, true);
  report.backward = ReadInOrder(view.get(), run, false);
  return report;
}

void PrintHead() {
  std::printf(
      "%-8s %5s %7s | %6s %6s | %6s %5s  %6s %5s %8s | %-17s | %-21s | %-15s %-15s %-11s\n",
      "workload", "steps", "state", "new", "floor", "model", "/flr", "log", "/flr", "full/log",
      "by key L/O/P", "encode us mean/50/99", "read us 50/99", "log read 50/99", "fwd/back us");
  std::printf("%-8s %5s %7s | %6s %6s | %6s %5s  %6s %5s %8s |\n", "", "", "KiB", "B/step",
              "B/step", "B/step", "", "B/step", "", "");
}

void Print(const std::string& name, const Report& r) {
  const double n = static_cast<double>(r.steps);
  const double floor = static_cast<double>(r.floor);
  const auto tag = [&](char t) {
    const auto found = r.by_tag.find(t);
    return found == r.by_tag.end() ? 0.0 : static_cast<double>(found->second) / n;
  };
  char tags[64];
  std::snprintf(tags, sizeof tags, "%.0f/%.1f/%.1f", tag('L'), tag('O'), tag('P'));
  std::printf("%-8s %5zu %7zu | %6.0f %6.0f | %6.0f %5.2f  %6.0f %5.2f %7.0fx | %-17s | "
              "%6.1f %6.1f %6.1f  | %6.0f %6.0f   %6.0f %6.0f   %4.0f %4.0f\n",
              name.c_str(), r.steps, r.state_bytes >> 10, static_cast<double>(r.inserted) / n,
              floor / n, static_cast<double>(r.model) / n, static_cast<double>(r.model) / floor,
              static_cast<double>(r.log) / n, static_cast<double>(r.log) / floor,
              static_cast<double>(r.full) / static_cast<double>(r.log), tags, r.encode_mean,
              r.encode_p50, r.encode_p99, r.read_p50, r.read_p99, r.log_p50, r.log_p99, r.forward,
              r.backward);
  std::fflush(stdout);
}

int Main(int argc, char** argv) {
  bool quick = false;
  std::vector<std::string> names;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--quick") == 0) {
      quick = true;
    } else {
      names.push_back(argv[i]);
    }
  }
  if (names.empty()) names = WorkloadNames();
  std::printf("texts: %s\n", Corpus(1).origin().c_str());
  std::printf("floor: one zstd-%d stream of the inserted bytes; model: values in key order in "
              "64 KiB zstd-%d blocks;\nlog: the sealed log's files; full: every record zstd-%d "
              "by itself\n\n", kLevel, kLevel, kLevel);
  PrintHead();
  for (const size_t steps : quick ? std::vector<size_t>{200} : std::vector<size_t>{200, 2000}) {
    for (const std::string& name : names) Print(name, Measure(name, steps));
  }
  return 0;
}

}  // namespace
}  // namespace backstep::bench

int main(int argc, char** argv) { return backstep::bench::Main(argc, argv); }
