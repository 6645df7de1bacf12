#include "tools/kafka/properties_file.h"

#include <gtest/gtest.h>

namespace milena::kafka_tools {
namespace {

TEST(PropertiesFile, ReadsTheFormsOfJava) {
    EXPECT_EQ(parse_properties("# comment\n"
                               "! comment\n"
                               "a=1\n"
                               "b : 2\r\n"
                               "c 3\n"
                               "  d\t=\t4 \n"
                               "e\n"
                               "f=x=y\n"
                               "g\\=h=5\n"
                               "long=one, \\\n"
                               "     two\n"
                               "\n"
                               "tab=\\t|\\u00e9|\\q\n"
                               "slash=a\\\\\n"
                               "last=9"),
              (Properties{{"a", "1"},
                          {"b", "2"},
                          {"c", "3"},
                          {"d", "4 "},
                          {"e", ""},
                          {"f", "x=y"},
                          {"g=h", "5"},
                          {"long", "one, two"},
                          {"tab", "\t|\xc3\xa9|q"},
                          {"slash", "a\\"},
                          {"last", "9"}}));
}

TEST(PropertiesFile, ErrorNamesTheFile) {
    const auto loaded = load_properties("/nonexistent/client.properties");
    ASSERT_FALSE(loaded.has_value());
    EXPECT_EQ(loaded.error().detail,
              "cannot read /nonexistent/client.properties: No such file or directory");
}

}  // namespace
}  // namespace milena::kafka_tools
