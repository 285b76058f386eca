"""Faults of the machine: processes killed, power lost, disks full."""
