#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A confidential data hub: GetResource by ttrpc, with codecs of its own.

    hub.py unix:PATH|tcp:PORT MODE[,MODE...] KEY_IN_BASE64

prints "READY PORT" and answers each connection's one request by the next mode, the last for all that
follow: ok, fail (gRPC code 13), noise (data of another stream, then the key). What was asked for is
printed, one line each. With the package `protobuf` at hand that is what reads and writes messages."""

import base64
import os
import socket
import struct
import sys

SERVICE, METHOD = "api.GetResourceService", "GetResource"

try:
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
except ImportError:
    descriptor_pb2 = None

FIELDS = {
    "Request": [("service", 1, "string"), ("method", 2, "string"), ("payload", 3, "bytes"),
                ("timeout_nano", 4, "int64")],
    "Status": [("code", 1, "int32"), ("message", 2, "string")],
    "Response": [("status", 1, "Status"), ("payload", 2, "bytes")],
    "GetResourceRequest": [("path", 1, "string")],
    "GetResourceResponse": [("resource", 1, "bytes")],
}


def upstream_classes():
    """The messages, read and written by the package `protobuf`."""
    file = descriptor_pb2.FileDescriptorProto(name="hub.proto", package="hub", syntax="proto3")
    kinds = descriptor_pb2.FieldDescriptorProto
    for name, fields in FIELDS.items():
        message = file.message_type.add(name=name)
        for field, number, kind in fields:
            one = message.field.add(name=field, number=number, label=kinds.LABEL_OPTIONAL)
            if kind in FIELDS:
                one.type, one.type_name = kinds.TYPE_MESSAGE, ".hub." + kind
            else:
                one.type = getattr(kinds, "TYPE_" + kind.upper())
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName("hub." + name))
            for name in FIELDS}


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not data[at - 1] & 0x80:
            return value, at


def read_message(data):
    """{field: number or bytes}, for where the package is not."""
    found, at = {}, 0
    while at < len(data):
        tag, at = varint(data, at)
        value, at = varint(data, at)
        if tag & 7 == 2:
            value, at = data[at:at + value], at + value
        elif tag & 7:
            raise ValueError("a field of another kind")
        found[tag >> 3] = value
    return found


def write_bytes(number, data):
    size, out = len(data), bytes([number << 3 | 2])
    while size > 0x7F:
        out, size = out + bytes([size & 0x7F | 0x80]), size >> 7
    return out + bytes([size]) + data


def read_request(data):
    """(service, method, resource, nanoseconds)"""
    if descriptor_pb2:
        classes = upstream_classes()
        request = classes["Request"].FromString(data)
        inner = classes["GetResourceRequest"].FromString(request.payload)
        return request.service, request.method, inner.path, request.timeout_nano
    outer = read_message(data)
    inner = read_message(outer[3])
    return outer[1].decode(), outer[2].decode(), inner[1].decode(), outer.get(4, 0)


def write_response(code, key):
    if descriptor_pb2:
        classes = upstream_classes()
        response = classes["Response"]()
        response.status.SetInParent()
        if code:
            response.status.code, response.status.message = code, "[CDH] [ERROR]: get resource failed"
        else:
            response.payload = classes["GetResourceResponse"](resource=key).SerializeToString()
        return response.SerializeToString()
    if code:
        return write_bytes(1, bytes([8, code]) + write_bytes(2, b"[CDH] [ERROR]: get resource failed"))
    return write_bytes(1, b"") + write_bytes(2, write_bytes(1, key))


def exactly(conn, n):
    data = b""
    while len(data) < n:
        more = conn.recv(n - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def serve(conn, mode, key):
    size, stream, kind, flags = struct.unpack(">IIBB", exactly(conn, 10))
    service, method, path, timeout = read_request(exactly(conn, size))
    sound = (service, method, stream % 2, kind, flags) == (SERVICE, METHOD, 1, 1, 0)
    print("asked", path, "sound" if sound else "unsound", "bounded" if timeout else "endless",
          flush=True)
    answer = write_response(13 if mode == "fail" else 0, key)
    if mode == "noise":
        conn.sendall(struct.pack(">IIBB", 4, stream + 2, 3, 0) + b"zzzz")
    conn.sendall(struct.pack(">IIBB", len(answer), stream, 2, 0) + answer)


def main():
    kind, _, where = sys.argv[1].partition(":")
    modes, key = sys.argv[2].split(","), base64.b64decode(sys.argv[3])
    if kind == "unix":
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(where)
        listener.listen()
        print("READY", "protobuf" if descriptor_pb2 else "plain", flush=True)
    else:
        listener = socket.create_server(("127.0.0.1", int(where)))
        print("READY", listener.getsockname()[1], flush=True)
    while True:
        conn, _ = listener.accept()
        with conn:
            try:
                serve(conn, modes[0], key)
            except (EOFError, OSError):
                continue
        if len(modes) > 1:
            modes.pop(0)


try:
    main()
except KeyboardInterrupt:
    os._exit(0)
