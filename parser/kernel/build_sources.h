// Who can tell the build number of the system in an image, and whom to believe.
#pragma once

#include <cstdint>
#include <optional>

#include "parser/format/debugger_block.h"
#include "parser/kernel/system.h"

namespace poolblame {

/// Windows 2000: older ones have other structures, and no number below it is a build.
inline constexpr std::uint32_t kFirstBuild = 2195;

/// Sets build, build_source and os of a system whose build is not known yet, by the first that knows: the option or the
/// header that named it when the image was opened; nt!NtBuildLab; KUSER_SHARED_DATA, from Windows 10 on; the version
/// resource of the kernel, as far as system.kernel_image_base is known. May be asked again when more is known. Cost:
/// some reads.
void TakeBuild(const AddressSpace& space, const std::optional<DebuggerBlock>& block, System& system);

}  // namespace poolblame
