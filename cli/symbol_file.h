// --symbols FILE: the kernel's symbols as Volatility 3 keeps them (ISF, JSON; packed or not), made from a PDB by its
// pdbconv. Only the few addresses that poolblame uses are kept.
#pragma once

#include <string>

#include "parser/base/byte_view.h"
#include "parser/base/error.h"
#include "parser/kernel/kernel_symbols.h"

namespace poolblame::cli {

/// kIo when the file cannot be read; kUnsupported when it is no such JSON or has none of the variables. Errors name the
/// file. Reads at most 256 MiB of unpacked text, token by token.
Result<KernelSymbols> ReadSymbolFile(const std::string& path);
/// The same from the file's bytes; `name` is what errors call it.
Result<KernelSymbols> ReadSymbols(ByteView bytes, const std::string& name);
/// The same from the JSON text.
Result<KernelSymbols> ParseSymbols(ByteView json, const std::string& name);

}  // namespace poolblame::cli
