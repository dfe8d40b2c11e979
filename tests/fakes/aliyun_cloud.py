#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Alibaba Cloud's metadata service, token service, shared KMS gateway and one dedicated KMS
instance, as strict as the real ones: whatever is not exactly as the protocols say is refused.

    aliyun_cloud.py dir=DIR [host=ADDRESS] [imds=ADDRESS:PORT] [names=NAME,NAME] [SERVICE=MODE]...

prints "READY IMDS INSTANCE GATEWAY STS" (ports) and then obeys lines on standard input, each
answered by one line: "set SERVICE=MODE", "count WHAT" (a counter), "why" (the last reason for a
refusal); end of file ends the program.

DIR receives ca.pem (of the instance), public.pem (of gateway and token service), other.pem,
clientKey.json and password. "secret NAME=TEXT" stores one more, "hidden NAME=HEX" one whose
complement is given.
log=FILE keeps every request as a line of JSON.

Modes of imds: ok (the second version only), v1only, none (404), roles0, roles2, html, 500.
Modes of instance, gateway, sts: ok, throttle, busy (429 with Retry-After), once429, 500, html403,
denied, absent, expired, garbage, huge, slow; of instance also other-key (aliyun_attested.py).
clock=SECONDS shifts the clock of all of them.
"""

import base64
import calendar
import email.utils
import hashlib
import hmac
import json
import os
import re
import secrets
import socketserver
import ssl
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler

sys.dont_write_bytecode = True
import aes
import aliyun_attested as attested
import minica

HERE = os.path.dirname(os.path.abspath(__file__))
MODES = {"imds": "ok", "instance": "ok", "gateway": "ok", "sts": "ok", "clock": "0"}
COUNTS, NONCES, IMDS_TOKENS, WHY, LOG = {}, set(), {}, ["nothing"], []
LOCK = threading.Lock()
SKEW = 900
MODE_NAMES = ("ok", "v1only", "none", "roles0", "roles2", "html", "500")

# the public half of the client key of tests/unit/kms_vectors.h
MODULUS = int(
    "8a6d07eb8f0c53315c5a4dd8755f308b64acba74bb6419c4a9b71ac7d9a6d52231f75a86f30b5588574eaf1133"
    "97b32593321b41d27d9d45287a849cfd9367860cf709f86ccce4a2cd4710dcb6db5d45e77e3a5b7e62c1fa66bf"
    "f50f23bb2abd3e893dd4fd4e0589edf0e1c35aecf6af88a040d057d3d02998d9fa420ce001f4237c1a8d23257b"
    "2aeb20268ef25a2cdcc887c51872dced83c0c2e98d5871617113979e49029e594c1d8b72ea13776b84761059bf"
    "d05ce1479c9b880b40893ee2223fa9b3382c6bfd1935d0413138748ad99a446b31fa004839bcc8359d9a0d2684"
    "296d58a0b957821a639ae5cf51d314fc068792c86184c8119fdadbde308fcb", 16)
MASTER = bytes.fromhex("9e5fcc27f2bdd1b23bfaecc396b84e97280a821df0db5ddb7b72c4e01e3d1665")
IV = bytes.fromhex("a0a1a2a3a4a5a6a7a8a9aaab")
ROLE = "latchkey-role"
REGION = "cn-beijing"
PROVIDER_ARN = "acs:ram::113511544585:oidc-provider/TestOidcIdp"
ROLE_ARN = "acs:ram::113511544585:role/testoidc"
ID_TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ2bS0xIn0.c2ln"
LOGINS = {  # AccessKeyId: (secret, token)
    "STS.NTtestAccessKeyId01": ("testAccessKeySecret0123456789ab", "CAISTestToken+/abc~*=="),
    "STS.NUecsRoleKey000001": ("ecsRoleSecret/+ABCDEFabcdef0123", "CAISecsRole/Token+000=="),
    "STS.NVoidcKey0000001": ("oidcSecret0000000000000000001", "CAISoidc+Token/0001="),
}
SECRETS = {  # name: [(version, stages, text)]
    "disk-key": [("v1", ["ACSCurrent"], "c2VjcmV0LXBhc3NwaHJhc2U="),
                 ("v0", ["ACSPrevious"], "b2xkZXI=")],
    "data": [("v1", ["ACSCurrent"], "dm9sdW1lLW5hbWVk\n")],
    "not-base64": [("v1", ["ACSCurrent"], "not base64")],
    "zeros": [("v1", ["ACSCurrent"], "AAAA")],
}


class Refusal(Exception):
    def __init__(self, status, code, why, headers=()):
        super().__init__(why)
        self.status, self.code, self.why, self.headers = status, code, why, headers


def vector(name):
    """A string of tests/unit/kms_vectors.h."""
    with open(os.path.join(HERE, "../unit/kms_vectors.h"), encoding="ascii") as f:
        found = re.search(r'#define %s\b\s*\\?\s*((?:"[^"]*"[\s\\]*)+)' % name, f.read())
    return "".join(re.findall(r'"([^"]*)"', found[1]))


def count(what):
    with LOCK:
        COUNTS[what] = COUNTS.get(what, 0) + 1


def now():
    return time.time() + float(MODES["clock"])


# ---- protobuf ----

def varint(v):
    out = bytearray()
    while True:
        out.append(v & 0x7F | (0x80 if v > 0x7F else 0))
        v >>= 7
        if not v:
            return bytes(out)


def message(*fields):
    """Bytes or text by number; several of one number are allowed."""
    out = b""
    for number, value in fields:
        if isinstance(value, int):
            out += varint(number << 3) + varint(value)
        else:
            value = value.encode() if isinstance(value, str) else value
            out += varint(number << 3 | 2) + varint(len(value)) + value
    return out


def parse(data, kinds):
    """What an encoder of proto3 makes: known fields, ascending, minimal, no defaults."""
    got, at, last = {}, 0, 0

    def number():
        nonlocal at
        v = shift = 0
        while True:
            byte = data[at]
            at += 1
            v |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                if byte == 0 and shift > 7:
                    raise ValueError("a varint that is not minimal")
                return v

    try:
        while at < len(data):
            tag = number()
            field, wire = tag >> 3, tag & 7
            if field not in kinds or field <= last:
                raise ValueError(f"field {field}")
            last = field
            if kinds[field] is int:
                if wire != 0:
                    raise ValueError("wire type")
                got[field] = number()
            else:
                if wire != 2:
                    raise ValueError("wire type")
                n = number()
                value = data[at : at + n]
                at += n
                if len(value) != n or not n:
                    raise ValueError("length")
                got[field] = value.decode() if kinds[field] is str else value
    except (IndexError, ValueError) as why:
        raise Refusal(400, "InvalidParameter", f"protobuf: {why}") from why
    return got


# ---- a dedicated instance ----

def rsa_verify(signature, data):
    """RSASSA-PKCS1-v1_5 with SHA-256."""
    digest = hashlib.sha256(data).digest()
    info = bytes.fromhex("3031300d060960864801650304020105000420") + digest
    want = b"\x00\x01" + b"\xff" * (253 - len(info)) + b"\x00" + info
    return len(signature) == 256 and pow(
        int.from_bytes(signature, "big"), 65537, MODULUS).to_bytes(256, "big") == want


def need(condition, code, why, status=400):
    if not condition:
        raise Refusal(status, code, why)


def check_instance(handler, body):
    """Headers and signature; returns the API's name."""
    h = handler.headers
    need(handler.path == "/", "InvalidParam", f"path {handler.path}")
    need(h.get("Content-Type") == "application/x-protobuf", "InvalidParam", "content type")
    need(h.get("Accept") == "application/x-protobuf", "InvalidParam", "accept")
    need(h.get("x-kms-apiversion") == "dkms-gcs-0.2", "InvalidApiVersion", "version")
    need(h.get("x-kms-signaturemethod") == "RSA_PKCS1_SHA_256", "InvalidParam", "method")
    need(h.get("x-kms-acccesskeyid") == vector("KMS_KEY_ID"), "MissingParameter", "key id")
    date = h.get("Date", "")
    try:
        when = email.utils.parsedate_to_datetime(date)
    except (TypeError, ValueError) as why:
        raise Refusal(400, "InvalidParam", f"Date is invalid: {date}") from why
    need(email.utils.format_datetime(when, usegmt=True) == date, "InvalidParam", "date's form")
    need(abs(when.timestamp() - now()) <= SKEW, "RequestTimeTooSkewed", f"date {date}")
    digest = hashlib.sha256(body).hexdigest().upper()
    need(h.get("Content-Sha256") == digest, "InvalidParam", "digest")
    text = f"POST\n{digest}\napplication/x-protobuf\n{date}\n"
    for name in sorted(n.lower() for n in h if n.lower().startswith("x-kms-")):
        text += f"{name}:{h[name].strip()}\n"
    kind, _, signature = h.get("Authorization", "").partition(" ")
    need(kind == "Bearer", "Forbidden.NoPermission", "authorization", 403)
    need(rsa_verify(base64.b64decode(signature, validate=True), (text + "/").encode()),
         "Forbidden.NoPermission", "signature", 403)
    return h.get("x-kms-apiname")


def find_secret(name, stage, version):
    found = SECRETS.get(name)
    need(found, "Forbidden.ResourceNotFound", f"secret {name}", 404)
    for v, stages, text in found:
        if version and v != version or (stage or not version) and (
                stage or "ACSCurrent") not in stages:
            continue
        return v, stages, text
    raise Refusal(404, "Forbidden.ResourceNotFound", f"no such version of {name}")


def instance_secret(body):
    f = parse(body, {1: str, 2: str, 3: str, 4: int})
    need(1 in f, "InvalidParameter", "SecretName")
    v, stages, text = find_secret(f[1], f.get(2), f.get(3))
    return message((1, f[1]), (2, "Generic"), (3, text), (4, "text"),
                   *((5, stage) for stage in stages), (6, v), (8, "request-1"))


def gcm(data):
    sealed, tag = aes.gcm_seal(MASTER, IV, b"", data)
    return sealed, tag


def instance_encrypt(body):
    f = parse(body, {1: str, 2: bytes, 3: str, 4: bytes, 5: bytes, 6: str})
    need(f.get(3) == "AES_GCM" and 2 in f, "InvalidParameter", "Encrypt")
    need(f.get(1) == "key-latchkey0001", "Forbidden.KeyNotFound", "key", 404)
    sealed, tag = gcm(f[2])
    return message((1, f[1]), (2, sealed + tag), (3, IV), (4, "request-2"), (5, f[3]))


def instance_decrypt(body):
    f = parse(body, {1: bytes, 2: str, 3: str, 4: bytes, 5: bytes, 6: str})
    need(f.get(3) == "AES_GCM" and f.get(5) == IV and len(f.get(1, b"")) > 16,
         "InvalidParameter", "Decrypt")
    need(f.get(2) == "key-latchkey0001", "Forbidden.KeyNotFound", "key", 404)
    plain, _ = gcm(f[1][:-16])  # the same key stream
    need(gcm(plain)[1] == f[1][-16:], "InvalidParameter", "tag")
    return message((1, f[2]), (2, plain), (3, "request-3"), (4, f[3]))


def instance_generate(body):
    f = parse(body, {1: str, 2: str, 3: int, 4: bytes})
    need(f.get(2) == "AES_GCM" and 1 <= f.get(3, 0) <= 1024, "InvalidParameter", "Generate")
    need(f.get(1) == "key-latchkey0001", "Forbidden.KeyNotFound", "key", 404)
    key = secrets.token_bytes(f[3])
    sealed, tag = gcm(key)
    return message((1, f[1]), (2, IV), (3, key), (4, sealed + tag), (5, "r"), (6, f[2]))


APIS = {"GetSecretValue": instance_secret, "Encrypt": instance_encrypt,
        "Decrypt": instance_decrypt, "GenerateDataKey": instance_generate}


def instance(handler, body):
    if "x-kms-apiname" not in handler.headers:
        return attested.instance(handler, signed_parameters(handler, body), HOOKS)
    api = check_instance(handler, body)
    need(api in APIS, "InvalidApiName", f"API {api}")
    count(api)
    return 200, "application/x-protobuf", APIS[api](body)


HOOKS = {"need": need, "count": count, "find_secret": find_secret, "modes": MODES}


# ---- the shared gateway and the token service ----

def pct(text):
    return urllib.parse.quote(text, safe="-_.~")


def parameters(handler, body):
    """Query and form together; nothing twice, nothing that is encoded otherwise than needed."""
    got = {}
    path, _, query = handler.path.partition("?")
    need(path == "/", "InvalidParameter", f"path {path}")
    if body:
        need(handler.headers.get("Content-Type") == "application/x-www-form-urlencoded",
             "InvalidParameter", "content type")
    for text in (query, body.decode()):
        for pair in text.split("&") if text else []:
            name, eq, value = pair.partition("=")
            need(eq and name not in got, "InvalidParameter", f"parameter {name}")
            plain = urllib.parse.unquote(value)
            need(pct(plain) == value, "InvalidParameter", f"encoding of {name}")
            got[urllib.parse.unquote(name)] = plain
    return got


def check_timestamp(text):
    need(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", text or ""), "IllegalTimestamp", "form")
    seconds = calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))
    need(abs(seconds - now()) <= SKEW, "IllegalTimestamp", f"timestamp {text}")


def signed_parameters(handler, body):
    """The parameters of a call that a temporary token signed, "signature V1"."""
    p = parameters(handler, body)
    signature = p.pop("Signature", "")
    need(p.get("SignatureMethod") == "HMAC-SHA1" and p.get("SignatureVersion") == "1.0",
         "InvalidParameter", "signature method")
    need(p.get("AccessKeyId") in LOGINS, "InvalidAccessKeyId.NotFound", "key id", 404)
    secret, token = LOGINS[p["AccessKeyId"]]
    canonical = "&".join(f"{pct(k)}={pct(p[k])}" for k in sorted(p))
    text = f"POST&%2F&{pct(canonical)}"
    mac = hmac.new((secret + "&").encode(), text.encode(), hashlib.sha1).digest()
    need(signature == base64.b64encode(mac).decode(), "SignatureDoesNotMatch",
         f"specified signature is not matched with our calculation. server string to sign is:{text}")
    need(p.get("SecurityToken") == token, "InvalidSecurityToken.Malformed", "token")
    check_timestamp(p.get("Timestamp"))
    with LOCK:
        need(p.get("SignatureNonce") and p["SignatureNonce"] not in NONCES,
             "SignatureNonceUsed", "nonce")
        NONCES.add(p["SignatureNonce"])
    need(p.get("Version") == "2016-01-20" and p.get("Format", "").upper() == "JSON",
         "InvalidParameter", "version or format")
    for header, name in (("x-acs-action", "Action"), ("x-acs-version", "Version")):
        need(handler.headers.get(header, p.get(name)) == p.get(name), "InvalidParameter", header)
    return p


def gateway(handler, body):
    p = signed_parameters(handler, body)
    need(p.get("RegionId", REGION) == REGION, "InvalidParameter", "region")
    need(p.get("Action") == "GetSecretValue", "InvalidAction.NotFound", "action", 404)
    count("gateway")
    v, stages, value = find_secret(p.get("SecretName"), p.get("VersionStage"), p.get("VersionId"))
    return 200, "application/json", json.dumps(
        {"SecretName": p["SecretName"], "VersionId": v, "SecretData": value,
         "SecretDataType": "text", "SecretType": "Generic",
         "VersionStages": {"VersionStage": stages}, "RequestId": "request-4"}).encode()


def sts(handler, body):
    p = parameters(handler, body)
    need(p.get("Action") == "AssumeRoleWithOIDC", "InvalidAction.NotFound", "action", 404)
    need(p.get("Version") == "2015-04-01" and p.get("Format", "").upper() == "JSON",
         "MissingParameter.Version", "version or format")
    need(not any(k.startswith(("Signature", "AccessKey", "Security")) for k in p
                 if p[k] and k != "SignatureNonce"), "InvalidParameter", "signed")
    check_timestamp(p.get("Timestamp"))
    need(p.get("OIDCProviderArn") == PROVIDER_ARN, "EntityNotExist.OIDCProvider", "provider", 404)
    need(p.get("RoleArn") == ROLE_ARN, "EntityNotExist.Role", "role", 404)
    need(re.fullmatch(r"[A-Za-z0-9.@_-]{2,64}", p.get("RoleSessionName", "")),
         "InvalidParameter.RoleSessionName", "session name")
    need(p.get("OIDCToken") == ID_TOKEN, "AuthenticationFail.OIDCToken.Invalid", "token")
    count("sts")
    key = "STS.NVoidcKey0000001"
    return 200, "application/json", json.dumps(
        {"RequestId": "request-5", "OIDCTokenInfo": {"Subject": "vm-1"},
         "AssumedRoleUser": {"AssumedRoleId": "1:x", "Arn": ROLE_ARN},
         "Credentials": {"AccessKeyId": key, "AccessKeySecret": LOGINS[key][0],
                         "SecurityToken": LOGINS[key][1],
                         "Expiration": time.strftime("%Y-%m-%dT%H:%M:%SZ",
                                                     time.gmtime(now() + 3600))}}).encode()


# ---- metadata ----

def imds_token(handler):
    ttl = handler.headers.get("X-aliyun-ecs-metadata-token-ttl-seconds", "")
    need(handler.command == "PUT", "", "method", 405)
    need(MODES["imds"] != "v1only", "", "no second version here", 404)
    need("X-Forwarded-For" not in handler.headers, "", "forwarded", 403)
    need(ttl.isdigit() and 1 <= int(ttl) <= 21600, "", f"ttl '{ttl}'")
    token = secrets.token_urlsafe(40)
    IMDS_TOKENS[token] = time.monotonic() + int(ttl)
    return token


def imds(handler, body):
    mode = MODES["imds"]
    need(not body, "", "a body")
    if handler.path == "/latest/api/token":
        return 200, "text/plain", imds_token(handler).encode()
    need(handler.command == "GET", "", "method", 405)
    if mode != "v1only":
        token = handler.headers.get("X-aliyun-ecs-metadata-token", "")
        need(IMDS_TOKENS.get(token, 0) > time.monotonic(), "", "no valid token", 403)
    roles = {"roles0": "\n", "roles2": ROLE + "\nother\n"}.get(mode, ROLE)
    base = "/latest/meta-data/ram/security-credentials/"
    need(mode != "none", "", "no role", 404)
    if mode == "html":
        return 200, "text/html", b"<html>hello</html>"
    key = "STS.NUecsRoleKey000001"
    pages = {
        "/latest/meta-data/region-id": REGION,
        base: roles,
        base + ROLE: json.dumps(
            {"AccessKeyId": key, "AccessKeySecret": LOGINS[key][0], "Code": "Success",
             "Expiration": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 21600)),
             "SecurityToken": LOGINS[key][1], "LastUpdated": "2026-01-02T03:04:05Z"}),
    }
    need(handler.path in pages, "", handler.path, 404)
    count("imds")
    return 200, "text/plain", pages[handler.path].encode()


# ---- the servers ----

def break_as_told(mode):
    if mode == "once429":
        mode = "busy" if not COUNTS.get("once") else "ok"
        count("once")
    later = [("Retry-After", "3")]
    table = {
        "throttle": (400, "Rejected.Throttling", later), "busy": (429, "Throttling", later),
        "500": (500, "InternalFailure", ()), "denied": (403, "Forbidden.NoPermission", ()),
        "absent": (404, "Forbidden.ResourceNotFound", ()),
        "expired": (400, "InvalidSecurityToken.Expired", ()),
    }
    if mode in table:
        status, code, headers = table[mode]
        raise Refusal(status, code, f"told to be {mode}", headers)
    if mode == "slow":
        time.sleep(20)
    fixed = {"html403": (403, b"<html>no</html>"), "garbage": (200, b"\xff\xfe{"),
             "huge": (200, b"A" * (1 << 20))}
    return fixed.get(mode)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    service = work = None

    def date_time_string(self, timestamp=None):
        return email.utils.formatdate(now(), usegmt=True)

    def answer(self, status, kind, body, headers=()):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, r):
        WHY[0] = f"{self.service}: {r.why}".replace("\n", " ")
        if self.service == "instance" and "x-kms-apiname" in self.headers:
            body = message((1, r.status), (2, r.code), (3, r.why), (4, "request-6"))
            self.answer(r.status, "application/x-protobuf", body, r.headers)
        elif self.service == "imds":
            self.answer(r.status, "text/html", b"<html>no</html>", r.headers)
        else:
            body = {"HttpStatus": r.status, "Code": r.code, "Message": r.why, "RequestId": "r-7"}
            self.answer(r.status, "application/json", json.dumps(body).encode(), r.headers)

    def handle_request(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        count("requests")
        self.record(body)
        try:
            methods = {"imds": ("GET", "PUT"), "sts": ("GET", "POST")}.get(self.service, ("POST",))
            need(self.command in methods, "InvalidParameter", "method")
            mode = MODES[self.service]
            fixed = break_as_told(mode) if self.service != "imds" or mode == "500" else None
            if fixed:
                self.answer(fixed[0], "text/html", fixed[1])
            else:
                self.answer(*self.work(body))
        except Refusal as r:
            self.refuse(r)

    def record(self, body):
        """For tests that have somebody else judge the request."""
        if LOG:
            with LOCK, open(LOG[0], "a", encoding="ascii") as f:
                json.dump({"service": self.service, "method": self.command, "path": self.path,
                           "headers": dict(self.headers.items()),
                           "body": base64.b64encode(body).decode()}, f)
                f.write("\n")

    do_GET = do_POST = do_PUT = handle_request

    def log_message(self, format, *args):
        pass


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    context = None

    def get_request(self):
        conn, peer = self.socket.accept()
        count("connections")
        return conn, peer

    def finish_request(self, request, client_address):
        try:
            if self.context:
                request = self.context.wrap_socket(request, server_side=True)
            super().finish_request(request, client_address)
        except OSError:
            count("broken")  # the other side may leave when it likes


def serve(work, host, port, context):
    service = work.__name__
    kind = type(service, (Handler,), {"service": service, "work": lambda self, body: work(self, body)})
    server = Server((host, port), kind)
    server.context = context
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def context(folder, ca, names, kind="good"):
    dates = (-200, -100) if kind == "expired" else (-3600, 86400)
    leaf = minica.Entity("server", ca, names, *dates)
    path = os.path.join(folder, "server.pem")
    with open(path, "w", encoding="ascii") as f:
        f.write(leaf.cert + leaf.key())
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(path)
    os.unlink(path)
    return made


def write_files(folder, authorities):
    files = {name + ".pem": ca.cert for name, ca in authorities.items()}
    files["clientKey.json"] = json.dumps(
        {"KeyId": vector("KMS_KEY_ID"), "PrivateKeyData": vector("KMS_PRIVATE_KEY_DATA")})
    files["password"] = vector("KMS_PASSWORD") + "\n"
    for name, text in files.items():
        with open(os.path.join(folder, name), "w", encoding="ascii") as f:
            f.write(text)


def obey(line):
    verb, _, rest = line.strip().partition(" ")
    if verb == "set":
        name, _, value = rest.partition("=")
        MODES[name] = value
        return "ok"
    if verb == "hidden":  # the complement of what is stored, so that the teller does not hold it
        name, _, value = rest.partition("=")
        plain = bytes(b ^ 0xFF for b in bytes.fromhex(value)).decode()
        SECRETS[name] = [("v1", ["ACSCurrent"], plain)]
        return "ok"
    if verb == "secret":
        name, _, value = rest.partition("=")
        SECRETS[name] = [("v1", ["ACSCurrent"], value)]
        return "ok"
    return WHY[0] if verb == "why" else str(COUNTS.get(rest, 0))


def main():
    o = {"dir": ".", "host": "127.0.0.1", "imds": "127.0.0.1:0", "names": "", "tls": "good"}
    o.update(arg.split("=", 1) for arg in sys.argv[1:])
    if o["imds"] in MODE_NAMES:  # a mode, not a place
        MODES["imds"], o["imds"] = o["imds"], "127.0.0.1:0"
    MODES.update({k: v for k, v in o.items() if k in MODES and k != "imds"})
    LOG.extend([o["log"]] if "log" in o else [])
    SECRETS["ClientKey_KAAP.1"] = [("v1", ["ACSCurrent"], vector("KMS_PASSWORD"))]
    authorities = {"ca": minica.Entity("Private KMS CA"), "public": minica.Entity("Public CA"),
                   "other": minica.Entity("Private KMS CA")}
    write_files(o["dir"], authorities)
    names = ["localhost", "127.0.0.1", *filter(None, o["names"].split(","))]
    own = context(o["dir"], authorities["ca"], names, o["tls"])
    public = context(o["dir"], authorities["public"], names)
    host, _, port = o["imds"].partition(":")
    ports = [serve(imds, host, int(port), None),
             serve(instance, o["host"], 0, own), serve(gateway, o["host"], 0, public),
             serve(sts, o["host"], 0, public)]
    print("READY", *ports, flush=True)
    for line in sys.stdin:
        print(obey(line), flush=True)


if __name__ == "__main__":
    main()
