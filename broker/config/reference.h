// The table of settings as text for people.
#pragma once

#include <string>

namespace milena::config {

// conf/reference.properties: every setting that may stand in a file, commented out, with its text,
// bounds and default; then those of topics and groups, for kafka-configs.
std::string reference_properties();

// The settings that have an effect, in sections, for `milena serve --help`.
std::string settings_help();

}  // namespace milena::config
