// schema/openapi.yaml says what the server and the messages say, word for word.
#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include "adapters/http/page.h"
#include "adapters/http/site.h"
#include "schema/control.pb.h"

namespace zonecast::http {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;

std::string nameOf(const std::string& full_name) {
  const std::string package = "zonecast.v1.";
  return full_name.substr(package.size());
}

std::string reference(const std::string& name) {
  return "$ref #/components/schemas/" + name;
}

// A schema in one line, without its description.
std::string described(const YAML::Node& schema) {
  if (schema["$ref"]) return "$ref " + schema["$ref"].as<std::string>();
  std::string text = schema["type"].as<std::string>();
  if (schema["format"]) text += " " + schema["format"].as<std::string>();
  if (schema["items"]) text += " of " + described(schema["items"]);
  for (const auto& value : schema["enum"]) text += " " + value.as<std::string>();
  return text;
}

std::string enumerators(const EnumDescriptor& type) {
  std::string text = "string";
  for (int i = 0; i < type.value_count(); ++i) text += " " + type.value(i)->name();
  return text;
}

std::string expectedOf(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return "string";
    case FieldDescriptor::CPPTYPE_BOOL:
      return "boolean";
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_INT32:
      return "integer";
    case FieldDescriptor::CPPTYPE_UINT64:
      return "string uint64";
    case FieldDescriptor::CPPTYPE_INT64:
      return "string int64";
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return "number";
    case FieldDescriptor::CPPTYPE_ENUM:
      return field.enum_type()->containing_type()
                 ? enumerators(*field.enum_type())
                 : reference(nameOf(field.enum_type()->full_name()));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return reference(nameOf(field.message_type()->full_name()));
    default:
      return "?";
  }
}

class OpenApi : public testing::Test {
 protected:
  YAML::Node document_ = YAML::LoadFile(ZONECAST_SOURCES "/schema/openapi.yaml");
};

TEST_F(OpenApi, HasTheServersPaths) {
  std::set<std::string> expected{"/metrics", "/healthz", "/v1/events"}, found;
  for (const Verb& verb : verbs()) expected.emplace(verb.path);
  for (const PageFile& file : pageFiles()) expected.insert("/" + std::string(file.name));
  for (const auto& path : document_["paths"]) found.insert(path.first.as<std::string>());
  EXPECT_EQ(found, expected);
}

TEST_F(OpenApi, HasTheVerbsParametersAndAnswers) {
  const Descriptor& request = *v1::ControlRequest::descriptor();
  const Descriptor& response = *v1::ControlResponse::descriptor();
  for (const Verb& verb : verbs()) {
    const std::string path(verb.path), name(verb.request);
    const YAML::Node get = document_["paths"][path]["get"];
    std::map<std::string, std::string> expected, found;
    const Descriptor& type = *request.FindFieldByName(name)->message_type();
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      const bool in_path = path.find("{" + field.name() + "}") != std::string::npos;
      expected[field.name()] = (in_path ? "path " : "query ") + expectedOf(field);
    }
    for (const auto& parameter : get["parameters"]) {
      found[parameter["name"].as<std::string>()] =
          parameter["in"].as<std::string>() + " " + described(parameter["schema"]);
    }
    EXPECT_EQ(found, expected) << path;
    EXPECT_EQ(described(get["responses"]["200"]["content"]["application/json"]["schema"]),
              reference(nameOf(response.FindFieldByName(name)->message_type()->full_name())))
        << path;
  }
}

TEST_F(OpenApi, HasTheMessagesFields) {
  std::size_t messages = 0;
  for (const auto& entry : document_["components"]["schemas"]) {
    const auto name = "zonecast.v1." + entry.first.as<std::string>();
    const auto& pool = *v1::ControlRequest::descriptor()->file()->pool();
    if (const EnumDescriptor* type = pool.FindEnumTypeByName(name)) {
      EXPECT_EQ(described(entry.second), enumerators(*type)) << name;
      continue;
    }
    const Descriptor* type = pool.FindMessageTypeByName(name);
    ASSERT_NE(type, nullptr) << name;
    ++messages;
    std::map<std::string, std::string> expected, found;
    std::set<std::string> always, required;
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldDescriptor& field = *type->field(i);
      expected[field.name()] = (field.is_repeated() ? "array of " : "") + expectedOf(field);
      if (!field.has_presence()) always.insert(field.name());
    }
    for (const auto& property : entry.second["properties"])
      found[property.first.as<std::string>()] = described(property.second);
    for (const auto& field : entry.second["required"]) required.insert(field.as<std::string>());
    EXPECT_EQ(found, expected) << name;
    EXPECT_EQ(required, always) << name;
  }
  EXPECT_GT(messages, 15u);
}

}  // namespace
}  // namespace zonecast::http
