# SPDX-License-Identifier: Apache-2.0
"""The dracut module and the units, with a stand-in for the agent."""

import shutil

from harness import cpio, dracut, roots, vm
from harness.case import case

HARDENED = ("root=/dev/mapper/root ro rd.shell=0 rd.emergency=poweroff systemd.gpt_auto=0 "
            "rd.systemd.gpt_auto=0 systemd.import_credentials=no")


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
    answers = roots.STUB_ANSWERS
    tree = roots.stub(t.world.guest, t.folder / "debian", answers)

    worked, said = attempt(t, tree, answers.replace("fde.conf", "absent.conf"))
    t.check(not worked and "absent.conf (config) does not exist" in said, "a file is missing")
    worked, said = attempt(t, tree, answers.replace("network=no", "network=bad"))
    t.check(not worked and "unknown key" in said, "the configuration is wrong")
    worked, said = attempt(t, tree, answers.replace("action=poweroff-force", "action=rm -rf /"))
    t.check(not worked and "not a failure action" in said, "the failure action is nonsense")
    worked, said = attempt(t, tree, answers.replace("network=no", "network=yes"), "--omit",
                           "systemd-networkd network-legacy network-manager")
    t.check(not worked and "the configuration needs the network" in said, "there is no network module")

    worked, said = attempt(t, tree, answers.replace(
        "fde.conf", "fde.conf credential,0400,/etc/hostname"))
    t.check(worked and "THE HOST CAN READ IT" in said, "a credential draws a warning")
    shutil.copy(tree / "usr/bin/latchkey", tree / "usr/bin/latchkey-insecure-sample")
    (tree / "etc/dracut.conf.d/agent.conf").write_text("latchkey_agent=latchkey-insecure-sample\n")
    worked, said = attempt(t, tree, answers)
    t.check(worked and "proves NOTHING" in said, "the test artefact draws a warning")


def inside_image(t, tree, name):
    """A file of the initramfs made last; empty if it is not there."""
    return dracut.inside(tree, ["lsinitrd", "-f", name, "/run/out/try.img"], out=t.folder,
                         check=False).decode(errors="replace")


@case("module-tee", cost=40)
def module_tee(t):
    """With a TEE to be asked, its driver and configfs come before the agent."""
    answers = roots.STUB_ANSWERS
    tree = roots.stub(t.world.guest, t.folder / "debian", answers)
    unit = "etc/systemd/system/latchkey-root.service.d/tee.conf"
    load = "usr/lib/modules-load.d/latchkey.conf"

    worked, _ = attempt(t, tree, answers)
    t.check(worked and "After=" not in inside_image(t, tree, unit), "nothing waits without a TEE")
    (tree / "etc/tdx-attest.conf").write_text("port = 4050\n")
    worked, _ = attempt(t, tree, answers + "modules=overlay tdx_guest sev_guest\n")
    t.check(worked, "dracut works")
    t.check("After=sys-kernel-config.mount systemd-modules-load.service" in
            inside_image(t, tree, unit), "the agent comes after configfs and the drivers")
    t.check("Type=configfs" in inside_image(t, tree, "usr/lib/systemd/system/sys-kernel-config.mount"),
            "configfs can be mounted")
    t.check({"tdx_guest", "sev_guest"} <= set(inside_image(t, tree, load).split()),
            "the drivers are loaded")
    t.check("port = 4050" in inside_image(t, tree, "etc/tdx-attest.conf"),
            "the quoting service's port is known")


def boot_stub(t, answers, cmdline="", unit="", device=""):
    """Boot with the stand-in; `unit` and `device` shorten what the module wrote."""
    initrd, disk = t.world.stub
    add = cpio.Archive().file("/etc/stub", roots.STUB_ANSWERS + answers)
    system = "/etc/systemd/system/"
    if unit:
        add.file(system + "latchkey-root.service.d/zz-test.conf", "[Service]\n" + unit)
    if device:
        add.file(system + "dev-mapper-.device.d/zzz-test.conf", "[Unit]\n" + device)
    both = cpio.append(initrd, add, t.folder / "stub.img")
    t.outcome = vm.boot(vm.Machine(t.world.guest.kernel, both, f"{HARDENED} {cmdline}",
                                   [vm.Disk(disk, "root")], network=False), t.folder, 150)
    both.unlink()


def ended_without_shell(t):
    t.check(t.outcome.mark("realroot") is None, "a root came up")
    t.check(t.outcome.end == "guest-shutdown", f"the machine ended by {t.outcome.end}")
    t.no_shell()


@case("units-work", cost=35)
def units_work(t):
    """With dracut's own hooks around: both units run, in order, and the root comes up."""
    boot_stub(t, "")
    t.came_up()
    told = t.outcome.console
    t.check(0 < told.find("stub: boot root") < told.find("stub: boot overlay"), "the units' order")


@case("agent-fails", cost=30)
def agent_fails(t):
    """An agent that fails: the configured failure action, no shell."""
    boot_stub(t, "boot=fail\n")
    ended_without_shell(t)
    t.check(t.outcome.has("stub: denied"), "the agent's line is not on the console")


@case("agent-hangs", cost=30)
def agent_hangs(t):
    """An agent that hangs: the unit's time-out ends it, then the configured failure action."""
    boot_stub(t, "boot=hang\n", unit="TimeoutStartSec=5\n")
    ended_without_shell(t)


@case("switched-off", cost=35)
def switched_off(t):
    """rd.latchkey=0 leaves the root closed; the boot ends with a line, and no shell."""
    boot_stub(t, "", "rd.latchkey=0", device="JobTimeoutSec=15\nJobRunningTimeoutSec=15\n")
    ended_without_shell(t)
    t.check(t.outcome.has("this boot cannot go on"), "no line says that the boot ends")
    t.check(not t.outcome.has("stub: boot root"), "rd.latchkey=0 did not switch the agent off")
