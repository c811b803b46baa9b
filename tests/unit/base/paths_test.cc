#include "backstep/base/paths.h"

#include "backstep/tests/support/catch.h"

namespace backstep {
namespace {

TEST_CASE("slashes behind a path go, and the root stays the root") {
  CHECK(WithoutSlashes("a") == "a");
  CHECK(WithoutSlashes("a/b///") == "a/b");
  CHECK(WithoutSlashes("/a/") == "/a");
  CHECK(WithoutSlashes("/") == "/");
  CHECK(WithoutSlashes("///") == "/");
  CHECK(WithoutSlashes("").empty());
}

TEST_CASE("the folder of a path is the one in which it lies, however the path ends") {
  CHECK(FolderOf("a") == ".");
  CHECK(FolderOf("a/") == ".");
  CHECK(FolderOf("") == ".");
  CHECK(FolderOf("a/b") == "a");
  CHECK(FolderOf("a//b//") == "a");
  CHECK(FolderOf("../a") == "..");
  CHECK(FolderOf("/a") == "/");
  CHECK(FolderOf("//a") == "/");
  CHECK(FolderOf("/") == "/");
  CHECK(FolderOf("/a/b/") == "/a");
}

}  // namespace
}  // namespace backstep
