# SPDX-License-Identifier: Apache-2.0
"""The cloud of tests/fakes/aliyun_cloud.py, proved by the vendor's own clients; then the agent
against it, each of its requests judged by the vendor's own code.

Run by test_cloud.py with the vendor's packages at hand, as root, in a network of its own where
the metadata service has its real address.
"""
import base64
import ctypes
import fcntl
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import unittest
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
AGENT = os.environ["LATCHKEY_AGENT"]
IMDS = "100.100.100.200"
ID_TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ2bS0xIn0.c2ln"
PROVIDER_ARN = "acs:ram::113511544585:oidc-provider/TestOidcIdp"
ROLE_ARN = "acs:ram::113511544585:role/testoidc"
STS_TOKEN = "STS.NTtestAccessKeyId01:testAccessKeySecret0123456789ab:CAISTestToken+/abc~*=="
SECRETS = {"STS.NTtestAccessKeyId01": "testAccessKeySecret0123456789ab",
           "STS.NUecsRoleKey000001": "ecsRoleSecret/+ABCDEFabcdef0123",
           "STS.NVoidcKey0000001": "oidcSecret0000000000000000001"}
SECRET = "c2VjcmV0LXBhc3NwaHJhc2U="


def own_network():
    """A network with nothing but a loopback device that also has the metadata address."""
    if ctypes.CDLL(None, use_errno=True).unshare(0x40000000):
        raise OSError(ctypes.get_errno(), "unshare: run it as root")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, 0x8914, struct.pack("16sH14x", b"lo", 1))  # SIOCSIFFLAGS: up
        address = struct.pack("16sHH4s8x", b"lo:1", socket.AF_INET, 0, socket.inet_aton(IMDS))
        fcntl.ioctl(s, 0x8916, address)  # SIOCSIFADDR


class Cloud:
    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="lk-test-")
        self.log = self.dir + "/log"
        self.process = subprocess.Popen(
            ["/usr/bin/python3", "-B", HERE + "/../fakes/aliyun_cloud.py", "dir=" + self.dir,
             f"imds={IMDS}:80", "log=" + self.log],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        ports = self.process.stdout.readline().split()
        self.instance, self.gateway, self.sts = map(int, ports[2:])

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def read(self, name):
        with open(f"{self.dir}/{name}", encoding="ascii") as f:
            return f.read()

    def requests(self, service):
        """Those since the last call."""
        lines = self.read("log").splitlines() if os.path.exists(self.log) else []
        open(self.log, "w", encoding="ascii").close()
        found = [json.loads(line) for line in lines]
        for one in found:
            one["body"] = base64.b64decode(one["body"])
            one["headers"] = {k.lower(): v for k, v in one["headers"].items()}
        return [one for one in found if one["service"] == service]

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)
        shutil.rmtree(self.dir)


own_network()
cloud = Cloud()
unittest.addModuleCleanup(cloud.close)
os.environ["REQUESTS_CA_BUNDLE"] = os.environ["SSL_CERT_FILE"] = cloud.dir + "/public.pem"

# the vendor's packages; after the environment, which they read when they are loaded
from alibabacloud_credentials.provider import EcsRamRoleCredentialsProvider  # noqa: E402
from alibabacloud_credentials.provider import OIDCRoleArnCredentialsProvider  # noqa: E402
from alibabacloud_kms20160120 import models as kms_models  # noqa: E402
from alibabacloud_kms20160120.client import Client as KmsClient  # noqa: E402
from alibabacloud_openapi_util.client import Client as OpenApiUtil  # noqa: E402
from alibabacloud_tea_openapi import models as api_models  # noqa: E402
from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec, padding  # noqa: E402
from cryptography.hazmat.primitives.asymmetric.utils import (  # noqa: E402
    decode_dss_signature, encode_dss_signature)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: E402
from openapi.models import Config as InstanceConfig  # noqa: E402
from openapi_credential.client import Client as InstanceCredential  # noqa: E402
from openapi_credential.models import Config as CredentialConfig  # noqa: E402
from openapi_util.client import Client as InstanceUtil  # noqa: E402
from openapi_util.protobuf import api_pb2  # noqa: E402
from sdk import models as instance_models  # noqa: E402
from sdk.client import Client as InstanceClient  # noqa: E402


class VendorsClients(unittest.TestCase):
    """Before anything of ours: what the fake takes and gives is what the real clients do."""

    def instance(self):
        return InstanceClient(InstanceConfig(
            protocol="https", endpoint=f"localhost:{cloud.instance}",
            client_key_content=cloud.read("clientKey.json"),
            password=cloud.read("password").strip(), ca_file_path=cloud.dir + "/ca.pem"))

    def test_instance(self):
        client = self.instance()
        got = client.get_secret_value(instance_models.GetSecretValueRequest(
            secret_name="disk-key", fetch_extended_config=True))
        self.assertEqual(got.secret_data, SECRET)
        got = client.get_secret_value(instance_models.GetSecretValueRequest(
            secret_name="disk-key", version_stage="ACSPrevious", version_id="v0"))
        self.assertEqual(got.version_id, "v0")
        sealed = client.encrypt(instance_models.EncryptRequest(
            key_id="key-latchkey0001", plaintext=b"thirty-two bytes of nonsense....",
            algorithm="AES_GCM"))
        opened = client.decrypt(instance_models.DecryptRequest(
            key_id="key-latchkey0001", ciphertext_blob=sealed.ciphertext_blob, iv=sealed.iv,
            algorithm="AES_GCM"))
        self.assertEqual(opened.plaintext, b"thirty-two bytes of nonsense....")
        made = client.generate_data_key(instance_models.GenerateDataKeyRequest(
            key_id="key-latchkey0001", algorithm="AES_GCM", number_of_bytes=32))
        self.assertEqual(len(made.plaintext), 32)
        with self.assertRaisesRegex(Exception, "Forbidden.ResourceNotFound"):
            client.get_secret_value(instance_models.GetSecretValueRequest(secret_name="none"))

    def gateway(self, key, secret, token):
        return KmsClient(api_models.Config(
            access_key_id=key, access_key_secret=secret, security_token=token,
            endpoint=f"localhost:{cloud.gateway}", region_id="cn-beijing",
            signature_algorithm="v2", ca=cloud.dir + "/public.pem"))

    def test_gateway(self):
        request = kms_models.GetSecretValueRequest(secret_name="disk-key",
                                                   fetch_extended_config=True)
        got = self.gateway(*STS_TOKEN.split(":")).get_secret_value(request)
        self.assertEqual(got.body.secret_data, SECRET)
        key, _, token = STS_TOKEN.split(":")
        with self.assertRaisesRegex(Exception, "SignatureDoesNotMatch"):
            self.gateway(key, "another", token).get_secret_value(request)

    def test_metadata_service(self):
        got = EcsRamRoleCredentialsProvider(disable_imds_v1=True).get_credentials()
        self.assertEqual(got.get_access_key_secret(), SECRETS["STS.NUecsRoleKey000001"])
        self.assertIn("PUT", [one["method"] for one in cloud.requests("imds")])

    def test_token_service(self):
        path = cloud.dir + "/id-token"
        with open(path, "w", encoding="ascii") as f:
            f.write(ID_TOKEN)
        got = OIDCRoleArnCredentialsProvider(
            role_arn=ROLE_ARN, oidc_provider_arn=PROVIDER_ARN, oidc_token_file_path=path,
            role_session_name="vendor", sts_endpoint=f"localhost:{cloud.sts}").get_credentials()
        self.assertEqual(got.get_access_key_secret(), SECRETS["STS.NVoidcKey0000001"])


BASE = """volume = "data"
dev = "/dev/null"
auto_open = true
[encrypt.{provider}]
{keys}
"""


class Judged(unittest.TestCase):
    """A configuration of the agent, and the vendor's code to judge what it sends."""

    def setUp(self):
        cloud.requests("")
        self.dir = tempfile.mkdtemp(prefix="lk-test-", dir=cloud.dir)
        os.makedirs(self.dir + "/volumes.d")
        os.makedirs(self.dir + "/credentials")

    def put(self, name, text):
        path = f"{self.dir}/{name}"
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as f:
            f.write(text)
        return path

    def fetch(self, provider, status=0, **keys):
        text = "".join(f'{k} = "{v}"\n' for k, v in keys.items() if not isinstance(v, list))
        text += "".join(f"{k} = {json.dumps(v)}\n" for k, v in keys.items() if isinstance(v, list))
        path = self.put("volumes.d/data.toml", BASE.format(provider=provider, keys=text))
        self.put("latchkey.conf", '[agent]\ndeadline = "8s"\n')
        done = subprocess.run([AGENT, "key", "fetch", "--volume", "data", "--out",
                               self.dir + "/key", "--config", self.dir], capture_output=True,
                              timeout=60)
        os.unlink(path)
        said = done.stderr.decode()
        self.assertEqual(done.returncode, status, f"{said}; the cloud: {cloud.say('why')}")
        if status:
            return said
        with open(self.dir + "/key", "rb") as f:
            key = f.read()
        os.unlink(self.dir + "/key")
        return key

    def instance_keys(self):
        key_id = json.loads(cloud.read("clientKey.json"))["KeyId"]
        self.put(f"credentials/clientKey_{key_id}.json", cloud.read("clientKey.json"))
        self.put(f"credentials/password_{key_id}.json", cloud.read("password"))
        self.put("credentials/PrivateKmsCA_kst-latchkey0test.pem", cloud.read("ca.pem"))
        return {"kms_instance_id": "kst-latchkey0test", "client_key_id": key_id,
                "credentials_dir": self.dir + "/credentials",
                "endpoint": f"https://localhost:{cloud.instance}"}

    def gateway_keys(self):
        return {"gateway_ca": cloud.dir + "/public.pem", "secret_name": "disk-key",
                "endpoint": f"https://localhost:{cloud.gateway}"}

    def judge_instance(self, message):
        """Signature over the vendor's string to sign; body as the vendor encodes it."""
        (one,) = cloud.requests("instance")
        credential = InstanceCredential(CredentialConfig(
            type="rsa_key_pair", client_key_content=cloud.read("clientKey.json"),
            password=cloud.read("password").strip()))
        text = InstanceUtil.get_string_to_sign(one["method"], one["path"], one["headers"], {})
        self.assertEqual(one["headers"]["authorization"], credential.get_signature(text))
        private = serialization.load_der_private_key(
            base64.b64decode(credential.get_access_key_secret()), None)
        private.public_key().verify(
            base64.b64decode(one["headers"]["authorization"].split()[1]), text.encode(),
            padding.PKCS1v15(), hashes.SHA256())
        self.assertEqual(one["body"], message.SerializeToString())

    def judge_gateway(self, key):
        (one,) = cloud.requests("gateway")
        form = dict(urllib.parse.parse_qsl(one["body"].decode(), keep_blank_values=True,
                                           strict_parsing=True))
        signature = form.pop("Signature")
        self.assertEqual(form["AccessKeyId"], key)
        self.assertEqual(signature, OpenApiUtil.get_rpcsignature(form, "POST", SECRETS[key]))
        self.assertNotIn("?", one["path"])


class Agent(Judged):
    """The agent, its requests judged by the vendor's code."""

    def test_client_key(self):
        keys = self.instance_keys()
        self.assertEqual(self.fetch("kms", secret_name="disk-key", **keys), b"secret-passphrase")
        self.judge_instance(api_pb2.GetSecretValueRequest(SecretName="disk-key",
                                                          FetchExtendedConfig=True))
        named = {name: f"{self.dir}/credentials/{file}" for name, file in (
            ("client_key_file", f"clientKey_{keys['client_key_id']}.json"),
            ("client_key_password_file", f"password_{keys['client_key_id']}.json"),
            ("kms_cert_pem", "PrivateKmsCA_kst-latchkey0test.pem"))}
        self.fetch("kms", secret_name="disk-key", version_stage="ACSPrevious", version_id="v0",
                   kms_instance_id=keys["kms_instance_id"], endpoint=keys["endpoint"], **named)
        self.judge_instance(api_pb2.GetSecretValueRequest(
            SecretName="disk-key", VersionStage="ACSPrevious", VersionId="v0",
            FetchExtendedConfig=True))

    def test_role(self):
        self.assertEqual(self.fetch("kms", auth_mode="ecs_ram_role", **self.gateway_keys()),
                         b"secret-passphrase")
        self.judge_gateway("STS.NUecsRoleKey000001")

    def test_token_file(self):
        path = self.put("credentials/sts", STS_TOKEN + "\n")
        self.assertEqual(self.fetch("kms", auth_mode="sts_token", sts_token_file=path,
                                    region_id="cn-beijing", **self.gateway_keys()),
                         b"secret-passphrase")
        self.judge_gateway("STS.NTtestAccessKeyId01")

    def test_identity(self):
        keys = self.gateway_keys()
        del keys["secret_name"]
        key = self.fetch("oidc", key_id="disk-key", command="/bin/echo", args=[ID_TOKEN],
                         oidc_provider_arn=PROVIDER_ARN, role_arn=ROLE_ARN,
                         sts_endpoint=f"https://localhost:{cloud.sts}", **keys)
        self.assertEqual(key, SECRET.encode())
        self.judge_gateway("STS.NVoidcKey0000001")

    def test_torture(self):
        name = "a b*c~d/e+é"
        cloud.say(f"secret {name}={SECRET}")
        path = self.put("credentials/sts", STS_TOKEN)
        keys = dict(self.gateway_keys(), secret_name="a b*c~d/e+\\u00e9")
        self.assertEqual(self.fetch("kms", auth_mode="sts_token", sts_token_file=path,
                                    region_id="cn-beijing", **keys), b"secret-passphrase")
        self.judge_gateway("STS.NTtestAccessKeyId01")

    def test_busy_then_well(self):
        """429 with Retry-After: the stage loop comes back, and not before it was asked to."""
        cloud.say("set instance=once429")
        self.addCleanup(cloud.say, "set instance=ok")
        self.assertEqual(self.fetch("kms", secret_name="disk-key", **self.instance_keys()),
                         b"secret-passphrase")
        self.assertEqual(len(cloud.requests("instance")), 2)

    def test_refusals(self):
        cloud.say("set instance=denied")
        self.addCleanup(cloud.say, "set instance=ok")
        said = self.fetch("kms", 4, secret_name="disk-key", **self.instance_keys())
        self.assertIn("kms-denied", said)
        cloud.say("set instance=ok")
        said = self.fetch("kms", 4, secret_name="none", **self.instance_keys())
        self.assertIn("kms-no-secret", said)
        keys = self.instance_keys()
        os.chmod(f"{self.dir}/credentials/password_{keys['client_key_id']}.json", 0o644)
        said = self.fetch("kms", 1, secret_name="disk-key", **keys)
        self.assertIn("config-file-mode", said)
        self.assertNotIn(cloud.read("password").strip(), said)


SIGNER = ec.generate_private_key(ec.SECP256R1())
LATCHKEY_CONF = """[agent]
deadline = "8s"
[sealed]
keys = ["{dir}/operator"]
[services.kms]
"""


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Sealed(Judged):
    """Sealed secrets: made by one side, opened by the other."""

    def setUp(self):
        super().setUp()
        numbers = SIGNER.public_key().public_numbers()
        self.put("operator", json.dumps({
            "kty": "EC", "crv": "P-256", "x": b64url(numbers.x.to_bytes(32, "big")),
            "y": b64url(numbers.y.to_bytes(32, "big"))}))
        self.put("operator.pem", SIGNER.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()).decode())
        self.put("volumes.d/data.toml", BASE.format(provider="exec", keys='command = "/bin/true"'))
        keys = self.instance_keys()
        self.key_id = keys["client_key_id"]
        self.put("latchkey.conf", LATCHKEY_CONF.format(dir=self.dir) + "".join(
            f'{k} = "{v}"\n' for k, v in keys.items()))

    def run_agent(self, *arguments, status=0):
        done = subprocess.run([AGENT, *arguments], capture_output=True, timeout=60)
        self.assertEqual(done.returncode, status,
                         f"{done.stderr.decode()}; the cloud: {cloud.say('why')}")
        return done.stdout.decode() if not status else done.stderr.decode()

    def unseal(self, text, status=0):
        return self.run_agent("unseal", "--check", self.put("secret", text), "--config", self.dir,
                              status=status)

    def seal(self, *more):
        """With the words of secret_cli."""
        files = self.dir + "/credentials/"
        return self.run_agent(
            "seal", "envelope", "--file-path", self.put("plain", "a secret key\n"),
            "--key-id", "key-latchkey0001", "ali",
            "--password-file-path", files + f"password_{self.key_id}.json",
            "--cert-path", files + "PrivateKmsCA_kst-latchkey0test.pem",
            "--kms-instance-id", "kst-latchkey0test",
            "--client-key-file-path", files + f"clientKey_{self.key_id}.json",
            "--endpoint", f"https://localhost:{cloud.instance}", *more)

    def vendors_payload(self, plain):
        """As secret_cli makes it, the data key encrypted by the vendor's client."""
        key, iv = os.urandom(32), os.urandom(12)
        sealed = VendorsClients().instance().encrypt(instance_models.EncryptRequest(
            key_id="key-latchkey0001", plaintext=key, algorithm="AES_GCM"))
        text = {name: base64.b64encode(value).decode() for name, value in (
            ("encrypted_key", sealed.ciphertext_blob),
            ("encrypted_data", AESGCM(key).encrypt(iv, plain, None)), ("iv", iv))}
        return dict(text, version="0.1.0", type="envelope", key_id="key-latchkey0001",
                    wrap_type="A256GCM", provider="aliyun",
                    provider_settings={"client_type": "client_key", "client_key_id": self.key_id,
                                       "kms_instance_id": "kst-latchkey0test"},
                    annotations={"iv": base64.b64encode(sealed.iv).decode()})

    def sign(self, payload, kid="operator", alg="ES256"):
        text = ".".join(b64url(json.dumps(part).encode())
                        for part in ({"alg": alg, "kid": kid}, payload))
        r, s = decode_dss_signature(SIGNER.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return f"sealed.{text}." + b64url(r.to_bytes(32, "big") + s.to_bytes(32, "big"))

    def test_ours_opened_by_the_vendor(self):
        payload = json.loads(self.seal())
        (one,) = cloud.requests("instance")
        self.assertEqual(one["headers"]["x-kms-apiname"], "Encrypt")
        key = VendorsClients().instance().decrypt(instance_models.DecryptRequest(
            key_id=payload["key_id"], algorithm="AES_GCM",
            ciphertext_blob=base64.b64decode(payload["encrypted_key"], validate=True),
            iv=base64.b64decode(payload["annotations"]["iv"], validate=True))).plaintext
        self.assertEqual(AESGCM(key).decrypt(base64.b64decode(payload["iv"], validate=True),
                                             base64.b64decode(payload["encrypted_data"]), None),
                         b"a secret key\n")
        self.assertEqual(payload["provider_settings"], {
            "client_type": "client_key", "client_key_id": self.key_id,
            "kms_instance_id": "kst-latchkey0test"})

    def test_ours_signed(self):
        text = self.seal("--sign-key", self.dir + "/operator.pem", "--kid", "operator").strip()
        word, header, payload, signature = text.split(".")
        raw = base64.urlsafe_b64decode(signature + "==")
        SIGNER.public_key().verify(
            encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")),
            f"{header}.{payload}".encode(), ec.ECDSA(hashes.SHA256()))
        self.assertEqual(word, "sealed")
        self.assertRegex(self.unseal(text), "^13 bytes, fingerprint")

    def test_the_vendors_opened_by_us(self):
        payload = self.vendors_payload(b"made elsewhere")
        cloud.requests("")
        self.assertRegex(self.unseal(self.sign(payload)), "^14 bytes, fingerprint")
        self.judge_instance(api_pb2.DecryptRequest(
            CiphertextBlob=base64.b64decode(payload["encrypted_key"]), KeyId="key-latchkey0001",
            Algorithm="AES_GCM", Iv=base64.b64decode(payload["annotations"]["iv"])))
        self.assertRegex(self.unseal(json.dumps(payload, indent=4)), "^14 bytes, fingerprint")

    def test_refused(self):
        payload = self.vendors_payload(b"made elsewhere")
        text = self.sign(payload)
        for status, bad, code in (
                (5, text[:-3] + ("AAA" if text[-3:] != "AAA" else "BBB"), "sealed-"),
                (5, self.sign(payload, kid="stranger"), "sealed-signer"),
                (5, self.sign(payload, alg="HS256"), "sealed-invalid"),
                (1, self.sign(dict(payload, provider_settings=dict(
                    payload["provider_settings"], kms_instance_id="kst-elsewhere"))),
                 "kms_instance_id 'kst-elsewhere'"),
                (5, self.sign(dict(payload, iv="AAAA")), "iv has 3 bytes, not 12")):
            cloud.requests("")
            self.assertIn(code, self.unseal(bad, status))
            self.assertEqual(cloud.requests("instance"), [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
