// RLIMIT_AS would not do, because the shadow memory of the address sanitizer is larger than any sensible limit. Under
// that sanitizer its hooks tell of every malloc, those of the decompressors' libraries too; without it operator new is
// replaced, and what C libraries hold is not seen.
#include "tests/fuzz/allocation_meter.h"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POOLBLAME_SANITIZER_HOOKS 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define POOLBLAME_SANITIZER_HOOKS 1
#endif

namespace {

std::atomic<std::size_t> live_bytes{0};
std::atomic<std::size_t> peak_bytes{0};

void Add(std::size_t size) {
  const std::size_t now = live_bytes.fetch_add(size, std::memory_order_relaxed) + size;
  std::size_t peak = peak_bytes.load(std::memory_order_relaxed);
  while (now > peak && !peak_bytes.compare_exchange_weak(peak, now, std::memory_order_relaxed)) {
  }
}

}  // namespace

namespace poolblame::fuzz {
std::size_t LiveBytes() { return live_bytes; }
std::size_t PeakBytes() { return peak_bytes; }
void ResetPeak() { peak_bytes = live_bytes.load(); }
}  // namespace poolblame::fuzz

#ifdef POOLBLAME_SANITIZER_HOOKS

// GCC 12 comes without <sanitizer/allocator_interface.h>; this is what it would declare.
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void*, std::size_t),
                                                         void (*)(const volatile void*));
extern "C" std::size_t __sanitizer_get_allocated_size(const volatile void*);

namespace {

void OnMalloc(const volatile void*, std::size_t size) { Add(size); }

void OnFree(const volatile void* block) {
  if (block == nullptr) return;
  live_bytes.fetch_sub(__sanitizer_get_allocated_size(block), std::memory_order_relaxed);
}

// Static objects of before may be freed later and make the count too low by some kilobytes: only differences are used.
[[maybe_unused]] const int hooks = __sanitizer_install_malloc_and_free_hooks(OnMalloc, OnFree);

}  // namespace

#else

// Every form is replaced, so that none meets another's counterpart.
namespace {

void* Count(void* block) {
  if (block == nullptr) std::abort();  // our code never asks for what a machine does not have
  Add(malloc_usable_size(block));
  return block;
}

void Release(void* block) {
  if (block != nullptr) live_bytes.fetch_sub(malloc_usable_size(block), std::memory_order_relaxed);
  std::free(block);
}

void* Allocate(std::size_t size) { return Count(std::malloc(size == 0 ? 1 : size)); }

void* AllocateAligned(std::size_t size, std::align_val_t alignment) {
  const auto align = static_cast<std::size_t>(alignment);
  return Count(std::aligned_alloc(align, (size + align - 1) / align * align));
}

}  // namespace

void* operator new(std::size_t size) { return Allocate(size); }
void* operator new[](std::size_t size) { return Allocate(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return Allocate(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return Allocate(size); }
void* operator new(std::size_t size, std::align_val_t alignment) { return AllocateAligned(size, alignment); }
void* operator new[](std::size_t size, std::align_val_t alignment) { return AllocateAligned(size, alignment); }
void operator delete(void* block) noexcept { Release(block); }
void operator delete[](void* block) noexcept { Release(block); }
void operator delete(void* block, const std::nothrow_t&) noexcept { Release(block); }
void operator delete[](void* block, const std::nothrow_t&) noexcept { Release(block); }
void operator delete(void* block, std::size_t) noexcept { Release(block); }
void operator delete[](void* block, std::size_t) noexcept { Release(block); }
void operator delete(void* block, std::align_val_t) noexcept { Release(block); }
void operator delete[](void* block, std::align_val_t) noexcept { Release(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { Release(block); }
void operator delete[](void* block, std::size_t, std::align_val_t) noexcept { Release(block); }

#endif
