// Measures the state encoding: stored bytes against one zstd-3 stream of what was new and against
// compressed full snapshots, time to encode, time to read any version.
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
#include "backstep/store/format/log_files.h"
#include "backstep/store/log/rocks/kv_store.h"
#include "backstep/store/log_writer.h"
#include "backstep/store/recording.h"
#include "backstep/store/state/diff/diff.h"
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

// The same conversation recorded whole: steps, model calls and messages around the bytes.
void RecordStep(store::LogWriter* log, const Step& content, StepNumber number) {
  const AgentClock clock(number.value);
  StepRecord step;
  step.agent = kAgent;
  step.clock = clock;
  step.number = number;
  step.begin_after = StepNumber(number.value - 1);
  step.began_wall = TimeNs{1760000000000000000 + static_cast<int64_t>(number.value) * 1234567891};
  step.began_virtual = TimeNs{static_cast<int64_t>(number.value) * 1234567891};
  step.own = Milliseconds(3);
  step.duration = step.own + DurationNs{901234567};
  step.ended_wall = step.began_wall + step.duration;
  step.effect_count = 1;
  EffectRecord call;
  call.agent = kAgent;
  call.clock = clock;
  call.kind = EffectKind::kLlm;
  call.name = "m-large";
  call.request_hash = HashBytes(content.puts[0].bytes);
  call.began_wall = step.began_wall;
  call.began_virtual = step.began_virtual;
  call.duration = DurationNs{901234567 + static_cast<int64_t>(number.value * 7919 % 1000003)};
  call.finished_after = step.begin_after;
  MessageRecord message;
  message.id = {kAgent, clock, 0, 0};
  message.to = AgentId(2);
  message.kind = "answer";
  message.sent_wall = step.ended_wall;
  message.sent_virtual = step.began_virtual + step.duration;
  message.sent_after = step.begin_after;
  message.offered_hash = HashBytes(content.puts[2].bytes);
  step.sent.push_back({message.id, message.to, {}, message.sent_virtual, false});
  const Body request{content.puts[0].bytes}, response{content.puts[1].bytes};
  const Body body{content.puts[2].bytes, "text/plain"};
  Need(log->Begin(step));
  Need(log->PutEffect(&call, &request, &response));
  Need(log->PutMessage(&message, &body));
  Need(log->Commit(&step, Body{content.puts[3].bytes}));
}

void MeasureRecorded(const std::string& name, size_t steps) {
  const testing::TempDir dir;
  const std::string path = dir / "bench.backstep";
  const std::unique_ptr<Workload> workload = MakeWorkload(name, 42);
  std::string inserted;
  {
    const auto recording = Need(store::Recording::Create(path));
    const auto log = Need(recording->NewLog(LogHeader(), {}));
    for (uint32_t id = 0; id < 3; ++id) {
      AgentRecord agent;
      agent.id = AgentId(id);
      agent.name = id == 0 ? kOutsideName : "agent" + std::to_string(id);
      Need(log->PutAgent(agent, Body{"{}"}));
    }
    for (size_t i = 0; i < steps; ++i) {
      const Step step = workload->Next();
      inserted += step.inserted;
      RecordStep(log.get(), step, StepNumber(i + 1));
      if (i % 16 == 15) Need(log->Flush());
    }
    Need(log->Seal({}));
  }
  const double floor = static_cast<double>(Compressed(inserted)) / static_cast<double>(steps);
  const double stored = static_cast<double>(FolderBytes(path)) / static_cast<double>(steps);
  std::printf("  %-10s %5zu steps: %6.0f B/step in the sealed recording, floor %4.0f: %.2fx;",
              name.c_str(), steps, stored, floor, stored / floor);
  MemoryKv all;
  const auto log = Need(KvStore::OpenToRead(store::LogPath(path, kLog), false));
  const auto view = log->View();
  const auto cursor = view->NewCursor();
  for (cursor->Seek(""); cursor->Valid(); cursor->Next()) all.Put(cursor->key(), cursor->value());
  for (const auto& [tag, bytes] : BlockBytes(all.map())) {
    std::printf(" %c %.1f", tag, static_cast<double>(bytes) / static_cast<double>(steps));
  }
  std::printf("\n");
}

// Time and result of the diff alone, ordinary and worst cases.
void MeasureDiff(size_t size) {
  Corpus corpus(7);
  const std::string text = corpus.Text(size);
  std::vector<std::pair<const char*, std::string>> cases;
  cases.emplace_back("identical", text);
  cases.emplace_back("append", text + corpus.Text(800));
  cases.emplace_back("counter+append", "{\"n\":2" + text.substr(6) + corpus.Text(800));
  for (int count : {20, 200}) {
    std::string edited = text;
    for (int i = 0; i < count; ++i) {
      edited.replace(corpus.random().Next() % edited.size(), 9, corpus.Text(7));
    }
    cases.emplace_back(count == 20 ? "20 edits" : "200 edits", edited);
  }
  cases.emplace_back("3 KiB out of front", text.substr(0, 100) + text.substr(3172));
  cases.emplace_back("halves swapped", text.substr(size / 2) + text.substr(0, size / 2));
  cases.emplace_back("other text", corpus.Text(size));
  std::string line, lines, moved;
  for (size_t i = 0; lines.size() < size; ++i) {
    line = "row " + std::to_string(i % 10) + ": ok\n";
    lines += line;
    moved += "row " + std::to_string(i % 7) + ": ok\n";
  }
  for (const auto& [name, to] : cases) {
    store::Differ differ;
    std::vector<double> times;
    size_t inserted = 0;
    for (int i = 0; i < 21; ++i) {
      const double begin = Now();
      const auto& hunks = differ.Run(text, to);
      times.push_back(Now() - begin);
      inserted = 0;
      for (const auto& hunk : hunks) {
        if (hunk.kind == store::Hunk::Kind::kInsert) inserted += hunk.length;
      }
    }
    std::printf("  %-20s %9.1f us  %9zu B inserted\n", name, Percentile(&times, 0.5), inserted);
  }
  store::Differ differ;
  const double begin = Now();
  const size_t hunks = differ.Run(lines, moved).size();
  std::printf("  %-20s %9.1f us  %9zu hunks\n", "repetitive lines", Now() - begin, hunks);
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
  std::printf("\nrecorded whole: steps, model calls, messages\n");
  for (const char* name : {"chat", "smalltalk"}) MeasureRecorded(name, quick ? 200 : 2000);
  for (const size_t size : quick ? std::vector<size_t>{65536} : std::vector<size_t>{65536, 1048576}) {
    std::printf("\ndiff of %zu KiB, p50\n", size >> 10);
    MeasureDiff(size);
  }
  return 0;
}

}  // namespace
}  // namespace backstep::bench

int main(int argc, char** argv) { return backstep::bench::Main(argc, argv); }
