#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "cli/symbol_file.h"
#include "heuristics/report.h"
#include "parser/image/address_space.h"
#include "parser/image/image.h"
#include "parser/kernel/system.h"
#include "parser/pool/pool_census.h"
#include "samples/builder.h"
#include "tests/fuzz/exercise.h"

namespace poolblame::fuzz {
namespace {

/// Bare memory with a kernel's image in it, whose debugger data block has lost its tag: symbols stand in for it.
std::vector<std::uint8_t> MemoryWithoutBlock() {
  constexpr std::string_view kTag = "KDBG";
  auto built = samples::BuildSample(
      "windows=7601 machine=x64 fault=overrun bytes=24 content=string pages=512 seed=9 code=yes container=elf-bare");
  if (!built) std::abort();
  std::vector<std::uint8_t>& bytes = built->bytes;
  const auto tag = std::search(bytes.begin(), bytes.end(), kTag.begin(), kTag.end());
  if (tag == bytes.end()) std::abort();
  std::fill_n(tag, kTag.size(), std::uint8_t{'?'});
  return std::move(bytes);
}

}  // namespace

void ExerciseSymbols(ByteView bytes) {
  const Result<KernelSymbols> symbols = cli::ReadSymbols(bytes, "fuzz");
  if (!symbols) return;
  static const std::vector<std::uint8_t> kMemory = MemoryWithoutBlock();
  static const Result<Image> kImage = Image::FromBytes({kMemory.data(), kMemory.size()}, "fuzz", {});
  const AddressSpace space(*kImage);
  const System system = ReadSystem(space, &*symbols);
  ScanOptions scan;
  scan.threads = 1;
  static const TagDatabase kTags;
  (void)Judge(space, system, ScanPool(space, system, scan), kTags);
}

}  // namespace poolblame::fuzz
