# SPDX-License-Identifier: Apache-2.0
"""The dracut module and the units, with a stand-in for the agent."""

import shutil

from harness import cpio, dracut, roots, tools, vm
from harness.case import case

FILES = "files=config,0600,/etc/latchkey/fde.conf config,0644,/etc/stub"
ANSWERS = FILES + "\nnetwork=no\ntimeout=120\naction=poweroff-force\n"
HARDENED = ("root=/dev/mapper/root ro rd.shell=0 rd.emergency=poweroff systemd.gpt_auto=0 "
            "rd.systemd.gpt_auto=0 systemd.import_credentials=no")


def stub_tree(t, answers):
    """A Debian tree whose latchkey is the stand-in, called by that name."""
    tree = roots.debian(t.world.guest, t.folder / "debian")
    roots.install_latchkey(tree, tools.BOOT / "guest/stub-agent")
    (tree / "usr/bin/stub-agent").rename(tree / "usr/bin/latchkey")
    (tree / "etc/latchkey/fde.conf").write_text("# nothing\n")
    (tree / "etc/latchkey/fde.conf").chmod(0o600)
    (tree / "etc/stub").write_text(answers)
    return tree


def attempt(t, tree, answers, *arguments):
    """A dracut run without kernel modules; (worked, what it said)."""
    (tree / "etc/stub").write_text(answers)
    out = t.folder / "try.img"
    out.unlink(missing_ok=True)
    said = dracut.inside(tree, ["dracut", *dracut.COMMON, "--no-kernel", "--add", "latchkey",
                                "--omit", dracut.LEAN_OMIT + " dracut-systemd", *arguments,
                                "/run/out/try.img"], out=t.folder, log=t.folder / "dracut.log",
                         check=False).decode(errors="replace")
    log = (t.folder / "dracut.log")
    said += log.read_text(errors="replace") if log.exists() else ""
    log.unlink(missing_ok=True)
    (t.folder / "said").write_text(said)
    return out.exists(), said


@case("module-refuses", cost=60)
def module_refuses(t):
    """dracut fails, and says why, when the agent could not work from the initramfs."""
    tree = stub_tree(t, ANSWERS)

    worked, said = attempt(t, tree, ANSWERS.replace("fde.conf", "absent.conf"))
    t.check(not worked and "absent.conf (config) does not exist" in said, "a file is missing")
    worked, said = attempt(t, tree, ANSWERS.replace("network=no", "network=bad"))
    t.check(not worked and "unknown key" in said, "the configuration is wrong")
    worked, said = attempt(t, tree, ANSWERS.replace("action=poweroff-force", "action=rm -rf /"))
    t.check(not worked and "not a failure action" in said, "the failure action is nonsense")
    worked, said = attempt(t, tree, ANSWERS.replace("network=no", "network=yes"), "--omit",
                           "systemd-networkd network-legacy network-manager")
    t.check(not worked and "the configuration needs the network" in said, "there is no network module")

    worked, said = attempt(t, tree, ANSWERS.replace(
        "fde.conf", "fde.conf credential,0400,/etc/hostname"))
    t.check(worked and "THE HOST CAN READ IT" in said, "a credential draws a warning")
    shutil.copy(tree / "usr/bin/latchkey", tree / "usr/bin/latchkey-insecure-sample")
    (tree / "etc/dracut.conf.d/agent.conf").write_text("latchkey_agent=latchkey-insecure-sample\n")
    worked, said = attempt(t, tree, ANSWERS)
    t.check(worked and "proves NOTHING" in said, "the test artefact draws a warning")


@case("units-without-agent", cost=80)
def units_without_agent(t):
    """An agent that fails, hangs or is switched off: power off, no shell, whatever dracut has."""
    tree = stub_tree(t, ANSWERS)
    initrd = t.folder / "stub.img"
    dracut.build(tree, t.world.guest.release, initrd,
                 ("--add", "latchkey", "--omit", dracut.LEAN_OMIT))
    disk = roots.ext4(roots.tiny(t.world.guest, t.folder / "tiny"), t.folder / "root.img", 16)

    def boot(name, answers, cmdline=""):
        add = cpio.Archive().file("/etc/stub", ANSWERS + answers)
        if name == "hangs":
            limits = "[Service]\nTimeoutStartSec=5\n"
            add.file("/etc/systemd/system/latchkey-root.service.d/zz-test.conf", limits)
        if name == "off":
            limits = "[Unit]\nJobTimeoutSec=15\nJobRunningTimeoutSec=15\n"
            add.file("/etc/systemd/system/dev-mapper-.device.d/zzz-test.conf", limits)
        both = cpio.append(initrd, add, t.folder / f"{name}.img")
        t.outcome = vm.boot(vm.Machine(t.world.guest.kernel, both, f"{HARDENED} {cmdline}",
                                       [vm.Disk(disk, "root")], network=False),
                            t.folder, 100, name)
        return t.outcome

    t.came_up(boot("works", ""))
    t.check(t.outcome.has("stub: boot overlay"), "the overlay unit ran")
    for name, answers, cmdline in (("fails", "boot=fail\n", ""), ("hangs", "boot=hang\n", ""),
                                   ("off", "", "rd.latchkey=0")):
        boot(name, answers, cmdline)
        t.check(t.outcome.mark("realroot") is None, f"{name}: a root came up")
        t.check(t.outcome.end == "guest-shutdown", f"{name}: ended by {t.outcome.end}")
        t.no_shell()
    t.check(t.outcome.has("this boot cannot go on"), "no line says that the boot ends")
    t.check(not t.outcome.has("stub: boot root"), "rd.latchkey=0 did not switch the agent off")
