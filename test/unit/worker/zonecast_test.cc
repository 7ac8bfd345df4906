// The C interface, as a proxy uses it.
#include "adapters/worker/zonecast.h"

#include <cstring>
#include <new>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "test/unit/table/folder.h"

namespace {

std::size_t allocations = 0;

}  // namespace

void* operator new(std::size_t octets) {
  ++allocations;
  if (void* memory = std::malloc(octets)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace zonecast::worker {
namespace {

using table::Attribute;
using table::Folder;
using table::Seconds;
using testing::HasSubstr;

std::string_view view(zonecast_text text) {
  return {text.octets, text.length};
}

class Worker : public testing::Test {
 protected:
  Worker() {
    table::WriterOptions options;
    options.path = folder_.file("table");
    writer_ = table::mustOpen(options);
  }
  ~Worker() override { zonecast_close(table_); }

  void fill() {
    const std::vector<std::string_view> domains{"example.com", "sip.example.com"};
    const std::vector<Attribute> attributes{{"digest.qop", "auth"},
                                            {"digest.qop", "auth-int"},
                                            {"expires", Seconds{300}},
                                            {"max", std::int64_t{-7}},
                                            {"motd", ""},
                                            {"peering", true}};
    ASSERT_TRUE(writer_->putVirtualDomain({"ex", "acme", "example.com", domains, attributes, 1}));
    ASSERT_TRUE(writer_->putDomain(
        {"example.com", "ex", table::State::hosted, 1 << 1 | 1 << 3, table::Role::backup, 2}));
    ASSERT_TRUE(writer_->putDomain(
        {"sip.example.com", "ex", table::State::retiring, 2, table::Role::primary, 2}));
    ASSERT_TRUE(writer_->putDomain(
        {"2001:db8::1", "ex", table::State::hosted, 2, table::Role::primary, 2}));
    ASSERT_TRUE(writer_->putDomain(
        {"bare.example", "bare", table::State::hosted, 2, table::Role::primary, 2}));
    ASSERT_TRUE(writer_->putForeign("foreign.example", table::bootSeconds() + 60));
    ASSERT_TRUE(writer_->putForeign("stale.example", table::bootSeconds() - 1));
    ASSERT_TRUE(writer_->commit(table::positionAt(5)));
  }
  void open(std::uint32_t max_age = 0) {
    zonecast_options options{};
    options.size = sizeof(options);
    options.max_age = max_age;
    char error[200] = "";
    table_ = zonecast_open(folder_.file("table").c_str(), &options, error, sizeof(error));
    ASSERT_NE(table_, nullptr) << error;
  }
  zonecast_answer look(std::string_view host) {
    return zonecast_lookup(table_, host.data(), host.size(), &domain_);
  }

  Folder folder_;
  std::unique_ptr<table::Writer> writer_;
  zonecast_table* table_ = nullptr;
  zonecast_domain domain_{};
};

TEST_F(Worker, TellsHostedForeignUnknownAndInvalid) {
  fill();
  open();
  EXPECT_EQ(look("EXAMPLE.com."), ZONECAST_HOSTED);
  EXPECT_EQ(view(domain_.name), "example.com");
  EXPECT_EQ(view(domain_.did), "ex");
  EXPECT_EQ(domain_.state, ZONECAST_STATE_HOSTED);
  EXPECT_EQ(domain_.role, ZONECAST_ROLE_BACKUP);
  EXPECT_EQ(domain_.transports, static_cast<unsigned>(ZONECAST_UDP | ZONECAST_TLS));
  EXPECT_EQ(look("sip.example.com"), ZONECAST_HOSTED);
  EXPECT_EQ(domain_.state, ZONECAST_STATE_RETIRING);
  EXPECT_EQ(look("[2001:DB8::1]"), ZONECAST_HOSTED);
  EXPECT_EQ(look("foreign.example"), ZONECAST_FOREIGN);
  EXPECT_EQ(domain_.did.length, 0U);
  EXPECT_EQ(look("stale.example"), ZONECAST_UNKNOWN);
  EXPECT_EQ(look("nobody.example"), ZONECAST_UNKNOWN);
  EXPECT_EQ(look("not a host"), ZONECAST_INVALID);
}

TEST_F(Worker, GivesAttributesWithTypesAndAllValues) {
  fill();
  open();
  ASSERT_EQ(look("example.com"), ZONECAST_HOSTED);
  zonecast_virtual_domain found;
  ASSERT_TRUE(zonecast_virtual_domain_of(table_, &domain_, &found));
  EXPECT_EQ(view(found.customer), "acme");
  EXPECT_EQ(view(found.canonical), "example.com");
  EXPECT_EQ(found.attributes, 6U);
  zonecast_value value;
  ASSERT_TRUE(zonecast_attribute_find(table_, &found, "Digest.QOP", 10, 1, &value));
  EXPECT_EQ(view(value.text), "auth-int");
  EXPECT_FALSE(zonecast_attribute_find(table_, &found, "digest.qop", 10, 2, &value));
  ASSERT_TRUE(zonecast_attribute_find(table_, &found, "expires", 7, 0, &value));
  EXPECT_EQ(value.type, ZONECAST_DURATION);
  EXPECT_EQ(value.number, 300);
  ASSERT_TRUE(zonecast_attribute(table_, &found, 3, &value));
  EXPECT_EQ(view(value.name), "max");
  EXPECT_EQ(value.number, -7);
  ASSERT_TRUE(zonecast_attribute(table_, &found, 5, &value));
  EXPECT_EQ(value.type, ZONECAST_BOOLEAN);
  EXPECT_EQ(value.number, 1);
  EXPECT_FALSE(zonecast_attribute(table_, &found, 6, &value));
  zonecast_text member;
  ASSERT_TRUE(zonecast_member(table_, &found, 1, &member));
  EXPECT_EQ(view(member), "sip.example.com");
  EXPECT_FALSE(zonecast_member(table_, &found, 2, &member));
}

TEST_F(Worker, SaysThatADidHasNoAttributes) {
  fill();
  open();
  ASSERT_EQ(look("bare.example"), ZONECAST_HOSTED);
  EXPECT_EQ(view(domain_.did), "bare");
  zonecast_virtual_domain found;
  EXPECT_FALSE(zonecast_virtual_domain_of(table_, &domain_, &found));
  EXPECT_FALSE(zonecast_virtual_domain_find(table_, "nobody", 6, &found));
  EXPECT_TRUE(zonecast_virtual_domain_find(table_, "ex", 2, &found));
}

TEST_F(Worker, KnowsNothingFromATableThatIsTooOld) {
  fill();
  open(10);
  EXPECT_EQ(look("example.com"), ZONECAST_TOO_OLD);
  writer_->confirm(table::bootSeconds() - 5);
  ASSERT_TRUE(zonecast_refresh(table_));
  EXPECT_EQ(look("example.com"), ZONECAST_HOSTED);
  zonecast_status status;
  zonecast_status_of(table_, &status);
  EXPECT_EQ(status.version, 5U);
  EXPECT_EQ(status.domains, 4U);
  EXPECT_GE(status.age, 5);
  EXPECT_STREQ(status.lineage, table::positionAt(5).lineage.c_str());
  writer_->confirm(table::bootSeconds() - 20);
  ASSERT_TRUE(zonecast_refresh(table_));
  EXPECT_EQ(look("example.com"), ZONECAST_TOO_OLD);
}

TEST_F(Worker, SeesWhatItRefreshedToAndAllocatesNothing) {
  fill();
  open();
  ASSERT_TRUE(writer_->removeDomain("example.com"));
  ASSERT_TRUE(writer_->commit(table::positionAt(6)));
  const std::size_t before = allocations;
  EXPECT_EQ(look("example.com"), ZONECAST_HOSTED);
  zonecast_virtual_domain found;
  zonecast_value value;
  zonecast_virtual_domain_of(table_, &domain_, &found);
  zonecast_attribute_find(table_, &found, "peering", 7, 0, &value);
  zonecast_refresh(table_);
  EXPECT_EQ(look("example.com"), ZONECAST_UNKNOWN);
  EXPECT_EQ(allocations, before);
}

// All that a damaged record counts must be in the file.
TEST_F(Worker, CountsNoMembersThatAreNotThere) {
  fill();
  const auto table = writer_->mapping();
  const table::View newest = writer_->newest();
  const table::Node* node = newest.find("ex");
  const_cast<table::VirtualDomainRecord*>(newest.virtualDomainOf(*node))->member_count = UINT32_MAX;
  open();
  zonecast_virtual_domain found;
  ASSERT_TRUE(zonecast_virtual_domain_find(table_, "ex", 2, &found));
  EXPECT_EQ(found.domains, 0U);
}

TEST_F(Worker, FindsNoVirtualDomainInATableThatWasGivenBack) {
  fill();
  open();
  ASSERT_EQ(look("example.com"), ZONECAST_HOSTED);
  ASSERT_TRUE(writer_->beginAnew(1));
  ASSERT_TRUE(writer_->commit(table::positionAt(6)));
  writer_->collect(table::bootSeconds() + 100);
  zonecast_virtual_domain found;
  EXPECT_FALSE(zonecast_virtual_domain_of(table_, &domain_, &found));
  EXPECT_FALSE(zonecast_virtual_domain_find(table_, "ex", 2, &found));
  EXPECT_EQ(look("example.com"), ZONECAST_TOO_OLD);
}

TEST_F(Worker, SaysWhyItCannotOpen) {
  char error[200] = "";
  EXPECT_EQ(zonecast_open("/nowhere/table", nullptr, error, sizeof(error)), nullptr);
  EXPECT_THAT(error, HasSubstr("/nowhere/table: cannot be opened"));
  zonecast_options options{};
  options.size = sizeof(options);
  options.owner = "no-such-user";
  EXPECT_EQ(zonecast_open("/nowhere/table", &options, error, sizeof(error)), nullptr);
  EXPECT_THAT(error, HasSubstr("there is no user no-such-user"));
}

TEST_F(Worker, TellsTheMirrorWhatItDoesNotKnow) {
  fill();
  open();
  EXPECT_FALSE(zonecast_wanted(table_, "new.example", 11)) << "nobody listens";
  const int mirror = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, folder_.file("table.wanted").c_str());
  ASSERT_EQ(bind(mirror, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_TRUE(zonecast_wanted(table_, "New.example.", 12));
  EXPECT_FALSE(zonecast_wanted(table_, "no host", 7));
  char datagram[300];
  const ssize_t length = recv(mirror, datagram, sizeof(datagram), MSG_DONTWAIT);
  EXPECT_EQ(std::string_view(datagram, static_cast<std::size_t>(length)), "new.example");
  close(mirror);
}

}  // namespace
}  // namespace zonecast::worker
