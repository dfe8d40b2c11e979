# SPDX-License-Identifier: Apache-2.0
"""A client of the KBS protocol, in Python's standard library: honest by default, hostile on demand."""
import base64
import hashlib
import http.client
import json
import re
import ssl

from jose import EcKey, canonical, jwe_open

ERRORS = "https://github.com/confidential-containers/kbs/errors/"
REQUEST = {"version": "0.4.0", "tee": "sample",
           "extra-params": {"supported-hash-algorithms": ["sha256", "sha384", "sha512", "sm3"]}}


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self):
        return json.loads(self.body)

    def error(self):
        """The last part of the error's type, after checking the body's form."""
        doc = self.json()
        assert list(doc) == ["type", "detail"] and doc["type"].startswith(ERRORS), doc
        assert self.headers["Content-Type"] is None
        return doc["type"][len(ERRORS):]

    def detail(self):
        return self.json()["detail"]


class Client:
    def __init__(self, server, key=None, timeout=30):
        self.server = server
        context = ssl.create_default_context(cafile=server.ca)
        self.connection = http.client.HTTPSConnection(server.host, server.port, timeout=timeout,
                                                      context=context)
        self.key = key or EcKey()
        self.cookie = None
        self.nonce = None
        self.token = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def ask(self, method, path, body=None, headers=None):
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        headers = dict(headers or {})
        if self.cookie and "Cookie" not in headers:
            headers["Cookie"] = "kbs-session-id=" + self.cookie
        self.connection.request(method, path, body=body,
                                headers={k: v for k, v in headers.items() if v is not None})
        return Answer(self.connection.getresponse())

    def auth(self, **changes):
        answer = self.ask("POST", "/kbs/v0/auth", {**REQUEST, **changes}, {"Cookie": None})
        if answer.status == 200:
            self.cookie = re.fullmatch(
                r"kbs-session-id=([0-9a-f]{32}); Expires=\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT",
                answer.headers["Set-Cookie"]).group(1)
            self.nonce = answer.json()["nonce"]
        return answer

    def evidence(self, nonce=None, jwk=None, additional=""):
        """Sample evidence for the session: the digest of document 3 of the protocol."""
        document = {"additional-evidence": additional, "nonce": nonce or self.nonce,
                    "tee-pubkey": jwk or self.key.jwk()}
        digest = hashlib.sha384(canonical(document)).digest()
        return {"svn": "1", "report_data": base64.b64encode(digest).decode()}

    def attestation(self, **changes):
        body = {"init-data": None,
                "runtime-data": {"nonce": self.nonce, "tee-pubkey": self.key.jwk()},
                "tee-evidence": {"primary_evidence": self.evidence(), "additional_evidence": ""}}
        body.update(changes)
        return body

    def attest(self, body=None, headers=None):
        answer = self.ask("POST", "/kbs/v0/attest", body or self.attestation(), headers)
        if answer.status == 200:
            self.token = answer.json()["token"]
        return answer

    def handshake(self):
        assert self.auth().status == 200
        answer = self.attest()
        assert answer.status == 200, answer.body
        return self

    def get(self, name, headers=None):
        return self.ask("GET", "/kbs/v0/resource/" + name, headers=headers)

    def open(self, answer):
        assert answer.status == 200, answer.body
        assert answer.headers["Content-Type"] == "application/json"
        return jwe_open(self.key, answer.json())
