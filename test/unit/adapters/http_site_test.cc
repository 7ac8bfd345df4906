#include <algorithm>

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>
#include <prometheus/counter.h>

#include "adapters/http/page.h"
#include "adapters/http/site.h"
#include "test/unit/adapters/http_testing.h"

namespace zonecast::http {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::StartsWith;

class ASite : public testing::Test {
 protected:
  Site make(std::string token = "") {
    return {{.token = std::move(token), .hosts = {"status.example"}, .header_octets_max = 1000},
            handler_,
            registry_};
  }
  static Request get(std::string target) {
    Request request;
    request.method = "GET";
    request.target = std::move(target);
    request.hosts = {"localhost"};
    return request;
  }

  FakeHandler handler_;
  std::shared_ptr<prometheus::Registry> registry_ = std::make_shared<prometheus::Registry>();
  Site site_ = make();
};

TEST_F(ASite, FillsRequestsFromPathAndQuery) {
  EXPECT_EQ(site_.answer(get("/v1/explain/ex%61mple.com")).status, 200u);
  EXPECT_EQ(handler_.asked.back().explain().domain(), "example.com");
  site_.answer(get("/v1/zones?after=a.example&limit=7&troubled=true"));
  const v1::ZoneStatusRequest& zones = handler_.asked.back().zone_status();
  EXPECT_EQ(zones.after(), "a.example");
  EXPECT_EQ(zones.limit(), 7u);
  EXPECT_TRUE(zones.troubled());
}

TEST_F(ASite, AnswersWithTheMessageInJson) {
  const Answer answer = site_.answer(get("/v1/status"));
  EXPECT_EQ(answer.type, "application/json");
  EXPECT_THAT(answer.body, StartsWith(R"({"store":"idle","term":"0")"));
}

TEST_F(ASite, RefusesParametersThatItDoesNotKnow) {
  for (const char* target :
       {"/v1/status?x=1", "/v1/zones?limit=x", "/v1/zones?limit=-1", "/v1/zones?limit=4294967296",
        "/v1/zones?limit=1&limit=2", "/v1/zones?troubled=yes",
        "/v1/explain/a.example?domain=b.example", "/v1/events?x=1"}) {
    const Answer answer = site_.answer(get(target));
    EXPECT_EQ(answer.status, 400u) << target;
    EXPECT_THAT(answer.body, HasSubstr("parameter")) << target;
  }
  EXPECT_TRUE(handler_.asked.empty());
}

TEST_F(ASite, PassesOnWhatTheHandlerRefuses) {
  handler_.answer = [](const auto&) {
    v1::ControlResponse response;
    response.mutable_failure()->set_kind(v1::Failure::NOT_FOUND);
    response.mutable_failure()->set_text("no zone x");
    return response;
  };
  const Answer answer = site_.answer(get("/v1/zones?zone=x"));
  EXPECT_EQ(answer.status, 404u);
  EXPECT_THAT(answer.body, HasSubstr("no zone x"));
}

TEST_F(ASite, IsNotReadyWith503AndSaysWhy) {
  handler_.answer = [](const auto&) {
    v1::ControlResponse response;
    response.mutable_readiness()->set_reason("because");
    return response;
  };
  const Answer answer = site_.answer(get("/readyz"));
  EXPECT_EQ(answer.status, 503u);
  EXPECT_EQ(answer.body, "{\"ready\":false,\"reason\":\"because\"}\n");
}

TEST_F(ASite, KnowsNoOtherPath) {
  for (const char* target :
       {"/v1", "/v1/", "/v1/status/", "//", "/V1/status", "/v1/explain", "/v1/explain/",
        "/v1/explain/a/b", "/index.html", "/../etc/passwd", "/page.js/x"}) {
    EXPECT_EQ(site_.answer(get(target)).status, 404u) << target;
  }
  EXPECT_TRUE(handler_.asked.empty());
}

TEST_F(ASite, IsOnlyRead) {
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get", "BREW"}) {
    Request request = get("/v1/status");
    request.method = method;
    const Answer answer = site_.answer(request);
    EXPECT_EQ(answer.status, 405u) << method;
    EXPECT_THAT(answer.headers, Contains(Pair("Allow", "GET, HEAD")));
  }
  Request with_body = get("/v1/status");
  with_body.has_body = true;
  EXPECT_EQ(site_.answer(with_body).status, 400u);
  Request head = get("/v1/status");
  head.method = "HEAD";
  EXPECT_EQ(site_.answer(head).status, 200u);
}

TEST_F(ASite, HoldsTheHeaderToItsLimit) {
  Request request = get("/v1/status");
  request.header_octets = 1000;
  EXPECT_EQ(site_.answer(request).status, 200u);
  request.header_octets = 1001;
  EXPECT_EQ(site_.answer(request).status, 431u);
}

TEST_F(ASite, AnswersToItsOwnNamesAlone) {
  Request request = get("/v1/status");
  request.hosts = {"evil.example"};
  EXPECT_EQ(site_.answer(request).status, 421u);
  request.target = "/";
  EXPECT_EQ(site_.answer(request).status, 421u) << "not even the page";
  request.hosts = {"status.example:443"};
  EXPECT_EQ(site_.answer(request).status, 200u);
  request.hosts = {"localhost", "evil.example"};
  EXPECT_EQ(site_.answer(request).status, 400u);
  request.hosts = {};
  EXPECT_EQ(site_.answer(request).status, 200u) << "HTTP/1.0";
  request.hosts = {"localhost"};
  request.target = "http://evil.example/v1/status";
  EXPECT_EQ(site_.answer(request).status, 421u) << "the absolute form counts more than Host";
  request = get("/v1/status");
  request.hosts = {"anything"};
  request.is_local = true;
  EXPECT_EQ(site_.answer(request).status, 200u) << "no browser comes by a unix socket";
}

TEST_F(ASite, AsksForItsTokenWhereThereIsSomethingToSee) {
  Site site = make("0123456789abcdef");
  for (const Verb& verb : verbs()) {
    std::string target(verb.path);
    if (const auto brace = target.find('{'); brace != std::string::npos)
      target.replace(brace, 99, "a.example");
    Request request = get(target);
    EXPECT_EQ(site.answer(request).status, target == "/readyz" ? 200u : 401u) << target;
    request.authorization = "Bearer 0123456789abcdef";
    EXPECT_EQ(site.answer(request).status, 200u) << target;
  }
  for (const char* target : {"/metrics", "/v1/events", "/nowhere"}) {
    const Answer answer = site.answer(get(target));
    EXPECT_EQ(answer.status, 401u) << target;
    EXPECT_FALSE(answer.watch_after) << target;
    EXPECT_THAT(answer.headers, Contains(Pair("WWW-Authenticate", StartsWith("Bearer"))));
  }
  for (const char* target : {"/healthz", "/", "/page.js", "/page.css", "/icon.svg"})
    EXPECT_EQ(site.answer(get(target)).status, 200u) << target;
}

TEST_F(ASite, StreamsEventsFromWhereSomebodyLeftOff) {
  EXPECT_EQ(site_.answer(get("/v1/events")).watch_after, 0u);
  Request request = get("/v1/events");
  request.last_event_id = "17";
  EXPECT_EQ(site_.answer(request).watch_after, 17u);
  EXPECT_EQ(site_.answer(request).type, "text/event-stream");
  request.last_event_id = "-1";
  EXPECT_EQ(site_.answer(request).status, 400u);
  request = get("/v1/events");
  request.method = "HEAD";
  EXPECT_EQ(site_.answer(request).watch_after, std::nullopt);
}

TEST_F(ASite, ShowsTheRegistry) {
  prometheus::BuildCounter()
      .Name("some_total")
      .Help("Some.")
      .Register(*registry_)
      .Add({})
      .Increment(17);
  EXPECT_THAT(site_.answer(get("/metrics")).body, HasSubstr("\nsome_total 17\n"));
}

// What zone owners wrote reaches the page as text alone, and nothing comes from elsewhere.
TEST_F(ASite, ThePageMakesNoMarkupOfData) {
  for (const PageFile& file : pageFiles()) {
    for (const char* way :
         {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(",
          "https://", "url(", "@import", " style=", "<script>", "onclick"}) {
      EXPECT_THAT(std::string(file.content), Not(HasSubstr(way))) << file.name;
    }
  }
  EXPECT_THAT(Site::headers(), Contains(Pair(testing::StrEq("Content-Security-Policy"),
                                             HasSubstr("default-src 'none'"))));
}

// In JSON, octets that are no UTF-8 would be no JSON at all.
TEST_F(ASite, AnswersInJsonWhateverTextsHold) {
  handler_.answer = [](const auto&) {
    v1::ControlResponse response;
    response.mutable_explain()->add_steps()->set_answer("\"</script>\x01\xe2\x80\xae\n");
    return response;
  };
  const Answer answer = site_.answer(get("/v1/explain/a.example"));
  v1::Explanation read;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(answer.body, &read).ok()) << answer.body;
  EXPECT_EQ(read.steps(0).answer(), "\"</script>\x01\xe2\x80\xae\n");
  EXPECT_EQ(std::ranges::count(answer.body, '\n'), 1);
}

}  // namespace
}  // namespace zonecast::http
