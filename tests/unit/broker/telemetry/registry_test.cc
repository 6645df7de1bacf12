#include "broker/telemetry/registry.h"

#include <gtest/gtest.h>

namespace milena::telemetry {
namespace {

TEST(Registry, WritesFamiliesInTheOrderOfTheirCollectors) {
    Registry registry;
    int partitions = 3;
    registry.add(Kind::gauge, "milena_partitions", "Partitions here", [&] { return partitions; });
    registry.add([](Exposition& out) {
        out.family(Kind::counter, "milena_requests_total", "Requests, by API");
        out.value(7, {{"api", "Fetch"}});
        out.value(2U, {{"api", "Produce"}, {"version", "13"}});
    });
    partitions = 4;
    EXPECT_EQ(registry.text(),
              "# HELP milena_partitions Partitions here\n"
              "# TYPE milena_partitions gauge\n"
              "milena_partitions 4\n"
              "# HELP milena_requests_total Requests, by API\n"
              "# TYPE milena_requests_total counter\n"
              "milena_requests_total{api=\"Fetch\"} 7\n"
              "milena_requests_total{api=\"Produce\",version=\"13\"} 2\n");
}

TEST(Registry, EscapesTextAndKeepsNumbersWhole) {
    Registry registry;
    registry.add([](Exposition& out) {
        out.family(Kind::gauge, "g", "back\\slash \"quoted\"\nline");
        out.value(UINT64_MAX, {{"l", "a\"b\\c\nd"}});
        out.value(0.25);
        out.value(-1);
    });
    EXPECT_EQ(registry.text(),
              "# HELP g back\\\\slash \"quoted\"\\nline\n"
              "# TYPE g gauge\n"
              "g{l=\"a\\\"b\\\\c\\nd\"} 18446744073709551615\n"
              "g 0.25\n"
              "g -1\n");
}

}  // namespace
}  // namespace milena::telemetry
