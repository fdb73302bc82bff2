#include "parser/image/image.h"

#include <utility>

#include "parser/image/container.h"
#include "parser/image/file_mapping.h"

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

struct Image::State {
  std::optional<FileMapping> mapping;  // the file as it lies on disk
  ByteView bytes;
  ImageParts parts;
  bool mapped = false;
};

Image::Image(std::unique_ptr<State> state) : state_(std::move(state)) {}
Image::Image(Image&&) noexcept = default;
Image& Image::operator=(Image&&) noexcept = default;
Image::~Image() = default;

Result<Image> Image::Open(const std::string& path, const OpenOptions& options) {
  Result<FileMapping> mapping = FileMapping::Open(path);
  if (!mapping) return tl::unexpected(mapping.error());
  Result<Image> image = FromBytes(mapping->bytes(), path, options);
  if (image) {
    image->state_->mapping = std::move(*mapping);
    image->state_->mapped = true;
  }
  return image;
}

Result<Image> Image::FromBytes(ByteView bytes, const std::string& name, const OpenOptions& options) {
  auto state = std::make_unique<State>();
  state->bytes = bytes;
  Result<ImageParts> parts = OpenContainer(state->bytes, options);
  if (!parts) return tl::unexpected(parts.error());
  state->parts = std::move(*parts);
  ImageFacts& facts = state->parts.facts;
  facts.path = name;
  facts.compression = "none";
  facts.size = bytes.size();
  return Image(std::move(state));
}

const ImageFacts& Image::facts() const { return state_->parts.facts; }
ByteView Image::bytes() const { return state_->bytes; }
const PageMap& Image::pages() const { return state_->parts.pages; }
const VirtualMap& Image::virtual_ranges() const { return state_->parts.virtual_ranges; }

void Image::WillRead(const PageRun& run) const {
  if (state_->mapped) FileMapping::WillRead(pages().Bytes(run));
}

}  // namespace poolblame
