"""Schema notation -> model -> C++ and documentation. Run through protocol/generate.py."""
