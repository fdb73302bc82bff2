#include "samples/code_writer.h"

#include <array>
#include <span>
#include <utility>

namespace poolblame::samples {
namespace {

using Instruction = std::initializer_list<int>;

// What lies between the parts of a function that matter: loads, tests, stores of a driver's everyday.
const std::array<Instruction, 14> kNoise64 = {{
    {0x48, 0x8B, 0xD9},                          // mov rbx, rcx
    {0x48, 0x8B, 0xFA},                          // mov rdi, rdx
    {0x48, 0x85, 0xC0},                          // test rax, rax
    {0x74, 0x0A},                                // je +0Ah
    {0x33, 0xC0},                                // xor eax, eax
    {0x8B, 0x43, 0x18},                          // mov eax, [rbx+18h]
    {0x48, 0x8D, 0x4B, 0x10},                    // lea rcx, [rbx+10h]
    {0x0F, 0xB6, 0x43, 0x08},                    // movzx eax, byte [rbx+8]
    {0x48, 0x83, 0x7B, 0x20, 0x00},              // cmp qword [rbx+20h], 0
    {0x89, 0x43, 0x1C},                          // mov [rbx+1Ch], eax
    {0x45, 0x33, 0xC0},                          // xor r8d, r8d
    {0x0F, 0x10, 0x07},                          // movups xmm0, [rdi]
    {0x81, 0xE1, 0xFF, 0x0F, 0x00, 0x00},        // and ecx, 0FFFh
    {0xC7, 0x43, 0x30, 0x0D, 0x00, 0x00, 0xC0},  // mov dword [rbx+30h], 0C000000Dh
}};
const std::array<Instruction, 12> kNoise32 = {{
    {0x8B, 0x45, 0x08},                          // mov eax, [ebp+8]
    {0x8B, 0x75, 0x0C},                          // mov esi, [ebp+0Ch]
    {0x85, 0xC0},                                // test eax, eax
    {0x74, 0x0A},                                // je +0Ah
    {0x33, 0xC0},                                // xor eax, eax
    {0x8B, 0x4E, 0x10},                          // mov ecx, [esi+10h]
    {0x8D, 0x46, 0x18},                          // lea eax, [esi+18h]
    {0x0F, 0xB6, 0x46, 0x04},                    // movzx eax, byte [esi+4]
    {0x83, 0x7E, 0x08, 0x00},                    // cmp dword [esi+8], 0
    {0x89, 0x46, 0x0C},                          // mov [esi+0Ch], eax
    {0x81, 0xE1, 0xFF, 0x0F, 0x00, 0x00},        // and ecx, 0FFFh
    {0xC7, 0x46, 0x14, 0x0D, 0x00, 0x00, 0xC0},  // mov dword [esi+14h], 0C000000Dh
}};
// These leave arguments alone, wherever they are.
const std::array<Instruction, 4> kQuiet64 = {{
    {0x48, 0x89, 0x43, 0x28},  // mov [rbx+28h], rax
    {0x8B, 0x43, 0x18},        // mov eax, [rbx+18h]
    {0x83, 0x63, 0x10, 0x00},  // and dword [rbx+10h], 0
    {0x48, 0xFF, 0x43, 0x40},  // inc qword [rbx+40h]
}};
const std::array<Instruction, 3> kQuiet32 = {{
    {0x8B, 0x46, 0x10},        // mov eax, [esi+10h]
    {0x83, 0x66, 0x14, 0x00},  // and dword [esi+14h], 0
    {0xFF, 0x46, 0x20},        // inc dword [esi+20h]
}};

}  // namespace

CodeWriter::CodeWriter(bool x64, std::uint64_t base, std::uint64_t seed, RoutinePlaces routines)
    : x64_(x64), base_(base), random_(seed), routines_(std::move(routines)) {}

void CodeWriter::Emit(std::initializer_list<int> bytes) {
  for (const int byte : bytes) bytes_.push_back(static_cast<std::uint8_t>(byte));
}

void CodeWriter::Emit32(std::uint64_t value) {
  bytes_.resize(bytes_.size() + 4);
  Put32(bytes_, bytes_.size() - 4, value);
}

void CodeWriter::EmitPlace(std::uint64_t place) { Emit32(x64_ ? place - (at() + 4) : place); }
void CodeWriter::EmitBranch(std::uint64_t target) { Emit32(target - (at() + 4)); }

void CodeWriter::Noise(unsigned count) {
  for (unsigned i = 0; i < count; ++i)
    Emit(x64_ ? kNoise64[random_.Below(kNoise64.size())] : kNoise32[random_.Below(kNoise32.size())]);
}

void CodeWriter::Quiet(unsigned count) {
  for (unsigned i = 0; i < count; ++i)
    Emit(x64_ ? kQuiet64[random_.Below(kQuiet64.size())] : kQuiet32[random_.Below(kQuiet32.size())]);
}

void CodeWriter::CallInside() {
  if (functions_.empty()) return Quiet(1);
  Emit({0xE8});
  EmitBranch(functions_[random_.Below(functions_.size())]);
}

void CodeWriter::Function(const std::function<void()>& body) {
  while (bytes_.size() % 16 != 0) Emit({0xCC});
  functions_.push_back(at());
  if (x64_)
    Emit({0x48, 0x89, 0x5C, 0x24, 0x08, 0x57, 0x48, 0x83, 0xEC, 0x40});  // mov [rsp+8], rbx; push rdi; sub rsp, 40h
  else
    Emit({0x8B, 0xFF, 0x55, 0x8B, 0xEC, 0x56});  // mov edi, edi; push ebp; mov ebp, esp; push esi
  Noise(3 + static_cast<unsigned>(random_.Below(6)));
  body();
  Noise(1 + static_cast<unsigned>(random_.Below(4)));
  if (x64_)
    Emit({0x48, 0x8B, 0x5C, 0x24, 0x50, 0x48, 0x83, 0xC4, 0x40, 0x5F, 0xC3});
  else
    Emit({0x5E, 0x5D, 0xC2, 0x08, 0x00});
}

void CodeWriter::CallThroughThunk(const std::string& routine) {
  Emit({0xE8});
  EmitBranch(thunks_.at(routine));
}

/// One of the forms in which compilers call an imported routine.
void CodeWriter::Call(const std::string& routine) {
  if (const auto own = routines_.direct.find(routine); own != routines_.direct.end()) {
    Emit({0xE8});
    return EmitBranch(own->second);
  }
  const std::uint64_t slot = routines_.slots.at(routine);
  switch (random_.Below(5)) {
    case 0:
      if (thunks_.contains(routine)) return CallThroughThunk(routine);
      break;
    case 1:
      if (x64_)
        Emit({0x48, 0x8B, 0x05});  // mov rax, [slot]; call rax
      else
        Emit({0xA1});
      EmitPlace(slot);
      return Emit({0xFF, 0xD0});
    case 2:
      if (!x64_) break;
      Emit({0x48, 0xFF, 0x15});  // with a prefix and five bytes of nop, for the kernel to patch
      EmitPlace(slot);
      return Emit({0x0F, 0x1F, 0x44, 0x00, 0x00});
    case 3:
      if (!x64_ || functions_.empty()) break;
      Emit({0x4C, 0x8B, 0x15});  // mov r10, [slot]; call guard
      EmitPlace(slot);
      Emit({0xE8});
      return EmitBranch(functions_.front());
    default:
      break;
  }
  Emit({0xFF, 0x15});
  EmitPlace(slot);
}

/// Pool type and size around the tag, in one of the orders.
void CodeWriter::OtherArguments(const std::function<void()>& tag) {
  const auto size = 0x20 + random_.Below(0x400);
  if (!x64_) {
    tag();
    Emit({0x68});
    Emit32(size);
    return Emit({0x6A, 0x00});
  }
  const auto order = random_.Below(3);
  if (order == 0) tag();
  Emit({0xBA});  // mov edx, size
  Emit32(size);
  if (order == 1) tag();
  random_.Chance(50) ? Emit({0x33, 0xC9}) : Emit({0xB9, 0x00, 0x02, 0x00, 0x00});  // xor ecx, ecx; mov ecx, 200h
  if (order == 2) tag();
}

void CodeWriter::Filler() {
  Function([&] {
    Noise(6);
    if (random_.Chance(50)) CallInside();
    Noise(4);
  });
}

void CodeWriter::Allocate(const TagCall& call) {
  if (!thunks_.contains(call.routine) && routines_.slots.contains(call.routine)) {
    while (bytes_.size() % 16 != 0) Emit({0xCC});
    thunks_[call.routine] = at();
    Emit({0xFF, 0x25});
    EmitPlace(routines_.slots.at(call.routine));
  }
  Function([&] {
    OtherArguments([&] {
      x64_ ? Emit({0x41, 0xB8}) : Emit({0x68});  // mov r8d, tag; push tag
      Emit32(call.tag);
    });
    if (x64_) Quiet(static_cast<unsigned>(random_.Below(3)));
    Call(call.routine);
    Emit({0x85, 0xC0});
  });
}

void CodeWriter::AllocateKept(const TagCall& call) {
  Function([&] {
    x64_ ? Emit({0xBF}) : Emit({0xBE});  // mov edi, tag; mov esi, tag
    Emit32(call.tag);
    CallInside();
    OtherArguments([&] { x64_ ? Emit({0x44, 0x8B, 0xC7}) : Emit({0x56}); });  // mov r8d, edi; push esi
    Call(call.routine);
  });
}

void CodeWriter::Free(const TagCall& call) {
  Function([&] {
    if (x64_) {
      Emit({0xBA});  // mov edx, tag; mov rcx, rbx
      Emit32(call.tag);
      Emit({0x48, 0x8B, 0xCB});
    } else {
      Emit({0x68});  // push tag; push eax
      Emit32(call.tag);
      Emit({0x50});
    }
    Call(call.routine);
  });
}

void CodeWriter::Lookaside(const TagCall& call) {
  Function([&] {
    if (x64_) {
      Emit({0x66, 0xC7, 0x44, 0x24, 0x30, 0x00, 0x00, 0xC7, 0x44, 0x24, 0x28});  // mov word [rsp+30h], 0; mov [..], tag
      Emit32(call.tag);
      Emit({0x45, 0x33, 0xC9, 0x48, 0xC7, 0x44, 0x24, 0x20, 0x80, 0x00, 0x00, 0x00});  // mov qword [rsp+20h], 80h
      Emit({0x45, 0x33, 0xC0, 0x33, 0xD2, 0x48, 0x8D, 0x4B, 0x40});                    // lea rcx, [rbx+40h]
    } else {
      Emit({0x6A, 0x00, 0x68});  // push 0; push tag; push 80h; push 0 thrice; lea eax, [esi+40h]; push eax
      Emit32(call.tag);
      Emit({0x68, 0x80, 0x00, 0x00, 0x00, 0x6A, 0x00, 0x6A, 0x00, 0x6A, 0x00, 0x8D, 0x46, 0x40, 0x50});
    }
    Call(call.routine);
  });
}

void CodeWriter::AllocateByWrapper(const TagCall& call) {
  if (!wrappers_.contains(call.routine)) {
    while (bytes_.size() % 16 != 0) Emit({0xCC});
    wrappers_[call.routine] = at();
    if (x64_) {
      Emit({0x48, 0x83, 0xEC, 0x28, 0x44, 0x8B, 0xC2, 0x8B, 0xD1, 0x33, 0xC9});  // mov r8d, edx; mov edx, ecx
      Call(call.routine);
      Emit({0x48, 0x83, 0xC4, 0x28, 0xC3});
    } else {
      Emit({0x8B, 0xFF, 0x55, 0x8B, 0xEC, 0xFF, 0x75, 0x0C, 0xFF, 0x75, 0x08, 0x6A, 0x00});  // push [ebp+0Ch]; ..
      Call(call.routine);
      Emit({0x5D, 0xC2, 0x08, 0x00});
    }
  }
  Function([&] {
    if (x64_) {
      Emit({0xBA});  // mov edx, tag; mov ecx, 48h
      Emit32(call.tag);
      Emit({0xB9, 0x48, 0x00, 0x00, 0x00, 0xE8});
    } else {
      Emit({0x68});
      Emit32(call.tag);
      Emit({0x6A, 0x48, 0xE8});
    }
    EmitBranch(wrappers_.at(call.routine));
  });
}

void CodeWriter::AllocateFromGlobal(const std::string& routine, std::uint64_t variable) {
  Function([&] {
    OtherArguments([&] {
      x64_ ? Emit({0x44, 0x8B, 0x05}) : Emit({0xFF, 0x35});  // mov r8d, [variable]; push [variable]
      EmitPlace(variable);
    });
    Call(routine);
  });
}

void CodeWriter::AllocateFromTable(const std::string& routine, std::uint64_t table) {
  Function([&] {
    if (x64_) {
      Emit({0x48, 0x8D, 0x05});  // lea rax, [table]; mov r8d, [rax+rdi*8]
      EmitPlace(table);
      Emit({0x44, 0x8B, 0x04, 0xF8, 0x8B, 0x54, 0xF8, 0x04, 0x33, 0xC9});
    } else {
      Emit({0xFF, 0x34, 0xF5});  // push [esi*8+table]; push 48h; push 0
      EmitPlace(table);
      Emit({0x6A, 0x48, 0x6A, 0x00});
    }
    Call(routine);
  });
}

void CodeWriter::Compare(std::uint32_t signature) {
  Function([&] {
    x64_ ? Emit({0x81, 0x3B}) : Emit({0x81, 0x3E});  // cmp dword [rbx], signature; jne
    Emit32(signature);
    Emit({0x75, 0x08});
    Quiet(2);
  });
}

void CodeWriter::Chance(std::uint32_t value) {
  Function([&] {
    switch (random_.Below(3)) {
      case 0:
        x64_ ? Emit({0x48, 0x8D, 0x0D}) : Emit({0x8D, 0x0D});  // lea rcx, [a distance]; lea ecx, [an address]
        return Emit32(value);
      case 1:
        Emit({0x0F, 0x84});  // je, far
        return Emit32(value);
      default:
        if (x64_) {
          Emit({0x48, 0xB8, 0x11, 0x00});  // mov rax, a constant of eight bytes
          Emit32(value);
          return Emit({0x5A, 0x00});
        }
        Emit({0xC7, 0x86});  // mov dword [esi+..], ..: the bytes lie across both
        Emit({static_cast<int>(random_.Byte()), 0x01});
        Emit32(value);
        return Emit({0x00, 0x00});
    }
  });
}

}  // namespace poolblame::samples
