// `poolblame info`: what kind of image this is, before anybody is blamed.
#pragma once

#include <string>

#include "cli/analysis.h"
#include "cli/render_text.h"

namespace poolblame::cli {

/// Container, system, bug check, coverage, modules. Loaded modules are counted and the first few listed; all of them
/// with `verbose`.
std::string RenderInfoText(const ImageReport& facts, const TextOptions& options);

}  // namespace poolblame::cli
