// Runs a fuzzer once over every file of the folders named: for builds without libFuzzer.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "test/fuzz/fuzzing.h"

int main(int count, char** folders) {
  std::size_t replayed = 0;
  for (int i = 1; i < count; ++i) {
    for (const auto& entry : std::filesystem::directory_iterator(folders[i])) {
      std::ifstream file(entry.path(), std::ios::binary);
      const zonecast::fuzz::Octets input{std::istreambuf_iterator<char>(file), {}};
      std::printf("%s\n", entry.path().c_str());
      std::fflush(stdout);  // the last one is the culprit
      LLVMFuzzerTestOneInput(input.data(), input.size());
      ++replayed;
    }
  }
  return replayed == 0 ? 1 : 0;  // a corpus that is not there proves nothing
}
