#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Puts the latchkey agent, its configuration and its units into an initramfs.
#
# This module only declares and installs. Which files a configuration needs, whether it
# needs the network, how long an unlock may take and how a failed one ends are asked of
# the agent itself, so that nothing here has to read a configuration.
#
# dracut.conf: latchkey_agent="NAME or PATH" chooses the program (default: latchkey).

# shellcheck disable=SC2154 # initdir, moddir and systemdsystemunitdir come from dracut

latchkey_no_network="the configuration needs the network, but dracut has no network module that can be installed (Debian: package dracut-network)"

# dracut ignores what install() returns; an initramfs without its agent must not be made.
latchkey_give_up() {
    dfatal "latchkey: $*"
    exit 1
}

latchkey_program() {
    find_binary "${latchkey_agent:-latchkey}"
}

# latchkey_needs network|ask-password: 0: it is needed, 1: it is not, 2: the agent could not say (it
# has said why)
latchkey_needs() {
    local _program _status
    _program=$(latchkey_program) || return 2
    "$_program" config "$1" >&2
    _status=$?
    ((_status <= 1)) || _status=2
    return "$_status"
}

check() {
    require_binaries "${latchkey_agent:-latchkey}" dmsetup || return 1
    # Only when asked for: --add latchkey, or add_dracutmodules in dracut.conf.
    return 255
}

depends() {
    local _modules="base systemd systemd-initrd systemd-modules-load dm"

    if latchkey_needs network; then
        # Asked here and not left to dracut, which would silently drop this module as well.
        if check_module network; then
            _modules+=" network"
        else
            derror "latchkey: $latchkey_no_network"
        fi
    fi
    # Who asks for a recovery key at the console.
    if latchkey_needs ask-password; then
        _modules+=" systemd-ask-password"
    fi
    echo "$_modules"
}

installkernel() {
    # Without these nothing opens: their absence is an error.
    hostonly='' instmods -c dm_mod dm_crypt dm_verity xts || return 1
    # These are there or built in or not needed, depending on kernel and machine.
    hostonly='' instmods \
        dm_integrity dm_snapshot dm_zero loop overlay authenc hmac sha256 sha512 \
        aesni_intel crypto_simd cryptd sha256_ssse3 sha512_ssse3 \
        aes_ce_blk sha2_ce sha256_arm64 \
        ext4 erofs squashfs crc32c crc32c_intel \
        virtio_pci virtio_mmio virtio_blk virtio_scsi virtio_rng
    # What proves the machine: reports of the kernel, and the way to the host's quoting service.
    hostonly='' instmods configfs tsm tsm_report tsm-mr tdx-guest sev-guest vmw_vsock_virtio_transport \
        tpm_crb tpm_tis tpm_tis_core
    return 0
}

latchkey_install_program() {
    local _program
    _program=$(latchkey_program) || latchkey_give_up "no program '${latchkey_agent:-latchkey}'"
    case "${_program##*/}" in
        *insecure*)
            dwarn "**************************************************************************"
            dwarn "latchkey: ${_program##*/} proves NOTHING about this machine. For tests only."
            dwarn "**************************************************************************"
            ;;
    esac
    inst_binary "$_program" /usr/bin/latchkey || latchkey_give_up "cannot install $_program"
}

# One line of `latchkey config files --initrd`.
latchkey_install_file() {
    local _kind=$1 _mode=$2 _path=$3

    [[ -e $_path ]] || latchkey_give_up "$_path ($_kind) does not exist, but the configuration needs it"
    case "$_kind" in
        command)
            inst_binary "$_path" || latchkey_give_up "cannot install $_path"
            ;;
        config | ca | credential)
            inst_simple "$_path" || latchkey_give_up "cannot install $_path"
            chmod "$_mode" "$initdir/$_path" || latchkey_give_up "cannot set the mode of $_path"
            ;;
        *)
            latchkey_give_up "the agent names a kind of file that this module does not know: $_kind"
            ;;
    esac
    if [[ $_kind == credential ]]; then
        dwarn "latchkey: $_path goes into an unencrypted initramfs: THE HOST CAN READ IT"
    fi
}

latchkey_install_files() {
    local _program=$1 _list _kind _mode _path

    _list=$("$_program" config files --initrd) \
        || latchkey_give_up "the configuration is not usable (see above)"
    [[ $_list ]] || latchkey_give_up "there is no configuration in /etc/latchkey"
    while IFS=$'\t' read -r _kind _mode _path; do
        latchkey_install_file "$_kind" "$_mode" "$_path"
    done <<< "$_list"
}

latchkey_write() {
    mkdir -p "$initdir/${1%/*}"
    cat > "$initdir/$1" || latchkey_give_up "cannot write $1"
}

# How long an unlock may take and how a failed one ends: for our units, and for everything
# else that would otherwise decide it (systemd's 90 seconds for devices, dracut's 180).
latchkey_install_limits() {
    local _program=$1 _timeout _action _device _retry _unit

    _timeout=$("$_program" config timeout) || latchkey_give_up "the agent names no timeout"
    _action=$("$_program" config unit-failure-action) \
        || latchkey_give_up "the agent names no failure action"
    [[ $_timeout =~ ^(infinity|[0-9]+)$ ]] || latchkey_give_up "not a timeout: $_timeout"
    [[ $_action =~ ^[a-z-]+$ ]] || latchkey_give_up "not a failure action: $_action"
    if [[ $_timeout == infinity ]]; then
        _device=infinity _retry=1000000
    else
        _device=$((_timeout + 30)) _retry=$((_timeout + 60))
    fi

    latchkey_write /etc/systemd/system/latchkey-root.service.d/limits.conf << EOF
[Unit]
FailureAction=$_action
[Service]
TimeoutStartSec=$_timeout
EOF
    for _unit in latchkey-overlay.service latchkey-failed.service; do
        latchkey_write "/etc/systemd/system/$_unit.d/limits.conf" << EOF
[Unit]
FailureAction=$_action
EOF
    done
    latchkey_write /etc/systemd/system/latchkey-failed.service.d/success.conf << EOF
[Unit]
SuccessAction=$_action
EOF
    # The name sorts behind dracut's own timeout.conf for the same device.
    latchkey_write /etc/systemd/system/dev-mapper-.device.d/zz-latchkey.conf << EOF
[Unit]
JobTimeoutSec=$_device
JobRunningTimeoutSec=$_device
EOF
    echo "rd.retry=$_retry" | latchkey_write /etc/cmdline.d/85latchkey.conf
}

# The agent watches for routes by itself; somebody has to start whatever makes them.
latchkey_install_network() {
    dracut_module_included network \
        || latchkey_give_up "$latchkey_no_network"
    echo "rd.neednet=1" >> "$initdir/etc/cmdline.d/85latchkey.conf"
    if dracut_module_included systemd-networkd; then
        latchkey_write /etc/systemd/system/latchkey-root.service.d/network.conf << EOF
[Unit]
Wants=systemd-networkd.service systemd-network-generator.service
EOF
    fi
}

latchkey_install_units() {
    local _unit

    for _unit in latchkey-root.service latchkey-overlay.service; do
        inst_simple "$systemdsystemunitdir/$_unit" \
            || latchkey_give_up "$systemdsystemunitdir/$_unit is not installed"
    done
    inst_simple "$moddir/latchkey-failed.service" "$systemdsystemunitdir/latchkey-failed.service"
    inst_multiple echo
    $SYSTEMCTL -q --root "$initdir" add-requires initrd-root-device.target latchkey-root.service
    $SYSTEMCTL -q --root "$initdir" add-requires initrd-root-fs.target latchkey-overlay.service
    latchkey_write /etc/systemd/system/sysroot.mount.d/latchkey.conf << EOF
[Unit]
Requires=latchkey-root.service
After=latchkey-root.service
EOF
}

# The reports of a TEE are asked for in configfs, as soon as the TEE's driver is there.
latchkey_install_tee() {
    inst_multiple -o "$systemdsystemunitdir/sys-kernel-config.mount" \
        "$systemdsystemunitdir/modprobe@.service"
    latchkey_write /etc/systemd/system/latchkey-root.service.d/tee.conf << EOF
[Unit]
Wants=sys-kernel-config.mount
After=sys-kernel-config.mount systemd-modules-load.service
EOF
    # Intel's own file, if somebody wrote one: the port of the host's quoting service.
    [[ ! -e /etc/tdx-attest.conf ]] || inst_simple /etc/tdx-attest.conf
}

# No shell, and no code from elsewhere. A masked emergency.target would leave a failed boot
# hanging, hence one of our own.
latchkey_close_doors() {
    local _unit

    mkdir -p "$initdir/etc/systemd/system"
    for _unit in emergency.service rescue.service rescue.target debug-shell.service \
        dracut-emergency.service systemd-sysext.service systemd-sysext-initrd.service \
        systemd-confext.service systemd-confext-initrd.service; do
        ln -sfn /dev/null "$initdir/etc/systemd/system/$_unit"
    done
    inst_simple "$moddir/emergency.target" /etc/systemd/system/emergency.target
}

install() {
    local _program _modules

    _program=$(latchkey_program)
    latchkey_install_program
    latchkey_install_files "$_program"
    latchkey_install_units
    latchkey_install_limits "$_program"
    latchkey_needs network
    case $? in
        0) latchkey_install_network ;;
        1) ;;
        *) latchkey_give_up "the agent cannot say whether it needs the network (see above)" ;;
    esac
    if latchkey_needs ask-password && ! dracut_module_included systemd-ask-password; then
        latchkey_give_up "a recovery key is configured, but dracut leaves out its module systemd-ask-password"
    fi
    latchkey_close_doors

    # udev must finish what libdevmapper starts, or every activation waits for ever.
    inst_multiple dmsetup
    inst_rules 95-dm-notify.rules
    compgen -G "$initdir/*/udev/rules.d/95-dm-notify.rules" > /dev/null \
        || compgen -G "$initdir/*/*/udev/rules.d/95-dm-notify.rules" > /dev/null \
        || latchkey_give_up "udev's rule 95-dm-notify.rules is missing (Debian: package dmsetup)"
    # Loaded while the network comes up; the first activation would otherwise pay for it.
    _modules=$("$_program" config modules) || latchkey_give_up "the agent names no kernel modules"
    if [[ $_modules == *_guest* ]]; then
        latchkey_install_tee
    fi
    if [[ $_modules == *tpm_* ]]; then
        latchkey_write /etc/systemd/system/latchkey-root.service.d/tpm.conf << EOF
[Unit]
After=systemd-modules-load.service
EOF
    fi
    # shellcheck disable=SC2086 # one word each
    printf '%s\n' dm_crypt dm_verity xts $_modules | latchkey_write /usr/lib/modules-load.d/latchkey.conf
}
