#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "parser/image/file_mapping.h"

namespace poolblame {
namespace {

tl::unexpected<Error> SystemError(const char* doing) {
  return Fail(ErrorKind::kIo, std::string(doing) + ": " + std::generic_category().message(errno));
}

/// Closes on every way out.
class Descriptor {
 public:
  explicit Descriptor(int handle) : handle_(handle) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (handle_ >= 0) close(handle_);
  }
  [[nodiscard]] int get() const { return handle_; }

 private:
  int handle_;
};

Result<const std::uint8_t*> MapReadOnly(int handle, std::size_t size) {
  void* const address = mmap(nullptr, size, PROT_READ, MAP_SHARED, handle, 0);
  if (address == MAP_FAILED) return SystemError("map the file");
  madvise(address, size, MADV_SEQUENTIAL);
  return static_cast<const std::uint8_t*>(address);
}

#ifdef SEEK_DATA
/// A file that takes as many blocks as its size says has no holes; the others are asked piece by piece.
StoredExtents FindStored(int handle, std::uint64_t size) {
  constexpr std::uint64_t kBlock = 512;  // unit of st_blocks
  struct stat status {};
  if (fstat(handle, &status) != 0 || static_cast<std::uint64_t>(status.st_blocks) >= size / kBlock) return std::nullopt;
  std::vector<FileExtent> stored;
  std::uint64_t at = 0;
  while (at < size) {
    const off_t begin = lseek(handle, static_cast<off_t>(at), SEEK_DATA);
    if (begin < 0 && errno == ENXIO) return stored;  // nothing but a hole from here on
    if (begin < 0) return std::nullopt;
    const off_t end = lseek(handle, begin, SEEK_HOLE);
    if (end <= begin) return std::nullopt;
    at = stored.size() + 1 < kMaxFileExtents ? std::min(static_cast<std::uint64_t>(end), size) : size;
    if (static_cast<std::uint64_t>(begin) < size) stored.push_back({static_cast<std::uint64_t>(begin), at});
  }
  return stored;
}
#else
StoredExtents FindStored(int, std::uint64_t) { return std::nullopt; }
#endif

}  // namespace

Result<FileMapping> FileMapping::Open(const std::string& path) {
  // Without O_NONBLOCK the open of a FIFO would wait for a writer.
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return SystemError("open the file");
  struct stat status {};
  if (fstat(file.get(), &status) != 0) return SystemError("look at the file");
  if (!S_ISREG(status.st_mode)) return Fail(ErrorKind::kIo, "open the file: not a regular file");
  if (status.st_size == 0) return FileMapping(nullptr, 0, std::nullopt);
  const auto size = static_cast<std::size_t>(status.st_size);
  const Result<const std::uint8_t*> data = MapReadOnly(file.get(), size);
  if (!data) return tl::unexpected(data.error());
  return FileMapping(*data, size, FindStored(file.get(), size));
}

FileMapping::FileMapping(FileMapping&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      stored_(std::move(other.stored_)) {}

FileMapping& FileMapping::operator=(FileMapping&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(stored_, other.stored_);
  return *this;
}

FileMapping::~FileMapping() {
  if (data_ != nullptr) munmap(const_cast<std::uint8_t*>(data_), size_);
}

void FileMapping::WillRead(ByteView part) {
#ifdef MADV_POPULATE_READ  // Linux 5.14: maps the pages in one call instead of one fault each
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const std::uintptr_t begin = reinterpret_cast<std::uintptr_t>(part.data()) & ~(page - 1);
  const std::uintptr_t end = reinterpret_cast<std::uintptr_t>(part.data()) + part.size();
  if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_POPULATE_READ);
#else
  static_cast<void>(part);
#endif
}

Result<TemporaryFile> TemporaryFile::Create() {
  const char* const folder = std::getenv("TMPDIR");
  std::string name = std::string(folder != nullptr && *folder != '\0' ? folder : "/tmp") + "/poolblame-XXXXXX";
  const int handle = mkstemp(name.data());
  if (handle < 0) return SystemError("make a temporary file to unpack to");
  unlink(name.c_str());
  return TemporaryFile(handle);
}

TemporaryFile::TemporaryFile(TemporaryFile&& other) noexcept
    : handle_(std::exchange(other.handle_, -1)), size_(std::exchange(other.size_, 0)) {}

TemporaryFile& TemporaryFile::operator=(TemporaryFile&& other) noexcept {
  std::swap(handle_, other.handle_);
  std::swap(size_, other.size_);
  return *this;
}

TemporaryFile::~TemporaryFile() {
  if (handle_ >= 0) close(handle_);
}

Result<void> TemporaryFile::Write(ByteView bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t written = pwrite(handle_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(size_ + done));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return SystemError("unpack to a temporary file");
    done += static_cast<std::size_t>(written);
  }
  size_ += bytes.size();
  return {};
}

Result<FileMapping> TemporaryFile::Map() && {
  if (ftruncate(handle_, static_cast<off_t>(size_)) != 0) return SystemError("unpack to a temporary file");
  if (size_ == 0) return FileMapping(nullptr, 0, std::nullopt);
  const Result<const std::uint8_t*> data = MapReadOnly(handle_, static_cast<std::size_t>(size_));
  if (!data) return tl::unexpected(data.error());
  return FileMapping(*data, static_cast<std::size_t>(size_), FindStored(handle_, size_));
}

}  // namespace poolblame
