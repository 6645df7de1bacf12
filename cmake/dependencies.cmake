# Everything outside the tree; all of it is in Debian 12 (tools/setup installs it).

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(OpenSSL 3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(Python3 REQUIRED COMPONENTS Interpreter)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(LZ4 REQUIRED IMPORTED_TARGET liblz4)
pkg_check_modules(ISAL REQUIRED IMPORTED_TARGET libisal)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
find_library(SNAPPY_LIBRARY snappy REQUIRED)

# Asio's own code is compiled once (broker/net/asio.cc), every other file sees declarations only.
add_library(milena_asio INTERFACE)
target_compile_definitions(milena_asio INTERFACE
    BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_ARRAY
    # Each io_context has one thread, so handlers need no memory fences (and tsan knows none).
    BOOST_ASIO_DISABLE_FENCED_BLOCK)
target_link_libraries(milena_asio INTERFACE Boost::headers OpenSSL::SSL OpenSSL::Crypto
    Threads::Threads)
