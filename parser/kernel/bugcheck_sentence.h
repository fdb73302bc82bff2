// Fills the sentence of a bug check row with the parameters of one crash.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "parser/kernel/bugcheck_table.h"

namespace poolblame {

/// Replaces `{N}` and `{Nf}` (N = parameter 1–4) in `sentence`. The letter f is the form:
///   none  hex: 0xffffb30e2663d940        d  decimal
///   p     hex, and the bytes as text where all of them are printable: what overwrote a pointer is often readable
///   t     a pool tag in quotes           k  a POOL_TYPE of a request: "paged"
///   a     an access kind: "read", "write", "execute"
///   e     an NTSTATUS with its name      s, y  BlockSize in bytes, PoolType of a header's first ULONG
std::string FillSentence(std::string_view sentence, const BugCheckArguments& arguments);

/// "0x…", lower case, without padding.
std::string HexParameter(std::uint64_t value);
/// `bytes_read_as "AAAA"`-like addition (with a leading space) where every byte of a pointer is printable, else empty.
std::string PointerAsText(std::uint64_t value, Machine machine);

/// BlockSize in bytes and PoolType of a header's first ULONG on that machine.
std::uint32_t BlockBytesOfUlong1(std::uint32_t ulong1, Machine machine);
std::uint32_t PoolTypeOfUlong1(std::uint32_t ulong1, Machine machine);

/// True for an address of the kernel half; without a machine either machine's kernel half will do.
bool IsKernelAddress(std::uint64_t address, Machine machine);

}  // namespace poolblame
