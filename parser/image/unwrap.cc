#include "parser/image/unwrap.h"

#include <utility>

#include "parser/image/archive.h"

namespace poolblame {
namespace {

constexpr int kMaxLayers = 3;  // a dump packed by who took it, archived by who sent it, packed again by the mail
constexpr std::uint64_t kTarHeaderBytes = 512;

/// True when a tar archive was compressed as a whole: then libarchive does both, and the archive itself needs no room.
bool HoldsTar(ByteView bytes, Compression compression) {
  const Result<Unpacked> head = Unpack(bytes, compression, kTarHeaderBytes);
  return head && ArchiveFormatOf(head->content.bytes()) == ArchiveFormat::kTar;
}

class Unwrapper {
 public:
  explicit Unwrapper(std::uint64_t limit) : limit_(limit) {}

  /// Takes one layer off `bytes`; false when there is none.
  Result<bool> TakeLayer(ByteView bytes) {
    const Compression compression = CompressionOf(bytes);
    if (compression == Compression::kNone) {
      const ArchiveFormat format = ArchiveFormatOf(bytes);
      return format == ArchiveFormat::kNone ? Result<bool>(false) : TakeFile(bytes, format);
    }
    AddWord(CompressionName(compression));
    return HoldsTar(bytes, compression) ? TakeFile(bytes, ArchiveFormat::kTar) : Decompress(bytes, compression);
  }

  Unwrapped result;

 private:
  Result<bool> TakeFile(ByteView bytes, ArchiveFormat format) {
    AddWord(ArchiveWord(format));
    Result<ArchiveMember> member = UnpackArchive(bytes, format, limit_);
    if (!member) return tl::unexpected(member.error());
    result.member = std::move(member->name);
    Replace(std::move(member->content), std::move(member->cut));
    return true;
  }

  Result<bool> Decompress(ByteView bytes, Compression compression) {
    Result<Unpacked> unpacked = Unpack(bytes, compression, limit_);
    if (!unpacked) return tl::unexpected(unpacked.error());
    Replace(std::move(unpacked->content), std::move(unpacked->cut));
    return true;
  }

  /// The layer before is freed here, and not sooner: the new one was read from it.
  void Replace(UnpackedBytes content, UnpackNote cut) {
    result.content = std::move(content);
    if (!result.cut) result.cut = std::move(cut);
  }

  void AddWord(const char* word) { result.layers = result.layers == "none" ? word : result.layers + "/" + word; }

  std::uint64_t limit_;
};

}  // namespace

Result<Unwrapped> Unwrap(ByteView bytes, std::uint64_t limit) {
  Unwrapper unwrapper(limit);
  for (int layer = 0; layer <= kMaxLayers; ++layer) {
    const Result<bool> taken =
        unwrapper.TakeLayer(unwrapper.result.content ? unwrapper.result.content->bytes() : bytes);
    if (!taken) return tl::unexpected(taken.error());
    if (!*taken) return std::move(unwrapper.result);
  }
  return Fail(ErrorKind::kUnsupported, "file packed more than " + std::to_string(kMaxLayers) + " times over (" +
                                           unwrapper.result.layers + "): unpack it first");
}

}  // namespace poolblame
