// How Java writes numbers and reads booleans, where the output of a Kafka tool shows it.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace milena::kafka_tools {

// Double.toString and Float.toString: plain from 0.001 to 10^7, else scientific; always a point.
std::string java_double(double value);
std::string java_float(float value);

// "true" in any case, with blanks around; everything else is false.
bool java_true(std::string_view text);

// The order in which Java's HashMap, filled one by one, gives these keys back: indexes into `keys`.
// Kafka's tools print some lists in this order. `capacity`: what the map was made for.
std::vector<std::size_t> java_map_order(std::span<const std::string> keys,
                                        std::size_t capacity = 16);

std::string_view trim(std::string_view text);
std::string lower(std::string_view text);

}  // namespace milena::kafka_tools
