#include "samples/driver_image.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "samples/arm64_code_writer.h"
#include "samples/code_writer.h"
#include "samples/tag_homes.h"

namespace poolblame::samples {
namespace {

// Where the sections lie in every image. The kernel's own data, which other parts of the builder write, is far behind.
constexpr std::uint32_t kTextAt = 0x1000, kPageCodeAt = 0x5000, kReadOnlyAt = 0x7000, kDataAt = 0x8000,
                        kInitAt = 0x9000;
constexpr std::uint32_t kImageEnd = 0xA000;
constexpr std::uint32_t kSlotsAt = kReadOnlyAt, kStringsAt = kReadOnlyAt + 0x400, kExportsAt = kReadOnlyAt + 0x800;
constexpr std::uint32_t kDebugAt = kReadOnlyAt + 0xF00;
constexpr std::uint32_t kRoutinesAt = kTextAt;  // the kernel's: 0x40 bytes each, in front of its other code
constexpr std::uint32_t kRoutineBytes = 0x40;
constexpr std::uint64_t kTimestamp = 0x4CE78000;

constexpr std::array<const char*, 8> kRoutines = {
    "ExAllocatePool2",   "ExAllocatePoolWithTag", "ExFreePoolWithTag",           "ExInitializeNPagedLookasideList",
    "IoCompleteRequest", "KeBugCheckEx",          "KeAcquireSpinLockRaiseToDpc", "RtlInitUnicodeString"};

struct Section {
  const char* name;
  std::uint32_t at, end, flags;
};
constexpr std::array<Section, 5> kSections = {{{".text", kTextAt, kPageCodeAt, 0x68000020},
                                               {"PAGE", kPageCodeAt, kReadOnlyAt, 0x60000020},
                                               {".rdata", kReadOnlyAt, kDataAt, 0x48000040},
                                               {".data", kDataAt, kInitAt, 0xC8000040},
                                               {"INIT", kInitAt, kImageEnd, 0xE2000020}}};

std::uint64_t RoutineAddress(const Machine& machine, std::size_t routine) {
  return machine.layout().nt_base + kRoutinesAt + routine * kRoutineBytes;
}

class ImageWriter {
 public:
  ImageWriter(Machine& machine, std::size_t driver)
      : machine_(machine),
        driver_(driver),
        x64_(machine.profile().x64),
        base_(machine.layout().driver_bases[driver]),
        image_(kImageEnd, 0),
        random_(MixSeed(MixSeed(machine.recipe().seed, 0xD41), driver)) {}

  void Write(const std::vector<TagHome>& homes) {
    WriteHeaders();
    WriteImports();
    if (IsKernel()) WriteExports();
    std::string_view(Drivers()[driver_].name).ends_with(".sys") ? WriteDebugDirectory() : WriteExportName();
    WriteTags(homes);
    Store();
  }

 private:
  [[nodiscard]] bool IsKernel() const { return driver_ == 0; }
  [[nodiscard]] bool IsArm64() const { return machine_.recipe().arm64; }
  [[nodiscard]] std::uint32_t Width() const { return x64_ ? 8 : 4; }
  [[nodiscard]] std::size_t Directories() const { return 0x98 + (x64_ ? 0x70U : 0x60U); }

  void WriteHeaders() {
    PutText(image_, 0, "MZ");
    Put32(image_, 0x3C, 0x80);
    PutText(image_, 0x80, "PE");
    Put16(image_, 0x84, PeMachine(machine_.recipe()));
    Put16(image_, 0x86, kSections.size());
    Put32(image_, 0x88, kTimestamp + driver_ * 0x1234);
    Put16(image_, 0x94, x64_ ? 0xF0 : 0xE0);
    Put16(image_, 0x98, x64_ ? 0x20B : 0x10B);
    Put32(image_, 0x98 + 0x38, Drivers()[driver_].image_size);
    Put32(image_, 0x98 + (x64_ ? 0x6CU : 0x5CU), 16);  // NumberOfRvaAndSizes
    std::size_t at = 0x98 + (x64_ ? 0xF0U : 0xE0U);
    for (const Section& section : kSections) {
      PutText(image_, at, section.name);
      Put32(image_, at + 0x08, section.end - section.at);
      Put32(image_, at + 0x0C, section.at);
      Put32(image_, at + 0x10, section.end - section.at);
      Put32(image_, at + 0x24, section.flags);
      at += 0x28;
    }
  }

  /// Older drivers have the descriptors and names among what is discarded; then only the slots are left.
  void WriteImports() {
    if (IsKernel()) return;
    const std::uint32_t names_at = random_.Chance(50) ? kInitAt : kReadOnlyAt + 0xA00;
    Put32(image_, Directories() + 8, names_at);
    Put32(image_, Directories() + 12, 0x28);
    Put32(image_, names_at, names_at + 0x40);
    Put32(image_, names_at + 0x0C, names_at + 0x30);
    Put32(image_, names_at + 0x10, kSlotsAt);
    PutText(image_, names_at + 0x30, "ntoskrnl.exe");
    std::uint32_t text = names_at + 0x100;
    for (std::size_t i = 0; i < kRoutines.size(); ++i) {
      Put32(image_, names_at + 0x40 + i * Width(), text);
      PutText(image_, text + 2, kRoutines[i]);
      text += static_cast<std::uint32_t>(std::string_view(kRoutines[i]).size() + 4) & ~1U;
      x64_ ? Put64(image_, kSlotsAt + i * 8, RoutineAddress(machine_, i))
           : Put32(image_, kSlotsAt + i * 4, RoutineAddress(machine_, i));
    }
  }

  void WriteExportName() {
    Put32(image_, Directories(), kExportsAt);
    Put32(image_, Directories() + 4, 0x700);
    Put32(image_, kExportsAt + 0x0C, kExportsAt + 0x6E0);
    PutText(image_, kExportsAt + 0x6E0, Drivers()[driver_].name);
  }

  void WriteExports() {
    const auto count = static_cast<std::uint32_t>(kRoutines.size());
    Put32(image_, kExportsAt + 0x10, 1);
    Put32(image_, kExportsAt + 0x14, count);
    Put32(image_, kExportsAt + 0x18, count);
    Put32(image_, kExportsAt + 0x1C, kExportsAt + 0x40);
    Put32(image_, kExportsAt + 0x20, kExportsAt + 0x80);
    Put32(image_, kExportsAt + 0x24, kExportsAt + 0xC0);
    std::uint32_t text = kExportsAt + 0x100;
    for (std::uint32_t i = 0; i < count; ++i) {
      Put32(image_, kExportsAt + 0x40 + i * 4, kRoutinesAt + i * kRoutineBytes);
      Put32(image_, kExportsAt + 0x80 + i * 4, text);
      Put16(image_, kExportsAt + 0xC0 + i * 2, i);
      PutText(image_, text, kRoutines[i]);
      text += static_cast<std::uint32_t>(std::string_view(kRoutines[i]).size()) + 1;
    }
  }

  /// Where the PDB was when the driver was linked: the only name a driver without exports carries.
  void WriteDebugDirectory() {
    Put32(image_, Directories() + 0x30, kDebugAt);
    Put32(image_, Directories() + 0x34, 0x1C);
    const std::string name = Drivers()[driver_].name;
    const std::string path = "d:\\build\\obj\\" + name.substr(0, name.rfind('.')) + ".pdb";
    Put32(image_, kDebugAt + 0x0C, 2);  // CodeView
    Put32(image_, kDebugAt + 0x10, 0x18 + path.size() + 1);
    Put32(image_, kDebugAt + 0x14, kDebugAt + 0x20);
    PutText(image_, kDebugAt + 0x20, "RSDS");
    for (std::uint32_t i = 4; i < 0x14; ++i) image_[kDebugAt + 0x20 + i] = random_.Byte();
    Put32(image_, kDebugAt + 0x34, 1);
    PutText(image_, kDebugAt + 0x38, path);
  }

  /// Code in .text or, for a third of the tags, in PAGE; what the tags need in data beside it.
  void WriteTags(const std::vector<TagHome>& homes) {
    RoutinePlaces routines;
    for (std::size_t i = 0; i < kRoutines.size(); ++i)
      (IsKernel() ? routines.direct : routines.slots)[kRoutines[i]] =
          IsKernel() ? RoutineAddress(machine_, i) : base_ + kSlotsAt + i * Width();
    const std::uint32_t text_at = IsKernel() ? kTextAt + 0x400 : kTextAt;
    const std::unique_ptr<TagCode> text = CodeAt(base_ + text_at, routines);
    const std::unique_ptr<TagCode> pageable = CodeAt(base_ + kPageCodeAt, routines);
    for (int i = 0; i < 12; ++i) text->Filler();
    for (const TagHome& home : homes) {
      TagCode& code = random_.Chance(33) ? *pageable : *text;
      code.Filler();
      if (Tags()[home.model].driver == driver_) WriteHolding(home, code);
      for (const EchoAt& echo : home.echoes)
        if (echo.driver == driver_) WriteEcho(home, echo.echo, code);
    }
    Place(text_at, kPageCodeAt, text->bytes());
    Place(kPageCodeAt, kReadOnlyAt, pageable->bytes());
    constexpr std::uint32_t kReturn = 0xC3C48B48;       // mov rax, rsp; ret (x86: dec eax before it)
    constexpr std::uint32_t kReturnArm64 = 0xD65F03C0;  // ret
    for (std::size_t i = 0; IsKernel() && i < kRoutines.size(); ++i)
      Put32(image_, kRoutinesAt + i * kRoutineBytes, IsArm64() ? kReturnArm64 : kReturn);
  }

  std::unique_ptr<TagCode> CodeAt(std::uint64_t place, const RoutinePlaces& routines) {
    const std::uint64_t seed = random_.Next();
    if (IsArm64()) return std::make_unique<Arm64CodeWriter>(place, seed, routines);
    return std::make_unique<CodeWriter>(x64_, place, seed, routines);
  }

  void Place(std::uint32_t at, std::uint32_t end, const Bytes& code) {
    std::copy_n(code.begin(), std::min<std::size_t>(code.size(), end - at), image_.begin() + at);
  }

  void WriteHolding(const TagHome& home, TagCode& code) {
    const TagCall call{home.tag, home.routine};
    switch (home.holding) {
      case TagHolding::kCall:
        code.Allocate(call);
        return code.Free({home.tag, "ExFreePoolWithTag"});
      case TagHolding::kKept:
        return code.AllocateKept(call);
      case TagHolding::kLookaside:
        return code.Lookaside(call);
      case TagHolding::kWrapper:
        code.AllocateByWrapper(call);
        return code.AllocateByWrapper(call);
      case TagHolding::kGlobal:
        return code.AllocateFromGlobal(home.routine, PutConstant(home.tag));
      case TagHolding::kTable:
        return code.AllocateFromTable(home.routine, PutConstant(home.tag));
      case TagHolding::kNowhere:
        return;
    }
  }

  void WriteEcho(const TagHome& home, TagEcho echo, TagCode& code) {
    switch (echo) {
      case TagEcho::kText: {
        std::string text = "The";
        for (unsigned i = 0; i < 4; ++i) text += static_cast<char>(home.tag >> (8 * i) & 0x7F);
        PutText(image_, kStringsAt + strings_, text + "Queue");
        strings_ += 0x10;
        return;
      }
      case TagEcho::kChanceInCode:
        return code.Chance(home.tag);
      case TagEcho::kChanceInData:
        Put32(image_, kDataAt + 0x803 + odd_data_, home.tag);
        odd_data_ += 0x10;
        return;
      case TagEcho::kCompare:
        return code.Compare(home.tag);
      case TagEcho::kFree:
        return code.Free({home.tag, "ExFreePoolWithTag"});
    }
  }

  /// The tag and a size behind it, as an entry of a table has.
  std::uint64_t PutConstant(std::uint32_t tag) {
    const std::uint32_t at = kDataAt + 0x100 + constants_;
    constants_ += 0x20;
    Put32(image_, at, tag);
    Put32(image_, at + 4, 0x80 + constants_);
    return base_ + at;
  }

  /// INIT goes; one page of pageable code in eight is out.
  void Store() {
    for (std::uint32_t page = 0; page < kInitAt; page += kPage) {
      const bool pageable = page >= kPageCodeAt && page < kReadOnlyAt;
      if (pageable && random_.Chance(12)) continue;
      if (!machine_.memory().MapNew(base_ + page)) return;
      machine_.memory().Write(base_ + page, std::span(image_).subspan(page, kPage));
    }
  }

  Machine& machine_;
  std::size_t driver_;
  bool x64_;
  std::uint64_t base_;
  Bytes image_;
  Random random_;
  std::uint32_t strings_ = 0, odd_data_ = 0, constants_ = 0;
};

}  // namespace

void WriteDriverImages(Machine& machine) {
  const std::vector<TagHome> homes = DrawTagHomes(machine.recipe());
  for (std::size_t i = 0; i < Drivers().size(); ++i) ImageWriter(machine, i).Write(homes);
}

}  // namespace poolblame::samples
