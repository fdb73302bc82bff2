// Some bug checks only say where an exception is recorded; the record says which address was touched.
#pragma once

#include "parser/image/address_space.h"
#include "parser/kernel/bugcheck.h"

namespace poolblame {

/// For 0x7E: reads the exception record at P3. Where it is in the image and tells of an access violation, the address
/// is added to the sentence and, if it is a kernel address, to the addresses. Source: EXCEPTION_RECORD of winnt.h.
void AddExceptionRecord(const AddressSpace& space, BugCheck& bugcheck);

}  // namespace poolblame
