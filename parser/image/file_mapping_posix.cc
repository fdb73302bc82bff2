#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

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

}  // namespace

Result<FileMapping> FileMapping::Open(const std::string& path) {
  // Without O_NONBLOCK the open of a FIFO would wait for a writer.
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return SystemError("open the file");
  struct stat status {};
  if (fstat(file.get(), &status) != 0) return SystemError("look at the file");
  if (!S_ISREG(status.st_mode)) return Fail(ErrorKind::kIo, "open the file: not a regular file");
  if (status.st_size == 0) return FileMapping(nullptr, 0);
  const auto size = static_cast<std::size_t>(status.st_size);
  const Result<const std::uint8_t*> data = MapReadOnly(file.get(), size);
  if (!data) return tl::unexpected(data.error());
  return FileMapping(*data, size);
}

FileMapping::FileMapping(FileMapping&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

FileMapping& FileMapping::operator=(FileMapping&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
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
  if (size_ == 0) return FileMapping(nullptr, 0);
  const Result<const std::uint8_t*> data = MapReadOnly(handle_, static_cast<std::size_t>(size_));
  if (!data) return tl::unexpected(data.error());
  return FileMapping(*data, static_cast<std::size_t>(size_));
}

}  // namespace poolblame
