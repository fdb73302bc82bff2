#include "parser/image/image.h"

#include <utility>

#include "parser/image/container.h"
#include "parser/image/file_mapping.h"
#include "parser/image/page_table_walk.h"
#include "parser/image/unwrap.h"
#include "parser/image/vmware.h"

namespace poolblame {

const char* MachineName(Machine machine) {
  switch (machine) {
    case Machine::kX86:
      return "x86";
    case Machine::kX64:
      return "x64";
    case Machine::kArm64:
      return "arm64";
    case Machine::kUnknown:
      break;
  }
  return "unknown";
}

const char* PageTableName(Machine machine, PageTableForm form) {
  const PagingMode* mode = PagingOf(machine, form);
  return mode == nullptr ? "" : mode->name;
}

struct Image::State {
  std::optional<FileMapping> file;        // the file as it lies on disk, while it is what we read
  std::optional<UnpackedBytes> unpacked;  // of a compressed file or an archive
  ByteView bytes;
  ImageParts parts;

  [[nodiscard]] bool mapped() const {
    if (parts.unpacked) return parts.unpacked->mapped();
    return file || (unpacked && unpacked->mapped());
  }
};

Image::Image(std::unique_ptr<State> state) : state_(std::move(state)) {}
Image::Image(Image&&) noexcept = default;
Image& Image::operator=(Image&&) noexcept = default;
Image::~Image() = default;

Result<Image> Image::Open(const std::string& path, const OpenOptions& options) {
  Result<FileMapping> file = FileMapping::Open(path);
  if (!file) return tl::unexpected(file.error());
  if (std::optional<VmwareOther> other = FindVmwareOther(path, file->bytes()))
    return OpenVmwarePair(path, std::move(*file), std::move(*other), options);
  Result<Image> image = Read(file->bytes(), file->stored(), path, options);
  if (image && !image->state_->unpacked) image->state_->file = std::move(*file);
  return image;
}

Result<Image> Image::OpenVmwarePair(const std::string& path, FileMapping file, VmwareOther other,
                                    const OpenOptions& options) {
  if (!other.is_state) std::swap(file, other.file);  // `file` is the memory now
  const Result<VmwareState> regions = ReadVmwareState(other.file.bytes());
  if (!regions) return tl::unexpected(regions.error());
  Result<ImageParts> parts = OpenVmwareMemory(file.bytes(), 0, *regions, options);
  if (!parts) return tl::unexpected(parts.error());
  FinishPages(file.stored(), *parts);
  auto state = std::make_unique<State>();
  state->bytes = file.bytes();
  state->file = std::move(file);
  state->parts = std::move(*parts);
  state->parts.facts.path = path;
  state->parts.facts.member = other.name;
  state->parts.facts.compression = "none";
  state->parts.facts.size = state->bytes.size();
  return Image(std::move(state));
}

Result<Image> Image::FromBytes(ByteView bytes, const std::string& name, const OpenOptions& options) {
  return Read(bytes, std::nullopt, name, options);
}

Result<Image> Image::Read(ByteView bytes, const StoredExtents& stored, const std::string& name,
                          const OpenOptions& options) {
  auto state = std::make_unique<State>();
  state->bytes = bytes;
  Result<Unwrapped> unwrapped = Unwrap(bytes, options.max_decompressed_bytes);
  if (!unwrapped) return tl::unexpected(unwrapped.error());
  if (unwrapped->content) {
    state->unpacked = std::move(unwrapped->content);
    state->bytes = state->unpacked->bytes();
  }
  Result<ImageParts> parts =
      IsWipedHibernation(state->bytes, name)
          ? RefuseResumed(state->bytes, options)
          : OpenContainer(state->bytes, state->unpacked ? state->unpacked->stored() : stored, options);
  if (!parts) return tl::unexpected(parts.error());
  state->parts = std::move(*parts);
  if (state->parts.unpacked) state->bytes = state->parts.unpacked->bytes();
  ImageFacts& facts = state->parts.facts;
  facts.path = name;
  facts.compression = unwrapped->layers;
  facts.member = unwrapped->member;
  facts.size = bytes.size();
  NoteVmwareHole(facts.member.empty() ? name : facts.member, state->bytes.size(), facts);
  if (unwrapped->cut) NoteTruncation(facts, std::move(*unwrapped->cut));
  return Image(std::move(state));
}

const ImageFacts& Image::facts() const { return state_->parts.facts; }
ByteView Image::bytes() const { return state_->bytes; }
const PageMap& Image::pages() const { return state_->parts.pages; }
const VirtualMap& Image::virtual_ranges() const { return state_->parts.virtual_ranges; }

void Image::WillRead(const PageRun& run) const {
  if (state_->mapped()) FileMapping::WillRead(pages().Bytes(run));
}

}  // namespace poolblame
