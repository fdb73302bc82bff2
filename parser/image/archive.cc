#include "parser/image/archive.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <utility>
#include <vector>

#include "parser/image/container.h"
#include "parser/image/seven_zip_memory.h"

namespace poolblame {
namespace {

constexpr std::size_t kMaxFiles = 1 << 16;  // stops a loop over a file of empty headers; a dump travels with few others
constexpr std::size_t kReadBytes = 1 << 16;
constexpr std::size_t kNamesShown = 4;

/// How much a file looks like an image. Of several files only one may have the highest rank that occurs.
enum class Rank { kOther, kByName, kByContent };

// What dump writers and acquisition tools call bare memory, which has no magic.
constexpr std::array<std::string_view, 12> kImageNames = {".dmp",  ".mdmp", ".raw", ".mem",  ".vmem", ".bin",
                                                          ".lime", ".avml", ".elf", ".core", ".dump", ".img"};

bool NamedLikeImage(const std::string& name) {
  std::string lower = name;
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::ranges::any_of(kImageNames, [&](std::string_view ending) { return lower.ends_with(ending); });
}

Rank RankOf(const std::string& name, ByteView head) {
  if (HasContainerMagic(head) || CompressionOf(head) != Compression::kNone) return Rank::kByContent;
  return NamedLikeImage(name) ? Rank::kByName : Rank::kOther;
}

class ArchiveSearch {
 public:
  ArchiveSearch(ByteView bytes, ArchiveFormat format, std::uint64_t limit)
      : format_(ArchiveName(format)), limit_(limit), reader_(bytes, format) {}

  Result<ArchiveMember> Run() {
    std::size_t files = 0;
    for (; files < kMaxFiles; ++files) {
      const std::optional<ArchiveFile> file = reader_.Next();
      if (!file) break;
      Look(*file);
    }
    // Beside a plain dump a file that cannot be looked at may be anything; alone it is what was meant.
    const bool saw_all = !encrypted_ && !unbounded_;
    if (held_.size() == 1 && (saw_all || rank_ != Rank::kOther)) return TakeHeld(files);
    return Refuse();
  }

 private:
  /// One sentence for each way not to have an image.
  [[nodiscard]] tl::unexpected<Error> Refuse() const {
    if (encrypted_ || (held_.empty() && reader_.list_encrypted()))
      return Fail(ErrorKind::kUnsupported, "encrypted " + format_ + ": unpack it first with its password");
    if (unbounded_)
      return Fail(ErrorKind::kUnsupported, format_ +
                                               " packed with LZMA or xz, which may ask for any amount of memory: "
                                               "unpack it first, or pack it the usual way (deflate)");
    if (held_.empty() && !reader_.damage().empty())
      return Fail(ErrorKind::kIo, "unpack the " + format_ + ": " + reader_.damage());
    if (held_.empty())
      return Fail(ErrorKind::kUnsupported, format_ + " without a file in it: give the dump, or an archive of it");
    return Fail(ErrorKind::kUnsupported, format_ + " with " + std::to_string(held_.size()) + " files " +
                                             (rank_ == Rank::kOther ? "and none that looks like a memory image"
                                                                    : "that look like memory images") +
                                             " (" + Names() + "): unpack it and give the one that you mean");
  }

  [[nodiscard]] std::string Names() const {
    std::string names;
    for (std::size_t i = 0; i < std::min(held_.size(), kNamesShown); ++i) names += (i == 0 ? "" : ", ") + held_[i];
    return held_.size() > kNamesShown ? names + ", …" : names;
  }

  void Look(const ArchiveFile& file) {
    if (file.encrypted) {
      encrypted_ = true;
      return;
    }
    if (file.unbounded) {
      unbounded_ = true;
      return;
    }
    const std::size_t length = reader_.Read(piece_);
    if (length == 0) return;
    const Rank rank = RankOf(file.name, {piece_.data(), length});
    if (!held_.empty() && rank < rank_) return;
    if (held_.empty() || rank > rank_) {
      held_.clear();
      rank_ = rank;
      sink_ = UnpackSink(limit_);
      Keep(length);
    }
    held_.push_back(file.name);
  }

  /// Puts the file whose first `length` bytes are in the buffer into the sink.
  void Keep(std::size_t length) {
    while (length > 0 && sink_.Append({piece_.data(), length})) length = reader_.Read(piece_);
  }

  Result<ArchiveMember> TakeHeld(std::size_t files) {
    UnpackNote cut;
    const std::uint64_t size = sink_.size();
    if (files == kMaxFiles) cut = "the " + format_ + " has more than " + std::to_string(kMaxFiles) + " files";
    if (!reader_.damage().empty())
      cut = "the " + format_ + " ends early or is damaged (" + reader_.damage() + "): " + std::to_string(size) +
            " bytes of " + held_.front() + " came out";
    if (sink_.limit_reached()) cut = "unpacking stopped at the limit of " + std::to_string(limit_) + " bytes";
    Result<UnpackedBytes> content = UnpackedBytes::From(std::move(sink_));
    if (!content) return tl::unexpected(content.error());
    return ArchiveMember{held_.front(), std::move(*content), std::move(cut)};
  }

  std::string format_;
  std::uint64_t limit_;
  ArchiveReader reader_;
  std::vector<std::uint8_t> piece_ = std::vector<std::uint8_t>(kReadBytes);
  std::vector<std::string> held_;  // the names of all files of `rank_`; the first one is in the sink
  Rank rank_ = Rank::kOther;
  UnpackSink sink_{limit_};
  bool encrypted_ = false;
  bool unbounded_ = false;
};

}  // namespace

Result<ArchiveMember> UnpackArchive(ByteView bytes, ArchiveFormat format, std::uint64_t limit) {
  if (format == ArchiveFormat::kSevenZip) {
    const Result<std::uint64_t> dictionary = LargestDictionary(bytes);
    if (!dictionary) return tl::unexpected(dictionary.error());
    if (*dictionary > kMostDictionary)
      return Fail(ErrorKind::kUnsupported, "7-Zip archive that needs " + std::to_string(*dictionary >> 20) +
                                               " MiB of memory, at most " + std::to_string(kMostDictionary >> 20) +
                                               " MiB are given to it: unpack it first");
  }
  return ArchiveSearch(bytes, format, limit).Run();
}

}  // namespace poolblame
