// The damaged bytes of a page as a hex dump, with what the headers must have been beneath.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/page_scene.h"
#include "cli/style.h"

namespace poolblame::cli {

/// Rows of 16 bytes that hold damage, with one row before and after; a damaged byte has '!' before it (and is red).
/// Beneath a damaged header a line with its recovered bytes, "??" where they are not known. At most `max_rows` rows;
/// a last line says how many were left out. Empty when nothing is damaged or the page's bytes are missing.
std::vector<std::string> DrawDamage(const PageScene& scene, const Palette& palette, std::size_t max_rows);

}  // namespace poolblame::cli
