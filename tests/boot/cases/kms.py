# SPDX-License-Identifier: Apache-2.0
"""Roots whose key comes from a cloud's KMS, which tests/fakes/aliyun_cloud.py plays.

The guest's network is 100.100.100.0/24, so that the metadata service has its real address."""

import base64
import json
import subprocess

from cases.system import events
from cases.unlock import report_of_success, stage_lines
from harness import images, keyserver, names, tools
from harness.case import case

FDE = "etc/latchkey/fde.conf"
CREDENTIALS = "/etc/latchkey/credentials/aliyun/"
HOST = "100.100.100.2"
GATEWAY, STS = "kms.cn-beijing.aliyuncs.com", "sts.cn-beijing.aliyuncs.com"
INSTANCE = "kst-latchkey0test.cryptoservice.kms.aliyuncs.com"
ID_TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ2bS0xIn0.c2ln"


class Cloud:
    """The fake in a process of its own, and the name server that leads to it."""

    def __init__(self, t, *options):
        self.folder = t.folder
        self.names = names.NameServer({GATEWAY: HOST, STS: HOST, INSTANCE: HOST,
                                       keyserver.NAME: HOST})
        self.resolv_conf = self.names.resolv_conf(t.folder)
        self.process = subprocess.Popen(
            ["python3", "-B", tools.REPO / "tests/fakes/aliyun_cloud.py", f"dir={t.folder}",
             f"names={GATEWAY},{STS},{INSTANCE}", *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        ports = self.process.stdout.readline().split()
        self.imds, self.instance, self.gateway, self.sts = map(int, ports[1:])
        self.say("secret root-key=" + base64.b64encode(t.world.handover_passphrase).decode())

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def count(self, what):
        return int(self.say("count " + what))

    def file(self, name):
        return (self.folder / name).read_bytes()

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)
        self.names.close()


def boot(t, cloud, tables, add, changes=(), **machine):
    """Boot with these tables in place of the key broker's."""
    network = (f",net=100.100.100.0/24,guestfwd=tcp:100.100.100.200:80-cmd:"
               f"busybox nc 127.0.0.1 {cloud.imds}")
    t.boot(None, changes=((FDE, r"(?ms)^\[rootfs\.encrypt\.kbs\].*?(?=^\[|\Z)", tables), *changes),
           add=add, resolv_conf=cloud.resolv_conf, netdev=network, **machine)


def with_client_key(t, cloud, **machine):
    key_id = json.loads(cloud.file("clientKey.json"))["KeyId"]

    def add(archive):
        archive.file(CREDENTIALS + f"clientKey_{key_id}.json", cloud.file("clientKey.json"), 0o600)
        archive.file(CREDENTIALS + f"password_{key_id}.json", cloud.file("password"), 0o600)
        archive.file(CREDENTIALS + "PrivateKmsCA_kst-latchkey0test.pem", cloud.file("ca.pem"))

    boot(t, cloud, f"""[rootfs.encrypt.kms]
kms_instance_id = "kst-latchkey0test"
client_key_id = "{key_id}"
secret_name = "root-key"
endpoint = "https://{INSTANCE}:{cloud.instance}"
""", add, **machine)


@case("kms-client-key", cost=30)
def kms_client_key(t):
    """A client key of a dedicated instance, which first asks to come back in three seconds."""
    cloud = t.keep(Cloud(t, "instance=once429"))
    with_client_key(t, cloud)
    t.came_up()
    stage_lines(t)
    report = report_of_success(t, name="root", provider="kms", endpoint=INSTANCE)
    t.check(report["attempts"] >= 2, "the answer 429 did not cost an attempt")
    t.check(cloud.count("GetSecretValue") == 1, f"the cloud says: {cloud.say('why')}")
    t.check(INSTANCE in cloud.names.asked, "the instance's name was never looked up")


@case("kms-clock-1970", cost=25)
def kms_clock_1970(t):
    """A clock from 1970: the pinned CA counts, and the time that its server gives is taken."""
    cloud = t.keep(Cloud(t))
    with_client_key(t, cloud, rtc="1970-01-01T00:00:00")
    t.came_up()
    report = report_of_success(t, provider="kms")
    t.check(report["clock"] == "untrusted", "the report does not doubt the clock")
    t.check(cloud.count("GetSecretValue") == 1 and cloud.count("requests") >= 2,
            "not a refusal and then an answer")


@case("kms-denied", cost=25)
def kms_denied(t):
    """403: one line says so, nothing is tried again, no shell, power-off."""
    cloud = t.keep(Cloud(t, "instance=denied"))
    with_client_key(t, cloud)
    t.refused("kms-denied")
    t.check(cloud.count("requests") == 1, "what was refused was tried again")


@case("kms-role", cost=25)
def kms_role(t):
    """The role of the machine: metadata service, shared gateway, another CA."""
    cloud = t.keep(Cloud(t))
    boot(t, cloud, f"""[rootfs.encrypt.kms]
auth_mode = "ecs_ram_role"
secret_name = "root-key"
gateway_ca = "/etc/latchkey/public.pem"
endpoint = "https://{GATEWAY}:{cloud.gateway}"
""", lambda archive: archive.file("/etc/latchkey/public.pem", cloud.file("public.pem")))
    t.came_up()
    report_of_success(t, provider="kms", endpoint=GATEWAY)
    t.check(cloud.count("imds") >= 3, f"the cloud says: {cloud.say('why')}")


@case("oidc", cost=25)
def oidc(t):
    """A program's identity token becomes a role, and the role reads the secret."""
    cloud = t.keep(Cloud(t))

    def add(archive):
        archive.file("/usr/lib/guest/busybox", t.world.guest.busybox.read_bytes(), 0o755)
        archive.file("/etc/latchkey/public.pem", cloud.file("public.pem"))

    boot(t, cloud, f"""[rootfs.encrypt.oidc]
key_id = "root-key"
secret_encoding = "base64"
gateway_ca = "/etc/latchkey/public.pem"
endpoint = "https://{GATEWAY}:{cloud.gateway}"
sts_endpoint = "https://{STS}:{cloud.sts}"
[rootfs.encrypt.oidc.oidc_token_from_exec]
command = "/usr/lib/guest/busybox"
args = ["echo", "{ID_TOKEN}"]
[rootfs.encrypt.oidc.kms]
type = "aliyun"
oidc_provider_arn = "acs:ram::113511544585:oidc-provider/TestOidcIdp"
role_arn = "acs:ram::113511544585:role/testoidc"
region_id = "cn-beijing"
""", add)
    t.came_up()
    report_of_success(t, provider="oidc", endpoint=GATEWAY)
    t.check(cloud.count("sts") >= 1, f"the cloud says: {cloud.say('why')}")


SIGNER = {"kty": "EC", "crv": "P-256", "x": "s6X6Ihd49tQcRbVTy_p0cMNYLDqESg7TKSxYLV__zJU",
          "y": "-N0vkaQIaUlW2JpFUgnfr6JLFCiw1_ANnGclDgOZ8n8"}
SIGNERS_SECRET = dict(SIGNER, d="49D21rZB0JEFUOdt5A31V-kG3CQMZh_Xtm_vqWhATyQ", kid="operator")


def seal(t, cloud, plain):
    """What `latchkey seal` makes of it, on the machine that bakes images."""
    files = {"plain": plain, "signer": json.dumps(SIGNERS_SECRET).encode()}
    for name, content in files.items():
        (t.folder / name).write_bytes(content)
    for name in ("clientKey.json", "password"):
        (t.folder / name).chmod(0o600)
    return tools.run([
        tools.release_program("latchkey"), "seal", "envelope", "--file", t.folder / "plain",
        "--key-id", "key-latchkey0001", "--kms-instance-id", "kst-latchkey0test",
        "--client-key-file", t.folder / "clientKey.json",
        "--client-key-password-file", t.folder / "password",
        "--kms-cert-file", t.folder / "ca.pem",
        "--endpoint", f"https://localhost:{cloud.instance}", "--sign-key", t.folder / "signer"])


@case("kms-sealed", cost=35)
def kms_sealed(t):
    """The root's key lies sealed in the initramfs; the client key that opens it comes from the key
    broker, after attestation."""
    cloud = t.keep(Cloud(t))
    server = t.server()
    key_id = json.loads(cloud.file("clientKey.json"))["KeyId"]
    server.put("default/disk/client-key", cloud.file("clientKey.json"))
    server.put("default/disk/password", cloud.file("password"))
    sealed = seal(t, cloud, t.world.handover_passphrase)
    run = "/run/confidential-containers/cdh/kbs/kms-credential/aliyun/"

    def add(archive):
        archive.file("/etc/latchkey/root.sealed", sealed)
        archive.file("/etc/latchkey/operator", json.dumps(SIGNER))
        archive.file("/etc/latchkey/broker-ca.pem", server.ca.read_bytes())
        archive.file("/etc/latchkey/kms-ca.pem", cloud.file("ca.pem"))

    boot(t, cloud, """[rootfs.encrypt.sealed]
file = "/etc/latchkey/root.sealed"
""", add, changes=(("etc/latchkey/latchkey.conf", r"\Z", f"""
[sealed]
keys = ["/etc/latchkey/operator"]
[services.kbs]
kbs_url = "{images.url(server.port)}"
kbs_root_cert = "/etc/latchkey/broker-ca.pem"
[services.kms]
kms_instance_id = "kst-latchkey0test"
client_key_id = "{key_id}"
kms_cert_pem = "/etc/latchkey/kms-ca.pem"
endpoint = "https://{INSTANCE}:{cloud.instance}"
[credentials.client-key]
path = "{run}clientKey_{key_id}.json"
resource_uri = "kbs:///default/disk/client-key"
[credentials.password]
path = "{run}password_{key_id}.json"
resource_uri = "kbs:///default/disk/password"
"""),))
    t.came_up()
    stage_lines(t)
    report_of_success(t, name="root", provider="sealed")
    t.check(cloud.count("Decrypt") == 1, f"the cloud says: {cloud.say('why')}")
    t.check(len(events(server, "attest")) == 1, "not one attestation")
    t.check(len(events(server, "resource")) == 2, "not two credentials from the broker")
