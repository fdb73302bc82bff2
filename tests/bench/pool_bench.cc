// What one page costs: refused, walked, reconstructed. A scan refuses nearly every page, so the first figure times the
// number of pages is the speed of the program; the last is paid only where something is wrong.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <vector>

#include "parser/format/pool_header.h"
#include "parser/image/address_space.h"
#include "parser/kernel/system.h"
#include "parser/pool/pool_census.h"

namespace poolblame {
namespace {

constexpr std::uint64_t kBase = 0xFFFFFA8000000000;
constexpr std::uint16_t kUnitsPerBlock = 8;  // 128 bytes: 32 blocks a page

const PoolHeaderLayout& Layout() { return *FindPoolHeaderLayout("nt6-x64"); }

std::vector<std::uint8_t> HealthyPages(std::size_t pages) {
  std::vector<std::uint8_t> bytes(pages * kPageSize, 0xAB);
  const std::size_t step = kUnitsPerBlock * Layout().unit;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    PoolHeaderFields header;
    header.PreviousSize = at % kPageSize == 0 ? 0 : kUnitsPerBlock;
    header.BlockSize = kUnitsPerBlock;
    header.PoolType = 2;
    header.PoolTag = PoolTag::FromText("Benc").value;
    Layout().Encode(header, bytes.data() + at);
  }
  return bytes;
}

std::vector<std::uint8_t> Noise(std::size_t pages) {
  std::vector<std::uint8_t> bytes(pages * kPageSize);
  std::uint32_t state = 1;
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>((state = state * 1664525 + 1013904223) >> 24);
  return bytes;
}

/// Classifies the pages one after the other.
void Classify(benchmark::State& state, const std::vector<std::uint8_t>& pages) {
  std::size_t at = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(ClassifyPage({pages.data() + at, kPageSize}, Layout()));
    at = (at + kPageSize) % pages.size();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(kPageSize));
}

void RejectZero(benchmark::State& state) { Classify(state, std::vector<std::uint8_t>(64 * kPageSize)); }
void RejectNoise(benchmark::State& state) { Classify(state, Noise(64)); }
void AcceptPool(benchmark::State& state) { Classify(state, HealthyPages(64)); }

/// Reads page 1 of four healthy ones after `smash` bytes from its fourth header on were overwritten.
void ReadPage(benchmark::State& state, std::size_t smash) {
  std::vector<std::uint8_t> bytes = HealthyPages(4);
  const std::size_t header = kPageSize + 3 * kUnitsPerBlock * Layout().unit;
  std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(header), smash, std::uint8_t{0x41});
  OpenOptions options;
  options.base = VirtAddr{kBase};
  options.machine = Machine::kX64;
  options.build = 7601;
  const Result<Image> image = Image::FromBytes({bytes.data(), bytes.size()}, "bench", options);
  if (!image) std::abort();
  const AddressSpace space(*image);
  const System system = ReadSystem(space);
  const PoolCensus census = ScanPool(space, system, {});
  for (auto _ : state) benchmark::DoNotOptimize(ReadPoolPage(space, system, census, VirtAddr{kBase + kPageSize}));
}

void WalkHealthyPage(benchmark::State& state) { ReadPage(state, 0); }
void ReconstructOneHeader(benchmark::State& state) { ReadPage(state, 16); }
void ReconstructThreeHeaders(benchmark::State& state) { ReadPage(state, 2 * kUnitsPerBlock * 16 + 16); }

BENCHMARK(RejectZero);
BENCHMARK(RejectNoise);
BENCHMARK(AcceptPool);
BENCHMARK(WalkHealthyPage);
BENCHMARK(ReconstructOneHeader);
BENCHMARK(ReconstructThreeHeaders);

}  // namespace
}  // namespace poolblame
