"""Fills the memory that is free with clean file pages, as it is on a machine that has been in use.

A virtual machine gets memory that it has never touched, or has given back, from its host page by
page, at a price (2 CPU-s/GB seen) that is many times what a broker itself spends on a written byte.
Who measures on an empty machine measures its host. Behind a full page cache both brokers write to
memory that the kernel takes from the oldest clean pages, which is how a broker's days are spent."""

import os

# For the brokers, the load generator, and what they have not written back yet.
RESERVE_BYTES = 4 << 30
CHUNK_BYTES = 4 << 20


class PageCache:
    def __init__(self, folder):
        self.path = folder / 'page-cache'
        total = os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE')
        with open(self.path, 'wb') as file:  # sparse: reading holes fills pages, no disk
            file.truncate(max(0, total - RESERVE_BYTES))

    def fill(self):
        """Quick when most of it is still there."""
        chunk = bytearray(CHUNK_BYTES)
        with open(self.path, 'rb', buffering=0) as file:
            while file.readinto(chunk):
                pass
