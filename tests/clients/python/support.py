"""Puts tests/clients/support in the path; the tests import from here what they share."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from broker import Broker, BrokerTest, binary, until  # noqa: E402

__all__ = ["Broker", "BrokerTest", "binary", "until"]
