// What the tests of the disk share: a directory that goes with the test, and zones to save.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "adapters/disk/lmdb_disk.h"

namespace zonecast::disk {

class TempDirectory {
 public:
  TempDirectory() {
    std::string pattern = testing::TempDir() + "zonecast_disk_XXXXXX";
    EXPECT_NE(mkdtemp(pattern.data()), nullptr);
    path_ = pattern;
  }
  ~TempDirectory() { std::filesystem::remove_all(path_); }
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;
  const std::string& path() const { return path_; }
  std::string database() const { return path_ + "/zonecast.lmdb"; }

 private:
  std::string path_;
};

inline dns::Name nameOf(std::string_view text) {
  return *dns::Name::fromText(text);
}

inline Octets octetsOf(std::string_view text) {
  return {text.begin(), text.end()};
}

inline xfr::HeldCopy copyAt(std::uint32_t serial, std::int64_t checked = 1'700'000'000'000'000) {
  return {.serial = dns::Serial(serial),
          .intervals = {.refresh = std::chrono::seconds{7200},
                        .retry = std::chrono::seconds{900},
                        .expire = std::chrono::seconds{1'209'600}},
          .last_success = WallTime{Duration{checked}}};
}

inline view::DeltaRecord addressRecord(std::string_view owner, std::uint8_t last_octet) {
  return {nameOf(owner), dns::RrType::a, dns::Ttl(300), {192, 0, 2, last_octet}};
}

inline view::Delta deltaBetween(std::uint32_t from, std::uint32_t to) {
  return {.from = dns::Serial(from),
          .to = dns::Serial(to),
          .removed = {addressRecord("sip.example.com", 1)},
          .added = {addressRecord("sip.example.com", 2),
                    {nameOf("x.example.com"), dns::RrType{65280}, dns::Ttl(60), {}}}};
}

// To compare whole zones: everything in one text.
inline std::string show(const std::vector<view::DeltaRecord>& records) {
  std::string text;
  for (const auto& record : records) {
    text += record.owner.toText() + " " + std::to_string(record.ttl.seconds()) + " " +
            dns::toText(record.type) + " " + std::string(record.rdata.begin(), record.rdata.end()) +
            "\n";
  }
  return text;
}
inline std::string show(const std::vector<view::Delta>& chain) {
  std::string text;
  for (const auto& delta : chain) {
    text += std::to_string(delta.from.value()) + "->" + std::to_string(delta.to.value()) + " -\n" +
            show(delta.removed) + "+\n" + show(delta.added);
  }
  return text;
}

class DiskTest : public testing::Test, protected ports::DiskListener {
 protected:
  void onDiskTrouble(std::string why) override {
    EXPECT_FALSE(inside_call_);
    troubles_.push_back(std::move(why));
  }

  // (Re)opens the disk, as a restart would; `options` keep their directory.
  void open() {
    disk_.reset();
    options_.directory = directory_.path();
    if (!options_.random) options_.random = std::mt19937_64{7};
    auto opened = LmdbDisk::open(options_, loop_);
    ASSERT_TRUE(opened) << opened.error();
    disk_ = std::move(*opened);
    disk_->reportTo(*this);
  }
  void saveZone(const dns::Name& zone, const std::vector<std::string>& pieces,
                const xfr::HeldCopy& copy) {
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      const bool last = i + 1 == pieces.size();
      disk_->saveZonePiece(zone, octetsOf(pieces[i]), i == 0,
                           last ? std::optional(copy) : std::nullopt);
    }
  }
  std::map<std::string, ports::SavedZone> zones() {
    std::map<std::string, ports::SavedZone> result;
    const auto read = disk_->forEachZone([&](ports::SavedZone zone) {
      const std::string name = zone.name.toText();
      EXPECT_TRUE(result.emplace(name, std::move(zone)).second);
    });
    EXPECT_TRUE(read) << read.error();
    return result;
  }
  std::vector<std::string> pieces(const std::string& zone) {
    std::vector<std::string> result;
    const auto found = zones();
    for (const auto& piece : found.at(zone).pieces) result.emplace_back(piece.begin(), piece.end());
    return result;
  }
  // What the disk reports once everything saved is written.
  std::vector<std::string> troubles() {
    inside_call_ = true;
    disk_->flush();
    inside_call_ = false;
    uv::Timer end(loop_, [this] { loop_.stop(); });
    end.after(std::chrono::milliseconds{20});
    loop_.run();
    return std::exchange(troubles_, {});
  }

  TempDirectory directory_;
  uv::Loop loop_;
  DiskOptions options_;
  std::unique_ptr<LmdbDisk> disk_;
  bool inside_call_ = false;
  std::vector<std::string> troubles_;
};

}  // namespace zonecast::disk
