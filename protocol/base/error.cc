#include "protocol/base/error.h"

namespace milena {

std::string error_name(ErrorCode code) {
    switch (code) {
#define E(number, name, retriable) \
    case ErrorCode::name:          \
        return #name;
#include "protocol/base/error_codes.def"
#undef E
    }
    return "ERROR_" + std::to_string(static_cast<int>(code));
}

bool is_retriable(ErrorCode code) {
    switch (code) {
#define E(number, name, retriable) \
    case ErrorCode::name:          \
        return retriable;
#include "protocol/base/error_codes.def"
#undef E
    }
    return false;
}

}  // namespace milena
