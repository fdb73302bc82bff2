// A result file is the whole result or what it was before.
#include "cli/output.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace poolblame::cli {
namespace {

namespace fs = std::filesystem;

class WriteFileTest : public testing::Test {
 protected:
  void SetUp() override {
    const testing::TestInfo* info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::path(testing::TempDir()) / (std::string("poolblame-") + info->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  static std::string Read(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  [[nodiscard]] std::ptrdiff_t Entries() const {
    return std::distance(fs::directory_iterator(folder_), fs::directory_iterator());
  }

  fs::path folder_;
};

TEST_F(WriteFileTest, MakesAndReplacesAndLeavesNothingElse) {
  const fs::path path = folder_ / "report.txt";
  ASSERT_TRUE(WriteFile(path.string(), "first, and longer"));
  ASSERT_TRUE(WriteFile(path.string(), "second"));
  EXPECT_EQ(Read(path), "second");
  EXPECT_EQ(Entries(), 1);
}

TEST_F(WriteFileTest, FollowsALink) {
  const fs::path target = folder_ / "target", link = folder_ / "link";
  ASSERT_TRUE(WriteFile(target.string(), "old"));
  fs::create_symlink(target, link);
  ASSERT_TRUE(WriteFile(link.string(), "new"));
  EXPECT_EQ(Read(target), "new");
  EXPECT_TRUE(fs::is_symlink(link));
}

TEST_F(WriteFileTest, SaysWhyNot) {
  const WriteResult written = WriteFile((folder_ / "missing" / "report.txt").string(), "x");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::kIo);
  EXPECT_EQ(written.error().what, "cannot be written: No such file or directory");
  EXPECT_EQ(Entries(), 0);
}

TEST_F(WriteFileTest, RefusesAFolder) {
  EXPECT_FALSE(WriteFile(folder_.string(), "x"));
  EXPECT_TRUE(fs::is_directory(folder_));
}

TEST_F(WriteFileTest, NoticesAFullDisk) {
  if (!fs::exists("/dev/full"))
    GTEST_SKIP() << "only Linux has /dev/full, and nothing else gives a full disk without filling one";
  const WriteResult written = WriteFile("/dev/full", "x");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().what, "cannot be written: No space left on device");
}

}  // namespace
}  // namespace poolblame::cli
