# SPDX-License-Identifier: Apache-2.0
"""What the boot tests stand on: guests, disks, servers and virtual machines."""
