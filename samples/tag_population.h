// Who allocates: tags of Windows and of invented third-party drivers, each with its own sizes and its own kind of
// content. The mix is the builder's, not a measured one: what matters is that every tag looks like itself everywhere in
// the image and unlike its neighbours, as in a real pool.
#pragma once

#include <cstdint>
#include <span>

namespace poolblame::samples {

enum class Content : std::uint8_t {
  kObject,    // object header, then a structure
  kStruct,    // words with a fixed meaning at fixed offsets
  kUnicode,   // UTF-16 path
  kAscii,     // text
  kPacket,    // network frame: header and payload bytes
  kZero,      // allocated and zeroed, a few counters
  kRecords,   // array of records of `stride` bytes
  kBitmap,    // long runs of set and clear bits
  kRandom,    // compressed or encrypted data
  kPointers,  // table of pointers into the owner's image
};

struct DriverSpec {
  const char* name;          // "tcpip.sys"
  std::uint32_t image_size;  // bytes
  bool third_party;
};

struct TagSpec {
  const char* tag;
  std::uint8_t driver;  // index into Drivers()
  bool paged;           // pool it lives in
  bool session;
  Content content;
  std::uint16_t min_bytes;  // request on x64; pointer-rich content is smaller on x86
  std::uint16_t max_bytes;
  std::uint8_t weight;        // share of the allocations
  std::uint8_t fill_percent;  // part of the request that the owner writes; the rest keeps old bytes
  std::uint8_t stride;        // of kRecords
  std::uint8_t quota_percent;
};

/// nt first; the order is the load order.
std::span<const DriverSpec> Drivers();
std::span<const TagSpec> Tags();
/// True for the tags of the object manager's types: quota, object header, protected before Windows 8.
inline bool IsObject(const TagSpec& spec) { return spec.content == Content::kObject; }
/// Bytes a request of this tag has, for a size drawn on x64.
std::uint32_t ScaledSize(const TagSpec& spec, std::uint32_t x64_bytes, bool x64);

}  // namespace poolblame::samples
