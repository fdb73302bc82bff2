// _VI_POOL_ENTRY_INUSE, _VI_POOL_PAGE_HEADER: public PDB dumps of 2003 to Windows 11; the pointer in the block's last
// bytes: published disassembly of Windows 8's allocator. Unsure: the Signature's value, so that it is drawn; where in a
// free entry the next one is named, here in its first pointer; where the pointer lies in a segment heap's block, here
// at the end of what BlockSize counts, as in the classic pool.
#include "samples/verifier_pool.h"

#include <utility>

namespace poolblame::samples {
namespace {

constexpr std::uint64_t kMostVerifiedPages = 64;
constexpr std::uint64_t kFramesKept = 56;  // for page tables and the kernel's own pages

}  // namespace

VerifierPool::VerifierPool(KernelMemory& memory, std::string who, std::uint64_t base, std::uint64_t seed)
    : memory_(memory), who_(std::move(who)), base_(base), next_page_(base), signature_(MixSeed(seed, 0x5E51)) {}

void VerifierPool::WriteFields(std::uint64_t entry, std::initializer_list<std::uint64_t> fields) {
  for (const std::uint64_t field : fields) {
    memory_.WritePointer(entry, field);
    entry += memory_.pointer_size();
  }
}

bool VerifierPool::AddPage() {
  if (next_page_ >= base_ + kMostVerifiedPages * kPage || memory_.free_frames() < kFramesKept) return false;
  const std::uint64_t page = next_page_;
  if (!memory_.MapNew(page)) return false;
  next_page_ += kPage;
  WriteFields(page, {page == base_ ? 0 : page - kPage, 0, signature_});
  for (std::uint64_t entry = page + kPage - EntryBytes(); entry > page; entry -= EntryBytes()) free_.push_back(entry);
  return true;
}

bool VerifierPool::Takes(const TagSpec& spec) {
  const DriverSpec& driver = Drivers()[spec.driver];
  const bool wanted = who_ == "third-party" ? driver.third_party : who_ == driver.name;
  return wanted && (!free_.empty() || AddPage());
}

void VerifierPool::Track(const Pool& pool, std::uint64_t header, const PoolRequest& request, std::uint64_t caller) {
  const std::uint64_t entry = free_.back();
  free_.pop_back();
  WriteFields(entry, {pool.Payload(header), caller, request.bytes, request.tag});
  memory_.WritePointer(pool.BlockEnd(header) - memory_.pointer_size(), entry);
  entry_of_[header] = entry;
}

void VerifierPool::Release(std::uint64_t header) {
  const auto tracked = entry_of_.find(header);
  if (tracked == entry_of_.end()) return;
  WriteFields(tracked->second, {free_.empty() ? 0 : free_.back()});
  free_.push_back(tracked->second);
  entry_of_.erase(tracked);
}

}  // namespace poolblame::samples
