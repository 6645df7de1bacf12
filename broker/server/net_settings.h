// The network's part of the settings.
#pragma once

#include "broker/config/settings.h"
#include "broker/net/net_settings.h"

namespace milena::broker {

net::NetSettings net_settings(const config::Settings& settings);

}  // namespace milena::broker
