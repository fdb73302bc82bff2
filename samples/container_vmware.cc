// VMware: memory in a file of its own, or in the state file. Groups of tags as Volatility's and LeechCore's readers
// describe them; version 2 of the format, whose long lengths have 8 bytes.
#include <ostream>

#include "samples/container.h"

namespace poolblame::samples {
namespace {

void Grow(Bytes& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<std::uint8_t>(value >> 8 * i));
}

/// A tag's head: flags with the code for its data's length, name, indices.
void GrowTag(Bytes& out, unsigned code, std::string_view name, std::initializer_list<std::uint32_t> indices) {
  Grow(out, indices.size() << 6 | code, 1);
  Grow(out, name.size(), 1);
  out.insert(out.end(), name.begin(), name.end());
  for (const std::uint32_t index : indices) Grow(out, index, 4);
}

void GrowNumber(Bytes& out, std::string_view name, std::initializer_list<std::uint32_t> indices, std::uint64_t value) {
  GrowTag(out, 4, name, indices);
  Grow(out, value, 4);
}

void PutGroup(Bytes& header, std::size_t index, std::string_view name, std::uint64_t offset, std::uint64_t size) {
  const std::size_t at = 0x0C + index * 0x50;
  PutText(header, at, name);
  Put64(header, at + 0x40, offset);
  Put64(header, at + 0x48, size);
}

constexpr std::size_t kHeaderBytes = 0x0C + 2 * 0x50;

Bytes MemoryTags(const std::vector<PhysicalRun>& runs) {
  Bytes tags;
  GrowNumber(tags, "align_mask", {}, 0xFFFF);
  GrowNumber(tags, "regionsCount", {}, runs.size());
  std::uint64_t page = 0;
  for (std::uint32_t i = 0; i < runs.size(); ++i) {
    GrowNumber(tags, "regionPageNum", {i}, page);
    GrowNumber(tags, "regionPPN", {i}, runs[i].base_pfn);
    GrowNumber(tags, "regionSize", {i}, runs[i].pages);
    page += runs[i].pages;
  }
  return tags;
}

/// The head of the tag that holds the memory, padded so that the pages begin at a page of the file.
void GrowMemoryHead(Bytes& tags, std::uint64_t tags_at, std::uint64_t bytes) {
  GrowTag(tags, 62, "Memory", {0, 0});
  Grow(tags, bytes, 8);
  Grow(tags, bytes, 8);
  const std::uint64_t data_at = tags_at + tags.size() + 2;
  const std::uint64_t padding = (kPage - data_at % kPage) % kPage;
  Grow(tags, padding, 2);
  tags.insert(tags.end(), padding, 0);
}

void Write(std::ostream& out, const Bytes& bytes) {
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace

void WriteVmem(const Snapshot& snapshot, std::ostream& out) {
  FrameReader reader(snapshot);
  for (const PhysicalRun& run : snapshot.machine.memory().runs())
    for (std::uint64_t pfn = run.base_pfn; pfn < run.base_pfn + run.pages; ++pfn)
      out.write(reinterpret_cast<const char*>(reader.Read(pfn)), kPage);
}

void WriteVmwareState(const Snapshot& snapshot, bool with_memory, std::ostream& out) {
  Bytes cpu;
  GrowNumber(cpu, "cpu:numVCPUs", {}, 1);
  if (snapshot.machine.profile().x64) {
    GrowTag(cpu, 8, "CR64", {0, 3});
    Grow(cpu, snapshot.cr3, 8);
  } else {
    GrowNumber(cpu, "CR", {0, 3}, snapshot.cr3);
  }
  Grow(cpu, 0, 2);
  const std::uint64_t memory_bytes = snapshot.machine.recipe().pages * kPage, tags_at = kHeaderBytes + cpu.size();
  Bytes tags = MemoryTags(snapshot.machine.memory().runs());
  if (with_memory) GrowMemoryHead(tags, tags_at, memory_bytes);
  Bytes header(kHeaderBytes, 0);
  Put32(header, 0x00, 0xBED2BED2);
  Put32(header, 0x04, 8);
  Put32(header, 0x08, 2);
  PutGroup(header, 0, "cpu", kHeaderBytes, cpu.size());
  PutGroup(header, 1, "memory", tags_at, tags.size() + (with_memory ? memory_bytes : 0) + 2);
  Write(out, header);
  Write(out, cpu);
  Write(out, tags);
  if (with_memory) WriteVmem(snapshot, out);
  Write(out, Bytes(2, 0));
}

}  // namespace poolblame::samples
