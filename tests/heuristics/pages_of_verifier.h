// Pages with Driver Verifier's pointers and records, written byte by byte, and the way from them to the report.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "heuristics/report.h"
#include "parser/image/image.h"

namespace poolblame::testing {

inline constexpr std::uint64_t kBase = 0xFFFFFA8001000000, kDriver = 0xFFFFF88001230000;

inline std::vector<std::uint8_t> Word(std::uint64_t value) {
  std::vector<std::uint8_t> bytes;
  for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  return bytes;
}

inline Module Caller() { return {"caller.sys", "", VirtAddr{kDriver}, 0x10000, 0, false}; }

/// The report on pages of Windows 7 x64 that begin at kBase.
inline Report JudgePages(ByteView pages, std::vector<Module> modules) {
  OpenOptions options;
  options.base = VirtAddr{kBase};
  options.machine = Machine::kX64;
  options.build = 7601;
  const Result<Image> image = Image::FromBytes(pages, "pages", options);
  const AddressSpace space(*image);
  System system;
  system.machine = Machine::kX64;
  system.build = 7601;
  system.modules = std::move(modules);
  return Judge(space, system, ScanPool(space, system, {}), TagDatabase{});
}

}  // namespace poolblame::testing
