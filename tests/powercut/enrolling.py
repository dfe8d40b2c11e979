# SPDX-License-Identifier: Apache-2.0
"""A volume's key rotated and recovered against a real latchkeyd, and killed between its steps."""

from harness import mini, vm
from keys import FIRST, volume

MODULES = ("virtio_pci", "virtio_blk", "virtio_net", "dm_crypt", "cryptd", "crypto_simd",
           "aesni_intel", "ecb", "xts")
DEADLINE = 600
# A route that leads out of the machine: the agent asks nobody before there is one.
SCRIPT = r"""
ip link set lo up
ip link set eth0 up
ip address add 10.0.2.15/24 dev eth0
ip route add default via 10.0.2.2
mkdir -p /etc /keys/etc/volumes.d
echo "127.0.0.1 localhost" >/etc/hosts
cat >/keys/etc/latchkey.conf <<'END'
[agent]
tee = "sample"
deadline = "60s"
END
cat >/keys/etc/volumes.d/data0.conf <<'END'
volume = "data0"
dev = "/dev/vda"
fallback = "recovery-key"
[encrypt.kbs]
kbs_url = "https://localhost:8443"
key_uri = "kbs:///default/disk/data0"
kbs_root_cert = "/keys/state/tls/ca.pem"
END
chmod 600 /keys/etc/latchkey.conf /keys/etc/volumes.d/data0.conf
latchkeyd=/usr/sbin/latchkeyd
$latchkeyd init --state /keys/state --hostname localhost >/dev/null
mkfifo /keys/ready
$latchkeyd serve --state /keys/state --listen 127.0.0.1:8443 --socket /keys/admin.sock \
    --allow-sample --ready-fd 5 5>/keys/ready >/dev/null 2>/keys/log &
head -n 1 /keys/ready
printf %s "@FIRST@" | $latchkeyd resource put default/disk/data0 --socket /keys/admin.sock
echo '{"version": 1, "rules": [{"resource": "*/*/*", "tee": "sample"}]}' |
    $latchkeyd policy set --socket /keys/admin.sock
enroll_vm 2>&1
tail -n 20 /keys/log
"""


def commands_and_a_server(t):
    """Rotate and recover with --enroll latchkeyd, killed behind each step of a rotation."""
    program = mini.dev_program("tests", "powercut", "enroll_vm")
    server = mini.dev_program("latchkeyd")
    initrd = mini.initramfs(t.guest, program, MODULES, SCRIPT.replace("@FIRST@", FIRST.decode()),
                            t.folder / "initrd", [server])
    machine = vm.Machine(t.guest.kernel, initrd, "rdinit=/init",
                         [vm.Disk(volume(t.folder), "volume", False)], memory=1024)
    t.taps(vm.boot(machine, t.folder, DEADLINE), 6)


CASES = [commands_and_a_server]
