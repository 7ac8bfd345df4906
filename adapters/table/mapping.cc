#include "adapters/table/mapping.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

namespace zonecast::table {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return value_; }
  int release() { return std::exchange(value_, -1); }

 private:
  int value_;
};

std::string because(const std::string& path, const char* what, int error = errno) {
  return path + ": " + what + ": " + std::strerror(error);
}

Expected<struct stat> statOf(const Descriptor& file, const std::string& path) {
  struct stat status {};
  if (fstat(file.get(), &status) != 0) return tl::unexpected(because(path, "cannot be looked at"));
  if (!S_ISREG(status.st_mode)) return tl::unexpected(path + ": is no file");
  return status;
}

Expected<void> checkOwner(const struct stat& status, const std::string& path,
                          std::optional<uid_t> owner) {
  const uid_t user = status.st_uid;
  const bool is_trusted = owner ? user == *owner : user == 0 || user == geteuid();
  if (!is_trusted) {
    return tl::unexpected(path + ": belongs to user " + std::to_string(user) + ", not to " +
                          (owner ? "user " + std::to_string(*owner) : "root or ourselves"));
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return tl::unexpected(path + ": others than its owner may write it");
  }
  return {};
}

// What a header must say before anything else of the file is looked at.
Expected<void> checkHeader(const Header& header, std::size_t octets, const std::string& path) {
  if (header.magic != kMagic) return tl::unexpected(path + ": is no table of zonecast");
  if (header.format != kFormat) {
    return tl::unexpected(path + ": has format " + std::to_string(header.format) +
                          ", and we read " + std::to_string(kFormat));
  }
  if (header.checksum != checksumOf(header)) {
    return tl::unexpected(path + ": the checksum of its header is wrong");
  }
  const bool fits = header.header_octets == kHeaderOctets && header.octets == octets &&
                    header.slots > 0 && header.slots <= (octets - kHeaderOctets) / sizeof(Slot) &&
                    header.ref_bits <= 32 && octets / kUnit < std::uint64_t{1} << header.ref_bits;
  if (!fits) return tl::unexpected(path + ": is not as long as its header says");
  return {};
}

}  // namespace

std::int64_t bootSeconds() {
  struct timespec now {};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return now.tv_sec;
}

std::array<char, 16> bootId() {
  std::array<char, 16> id{};
  const Descriptor file(open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC));
  std::array<char, 36> text{};
  if (read(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size())) {
    std::memcpy(id.data(), text.data(), 8);
    std::memcpy(id.data() + 8, text.data() + 28, 8);
  }
  return id;
}

Expected<std::shared_ptr<Mapping>> Mapping::map(int descriptor, std::size_t octets,
                                                int protection) {
  Descriptor file(descriptor);
  struct stat status {};
  fstat(file.get(), &status);
  void* base = mmap(nullptr, octets, protection, MAP_SHARED, file.get(), 0);
  if (base == MAP_FAILED) {
    return tl::unexpected(std::string("cannot be mapped: ") + std::strerror(errno));
  }
  return std::shared_ptr<Mapping>(
      new Mapping(file.release(), static_cast<std::byte*>(base), octets, status.st_ino));
}

Expected<std::shared_ptr<Mapping>> Mapping::openToRead(const std::string& path,
                                                       std::optional<uid_t> owner) {
  Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (file.get() < 0) return tl::unexpected(because(path, "cannot be opened"));
  const auto status = statOf(file, path);
  if (!status) return tl::unexpected(status.error());
  if (auto trusted = checkOwner(*status, path, owner); !trusted) {
    return tl::unexpected(trusted.error());
  }
  const auto octets = static_cast<std::size_t>(status->st_size);
  if (octets < kHeaderOctets) return tl::unexpected(path + ": is too short for a table");
  // Only tells that somebody looks: a file that cannot be locked can be read all the same.
  struct flock lock {};
  lock.l_type = F_RDLCK;
  lock.l_whence = SEEK_SET;
  fcntl(file.get(), F_OFD_SETLK, &lock);
  auto mapping = map(file.release(), octets, PROT_READ);
  if (!mapping) return tl::unexpected(path + ": " + mapping.error());
  if (auto good = checkHeader((*mapping)->header(), octets, path); !good) {
    return tl::unexpected(good.error());
  }
  return mapping;
}

Expected<std::shared_ptr<Mapping>> Mapping::openToWrite(const std::string& path) {
  Descriptor file(open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (file.get() < 0) return tl::unexpected(because(path, "cannot be opened"));
  const auto status = statOf(file, path);
  if (!status) return tl::unexpected(status.error());
  if (auto trusted = checkOwner(*status, path, geteuid()); !trusted) {
    return tl::unexpected(trusted.error());
  }
  const auto octets = static_cast<std::size_t>(status->st_size);
  if (octets < kHeaderOctets) return tl::unexpected(path + ": is too short for a table");
  auto mapping = map(file.release(), octets, PROT_READ | PROT_WRITE);
  if (!mapping) return tl::unexpected(path + ": " + mapping.error());
  if (auto good = checkHeader((*mapping)->header(), octets, path); !good) {
    return tl::unexpected(good.error());
  }
  return mapping;
}

Expected<std::shared_ptr<Mapping>> Mapping::create(const std::string& path, unsigned mode,
                                                   std::size_t octets) {
  // Never over a file that somebody may have mapped.
  if (unlink(path.c_str()) != 0 && errno != ENOENT) {
    return tl::unexpected(because(path, "cannot be removed"));
  }
  Descriptor file(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file.get() < 0) return tl::unexpected(because(path, "cannot be made"));
  if (fchmod(file.get(), mode & 0755 & ~0111U) != 0) {
    return tl::unexpected(because(path, "cannot be given its mode"));
  }
  // A hole in a file on a full tmpfs would be a SIGBUS for whoever reads it.
  int error = EINTR;
  while (error == EINTR) error = posix_fallocate(file.get(), 0, static_cast<off_t>(octets));
  if (error != 0) {
    unlink(path.c_str());
    return tl::unexpected(
        because(path, ("no room for its " + std::to_string(octets) + " octets").c_str(), error));
  }
  auto mapping = map(file.release(), octets, PROT_READ | PROT_WRITE);
  if (!mapping) return tl::unexpected(path + ": " + mapping.error());
  return mapping;
}

Mapping::~Mapping() {
  munmap(base_, octets_);
  close(descriptor_);
}

bool Mapping::isReplacedAt(const std::string& path) const {
  struct stat ours {
  }, theirs{};
  if (fstat(descriptor_, &ours) != 0 || stat(path.c_str(), &theirs) != 0) return false;
  return ours.st_dev != theirs.st_dev || ours.st_ino != theirs.st_ino;
}

void Mapping::giveBack() {
  // Where holes cannot be made, the memory goes with the last reader.
  fallocate(descriptor_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, kHeaderOctets,
            static_cast<off_t>(octets_ - kHeaderOctets));
}

}  // namespace zonecast::table
