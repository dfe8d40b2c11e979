# SPDX-License-Identifier: Apache-2.0
"""A name server for the guests.

QEMU's user network answers name queries at 10.0.2.3 by asking the first server of the
host's /etc/resolv.conf. Each virtual machine therefore runs in a mount namespace of its
own whose resolv.conf names this responder: the guest learns 10.0.2.3 by DHCP and looks
the key server up as on any network.
"""

import os
import random
import socket
import struct
import threading

HOST = "10.0.2.2"      # how a guest reaches the host's loopback
NOWHERE = "10.0.2.99"  # nobody answers here, not even with a refusal


def _question(query):
    """The first question of a query: name, type, and where it ends."""
    labels, at = [], 12
    while query[at]:
        length = query[at]
        labels.append(query[at + 1:at + 1 + length].decode("ascii"))
        at += 1 + length
    (kind,) = struct.unpack_from(">H", query, at + 1)
    return ".".join(labels).lower(), kind, at + 5


def answer(query, table):
    """The reply to one query; raises IndexError, struct.error or UnicodeError on nonsense."""
    name, kind, end = _question(query)
    known = name in table
    records = b""
    if known and kind == 1:
        records = struct.pack(">HHHIH4s", 0xC00C, 1, 1, 30, 4, socket.inet_aton(table[name]))
    flags = 0x8580 | (0 if known else 3)
    head = query[:2] + struct.pack(">HHHHH", flags, 1, 1 if records else 0, 0, 0)
    return head + query[12:end] + records


class NameServer:
    """Answers on port 53 of a loopback address that nobody else uses, each query after `delay`."""

    def __init__(self, table, delay=0):
        self.delay = delay
        self.table = {name.lower(): address for name, address in table.items()}
        self.asked = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.address = self._bind()
        threading.Thread(target=self._serve, daemon=True).start()

    def _bind(self):
        for _ in range(50):
            address = f"127.{random.randint(16, 250)}.{random.randint(0, 250)}.{random.randint(1, 250)}"
            try:
                self.socket.bind((address, 53))
                return address
            except OSError:
                continue
        raise OSError("no loopback address has its port 53 free")

    def _serve(self):
        while True:
            try:
                query, peer = self.socket.recvfrom(2048)
            except OSError:
                return
            try:
                self.asked.append(_question(query)[0])
                reply = answer(query, self.table)
                if self.delay:
                    threading.Timer(self.delay, self._send, (reply, peer)).start()
                else:
                    self.socket.sendto(reply, peer)
            except (IndexError, struct.error, UnicodeError, OSError):
                continue

    def _send(self, reply, peer):
        try:
            self.socket.sendto(reply, peer)
        except OSError:
            pass  # closed meanwhile

    def resolv_conf(self, folder):
        path = os.path.join(folder, "resolv.conf")
        with open(path, "w", encoding="ascii") as out:
            out.write(f"nameserver {self.address}\n")
        return path

    def close(self):
        self.socket.close()
