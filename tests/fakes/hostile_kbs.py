#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A key broker for tests that keeps the protocol to the letter, or breaks it as told.

    hostile_kbs.py [auth=MODE] [attest=MODE] [resource=MODE] [speaks=VERSION] [tls=KIND] [dir=DIR]
                   [name=HOST]

prints "READY PORT" and then obeys lines on standard input, each answered by one line:
"set auth=MODE" changes a mode, "count WHAT" prints a counter, "key BASE64" says what the resource
is, end of file ends the program. Several modes with commas between them are for one request each,
the last for all that follow.

Counters: connections, auth, attest, resource, verified (attestations whose report data fits),
keys (different TEE keys seen), unasked (requests without a session), bearer (resources asked for
with a token, which may be of another of these brokers).

canary=HEX makes the complement of these bytes, which must be letters, every session's id, a part
of every token, and the key.

With tls=good, expired, future, sha1 or early-ca the server has a certificate of a CA that it writes to
DIR/ca.pem; DIR/other.pem is a CA of somebody else, DIR/pin and DIR/otherpin are SPKI pins.
"""

import base64
import hashlib
import json
import os
import secrets
import socket
import ssl
import struct
import sys
import threading
import time

sys.dont_write_bytecode = True
import jwe
import minica

PLAIN = [b"latchkey passphrase \x00\x01\xff"]
ERRORS = "https://github.com/confidential-containers/kbs/errors/"
MODES = {"auth": "ok", "attest": "ok", "resource": "ok"}
NOW = dict(MODES)  # of the request that is being answered
CANARY = []
COUNTS = {}
SESSIONS = {}
KEYS = set()
FIXED = {"nonce": base64.b64encode(bytes(range(32))).decode(), "id": "0" * 32, "jwe": None}
LOCK = threading.Lock()


def count(what):
    with LOCK:
        COUNTS[what] = COUNTS.get(what, 0) + 1
        return COUNTS[what]


class Reply:
    """Status, headers and body, and how unkindly to send them."""

    def __init__(self, status=200, body=b"", headers=(), manner="plain", **kw):
        if not isinstance(body, bytes):
            body = json.dumps(body, **kw).encode()
        self.status, self.body, self.headers, self.manner = status, body, list(headers), manner

    def lines(self, length=None):
        head = ["HTTP/1.1 %d X" % self.status, *self.headers]
        head.append("Content-Length: %d" % (len(self.body) if length is None else length))
        return "\r\n".join(head).encode() + b"\r\n\r\n"


def refuse(kind, detail="", status=401):
    return Reply(status, {"type": ERRORS + kind, "detail": detail})


def common(mode):
    """Ways to misbehave that are the same at every step."""
    html = b"<html><body>401 Authorization Required</body></html>"
    table = {
        "html401": lambda: Reply(401, html, ["Content-Type: text/html"]),
        "html403": lambda: Reply(403, html),
        "html404": lambda: Reply(404, html),
        "empty401": lambda: Reply(401),
        "500": lambda: Reply(500, b"boom"),
        "429": lambda: Reply(429, b"", ["Retry-After: 7"]),
        "503": lambda: Reply(503, b"", ["retry-after:  3 "]),
        "redirect": lambda: Reply(302, b"", ["Location: http://127.0.0.1:1/elsewhere"]),
        "big": lambda: Reply(200, b" " * 8_000_000),
        "endless": lambda: Reply(manner="endless"),
        "chunks": lambda: Reply(manner="chunks"),
        "headers": lambda: Reply(200, b"{}", ["X-%d: y" % i for i in range(100)]),
        "longheader": lambda: Reply(200, b"{}", ["X: " + "y" * 40000]),
        "continues": lambda: Reply(manner="continues"),
        "garbage": lambda: Reply(manner="garbage"),
        "hang": lambda: Reply(manner="hang"),
        "reset": lambda: Reply(manner="reset"),
        "notjson": lambda: Reply(200, b"not json"),
        "array": lambda: Reply(200, b"[]"),
        "deep": lambda: Reply(200, b"[" * 1000),
        "twice": lambda: Reply(200, b'{"nonce":"a","nonce":"b","extra-params":""}'),
    }
    return table[mode]() if mode in table else None


def auth(body, _cookie):
    mode = NOW["auth"]
    request = json.loads(body)
    expected = "0.5.0" if mode == "version" else MODES["speaks"]
    if request["version"] != expected:
        return refuse(
            "AttestationError",
            "Attestation error: RCAR handshake Auth failed: KBS Client Protocol Version "
            "Mismatch: expect =%s while the request is %s" % (expected, request["version"]),
        )
    assert (request["extra-params"] == "") == (expected != "0.4.0")
    if mode == "refuse":
        return refuse("AttestationError", "Attestation error: RCAR handshake Auth failed: no")
    nonce, sid = base64.b64encode(secrets.token_bytes(32)).decode(), secrets.token_hex(16)
    if mode == "replay":
        nonce, sid = FIXED["nonce"], FIXED["id"]
    if CANARY:
        sid = CANARY[0]
    doc = {"nonce": nonce, "extra-params": ""}
    doc.update(
        {
            "extra": {"surprise": 1},
            "shortnonce": {"nonce": "AAAA"},
            "numbernonce": {"nonce": 7},
            "longnonce": {"nonce": "A" * 5000},
            "md5": {"extra-params": {"selected-hash-algorithm": "md5"}},
            "sha512": {"extra-params": {"selected-hash-algorithm": "SHA512", "more": 1}},
            "hash7": {"extra-params": {"selected-hash-algorithm": 7}},
        }.get(mode, {})
    )
    if mode == "nononce":
        del doc["nonce"]
    if mode == "noextra":
        del doc["extra-params"]
    SESSIONS[sid] = {"nonce": nonce, "hash": "sha512" if mode == "sha512" else "sha384"}
    headers = ["Set-Cookie: other=1", "Set-Cookie: kbs-session-id=%s; Expires=x" % sid]
    if mode == "nocookie":
        headers = headers[:1]
    if mode == "badcookie":
        headers[1] = 'Set-Cookie: kbs-session-id="quoted"'
    if mode == "slow":
        time.sleep(2.5)
    manner = {"drip": "drip", "cut": "cut"}.get(mode, "plain")
    return Reply(200, doc, headers, manner)


def read_attestation(doc):
    """(TEE key, evidence, further members of what it binds, nonce if it is sent)"""
    if MODES["speaks"] == "0.4.0":
        runtime, tee = doc["runtime-data"], doc["tee-evidence"]
        more = {"additional-evidence": tee["additional_evidence"]}
        return runtime["tee-pubkey"], tee["primary_evidence"], more, runtime["nonce"]
    assert sorted(doc) == ["tee-evidence", "tee-pubkey"]
    evidence = doc["tee-evidence"]
    if MODES["speaks"] == "0.1.0":
        evidence = json.loads(evidence)
    return doc["tee-pubkey"], evidence, {}, None


def fits(session, doc):
    key, evidence, more, nonce = read_attestation(doc)
    signed = {"nonce": session["nonce"], "tee-pubkey": key, **more}
    text = json.dumps(signed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    digest = hashlib.new(session["hash"], text.encode()).digest()
    want = {"svn": "1", "report_data": base64.b64encode(digest).decode()}
    return evidence == want and nonce in (None, session["nonce"])


def token(mode, key):
    part = lambda v: jwe.b64(json.dumps(v).encode())
    claims = {"iat": 4102444000, "exp": 4102444000 + (60 if mode == "short" else 300)}
    if mode == "ended":
        claims["exp"] = claims["iat"]
    claims["tee-pubkey"] = key
    parts = [part({"alg": "ES256"}), part(claims), jwe.b64(bytes(64))]
    parts[2] += "".join(CANARY)
    if mode == "twoparts":
        parts.pop()
    if mode == "badpayload":
        parts[1] = "!!!!"
    if mode == "textpayload":
        parts[1] = jwe.b64(b"hello")
    return ".".join(parts)


def attest(body, cookie):
    mode = NOW["attest"]
    session = SESSIONS.get(cookie)
    if not session or mode == "reject":
        return refuse("AttestationError", "Attestation error: RCAR handshake Attest failed")
    doc = json.loads(body)
    if not fits(session, doc):
        return refuse("AttestationError", "Attestation error: RCAR handshake Attest failed")
    count("verified")
    session["key"] = read_attestation(doc)[0]
    KEYS.add(json.dumps(session["key"], sort_keys=True))
    COUNTS["keys"] = len(KEYS)
    answer = {"token": token(mode, session["key"])}
    if mode == "extra":
        answer["more"] = True
    headers = ["Set-Cookie: kbs-session-id=%s" % cookie]
    if mode == "newcookie":
        fresh = secrets.token_hex(200)
        SESSIONS[fresh] = SESSIONS.pop(cookie)
        headers = ["set-cookie: kbs-session-id=%s; Path=/" % fresh]
    return Reply(200, answer, headers)


def sealed(session, path):
    mode = NOW["resource"]
    plain = {"empty": b"", "zeros": bytes(32), "large": b"k" * 60000}.get(mode, PLAIN[0])
    if CANARY:
        plain = CANARY[0].encode()
    if path.endswith("/two"):
        plain = b"the second key"
    key = session["key"]
    if MODES["speaks"].startswith("0.1"):
        assert key["alg"] == "RSA1_5"
        return jwe.seal_legacy(key, plain)
    if mode == "curve":
        return jwe.seal(key, plain, crv="P-521" if key.get("crv") == "P-256" else "P-256")
    doc = jwe.seal(key, plain, alg={"wrongalg": "RSA1_5", "dir": "dir"}.get(mode))
    if mode == "badtag":
        doc["tag"] = jwe.b64(bytes(16))
    if mode == "badwrap":
        doc["encrypted_key"] = jwe.b64(bytes(40))
    if mode == "shortiv":
        doc["iv"] = jwe.b64(bytes(11))
    if mode == "padded":
        doc["iv"] += "="
    if mode == "extra":
        doc["unprotected"] = {"alg": "none"}
    if mode == "replay":
        FIXED["jwe"] = FIXED["jwe"] or doc
        doc = FIXED["jwe"]
    return doc


def bearer(text):
    """What a token says of its bearer; its signature is no matter here."""
    count("bearer")
    return {"key": json.loads(jwe.unb64(text.split(".")[1]))["tee-pubkey"]}


def resource(path, cookie, authorization):
    mode, n = NOW["resource"], COUNTS["resource"]
    session = SESSIONS.get(cookie, {})
    if authorization:
        assert not cookie
        session = bearer(authorization.removeprefix("Bearer "))
    if mode == "gone" or (mode == "goneonce" and n == 1):
        SESSIONS.pop(cookie, None)
        session = {}
    if "key" not in session:
        count("unasked")
        return refuse("TokenNotFound", "Attestation Token not found")
    if mode == "denytwo" and path.endswith("/two"):
        return refuse("PolicyDeny", "Access denied by policy")
    kinds = {
        "deny": "PolicyDeny",
        "missing": "PluginInternalError",
        "verifier": "TokenVerifierError",
        "jweerror": "JweError",
        "strange": "NeverHeardOf",
    }
    if mode in kinds:
        return refuse(kinds[mode], "<b>detail</b>")
    if mode == "plugin":
        return refuse("PluginNotFound", "", 404)
    return Reply(200, sealed(session, path), manner="cut" if mode == "cut" else "plain")


def route(method, path, cookie, authorization, body):
    steps = {
        ("POST", "/kbs/v0/auth"): ("auth", lambda: auth(body, cookie)),
        ("POST", "/kbs/v0/attest"): ("attest", lambda: attest(body, cookie)),
    }
    if method == "GET" and path.startswith("/kbs/v0/resource/"):
        step, run = "resource", lambda: resource(path, cookie, authorization)
    elif (method, path) in steps:
        step, run = steps[method, path]
    else:
        return refuse("PluginNotFound", "", 404)
    count(step)
    with LOCK:
        NOW[step], _, rest = MODES[step].partition(",")
        MODES[step] = rest or NOW[step]
    return common(NOW[step]) or run()


def send(conn, reply):
    """False: the connection is over."""
    if reply.manner == "plain":
        conn.sendall(reply.lines() + reply.body)
        return True
    if reply.manner == "hang":
        time.sleep(60)
    elif reply.manner == "reset":
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    elif reply.manner == "cut":
        conn.sendall(reply.lines() + reply.body[: len(reply.body) // 2])
    elif reply.manner == "garbage":
        conn.sendall(b"\0\1\2 this is no HTTP\r\n\r\n")
    elif reply.manner == "endless":
        conn.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            conn.sendall(b" " * 65536)
    elif reply.manner == "chunks":
        conn.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            conn.sendall(b"1000\r\n" + b" " * 4096 + b"\r\n")
    elif reply.manner == "continues":
        while True:
            conn.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    elif reply.manner == "drip":
        for b in reply.lines() + reply.body:
            conn.sendall(bytes([b]))
            time.sleep(1)
    return False


def read_request(conn, buf):
    while b"\r\n\r\n" not in buf:
        more = conn.recv(65536)
        if not more:
            return None
        buf += more
    head, buf = buf.split(b"\r\n\r\n", 1)
    lines = head.decode().split("\r\n")
    fields = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in lines[1:])}
    length = int(fields.get("content-length", 0))
    while len(buf) < length:
        buf += conn.recv(65536)
    method, path, _ = lines[0].split(" ")
    cookie = fields.get("cookie", "").removeprefix("kbs-session-id=")
    return method, path, cookie, fields.get("authorization"), buf[:length], buf[length:]


def serve(conn, context):
    try:
        conn.settimeout(60)
        if MODES.get("tls") == "stall":
            time.sleep(60)
        if context:
            conn = context.wrap_socket(conn, server_side=True)
        buf = b""
        while got := read_request(conn, buf):
            *request, buf = got
            if not send(conn, route(*request)):
                break
    except (OSError, ValueError, AssertionError, KeyError) as e:
        print("# %r" % e, file=sys.stderr)
    finally:
        conn.close()


def tls_context(kind, folder, host):
    if kind in ("none", "stall"):
        return None
    dates = {"expired": (-200, -100), "future": (86400, 2 * 86400)}.get(kind, (-3600, 86400))
    ca = minica.Entity("hostile CA")
    other = minica.Entity("hostile CA")
    names = ["elsewhere.example"] if kind == "misnamed" else [host, "127.0.0.1"]
    leaf = minica.Entity("server", ca, names, *dates, weak=kind == "sha1")
    files = {
        "ca.pem": ca.cert,
        "other.pem": other.cert,
        "pin": leaf.pin(),
        "otherpin": other.pin(),
        "server.pem": leaf.cert + leaf.key(),
    }
    for name, text in files.items():
        with open(os.path.join(folder, name), "w") as f:
            f.write(text)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if kind == "sha1":
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.load_cert_chain(os.path.join(folder, "server.pem"))
    if kind == "tls12":
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


def accept(listener, context):
    while True:
        conn, _ = listener.accept()
        count("connections")
        threading.Thread(target=serve, args=(conn, context), daemon=True).start()


def main():
    options = {"tls": "none", "dir": ".", "name": "localhost"}
    options.update(arg.split("=", 1) for arg in sys.argv[1:])
    for step in ("auth", "attest", "resource"):
        MODES[step] = options.get(step, "ok")
    MODES["tls"] = options["tls"]
    MODES["speaks"] = options.get("speaks", "0.4.0")
    if "canary" in options:
        CANARY.append(bytes(b ^ 0xFF for b in bytes.fromhex(options["canary"])).decode())
    listener = socket.create_server(("127.0.0.1", 0))
    context = tls_context(options["tls"], options["dir"], options["name"])
    threading.Thread(target=accept, args=(listener, context), daemon=True).start()
    print("READY", listener.getsockname()[1], flush=True)
    for line in sys.stdin:
        verb, _, rest = line.strip().partition(" ")
        if verb == "set":
            step, mode = rest.split("=")
            MODES[step] = mode
            print("ok", flush=True)
        elif verb == "key":
            PLAIN[0] = base64.b64decode(rest)
            print("ok", flush=True)
        else:
            print(COUNTS.get(rest, 0), flush=True)


main()
