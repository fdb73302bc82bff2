// Names of drivers and vendors as people type them: without case, with wildcards.
#pragma once

#include <string>

namespace poolblame {

/// `*` is any rest, a middle included, `?` any one character; ASCII case does not count.
bool FitsWildcards(const std::string& name, const std::string& typed);

/// "tcpip.sys" is meant by "tcpip.sys", "TCPIP", "Tcp*" and "tcp?p". An empty name is nobody's.
bool IsDriver(const std::string& driver, const std::string& typed);

/// "Red Hat" is meant by "hat" and, where there is a wildcard, by a pattern of the whole name: "red*".
bool IsVendor(const std::string& vendor, const std::string& typed);

}  // namespace poolblame
