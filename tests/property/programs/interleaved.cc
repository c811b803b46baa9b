// PATH SEED MOVES: one session of an interleaving, recorded into PATH; the process ends with its
// steps open.
#include <cstdlib>
#include <string>

#include "backstep/tests/property/interleaving.h"

int main(int argc, char** argv) {
  using namespace backstep;
  if (argc != 4) return 2;
  const uint64_t seed = std::strtoull(argv[2], nullptr, 10);
  const testing::Interleaving interleaving(seed, std::strtoull(argv[3], nullptr, 10), false);
  recorder::SessionOptions options;
  options.path = argv[1];
  options.name = "seed " + std::to_string(seed);
  options.read_environment = false;
  const auto session = recorder::Session::Open(options);
  if (!session->enabled()) return 3;
  testing::Perform(interleaving, session.get(), true);
  return 4;
}
