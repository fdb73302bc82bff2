#include "tests/cli/hand_made_report.h"

#include <algorithm>

namespace poolblame::cli {
namespace {

constexpr std::uint32_t kUnit = 16;
constexpr std::uint16_t kInUse = 2;  // NonPagedPool, bit 2 of PoolType: allocated on Vista and later

BlockReference Reference(const char* tag, std::uint32_t offset, std::uint32_t size) {
  BlockReference block;
  block.header = kPage + offset;
  block.address = kPage + offset + 16;
  block.tag = PoolTag::FromText(tag);
  block.size = size;
  block.state = BlockState::kAllocated;
  block.offset_in_page = offset;
  return block;
}

Suspect MakeSuspect(std::uint32_t rank, double probability, SuspectRole role, FaultKind kind) {
  Suspect suspect;
  suspect.rank = rank;
  suspect.probability = probability;
  suspect.role = role;
  suspect.kind = kind;
  return suspect;
}

std::vector<Suspect> Suspects() {
  Suspect culprit = MakeSuspect(1, 0.91234, SuspectRole::kBlock, FaultKind::kOverrun);
  culprit.block = Reference("Culp", kCulpritOffset, 0x60);
  culprit.owner = {"culprit.sys", "Example Inc.", "module-scan"};
  culprit.evidence = {
      {"size-slack", -0.5, std::nullopt, "the block has no slack"},
      {"content-continues", 4.204, kPage + kVictimOffset, "the bytes over the boundary continue the block's pattern"},
  };
  Suspect victim = MakeSuspect(2, 0.05333, SuspectRole::kBlock, FaultKind::kUnderrun);
  victim.block = Reference("Vict", kVictimOffset, 0xA0);
  victim.owner = {"victim.sys", "", "tag-database"};
  return {culprit, victim, MakeSuspect(3, 0.02222, SuspectRole::kHardware, FaultKind::kBitFlip),
          MakeSuspect(4, 0.01211, SuspectRole::kUnknown, FaultKind::kUnknown)};
}

}  // namespace

PoolPage MakePage(const std::vector<std::pair<std::uint32_t, const char*>>& blocks) {
  const PoolHeaderLayout* layout = FindPoolHeaderLayout("nt6-x64");
  auto bytes = std::make_shared<std::array<std::uint8_t, 4096>>();
  PoolPage page;
  page.address = VirtAddr{kPage};
  page.layout = layout;
  std::uint32_t offset = 0, previous = 0;
  for (const auto& [size, tag] : blocks) {
    PoolBlock block;
    block.offset = offset;
    block.size = size;
    block.previous_size = previous;
    block.state = BlockState::kAllocated;
    block.read.PreviousSize = static_cast<std::uint16_t>(previous / kUnit);
    block.read.BlockSize = static_cast<std::uint16_t>(size / kUnit);
    block.read.PoolType = kInUse;
    block.read.PoolTag = PoolTag::FromText(tag).value;
    block.expected = block.read;
    layout->Encode(block.read, bytes->data() + offset);
    page.blocks.push_back(block);
    previous = size;
    offset += size;
  }
  page.bytes.presence = Presence::kPresent;
  page.bytes.joined = bytes;
  page.bytes.bytes = ByteView(bytes->data(), bytes->size());
  return page;
}

PoolPage DamagedPage() {
  PoolPage page = MakePage({{0x100, "Head"}, {0x60, "Culp"}, {0xA0, "Vict"}, {0xE00, "Tail"}});
  auto bytes = std::make_shared<std::array<std::uint8_t, 4096>>(*page.bytes.joined);
  std::fill_n(bytes->begin() + kVictimOffset - 0x20, 0x28, std::uint8_t{'A'});
  page.bytes.joined = bytes;
  page.bytes.bytes = ByteView(bytes->data(), bytes->size());
  page.blocks[2].read = page.layout->Decode(bytes->data() + kVictimOffset);
  page.blocks[2].damaged_bytes = 0xFF;
  page.cost = 9.5;
  page.margin = 4.25;
  return page;
}

Incident OverrunIncident() {
  Incident incident;
  incident.id = 1;
  incident.page = VirtAddr{kPage};
  incident.physical = PhysAddr{0x7654000};
  incident.pool = PoolKind::kNonPaged;
  incident.kind = FaultKind::kOverrun;
  incident.kind_probabilities = {{FaultKind::kOverrun, 0.91234},
                                 {FaultKind::kUnderrun, 0.05333},
                                 {FaultKind::kBitFlip, 0.02222},
                                 {FaultKind::kUnknown, 0.01211}};
  incident.confidence = Confidence::kStrong;
  incident.damage = {kPage + kVictimOffset, kPage + kVictimOffset + 8, 8, std::vector<std::uint8_t>(8, 'A')};
  incident.victim = Reference("Vict", kVictimOffset, 0xA0);
  incident.expected_header = ExpectedHeader{0x60, 0xA0, 0, 2, {0x06, 0x00, 0x0A, 0x02, 'V', 'i', 'c', 't'}};
  incident.suspects = Suspects();
  incident.advice = {"verifier /flags 0x1 /driver culprit.sys", "capture a full dump of the next crash"};
  incident.finding = 0;
  return incident;
}

ImageReport CleanReport() {
  ImageReport facts;
  facts.image.path = "MEMORY.DMP";
  facts.image.container = "pagedu64-full";
  facts.image.compression = "none";
  facts.image.size = 1073741824;
  facts.image.machine = Machine::kX64;
  facts.system.machine = Machine::kX64;
  facts.system.build = 7601;
  facts.system.os = "Windows 7 / Server 2008 R2";
  facts.census.layout = FindPoolHeaderLayout("nt6-x64");
  facts.census.allocator = "classic";
  facts.census.pages_in_image = facts.census.pages_read = 262144;
  facts.census.pool_pages = 8123;
  facts.census.pool_blocks = 190233;
  facts.census.allocated = 150001;
  facts.census.free = 40232;
  facts.census.big_allocations = 311;
  facts.report.verdict = Verdict::kClean;
  return facts;
}

ImageReport OverrunReport() {
  ImageReport facts = CleanReport();
  BugCheck check;
  check.code = 0x19;
  check.parameters = {0x20, kPage + kCulpritOffset, kPage + kVictimOffset, 0x41414141};
  check.name = "BAD_POOL_HEADER";
  check.meaning = "The pool block header size is corrupt.";
  check.pool_related = true;
  check.addresses = {{"freed block", VirtAddr{kPage + kCulpritOffset}, AddressUse::kBlockHeader}};
  facts.system.bugcheck = check;
  facts.bugcheck_address_in_image = {true};
  facts.report.verdict = Verdict::kCorrupt;
  facts.report.incidents = {OverrunIncident()};
  facts.incident_pages = {DamagedPage()};
  facts.report.notes = {"the tag table was not needed"};
  return facts;
}

}  // namespace poolblame::cli
